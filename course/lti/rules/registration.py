"""A platform as it is registered here, and its addresses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

RegistrationState = Literal["waiting", "on", "off"]
MAX_ADDRESS_LENGTH = 500  # characters
# Of an address that is used at once and never stored: platforms put a token of their own into its query (Canvas, Sakai).
MAX_PASSING_ADDRESS_LENGTH = 4000


@dataclass(frozen=True)
class PlatformSettings:
    """What is known of a platform, and what an administrator decided about it. `deployments` are the deployment IDs from which
    launches are accepted, `page_origins` the origins of its pages ("https://moodle.example.org")."""

    id: int
    name: str
    issuer: str
    client_id: str
    login_address: str
    token_address: str
    token_audience: str
    keys_address: str
    page_origins: tuple[str, ...]
    state: RegistrationState
    makes_accounts: bool
    links_by_address: bool
    lets_staff_in: bool
    team_id: int | None
    deployments: tuple[str, ...] = ()

    @property
    def assertion_audience(self) -> str:
        """For whom the assertion is with which the course asks for an access token."""
        return self.token_audience or self.token_address

    @property
    def frame_origins(self) -> tuple[str, ...]:
        """The origins in whose pages a launch may be shown."""
        found = [origin_of(self.issuer), origin_of(self.login_address), *self.page_origins]
        return tuple(dict.fromkeys(one for one in found if one))


def key_purpose(kid: str) -> str:
    """For what the private key with this id is encrypted (course/encryption)."""
    return f"LTI key {kid}"  # not translated: a purpose of encryption


def origin_of(address: str) -> str:
    """The origin of an address of the web; empty if it has none that a security policy could name."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return ""
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not host or not all(one.isalnum() or one in "-." for one in host):
        return ""
    try:
        name = host.encode("idna").decode()
    except UnicodeError:
        return ""
    return f"{parts.scheme}://{name}" + (f":{port}" if port else "")


def is_platform_address(address: str, longest: int = MAX_ADDRESS_LENGTH) -> bool:
    """Whether this can be an address of a platform: of the web, without a user, blanks or a fragment."""
    if not address.isprintable() or " " in address or len(address) > longest:
        return False
    return bool(origin_of(address)) and "@" not in urlsplit(address).netloc and "#" not in address
