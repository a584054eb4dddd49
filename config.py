"""The settings, read once from the environment and checked before anything starts."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo

from click import ClickException
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

ROOT = Path(__file__).resolve().parent


class ConfigError(ClickException):
    """The environment holds mistakes. The message lists every one of them, a line each. A command that
    meets it prints the message and ends with 1."""


@dataclass(frozen=True)
class Config:
    """Everything that the environment may decide. `.env.example` describes each setting."""

    secret_key: str
    database_url: str
    public_url: str
    mail_url: str
    mail_from: str
    time_zone: str
    content: Path
    host: str
    port: int
    threads: int
    trusted_proxies: int

    @property
    def secure(self) -> bool:
        """Whether people reach the course over https, so that cookies may say so."""
        return self.public_url.startswith("https://")

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Config:
        """Read and check the settings; raise ConfigError that lists all mistakes at once."""
        return _Reader(environ).config()


def _parts(address: str) -> SplitResult | None:
    """The parts of a web or mail server's address; None if it is none, or its port is not a port."""
    try:
        parts = urlsplit(address)
        return parts if parts.port != 0 else None
    except ValueError:
        return None


class _Reader:
    """Reads settings one by one and collects what is wrong with them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.mistakes: list[str] = []

    def config(self) -> Config:
        port = self.whole("PORT", 8000, 1, 65535)
        config = Config(
            secret_key=self.secret(),
            database_url=self.database(),
            public_url=self.public(f"http://127.0.0.1:{port}"),
            mail_url=self.mail(),
            mail_from=self.sender(),
            time_zone=self.zone(),
            content=self.folder("CONTENT", ROOT / "modules"),
            host=self.environ.get("HOST", "127.0.0.1"),
            port=port,
            threads=self.whole("THREADS", 8, 1, 64),
            trusted_proxies=self.whole("TRUSTED_PROXIES", 0, 0, 5),
        )
        if self.mistakes:
            raise ConfigError("These settings must be put right:\n" + "\n".join(f"- {m}" for m in self.mistakes))
        return config

    def secret(self) -> str:
        """SECRET_KEY, or the text of the file that SECRET_KEY_FILE names.

        Without either, a random key is made once for this installation and kept under instance/.
        """
        key = self.environ.get("SECRET_KEY", "")
        file = Path(self.environ.get("SECRET_KEY_FILE") or ROOT / "instance" / "secret-key")
        if not key:
            try:
                if not file.exists() and "SECRET_KEY_FILE" not in self.environ:
                    file.parent.mkdir(exist_ok=True)
                    file.touch(mode=0o600)
                    file.write_text(secrets.token_hex(32), encoding="utf-8")
                key = file.read_text(encoding="utf-8").strip()
            except OSError as error:
                self.mistakes.append(f"SECRET_KEY_FILE: {file} cannot be read ({error.strerror}).")
                return ""
            except UnicodeDecodeError:
                self.mistakes.append(f"SECRET_KEY_FILE: {file} is not a text file.")
                return ""
        if len(key) < 32:
            self.mistakes.append(
                "SECRET_KEY: needs at least 32 characters that nobody can guess, for example from "
                "'python3 -c \"import secrets; print(secrets.token_hex(32))\"'. "
                "SECRET_KEY_FILE may name a file that holds it."
            )
        return key

    def database(self) -> str:
        raw = self.environ.get("DATABASE_URL") or f"sqlite:///{ROOT / 'instance' / 'course.db'}"
        try:
            url = make_url(raw)
        except (ArgumentError, ValueError):
            self.mistakes.append("DATABASE_URL: is not a database address, such as sqlite:////srv/course.db.")
            return raw
        if url.drivername == "postgresql":
            url = url.set(drivername="postgresql+psycopg")
        if url.drivername not in ("sqlite", "postgresql+psycopg"):
            self.mistakes.append(f"DATABASE_URL: {url.drivername} is not supported; use sqlite or postgresql.")
        if url.drivername == "sqlite" and url.database in (None, "", ":memory:"):
            self.mistakes.append("DATABASE_URL: SQLite needs a file, such as sqlite:////srv/course.db.")
        elif url.drivername == "sqlite" and Path(str(url.database)).is_dir():
            self.mistakes.append(f"DATABASE_URL: {url.database} is a folder; name a file in it, such as course.db.")
        elif url.drivername == "sqlite" and not Path(str(url.database)).parent.is_dir():
            folder = Path(str(url.database)).parent
            if folder != ROOT / "instance":
                self.mistakes.append(f"DATABASE_URL: there is no folder {folder}. Make it first.")
        return url.render_as_string(hide_password=False)

    def public(self, default: str) -> str:
        """The address that people type. Plain http is accepted on this machine only."""
        raw = self.environ.get("PUBLIC_URL", default).rstrip("/")
        parts = _parts(raw)
        if parts is None or parts.scheme not in ("http", "https") or not parts.hostname or parts.path:
            self.mistakes.append(f"PUBLIC_URL: {raw!r} is not an address such as https://training.example.org.")
        elif parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
            self.mistakes.append("PUBLIC_URL: must begin with https:// for any address but this machine's own.")
        return raw

    def mail(self) -> str:
        raw = self.environ.get("MAIL_URL", "console:")
        parts = _parts(raw)
        if parts is not None and parts.scheme == "console":
            return raw
        if parts is None or parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            self.mistakes.append(
                "MAIL_URL: must be console: or smtp://user:password@host:587 (smtps:// for TLS from the start)."
            )
        return raw

    def sender(self) -> str:
        """The address that mail comes from, alone or with a name before it."""
        raw = self.environ.get("MAIL_FROM", "course@localhost")
        address = parseaddr(raw)[1]
        name, at, host = address.partition("@")
        if not (name and at and host) or any(c.isspace() for c in address) or not raw.isprintable():
            self.mistakes.append(f"MAIL_FROM: {raw!r} is not an address such as training@example.org.")
        return raw

    def zone(self) -> str:
        name = self.environ.get("TIME_ZONE", "Europe/London")
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            self.mistakes.append(f"TIME_ZONE: {name!r} is not a time zone such as Europe/London.")
        return name

    def folder(self, name: str, default: Path) -> Path:
        path = Path(self.environ.get(name) or default)
        if not path.is_dir():
            self.mistakes.append(f"{name}: {path} is not a folder.")
        return path

    def whole(self, name: str, default: int, low: int, high: int) -> int:
        raw = self.environ.get(name, "")
        if not raw:
            return default
        if raw.isdecimal() and low <= int(raw) <= high:
            return int(raw)
        self.mistakes.append(f"{name}: {raw!r} is not a whole number from {low} to {high}.")
        return default
