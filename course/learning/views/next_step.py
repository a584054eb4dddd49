"""Where one goes from the end of an attempt or a scenario, and when one may not go on in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from course.learning import queries
from course.learning.rules.progress import ModuleProgress
from course.learning.views.page_context import next_step_address, reader_id
from course.web.unit_of_work import db, row_source

CERTIFICATE_PATH = "/certificate"


@dataclass(frozen=True)
class NextLink:
    """An address, and the words of the link to it."""

    address: str
    words: str


@dataclass(frozen=True)
class ShortCourseNavigation:
    """What a feature above knows of its own attempts and scenarios, by their enrolment: where the reader is led instead
    of going on (None: it goes on), and where they go from the end of a part."""

    elsewhere: Callable[[int], str | None]
    onward: Callable[[int], NextLink]


# By the kind of enrolment: refresher, update.
SHORT_COURSE_NAVIGATION: dict[str, ShortCourseNavigation] = {}


def closed_redirect(kind: str, enrolment: int) -> str | None:
    """Where the reader is led instead of going on in this enrolment; None if it goes on."""
    short = SHORT_COURSE_NAVIGATION.get(kind)
    return short.elsewhere(enrolment) if short else None


def link_after_part(kind: str, enrolment: int) -> NextLink:
    """Where one goes from the end of a part of a refresher, an update, or whatever is no part of a module."""
    short = SHORT_COURSE_NAVIGATION.get(kind)
    return short.onward(enrolment) if short else NextLink("/", "Go on")


def link_after_final() -> NextLink:
    """Where one goes after the final assessment is passed: something may still be open, after an edit of the course."""
    done = queries.progress_facts(row_source(), reader_id()).completed_at is not None
    return NextLink(CERTIFICATE_PATH, "See my certificate") if done else NextLink("/", "Go on with what is open")


def address_after_step(stand: ModuleProgress, step_id: str, ended: datetime | None) -> str:
    """Where one goes from the end of a step of a module: to the certificate, if that end completed the course."""
    enrolment = queries.enrolment_id(db(), reader_id())
    done = queries.completion(db(), enrolment) if enrolment is not None and ended is not None else None
    return CERTIFICATE_PATH if done is not None and done.completed_at == ended else next_step_address(stand, step_id)
