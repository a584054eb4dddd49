"""Whether a certificate of another organisation that runs this course counts here; if not, why, in words."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass
from datetime import date
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any
from urllib.parse import urlsplit

from course.credentials.rules.checking import CredentialClaims, CredentialVerdict
from course.credentials.rules.keys import Key, read_keys
from course.people.rules import normalise_line
from course.recertification.rules.civil_dates import add_months, long_date, pluralise

MAX_PROFILE_LENGTH = 20_000  # characters
_NAT64_NETWORK = IPv6Network("64:ff9b::/96")  # IPv4 addresses as a network without IPv4 writes them


@dataclass(frozen=True)
class Issuer:
    """Another organisation whose certificates count: its address (`id` of its profile), name and public keys."""

    address: str
    name: str
    keys: tuple[Key, ...]


def read_profile(text: str) -> Issuer:
    """The issuer of a profile, as it stands at /issuer of the other installation. Raises ValueError in words."""
    if len(text) > MAX_PROFILE_LENGTH:
        raise ValueError("it is too long for a profile")
    keys = read_keys(text)
    try:
        found: Any = json.loads(text)
        address, name = found["id"], found["name"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError("it is not an issuer’s profile: it says no name and no address") from error
    if not isinstance(address, str) or not isinstance(name, str) or not normalise_line(name) or len(address) > 300:
        raise ValueError("it is not an issuer’s profile: it says no name and no address")
    if not is_allowed_address(address):
        raise ValueError(f"its address {address} does not begin with https://")
    if any(key.issuer != address for key in keys):
        raise ValueError("a key in it belongs to another issuer")
    return Issuer(address, normalise_line(name)[:200], keys)


def is_allowed_address(address: str) -> bool:
    """Whether an address is written as one that may be asked for: by HTTPS, or on this machine."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_this_machine(parts.hostname or ""))


def address_refusal(address: str, here: bool) -> str | None:
    """Why an address is not asked, in words; None if it may be. `here`: this machine may be asked as well.

    What a name stands for is checked when it has been looked up.
    """
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return f"{address} is no address"
    if here and is_this_machine(host) and parts.scheme in ("http", "https"):
        return None
    if parts.scheme != "https" or not host or port == 0 or parts.username is not None:
        return f"{address} may not be asked"
    if is_this_machine(host) or (_parse_ip(host) is not None and not is_public_address(host)):
        return f"{host} is not on the public internet"
    return None


def is_this_machine(host: str) -> bool:
    """Whether a host is the machine on which the course runs."""
    found = _parse_ip(host)
    return host.rstrip(".").lower() == "localhost" if found is None else found.is_loopback


def is_public_address(host: str) -> bool:
    """Whether an IP address is one of the public internet, also if it is an IPv4 address inside an IPv6 one."""
    found = _parse_ip(host)
    if isinstance(found, IPv6Address):
        inside = found.ipv4_mapped or found.sixtofour or (found.teredo or (None, None))[1]
        if found in _NAT64_NETWORK:
            inside = IPv4Address(int(found) & 0xFFFFFFFF)
        if inside is not None:
            return is_public_address(str(inside))
    return found is not None and found.is_global and not found.is_multicast


def _parse_ip(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        return None


def upload_refusal(
    verdict: CredentialVerdict, name: str, course: str, ours: str, last_age_months: int | None, today: date
) -> str | None:
    """Why an uploaded certificate does not count, before it is asked whether it was revoked; None if it may.

    `name` is that of whoever uploads it, `course` the title of the course here, `ours` the address of our own issuer,
    `last_age_months` how old it may be by the policy (None: any age).
    """
    said = verdict.stated
    if said is not None and said.issuer == ours:
        return "This certificate was issued here. It counts already, without being uploaded."
    if verdict.state == "other issuer":
        return f"{verdict.words} Your organisation has not said that it trusts this issuer. Ask your manager."
    if said is None or not verdict.signed:
        return verdict.words
    return _claims_refusal(said, name, course, last_age_months, today)


def _claims_refusal(
    said: CredentialClaims, name: str, course: str, last_age_months: int | None, today: date
) -> str | None:
    if said.course != course:
        return f"It is a certificate of another course: {said.course}."
    if not is_same_name(said.name, name):
        return (
            f"It is in the name {said.name}, and you are {name} here. If it is yours all the same, show it to your "
            "manager, who can record it."
        )
    if said.completed_on > today:
        return f"It says that the course was completed on {long_date(said.completed_on)}. That day is still to come."
    if said.last_day < today:
        return f"It was valid up to and including {long_date(said.last_day)}. What has run out does not count."
    if last_age_months is not None and said.completed_on < add_months(today, -last_age_months):
        return (
            f"The course was completed on {long_date(said.completed_on)}. Here a certificate counts only if it is at most "
            f"{pluralise(last_age_months, 'month')} old when it is brought."
        )
    return None


def is_same_name(one: str, other: str) -> bool:
    """Whether two names are the same but for capitals, spaces and ways to write a letter."""

    def plain(name: str) -> str:
        return normalise_line(unicodedata.normalize("NFKC", name)).casefold()

    return plain(one) == plain(other)
