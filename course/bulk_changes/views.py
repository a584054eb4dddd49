"""Change many people together: choose what, see what would happen to whom, do it, and undo it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from urllib.parse import parse_qsl

from flask import Blueprint, Response, abort, flash, g, make_response, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as WsgiResponse

from course.bulk_changes import actions, queries
from course.bulk_changes.forms import change_form, chosen_values
from course.bulk_changes.jobs import CHANGE, MAX_AT_ONCE, MAX_PEOPLE, apply_change, change_key, undo_change
from course.bulk_changes.queries import BulkChangeView
from course.bulk_changes.rules.people_filter import parse_people_filter
from course.bulk_changes.rules.planning import (
    INVITE,
    KINDS,
    LEAVE,
    REMIND,
    ROLE,
    ChangeFrame,
    ChangeValues,
    PersonState,
    PlannedChange,
    left_out_by_reason,
    plan_change,
)
from course.clock import now
from course.content.schema import SETTINGS
from course.dates import civil_date
from course.jobs.actions import enqueue
from course.people.queries import ids_recordable_by, only_manager_of, teams
from course.people.rules import grantable_roles, guarded_roles
from course.recertification.rules.explanations import STATUS_GROUPS
from course.standings.jobs import refresh_standings
from course.training_records.actions import plan_reminders
from course.translation import gettext as _
from course.web.access import Permission, requires_permission
from course.web.app_state import app_state
from course.web.recent_sign_in import needs_recent_sign_in_if
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import db, signed_in_context, unit_of_work

pages = Blueprint("bulk_changes", __name__)
PageResponse = Response | WsgiResponse
NAMES_SHOWN = 100  # people of a preview that are listed by name; all of them are in the folded list


@pages.before_request
def _set_nav_section() -> None:
    g.here = "people"


def allowed_kinds() -> dict[str, str]:
    """What the viewer may do to many people: a manager may remind, who manages people may do all."""
    viewer = current_user.person
    if Permission.MANAGE_PEOPLE in viewer.permissions:
        return dict(KINDS)
    return {REMIND: KINDS[REMIND]} if Permission.ACT_FOR_PEOPLE in viewer.permissions else {}


def _gives_or_ends_access() -> bool:
    """The condition for a proof: the change of this request gives or takes a role, or has people leave, or undoes that."""
    found = queries.bulk_change(db(), (request.view_args or {}).get("change_id", 0))
    return found is None or found.kind in (ROLE, LEAVE)


@pages.get("")
@requires_permission(Permission.MANAGE_PEOPLE)
def latest() -> str:
    """The changes of many people of the last thirty days."""
    return render_template("bulk_changes/latest.html", changes=queries.latest_changes(db(), now()), kinds=KINDS)


@pages.post("")
@requires_permission(Permission.ACT_FOR_PEOPLE)
def choose() -> PageResponse:
    """Keep which people of the list are chosen, and lead to what is to be done with them."""
    viewer, kind = current_user.person, request.form.get("kind", "")
    match = dict(parse_qsl(request.form.get("match", "")[:1000]))
    wanted, _mistakes = parse_people_filter(match, STATUS_GROUPS, SETTINGS)
    back = wanted.address()
    if kind not in KINDS:
        flash(_("Choose what to do."))
        return redirect_after_post(_list_address(back))
    if kind not in allowed_kinds():
        abort(403, viewer.read_only_reason)
    if request.form.get("all") == "1":
        if wanted.needs_standings:
            refresh_standings(now())
        ids = queries.matching_ids(db(), viewer, wanted, MAX_PEOPLE + 1)
    else:
        ticked = {int(one) for one in request.form.getlist("person") if one.isdecimal() and len(one) < 10}
        ids = queries.visible_ids(db(), viewer, ticked)
    if not ids or len(ids) > MAX_PEOPLE:
        flash(
            _("Choose fewer people: 10,000 at most.")
            if ids
            else _("Tick the people first, or choose everyone who matches.")
        )
        return redirect_after_post(_list_address(back))
    people = queries.person_states(db(), app_state().config.time_zone, ids)
    with unit_of_work() as session:
        context = signed_in_context(session)
        change_id = actions.choose_people(context, kind, people, back)
        if kind in (INVITE, REMIND):
            actions.choose_values(context, change_id, ChangeValues(), people)
    return redirect_after_post(url_for("bulk_changes.change", change_id=change_id))


@pages.route("/<int(max=2147483647):change_id>", methods=["GET", "POST"])
@requires_permission(Permission.ACT_FOR_PEOPLE)
def change(change_id: int) -> PageResponse:
    """What is to be done, and what it would do to whom; once it is applied, what became of it."""
    found = _visible_change(change_id)
    if found.applied_at is not None:
        if request.method == "POST":
            flash(_("This was already done. Nothing has changed."))
            return redirect_after_post(url_for("bulk_changes.change", change_id=change_id))
        return make_response(_result_page(found))
    known = teams(db())
    form = change_form(found.kind, found.values, known, grantable_roles(current_user.person))
    if form.validate_on_submit() and (values := chosen_values(found.kind, form, known)) is not None:
        people = _people(found)
        with unit_of_work() as session:
            actions.choose_values(signed_in_context(session), change_id, values, people)
        return redirect_after_post(url_for("bulk_changes.change", change_id=change_id, _anchor="preview"))
    plans = _plans(found) if found.sealed_at is not None else []
    will = [plan for plan in plans if not plan.is_left_out]
    page = render_template(
        "bulk_changes/change.html",
        change=found,
        form=form,
        kinds=KINDS,
        has_values=found.kind not in (INVITE, REMIND),
        will=will,
        left_out=left_out_by_reason(plans),
        warnings=_unmanaged(found, will),
        mark=_mark(found.sealed_at),
        back=_list_address(found.back),
        shown=NAMES_SHOWN,
    )
    return make_response(page, 422 if form.errors else 200)


@pages.post("/<int(max=2147483647):change_id>/apply")
@requires_permission(Permission.ACT_FOR_PEOPLE)
@needs_recent_sign_in_if(_gives_or_ends_access)
def apply(change_id: int) -> PageResponse:
    """Do what the preview says: at once for a few people, by a job for many."""
    found, at = _visible_change(change_id), now()
    address = url_for("bulk_changes.change", change_id=change_id)
    if found.applied_at is not None or request.form.get("mark") != _mark(found.sealed_at):
        flash(_("This was already done, or the preview has changed since. Check it again."))
        return redirect_after_post(address)
    reason = change_form(found.kind, found.values, ())
    if found.kind == REMIND and not reason.validate():
        flash(_("The reason must be 200 characters or fewer. Nothing has been sent."))
        return redirect_after_post(address)
    people = _people(found) if found.kind == REMIND else []
    with unit_of_work() as session:
        context = signed_in_context(session, at)
        if found.kind == REMIND:
            actions.choose_values(context, change_id, ChangeValues(reason=reason["reason"].data or ""), people)
        begun = actions.begin_apply(context, change_id)
        if begun and found.people > MAX_AT_ONCE:
            enqueue(context, CHANGE, {"change_id": change_id, "undo": False}, change_key(change_id))
    if begun and found.people <= MAX_AT_ONCE:
        apply_change(change_id, at)
    return redirect_after_post(address)


@pages.post("/<int(max=2147483647):change_id>/undo")
@requires_permission(Permission.ACT_FOR_PEOPLE)
@needs_recent_sign_in_if(_gives_or_ends_access)
def undo(change_id: int) -> PageResponse:
    """Undo the whole change, for all for whom that is possible."""
    found, at = _visible_change(change_id), now()
    with unit_of_work() as session:
        context = signed_in_context(session, at)
        begun = actions.begin_undo(context, change_id)
        if begun and found.people > MAX_AT_ONCE:
            enqueue(context, CHANGE, {"change_id": change_id, "undo": True}, change_key(change_id))
    if not begun:
        flash(_("This was undone before, or can no longer be undone. Nothing has changed."))
    elif found.people <= MAX_AT_ONCE:
        undo_change(change_id, current_user.person.id, at)
    return redirect_after_post(url_for("bulk_changes.change", change_id=change_id))


def _visible_change(change_id: int) -> BulkChangeView:
    """A change that the viewer made; one that was applied also if they manage people."""
    found = queries.bulk_change(db(), change_id) or abort(404)
    own = found.made_by == current_user.person.id
    manages = Permission.MANAGE_PEOPLE in current_user.person.permissions
    if not (own or (manages and found.applied_at is not None)):
        abort(404)
    if not own and found.kind in (ROLE, LEAVE) and Permission.GIVE_EVERY_ROLE not in current_user.person.permissions:
        abort(404)  # to undo it may give a role that they may not give
    if found.kind not in allowed_kinds():
        abort(404)
    return found


def _people(found: BulkChangeView) -> list[PersonState]:
    return queries.people_of_change(db(), found.id, app_state().config.time_zone)


def _plans(found: BulkChangeView) -> list[PlannedChange]:
    """What the change would do to each, as things are now."""
    people, at, zone = _people(found), now(), app_state().config.time_zone
    if found.kind == REMIND:
        return _reminder_plans(people, at, zone)
    frame = ChangeFrame(
        found.kind, found.values, found.made_by, civil_date(at, zone), queries.sealed_fingerprints(db(), found.id),
        grantable_roles(current_user.person), guarded_roles(current_user.person),
    )  # fmt: skip
    return [plan_change(frame, person) for person in people]


def _reminder_plans(people: list[PersonState], at: datetime, zone: str) -> list[PlannedChange]:
    viewer = current_user.person
    allowed = set(ids_recordable_by(db(), viewer, [one.id for one in people])) - {viewer.id}
    previews = {one.person_id: one for one in plan_reminders(db(), sorted(allowed), "", zone, at)}
    found = []
    for person in people:
        preview = previews.get(person.id)
        if preview is None:
            why = _("This is you.") if person.id == viewer.id else _("You cannot remind them.")
            found.append(PlannedChange(person, why, is_left_out=True))
        elif preview.refusal_reason:
            found.append(PlannedChange(person, preview.refusal_reason, is_left_out=True))
        else:
            found.append(PlannedChange(person, _("Gets a reminder by e-mail.")))
    return found


def _unmanaged(found: BulkChangeView, will: list[PlannedChange]) -> list[str]:
    """The teams that would have no manager of their own any more."""
    ends_roles = found.kind == LEAVE or (found.kind == ROLE and found.values.role == "learner")
    if not ends_roles:
        return []
    return [team.name for team in only_manager_of(db(), [plan.person.id for plan in will])]


def _result_page(found: BulkChangeView) -> str:
    counts = queries.outcome_counts(db(), found.id)
    done = counts.total() - counts[""]
    outcomes = [] if found.is_running else queries.change_outcomes(db(), found.id)
    return render_template(
        "bulk_changes/result.html",
        change=found,
        kinds=KINDS,
        progress=(done, found.people),
        done=[one for one in outcomes if one.outcome == "done"],
        left_out=_names_by(outcomes, lambda one: one.note if one.outcome != "done" else ""),
        not_undone=_names_by(outcomes, lambda one: one.undo_note),
        undone=sum(one.undo_outcome == "undone" for one in outcomes),
        can_undo=found.can_be_undone(now()) and any(one.outcome == "done" for one in outcomes),
        until=found.finished_at + queries.UNDO_PERIOD if found.finished_at else None,
        back=_list_address(found.back),
        shown=NAMES_SHOWN,
    )


def _names_by(
    outcomes: list[queries.ChangeOutcome], reason: Callable[[queries.ChangeOutcome], str]
) -> dict[str, list[queries.ChangeOutcome]]:  # fmt: skip
    found: dict[str, list[queries.ChangeOutcome]] = {}
    for one in outcomes:
        if reason(one):
            found.setdefault(reason(one), []).append(one)
    return found


def _mark(at: datetime | None) -> str:
    """Which preview somebody has seen, as its form carries it."""
    return "" if at is None else at.isoformat()


def _list_address(query: str) -> str:
    address = url_for("dashboard.people")
    return f"{address}?{query}" if query else address
