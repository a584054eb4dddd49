"""Passwords, the lifetime of links, how guessing is slowed down, and where a sign-in may lead."""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address
from typing import Literal

SHORTEST, LONGEST = 10, 200
Purpose = Literal["invitation", "forgotten", "set-up"]
LIFETIMES: dict[Purpose, timedelta] = {
    "invitation": timedelta(days=7),
    "forgotten": timedelta(hours=1),
    "set-up": timedelta(days=1),
}
# Those of ten characters and more that stand at the top of every list of stolen passwords.
COMMON = frozenset(
    (
        "password12", "password123", "password1234", "password12345", "passwordpassword", "password01",
        "passw0rd123", "mypassword", "1234567890", "12345678910", "0123456789", "0987654321",
        "9876543210", "123123123123", "1111111111", "0000000000", "1122334455", "123456789a",
        "a123456789", "123456789q", "q123456789", "qwerty1234", "qwerty12345", "qwerty123456",
        "qwertyuiop", "qwertyuiop123", "1q2w3e4r5t", "1q2w3e4r5t6y", "1qaz2wsx3edc", "zaq12wsxcde",
        "asdfghjkl1", "asdfghjkl123", "zxcvbnm123", "qazwsxedcrfv", "abcdefghij", "abcd123456",
        "abcdef123456", "abc1234567", "abc123456789", "iloveyou12", "iloveyou123", "letmein123",
        "letmein1234", "welcome123", "welcome1234", "changeme12", "changeme123", "administrator",
        "admin12345", "admin123456", "football12", "football123", "liverpool1", "liverpool123",
        "manchester", "manchester1", "manchesterunited", "chelsea123", "arsenal123", "superman123",
        "princess12", "princess123", "sunshine12", "sunshine123", "charlie123", "michael123",
        "safeguarding", "safeguarding1", "training123", "childprotection",
    )
)  # fmt: skip


@dataclass(frozen=True)
class Limit:
    """At most `count` within `window`."""

    count: int
    window: timedelta


# One who guesses at one account from one place is slowed down first. An account guessed at from many places,
# and a place that guesses at many accounts, come to their own limits later: those can shut others out.
PER_ADDRESS_AND_NETWORK = Limit(10, timedelta(minutes=15))
PER_ADDRESS = Limit(60, timedelta(minutes=15))
PER_NETWORK = Limit(300, timedelta(minutes=15))
LINKS_PER_ADDRESS = Limit(5, timedelta(minutes=15))
LINKS_PER_NETWORK = Limit(30, timedelta(minutes=15))
SESSION_LASTS = timedelta(hours=12)
KEPT = timedelta(minutes=15)  # how long an attempt is of any use: the longest window


def free_again(newest_first: Sequence[datetime], limit: Limit, at: datetime) -> datetime | None:
    """When the next try is allowed, given the earlier ones; None when it is allowed now."""
    counted = [moment for moment in newest_first if moment > at - limit.window]
    return counted[limit.count - 1] + limit.window if len(counted) >= limit.count else None


def attempt_key(secret: str, kind: str, value: str) -> str:
    """Stands for an address in the list of attempts. Without the secret nobody can find out which it is."""
    return hmac.new(secret.encode(), f"{kind}:{value}".encode(), hashlib.sha256).hexdigest()


def network(address: str | None) -> str:
    """What counts as one place in the network: an IPv4 address, or the half of an IPv6 one that a household has."""
    try:
        found = ip_address(address or "")
    except ValueError:
        return "unknown"
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(IPv6Address(int(found) >> 64 << 64))


def normal(password: str) -> str:
    """The same characters for the same password, whichever keyboard composed its accents."""
    return unicodedata.normalize("NFKC", password)


def password_mistake(password: str, email: str, name: str) -> str | None:
    """Why somebody may not have this password; None if they may."""
    typed = normal(password)
    if len(typed) < SHORTEST:
        return f"Choose a password of at least {SHORTEST} characters. Several words are easy to remember."
    if len(typed) > LONGEST:
        return f"Choose a password of at most {LONGEST} characters."
    bare = "".join(typed.casefold().split())
    own = {email.casefold(), email.casefold().partition("@")[0], "".join(name.casefold().split())}
    if bare in own:
        return "Choose a password that is not your name or your e-mail address."
    if bare in COMMON:
        return "Choose another password. This one is among the first that somebody would guess."
    return None


def local_path(wanted: str | None) -> str:
    """Where to go after signing in: only a path of this course, the start page otherwise."""
    path = wanted or ""
    safe = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if safe and len(path) <= 2000 else "/"


def token_hash(token: str) -> str:
    """What is kept of a link's token."""
    return hashlib.sha256(token.encode()).hexdigest()


def set_up_address(public_url: str, token: str) -> str:
    """The link with which a fresh course is set up."""
    return f"{public_url}/set-up/{token}"
