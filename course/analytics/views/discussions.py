"""The sheet for a talk of ten minutes about a learning point, and the talks that were held."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, abort, flash, make_response, render_template, request
from flask_login import current_user
from werkzeug.wrappers import Response as WsgiResponse

from course.analytics import actions, queries
from course.analytics.actions import Held
from course.analytics.forms import TakeBackForm, TalkForm
from course.analytics.rules.question_review import quoted
from course.analytics.rules.suppression import ALL
from course.analytics.team_findings import Row, told
from course.analytics.views.page_context import address, counted, figures, leads_group, pages, seen, today
from course.clock import now
from course.content.library import Library
from course.content.loaded_course import library
from course.content.schema import Option, Point, Question
from course.organisation.request_organisation import here_organisation
from course.people.views import ONLY_READS
from course.web.access import Permission, may
from course.web.template_filters import seen_redirect
from course.web.unit_of_work import db, unit_of_work


@pages.route("/everybody/talk/<point>", methods=["GET", "POST"])
@may(Permission.MANAGE_ORGANISATION)
def everybody_talk(point: str) -> Response | WsgiResponse:
    """The sheet for the whole organisation."""
    return _sheet(ALL, point)


@pages.route("/team/<int(max=2147483647):team_id>/talk/<point>", methods=["GET", "POST"])
@may(Permission.SEE_PEOPLE)
def team_talk(team_id: int, point: str) -> Response | WsgiResponse:
    """The sheet for a team, to print; and writing down below it that the talk was held."""
    return _sheet(team_id or abort(404), point)


def _sheet(group: int, point: str) -> Response | WsgiResponse:
    form = TalkForm()
    if request.method == "GET":
        form.held_on.data = today()
    name, about = seen().name(group), library().points.get(point) or abort(404)
    leads = leads_group(group)
    if request.method == "POST" and not leads:
        abort(403, ONLY_READS)
    if form.validate_on_submit() and form.held_on.data and form.people.data:
        held = Held(group, point, about.title, form.held_on.data, form.people.data, form.agreed.data or "")
        with unit_of_work() as session:
            refused = actions.write_down(session, held, current_user.person.id, today(), now())
            if refused is not None:
                session.rollback()  # nothing was done, so the same form may come again
        if refused is None:
            flash("Written down. It stands in the list of talks, and in evidence packs.")
            return seen_redirect(address(group) + "#talks")
        form[refused.field].errors = [refused.message]
    row = None
    tree = figures(group)
    if tree is not None:
        rows = told(db(), library(), counted(tree, group), tree.parents, group)
        row = next((one for one in rows if one.point.id == point), None)
    page = render_template(
        "analytics/talk.html",
        form=form,
        name=name,
        base=address(group),
        point=about,
        row=row,
        asked=_asked(about, row),
        quoted=quoted,
        read=_ours().pages_by_point.get(point),
        course=library().course,
        leads=leads,
    )
    return make_response(page, 422 if form.errors else 200)


def _ours() -> Library:
    """The course as most people here read it."""
    ours = here_organisation() or abort(404)
    return library().for_(ours.pathway, ours.nation)


@dataclass(frozen=True)
class ToAsk:
    """A question to put to a team: its options in an order that gives nothing away, and the right one."""

    question: Question
    options: tuple[Option, ...]
    right: Option


def _asked(point: Point, row: Row | None) -> ToAsk | None:
    """The question whose wrong answer was chosen most, or else one about the point of which one option is right."""
    question = row.question if row and row.wrong else None
    if question is None:
        banks = (_ours().questions, library().questions)
        fitting = (one for bank in banks for one in bank.values() if one.form == "one" and point.id in one.points)
        question = next(fitting, None)
    right = next((one for one in question.options if one.correct), None) if question else None
    if question is None or right is None:
        return None
    return ToAsk(question, tuple(sorted(question.options, key=lambda one: one.text)), right)


@pages.route("/talks/<int(max=2147483647):talk_id>/end", methods=["GET", "POST"])
@may(Permission.SEE_PEOPLE)
def end_talk(talk_id: int) -> Response | WsgiResponse:
    """Take a talk back that was written down by mistake."""
    found, form = next((one for one in queries.talks(db()) if one.id == talk_id), None) or abort(404), TakeBackForm()
    group = seen().standing(found.team)
    if group is None:
        abort(404)
    if not leads_group(group):
        abort(403, ONLY_READS)
    point, base = library().points.get(found.point), address(group)
    title = point.title if point else found.point
    if form.validate_on_submit():
        with unit_of_work() as session:
            actions.take_back(session, talk_id, title, form.reason.data or "", current_user.person.id, now())
        flash("Taken back. It stands in the list of talks no more.")
        return seen_redirect(base + "#talks")
    page = render_template("analytics/end_talk.html", form=form, talk=found, title=title, base=base)
    return make_response(page, 422 if form.errors else 200)
