"""Settings are checked at start, and all mistakes are listed at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from config import Config, ConfigError, _ConfigReader, read_env_file
from tests.conftest import SECRET


def test_the_defaults_are_for_this_machine() -> None:
    config = Config.from_env({"SECRET_KEY": SECRET})
    assert config.database_url.startswith("sqlite:///")
    assert config.public_url == "http://127.0.0.1:8000"
    assert not config.secure


MISTAKES = [
    ({"SECRET_KEY": "short"}, "SECRET_KEY"),
    ({"SECRET_KEY_FILE": "/nowhere/at/all", "SECRET_KEY": ""}, "SECRET_KEY_FILE"),
    ({"DATABASE_URL": "mysql://host/name"}, "DATABASE_URL"),
    ({"DATABASE_URL": "nonsense"}, "DATABASE_URL"),
    ({"DATABASE_URL": "sqlite://"}, "DATABASE_URL"),
    ({"PUBLIC_URL": "http://training.example.org"}, "PUBLIC_URL"),
    ({"PUBLIC_URL": "training.example.org"}, "PUBLIC_URL"),
    ({"MAIL_URL": "gopher://x"}, "MAIL_URL"),
    ({"MAIL_URL": "smtp://["}, "MAIL_URL"),
    ({"MAIL_URL": "smtp://mail.example.org:abc"}, "MAIL_URL"),
    ({"MAIL_URL": "smtp://mail.example.org:99999"}, "MAIL_URL"),
    ({"MAIL_FROM": "nonsense"}, "MAIL_FROM"),
    ({"MAIL_FROM": ""}, "MAIL_FROM"),
    ({"MAIL_FROM": "a@example.org\nBcc: b@example.org"}, "MAIL_FROM"),
    # The rest of a password that is not encoded would be taken for a path, and what comes before it for the server.
    ({"MAIL_URL": "smtp://course:12#rest@mail.example.org:587"}, "MAIL_URL"),
    ({"MAIL_URL": "smtp://course:12/rest@mail.example.org:587"}, "MAIL_URL"),
    ({"MAIL_URL": "smtp://course:12?rest@mail.example.org:587"}, "%3F"),
    ({"MAIL_URL": " smtp://mail.example.org"}, "MAIL_URL"),
    ({"MAIL_URL": "smtp://mail.example.org:587 "}, "MAIL_URL"),
    ({"PUBLIC_URL": " https://training.example.org"}, "PUBLIC_URL"),
    ({"PUBLIC_URL": "https://training.example.org\n"}, "PUBLIC_URL"),
    ({"PUBLIC_URL": "https://training .example.org"}, "PUBLIC_URL"),
    ({"PUBLIC_URL": "http://["}, "PUBLIC_URL"),
    ({"PUBLIC_URL": "https://training.example.org:b"}, "PUBLIC_URL"),
    ({"PUBLIC_URL": "https://training.example.org#start"}, "PUBLIC_URL"),
    ({"PUBLIC_URL": "https://training.example.org?lang=cy"}, "PUBLIC_URL"),
    ({"PUBLIC_URL": "https://sam:password@training.example.org"}, "PUBLIC_URL"),
    ({"DATABASE_URL": "postgresql://u:p@host:abc/course"}, "DATABASE_URL"),
    ({"DATABASE_URL": "postgresql://u:p@pass/word@host/course"}, "write @ as %40"),
    ({"DATABASE_URL": "postgresql://u@host/course?pgbouncer=1"}, r"write \?pgbouncer=true"),
    (
        {"DATABASE_URL": "postgresql://u@host/course", "DATABASE_READ_URL": "postgresql://u@b/course?pgbouncer=True"},
        r"DATABASE_READ_URL: .* \?pgbouncer=true",
    ),
    ({"DATABASE_URL": "sqlite:////tmp/course.db?mode=ro"}, "without ?"),
    ({"DATABASE_URL": "sqlite:////tmp"}, "DATABASE_URL"),
    ({"DATABASE_URL": "sqlite:////no/such/folder/course.db"}, "DATABASE_URL"),
    ({"SECRET_KEY_FILE": "/bin/sh", "SECRET_KEY": ""}, "SECRET_KEY_FILE"),
    ({"TIME_ZONE": "Europe/Atlantis"}, "TIME_ZONE"),
    ({"PORT": "80000"}, "PORT"),
    ({"PORT": "eighty"}, "PORT"),
    ({"CONTENT": "/nowhere"}, "CONTENT"),
    # A place where the system does not even look; the error is of the same sort where the account may not.
    ({"BACKUP_FOLDER": "/" + "x" * 300}, "BACKUP_FOLDER: .* is not a folder"),
    ({"DATABASE_URL": f"sqlite:////{'x' * 300}/course.db"}, "DATABASE_URL: there is no folder"),
    ({"SECRET_KEY_FILE": "/" + "x" * 300, "SECRET_KEY": ""}, "SECRET_KEY_FILE"),
    ({"METRICS_ADDRESS": "9100"}, "METRICS_ADDRESS"),
    ({"METRICS_ADDRESS": "127.0.0.1"}, "METRICS_ADDRESS"),
    ({"METRICS_ADDRESS": "http://127.0.0.1:9100/metrics"}, "METRICS_ADDRESS"),
    ({"METRICS_ADDRESS": "127.0.0.1:99999"}, "METRICS_ADDRESS"),
    ({"METRICS_ADDRESS": "0.0.0.0:8001", "PORT": "8001"}, "METRICS_ADDRESS: needs another port than PORT"),
    ({"WEBHOOK_TEST_CA": "/no/such/file.pem"}, "WEBHOOK_TEST_CA: .* is not a file"),
    ({"WEBHOOK_TEST_CA": __file__, "PUBLIC_URL": "https://training.example.org"}, "WEBHOOK_TEST_CA: is for tests"),
]


@pytest.mark.parametrize(("settings", "name"), MISTAKES)
def test_a_mistake_is_named(settings: dict[str, str], name: str) -> None:
    with pytest.raises(ConfigError, match=name):
        Config.from_env({"SECRET_KEY": SECRET, **settings})


def test_all_mistakes_are_listed_at_once() -> None:
    with pytest.raises(ConfigError) as error:
        Config.from_env({"SECRET_KEY": "x", "PORT": "none", "TIME_ZONE": "Nowhere", "MAIL_URL": "x:"})
    assert all(name in error.value.message for name in ("SECRET_KEY", "PORT", "TIME_ZONE", "MAIL_URL"))


def test_a_line_that_cannot_be_read_hides_no_other_mistake(tmp_path: Path) -> None:
    file = tmp_path / "settings"
    file.write_text(
        "THREADS=many\nbad line here\nTIMEZONE=Nowhere\nPORT=none\nHOST=$(hostname)\nMAIL_URL=x:\n", encoding="utf-8"
    )
    found = read_env_file(file)
    with pytest.raises(ConfigError) as error:
        _ConfigReader({"SECRET_KEY": SECRET, **found.values}, found.mistakes).config()
    said = error.value.message.splitlines()[1:]
    names = ("line 2: cannot", "TIME_ZONE meant", "HOST: commands", "PORT: ", "MAIL_URL: ", "THREADS: ")
    assert len(said) == len(names)
    assert all(any(name in line for line in said) for name in names), said


def test_an_address_of_a_mail_server_that_was_right_stays_right() -> None:
    for address in (
        "smtp://a b:c d@mail.example.org/",
        "smtps://a%40b:c%23@[::1]:465",
        "smtp://a:b@mail.example.org?x=1",
        "console:",
    ):
        assert Config.from_env({"SECRET_KEY": SECRET, "MAIL_URL": address}).mail_url == address


def test_cookies_are_secure_where_people_come_by_https() -> None:
    assert Config.from_env({"SECRET_KEY": SECRET, "PUBLIC_URL": "https://training.example.org"}).secure


def test_a_key_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(SECRET + "\n", encoding="utf-8")
    assert Config.from_env({"SECRET_KEY_FILE": str(file)}).secret_key == SECRET
