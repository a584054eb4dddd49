"""Addresses of databases: read as people and PostgreSQL's own programs write them, and told without what is secret."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

POSTGRESQL = "postgresql+psycopg"  # PostgreSQL with the driver that is installed
STANDARD_PORT = "5432"
POOLER_PARAMETER = "pgbouncer"
_SECRET_PARAMETER = re.compile("pass(?!file)|pwd|secret|scram", re.IGNORECASE)
# postgresql://user:password@first:5432,second:5432/course
_SEVERAL_HOSTS = re.compile(
    r"^(?P<before>postgresql(?:\+\w+)?://(?:[^@/?]*@)?)(?P<hosts>[^@/?]*,[^@/?]*)(?P<after>.*)$", re.S
)
_HOST = re.compile(r"(?P<name>\[[^\]]+\]|[^:\[\]]+)(?::(?P<port>\d+))?")


@dataclass(frozen=True)
class AddressSetting:
    """A setting that is the address of a database: as it is used, and what is wrong with it, each with its name."""

    url: str
    mistakes: tuple[str, ...] = ()


def read_address(name: str, raw: str, root: Path) -> AddressSetting:
    """The setting `name`: a file of SQLite, counted from the folder `root`, or the servers of PostgreSQL."""
    url, mistakes = _parse(name, raw, "read-write")
    if url is None:
        return AddressSetting(raw, (*mistakes,))
    if url.drivername == "sqlite":
        # Relative to the project, not to the working directory: a nightly job must not work on another file.
        url, more = _sqlite_file(name, url, root)
        mistakes += more
    elif url.drivername != POSTGRESQL:
        mistakes.append(f"{name}: {url.drivername} is not supported; use sqlite or postgresql.")
    return AddressSetting(url.render_as_string(hide_password=False), (*mistakes,))


def read_standby_address(name: str, raw: str, primary: str) -> AddressSetting:
    """The setting `name`: a standby of PostgreSQL beside the address of the `primary`; "" for none."""
    url, mistakes = _parse(name, raw, "prefer-standby") if raw else (None, [])
    if url is None:
        return AddressSetting("", (*mistakes,))
    if url.drivername != POSTGRESQL or not primary.startswith("postgresql"):
        mistakes.append(f"{name}: only PostgreSQL has standbys to read from. Leave it out.")
    return AddressSetting(url.render_as_string(hide_password=False), (*mistakes,))


def _parse(name: str, raw: str, attributes: str) -> tuple[URL | None, list[str]]:
    try:
        url = parse_address(raw, attributes)
    except (ArgumentError, ValueError):
        return None, [f"{name}: is not a database address, such as sqlite:////srv/course.db."]
    if url.drivername != "sqlite" and "@" in (url.database or ""):
        # The rest of a password would be taken for the name of the server or the database, and be shown.
        return url, [f"{name}: in the password write @ as %40, / as %2F and : as %3A."]
    if url.query.get(POOLER_PARAMETER, "false") not in ("true", "false"):
        # Taken for no pooler, every other page would fail in the middle of a day.
        return url, [
            f"{name}: for a pooler in transaction mode write ?{POOLER_PARAMETER}=true, otherwise leave it out."
        ]
    return url, []


def _sqlite_file(name: str, url: URL, root: Path) -> tuple[URL, list[str]]:
    mistakes = []
    if url.query:
        mistakes.append(f"{name}: an address of SQLite ends with the name of the file, without ? and more.")
    if url.database in (None, "", ":memory:"):
        return url, [*mistakes, f"{name}: SQLite needs a file, such as sqlite:////srv/course.db."]
    file = root / str(url.database)
    if os.path.isdir(file):  # False also where this account may not look
        mistakes.append(f"{name}: {file} is a folder; name a file in it, such as course.db.")
    elif not os.path.isdir(file.parent) and file.parent != root / "instance":
        mistakes.append(f"{name}: there is no folder {file.parent}. Make it first.")
    return url.set(database=str(file)), mistakes


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


def shares_connections(url: URL) -> bool:
    """Whether the address says that the server is a pooler in transaction mode, such as PgBouncer: `?pgbouncer=true`."""
    return url.query.get(POOLER_PARAMETER) == "true"


def driver_url(url: URL) -> URL:
    """The address as drivers and PostgreSQL's own programs understand it, without the parameter that only we know."""
    return url.difference_update_query([POOLER_PARAMETER])


def url_without_password(url: URL) -> URL:
    """The address of a database without its password, and without parameters that may be secret, such as ?password=…"""
    safe = {name: value for name, value in url.query.items() if not _SECRET_PARAMETER.search(name)}
    return URL.create(url.drivername, url.username, None, url.host, url.port, url.database, safe)
