"""What a refresher or an update is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from course.content.changes import Marked
from course.content.library import SECONDS_A_DECISION, Library
from course.content.queries import changes_shown
from course.content.schema import WORDS_A_MINUTE, Module, Page, Setting
from course.dates import civil_date
from course.refreshers import queries
from course.refreshers.rules.composition import Plan, Story, compose, next_story
from course.refreshers.rules.memory_model import estimates, remembered
from course.refreshers.rules.updates import Basis, Update, open_changes, update

REFRESHER = "refresher"
UPDATE = "update"


@dataclass(frozen=True)
class Composed:
    """What a refresher (or an update, without a story) is made of, before or as it is begun; `estimate` says for
    each point how likely it is remembered."""

    plan: Plan
    changes: tuple[Marked, ...]
    story: Story | None
    estimate: dict[str, float]


def composed(session: Session, library: Library, person_id: int, imported: date | None, at: datetime) -> Composed:
    """The refresher that would be right for this person at this moment. `imported` is the day of a certificate from
    elsewhere, if they hold nothing from here."""
    estimate = estimated(session, library, person_id, at)
    changes = changes_for(session, library, person_id, imported)
    told = queries.stories_told(session, person_id)
    story = next_story(stories(library, told), estimate)
    fixed = sum(_page_minutes(library, one.ref) for one in changes) + (
        story_minutes(library, story.ref) if story else 0
    )
    plan = compose(
        library.taught_points,
        frozenset(p for p in library.taught_points if library.points[p].safety_critical),
        frozenset(p for one in changes for p in one.points),
        estimate,
        page_minutes(library),
        fixed,
        library.minutes * library.course.refresher_share / 100,
    )
    return Composed(plan, changes, story, estimate)


def estimated(session: Session, library: Library, person_id: int, at: datetime) -> dict[str, float]:
    """For each point that is taught, how likely this person still knows it."""
    return estimates(remembered(queries.reviews(session, person_id)), library.taught_points, at)


def page_minutes(library: Library) -> dict[str, float]:
    """About how long it takes to read the page of each point again."""
    return {p: library.step_minutes[library.pages_by_point[p]] for p in library.taught_points}


def _page_minutes(library: Library, ref: str) -> float:
    module, _, page = ref.partition("/")
    return library.modules[module].pages[page].words / WORDS_A_MINUTE if page else 0.0


def story_minutes(library: Library, ref: str) -> float:
    """About how long the recommended way through a scenario takes; 0 if it is not taught any more."""
    module, _, name = ref.partition("/")
    scenario = library.modules[module].scenarios.get(name) if module in library.modules else None
    return (len(scenario.recommended) - 1) * SECONDS_A_DECISION / 60 if scenario else 0.0


def stories(library: Library, told: dict[str, int]) -> list[Story]:
    """Every scenario of the course, as near as it is to the reader's work."""
    return [
        Story(f"{module.id}/{one.id}", _distance(library.pathway, one.settings, one.near), one.points,
              told.get(f"{module.id}/{one.id}", 0))
        for module in library.modules.values()
        for one in module.scenarios.values()
    ]  # fmt: skip


def _distance(pathway: Setting | None, settings: Sequence[Setting], near: Sequence[Setting]) -> int:
    return 0 if pathway in settings else 1 if pathway in near else 2


def changes_for(session: Session, library: Library, person_id: int, imported: date | None) -> tuple[Marked, ...]:
    """The marked changes that are new to this person."""
    if not library.changes:
        return ()
    shown = changes_shown(session)
    read = queries.read_since(session, person_id)
    # A page that was read in the whole course after it had changed is known.
    known = {one.key for one in library.changes
             if one.kind == "page" and one.key in shown and one.ref in read and read[one.ref] >= shown[one.key]}  # fmt: skip
    basis = Basis(queries.begun_at(session, person_id), imported, queries.dealt_with(session, person_id) | known)
    return open_changes(library.changes, shown, basis)


def update_for(session: Session, library: Library, person_id: int, imported: date | None, zone: str) -> Update | None:
    """The update that is open to this person now."""
    changes = changes_for(session, library, person_id, imported)
    if not changes:
        return None
    return update(changes, {key: civil_date(at, zone) for key, at in changes_shown(session).items()})


def page_of(library: Library, ref: str) -> Page | None:
    """The page module/page as it is taught now; None if this reader does not read it any more."""
    module: Module | None = library.modules.get(ref.partition("/")[0])
    return module.pages.get(ref.partition("/")[2]) if module else None
