"""Settings: read from the environment and the file .env beside this one, and checked before anything starts.

Every command, the server, the worker, Alembic and any other WSGI server reads its settings here.
"""

from __future__ import annotations

import difflib
import io
import os
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo

from click import ClickException, echo
from dotenv import dotenv_values, find_dotenv
from dotenv.parser import parse_stream
from flask.helpers import get_load_dotenv

from course.database_address import read_address, read_standby_address
from course.sqlite_file import make_private

ROOT = Path(__file__).resolve().parent
ENV_FILE = ROOT / ".env"
# All settings. A name in .env that is similar to one of these is reported as a typing error.
SETTING_NAMES = (
    "SECRET_KEY", "SECRET_KEY_FILE", "DATABASE_URL", "PUBLIC_URL", "MAIL_URL", "MAIL_FROM", "TIME_ZONE", "HOST", "PORT",
    "PROCESSES", "THREADS", "TRUSTED_PROXIES", "CONTENT", "DEMO_PASSWORD", "BACKUP_FOLDER", "BACKUP_RECIPIENT",
    "METRICS_ADDRESS", "DATABASE_READ_URL", "WEBHOOK_TEST_CA", "PRIVATE_PROVIDER_HOSTS", "IMPORT_FOLDER", "LANGUAGE_CORRECTIONS",
)  # fmt: skip

# One for each processor, up to four: more of them need more memory than they are worth to one organisation.
DEFAULT_PROCESSES = max(2, min(4, os.cpu_count() or 1))


class ConfigError(ClickException):
    """The settings have errors. The message lists all of them, one a line. A command prints the message and ends with 1."""


@dataclass(frozen=True)
class Config:
    """The settings of the course. `.env.example` describes each of them."""

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
    demo_password: str = ""
    processes: int = 1
    backup_folder: Path | None = None
    import_folder: Path | None = None  # where other systems put lists of people; it may be missing for a while
    database_read_url: str = ""  # a standby of the database, for reports and exports; "" for none
    metrics_address: tuple[str, int] | None = None  # host and port where a monitoring program may read figures
    backup_recipients: tuple[str, ...] = ()  # public keys (age1…) for which backups are encrypted; none: they are not
    # A file of certificate authorities (PEM) that webhooks trust instead, which may then go to this machine: for tests.
    webhook_test_ca: str | None = None
    private_provider_hosts: frozenset[str] = frozenset()  # hosts with private addresses where identity providers may be
    language_corrections: str = ""  # where readers report mistakes of a translation; "": the address of mail_from
    secret_key_file: Path | None = None  # that the key was read from; None if the environment or .env holds it

    @property
    def secure(self) -> bool:
        """Whether people reach the course over https, so that cookies may say so."""
        return self.public_url.startswith("https://")

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Config:
        """Read and check the settings. Raises ConfigError, which lists all errors at once."""
        return _ConfigReader(environ).config()

    @classmethod
    def read(cls) -> Config:
        """Read and check the settings of this installation: from the environment of the process, then from .env.

        Warnings go to standard error. Raises ConfigError as `from_env` does.
        """
        environ = _without_foreign_env_files(dict(os.environ))
        found = read_env_file(ENV_FILE) if get_load_dotenv(True) else EnvFileContents()
        reader = _ConfigReader({**found.values, **environ}, found.mistakes)
        try:
            return reader.config()
        finally:
            for words in (*found.warnings, *reader.warnings):
                echo(words, err=True)


@dataclass
class EnvFileContents:
    """The contents of a settings file: its values, its errors, and warnings."""

    values: dict[str, str] = field(default_factory=dict)
    mistakes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def read_env_file(path: Path) -> EnvFileContents:
    """Read a settings file; a missing file has no contents.

    A line that cannot be parsed, a setting without a value or set twice, and a name similar to that of a setting are errors:
    otherwise the default would silently apply, such as another database. The other lines are read as well.
    """
    found = EnvFileContents()
    try:
        text = path.read_text(encoding="utf-8-sig")
        mode, owner = path.stat().st_mode, path.stat().st_uid
    except FileNotFoundError:
        return found
    except OSError as error:
        found.mistakes.append(f"{path}: cannot be read ({error.strerror}).")
        return found
    except UnicodeDecodeError:
        found.mistakes.append(f"{path}: is not a text file in UTF-8.")
        return found
    seen: set[str] = set()
    lines = [*parse_stream(io.StringIO(text))]
    for line in lines:
        where = f"{path}, line {line.original.line}"
        if line.error:
            found.mistakes.append(f"{where}: cannot be read. A line is NAME=value, or begins with #.")
        elif line.key is not None:
            found.mistakes += [f"{where}: {words}" for words in _setting_mistakes(line.key, line.value, seen)]
            seen.add(line.key)
    values = dotenv_values(stream=io.StringIO("".join(line.original.string for line in lines if not line.error)))
    found.values = {name: value for name, value in values.items() if name in SETTING_NAMES and value is not None}
    if mode & (stat.S_IRWXG | stat.S_IRWXO) and any(_holds_secret(*pair) for pair in found.values.items()):
        fix = f"chmod 600 {path}" + ("" if owner == os.geteuid() else " (as its owner)")
        found.warnings.append(f"Warning: {path} holds secrets, and others on this machine can read it: {fix}")
    return found


def _setting_mistakes(name: str, value: str | None, seen: set[str]) -> list[str]:
    """The errors of one setting of a file."""
    if name not in SETTING_NAMES:
        near = difflib.get_close_matches(name.upper(), SETTING_NAMES, 1, 0.75)
        return [f"there is no setting {name}. Is {near[0]} meant?"] if near else []
    if value is None:
        return [f"{name} has no value. Write {name}=value, or put a # before it."]
    if name in seen:
        return [f"{name} is set for a second time. Remove one of the two."]
    if "$(" in value or value.startswith("`"):
        return [f"{name}: commands are not run here. Write the value itself."]
    return []


def _holds_secret(name: str, value: str) -> bool:
    if name in ("SECRET_KEY", "DEMO_PASSWORD"):
        return bool(value)
    return name in ("DATABASE_URL", "DATABASE_READ_URL", "MAIL_URL") and "@" in value


def _without_foreign_env_files(environ: dict[str, str]) -> dict[str, str]:
    """The environment without values that Flask added from a .env or .flaskenv.

    Flask reads these from the working directory or a folder above it, which may belong to another program. Values that were
    in the environment when the process began stay, on systems that tell (/proc).
    """
    if not get_load_dotenv(True):
        return environ
    try:
        first = set(Path("/proc/self/environ").read_bytes().split(b"\0"))
    except OSError:
        first = set()
    for file in (find_dotenv(".flaskenv", usecwd=True), find_dotenv(".env", usecwd=True)):
        try:
            values = dotenv_values(file) if file else {}
        except (OSError, UnicodeDecodeError):
            continue  # Flask cannot have read it either.
        equal_names = [name for name in SETTING_NAMES if name in environ and values.get(name) == environ[name]]
        added_by_flask = [name for name in equal_names if os.fsencode(f"{name}={environ[name]}") not in first]
        if added_by_flask and Path(file).resolve() != ENV_FILE:
            echo(f"Not read: {file}. The settings of the course stand in {ENV_FILE}.", err=True)
        for name in added_by_flask:
            del environ[name]
    return environ


def _split_address(address: str) -> SplitResult | None:
    """The parts of the address of a web or mail server; None if it is no address, also where a password cuts it off."""
    try:
        parts, server = urlsplit(address), address.rpartition("@")[2]
        is_whole = "@" not in "".join(parts[2:]) and not any(c.isspace() for c in address[:1] + server)
        return parts if parts.port != 0 and is_whole else None
    except ValueError:
        return None


def _create_secret_key(file: Path) -> None:
    """Create a random key, readable by its owner only. Of several processes at once, one creates it."""
    if not file.parent.exists():
        file.parent.mkdir(mode=0o700)
    part = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        part.touch(mode=0o600)
        part.write_text(secrets.token_hex(32), encoding="utf-8")
        os.link(part, file)
    except FileExistsError:
        pass
    finally:
        part.unlink(missing_ok=True)


class _ConfigReader:
    """Reads settings one by one and collects their errors."""

    def __init__(self, environ: Mapping[str, str], mistakes: list[str] | None = None) -> None:
        self.environ = environ
        self.mistakes = list(mistakes or [])
        self.warnings: list[str] = []

    def config(self) -> Config:
        port = self.integer("PORT", 8000, 1, 65535)
        config = Config(
            secret_key=self.secret_key(),
            database_url=self.database_url(),
            database_read_url=self.database_read_url(),
            public_url=self.public_url(f"http://127.0.0.1:{port}"),
            mail_url=self.mail(),
            mail_from=self.sender(),
            time_zone=self.time_zone(),
            content=self.folder("CONTENT", ROOT / "modules"),
            host=self.environ.get("HOST") or "127.0.0.1",
            port=port,
            processes=self.integer("PROCESSES", DEFAULT_PROCESSES, 1, 64),
            threads=self.integer("THREADS", 8, 1, 64),
            trusted_proxies=self.integer("TRUSTED_PROXIES", 0, 0, 5),
            demo_password=self.environ.get("DEMO_PASSWORD", ""),
            backup_folder=self.folder("BACKUP_FOLDER", ROOT) if self.environ.get("BACKUP_FOLDER") else None,
            language_corrections=self.environ.get("LANGUAGE_CORRECTIONS", ""),
            import_folder=ROOT / folder if (folder := self.environ.get("IMPORT_FOLDER")) else None,
            metrics_address=self.metrics_address(port),
            backup_recipients=self.recipients(),
            webhook_test_ca=self.webhook_test_ca(),
            private_provider_hosts=self.private_provider_hosts(),
            secret_key_file=None if self.environ.get("SECRET_KEY") else self.secret_key_path(),
        )
        if self.mistakes:
            raise ConfigError("These settings must be put right:\n" + "\n".join(f"- {m}" for m in self.mistakes))
        return config

    def secret_key(self) -> str:
        """SECRET_KEY, or the text of the file that SECRET_KEY_FILE names.

        Without either, a random key is created once for this installation and stored under instance/.
        """
        key = self.environ.get("SECRET_KEY", "")
        file = self.secret_key_path()
        if not key:
            try:
                if not file.exists() and not self.environ.get("SECRET_KEY_FILE"):
                    _create_secret_key(file)
                key = file.read_text(encoding="utf-8").strip()
                self.restrict_key_file(file, ours=not self.environ.get("SECRET_KEY_FILE"))
            except (OSError, UnicodeDecodeError) as error:
                why = f"cannot be read ({error.strerror})" if isinstance(error, OSError) else "is not a text file"
                self.mistakes.append(f"SECRET_KEY_FILE: {file} {why}.")
                return ""
        if len(key) < 32:
            self.mistakes.append(
                "SECRET_KEY: needs at least 32 characters that nobody can guess, for example from "
                "'python3 -c \"import secrets; print(secrets.token_hex(32))\"'. "
                "SECRET_KEY_FILE may name a file that holds it."
            )
        return key

    def secret_key_path(self) -> Path:
        """The file that holds the secret key, unless SECRET_KEY does."""
        return ROOT / (self.environ.get("SECRET_KEY_FILE") or "instance/secret-key")

    def recipients(self) -> tuple[str, ...]:
        """The public keys of BACKUP_RECIPIENT, separated by spaces or commas."""
        keys = tuple(self.environ.get("BACKUP_RECIPIENT", "").replace(",", " ").split())
        if keys:
            from pyrage import RecipientError, x25519  # noqa: PLC0415 (few installations need it)

            for key in keys:
                try:
                    x25519.Recipient.from_str(key)
                except RecipientError:
                    # A secret key that was entered here by mistake is not repeated in a message.
                    self.mistakes.append(
                        "BACKUP_RECIPIENT: is not a public key of age, which begins with age1 and which "
                        "'flask backup new-key FILE' prints."
                    )
        return keys

    def private_provider_hosts(self) -> frozenset[str]:
        """The names of PRIVATE_PROVIDER_HOSTS, separated by spaces or commas."""
        names = self.environ.get("PRIVATE_PROVIDER_HOSTS", "").lower().replace(",", " ").split()
        for name in [name for name in names if "/" in name or ":" in name]:
            self.mistakes.append(f"PRIVATE_PROVIDER_HOSTS: {name!r} is not a host such as sso.school.internal.")
        return frozenset(names)

    def restrict_key_file(self, file: Path, ours: bool) -> None:
        """Make the key file readable by its owner only. The group may read a file that SECRET_KEY_FILE names: such a mode is
        set on purpose."""
        if ours:
            self.warnings += make_private(file)
        elif file.stat().st_mode & stat.S_IRWXO:
            self.warnings.append(f"Warning: others on this machine can read {file}: chmod o-rwx {file}")

    def database_url(self) -> str:
        found = read_address("DATABASE_URL", self.environ.get("DATABASE_URL") or "sqlite:///instance/course.db", ROOT)
        self.mistakes += found.mistakes
        return found.url

    def database_read_url(self) -> str:
        """The address of a standby of the database of DATABASE_URL; "" for none."""
        raw = self.environ.get("DATABASE_READ_URL", "")
        found = read_standby_address("DATABASE_READ_URL", raw, self.environ.get("DATABASE_URL", ""))
        self.mistakes += found.mistakes
        return found.url

    def public_url(self, default: str) -> str:
        """The address that people type. Plain http is accepted for addresses of this machine only."""
        raw = (self.environ.get("PUBLIC_URL") or default).rstrip("/")
        parts = _split_address(raw)
        if parts is None or parts.scheme not in ("http", "https") or not parts.hostname or any(parts[2:]) or "@" in raw:
            self.mistakes.append(f"PUBLIC_URL: {raw!r} is not an address such as https://training.example.org.")
        elif parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
            self.mistakes.append("PUBLIC_URL: must begin with https:// for any address but this machine's own.")
        return raw

    def mail(self) -> str:
        raw = self.environ.get("MAIL_URL", "console:")
        parts = _split_address(raw)
        if parts is not None and parts.scheme == "console":
            return raw
        if parts is None or parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            self.mistakes.append(
                "MAIL_URL: must be console: or smtp://user:password@host:587 (smtps:// for TLS from the start). In user "
                "and password write @ as %40, / as %2F, : as %3A, # as %23 and ? as %3F."
            )
        return raw

    def sender(self) -> str:
        """The sender address of mail, with or without a name."""
        raw = self.environ.get("MAIL_FROM", "course@localhost")
        address = parseaddr(raw)[1]
        name, at, host = address.partition("@")
        if not (name and at and host) or any(c.isspace() for c in address) or not raw.isprintable():
            self.mistakes.append(f"MAIL_FROM: {raw!r} is not an address such as training@example.org.")
        return raw

    def metrics_address(self, port: int) -> tuple[str, int] | None:
        """Where figures for a monitoring program can be read; `port` is that of the pages, where they never are."""
        raw = self.environ.get("METRICS_ADDRESS", "")
        if not raw:
            return None
        parts = _split_address(f"//{raw}")
        if parts is None or not parts.hostname or parts.port is None or parts.path or parts.username is not None:
            self.mistakes.append(f"METRICS_ADDRESS: {raw!r} is not an address such as 127.0.0.1:9100.")
            return None
        if parts.port == port:
            self.mistakes.append("METRICS_ADDRESS: needs another port than PORT, where everybody reads the pages.")
        return parts.hostname, parts.port

    def webhook_test_ca(self) -> str | None:
        """The file of WEBHOOK_TEST_CA, which only a course that people reach on this machine alone may have."""
        if not (raw := self.environ.get("WEBHOOK_TEST_CA", "")):
            return None
        self.mistakes += [] if (ROOT / raw).is_file() else [f"WEBHOOK_TEST_CA: {ROOT / raw} is not a file."]
        address = _split_address(self.environ.get("PUBLIC_URL") or "http://127.0.0.1")
        if address is None or address.hostname not in ("127.0.0.1", "localhost", "::1"):
            self.mistakes.append("WEBHOOK_TEST_CA: is for tests and development, where PUBLIC_URL is this machine.")
        return str(ROOT / raw)

    def time_zone(self) -> str:
        name = self.environ.get("TIME_ZONE", "Europe/London")
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            self.mistakes.append(f"TIME_ZONE: {name!r} is not a time zone such as Europe/London.")
        return name

    def folder(self, name: str, default: Path) -> Path:
        path = ROOT / (self.environ.get(name) or default)
        if not os.path.isdir(path):  # False also where this account may not look
            self.mistakes.append(f"{name}: {path} is not a folder.")
        return path

    def integer(self, name: str, default: int, low: int, high: int) -> int:
        raw = self.environ.get(name, "")
        if not raw:
            return default
        if raw.isdecimal() and low <= int(raw) <= high:
            return int(raw)
        self.mistakes.append(f"{name}: {raw!r} is not a whole number from {low} to {high}.")
        return default
