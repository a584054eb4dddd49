"""Rate limiting of sign-ins and of requests for links, by account and by network address."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv6Address, ip_address


@dataclass(frozen=True)
class AttemptLimit:
    """At most `count` attempts within `window`."""

    count: int
    window: timedelta


# A school signs in from one network address: 300 people on a training morning, of which each may mistype a password or
# ask for a link several times. The limits per network lie far above that.
# Guessing at one account from one network is limited first (address and network). An account that is guessed at from many
# networks, and a network that guesses at many accounts, reach the other two limits later: those also lock out others.
ATTEMPTS_PER_ADDRESS_AND_NETWORK = AttemptLimit(10, timedelta(minutes=15))
ATTEMPTS_PER_ADDRESS = AttemptLimit(60, timedelta(minutes=15))
ATTEMPTS_PER_NETWORK = AttemptLimit(3000, timedelta(minutes=15))
LINKS_PER_ADDRESS = AttemptLimit(5, timedelta(minutes=15))
LINKS_PER_NETWORK = AttemptLimit(1500, timedelta(minutes=15))
# A PIN has fewer combinations than a password, and only those without an address may have one: they sign in with a name.
ATTEMPTS_PER_NAME = AttemptLimit(20, timedelta(minutes=15))
CODES_PER_LOGIN_AND_NETWORK = AttemptLimit(6, timedelta(minutes=15))
CODES_PER_LOGIN = AttemptLimit(20, timedelta(minutes=15))
CODES_PER_NETWORK = AttemptLimit(1500, timedelta(minutes=15))
# Whoever gets so far has the password already.
FACTORS_PER_PERSON = AttemptLimit(10, timedelta(minutes=15))
FACTORS_PER_NETWORK = AttemptLimit(1500, timedelta(minutes=15))
ATTEMPT_RETENTION = timedelta(minutes=15)  # the longest window of any limit; older attempts count for nothing


def attempt_key(secret: str, kind: str, value: str) -> str:
    """The keyed hash (64 hexadecimal digits) that stands for an address in the list of attempts. Without the secret
    nobody can find out the address."""
    return hmac.new(secret.encode(), f"{kind}:{value}".encode(), hashlib.sha256).hexdigest()


def network_prefix(address: str | None) -> str:
    """The network that a request is counted for: an IPv4 address, or the first 64 bits of an IPv6 address, which is
    what one household has; "unknown" for anything else."""
    try:
        found = ip_address(address or "")
    except ValueError:
        return "unknown"
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(IPv6Address(int(found) >> 64 << 64))
