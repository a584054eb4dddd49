"""Domains of e-mail addresses for which an administrator trusts a provider."""

from __future__ import annotations

import re
from collections.abc import Iterable

# Anyone can have an address there, so that no organisation can be trusted for them.
PUBLIC_DOMAINS = frozenset((
    "gmail.com", "googlemail.com", "outlook.com", "outlook.co.uk", "hotmail.com", "hotmail.co.uk", "live.com", "live.co.uk",
    "msn.com", "yahoo.com", "yahoo.co.uk", "ymail.com", "rocketmail.com", "aol.com", "aol.co.uk", "icloud.com", "me.com",
    "mac.com", "proton.me", "protonmail.com", "pm.me", "gmx.com", "gmx.co.uk", "gmx.net", "gmx.de", "web.de", "mail.com",
    "btinternet.com", "btopenworld.com", "sky.com", "talktalk.net", "virginmedia.com", "virgin.net", "ntlworld.com",
    "blueyonder.co.uk", "tiscali.co.uk", "plus.net", "o2.co.uk", "zoho.com", "fastmail.com", "tutanota.com", "tuta.io",
    "yandex.com", "mail.ru", "qq.com", "163.com", "onmicrosoft.com",
))  # fmt: skip
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+[a-z](?:[a-z0-9-]{{0,61}}[a-z0-9])?")
MAX_DOMAINS = 50
MAX_DOMAIN_LENGTH = 253  # characters


def split_list(text: str) -> tuple[str, ...]:
    """The entries of a list with one entry a line, or with commas or spaces between them, each once."""
    return tuple(dict.fromkeys(text.replace(",", " ").replace(";", " ").split()))


def read_domains(text: str) -> tuple[str, ...]:
    """The domains of a list, in lower case and without a leading @."""
    return tuple(dict.fromkeys(entry.lower().removeprefix("@").rstrip(".") for entry in split_list(text)))


def wrong_domains(domains: Iterable[str]) -> list[str]:
    """Those that are no domain, such as an address."""
    return [one for one in domains if len(one) > MAX_DOMAIN_LENGTH or not _DOMAIN.fullmatch(one)]


def public_domains(domains: Iterable[str]) -> list[str]:
    """Those at which anyone can get an address."""
    return [one for one in domains if one in PUBLIC_DOMAINS]


def domain_of(address: str) -> str:
    """The domain of an address in lower case; empty if there is none."""
    return address.rpartition("@")[2].lower() if "@" in address else ""


def is_covered(address: str, domains: Iterable[str]) -> bool:
    """Whether an address is in one of these domains. A subdomain is another domain, and a public one is never covered."""
    domain = domain_of(address)
    return bool(domain) and domain in set(domains) and domain not in PUBLIC_DOMAINS
