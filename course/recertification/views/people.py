"""Where somebody stands, what their dates rest on, and writing down more time, leaves and earlier certificates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Response, abort, flash, g, make_response, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as WsgiResponse

from course.clock import now
from course.people.queries import PersonView, overview, visible_person
from course.people.views import recordable
from course.recertification import actions, queries
from course.recertification.forms import CertificateForm, ExtensionForm, LeaveForm, TakeBackForm
from course.recertification.rules import Completion, Extension, Pause, cycle_reason, cycles, standing
from course.recertification.rules.explanations import TO_LEARNER, TO_OTHERS, Voice
from course.recertification.rules.fact_impact import Effect, effect
from course.recertification.rules.facts import IMPORTED
from course.recertification.views.page_context import pages, today, zone
from course.web.access import Permission, may, signed_in
from course.web.template_filters import seen_redirect
from course.web.unit_of_work import Unit, db, unit_of_work


@pages.get("/mine")
@signed_in
def mine() -> str:
    """My own renewal."""
    g.here, day, me = "training", today(), current_user.person.id
    person = overview(db(), me) or abort(404)
    facts = queries.people(db(), zone(), [me])[0].facts
    policies = queries.policies(db(), zone())
    return render_template(
        "recertification/mine.html",
        person=person,
        standing=standing(facts, policies, day),
        cycles=[(cycle, cycle_reason(cycle)) for cycle in reversed(cycles(facts, policies, day))],
        entries=queries.entries(db(), me),
    )


@pages.get("/people/<int(max=2147483647):person_id>")
@may(Permission.SEE_PEOPLE)
def person(person_id: int) -> WsgiResponse:
    """What stood here once is part of the page about all of somebody's training."""
    return redirect(f"/report/people/{_visible(person_id).id}", 301)


def _visible(person_id: int) -> PersonView:
    return visible_person(db(), current_user.person, person_id) or abort(404)


@dataclass(frozen=True)
class Record:
    """Something that can be written down: its form, how it is written, and the words of its page."""

    form: Callable[..., Any]
    title: str
    lede: str
    write: Callable[[Unit, int, Any], str]
    fact: Callable[[Any, date], Extension | Pause | Completion]


def _extend(session: Unit, person_id: int, form: ExtensionForm) -> str:
    by, at = current_user.person.id, now()
    new = actions.extend(session, person_id, form.until.day, form.reason.data or "", today(), by, at)
    return "More time is granted." if new else "This was granted before. Nothing has changed."


def _leave(session: Unit, person_id: int, form: LeaveForm) -> str:
    by, at = current_user.person.id, now()
    days = int(form.days.data or 0)
    since, until, reason = form.since.day, form.until.data, form.reason.data or ""
    new = actions.pause(session, person_id, since, until, days, reason, today(), by, at)
    return "The leave is recorded." if new else "This leave was recorded before. Nothing has changed."


def _bring(session: Unit, person_id: int, form: CertificateForm) -> str:
    by, at = current_user.person.id, now()
    new = actions.import_completion(
        session, person_id, form.day.day, form.until.data, form.issuer.data or "", form.kind.data,
        form.reason.data or "", today(), by, at,
    )  # fmt: skip
    return "The certificate is recorded." if new else "This certificate was recorded before. Nothing has changed."


RECORDS = {
    "extension": Record(
        ExtensionForm,
        "More time",
        "It moves the day by which the course is due. A certificate keeps its date.",
        _extend,
        lambda form, day: Extension(day, form.until.day, form.reason.data or ""),
    ),
    "leave": Record(
        LeaveForm,
        "Long leave",
        "Nobody is reminded or overdue while they are away. To add or change the last day of a leave, record it again "
        "with the same first day.",
        _leave,
        lambda form, day: Pause(
            form.since.day, form.until.data, int(form.days.data or 0), form.reason.data or "", recorded=day
        ),
    ),
    "certificate": Record(
        CertificateForm,
        "Earlier certificate",
        "A certificate of this course from another organisation, or from before you used this site. Look at it before "
        "you record it.",
        _bring,
        lambda form, day: Completion(form.day.day, day, IMPORTED, form.until.data),
    ),
}


@pages.route("/people/<int(max=2147483647):person_id>/<what>", methods=["GET", "POST"])
@may(Permission.SEE_PEOPLE)
def record(person_id: int, what: str) -> Response | WsgiResponse:
    """Write down more time, a leave or an earlier certificate."""
    g.here = "people"
    person, wanted, day = _changed(person_id), RECORDS.get(what) or abort(404), today()
    facts, policies = queries.people(db(), zone(), [person_id])[0].facts, queries.policies(db(), zone())
    form, found = wanted.form(day, facts, policies), None
    if form.validate_on_submit():
        found = effect(facts, policies, wanted.fact(form, day), day, _voice(person_id))
        if not found.surprise or form.confirmed.data == form.mark():
            with unit_of_work() as session:
                said = wanted.write(session, person.id, form)
            flash(f"{person.name}: {said} {found.after.why(_voice(person_id))}")
            return seen_redirect(url_for("training_records.person", person_id=person.id))
    here = found.before if found else standing(facts, policies, day)
    page = render_template(
        "recertification/record.html", form=form, person=person, title=wanted.title, lede=wanted.lede, entry=None,
        button="Save", here=here, effect=found, voice=_voice(person_id),
    )  # fmt: skip
    return make_response(page, 422 if form.errors else 200)


@pages.route("/people/<int(max=2147483647):person_id>/<what>/<int(max=2147483647):fact_id>", methods=["GET", "POST"])
@may(Permission.SEE_PEOPLE)
def take_back(person_id: int, what: str, fact_id: int) -> Response | WsgiResponse:
    """Take back what was written down; it stays in the list, with the reason."""
    g.here = "people"
    person = _changed(person_id)
    if fact_id not in queries.open_facts(db(), person.id).get(what, ()):
        abort(404)
    form = TakeBackForm()
    if form.validate_on_submit():
        by, reason = current_user.person.id, form.reason.data or ""
        try:
            with unit_of_work() as session:
                actions.take_back(session, person.id, what, fact_id, reason, today(), by, now())
            flash(f"{person.name}: taken back.")
        except LookupError:
            flash(f"{person.name}: it was taken back or replaced before. Nothing has changed.")
        return seen_redirect(url_for("training_records.person", person_id=person.id))
    entry = next(one for one in queries.entries(db(), person.id) if (one.what, one.id) == (what, fact_id))
    page = render_template(
        "recertification/record.html", form=form, person=person, title="Take it back", lede="", entry=entry,
        button="Take it back", here=None, effect=_without(person.id, what, fact_id),
        voice=_voice(person_id),
    )  # fmt: skip
    return make_response(page, 422 if form.errors else 200)


def _without(person_id: int, what: str, fact_id: int) -> Effect:
    """What taking it back would do."""
    facts, policies, day = queries.people(db(), zone(), [person_id])[0].facts, queries.policies(db(), zone()), today()
    return effect(facts, policies, queries.undone(db(), what, fact_id, day), day, _voice(person_id))


def _voice(person_id: int) -> Voice:
    """An administrator may write something down about themselves, and reads it as such."""
    return TO_LEARNER if person_id == current_user.person.id else TO_OTHERS


def _changed(person_id: int) -> PersonView:
    """Somebody about whom the viewer may write something down. Nobody gives themselves more time, but an administrator,
    above whom there is nobody."""
    viewer = current_user.person
    if person_id == viewer.id and not viewer.administrator:
        abort(404)
    return recordable(person_id)
