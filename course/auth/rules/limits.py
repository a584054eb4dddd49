"""The lifetime of links, how guessing is slowed down, and where a sign-in may lead."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address
from typing import Literal

LinkPurpose = Literal["invitation", "forgotten", "set-up"]
LINK_LIFETIMES: dict[LinkPurpose, timedelta] = {
    "invitation": timedelta(days=7),
    "forgotten": timedelta(hours=1),
    "set-up": timedelta(days=1),
}


@dataclass(frozen=True)
class AttemptLimit:
    """At most `count` within `window`."""

    count: int
    window: timedelta


# A school signs in from one network address: 300 people on a training morning, of which each may mistype their password
# or ask for a link several times. The limits of a network lie far above that; those of an address and of an address from
# one network are what slows guessing down.
# One who guesses at one account from one place is slowed down first. An account guessed at from many places,
# and a place that guesses at many accounts, come to their own limits later: those can shut others out.
ATTEMPTS_PER_ADDRESS_AND_NETWORK = AttemptLimit(10, timedelta(minutes=15))
ATTEMPTS_PER_ADDRESS = AttemptLimit(60, timedelta(minutes=15))
ATTEMPTS_PER_NETWORK = AttemptLimit(3000, timedelta(minutes=15))
LINKS_PER_ADDRESS = AttemptLimit(5, timedelta(minutes=15))
LINKS_PER_NETWORK = AttemptLimit(1500, timedelta(minutes=15))
# Whoever asks for a link again so soon has pressed twice.
DOUBLE_PRESS_WINDOW = timedelta(minutes=1)
SESSION_LIFETIME = timedelta(hours=12)
ATTEMPT_RETENTION = timedelta(minutes=15)  # how long an attempt is of any use: the longest window


def next_attempt(newest_first: Sequence[datetime], limit: AttemptLimit, at: datetime) -> datetime | None:
    """When the next try is allowed, given the earlier ones; None when it is allowed now."""
    counted = [moment for moment in newest_first if moment > at - limit.window]
    return counted[limit.count - 1] + limit.window if len(counted) >= limit.count else None


def attempt_key(secret: str, kind: str, value: str) -> str:
    """Stands for an address in the list of attempts. Without the secret nobody can find out which it is."""
    return hmac.new(secret.encode(), f"{kind}:{value}".encode(), hashlib.sha256).hexdigest()


def network_prefix(address: str | None) -> str:
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


def local_path(wanted: str | None) -> str:
    """Where to go after signing in: only a path of this course, the start page otherwise."""
    path = wanted or ""
    safe = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if safe and len(path) <= 2000 else "/"


def token_hash(token: str) -> str:
    """What is kept of a link's token."""
    return hashlib.sha256(token.encode()).hexdigest()


def set_up_url(public_url: str, token: str) -> str:
    """The link with which a fresh course is set up."""
    return f"{public_url}/set-up/{token}"


def password_link_url(public_url: str, token: str) -> str:
    """The link with which somebody chooses a password."""
    return f"{public_url}/link/{token}"
