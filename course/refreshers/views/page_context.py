"""Where the reader stands with refreshers and updates, what is next in one, and when it is not gone on with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flask import Blueprint, g, url_for
from flask_login import current_user

from course.clock import now
from course.dates import civil_date
from course.learning.reader_course import library
from course.learning.views.next_step import CERTIFICATE, SHORT_COURSES, Onward, ShortCourse
from course.people.rules import Viewer
from course.recertification import queries as renewal
from course.recertification.rules import Standing, standing
from course.recertification.rules.facts import IMPORTED, INITIAL, REFRESHER
from course.refreshers import actions, queries
from course.refreshers.queries import PAGE, Refresher
from course.refreshers.rules.eligibility import counts
from course.refreshers.rules.updates import Update
from course.web.app_state import state
from course.web.unit_of_work import db

pages = Blueprint("refreshers", __name__)


def me() -> int:
    g.here = "training"
    viewer: Viewer = current_user.person
    return viewer.id


def today() -> date:
    return civil_date(now(), state().config.time_zone)


@dataclass(frozen=True)
class Row:
    """A part as the overview lists it."""

    title: str
    note: str
    done: bool
    address: str


def parts_of(refresher: Refresher) -> list[Row]:
    rows = []
    for part in refresher.parts:
        if part.kind == "change" and part.ref.startswith(PAGE):
            title = title_of(part.ref.removeprefix(PAGE))
            rows.append(Row(title, "What has changed", part.done, url_for("refreshers.change", kind=refresher.kind,
                                                                          position=part.position)))  # fmt: skip
        elif part.kind == "scenario":
            rows.append(Row(title_of(part.ref), "A story", part.done, url_for("refreshers.story")))
    done = f"{refresher.answered} of {refresher.asked} answered"
    rows.append(Row("Questions", done, refresher.passed, url_for("learning.attempt", attempt_id=refresher.attempt_id)))
    return rows


def next_part(refresher: Refresher) -> Row | None:
    return next((row for row in parts_of(refresher) if not row.done), None)


def title_of(ref: str) -> str:
    module = library().modules.get(ref.partition("/")[0])
    step = module.step(ref.partition("/")[2]) if module else None
    if step is None and module is not None and ref.partition("/")[2] in module.scenarios:
        return module.scenarios[ref.partition("/")[2]].title
    return step.title if step else ref


@dataclass(frozen=True)
class Where:
    """Where the reader stands: their standing, the day of a certificate from elsewhere, whether they completed
    anything here, the refresher that is under way, one that was begun and counts no more (`lost`), and the newest one
    that was completed (`renewed`). `may_begin` is false on the day of a completion: one more of that day would renew
    nothing."""

    standing: Standing | None
    imported: date | None
    completed: bool
    refresher: Refresher | None
    lost: Refresher | None = None
    renewed: Refresher | None = None
    may_begin: bool = True

    @property
    def whole_course(self) -> bool:
        """Whether the whole course is needed again, after one was completed and has lapsed."""
        return self.completed and self.standing is not None and self.standing.course == INITIAL

    @property
    def revoked(self) -> bool:
        """Whether that is so because nothing is held any more, and not because it ran out too long ago."""
        return self.whole_course and self.standing is not None and self.standing.valid_until is None

    @property
    def open(self) -> bool:
        """Whether a refresher is the right thing now or soon."""
        if self.refresher is not None:
            return True
        return self.standing is not None and self.standing.course == REFRESHER and self.standing.due is not None

    @property
    def wanted(self) -> bool:
        """Whether it is asked for by now: the window is open, or it was begun."""
        if not self.open or self.standing is None:
            return False
        opens = self.standing.window_opens
        return self.refresher is not None or opens is None or opens <= self.standing.on


def where() -> Where:
    """Asked for once in a request."""
    if "recall_where" not in g:
        zone, person_id = state().config.time_zone, me()
        policies = renewal.policies(db(), zone)
        facts = renewal.people(db(), zone, [person_id])[0].facts
        here = standing(facts, policies, today()) if policies else None
        imported = max((c.day for c in facts.completions if c.kind == IMPORTED), default=None)
        completed = any(c.kind != IMPORTED for c in facts.completions)
        newest = queries.newest(db(), person_id, actions.REFRESHER)
        under_way = actions.still_open(db(), person_id, newest, now())
        renews = counts(facts, policies, today())
        done_today = any(c.day == today() for c in facts.known(today()).completions)
        counted = under_way is not None and renews
        g.recall_where = Where(
            here,
            None if completed else imported,
            completed,
            under_way if counted else None,
            lost=None if counted else under_way,
            renewed=newest if newest is not None and newest.completed_at is not None else None,
            may_begin=renews and not done_today,
        )
    found: Where = g.recall_where
    return found


def _elsewhere(enrolment: int) -> str | None:
    """Where the reader is led instead of going on in a refresher: to its page, if it cannot be passed or does not count
    any more."""
    here = where()
    if here.renewed is not None and here.renewed.id == enrolment:
        return None
    goes_on = here.refresher is not None and here.refresher.id == enrolment and not here.refresher.used_up
    return None if goes_on else url_for("refreshers.refresher")


def _onward(enrolment: int) -> Onward:
    """Where one goes from the end of a part of a refresher: to the certificate, or to what is next."""
    newest = queries.newest(db(), me(), actions.REFRESHER)
    overview = Onward(url_for("refreshers.refresher"), "Go on")
    if newest is None or newest.id != enrolment:
        return overview
    if newest.completed_at is not None:
        return Onward(CERTIFICATE, "Go on to my new certificate")
    following = None if newest.used_up or where().refresher is None else next_part(newest)
    return Onward(following.address, "Go on") if following else overview


def _update_elsewhere(enrolment: int) -> str | None:
    """Where the reader is led instead of going on in an update that is not asked for any more."""
    newest = queries.newest(db(), me(), actions.UPDATE)
    if newest is None or newest.id != enrolment or newest.used_up:
        return url_for("refreshers.update")
    return None if newest.over or my_update() is not None else url_for("refreshers.update")


def _update_onward(enrolment: int) -> Onward:
    newest = queries.newest(db(), me(), actions.UPDATE)
    following = next_part(newest) if newest is not None and newest.id == enrolment and not newest.used_up else None
    return Onward(following.address if following else url_for("refreshers.update"), "Go on")


SHORT_COURSES[actions.REFRESHER] = ShortCourse(_elsewhere, _onward)
SHORT_COURSES[actions.UPDATE] = ShortCourse(_update_elsewhere, _update_onward)


def my_update() -> Update | None:
    """The update that is open to the reader; None while they hold no certificate, or renew it now anyway."""
    here = where()
    if here.standing is None or here.standing.valid_until is None or here.wanted or here.whole_course:
        return None
    return actions.update_for(db(), library(), me(), here.imported, state().config.time_zone)
