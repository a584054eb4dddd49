"""The refresher: what it would hold and why, its parts one after the other, and updates after a change."""

from __future__ import annotations

from flask import abort, current_app, render_template, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from course.clock import now
from course.content.queries import part_in_version as archived
from course.content.schema import Block, Change, Module, Page
from course.learning.reader_course import reader_library
from course.learning.views.next_step import SHORT_COURSE_NAVIGATION
from course.mail import preference_links
from course.mail.rules import BOOSTER
from course.refreshers import actions, queries
from course.refreshers.queries import PAGE_PREFIX, Refresher, RefresherPartView
from course.refreshers.rules.updates import page_diff
from course.refreshers.views.page_context import (
    next_part,
    pages,
    part_rows,
    reader_id,
    reader_update,
    ref_title,
    refresher_status,
    today,
)
from course.web.access import sign_in_required
from course.web.app_state import app_state
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import db, unit_of_work


@pages.app_context_processor
def _home_context() -> dict[str, object]:
    """For the page "My training", which asks only when it is shown."""
    return {"my_refresher": refresher_status, "my_update": reader_update}


@pages.get("/refresher")
@sign_in_required
def refresher() -> str:
    """What the refresher holds and why; while it is under way, what is next."""
    here = refresher_status()
    under_way = here.refresher
    made = None
    if here.is_available and under_way is None and here.may_begin:
        made = actions.compose_refresher(db(), reader_library(), reader_id(), here.imported_on, now())
    estimate = made.estimate if made else actions.person_memory_estimates(db(), reader_library(), reader_id(), now())
    return render_template(
        "refreshers/refresher.html",
        here=here,
        made=made,
        rows=part_rows(under_way) if under_way else [],
        refresher=under_way,
        next=next_part(under_way) if under_way else None,
        page_again=_reread_address,
        modules=_memory_by_module(estimate),
        points=reader_library().points,
        story=ref_title(made.scenario.ref) if made and made.scenario else None,
        choice=url_for(
            "mail.choice", token=preference_links.preference_token(app_state().config.secret_key, reader_id(), BOOSTER)
        ),
    )


def _memory_by_module(estimate: dict[str, float]) -> list[tuple[Module, int]]:
    """For each module about how many per cent of its points the reader is likely to know still; to the nearest 5,
    since it is no better than that."""
    found = []
    for module in reader_library().modules.values():
        known = [estimate[point] for point in module.points]
        found.append((module, 5 * round(20 * sum(known) / len(known))))
    return found


@pages.post("/refresher")
@sign_in_required
def begin_refresher() -> Response:
    """Begin the refresher, or carry on with it; or the whole course again, where that is needed."""
    here = refresher_status()
    if here.whole_course:
        with unit_of_work() as session:
            actions.restart_course(session, reader_id(), now())
        return redirect_after_post("/")
    may = here.may_begin if here.refresher is None else not here.refresher.exhausted_points
    if not here.is_available or not may:
        return redirect_after_post(url_for("refreshers.refresher"))
    with unit_of_work() as session:
        found = actions.begin_refresher(session, reader_library(), reader_id(), here.imported_on, now())
    onward = next_part(found)
    return redirect_after_post(onward.address if onward else url_for("refreshers.refresher"))


def _newest_or_404(kind: str) -> Refresher:
    found = queries.newest_refresher(db(), reader_id(), kind) if kind in (actions.REFRESHER, actions.UPDATE) else None
    return found or abort(404)


@pages.get("/refresher/story")
@sign_in_required
def scenario() -> str | Response:
    """The story of the refresher: what it is about, and the button that begins it."""
    found = _newest_or_404(actions.REFRESHER)
    part = next((part for part in found.parts if part.kind == "scenario"), None) or abort(404)
    if address := SHORT_COURSE_NAVIGATION[found.kind].elsewhere(found.id):
        return redirect_after_post(address)
    if found.run_id is not None:
        return redirect_after_post(url_for("learning.run", run_id=found.run_id))
    module, _, name = part.ref.partition("/")
    known = reader_library().modules.get(module)
    return render_template("refreshers/story.html", scenario=known.scenarios.get(name) if known else None)


@pages.post("/refresher/story")
@sign_in_required
def begin_scenario() -> Response:
    """Begin the story, or carry on with it."""
    found = _newest_or_404(actions.REFRESHER)
    if found.completed_at is not None or not any(part.kind == "scenario" for part in found.parts):
        return redirect_after_post(url_for("refreshers.refresher"))
    if address := SHORT_COURSE_NAVIGATION[found.kind].elsewhere(found.id):
        return redirect_after_post(address)
    with unit_of_work() as session:
        run = actions.begin_scenario_run(session, reader_library(), reader_id(), found, now())
    return redirect_after_post(url_for("learning.run", run_id=run))


@pages.get("/refresher/<kind>/change/<int(max=999):position>")
@sign_in_required
def change(kind: str, position: int) -> str | Response:
    """A page that has changed: why, and as it was read beside as it is now."""
    found = _newest_or_404(kind)
    part = _changed_page_part(found, position)
    if not part.done and (address := SHORT_COURSE_NAVIGATION[kind].elsewhere(found.id)):
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
        reasons=_change_reasons(part),
        rows=page_diff(before, after) if before and after else (),
        shown=_render_block,
        back=url_for("refreshers.refresher" if kind == actions.REFRESHER else "refreshers.update"),
    )


def _changed_page_part(refresher: Refresher, position: int) -> RefresherPartView:
    wanted = (part for part in refresher.parts if part.position == position and part.ref.startswith(PAGE_PREFIX))
    return next(wanted, None) or abort(404)


def _change_reasons(part: RefresherPartView) -> list[Change]:
    return [one.change for one in reader_library().changes if one.key == (part.ref, part.version)]


def _render_block(block: Block) -> Markup:
    """A block as a lesson page shows it, without fields to fill in."""
    show = current_app.jinja_env.get_template("components/blocks.html").module.show  # type: ignore[attr-defined]
    plain = block.model_copy(update={"contacts": ()})
    return Markup(show(plain, {}, reader_library(), None, writable=False))  # noqa: S704 (a template made it)


@pages.post("/refresher/<kind>/change/<int(max=999):position>")
@sign_in_required
def record_change_seen(kind: str, position: int) -> Response:
    """The changed page was read."""
    found = _newest_or_404(kind)
    part, short = _changed_page_part(found, position), SHORT_COURSE_NAVIGATION[kind]
    if not part.done and (address := short.elsewhere(found.id)):
        return redirect_after_post(address)
    with unit_of_work() as session:
        actions.record_changed_page_read(session, reader_library(), reader_id(), found, part, today(), now())
    return redirect_after_post(short.onward(found.id).address)


@pages.get("/refresher/<kind>/again/<point>")
@sign_in_required
def reread_page(kind: str, point: str) -> str:
    """The page of a point on which every question was missed, to be read again."""
    found = _newest_or_404(kind)
    if point not in found.exhausted_points:
        abort(404)
    ref = "/".join(reader_library().pages_by_point.get(point, ()))
    return render_template(
        "refreshers/again.html",
        kind=kind,
        title=reader_library().points[point].title if point in reader_library().points else point,
        page=actions.page_of(reader_library(), ref),
        read=point not in found.points_to_reread,
        shown=_render_block,
        back=url_for("refreshers.refresher" if kind == actions.REFRESHER else "refreshers.update"),
    )


@pages.post("/refresher/<kind>/again/<point>")
@sign_in_required
def record_reread(kind: str, point: str) -> Response:
    """It was read again; on to the next such page."""
    found = _newest_or_404(kind)
    if point not in found.exhausted_points:
        abort(404)
    with unit_of_work() as session:
        actions.record_page_reread(session, reader_library(), found, point, now())
    left = _newest_or_404(kind).points_to_reread
    overview = url_for("refreshers.refresher" if kind == actions.REFRESHER else "refreshers.update")
    return redirect_after_post(_reread_address(kind, left[0]) if left else overview)


def _reread_address(kind: str, point: str) -> str:
    return url_for("refreshers.reread_page", kind=kind, point=point)


@pages.get("/refresher/update")
@sign_in_required
def update() -> str:
    """What has changed since the reader completed the course, and until when they are to look at it."""
    wanted = reader_update()
    newest = queries.newest_refresher(db(), reader_id(), actions.UPDATE)
    return render_template("refreshers/update.html", wanted=wanted, newest=newest, points=reader_library().points,
                           here=refresher_status(), page_again=_reread_address)  # fmt: skip


@pages.post("/refresher/update")
@sign_in_required
def begin_update() -> Response:
    """Begin the update, or carry on with it."""
    wanted = reader_update()
    if wanted is None:
        return redirect_after_post(url_for("refreshers.update"))
    newest = queries.newest_refresher(db(), reader_id(), actions.UPDATE)
    if newest is not None and newest.points_to_reread:
        return redirect_after_post(url_for("refreshers.update"))
    with unit_of_work() as session:
        found = actions.begin_update(session, reader_library(), reader_id(), wanted, now())
    onward = next_part(found)
    return redirect_after_post(onward.address if onward else url_for("refreshers.update"))
