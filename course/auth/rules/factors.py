"""Second factors: codes of an authenticator app, recovery codes, and who has to have one from when. Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyotp

from course.encryption import SecretLockedError, lock_secret, unlock_secret

APP_CODE_DIGITS = 6
APP_STEP = 30  # seconds for which the app shows a code
_APP_DRIFT = 1  # steps by which the clocks of the app and the server may differ
RECOVERY_CODES = 10
_RECOVERY_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # without what looks alike: i l o 0 1
_RECOVERY_LENGTH, _RECOVERY_GROUP = 12, 4
_SEPARATORS = re.compile(r"[\s\-–—.]")
MAX_GRACE_DAYS = 90
USUAL_GRACE_DAYS = 14


@dataclass(frozen=True)
class PasskeyView:
    """A passkey as its person knows it."""

    id: int
    name: str
    added_at: datetime
    used_at: datetime | None
    is_synced: bool


@dataclass(frozen=True)
class Factors:
    """The second factors of a person. `codes_left` of the recovery codes that were made last are not used yet."""

    passkeys: tuple[PasskeyView, ...] = ()
    app_added_at: datetime | None = None
    codes_left: int = 0
    codes_made_at: datetime | None = None

    @property
    def is_set_up(self) -> bool:
        """Whether there is a second factor. Recovery codes alone are none: they are for the day on which it is lost."""
        return bool(self.passkeys) or self.app_added_at is not None


@dataclass(frozen=True)
class FactorRule:
    """What holds from a moment on: whether a second factor is required, and how many days of grace there are."""

    is_required: bool
    grace_days: int
    made_at: datetime


def required_since(rules: Sequence[FactorRule]) -> datetime | None:
    """Since when a second factor has been required without a break; None if it is not. The rules come oldest first."""
    since = None
    for rule in rules:
        since = (since or rule.made_at) if rule.is_required else None
    return since


def factor_deadline(rules: Sequence[FactorRule], sees_others_since: datetime | None) -> datetime | None:
    """Until when a person may sign in without a second factor: the days of grace begin with the policy or with the role by
    which the person sees data of others, whichever came later. None if the person needs none."""
    since = required_since(rules)
    if since is None or sees_others_since is None:
        return None
    return max(since, sees_others_since) + timedelta(days=rules[-1].grace_days)


def new_app_secret() -> str:
    """A random seed for an authenticator app: 160 bits in base 32."""
    return pyotp.random_base32()


def seal_app_secret(app_secret: str, secret: str, person_id: int) -> str:
    """A seed that is not confirmed yet, encrypted for the form that confirms it; `secret` is that of the installation."""
    return base64.urlsafe_b64encode(lock_secret(app_secret.encode(), secret, _unconfirmed_purpose(person_id))).decode()


def unseal_app_secret(sealed: str, secret: str, person_id: int) -> str | None:
    """The seed in the form of a person; None for anything else."""
    try:
        locked = base64.urlsafe_b64decode(sealed)
        return unlock_secret(locked, secret, _unconfirmed_purpose(person_id)).decode()
    except (ValueError, SecretLockedError):
        return None


def _unconfirmed_purpose(person_id: int) -> str:
    return f"new authenticator of {person_id}"  # not translated: a purpose of encryption


def app_address(secret: str, login: str, issuer: str) -> str:
    """The address (otpauth:) that an authenticator app reads from a QR code."""
    return str(pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=issuer))


def grouped_secret(secret: str) -> str:
    """A seed as it is typed: groups of four letters and digits."""
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))


def app_code_step(secret: str, code: str, last_step: int, at: datetime) -> int | None:
    """The step (APP_STEP seconds since 1970) of which this is the code; None for a wrong code, and for one of a step that was
    used already. The clock of the app may be one step ahead or behind."""
    now_step, totp = int(at.timestamp()) // APP_STEP, pyotp.TOTP(secret)
    for step in range(now_step - _APP_DRIFT, now_step + _APP_DRIFT + 1):
        if step > last_step and hmac.compare_digest(str(totp.at(step * APP_STEP)).encode(), code.encode()):
            return step
    return None


def parse_factor_code(typed: str) -> str:
    """A code as somebody typed it, without what stands between its groups, in small letters."""
    return _SEPARATORS.sub("", typed).casefold()


def is_app_code(code: str) -> bool:
    """Whether a code that was typed has the form of an app's and not of a recovery code."""
    return len(code) == APP_CODE_DIGITS and code.isascii() and code.isdecimal()


def new_recovery_codes() -> list[str]:
    """Ten random codes of twelve letters and digits, which nobody can guess: 59 bits each."""
    return ["".join(secrets.choice(_RECOVERY_ALPHABET) for _ in range(_RECOVERY_LENGTH)) for _ in range(RECOVERY_CODES)]


def format_recovery_code(code: str) -> str:
    """A recovery code as it is printed: k7m2-q9xt-bc4d."""
    groups = range(0, len(code), _RECOVERY_GROUP)
    return "-".join(code[start : start + _RECOVERY_GROUP] for start in groups)


def recovery_code_hash(secret: str, person_id: int, code: str) -> str:
    """The form in which a recovery code of a person is stored: a keyed hash, 64 hexadecimal digits."""
    content = f"recovery:{person_id}:{parse_factor_code(code)}"
    return hmac.new(secret.encode(), content.encode(), hashlib.sha256).hexdigest()
