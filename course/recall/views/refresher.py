"""The refresher: what it would hold and why, its parts one after the other, and updates after a change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flask import Blueprint, abort, current_app, g, render_template, url_for
from flask_login import current_user
from markupsafe import Markup
from werkzeug.wrappers import Response

from course.clock import now
from course.content.queries import part as archived
from course.content.shapes import Block, Change, Module, Page
from course.dates import civil_date
from course.learning import queries as learning
from course.learning.actions import enrol_again
from course.learning.current import library
from course.mail import links
from course.mail.rules import BOOSTER
from course.people.rules import Viewer
from course.recall import actions, queries
from course.recall.queries import PAGE, Part, Refresher
from course.recall.rules.changed import Update, side_by_side
from course.refreshers import queries as renewal
from course.refreshers.rules import Standing, standing
from course.refreshers.rules.facts import IMPORTED, INITIAL, REFRESHER
from course.web.access import signed_in
from course.web.html import seen_redirect
from course.web.session import db, unit_of_work
from course.web.site import state

pages = Blueprint("recall", __name__)


def _me() -> int:
    g.here = "training"
    viewer: Viewer = current_user.person
    return viewer.id


def _today() -> date:
    return civil_date(now(), state().config.time_zone)


@dataclass(frozen=True)
class Where:
    """Where the reader stands: their standing, the day of a certificate from elsewhere, whether they completed
    anything here, and the refresher that is under way."""

    standing: Standing | None
    imported: date | None
    completed: bool
    refresher: Refresher | None

    @property
    def whole_course(self) -> bool:
        """Whether the whole course is needed again, after one was completed and has lapsed."""
        return self.completed and self.standing is not None and self.standing.course == INITIAL

    @property
    def open(self) -> bool:
        """Whether a refresher is the right thing now or soon."""
        return self.standing is not None and self.standing.course == REFRESHER and self.standing.due is not None

    @property
    def wanted(self) -> bool:
        """Whether it is asked for by now: the window is open, or it was begun."""
        if not self.open or self.standing is None:
            return False
        opens = self.standing.window_opens
        return self.refresher is not None or opens is None or opens <= self.standing.on


def where() -> Where:
    """Asked for once in a request."""
    if "recall_where" not in g:
        zone, person_id = state().config.time_zone, _me()
        policies = renewal.policies(db(), zone)
        facts = renewal.people(db(), zone, [person_id])[0].facts
        here = standing(facts, policies, _today()) if policies else None
        imported = max((c.day for c in facts.completions if c.kind == IMPORTED), default=None)
        completed = any(c.kind != IMPORTED for c in facts.completions)
        under_way = actions.open_refresher(db(), person_id, now())
        g.recall_where = Where(here, None if completed else imported, completed, under_way)
    found: Where = g.recall_where
    return found


def my_update() -> Update | None:
    """The update that is open to the reader; None while they hold no certificate, or renew it now anyway."""
    here = where()
    if here.standing is None or here.standing.valid_until is None or here.wanted or here.whole_course:
        return None
    return actions.update_for(db(), library(), _me(), here.imported, state().config.time_zone)


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
    if here.open and under_way is None:
        made = actions.composed(db(), library(), _me(), here.imported, now())
    estimate = made.estimate if made else actions.estimated(db(), library(), _me(), now())
    return render_template(
        "recall/refresher.html",
        here=here,
        made=made,
        rows=_rows(under_way) if under_way else [],
        refresher=under_way,
        next=_next(under_way) if under_way else None,
        modules=_by_module(estimate),
        points=library().points,
        story=_title(made.story.ref) if made and made.story else None,
        choice=url_for("mail.choice", token=links.token(state().config.secret_key, _me(), BOOSTER)),
    )


@dataclass(frozen=True)
class Row:
    """A part as the overview lists it."""

    title: str
    note: str
    done: bool
    address: str


def _rows(refresher: Refresher) -> list[Row]:
    rows = []
    for part in refresher.parts:
        if part.kind == "change" and part.ref.startswith(PAGE):
            title = _title(part.ref.removeprefix(PAGE))
            rows.append(Row(title, "What has changed", part.done, url_for("recall.change", kind=refresher.kind,
                                                                          position=part.position)))  # fmt: skip
        elif part.kind == "scenario":
            rows.append(Row(_title(part.ref), "A story", part.done, url_for("recall.story")))
    done = f"{refresher.answered} of {refresher.asked} answered"
    rows.append(Row("Questions", done, refresher.passed, url_for("learning.attempt", attempt_id=refresher.attempt_id)))
    return rows


def _next(refresher: Refresher) -> Row | None:
    return next((row for row in _rows(refresher) if not row.done), None)


def _title(ref: str) -> str:
    module = library().modules.get(ref.partition("/")[0])
    step = module.step(ref.partition("/")[2]) if module else None
    if step is None and module is not None and ref.partition("/")[2] in module.scenarios:
        return module.scenarios[ref.partition("/")[2]].title
    return step.title if step else ref


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
            newest = learning.enrolment_id(session, _me())
            if newest is not None and learning.completion(session, newest) is not None:
                enrol_again(session, _me(), INITIAL, now())
        return seen_redirect("/")
    if not here.open:
        return seen_redirect(url_for("recall.refresher"))
    with unit_of_work() as session:
        found = actions.begin(session, library(), _me(), here.imported, now())
    onward = _next(found)
    return seen_redirect(onward.address if onward else url_for("recall.refresher"))


def _under_way(kind: str) -> Refresher:
    found = queries.newest(db(), _me(), kind) if kind in (actions.REFRESHER, actions.UPDATE) else None
    return found or abort(404)


@pages.get("/refresher/story")
@signed_in
def story() -> str | Response:
    """The story of the refresher: what it is about, and the button that begins it."""
    found = _under_way(actions.REFRESHER)
    part = next((part for part in found.parts if part.kind == "scenario"), None) or abort(404)
    if found.run is not None:
        return seen_redirect(url_for("learning.run", run_id=found.run))
    module, _, name = part.ref.partition("/")
    known = library().modules.get(module)
    return render_template("recall/story.html", scenario=known.scenarios.get(name) if known else None)


@pages.post("/refresher/story")
@signed_in
def begin_story() -> Response:
    """Begin the story, or carry on with it."""
    found = _under_way(actions.REFRESHER)
    if found.completed_at is not None or not any(part.kind == "scenario" for part in found.parts):
        return seen_redirect(url_for("recall.refresher"))
    with unit_of_work() as session:
        run = actions.tell_story(session, library(), _me(), found, now())
    return seen_redirect(url_for("learning.run", run_id=run))


@pages.get("/refresher/<kind>/change/<int(max=999):position>")
@signed_in
def change(kind: str, position: int) -> str:
    """A page that has changed: why, and as it was read beside as it is now."""
    found = _under_way(kind)
    part = _change(found, position)
    ref = part.ref.removeprefix(PAGE)
    after = actions.page_of(library(), ref)
    before = archived(db(), library(), Page, ref, part.before) if part.before else None
    return render_template(
        "recall/change.html",
        part=part,
        kind=kind,
        title=_title(ref),
        after=after,
        reasons=_reasons(part),
        rows=side_by_side(before, after) if before and after else (),
        shown=_shown,
        back=url_for("recall.refresher" if kind == actions.REFRESHER else "recall.update"),
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
    with unit_of_work() as session:
        actions.see_change(session, library(), _me(), found, _change(found, position), _today(), now())
    onward = _next(_under_way(kind))
    overview = url_for("recall.refresher" if kind == actions.REFRESHER else "recall.update")
    return seen_redirect(onward.address if onward else overview)


@pages.get("/refresher/update")
@signed_in
def update() -> str:
    """What has changed since the reader completed the course, and until when they are to look at it."""
    wanted = my_update()
    newest = queries.newest(db(), _me(), actions.UPDATE)
    return render_template("recall/update.html", wanted=wanted, newest=newest, points=library().points)


@pages.post("/refresher/update")
@signed_in
def begin_update() -> Response:
    """Begin the update, or carry on with it."""
    wanted = my_update()
    if wanted is None:
        return seen_redirect(url_for("recall.update"))
    with unit_of_work() as session:
        found = actions.begin_update(session, library(), _me(), wanted, now())
    onward = _next(found)
    return seen_redirect(onward.address if onward else url_for("recall.update"))
