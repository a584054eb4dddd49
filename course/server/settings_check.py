"""The settings that this process runs with, held against those of others on the same database."""

from __future__ import annotations

from datetime import datetime

from course.content.loaded_course import library
from course.server.queries import Worker, state_of_key, workers
from course.server.rules import WRONG_KEY, differing, settings_of
from course.web.app_state import state
from course.web.unit_of_work import reading_session

# Their values may hold passwords, so only hashes of them are compared.
HIDDEN = frozenset({"MAIL_URL"})


def own_settings() -> dict[str, str]:
    """What every program on this database must be told alike."""
    config = state().config
    plain = {
        "PUBLIC_URL": config.public_url,
        "MAIL_FROM": config.mail_from,
        "TIME_ZONE": config.time_zone,
        "CONTENT": library().version,
    }
    return settings_of(config.secret_key, plain, {"MAIL_URL": config.mail_url})


def others(found: list[Worker]) -> list[str]:
    """A sentence for each worker that is at work with other settings than this process."""
    own = own_settings()
    rows = [(one.name, differing(own, one.settings, HIDDEN)) for one in found if one.alive]
    return [f"{name} runs with other settings: {', '.join(names)}" for name, names in rows if names]


def warnings_here(at: datetime) -> list[str]:
    """What somebody should know before a command does anything with these settings."""
    with reading_session() as session:
        wrong = state_of_key(session, state().config.secret_key) == "other"
        differ = others(workers(session, at))
    return [*([WRONG_KEY] if wrong else []), *(f"{words}." for words in differ)]
