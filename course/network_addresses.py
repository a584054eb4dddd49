"""Which network addresses the course may contact: those of the public internet. Pure."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from course.translation import lazy_gettext as _

_NAT64_NETWORK = IPv6Network("64:ff9b::/96")  # the prefix of IPv4 addresses in a network without IPv4 (RFC 6052)
# Of IPv6 only these addresses are handed out for the public internet: https://www.iana.org/assignments/ipv6-address-space.
# All others are local to a machine, a link, a site or a translator, or mean an IPv4 address in a deprecated form.
_GLOBAL_UNICAST = IPv6Network("2000::/3")
# Public by their number and yet not on the public internet, which Python does not know.
_NOT_PUBLIC = (
    IPv4Network("168.63.129.16/32"),  # the platform of a virtual machine at Microsoft Azure answers there
    IPv4Network("192.88.99.0/24"),  # relays of 6to4, deprecated by RFC 7526
    IPv6Network("3fff::/20"),  # documentation (RFC 9637)
)


def address_refusal(address: str, allow_local: bool) -> str | None:
    """Why an address may not be contacted, for display; None if it may.

    `allow_local`: this machine may be contacted too. The addresses of a host name are checked after it was resolved.
    """
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return _("%(address)s is not an address", address=address)
    if allow_local and is_this_machine(host) and parts.scheme in ("http", "https"):
        return None
    if parts.scheme != "https" or not host or port == 0 or parts.username is not None:
        return _("%(address)s cannot be asked", address=address)
    if is_this_machine(host) or (_parse_ip(host) is not None and not is_public_address(host)):
        return _("%(host)s is not on the public internet", host=host)
    return None


def is_this_machine(host: str) -> bool:
    """Whether a host is the machine on which the course runs."""
    ip = _parse_ip(host)
    return host.rstrip(".").lower() == "localhost" if ip is None else ip.is_loopback


def is_public_address(host: str) -> bool:
    """Whether an IP address is on the public internet, also for an IPv4 address inside an IPv6 one."""
    ip = _parse_ip(host)
    if isinstance(ip, IPv6Address):
        embedded = ip.ipv4_mapped or ip.sixtofour or (ip.teredo or (None, None))[1]
        if ip in _NAT64_NETWORK:
            embedded = IPv4Address(int(ip) & 0xFFFFFFFF)
        if embedded is not None:
            return is_public_address(str(embedded))
        if ip not in _GLOBAL_UNICAST:
            return False
    return (
        ip is not None and ip.is_global and not ip.is_multicast
        and not any(ip.version == one.version and ip in one for one in _NOT_PUBLIC)
    )  # fmt: skip


def _parse_ip(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        return None
