"""The certification status and refresher status of the reader, the next part of a refresher, and where the reader is
redirected when a refresher cannot be continued."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flask import Blueprint, g, url_for
from flask_login import current_user

from course.clock import now
from course.dates import civil_date
from course.learning.queries import AttemptView
from course.learning.queries import attempt as attempt_of
from course.learning.reader_course import reader_library
from course.learning.views.next_step import SHORT_COURSE_NAVIGATION, NextLink, ShortCourseNavigation
from course.people.rules import Viewer
from course.recertification import queries as renewal
from course.recertification.rules import CertificationStatus, certification_status
from course.recertification.rules.facts import IMPORTED, INITIAL, REFRESHER
from course.refreshers import actions, queries
from course.refreshers.queries import PAGE_PREFIX, Refresher
from course.refreshers.rules.eligibility import would_renew
from course.refreshers.rules.updates import Update, brought_on
from course.translation import gettext as _
from course.web.app_state import app_state
from course.web.forms import query_number
from course.web.unit_of_work import db

pages = Blueprint("refreshers", __name__)


def reader_id() -> int:
    """The id of the signed-in person; marks "My training" as the current section."""
    g.here = "training"
    viewer: Viewer = current_user.person
    return viewer.id


def today() -> date:
    return civil_date(now(), app_state().config.time_zone)


@dataclass(frozen=True)
class RefresherPartRow:
    """A part in the list on the refresher's overview."""

    title: str
    note: str
    done: bool
    address: str


def part_rows(refresher: Refresher) -> list[RefresherPartRow]:
    """The parts of a refresher as its overview lists them."""
    rows = []
    for part in refresher.parts:
        if part.kind == "change" and part.ref.startswith(PAGE_PREFIX):
            title = ref_title(part.ref.removeprefix(PAGE_PREFIX))
            rows.append(RefresherPartRow(title, _("What has changed"), part.done, url_for("refreshers.change", kind=refresher.kind,
                                                                          position=part.position)))  # fmt: skip
        elif part.kind == "scenario":
            rows.append(RefresherPartRow(ref_title(part.ref), _("A story"), part.done, url_for("refreshers.scenario")))
    done = _("%(answered)s of %(asked)s answered", answered=refresher.answered, asked=refresher.asked)
    rows.append(
        RefresherPartRow(
            _("Questions"), done, refresher.passed, url_for("learning.attempt", attempt_id=refresher.attempt_id)
        )
    )
    return rows


def next_part(refresher: Refresher) -> RefresherPartRow | None:
    """The first part that is not done; None if all are done."""
    return next((row for row in part_rows(refresher) if not row.done), None)


def ref_title(ref: str) -> str:
    """The title of a page, check or scenario by module/name; the name itself if it is no longer taught."""
    module = reader_library().modules.get(ref.partition("/")[0])
    step = module.step(ref.partition("/")[2]) if module else None
    if step is None and module is not None and ref.partition("/")[2] in module.scenarios:
        return module.scenarios[ref.partition("/")[2]].title
    return step.title if step else ref


@dataclass(frozen=True)
class RefresherStatus:
    """The refresher status of the reader: their certification status, the day of an imported certificate, whether they
    completed anything here, the refresher that is under way, one that was begun and no longer counts (`invalidated`),
    and the newest completed one. `may_begin` is false on the day of a completion, because another completion of that
    day would renew nothing."""

    certification_status: CertificationStatus | None
    imported_on: date | None
    completed: bool
    refresher: Refresher | None
    invalidated: Refresher | None = None
    completed_refresher: Refresher | None = None
    may_begin: bool = True

    @property
    def whole_course(self) -> bool:
        """Whether the whole course is needed again, after a completed one has lapsed."""
        return self.completed and self.certification_status is not None and self.certification_status.course == INITIAL

    @property
    def revoked(self) -> bool:
        """Whether the whole course is needed because no certificate is left (revoked), and not because the grace period
        is over."""
        return (
            self.whole_course
            and self.certification_status is not None
            and self.certification_status.valid_until is None
        )

    @property
    def is_available(self) -> bool:
        """Whether a refresher is the right course now or soon."""
        if self.refresher is not None:
            return True
        return (
            self.certification_status is not None
            and self.certification_status.course == REFRESHER
            and self.certification_status.due is not None
        )

    @property
    def is_window_open(self) -> bool:
        """Whether the refresher renews and keeps the date, so that what has changed belongs to it."""
        if not self.is_available or self.certification_status is None:
            return False
        window_opens = self.certification_status.window_opens
        return window_opens is None or window_opens <= self.certification_status.on

    @property
    def is_due(self) -> bool:
        """Whether a refresher is expected of the reader now: the renewal window is open, or the refresher was begun."""
        return self.is_window_open or (self.refresher is not None and self.certification_status is not None)


def refresher_status() -> RefresherStatus:
    """The refresher status of the reader, derived once for each request."""
    if "refresher_status" not in g:
        g.refresher_status = refresher_status_of(reader_id())
    cached: RefresherStatus = g.refresher_status
    return cached


def refresher_status_of(person_id: int) -> RefresherStatus:
    """The refresher status of a person."""
    zone = app_state().config.time_zone
    policies = renewal.policies(db(), zone)
    facts = renewal.people(db(), zone, [person_id])[0].facts
    status = certification_status(facts, policies, today()) if policies else None
    imported_on = brought_on(facts.completions)
    has_completed = any(c.kind != IMPORTED for c in facts.completions)
    newest = queries.newest_refresher(db(), person_id, actions.REFRESHER)
    under_way = actions.resumable_refresher(db(), person_id, newest, now())
    renews = would_renew(facts, policies, today())
    done_today = any(c.day == today() for c in facts.as_of(today()).completions)
    counts = under_way is not None and renews
    return RefresherStatus(
        status,
        None if has_completed else imported_on,
        has_completed,
        under_way if counts else None,
        invalidated=None if counts else under_way,
        completed_refresher=newest if newest is not None and newest.completed_at is not None else None,
        may_begin=renews and not done_today,
    )


def _refresher_redirect(enrolment: int) -> str | None:
    """The address to which the reader is redirected instead of continuing the refresher: its overview, if it cannot be
    passed or no longer counts. None if the refresher can be continued."""
    status = refresher_status()
    if status.completed_refresher is not None and status.completed_refresher.id == enrolment:
        return None
    goes_on = (
        status.refresher is not None and status.refresher.id == enrolment and not status.refresher.exhausted_points
    )
    return None if goes_on else url_for("refreshers.refresher")


def _refresher_next_link(enrolment: int) -> NextLink:
    """The link at the end of a part of a refresher: to the certificate, or to the next part."""
    newest = queries.newest_refresher(db(), reader_id(), actions.REFRESHER)
    overview = NextLink(url_for("refreshers.refresher"), _("Go on"))
    if newest is None or newest.id != enrolment:
        return overview
    if newest.completed_at is not None:
        return NextLink(url_for("milestones.passed"), _("See my new certificate"))
    next_row = None if newest.exhausted_points or refresher_status().refresher is None else next_part(newest)
    return NextLink(next_row.address, _("Go on")) if next_row else overview


def _refresher_end(enrolment: int, attempt_id: int) -> str | None:
    """The certificate, if this refresher is completed."""
    newest = queries.newest_refresher(db(), reader_id(), actions.REFRESHER)
    done = newest is not None and newest.id == enrolment and newest.completed_at is not None
    return url_for("milestones.passed", after=attempt_id) if done else None


def _update_redirect(enrolment: int) -> str | None:
    """The address to which the reader is redirected instead of continuing an update that is no longer required; None if
    it can be continued."""
    newest = queries.newest_refresher(db(), reader_id(), actions.UPDATE)
    if newest is None or newest.id != enrolment or newest.exhausted_points:
        return url_for("refreshers.update")
    return None if newest.is_finished or reader_update() is not None else url_for("refreshers.update")


def _update_next_link(enrolment: int) -> NextLink:
    """The link at the end of a part of an update: to the next part, or to the overview."""
    newest = queries.newest_refresher(db(), reader_id(), actions.UPDATE)
    next_row = (
        next_part(newest) if newest is not None and newest.id == enrolment and not newest.exhausted_points else None
    )
    return NextLink(next_row.address if next_row else url_for("refreshers.update"), _("Go on"))


def _update_end(enrolment: int, attempt_id: int) -> str | None:
    """The page that says what is up to date again, if this update is finished."""
    newest = queries.newest_refresher(db(), reader_id(), actions.UPDATE)
    done = newest is not None and newest.id == enrolment and newest.is_finished
    return url_for("refreshers.update", after=attempt_id) if done else None


SHORT_COURSE_NAVIGATION[actions.REFRESHER] = ShortCourseNavigation(
    _refresher_redirect, _refresher_next_link, _refresher_end
)
SHORT_COURSE_NAVIGATION[actions.UPDATE] = ShortCourseNavigation(_update_redirect, _update_next_link, _update_end)


def just_passed(kind: str) -> AttemptView | None:
    """The attempt whose last answer has led to this page, if it is one of this kind that the reader passed."""
    after = query_number("after")
    attempt = attempt_of(db(), reader_id(), after) if after else None
    return attempt if attempt is not None and attempt.kind == kind and attempt.passed else None


def reader_update() -> Update | None:
    """The update that is open for the reader; None while they hold no certificate, or have to renew it now anyway."""
    status = refresher_status()
    if (
        status.certification_status is None
        or status.certification_status.valid_until is None
        or status.is_window_open
        or status.whole_course
    ):
        return None
    zone, imported_on = app_state().config.time_zone, status.imported_on
    return actions.update_for(db(), reader_library(), reader_id(), imported_on, zone, status.refresher)
