"""All settings in one table: complete, with the defaults that hold, and with examples that the course takes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pyrage import x25519

from config import ENV_FILE, SETTING_NAMES, Config, ConfigError

ROOT = Path(__file__).resolve().parents[2]
TABLE = re.compile(r"^\| `([A-Z_]+)` \| (.*?) \| (.*?) \| (.*?) \|$", re.MULTILINE)
ROWS = {name: cells for name, *cells in TABLE.findall((ROOT / "docs" / "operations.md").read_text(encoding="utf-8"))}
SAMPLE = re.findall(r"^#([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE)
# Values that no document can hold, and the placeholders for them.
KEYS = {"SECRET_KEY": "0123456789abcdef" * 4, "BACKUP_RECIPIENT": str(x25519.Identity.generate().to_public())}
FOLDERS = ("BACKUP_FOLDER", "CONTENT")


def plain(cell: str) -> str | None:
    """The value of a cell that is nothing but one."""
    found = re.fullmatch(r"`([^`]+)`", cell)
    return found.group(1) if found else None


def read(name: str, value: str, folder: Path) -> Config:
    """The settings with only one of them set; files and folders that it names are there."""
    value = KEYS.get(name, value)
    if name in FOLDERS and value.startswith("/"):
        (folder / "named").mkdir(exist_ok=True)
        value = str(folder / "named")
    elif name == "SECRET_KEY_FILE":
        file = folder / "key"
        file.write_text(KEYS["SECRET_KEY"])
        file.chmod(0o600)
        value = str(file)
    elif name == "WEBHOOK_TEST_CA":
        file = folder / "authorities.pem"
        file.touch()
        value = str(file)
    # A standby is one of a database of PostgreSQL.
    database = {"DATABASE_URL": "postgresql://10.0.0.21/course"} if name == "DATABASE_READ_URL" else {}
    return Config.from_env({"SECRET_KEY": KEYS["SECRET_KEY"], **database, name: value})


def test_the_table_the_sample_file_and_the_program_know_the_same_settings() -> None:
    assert set(ROWS) == set(SETTING_NAMES)
    assert sorted(name for name, _ in SAMPLE) == sorted(SETTING_NAMES)
    assert ENV_FILE == ROOT / ".env"


@pytest.mark.parametrize("name", SETTING_NAMES)
def test_a_setting_has_a_default_a_meaning_and_an_example(name: str) -> None:
    assert all(cell.strip() for cell in ROWS[name]), name
    default = plain(ROWS[name][0])
    if default is not None and name != "SECRET_KEY_FILE":
        found = str(getattr(Config.from_env({"SECRET_KEY": KEYS["SECRET_KEY"]}), name.lower())).replace(f"{ROOT}/", "")
        assert found == default


@pytest.mark.parametrize("name", SETTING_NAMES)
def test_the_course_takes_the_examples_of_the_table_and_of_the_sample_file(name: str, tmp_path: Path) -> None:
    for value in (plain(ROWS[name][2]) or KEYS[name], dict(SAMPLE)[name]):
        assert read(name, value, tmp_path), value


@pytest.mark.parametrize(
    ("name", "value"), [("PORT", "0"), ("PUBLIC_URL", "http://course.example.org"), ("MAIL_URL", "mail.example.org")]
)
def test_what_is_no_value_of_a_setting_is_refused(name: str, value: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=name):
        read(name, value, tmp_path)
