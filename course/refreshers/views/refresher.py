"""The pages of a refresher: its planned content with the reasons, its parts one after the other, and updates after a
change."""

from __future__ import annotations

from flask import abort, current_app, render_template, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from course.clock import now
from course.content.queries import part_in_version as archived
from course.content.schema import Block, Change, Module, Page
from course.help_requests.views import help_offer
from course.learning.reader_course import reader_library
from course.learning.views.next_step import SHORT_COURSE_NAVIGATION
from course.learning.views.page_context import page_as_opened
from course.mail.rules import BOOSTER
from course.refreshers import actions, queries
from course.refreshers.queries import PAGE_PREFIX, Refresher, RefresherPartView
from course.refreshers.rules.updates import page_diff
from course.refreshers.views.page_context import (
    just_passed,
    next_part,
    pages,
    part_rows,
    reader_id,
    reader_update,
    ref_title,
    refresher_status,
)
from course.signed_links import MailChoiceLink, sign_link
from course.web.access import sign_in_required
from course.web.app_state import app_state
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import db, signed_in_context, unit_of_work


@pages.get("/refresher")
@sign_in_required
def refresher() -> str:
    """The planned content of the refresher with the reasons; while it is under way, the next part."""
    status = refresher_status()
    under_way = status.refresher
    composition = None
    if status.is_available and under_way is None and status.may_begin:
        composition = actions.compose_refresher(db(), reader_library(), reader_id(), status.imported_on, now())
    estimate = (
        composition.estimate
        if composition
        else actions.person_memory_estimates(db(), reader_library(), reader_id(), now())
    )
    return render_template(
        "refreshers/refresher.html",
        here=status,
        made=composition,
        rows=part_rows(under_way) if under_way else [],
        refresher=under_way,
        next=next_part(under_way) if under_way else None,
        page_again=_reread_address,
        modules=_memory_by_module(estimate),
        points=reader_library().points,
        story=ref_title(composition.scenario.ref) if composition and composition.scenario else None,
        help_offer=help_offer() if under_way and under_way.exhausted_points and not status.whole_course else None,
        choice=url_for(
            "mail.choice", token=sign_link(MailChoiceLink(reader_id(), BOOSTER), app_state().config.secret_key)
        ),
    )


def _memory_by_module(estimate: dict[str, float]) -> list[tuple[Module, int]]:
    """For each module the approximate percentage of its points that the reader probably still knows, rounded to 5,
    because the estimate is no better than that."""
    shares = []
    for module in reader_library().modules.values():
        estimates = [estimate[point] for point in module.points]
        shares.append((module, 5 * round(20 * sum(estimates) / len(estimates))))
    return shares


@pages.post("/refresher")
@sign_in_required
def begin_refresher() -> Response:
    """Begin the refresher or continue it; or begin the whole course again, where that is needed."""
    status = refresher_status()
    if status.whole_course:
        with unit_of_work() as session:
            actions.restart_course(session, reader_id(), now())
        return redirect_after_post(url_for("dashboard.home"))
    can_continue = status.may_begin if status.refresher is None else not status.refresher.exhausted_points
    if not status.is_available or not can_continue:
        return redirect_after_post(url_for("refreshers.refresher"))
    with unit_of_work() as session:
        refresher = actions.begin_refresher(signed_in_context(session), reader_library(), status.imported_on)
    next_row = next_part(refresher)
    return redirect_after_post(next_row.address if next_row else url_for("refreshers.refresher"))


def _newest_or_404(kind: str) -> Refresher:
    newest = queries.newest_refresher(db(), reader_id(), kind) if kind in (actions.REFRESHER, actions.UPDATE) else None
    return newest or abort(404)


@pages.get("/refresher/story")
@sign_in_required
def scenario() -> str | Response:
    """The scenario of the refresher: its introduction, and the button that begins it."""
    refresher = _newest_or_404(actions.REFRESHER)
    part = next((part for part in refresher.parts if part.kind == "scenario"), None) or abort(404)
    if address := SHORT_COURSE_NAVIGATION[refresher.kind].elsewhere(refresher.id):
        return redirect_after_post(address)
    if refresher.run_id is not None:
        return redirect_after_post(url_for("learning.run", run_id=refresher.run_id))
    module, _, name = part.ref.partition("/")
    module_now = reader_library().modules.get(module)
    return render_template("refreshers/story.html", scenario=module_now.scenarios.get(name) if module_now else None)


@pages.post("/refresher/story")
@sign_in_required
def begin_scenario() -> Response:
    """Begin the scenario, or continue it."""
    refresher = _newest_or_404(actions.REFRESHER)
    if refresher.completed_at is not None or not any(part.kind == "scenario" for part in refresher.parts):
        return redirect_after_post(url_for("refreshers.refresher"))
    if address := SHORT_COURSE_NAVIGATION[refresher.kind].elsewhere(refresher.id):
        return redirect_after_post(address)
    with unit_of_work() as session:
        run_id = actions.begin_scenario_run(signed_in_context(session), reader_library(), refresher)
    return redirect_after_post(url_for("learning.run", run_id=run_id))


@pages.get("/refresher/<kind>/change/<int(max=999):position>")
@sign_in_required
def change(kind: str, position: int) -> str | Response:
    """A changed page: the reason, and the version that was read beside the present version."""
    refresher = _newest_or_404(kind)
    part = _changed_page_part(refresher, position)
    if not part.done and (address := SHORT_COURSE_NAVIGATION[kind].elsewhere(refresher.id)):
        return redirect_after_post(address)
    ref = part.ref.removeprefix(PAGE_PREFIX)
    after = actions.page_of(reader_library(), ref)
    before = archived(db(), reader_library(), Page, ref, part.previous_version) if part.previous_version else None
    return render_template(
        "refreshers/change.html",
        part=part,
        kind=kind,
        title=ref_title(ref),
        after=after,
        reasons=_change_reasons(refresher, part),
        rows=page_diff(before, after) if before and after else (),
        shown=_render_block,
        back=url_for("refreshers.refresher" if kind == actions.REFRESHER else "refreshers.update"),
    )


def _changed_page_part(refresher: Refresher, position: int) -> RefresherPartView:
    matching = (part for part in refresher.parts if part.position == position and part.ref.startswith(PAGE_PREFIX))
    return next(matching, None) or abort(404)


def _change_reasons(refresher: Refresher, part: RefresherPartView) -> list[Change]:
    """Why the page changed. A page may bear several marks, and is read once."""
    marks = {(one.ref, one.version) for one in refresher.parts if one.ref == part.ref}
    return [one.change for one in reader_library().changes if one.key in marks]


def _render_block(block: Block) -> Markup:
    """A block as a lesson page shows it, without input fields."""
    show = current_app.jinja_env.get_template("components/blocks.html").module.show  # type: ignore[attr-defined]
    plain = block.model_copy(update={"contacts": ()})
    return Markup(show(plain, {}, reader_library(), None, writable=False))  # noqa: S704 (a template made it)


@pages.post("/refresher/<kind>/change/<int(max=999):position>")
@sign_in_required
def record_change_seen(kind: str, position: int) -> Response:
    """Record that the changed page was read."""
    refresher = _newest_or_404(kind)
    part, navigation = _changed_page_part(refresher, position), SHORT_COURSE_NAVIGATION[kind]
    if not part.done and (address := navigation.elsewhere(refresher.id)):
        return redirect_after_post(address)
    ref = part.ref.removeprefix(PAGE_PREFIX)
    page = actions.page_of(reader_library(), ref)
    opened = page_as_opened(page, ref) if page else None
    with unit_of_work() as session:
        actions.record_changed_page_read(signed_in_context(session), reader_library(), refresher, part, opened)
    return redirect_after_post(navigation.onward(refresher.id).address)


@pages.get("/refresher/<kind>/again/<point>")
@sign_in_required
def reread_page(kind: str, point: str) -> str:
    """The page of an exhausted point (all its questions were answered wrongly), to be read again."""
    refresher = _newest_or_404(kind)
    if point not in refresher.exhausted_points:
        abort(404)
    ref = "/".join(reader_library().pages_by_point.get(point, ()))
    return render_template(
        "refreshers/again.html",
        kind=kind,
        title=reader_library().points[point].title if point in reader_library().points else point,
        page=actions.page_of(reader_library(), ref),
        read=point not in refresher.points_to_reread,
        shown=_render_block,
        back=url_for("refreshers.refresher" if kind == actions.REFRESHER else "refreshers.update"),
    )


@pages.post("/refresher/<kind>/again/<point>")
@sign_in_required
def record_reread(kind: str, point: str) -> Response:
    """Record that the page was read again, and redirect to the next such page."""
    refresher = _newest_or_404(kind)
    if point not in refresher.exhausted_points:
        abort(404)
    with unit_of_work() as session:
        actions.record_page_reread(session, reader_library(), refresher, point, now())
    remaining = _newest_or_404(kind).points_to_reread
    overview = url_for("refreshers.refresher" if kind == actions.REFRESHER else "refreshers.update")
    return redirect_after_post(_reread_address(kind, remaining[0]) if remaining else overview)


def _reread_address(kind: str, point: str) -> str:
    return url_for("refreshers.reread_page", kind=kind, point=point)


@pages.get("/refresher/update")
@sign_in_required
def update() -> str:
    """What has changed since the reader completed the course, and the due date of the update."""
    due_update = reader_update()
    newest = queries.newest_refresher(db(), reader_id(), actions.UPDATE)
    changed = [part.ref for part in newest.parts if part.ref.startswith(PAGE_PREFIX)] if newest else []
    return render_template("refreshers/update.html", seen=[ref_title(ref.removeprefix(PAGE_PREFIX)) for ref in changed],
                           wanted=due_update, newest=newest, points=reader_library().points,
                           here=refresher_status(), page_again=_reread_address, just_passed=just_passed(actions.UPDATE),
                           help_offer=help_offer() if newest and newest.points_to_reread and due_update else None)  # fmt: skip


@pages.post("/refresher/update")
@sign_in_required
def begin_update() -> Response:
    """Begin the update, or continue it."""
    due_update = reader_update()
    if due_update is None:
        return redirect_after_post(url_for("refreshers.update"))
    newest = queries.newest_refresher(db(), reader_id(), actions.UPDATE)
    if newest is not None and newest.points_to_reread:
        return redirect_after_post(url_for("refreshers.update"))
    with unit_of_work() as session:
        begun = actions.begin_update(signed_in_context(session), reader_library(), due_update)
    next_row = next_part(begun)
    return redirect_after_post(next_row.address if next_row else url_for("refreshers.update"))
