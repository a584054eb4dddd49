"""The reader's home "My training": one button that leads to the next thing, and the whole road."""

from __future__ import annotations

from dataclasses import dataclass

from flask import redirect, render_template, request, session, url_for
from markupsafe import Markup, escape
from werkzeug.wrappers import Response

from course.clock import now
from course.dashboard import queries
from course.dashboard.rules import (
    BOOSTER,
    REFRESHER,
    UPDATE,
    WHOLE_COURSE,
    DueNote,
    due_note,
    offer_after_course,
)
from course.dashboard.views.page_context import format_weekday, pages
from course.dashboard.views.today import opens_the_course
from course.learning.reader_course import reader_library
from course.learning.rules.carry_on import OpenPart, newest_booster
from course.learning.rules.progress import CourseProgress, ModuleProgress
from course.learning.views.carry_on import CarryOn, position_in_words, reader_course, story_carry_on
from course.learning.views.page_context import reader_id, today
from course.mail.views import reader_mail_alert
from course.milestones.views import keep_learned
from course.organisation.views import own_stale_contacts
from course.people.queries import chosen_pathway
from course.recertification.rules import CertificationStatus
from course.recertification.rules.facts import REFRESHER as RENEWAL
from course.refreshers.rules.boosters import LINK_VALIDITY
from course.refreshers.rules.updates import Update
from course.refreshers.views.page_context import RefresherStatus, next_part, part_rows, reader_update, refresher_status
from course.translation import gettext as _
from course.web.access import sign_in_required
from course.web.app_state import app_state
from course.web.night_shift import NIGHT_KEY
from course.web.redirects import redirect_after_post
from course.web.template_filters import format_minutes
from course.web.unit_of_work import db


@dataclass(frozen=True)
class Station:
    """A station of the road: a module with its number, its `state` (done, here or next), the minutes that are left, and
    whether some of it is done."""

    progress: ModuleProgress
    state: str
    minutes: float
    begun: bool


@pages.get("/")
@sign_in_required
def home() -> str | Response:
    """Show the one next thing with the time that it takes, by when the course is due, and the whole road. Who manages
    others and opens the course finds "Today" first."""
    if opens_the_course():
        return redirect(url_for("dashboard.today"), 303)
    course = reader_course()
    state = course.progress
    refresher, status = _own_status(state)
    update = reader_update() if refresher else None
    final_minutes = 0.0 if state.completed_at is not None else course.final_minutes
    carry_on = course.carry_on
    if carry_on is None or (state.completed_at is None and _asks_for_less(refresher, update)):
        carry_on = _after_course(refresher, update, newest_booster(course.parts, now() - LINK_VALIDITY))
    return render_template(
        "dashboard/home.html",
        state=state,
        carry_on=carry_on,
        stations=_stations(state, course.carry_on, again=refresher is not None and refresher.whole_course),
        final_minutes=final_minutes,
        minutes_left=_minutes_left(state, course.carry_on) + final_minutes,
        due=_due(status, update, refresher, _minutes_left(state, course.carry_on) + final_minutes),
        weekday=format_weekday,
        first_visit=not state.started and not course.parts and refresher is None,
        pathway=chosen_pathway(db(), reader_id()),
        standing=status,
        keep=keep_learned(state) if state.completed_at is not None or any(one.done for one in state.modules) else None,
        mine=refresher,
        update=update,
        night=bool(session.get(NIGHT_KEY)),
        stale_contacts=own_stale_contacts(),
        mail_alert=reader_mail_alert(),
    )


def _own_status(state: CourseProgress) -> tuple[RefresherStatus | None, CertificationStatus | None]:
    """The refresher status of who completed the course, or holds a certificate from elsewhere for which a refresher is enough
    (None: the whole course is next), and the certification status."""
    if state.completed_at is None:
        status = queries.certification_status_of(db(), reader_id(), app_state().config.time_zone, today())
        if status is None or status.course != RENEWAL:
            return None, status
    refresher = refresher_status()
    return refresher, refresher.certification_status


def _asks_for_less(refresher: RefresherStatus | None, update: Update | None) -> bool:
    """Whether the refresher is asked for now, or an update, and not the whole course."""
    return refresher is not None and (refresher.is_due or update is not None)


@pages.post("/night-shift")
@sign_in_required
def night_shift() -> Response:
    """Turn the night shift on or off in this browser. The form says which, so that a second press changes nothing."""
    if request.form.get("on") == "1":
        session[NIGHT_KEY] = True
    else:
        session.pop(NIGHT_KEY, None)
    return redirect_after_post(url_for("dashboard.home"))


def _stations(state: CourseProgress, carry_on: CarryOn | None, again: bool = False) -> list[Station]:
    """The stations of the road; all of them lie ahead if the whole course is needed `again`."""
    if again:
        return [Station(one, "next", reader_library().module_minutes(one.module.id), False) for one in state.modules]
    here = carry_on.module.id if carry_on is not None and carry_on.module is not None else None
    return [
        Station(
            module,
            "done" if module.done else "here" if module.module.id == here else "next",
            carry_on.module_minutes if carry_on is not None and module.module.id == here else module.minutes_left,
            module.started,
        )
        for module in state.modules
    ]


def _minutes_left(state: CourseProgress, carry_on: CarryOn | None) -> float:
    return sum(station.minutes for station in _stations(state, carry_on))


def _due(
    status: CertificationStatus | None, update: Update | None, refresher: RefresherStatus | None, minutes: float
) -> DueNote:
    if status is None:
        return due_note(None, None, None, today(), minutes, is_complete=False)
    complete = refresher is not None and not refresher.is_due and not refresher.whole_course
    if complete and update is not None:
        return due_note(status.state, update.due, None, today(), 0, is_complete=False)
    return due_note(
        status.state, status.due, status.valid_until, today(), 0 if refresher is not None else minutes, complete
    )


def _after_course(refresher: RefresherStatus | None, update: Update | None, booster: OpenPart | None) -> CarryOn:
    """The one button of somebody who has completed the course."""
    offer = offer_after_course(
        whole_course=refresher is not None and refresher.whole_course,
        refresher_due=refresher is not None and refresher.is_due,
        update_open=update is not None,
        booster_begun=booster is not None,
    )
    if offer == WHOLE_COURSE and refresher is not None:
        return _whole_course(refresher)
    if offer == REFRESHER and refresher is not None:
        return _refresher(refresher)
    if offer == UPDATE:
        text = _("Something that you learned has changed. It takes a few minutes.")
        return _button(
            _("See what has changed"), "refreshers.begin_update", _("Something has changed"), text, begins=True
        )
    if offer == BOOSTER and booster is not None:
        address = url_for("learning.attempt", attempt_id=booster.id)
        return CarryOn(_carry_on(position_in_words(booster)), address, False, escape(_("Five questions")),
                       escape(_("No one else sees how you do.")), "", (booster.total - booster.done) / 2)  # fmt: skip
    text = _("Thank you for the time that you gave it.")
    return _button(_("See my certificate"), "certificates.my_certificates", _("You have completed the course"), text)


def _whole_course(refresher: RefresherStatus) -> CarryOn:
    because = (
        _("You hold no certificate that counts.")
        if refresher.revoked
        else _("Your certificate ended too long ago for a refresher.")
    )
    if refresher.invalidated:
        because += " " + _("The refresher that you began no longer counts; what you answered in it is kept.")
    return _button(_("Begin again"), "refreshers.refresher", _("The whole course is needed again."), because)


def _refresher(refresher: RefresherStatus) -> CarryOn:
    """The next part of the refresher that is under way; or the button that begins it."""
    text = _(
        "It is made for you: what must never be forgotten, what has changed, and what you are likely to have forgotten."
    )
    begun = refresher.refresher
    if begun is None:
        starts = refresher.may_begin
        endpoint = "refreshers.begin_refresher" if starts else "refreshers.refresher"
        label = _("Start: your refresher") if starts else _("See my refresher")
        return _button(label, endpoint, _("Time for your refresher"), text, begins=starts)
    row = None if begun.exhausted_points else next_part(begun)
    if row is None:
        return _button(_("Carry on"), "refreshers.refresher", _("Your refresher"), text)
    if begun.run_id is not None and row.address == url_for("refreshers.scenario"):
        story = story_carry_on(begun.run_id)
        if story is not None:
            return story
    if begun.reading_done and begun.asked:
        minutes = format_minutes((begun.asked - begun.answered) / 2)
        what = _("question %(number)s of %(count)s, about %(minutes)s", number=begun.answered + 1, count=begun.asked,
                 minutes=minutes)  # fmt: skip
        return CarryOn(_carry_on(what), row.address, False, escape(_("Your refresher")), escape(text), "", 0)
    rows = part_rows(begun)
    place = _("Part %(number)s of %(count)s: %(what)s.", number=rows.index(row) + 1, count=len(rows), what=row.note)
    return CarryOn(_carry_on(row.title), row.address, False, escape(_("Your refresher")), escape(place), "", 0)


def _carry_on(what: str) -> Markup:
    return Markup("{}: {}").format(_("Carry on"), what)


def _button(label: str, endpoint: str, line: str, text: str, begins: bool = False) -> CarryOn:
    motif = "ribbon" if endpoint.startswith("certificates.") else "lamp"
    return CarryOn(escape(label), url_for(endpoint), begins, escape(line), escape(text), "", 0, motif=motif)
