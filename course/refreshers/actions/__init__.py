"""Refreshers, updates and boosters: what they are made of, taking them, completing them, and the mail about them."""

from __future__ import annotations

from course.refreshers.actions.attempts import (
    begin,
    begin_course_again,
    begin_update,
    open_refresher,
    read_again,
    see_change,
    still_open,
    tell_story,
    with_changed,
)
from course.refreshers.actions.completion import Healed, finish, heal, renews
from course.refreshers.actions.composition import (
    REFRESHER,
    UPDATE,
    Composed,
    changes_for,
    composed,
    estimated,
    page_minutes,
    page_of,
    stories,
    update_for,
)
from course.refreshers.actions.short_course_mail import boosters_due, send_booster, tell_of_update, updates_due

__all__ = [
    "REFRESHER",
    "UPDATE",
    "Composed",
    "Healed",
    "begin",
    "begin_course_again",
    "begin_update",
    "boosters_due",
    "changes_for",
    "composed",
    "estimated",
    "finish",
    "heal",
    "open_refresher",
    "page_minutes",
    "page_of",
    "read_again",
    "renews",
    "see_change",
    "send_booster",
    "still_open",
    "stories",
    "tell_of_update",
    "tell_story",
    "update_for",
    "updates_due",
    "with_changed",
]
