"""The reminder policy with its dates, for each person why a reminder is due or why none is, and who is told in person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from itertools import islice, takewhile

from flask import Blueprint, Response, abort, flash, g, make_response, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as WsgiResponse

from course.clock import now
from course.dates import civil_date
from course.mail.actions import set_mail_preference
from course.mail.queries import mail_wording, opted_out_people, suppressed_addresses, suppression_list
from course.mail.rules import DIGEST, sender_header
from course.organisation.request_organisation import current_organisation
from course.people.access import publish_record_opened, recordable_person
from course.people.queries import ids_recordable_by, may_record, names_told_apart, visible_person
from course.reminders import actions, queries
from course.reminders.forms import MailWordingForm, ReminderPolicyForm, format_closures
from course.reminders.queries.in_person import people_to_tell, told_in_person
from course.reminders.rules import (
    ReminderPolicy,
    ReminderStep,
    SendingHours,
    describe_policy,
    digest_day,
    reminder_steps,
)
from course.text import normalise_line
from course.translation import gettext as _
from course.translation import lazy_gettext, ngettext
from course.web.access import Permission, requires_permission, sign_in_required
from course.web.addresses import public_url_for
from course.web.app_state import app_state
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import db, signed_in_context, unit_of_work

pages = Blueprint("reminders", __name__)
# Stored, and so in English whoever presses the button.
_TRY_AGAIN_REASON = lazy_gettext("An administrator asked to try again.")
EXAMPLE_PERIOD = timedelta(days=90)  # from today to the due date of the example
MAX_TICKS = 1000  # in one form: more than any page shows
STEPS_AFTER_DUE = 3  # steps after the due date that the example shows


@pages.get("")
@sign_in_required
def own_reminders() -> str:
    """The reminders of the viewer."""
    g.here = "training"
    person = current_user.person
    return _reminders_page(person.id, person.name, person.email, own=True)


@pages.get("/<int(max=2147483647):person_id>")
@requires_permission(Permission.SEE_PEOPLE)
def person_reminders(person_id: int) -> str:
    """The reminders of a person whom the viewer may see."""
    g.here = "people"
    found = visible_person(db(), current_user.person, person_id) or abort(404)
    publish_record_opened(person_id)
    return _reminders_page(found.id, found.name, found.email, own=False)


def _reminders_page(person_id: int, name: str, email: str | None, own: bool) -> str:
    at, zone = now(), app_state().config.time_zone
    hours = queries.sending_hours(db(), zone, person_id)
    send_at = hours.next_sending_time(at) if hours else at
    # The status is that of the day on which a mail would leave now: on a Sunday that is Monday.
    candidate = queries.reminder_candidates(db(), hours, civil_date(send_at, zone), [person_id])[0] if hours else None
    history = queries.reminder_history(db(), person_id)
    step = candidate.reminder.step if candidate else None
    step_and_due = (step.name, candidate.status.due) if candidate and step else None
    return render_template(
        "reminders/person.html",
        name=name,
        email=email,
        own=own,
        person_id=person_id,
        found=candidate,
        history=history,
        told=told_in_person(db(), person_id),
        records=not own and may_record(db(), current_user.person, person_id),
        # The reminder for this step may have been queued, today or earlier.
        queued=step is not None
        and any(past.kind == queries.LEARNER and (past.step, past.due) == step_and_due for past in history),
        leaves=send_at,
        dead=suppressed_addresses(db(), [email]).get(email) if email else None,
        manages=own and bool(current_user.person.manages),
        declined=own and person_id in opted_out_people(db(), DIGEST, [person_id]),
    )


@pages.post("/summary")
@requires_permission(Permission.GET_REPORTS)
def summary() -> WsgiResponse:
    """Choose whether the viewer gets the weekly digest."""
    wanted = request.form.get("wanted") == "yes"
    with unit_of_work() as session:
        set_mail_preference(session, current_user.person.id, DIGEST, wanted, now())
    flash(_("You get the weekly summary of your teams.") if wanted else _("The weekly summary has stopped."))
    return redirect_after_post(url_for("reminders.own_reminders"))


@pages.post("/<int(max=2147483647):person_id>/address")
@requires_permission(Permission.MANAGE_PEOPLE)
def clear_address(person_id: int) -> WsgiResponse:
    """Remove the address of a person from the suppression list."""
    found = visible_person(db(), current_user.person, person_id) or abort(404)
    if found.email is None:
        flash(_("%(name)s has no e-mail address.", name=found.name))
        return redirect_after_post(url_for("reminders.person_reminders", person_id=person_id))
    with unit_of_work() as session:
        cleared = actions.resume_mail(signed_in_context(session), person_id, found.email, _TRY_AGAIN_REASON)
    if cleared:
        flash(_("Mail to %(email)s is tried again from the next reminder.", email=found.email))
    else:
        flash(_("Mail to %(email)s is not held back.", email=found.email))
    return redirect_after_post(url_for("reminders.person_reminders", person_id=person_id))


@pages.get("/in-person")
@requires_permission(Permission.ACT_FOR_PEOPLE)
def in_person() -> str:
    """The people without an e-mail address who have something to do or to know, with a note for each to print; `step=due`
    shows only those to whom something is to be said now."""
    g.here = "people"
    zone = app_state().config.time_zone
    hours = queries.sending_hours(db(), zone)
    found = people_to_tell(db(), current_user.person, hours, civil_date(now(), zone)) if hours else []
    only_due = request.args.get("step") == "due"
    shown = [one for one in found if one.waits] if only_due else found
    return render_template(
        "reminders/in_person.html",
        people=shown,
        names=names_told_apart(db(), {one.id for one in shown}),
        total=len(found),
        due_now=sum(one.waits for one in found),
        only_due=only_due,
        address=public_url_for("auth.sign_in"),
    )


@pages.post("/in-person")
@requires_permission(Permission.ACT_FOR_PEOPLE)
def record_told() -> WsgiResponse:
    """Record that the people who are ticked were told."""
    ticked = _parse_ticks(request.form.getlist("told")[:MAX_TICKS])
    allowed = set(ids_recordable_by(db(), current_user.person, ticked))
    wanted = {person: keys for person, keys in ticked.items() if person in allowed}
    number = sum(map(len, ticked.values()))
    with unit_of_work() as session:
        count = actions.record_told(signed_in_context(session), wanted) if wanted else 0
        if not count:
            session.rollback()  # nothing was done, so the same form may be sent again
    if not number:
        flash(_("Nothing was recorded. Tick the people you have spoken to first."))
    elif count:
        flash(ngettext("Recorded: %(num)s message was passed on.", "Recorded: %(num)s messages were passed on.", count))
    if count < number:
        flash(
            ngettext(
                "%(num)s tick was not recorded: it was recorded before, or something has changed. Check the list.",
                "%(num)s ticks were not recorded: they were recorded before, or something has changed. Check the list.",
                number - count,
            )
        )
    only_due = request.form.get("step") == "due"
    return redirect_after_post(url_for("reminders.in_person", step="due" if only_due else None))


@pages.post("/in-person/<int(max=2147483647):person_id>/<int(max=2147483647):reminder_id>/withdraw")
@requires_permission(Permission.ACT_FOR_PEOPLE)
def withdraw_told(person_id: int, reminder_id: int) -> WsgiResponse:
    """Withdraw a record that was a mistake."""
    if person_id == current_user.person.id:
        abort(404)
    person = recordable_person(person_id)
    with unit_of_work() as session:
        done = actions.withdraw_told(signed_in_context(session), person_id, reminder_id)
    name = names_told_apart(db(), [person_id]).get(person_id, person.name)
    flash(
        _("Withdrawn. The list shows again what to tell %(name)s, if it is still due.", name=name)
        if done
        else _("This record had already been withdrawn.")
    )
    return redirect_after_post(url_for("reminders.in_person"))


def _parse_ticks(values: Iterable[str]) -> dict[int, set[str]]:
    """The keys of messages by person, from the values of the boxes: the id of the person, a space, and the key."""
    ticked: dict[int, set[str]] = defaultdict(set)
    for value in values:
        person, _space, key = value.partition(" ")
        if person.isascii() and person.isdecimal() and len(person) < 10 and key:
            ticked[int(person)].add(key)
    return dict(ticked)


@pages.get("/addresses")
@requires_permission(Permission.RUN_SYSTEM)
def addresses() -> str:
    """The suppression list: the addresses that get no mail, with reasons."""
    g.here = "organisation"
    return render_template("reminders/addresses.html", addresses=suppression_list(db()))


@pages.post("/addresses/clear")
@requires_permission(Permission.RUN_SYSTEM)
def clear_addresses() -> WsgiResponse:
    """Remove all addresses from the suppression list."""
    with unit_of_work() as session:
        count = actions.resume_all_mail(signed_in_context(session), _TRY_AGAIN_REASON)
    if count:
        flash(
            ngettext(
                "Mail to %(num)s address is sent again, from the next one on.",
                "Mail to %(num)s addresses is sent again, from the next one on.",
                count,
            )
        )
    else:
        flash(_("No address is blocked."))
    return redirect_after_post(url_for("reminders.addresses"))


@pages.route("/policy", methods=["GET", "POST"])
@requires_permission(Permission.MANAGE_ORGANISATION)
def policy() -> Response | WsgiResponse:
    """The reminder policy, the dates that follow from it, and the form for a new version."""
    g.here = "organisation"
    at, zone, own_organisation = now(), app_state().config.time_zone, current_organisation() or abort(404)
    versions = queries.policy_versions(db())
    current = versions[0].policy if versions else ReminderPolicy()
    form = ReminderPolicyForm(obj=_PolicyFormData(current, versions[0].id if versions else 0))
    displayed = current
    if form.validate_on_submit():
        displayed = form.policy()
        if "save" in request.form:
            reason, seen = form.reason.data or "", form.seen_version
            with unit_of_work() as session:
                saved = actions.add_policy_version(signed_in_context(session, at), displayed, reason, seen)
                if saved is None:
                    session.rollback()  # nothing was done, so the same form may be sent again
            if saved is not None:
                flash(
                    _("Saved. This applies from now on.") if saved else _("This was saved before. Nothing has changed.")
                )
                return redirect_after_post(url_for("reminders.policy"))
            versions = queries.policy_versions(db())
            current = versions[0].policy
            form.seen.data = str(versions[0].id)
            form.before.errors = [
                _("Someone else saved this page after you opened it. The top of the page says what applies now. Save again to "
                  "replace that.")
            ]  # fmt: skip
    today = civil_date(at, zone)
    hours = SendingHours(displayed, own_organisation.nation, zone)
    page = render_template(
        "reminders/policy.html", form=form, words=describe_policy(current), versions=versions, preview=displayed is not current,
        due=today + EXAMPLE_PERIOD, steps=_example_steps(hours, today + EXAMPLE_PERIOD), summaries=_next_digest_days(hours, today),
        lead=own_organisation.contacts.get("lead"),
    )  # fmt: skip
    return make_response(page, 422 if form.errors else 200)


@pages.route("/wording", methods=["GET", "POST"])
@requires_permission(Permission.MANAGE_ORGANISATION)
def wording() -> Response | WsgiResponse:
    """The name in which mails are sent, and the sentence at their top."""
    g.here = "organisation"
    known = mail_wording(db())
    form = MailWordingForm(data={"sender": known.sender, "opening": known.opening, "seen": str(known.version)})
    if form.validate_on_submit():
        sender, opening = normalise_line(form.sender.data or ""), normalise_line(form.opening.data or "")
        seen = form.seen_version
        with unit_of_work() as session:
            saved = actions.change_mail_wording(signed_in_context(session), sender, opening, seen)
            if saved is None:
                session.rollback()  # nothing was done, so the same form may be sent again
        if saved is not None:
            flash(
                _("Saved. This applies to e-mails from now on.")
                if saved
                else _("This was saved before. Nothing has changed.")
            )
            return redirect_after_post(url_for("reminders.wording"))
        known = mail_wording(db())
        form.seen.data = str(known.version)
        form.sender.errors = [
            _(
                "Someone else saved this page after you opened it. It now says “%(sender)s” and “%(opening)s”. "
                "Save again to replace that.",
                sender=known.sender,
                opening=known.opening,
            )
        ]
    sent_as = str(sender_header(app_state().config.mail_from, known.sender))
    page = render_template("reminders/wording.html", form=form, known=known, sent_as=sent_as)
    return make_response(page, 422 if form.errors else 200)


class _PolicyFormData:
    """A policy and the id of its version, in the form of the form fields."""

    def __init__(self, policy: ReminderPolicy, seen: int) -> None:
        self.seen = str(seen)
        self.before = ", ".join(str(days) for days in policy.before)
        self.every_days, self.lead_days = policy.every_days, policy.lead_days
        self.digest_weekday, self.opens, self.closes = policy.digest_weekday, policy.opens, policy.closes
        self.closed = format_closures(policy.closed)


def _example_steps(hours: SendingHours, due: date) -> list[ReminderStep]:
    steps = reminder_steps(due, None, hours)
    before = list(takewhile(lambda step: step.day <= due, steps))
    # takewhile has consumed the first step after the due date.
    after = islice((step for step in reminder_steps(due, None, hours) if step.day > due), STEPS_AFTER_DUE)
    return [*before, *after]


def _next_digest_days(hours: SendingHours, today: date) -> list[date]:
    """The days of the next four digests."""
    weeks = (digest_day(today + timedelta(days=7 * week), hours) for week in range(8))
    return [day for day in weeks if day is not None and day >= today][:4]
