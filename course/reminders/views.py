"""The policy of reminders with its dates, and for each person why a reminder came, or why none."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import islice, takewhile

from flask import Blueprint, Response, abort, flash, g, make_response, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as WsgiResponse

from course.clock import now
from course.dates import civil_date
from course.mail.actions import set_mail_preference
from course.mail.queries import opted_out_people, suppressed_addresses, suppression_list
from course.mail.rules import DIGEST
from course.organisation.request_organisation import current_organisation
from course.people.access import publish_record_opened
from course.people.queries import visible_person
from course.reminders import actions, queries
from course.reminders.forms import ReminderPolicyForm, format_closures
from course.reminders.rules import (
    ReminderPolicy,
    ReminderStep,
    SendingHours,
    describe_policy,
    digest_day,
    reminder_steps,
)
from course.web.access import Permission, requires_permission, sign_in_required
from course.web.app_state import app_state
from course.web.redirects import redirect_after_post
from course.web.template_filters import plural
from course.web.unit_of_work import db, unit_of_work

pages = Blueprint("reminders", __name__)
EXAMPLE_PERIOD = timedelta(days=90)  # from today to the due day of the example
STEPS_AFTER_DUE = 3  # steps after the due day that the example shows


@pages.get("")
@sign_in_required
def own_reminders() -> str:
    """One's own reminders."""
    g.here = "training"
    person = current_user.person
    return _reminders_page(person.id, person.name, person.email, own=True)


@pages.get("/<int(max=2147483647):person_id>")
@requires_permission(Permission.SEE_PEOPLE)
def person_reminders(person_id: int) -> str:
    """Those of somebody whom the viewer may see."""
    g.here = "people"
    found = visible_person(db(), current_user.person, person_id) or abort(404)
    publish_record_opened(person_id)
    return _reminders_page(found.id, found.name, found.email, own=False)


def _reminders_page(person_id: int, name: str, email: str, own: bool) -> str:
    at, zone = now(), app_state().config.time_zone
    when = queries.sending_hours(db(), zone)
    leaves = when.leaves(at) if when else at
    # As of the day on which a mail would leave now: on a Sunday that is Monday.
    found = queries.reminder_candidates(db(), when, civil_date(leaves, zone), [person_id])[0] if when else None
    history = queries.reminder_history(db(), person_id)
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
        dead=suppressed_addresses(db(), [email]).get(email),
        manages=own and bool(current_user.person.manages),
        declined=own and person_id in opted_out_people(db(), DIGEST, [person_id]),
    )


@pages.post("/summary")
@requires_permission(Permission.SEE_PEOPLE)
def summary() -> WsgiResponse:
    """Choose whether one gets the weekly summary of one's teams."""
    wanted = request.form.get("wanted") == "yes"
    with unit_of_work() as session:
        set_mail_preference(session, current_user.person.id, DIGEST, wanted, now())
    flash("You get the weekly summary of your teams." if wanted else "The weekly summary has stopped.")
    return redirect_after_post(url_for("reminders.own_reminders"))


@pages.post("/<int(max=2147483647):person_id>/address")
@requires_permission(Permission.MANAGE_PEOPLE)
def clear_address(person_id: int) -> WsgiResponse:
    """Write again to somebody's address that has refused mail."""
    found = visible_person(db(), current_user.person, person_id) or abort(404)
    by = current_user.person.id
    with unit_of_work() as session:
        cleared = actions.resume_mail(
            session, person_id, found.email, "An administrator asked to try again.", by, now()
        )
    if cleared:
        flash(f"Mail to {found.email} is tried again from the next reminder on.")
    else:
        flash(f"Mail to {found.email} is not held back.")
    return redirect_after_post(url_for("reminders.person_reminders", person_id=person_id))


@pages.get("/addresses")
@requires_permission(Permission.RUN_SYSTEM)
def addresses() -> str:
    """The addresses that get no mail, and why."""
    g.here = "organisation"
    return render_template("reminders/addresses.html", addresses=suppression_list(db()))


@pages.post("/addresses/clear")
@requires_permission(Permission.RUN_SYSTEM)
def clear_addresses() -> WsgiResponse:
    """Write again to all of them."""
    with unit_of_work() as session:
        count = actions.resume_all_mail(session, "An administrator asked to try again.", current_user.person.id, now())
    if count:
        flash(f"Mail to {plural(count, 'address', 'addresses')} is sent again, beginning with the next one.")
    else:
        flash("There is no address to which no mail is sent.")
    return redirect_after_post(url_for("reminders.addresses"))


@pages.route("/policy", methods=["GET", "POST"])
@requires_permission(Permission.MANAGE_ORGANISATION)
def policy() -> Response | WsgiResponse:
    """The policy in words, the dates that follow from it, and a form for another version."""
    g.here = "organisation"
    at, zone, ours = now(), app_state().config.time_zone, current_organisation() or abort(404)
    versions = queries.policy_versions(db())
    current = versions[0].policy if versions else ReminderPolicy()
    form = ReminderPolicyForm(obj=_PolicyFormData(current))
    shown = current
    if form.validate_on_submit():
        shown = form.policy()
        if "save" in request.form:
            with unit_of_work() as session:
                new = actions.add_policy_version(session, shown, form.reason.data or "", current_user.person.id, at)
            flash("Saved. It holds from now on." if new else "This was saved before. Nothing has changed.")
            return redirect_after_post(url_for("reminders.policy"))
    today = civil_date(at, zone)
    when = SendingHours(shown, ours.nation, zone)
    page = render_template(
        "reminders/policy.html", form=form, words=describe_policy(current), versions=versions, preview=shown is not current,
        due=today + EXAMPLE_PERIOD, steps=_example_steps(when, today + EXAMPLE_PERIOD), summaries=_next_digest_days(when, today),
        lead=ours.contacts.get("lead"),
    )  # fmt: skip
    return make_response(page, 422 if form.errors else 200)


class _PolicyFormData:
    """A policy as the form shows it."""

    def __init__(self, policy: ReminderPolicy) -> None:
        self.before = ", ".join(str(days) for days in policy.before)
        self.every_days, self.lead_days = policy.every_days, policy.lead_days
        self.digest_weekday, self.opens, self.closes = policy.digest_weekday, policy.opens, policy.closes
        self.closed = format_closures(policy.closed)


def _example_steps(when: SendingHours, due: date) -> list[ReminderStep]:
    steps = reminder_steps(due, None, when)
    before = list(takewhile(lambda step: step.day <= due, steps))
    # takewhile has eaten the first one after the due day.
    after = islice((step for step in reminder_steps(due, None, when) if step.day > due), STEPS_AFTER_DUE)
    return [*before, *after]


def _next_digest_days(when: SendingHours, today: date) -> list[date]:
    """The next four days of a summary."""
    weeks = (digest_day(today + timedelta(days=7 * week), when) for week in range(8))
    return [day for day in weeks if day is not None and day >= today][:4]
