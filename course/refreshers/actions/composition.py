"""What a refresher or an update is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from course.content.changes import MarkedChange
from course.content.library import SECONDS_PER_DECISION, Library
from course.content.queries import changes_first_taught
from course.content.schema import WORDS_PER_MINUTE, Module, Page, Setting
from course.dates import civil_date
from course.refreshers import queries
from course.refreshers.rules.composition import RefresherPlan, ScenarioCandidate, compose_plan, next_scenario
from course.refreshers.rules.memory_model import memory_estimates, memory_from_reviews
from course.refreshers.rules.updates import ChangeBasis, Update, open_changes, required_update

REFRESHER = "refresher"
UPDATE = "update"


@dataclass(frozen=True)
class RefresherComposition:
    """What a refresher (or an update, without a story) is made of, before or as it is begun; `estimate` says for
    each point how likely it is remembered."""

    plan: RefresherPlan
    changes: tuple[MarkedChange, ...]
    scenario: ScenarioCandidate | None
    estimate: dict[str, float]


def compose_refresher(
    session: Session, library: Library, person_id: int, imported: date | None, at: datetime
) -> RefresherComposition:
    """The refresher that would be right for this person at this moment. `imported` is the day of a certificate from
    elsewhere, if they hold nothing from here."""
    estimate = person_memory_estimates(session, library, person_id, at)
    changes = changes_for(session, library, person_id, imported)
    told = queries.scenario_run_counts(session, person_id)
    story = next_scenario(scenario_candidates(library, told), estimate)
    fixed = sum(_changed_page_minutes(library, one.ref) for one in changes) + (
        scenario_minutes(library, story.ref) if story else 0
    )
    plan = compose_plan(
        library.taught_points,
        frozenset(p for p in library.taught_points if library.points[p].safety_critical),
        frozenset(p for one in changes for p in one.points),
        estimate,
        page_minutes(library),
        fixed,
        library.minutes * library.course.refresher_share / 100,
    )
    return RefresherComposition(plan, changes, story, estimate)


def person_memory_estimates(session: Session, library: Library, person_id: int, at: datetime) -> dict[str, float]:
    """For each point that is taught, how likely this person still knows it."""
    return memory_estimates(memory_from_reviews(queries.memory_reviews(session, person_id)), library.taught_points, at)


def page_minutes(library: Library) -> dict[str, float]:
    """About how long it takes to read the page of each point again."""
    return {p: library.step_minutes[library.pages_by_point[p]] for p in library.taught_points}


def _changed_page_minutes(library: Library, ref: str) -> float:
    module, _, page = ref.partition("/")
    return library.modules[module].pages[page].words / WORDS_PER_MINUTE if page else 0.0


def scenario_minutes(library: Library, ref: str) -> float:
    """About how long the recommended way through a scenario takes; 0 if it is not taught any more."""
    module, _, name = ref.partition("/")
    scenario = library.modules[module].scenarios.get(name) if module in library.modules else None
    return (len(scenario.recommended) - 1) * SECONDS_PER_DECISION / 60 if scenario else 0.0


def scenario_candidates(library: Library, told: dict[str, int]) -> list[ScenarioCandidate]:
    """Every scenario of the course, as near as it is to the reader's work."""
    return [
        ScenarioCandidate(f"{module.id}/{one.id}", _setting_distance(library.pathway, one.settings, one.near), one.points,
              told.get(f"{module.id}/{one.id}", 0))
        for module in library.modules.values()
        for one in module.scenarios.values()
    ]  # fmt: skip


def _setting_distance(pathway: Setting | None, settings: Sequence[Setting], near: Sequence[Setting]) -> int:
    return 0 if pathway in settings else 1 if pathway in near else 2


def changes_for(session: Session, library: Library, person_id: int, imported: date | None) -> tuple[MarkedChange, ...]:
    """The marked changes that are new to this person."""
    if not library.changes:
        return ()
    shown = changes_first_taught(session)
    read = queries.page_read_times(session, person_id)
    # A page that was read in the whole course after it had changed is known.
    known = {one.key for one in library.changes
             if one.kind == "page" and one.key in shown and one.ref in read and read[one.ref] >= shown[one.key]}  # fmt: skip
    basis = ChangeBasis(
        queries.last_completed_begun_at(session, person_id),
        imported,
        queries.handled_changes(session, person_id) | known,
    )
    return open_changes(library.changes, shown, basis)


def update_for(session: Session, library: Library, person_id: int, imported: date | None, zone: str) -> Update | None:
    """The update that is open to this person now."""
    changes = changes_for(session, library, person_id, imported)
    if not changes:
        return None
    return required_update(changes, {key: civil_date(at, zone) for key, at in changes_first_taught(session).items()})


def page_of(library: Library, ref: str) -> Page | None:
    """The page module/page as it is taught now; None if this reader does not read it any more."""
    module: Module | None = library.modules.get(ref.partition("/")[0])
    return module.pages.get(ref.partition("/")[2]) if module else None
