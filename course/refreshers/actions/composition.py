"""Compose a refresher or an update from the person's facts and the course."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.content.changes import MarkedChange
from course.content.library import SECONDS_PER_DECISION, Library
from course.content.queries import changes_first_taught, page_versions_first_shown
from course.content.schema import WORDS_PER_MINUTE, Module, Page, Setting
from course.dates import civil_date
from course.learning.models import Completion, Enrolment
from course.recertification.models import RenewalImport
from course.refreshers import queries
from course.refreshers.queries import Refresher
from course.refreshers.rules.composition import (
    RefresherPlan,
    ScenarioCandidate,
    TimeBudget,
    compose_plan,
    next_scenario,
)
from course.refreshers.rules.memory_model import memory_estimates, memory_from_reviews
from course.refreshers.rules.updates import ChangeBasis, Update, is_read_as_before, open_changes, required_update

REFRESHER = "refresher"
UPDATE = "update"


@dataclass(frozen=True)
class RefresherComposition:
    """The composition of a refresher (or of an update, without a scenario), before or when it is begun; `estimate` says
    for each point how likely it is remembered."""

    plan: RefresherPlan
    changes: tuple[MarkedChange, ...]
    scenario: ScenarioCandidate | None
    estimate: dict[str, float]


def compose_refresher(
    session: Session, library: Library, person_id: int, imported_on: date | None, at: datetime
) -> RefresherComposition:
    """The refresher for this person at this moment. `imported_on` is the day of an imported certificate, if the person
    completed nothing here."""
    estimate = person_memory_estimates(session, library, person_id, at)
    changes = changes_for(session, library, person_id, imported_on)
    run_counts = queries.scenario_run_counts(session, person_id)
    scenario = next_scenario(scenario_candidates(library, run_counts), estimate)
    # A page may bear several marks: it is read once.
    changed_refs = dict.fromkeys(one.ref for one in changes)
    fixed_minutes = sum(_changed_page_minutes(library, ref) for ref in changed_refs) + (
        scenario_minutes(library, scenario.ref) if scenario else 0
    )
    plan = compose_plan(
        library.taught_points,
        frozenset(p for p in library.taught_points if library.points[p].safety_critical),
        frozenset(p for one in changes for p in one.points),
        estimate,
        TimeBudget(page_minutes(library), fixed_minutes, library.refresher_minutes),
    )
    return RefresherComposition(plan, changes, scenario, estimate)


def person_memory_estimates(session: Session, library: Library, person_id: int, at: datetime) -> dict[str, float]:
    """For each point that is taught, the probability that this person still knows it."""
    return memory_estimates(memory_from_reviews(queries.memory_reviews(session, person_id)), library.taught_points, at)


def page_minutes(library: Library) -> dict[str, float]:
    """The approximate reading time of the page of each point, in minutes."""
    return {p: library.step_minutes[library.pages_by_point[p]] for p in library.taught_points}


def _changed_page_minutes(library: Library, ref: str) -> float:
    module, _, page = ref.partition("/")
    return library.modules[module].pages[page].words / WORDS_PER_MINUTE if page else 0.0


def scenario_minutes(library: Library, ref: str) -> float:
    """The approximate duration of the recommended way through a scenario, in minutes; 0 if it is no longer taught."""
    module, _, name = ref.partition("/")
    scenario = library.modules[module].scenarios.get(name) if module in library.modules else None
    return (len(scenario.recommended) - 1) * SECONDS_PER_DECISION / 60 if scenario else 0.0


def scenario_candidates(library: Library, run_counts: dict[str, int]) -> list[ScenarioCandidate]:
    """Every scenario of the course, with its distance from the reader's work."""
    return [
        ScenarioCandidate(f"{module.id}/{one.id}", _setting_distance(library.pathway, one.settings, one.near), one.points,
              run_counts.get(f"{module.id}/{one.id}", 0))
        for module in library.modules.values()
        for one in module.scenarios.values()
    ]  # fmt: skip


def _setting_distance(pathway: Setting | None, settings: Sequence[Setting], near: Sequence[Setting]) -> int:
    return 0 if pathway in settings else 1 if pathway in near else 2


def changes_for(
    session: Session, library: Library, person_id: int, imported_on: date | None
) -> tuple[MarkedChange, ...]:
    """The marked changes that are new to this person."""
    if not library.changes:
        return ()
    first_taught = changes_first_taught(session)
    known, missed = _read_since(session, library, person_id, first_taught)
    basis = ChangeBasis(
        queries.last_completed_begun_at(session, person_id),
        imported_on,
        queries.handled_changes(session, person_id) | known,
        missed,
    )
    return open_changes(library.changes, first_taught, basis)


def _read_since(
    session: Session, library: Library, person_id: int, first_taught: Mapping[tuple[str, str], datetime]
) -> tuple[set[tuple[str, str]], frozenset[tuple[str, str]]]:
    """The changes of pages that the person knows by what they read in the whole course, and those that they missed although they
    read the page since, because they read it as it was before.

    Whoever read the very words that their page has now knows its changes: it changed for another pathway or nation, or was
    marked later. Not so if they have read other words since, such as those of a change that was taken back.
    """
    pages = [one for one in library.changes if one.kind == "page" and one.key in first_taught]
    reads = queries.pages_read(session, person_id) if pages else {}
    as_now = {ref for ref, read in reads.items() if (page := page_of(library, ref)) and page.version == read.version}
    newest = queries.versions_read(session, person_id) if any(one.ref in as_now for one in pages) else {}
    known, doubtful = set[tuple[str, str]](), []
    for one in pages:
        read = reads.get(one.ref)
        if read is not None and one.ref in as_now and newest[one.ref] == read.version:
            known.add(one.key)
        elif read is not None and read.at >= first_taught[one.key]:
            # What is still taught is not of before: it is what another pathway or nation reads.
            known.add(one.key)
            if ("page", one.ref, read.version) not in library.parts:
                doubtful.append((one, read))
    first_shown = page_versions_first_shown(session, {one.ref for one, _read in doubtful}) if doubtful else {}
    missed = {one.key for one, read in doubtful if is_read_as_before(read, first_taught[one.key], first_shown[one.ref])}
    return known - missed, frozenset(missed)


def update_for(
    session: Session,
    library: Library,
    person_id: int,
    imported_on: date | None,
    zone: str,
    under_way: Refresher | None = None,
) -> Update | None:
    """The update that is open for this person now; None if there is none. What is in the refresher that is under way is left
    to it; one that was begun before a change does not have it, and may stay open for long."""
    begun = {(part.ref, part.version) for part in under_way.parts if part.kind == "change"} if under_way else set()
    changes = [one for one in changes_for(session, library, person_id, imported_on) if one.key not in begun]
    if not changes:
        return None
    certified = _certified_from(session, person_id, zone)
    first_taught = {key: civil_date(at, zone) for key, at in changes_first_taught(session).items()}
    return required_update(changes, {key: max(day, certified or day) for key, day in first_taught.items()})


def _certified_from(session: Session, person_id: int, zone: str) -> date | None:
    """The day of a person's newest completion, or on which their newest certificate from elsewhere was recorded; None if they
    have neither."""
    completed = select(func.max(Completion.completed_at)).join(Enrolment, Enrolment.id == Completion.enrolment_id)
    completed_at = session.execute(completed.where(Enrolment.person_id == person_id)).scalar()
    if completed_at is not None:
        return civil_date(completed_at, zone)
    recorded = select(func.max(RenewalImport.recorded)).where(RenewalImport.withdrawn.is_(None))
    return session.execute(recorded.where(RenewalImport.person_id == person_id)).scalar()


def page_of(library: Library, ref: str) -> Page | None:
    """The page module/page as it is taught now; None if this reader's variant of the course no longer has it."""
    module: Module | None = library.modules.get(ref.partition("/")[0])
    return module.pages.get(ref.partition("/")[2]) if module else None
