"""The settings that this process runs with, held against those of others on the same database."""

from __future__ import annotations

from datetime import datetime

from course.content.loaded_course import library
from course.server.queries import WorkerView, secret_key_state, workers
from course.server.rules import WRONG_KEY_WARNING, comparable_settings, differing_settings
from course.web.app_state import app_state
from course.web.unit_of_work import read_only_session

# Their values may hold passwords, so only hashes of them are compared.
HASHED_SETTINGS = frozenset({"MAIL_URL"})


def own_settings() -> dict[str, str]:
    """What every program on this database must be told alike."""
    config = app_state().config
    plain = {
        "PUBLIC_URL": config.public_url,
        "MAIL_FROM": config.mail_from,
        "TIME_ZONE": config.time_zone,
        "CONTENT": library().version,
    }
    return comparable_settings(config.secret_key, plain, {"MAIL_URL": config.mail_url})


def settings_conflicts(found: list[WorkerView]) -> list[str]:
    """A sentence for each worker that is at work with other settings than this process."""
    own = own_settings()
    rows = [(one.name, differing_settings(own, one.settings, HASHED_SETTINGS)) for one in found if one.alive]
    return [f"{name} runs with other settings: {', '.join(names)}" for name, names in rows if names]


def settings_warnings(at: datetime) -> list[str]:
    """What somebody should know before a command does anything with these settings."""
    with read_only_session() as session:
        wrong = secret_key_state(session, app_state().config.secret_key) == "other"
        differ = settings_conflicts(workers(session, at))
    return [*([WRONG_KEY_WARNING] if wrong else []), *(f"{words}." for words in differ)]
