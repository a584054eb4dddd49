"""The training record: everything that managers see of one person's training, reminding the person now, and the
person's access log."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, g, make_response, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as WsgiResponse

from course.api_tokens.queries import program_reads
from course.certificates.queries import certificates
from course.clock import now
from course.content.loaded_course import library
from course.content.schema import SETTINGS
from course.dates import civil_date
from course.learning.queries import progress_facts as learnt
from course.learning.rules.progress import progress
from course.organisation.request_organisation import current_organisation
from course.people.access import publish_record_opened, recordable_person
from course.people.queries import (
    PersonView,
    administrators,
    has_permission_for,
    may_record,
    names_told_apart,
    visible_person,
)
from course.recertification import queries as renewal
from course.recertification.rules import certification_status, cycle_reason, cycles
from course.recertification.rules.explanations import ACTIONABLE_GROUPS
from course.recertification.rules.wording import LEARNER_PRONOUNS, MANAGER_PRONOUNS
from course.reminders.queries import reminder_history
from course.reminders.queries.in_person import told_in_person
from course.supervised_sessions.queries import supervised_marks
from course.training_records import actions, queries
from course.training_records.forms import RemindForm
from course.training_records.remind_now import remind_now
from course.translation import gettext as _
from course.translation import lazy_gettext
from course.web.access import Permission, requires_permission, sign_in_required
from course.web.app_state import app_state
from course.web.forms import query_number
from course.web.redirects import list_address, redirect_after_post
from course.web.template_filters import format_moment
from course.web.unit_of_work import db, row_source, signed_in_context, unit_of_work

pages = Blueprint("training_records", __name__)
ATTEMPT_NAMES = {
    "final": lazy_gettext("Final assessment"),
    "refresher": lazy_gettext("Refresher"),
    "update": lazy_gettext("Update after a change"),
}
ACCESSES_PER_PAGE = 50  # on a page


@pages.get("/report/people/<int(max=2147483647):person_id>")
@requires_permission(Permission.SEE_PEOPLE)
def person(person_id: int) -> str:
    """The training record of a person: certification status, completions, attempts, reminders, and recorded facts."""
    g.here = "report"
    subject = _visible_person(person_id)
    publish_record_opened(person_id)
    zone, organisation = app_state().config.time_zone, current_organisation() or abort(404)
    today = civil_date(now(), zone)
    facts = renewal.people(db(), zone, [person_id])[0].facts
    policies = renewal.policies(db(), zone)
    pathway = subject.pathway or organisation.pathway
    may_change = may_record(db(), current_user.person, person_id)
    sees_attempts = has_permission_for(db(), current_user.person, Permission.SEE_ATTEMPTS, person_id)
    tries = queries.attempt_summaries(db(), person_id, zone) if sees_attempts else None
    is_other, status = person_id != current_user.person.id, certification_status(facts, policies, today)
    return render_template(
        "training_records/person.html",
        person=subject,
        back=list_address("reports.show", f"p{person_id}"),
        back_query=request.args.get("back", "")[:1000],
        pathway=SETTINGS[pathway],
        standing=status,
        cycles=[
            (cycle, cycle_reason(cycle, MANAGER_PRONOUNS if is_other else LEARNER_PRONOUNS))
            for cycle in reversed(cycles(facts, policies, today))
        ],
        certificates=certificates(db(), person_id),
        progress=progress(library().for_(pathway, organisation.nation), learnt(row_source(), person_id)),
        tries=tries,
        marks=supervised_marks(db(), [one.id for one in tries or () if one.passed is not None]),
        title=_attempt_title,
        reminders=reminder_history(db(), person_id),
        told=told_in_person(db(), person_id),
        entries=renewal.recertification_entries(db(), person_id),
        changes=may_change,
        reminds=is_other and may_change,
        other=is_other,
        to_tell=_administrators_to_tell() if is_other and may_change else [],
        to_remind=is_other and may_change and status.group in ACTIONABLE_GROUPS,
    )


def _visible_person(person_id: int) -> PersonView:
    return visible_person(db(), current_user.person, person_id) or abort(404)


def _administrators_to_tell() -> list[str]:
    """Whom a reader who may not record a departure tells of it: the first three administrators."""
    if Permission.MANAGE_PEOPLE in current_user.person.permissions:
        return []
    return list(names_told_apart(db(), administrators(db())[:3]).values())


def _attempt_title(attempt: queries.AttemptSummary) -> str:
    """The present title of what was attempted."""
    module = library().modules.get(attempt.ref)
    return ATTEMPT_NAMES.get(attempt.kind) or _("Check: %(title)s", title=module.title if module else attempt.ref)


def _remindable_person(person_id: int) -> PersonView:
    """A person whom the viewer may remind: nobody reminds themselves."""
    g.here = "report"
    if person_id == current_user.person.id:
        abort(404)
    return recordable_person(person_id)


@pages.route("/report/people/<int(max=2147483647):person_id>/remind", methods=["GET", "POST"])
@requires_permission(Permission.ACT_FOR_PEOPLE)
def remind(person_id: int) -> Response | WsgiResponse:
    """Remind a person now, or show the reason why that is not possible."""
    recipient, form, at, zone = _remindable_person(person_id), RemindForm(), now(), app_state().config.time_zone
    if form.validate_on_submit():
        outcome = remind_now(signed_in_context(db(), at), person_id, form.reason.data or "")
        if outcome.send_at is None:
            flash(
                _(
                    "%(name)s was not reminded. %(refusal_reason)s",
                    name=recipient.name,
                    refusal_reason=outcome.refusal_reason,
                )
            )
        else:
            send_at = format_moment(outcome.send_at, zone)
            flash(
                _(
                    "The reminder to %(name)s is sent %(send_at)s. You can cancel it until then, under Reminders.",
                    name=recipient.name,
                    send_at=send_at,
                )
            )
        return redirect_after_post(url_for("training_records.person", person_id=person_id))
    preview = next(actions.plan_reminders(db(), [person_id], "", zone, at), None) or abort(404)
    page = render_template("training_records/remind.html", form=form, person=recipient, plan=preview)
    return make_response(page, 422 if form.errors else 200)


@pages.post("/report/people/<int(max=2147483647):person_id>/remind/<int(max=2147483647):reminder_id>/end")
@requires_permission(Permission.ACT_FOR_PEOPLE)
def withdraw_reminder(person_id: int, reminder_id: int) -> WsgiResponse:
    """Withdraw a reminder before it is sent."""
    recipient, viewer = _remindable_person(person_id), current_user.person
    with unit_of_work() as session:
        is_withdrawn = actions.withdraw_reminder(signed_in_context(session), person_id, reminder_id, viewer.name)
    if is_withdrawn:
        flash(_("Cancelled. %(name)s will not get an e-mail.", name=recipient.name))
    else:
        flash(_("It could not be cancelled: it was already sent or cancelled."))
    return redirect_after_post(url_for("training_records.person", person_id=person_id))


@pages.get("/me/seen")
@sign_in_required
def access_log() -> str:
    """The access log: who looked at the reader's own record, or took it away in a file, and which programs read such data."""
    g.here = "me"
    before = query_number("before")
    accesses = queries.record_accesses(
        db(), current_user.person.id, app_state().config.time_zone, before, ACCESSES_PER_PAGE + 1
    )
    older = accesses[ACCESSES_PER_PAGE - 1].id if len(accesses) > ACCESSES_PER_PAGE else None
    return render_template(
        "training_records/seen.html",
        looks=accesses[:ACCESSES_PER_PAGE],
        before=before,
        older=older,
        programs=[] if before else program_reads(db(), current_user.person.id, app_state().config.time_zone),
    )
