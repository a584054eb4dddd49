"""Addresses of databases: read as people and PostgreSQL's own programs write them, and told without what is secret."""

from __future__ import annotations

import re

from sqlalchemy import URL
from sqlalchemy.engine import make_url

POSTGRESQL = "postgresql+psycopg"  # PostgreSQL with the driver that is installed
STANDARD_PORT = "5432"
# postgresql://user:password@first:5432,second:5432/course
_SEVERAL_HOSTS = re.compile(
    r"^(?P<before>postgresql(?:\+\w+)?://(?:[^@/?]*@)?)(?P<hosts>[^@/?]*,[^@/?]*)(?P<after>.*)$", re.S
)
_HOST = re.compile(r"(?P<name>\[[^\]]+\]|[^:\[\]]+)(?::(?P<port>\d+))?")


def parse_address(raw: str, attributes: str) -> URL:
    """The address of a database. One with several servers (`first:5432,second:5432`) leads to whichever has the
    `attributes` (target_session_attrs of PostgreSQL), unless the address itself asks for others.

    Raises ValueError or sqlalchemy.exc.ArgumentError if it is no address.
    """
    several = _SEVERAL_HOSTS.match(raw)
    if several is None:
        url = make_url(raw)
    else:
        found = [_HOST.fullmatch(part) for part in several["hosts"].split(",")]
        if not all(found):
            raise ValueError("a host of several cannot be read")
        url = make_url(several["before"] + several["after"]).update_query_dict({
            "host": ",".join(one["name"].strip("[]") for one in found if one),
            "port": ",".join(one["port"] or STANDARD_PORT for one in found if one),
        })  # fmt: skip
    if len(hosts(url)) > 1 and "target_session_attrs" not in url.query:
        url = url.update_query_dict({"target_session_attrs": attributes})
    return url.set(drivername=POSTGRESQL) if url.drivername == "postgresql" else url


def hosts(url: URL) -> list[tuple[str, str]]:
    """The servers of an address of PostgreSQL, each with its port ("" for the standard one); none for this machine."""
    names, ports = _query_values(url, "host"), _query_values(url, "port")
    if not names:
        return [(url.host, str(url.port or ""))] if url.host else []
    pairs = []
    for number, name in enumerate(names):
        host, port = name, ports[min(number, len(ports) - 1)] if ports else ""
        if not ports and not name.startswith("/") and ":" in name:
            host, _, port = name.rpartition(":")
        pairs.append((host, port))
    return pairs


def _query_values(url: URL, name: str) -> list[str]:
    given = url.query.get(name, ())
    return [part for one in ([given] if isinstance(given, str) else given) for part in one.split(",") if part]


def server_names(url: URL) -> str:
    """The servers of an address of PostgreSQL in words."""
    words = [name + (f", port {port}" if port not in ("", STANDARD_PORT) else "") for name, port in hosts(url)]
    return " or ".join(words) or "this machine"
