"""The refresher: what it would hold and why, its parts one after the other, and updates after a change."""

from __future__ import annotations

from flask import abort, current_app, render_template, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from course.clock import now
from course.content.queries import part as archived
from course.content.schema import Block, Change, Module, Page
from course.learning.reader_course import library
from course.learning.views.next_step import SHORT_COURSES
from course.mail import preference_links
from course.mail.rules import BOOSTER
from course.refreshers import actions, queries
from course.refreshers.queries import PAGE, Part, Refresher
from course.refreshers.rules.updates import side_by_side
from course.refreshers.views.page_context import me, my_update, next_part, pages, parts_of, title_of, today, where
from course.web.access import signed_in
from course.web.app_state import state
from course.web.template_filters import seen_redirect
from course.web.unit_of_work import db, unit_of_work


@pages.app_context_processor
def _home() -> dict[str, object]:
    """For the page "My training", which asks only when it is shown."""
    return {"my_refresher": where, "my_update": my_update}


@pages.get("/refresher")
@signed_in
def refresher() -> str:
    """What the refresher holds and why; while it is under way, what is next."""
    here = where()
    under_way = here.refresher
    made = None
    if here.open and under_way is None and here.may_begin:
        made = actions.composed(db(), library(), me(), here.imported, now())
    estimate = made.estimate if made else actions.estimated(db(), library(), me(), now())
    return render_template(
        "refreshers/refresher.html",
        here=here,
        made=made,
        rows=parts_of(under_way) if under_way else [],
        refresher=under_way,
        next=next_part(under_way) if under_way else None,
        page_again=_page_again,
        modules=_by_module(estimate),
        points=library().points,
        story=title_of(made.story.ref) if made and made.story else None,
        choice=url_for("mail.choice", token=preference_links.token(state().config.secret_key, me(), BOOSTER)),
    )


def _by_module(estimate: dict[str, float]) -> list[tuple[Module, int]]:
    """For each module about how many per cent of its points the reader is likely to know still; to the nearest 5,
    since it is no better than that."""
    found = []
    for module in library().modules.values():
        known = [estimate[point] for point in module.points]
        found.append((module, 5 * round(20 * sum(known) / len(known))))
    return found


@pages.post("/refresher")
@signed_in
def begin() -> Response:
    """Begin the refresher, or carry on with it; or the whole course again, where that is needed."""
    here = where()
    if here.whole_course:
        with unit_of_work() as session:
            actions.begin_course_again(session, me(), now())
        return seen_redirect("/")
    may = here.may_begin if here.refresher is None else not here.refresher.used_up
    if not here.open or not may:
        return seen_redirect(url_for("refreshers.refresher"))
    with unit_of_work() as session:
        found = actions.begin(session, library(), me(), here.imported, now())
    onward = next_part(found)
    return seen_redirect(onward.address if onward else url_for("refreshers.refresher"))


def _under_way(kind: str) -> Refresher:
    found = queries.newest(db(), me(), kind) if kind in (actions.REFRESHER, actions.UPDATE) else None
    return found or abort(404)


@pages.get("/refresher/story")
@signed_in
def story() -> str | Response:
    """The story of the refresher: what it is about, and the button that begins it."""
    found = _under_way(actions.REFRESHER)
    part = next((part for part in found.parts if part.kind == "scenario"), None) or abort(404)
    if address := SHORT_COURSES[found.kind].elsewhere(found.id):
        return seen_redirect(address)
    if found.run is not None:
        return seen_redirect(url_for("learning.run", run_id=found.run))
    module, _, name = part.ref.partition("/")
    known = library().modules.get(module)
    return render_template("refreshers/story.html", scenario=known.scenarios.get(name) if known else None)


@pages.post("/refresher/story")
@signed_in
def begin_story() -> Response:
    """Begin the story, or carry on with it."""
    found = _under_way(actions.REFRESHER)
    if found.completed_at is not None or not any(part.kind == "scenario" for part in found.parts):
        return seen_redirect(url_for("refreshers.refresher"))
    if address := SHORT_COURSES[found.kind].elsewhere(found.id):
        return seen_redirect(address)
    with unit_of_work() as session:
        run = actions.tell_story(session, library(), me(), found, now())
    return seen_redirect(url_for("learning.run", run_id=run))


@pages.get("/refresher/<kind>/change/<int(max=999):position>")
@signed_in
def change(kind: str, position: int) -> str | Response:
    """A page that has changed: why, and as it was read beside as it is now."""
    found = _under_way(kind)
    part = _change(found, position)
    if not part.done and (address := SHORT_COURSES[kind].elsewhere(found.id)):
        return seen_redirect(address)
    ref = part.ref.removeprefix(PAGE)
    after = actions.page_of(library(), ref)
    before = archived(db(), library(), Page, ref, part.before) if part.before else None
    return render_template(
        "refreshers/change.html",
        part=part,
        kind=kind,
        title=title_of(ref),
        after=after,
        reasons=_reasons(part),
        rows=side_by_side(before, after) if before and after else (),
        shown=_shown,
        back=url_for("refreshers.refresher" if kind == actions.REFRESHER else "refreshers.update"),
    )


def _change(refresher: Refresher, position: int) -> Part:
    wanted = (part for part in refresher.parts if part.position == position and part.ref.startswith(PAGE))
    return next(wanted, None) or abort(404)


def _reasons(part: Part) -> list[Change]:
    return [one.change for one in library().changes if one.key == (part.ref, part.version)]


def _shown(block: Block) -> Markup:
    """A block as a lesson page shows it, without fields to fill in."""
    show = current_app.jinja_env.get_template("components/blocks.html").module.show  # type: ignore[attr-defined]
    plain = block.model_copy(update={"contacts": ()})
    return Markup(show(plain, {}, library(), None, writable=False))  # noqa: S704 (a template made it)


@pages.post("/refresher/<kind>/change/<int(max=999):position>")
@signed_in
def seen_change(kind: str, position: int) -> Response:
    """The changed page was read."""
    found = _under_way(kind)
    part, short = _change(found, position), SHORT_COURSES[kind]
    if not part.done and (address := short.elsewhere(found.id)):
        return seen_redirect(address)
    with unit_of_work() as session:
        actions.see_change(session, library(), me(), found, part, today(), now())
    return seen_redirect(short.onward(found.id).address)


@pages.get("/refresher/<kind>/again/<point>")
@signed_in
def page_again(kind: str, point: str) -> str:
    """The page of a point on which every question was missed, to be read again."""
    found = _under_way(kind)
    if point not in found.used_up:
        abort(404)
    ref = "/".join(library().pages_by_point.get(point, ()))
    return render_template(
        "refreshers/again.html",
        kind=kind,
        title=library().points[point].title if point in library().points else point,
        page=actions.page_of(library(), ref),
        read=point not in found.to_read,
        shown=_shown,
        back=url_for("refreshers.refresher" if kind == actions.REFRESHER else "refreshers.update"),
    )


@pages.post("/refresher/<kind>/again/<point>")
@signed_in
def read_page_again(kind: str, point: str) -> Response:
    """It was read again; on to the next such page."""
    found = _under_way(kind)
    if point not in found.used_up:
        abort(404)
    with unit_of_work() as session:
        actions.read_again(session, library(), found, point, now())
    left = _under_way(kind).to_read
    overview = url_for("refreshers.refresher" if kind == actions.REFRESHER else "refreshers.update")
    return seen_redirect(_page_again(kind, left[0]) if left else overview)


def _page_again(kind: str, point: str) -> str:
    return url_for("refreshers.page_again", kind=kind, point=point)


@pages.get("/refresher/update")
@signed_in
def update() -> str:
    """What has changed since the reader completed the course, and until when they are to look at it."""
    wanted = my_update()
    newest = queries.newest(db(), me(), actions.UPDATE)
    return render_template("refreshers/update.html", wanted=wanted, newest=newest, points=library().points, here=where(),
                           page_again=_page_again)  # fmt: skip


@pages.post("/refresher/update")
@signed_in
def begin_update() -> Response:
    """Begin the update, or carry on with it."""
    wanted = my_update()
    if wanted is None:
        return seen_redirect(url_for("refreshers.update"))
    newest = queries.newest(db(), me(), actions.UPDATE)
    if newest is not None and newest.to_read:
        return seen_redirect(url_for("refreshers.update"))
    with unit_of_work() as session:
        found = actions.begin_update(session, library(), me(), wanted, now())
    onward = next_part(found)
    return seen_redirect(onward.address if onward else url_for("refreshers.update"))
