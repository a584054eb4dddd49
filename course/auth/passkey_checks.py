"""Answers of passkeys (WebAuthn level 3), checked by py_webauthn. Without Flask and without a database."""

from __future__ import annotations

import json
import logging
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

MAX_ANSWER_LENGTH = 20_000  # characters; the longest key and its attestation are far shorter
_LOG = logging.getLogger("course")


@dataclass(frozen=True)
class PasskeySite:
    """What passkeys of this course belong to: the host of PUBLIC_URL, and its origin (scheme, host and port)."""

    host: str
    origin: str

    @property
    def takes_passkeys(self) -> bool:
        """Whether browsers make passkeys for it: its host has to be a name, and the connection safe."""
        try:
            ip_address(self.host.strip("[]"))
        except ValueError:
            return self.origin.startswith("https://") or self.host == "localhost"
        return False


def passkey_site(public_url: str) -> PasskeySite:
    """The site of an address such as https://course.example.org."""
    parts = urlsplit(public_url)
    return PasskeySite(parts.hostname or "", f"{parts.scheme}://{parts.netloc}")


@dataclass(frozen=True)
class NewPasskey:
    """A passkey that a device has just made."""

    credential_id: str
    public_key: bytes
    sign_count: int
    is_synced: bool


@dataclass(frozen=True)
class StoredPasskey:
    """A passkey as it is known: whose it is, and what its next answer is checked with."""

    id: int
    person_id: int
    public_key: bytes
    sign_count: int


@dataclass(frozen=True)
class PasskeyUse:
    """An answer of a passkey that was right: what to remember of it. `challenge` is to be spent."""

    passkey: StoredPasskey
    sign_count: int
    is_synced: bool
    challenge: str


@dataclass(frozen=True)
class PasskeyAnswer:
    """What an answer says before it is checked: by which passkey, to which challenge, and for whom (the user handle)."""

    text: str
    credential_id: str
    challenge: str
    user_handle: str


def load() -> None:
    """Load the library that checks answers, which takes 6 MiB and a tenth of a second: where there are passkeys, before
    processes are forked, which then share it; elsewhere it is loaded when the first passkey is made."""
    import webauthn  # noqa: PLC0415, F401


def _from_base64url(text: str) -> bytes:
    return urlsafe_b64decode(f"{text}===")  # padding that is not needed is passed over


def read_answer(text: str) -> PasskeyAnswer | None:
    """An answer as the browser sends it (JSON); None for anything else."""
    if not text or len(text) > MAX_ANSWER_LENGTH:
        return None
    try:
        content = json.loads(text)
        response = content["response"]
        client_data = json.loads(_from_base64url(response["clientDataJSON"]))
        challenge = _from_base64url(client_data["challenge"]).decode("ascii")
        handle = _from_base64url(response.get("userHandle") or "").decode("ascii")
        return PasskeyAnswer(text, str(content["id"]), challenge, handle)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def check_new_passkey(answer: PasskeyAnswer, site: PasskeySite) -> NewPasskey | None:
    """The passkey of an answer to its own challenge, which the caller has found good; None if it is wrong."""
    from webauthn import verify_registration_response  # noqa: PLC0415 (see load)

    try:
        made = verify_registration_response(
            credential=answer.text, expected_challenge=answer.challenge.encode(), expected_rp_id=site.host,
            expected_origin=site.origin, require_user_verification=True,
        )  # fmt: skip
    except Exception as error:
        _LOG.info("a new passkey was refused: %s", type(error).__name__)
        return None
    return NewPasskey(
        urlsafe_b64encode(made.credential_id).decode().rstrip("="), made.credential_public_key, made.sign_count,
        made.credential_backed_up,
    )  # fmt: skip


def check_answer(
    answer: PasskeyAnswer, stored: StoredPasskey, site: PasskeySite, needs_verification: bool
) -> PasskeyUse | None:
    """The use of a passkey by an answer to its own challenge, which the caller has found good; None if it is wrong, or if the
    device counts and has not counted on, as a copy of it would not. `needs_verification`: the device has to have asked for
    a PIN, a finger or a face."""
    from webauthn import verify_authentication_response  # noqa: PLC0415 (see load)

    try:
        used = verify_authentication_response(
            credential=answer.text, expected_challenge=answer.challenge.encode(), expected_rp_id=site.host,
            expected_origin=site.origin, credential_public_key=stored.public_key,
            credential_current_sign_count=stored.sign_count, require_user_verification=needs_verification,
        )  # fmt: skip
    except Exception as error:
        _LOG.info("the answer of a passkey was refused: %s", type(error).__name__)
        return None
    return PasskeyUse(stored, used.new_sign_count, used.credential_backed_up, answer.challenge)
