"""Links from the end of an attempt or a scenario run, and redirects from a short course that is closed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from course.learning import queries
from course.learning.queries import AttemptView
from course.learning.rules.progress import ModuleProgress
from course.learning.views.page_context import next_open_step, next_step_address, reader_id
from course.translation import gettext as _
from course.web.addresses import url_for
from course.web.unit_of_work import db, row_source


@dataclass(frozen=True)
class NextLink:
    """An address, and the words of the link to it. `begins` says that a press begins what is there: it is sent as a form."""

    address: str
    words: str
    begins: bool = False


@dataclass(frozen=True)
class ShortCourseNavigation:
    """The navigation of attempts and scenario runs that belong to a feature above this one, by enrolment id.

    `elsewhere` gives the address to which the reader is redirected instead of continuing (None: the reader may
    continue), `onward` the link from the end of a part. `end` gives the address of the page that says that the whole short
    course is passed, to which the answer that passed it leads at once; its second argument is the attempt of that answer
    (None: a part is still open).
    """

    elsewhere: Callable[[int], str | None]
    onward: Callable[[int], NextLink]
    end: Callable[[int, int], str | None]


# By the kind of enrolment: refresher, update. The feature above registers its own, because it may import this one only.
SHORT_COURSE_NAVIGATION: dict[str, ShortCourseNavigation] = {}


@dataclass(frozen=True)
class CompanionNavigation:
    """The navigation of scenario runs that two people take together, which a feature above this one knows, by run id.

    `elsewhere` gives the address of the page on which the two go on (None: this reader goes on alone), `afterwards` the link
    to what the two may look back on (None: the run was taken alone), `is_decided_together` whether the two took the newest
    decision.
    """

    elsewhere: Callable[[int], str | None]
    afterwards: Callable[[int], NextLink | None]
    is_decided_together: Callable[[int], bool]


COMPANION_NAVIGATION: list[CompanionNavigation] = []  # as SHORT_COURSE_NAVIGATION: the feature above registers its own


def companion_redirect(run_id: int) -> str | None:
    """The address of the page on which a run goes on together with somebody else; None if its reader goes on alone."""
    return next((address for one in COMPANION_NAVIGATION if (address := one.elsewhere(run_id))), None)


def companion_link(run_id: int) -> NextLink | None:
    """The link to what two people may look back on who took a run together; None for a run that was taken alone."""
    return next((link for one in COMPANION_NAVIGATION if (link := one.afterwards(run_id))), None)


def is_decided_together(run_id: int) -> bool:
    """Whether two people took the newest decision of a run together: one of them alone does not take it back."""
    return any(one.is_decided_together(run_id) for one in COMPANION_NAVIGATION)


def closed_redirect(kind: str, enrolment: int) -> str | None:
    """The address to which the reader is redirected instead of continuing; None if the reader may continue."""
    navigation = SHORT_COURSE_NAVIGATION.get(kind)
    return navigation.elsewhere(enrolment) if navigation else None


def link_after_part(kind: str, enrolment: int) -> NextLink:
    """The link from the end of a part of a refresher or an update, or of anything else outside a module."""
    navigation = SHORT_COURSE_NAVIGATION.get(kind)
    return navigation.onward(enrolment) if navigation else NextLink(url_for("dashboard.home"), _("Go on"))


def address_after_short_course(attempt_id: int) -> str | None:
    """The address after the answer with which a refresher or an update is passed: its certificate, or its end. None while
    anything of it is open, and for every other attempt."""
    found = queries.attempt(db(), reader_id(), attempt_id)
    navigation = SHORT_COURSE_NAVIGATION.get(found.kind) if found is not None and found.passed else None
    return navigation.end(found.enrolment_id, attempt_id) if navigation and found else None


def link_after_final() -> NextLink:
    """The link after the final assessment is passed. An edit of the course may have left something else open."""
    done = queries.progress_facts(row_source(), reader_id()).completed_at is not None
    if done:
        return NextLink(url_for("milestones.passed"), _("See my certificate"))
    return NextLink(url_for("dashboard.home"), _("Go on with what is open"))


def address_in(found: AttemptView) -> str:
    """The address of the next question of an attempt, or of its result."""
    if found.next is not None:
        return url_for("learning.question", attempt_id=found.id, position=found.next.position)
    return url_for("learning.attempt", attempt_id=found.id)


def address_after_final_answer(attempt_id: int) -> str:
    """The address after an answer in the final assessment: the certificate, if this attempt has completed the course;
    otherwise its next question or its result."""
    found = queries.attempt(db(), reader_id(), attempt_id)
    if found is not None and found.next is not None:
        return address_in(found)
    if (
        found is not None
        and found.passed
        and queries.completed_at(row_source(), found.enrolment_id) == found.finished_at
    ):
        return url_for("milestones.passed")
    return url_for("learning.attempt", attempt_id=attempt_id)


def link_after_step(progress: ModuleProgress, step_id: str, ended: datetime | None) -> NextLink:
    """The link after a step of a module: to the certificate, if the end of that step completed the course; else to the next
    open step, which a press begins unless it is a page, or to the end of the module."""
    enrolment = queries.enrolment_id(row_source(), reader_id()) if ended is not None else None
    if enrolment is not None and queries.completed_at(row_source(), enrolment) == ended:
        return NextLink(url_for("milestones.passed"), _("Next"))
    following = next_open_step(progress, step_id)
    begins = following is not None and following.kind != "page"
    return NextLink(next_step_address(progress, step_id), _("Next"), begins)
