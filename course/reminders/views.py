"""The policy of reminders with its dates, and for each person why a reminder came, or why none."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import islice, takewhile

from flask import Blueprint, Response, abort, flash, g, make_response, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as WsgiResponse

from course.clock import now
from course.dates import civil_date
from course.mail.actions import choose
from course.mail.queries import dead_addresses, declined, held_back
from course.mail.rules import DIGEST
from course.organisation.request_organisation import here_organisation
from course.people.queries import visible_person
from course.people.views import opened
from course.reminders import actions, queries
from course.reminders.forms import ReminderPolicyForm, write_closures
from course.reminders.rules import Hours, ReminderPolicy, Step, describe, digest_day, ladder
from course.web.access import Permission, may, signed_in
from course.web.app_state import state
from course.web.template_filters import plural, seen_redirect
from course.web.unit_of_work import db, unit_of_work

pages = Blueprint("reminders", __name__)
EXAMPLE = timedelta(days=90)  # from today to the due day of the example
AFTER = 3  # steps after the due day that the example shows


@pages.get("")
@signed_in
def mine() -> str:
    """One's own reminders."""
    g.here = "training"
    person = current_user.person
    return _page(person.id, person.name, person.email, own=True)


@pages.get("/<int(max=2147483647):person_id>")
@may(Permission.SEE_PEOPLE)
def of_person(person_id: int) -> str:
    """Those of somebody whom the viewer may see."""
    g.here = "people"
    found = visible_person(db(), current_user.person, person_id) or abort(404)
    opened(person_id)
    return _page(found.id, found.name, found.email, own=False)


def _page(person_id: int, name: str, email: str, own: bool) -> str:
    at, zone = now(), state().config.time_zone
    when = queries.hours(db(), zone)
    leaves = when.leaves(at) if when else at
    # As of the day on which a mail would leave now: on a Sunday that is Monday.
    found = queries.everybody(db(), when, civil_date(leaves, zone), [person_id])[0] if when else None
    history = queries.history(db(), person_id)
    step = found.answer.step if found else None
    mark = (step.name, found.standing.due) if found and step else None
    return render_template(
        "reminders/person.html",
        name=name,
        email=email,
        own=own,
        person_id=person_id,
        found=found,
        history=history,
        # This step may have been queued already, on this day or an earlier one.
        queued=step is not None and any(s.kind == queries.LEARNER and (s.step, s.due) == mark for s in history),
        leaves=leaves,
        dead=dead_addresses(db(), [email]).get(email),
        manages=own and bool(current_user.person.manages),
        declined=own and person_id in declined(db(), DIGEST, [person_id]),
    )


@pages.post("/summary")
@may(Permission.SEE_PEOPLE)
def summary() -> WsgiResponse:
    """Choose whether one gets the weekly summary of one's teams."""
    wanted = request.form.get("wanted") == "yes"
    with unit_of_work() as session:
        choose(session, current_user.person.id, DIGEST, wanted, now())
    flash("You get the weekly summary of your teams." if wanted else "The weekly summary has stopped.")
    return seen_redirect(url_for("reminders.mine"))


@pages.post("/<int(max=2147483647):person_id>/address")
@may(Permission.MANAGE_PEOPLE)
def clear(person_id: int) -> WsgiResponse:
    """Write again to somebody's address that has refused mail."""
    found = visible_person(db(), current_user.person, person_id) or abort(404)
    by = current_user.person.id
    with unit_of_work() as session:
        cleared = actions.write_again(
            session, person_id, found.email, "An administrator asked to try again.", by, now()
        )
    if cleared:
        flash(f"Mail to {found.email} is tried again from the next reminder on.")
    else:
        flash(f"Mail to {found.email} is not held back.")
    return seen_redirect(url_for("reminders.of_person", person_id=person_id))


@pages.get("/addresses")
@may(Permission.RUN_SYSTEM)
def addresses() -> str:
    """The addresses that get no mail, and why."""
    g.here = "organisation"
    return render_template("reminders/addresses.html", addresses=held_back(db()))


@pages.post("/addresses/clear")
@may(Permission.RUN_SYSTEM)
def clear_addresses() -> WsgiResponse:
    """Write again to all of them."""
    with unit_of_work() as session:
        count = actions.write_to_all_again(
            session, "An administrator asked to try again.", current_user.person.id, now()
        )
    if count:
        flash(f"Mail to {plural(count, 'address', 'addresses')} is sent again, beginning with the next one.")
    else:
        flash("There is no address to which no mail is sent.")
    return seen_redirect(url_for("reminders.addresses"))


@pages.route("/policy", methods=["GET", "POST"])
@may(Permission.MANAGE_ORGANISATION)
def policy() -> Response | WsgiResponse:
    """The policy in words, the dates that follow from it, and a form for another version."""
    g.here = "organisation"
    at, zone, ours = now(), state().config.time_zone, here_organisation() or abort(404)
    versions = queries.versions(db())
    current = versions[0].policy if versions else ReminderPolicy()
    form = ReminderPolicyForm(obj=_Shown(current))
    shown = current
    if form.validate_on_submit():
        shown = form.policy()
        if "save" in request.form:
            with unit_of_work() as session:
                new = actions.make_policy(session, shown, form.reason.data or "", current_user.person.id, at)
            flash("Saved. It holds from now on." if new else "This was saved before. Nothing has changed.")
            return seen_redirect(url_for("reminders.policy"))
    today = civil_date(at, zone)
    when = Hours(shown, ours.nation, zone)
    page = render_template(
        "reminders/policy.html", form=form, words=describe(current), versions=versions, preview=shown is not current,
        due=today + EXAMPLE, steps=_example(when, today + EXAMPLE), summaries=_summaries(when, today),
        lead=ours.contacts.get("lead"),
    )  # fmt: skip
    return make_response(page, 422 if form.errors else 200)


class _Shown:
    """A policy as the form shows it."""

    def __init__(self, policy: ReminderPolicy) -> None:
        self.before = ", ".join(str(days) for days in policy.before)
        self.every_days, self.lead_days = policy.every_days, policy.lead_days
        self.digest_weekday, self.opens, self.closes = policy.digest_weekday, policy.opens, policy.closes
        self.closed = write_closures(policy.closed)


def _example(when: Hours, due: date) -> list[Step]:
    steps = ladder(due, None, when)
    before = list(takewhile(lambda step: step.day <= due, steps))
    # takewhile has eaten the first one after the due day.
    after = islice((step for step in ladder(due, None, when) if step.day > due), AFTER)
    return [*before, *after]


def _summaries(when: Hours, today: date) -> list[date]:
    """The next four days of a summary."""
    weeks = (digest_day(today + timedelta(days=7 * week), when) for week in range(8))
    return [day for day in weeks if day is not None and day >= today][:4]
