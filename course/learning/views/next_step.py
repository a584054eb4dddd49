"""Where one goes from the end of an attempt or a scenario, and when one may not go on in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from course.learning import queries
from course.learning.rules.progress import ModuleStand
from course.learning.views.page_context import after, me
from course.web.unit_of_work import db, rows

CERTIFICATE = "/certificate"


@dataclass(frozen=True)
class Onward:
    """An address, and the words of the link to it."""

    address: str
    words: str


@dataclass(frozen=True)
class ShortCourse:
    """What a feature above knows of its own attempts and scenarios, by their enrolment: where the reader is led instead
    of going on (None: it goes on), and where they go from the end of a part."""

    elsewhere: Callable[[int], str | None]
    onward: Callable[[int], Onward]


# By the kind of enrolment: refresher, update.
SHORT_COURSES: dict[str, ShortCourse] = {}


def elsewhere(kind: str, enrolment: int) -> str | None:
    """Where the reader is led instead of going on in this enrolment; None if it goes on."""
    short = SHORT_COURSES.get(kind)
    return short.elsewhere(enrolment) if short else None


def after_part(kind: str, enrolment: int) -> Onward:
    """Where one goes from the end of a part of a refresher, an update, or whatever is no part of a module."""
    short = SHORT_COURSES.get(kind)
    return short.onward(enrolment) if short else Onward("/", "Go on")


def after_final() -> Onward:
    """Where one goes after the final assessment is passed: something may still be open, after an edit of the course."""
    done = queries.facts(rows(), me()).completed_at is not None
    return Onward(CERTIFICATE, "See my certificate") if done else Onward("/", "Go on with what is open")


def after_step(stand: ModuleStand, step_id: str, ended: datetime | None) -> str:
    """Where one goes from the end of a step of a module: to the certificate, if that end completed the course."""
    enrolment = queries.enrolment_id(db(), me())
    done = queries.completion(db(), enrolment) if enrolment is not None and ended is not None else None
    return CERTIFICATE if done is not None and done.completed_at == ended else after(stand, step_id)
