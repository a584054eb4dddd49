"""The sheet for a discussion of ten minutes about a learning point, and the record of discussions."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, abort, flash, make_response, render_template, request
from flask_login import current_user
from werkzeug.wrappers import Response as WsgiResponse

from course.analytics import actions, queries
from course.analytics.actions import DiscussionEntry
from course.analytics.forms import DiscussionForm, WithdrawDiscussionForm
from course.analytics.rules.question_review import quote_text
from course.analytics.rules.suppression import WHOLE_ORGANISATION
from course.analytics.team_findings import TeamFinding, team_findings
from course.analytics.views.page_context import (
    group_url,
    leads_group,
    pages,
    published_figures,
    today,
    visible_teams,
)
from course.content.library import Library
from course.content.loaded_course import library
from course.content.schema import LearningPoint, Option, Question
from course.organisation.request_organisation import current_organisation
from course.translation import gettext as _
from course.web.access import Permission, requires_permission
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import db, signed_in_context, unit_of_work


@pages.route("/everybody/talk/<point>", methods=["GET", "POST"])
@requires_permission(Permission.SEE_RESULTS_OF_EVERYONE, post=Permission.RECORD_TALKS)
def organisation_discussion(point: str) -> Response | WsgiResponse:
    """Show the sheet for the whole organisation, or record a discussion of it."""
    return _discussion_page(WHOLE_ORGANISATION, point)


@pages.route("/team/<int(max=2147483647):team_id>/talk/<point>", methods=["GET", "POST"])
@requires_permission(Permission.SEE_RESULTS, post=Permission.RECORD_TALKS)
def team_discussion(team_id: int, point: str) -> Response | WsgiResponse:
    """Show the sheet for a team, made to be printed, or record that the team held the discussion."""
    return _discussion_page(team_id or abort(404), point)


def _discussion_page(group: int, point: str) -> Response | WsgiResponse:
    form = DiscussionForm()
    if request.method == "GET":
        form.held_on.data = today()
    name, about = visible_teams().name(group), library().points.get(point) or abort(404)
    leads = leads_group(group)
    if request.method == "POST" and not leads:
        abort(403, current_user.person.read_only_reason)
    if form.validate_on_submit() and form.held_on.data and form.people.data:
        entry = DiscussionEntry(group, point, about.title, form.held_on.data, form.people.data, form.agreed.data or "")
        with unit_of_work() as session:
            refusal = actions.record_discussion(signed_in_context(session), entry)
            if refusal is not None:
                session.rollback()  # nothing was done, so the same form may be sent again
        if refusal is None:
            flash(_("Recorded. It is now in the list of talks and in evidence packs."))
            return redirect_after_post(group_url(group) + "#talks")
        form[refusal.field].errors = [refusal.message]
    row = None
    published = published_figures(group)
    if published is not None:
        of_point = [finding for finding in published[1].findings if finding.point == point]
        row = next(iter(team_findings(db(), library(), of_point)), None)
    page = render_template(
        "analytics/talk.html",
        form=form,
        name=name,
        base=group_url(group),
        point=about,
        row=row,
        asked=_discussion_question(about, row),
        quoted=quote_text,
        read=_default_library().pages_by_point.get(point),
        course=library().course,
        leads=leads,
    )
    return make_response(page, 422 if form.errors else 200)


def _default_library() -> Library:
    """The variant of the course that most people of the organisation read."""
    organisation = current_organisation() or abort(404)
    return library().for_(organisation.pathway, organisation.nation)


@dataclass(frozen=True)
class DiscussionQuestion:
    """A question to put to a team: its options in an order that does not disclose the right one, and the right one."""

    question: Question
    options: tuple[Option, ...]
    correct_option: Option


def _discussion_question(point: LearningPoint, row: TeamFinding | None) -> DiscussionQuestion | None:
    """The question whose wrong answer was chosen most, or else one about the point of which one option is right."""
    question = row.question if row and row.wrong else None
    if question is None:
        banks = (_default_library().questions, library().questions)
        candidates = (q for bank in banks for q in bank.values() if q.form == "one" and point.id in q.points)
        question = next(candidates, None)
    correct = next((option for option in question.options if option.correct), None) if question else None
    if question is None or correct is None:
        return None
    return DiscussionQuestion(question, tuple(sorted(question.options, key=lambda option: option.text)), correct)


@pages.route("/talks/<int(max=2147483647):talk_id>/end", methods=["GET", "POST"])
@requires_permission(Permission.RECORD_TALKS)
def withdraw_discussion(talk_id: int) -> Response | WsgiResponse:
    """Withdraw the record of a discussion that was recorded by mistake."""
    form = WithdrawDiscussionForm()
    found = next((entry for entry in queries.team_discussions(db()) if entry.id == talk_id), None) or abort(404)
    group = visible_teams().current_group(found.team)
    if group is None:
        abort(404)
    if not leads_group(group):
        abort(403, current_user.person.read_only_reason)
    point, base = library().points.get(found.point), group_url(group)
    title = point.title if point else found.point
    if form.validate_on_submit():
        with unit_of_work() as session:
            actions.withdraw_discussion(signed_in_context(session), talk_id, title, form.reason.data or "")
        flash(_("Withdrawn. It is no longer in the list of talks."))
        return redirect_after_post(base + "#talks")
    page = render_template("analytics/end_talk.html", form=form, talk=found, title=title, base=base)
    return make_response(page, 422 if form.errors else 200)
