"""Composing a refresher or an update, and completing it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from course.content.changes import Marked
from course.content.library import SECONDS_A_DECISION, Library
from course.content.queries import changes_shown
from course.content.shapes import WORDS_A_MINUTE, Module, Page, Setting, digest
from course.dates import civil_date
from course.learning.actions import begin_run, enrol_again, open_attempt, record_completion
from course.learning.events import StepEnded
from course.learning.models import PageRead
from course.learning.queries import times_seen
from course.learning.rules.drawing import Drawn, draw
from course.mail.actions import queue_letter
from course.mail.queries import declined
from course.mail.rules import BOOSTER, Letter
from course.people.models import Person
from course.recall import queries
from course.recall.models import RefresherPart
from course.recall.queries import PAGE, Certified, Part, Refresher
from course.recall.rules.boosters import Sent, is_due, may_be_due, weakest
from course.recall.rules.changed import Basis, Update, open_changes, step, update
from course.recall.rules.composing import CHANGED, QUESTION_MINUTES, Ask, Plan, Story, compose, next_story
from course.recall.rules.memory import estimates, remembered
from course.refreshers import queries as renewal
from course.refreshers.rules import standing
from course.refreshers.rules.standing import UP_TO_DATE
from course.reminders.queries import hours

REFRESHER = "refresher"
UPDATE = "update"
# A refresher that nobody went on with for so long is composed anew: the estimate it rests on is stale.
STALE = timedelta(days=180)


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
    fixed = sum(_page_minutes(library, one.ref) for one in changes) + (_story_minutes(library, story) if story else 0)
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


def _story_minutes(library: Library, story: Story) -> float:
    module, _, name = story.ref.partition("/")
    return (len(library.modules[module].scenarios[name].recommended) - 1) * SECONDS_A_DECISION / 60


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


def begin(session: Session, library: Library, person_id: int, imported: date | None, at: datetime) -> Refresher:
    """The refresher that is under way, or a new one composed for today."""
    _one_at_a_time(session, person_id)
    under_way = open_refresher(session, person_id, at)
    if under_way is not None:
        return under_way
    made = composed(session, library, person_id, imported, at)
    return _write(session, library, person_id, REFRESHER, made.plan.asks, made.changes, made.story, at)


def open_refresher(session: Session, person_id: int, at: datetime) -> Refresher | None:
    """The refresher that is under way, unless it was left for too long."""
    newest = queries.newest(session, person_id, REFRESHER)
    fresh = newest is not None and newest.completed_at is None and at - newest.opened_at < STALE
    return newest if fresh else None


def begin_update(session: Session, library: Library, person_id: int, wanted: Update, at: datetime) -> Refresher:
    """The update on these changes that is under way, or a new one."""
    _one_at_a_time(session, person_id)
    newest = queries.newest(session, person_id, UPDATE)
    if newest is not None and not newest.over and _about(newest) == {one.key for one in wanted.changes}:
        return newest
    asks = [Ask(point, 1, CHANGED) for point in wanted.points]
    return _write(session, library, person_id, UPDATE, asks, wanted.changes, None, at)


def _about(refresher: Refresher) -> set[tuple[str, str | None]]:
    return {(part.ref, part.version) for part in refresher.parts if part.kind == "change"}


def _one_at_a_time(session: Session, person_id: int) -> None:
    """Two windows that begin at once find the same one. SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(Person.id).where(Person.id == person_id).with_for_update())


def _write(
    session: Session, library: Library, person_id: int, kind: str, asks: Iterable[Ask], changes: Iterable[Marked],
    story: Story | None, at: datetime,
) -> Refresher:  # fmt: skip
    asks, changes = list(asks), list(changes)
    enrolment = enrol_again(session, person_id, kind, at)
    before = queries.versions_read(session, person_id)
    parts: list[dict[str, str | None]] = [
        {"kind": "change", "ref": one.key[0], "version": one.version, "before": before.get(one.ref), "why": None}
        for one in changes
    ]
    if story is not None:
        parts.append({"kind": "scenario", "ref": story.ref, "version": None, "before": None, "why": None})
    parts += [{"kind": "point", "ref": a.point, "version": None, "before": None, "why": a.why} for a in asks]
    rows = [{"enrolment_id": enrolment, "position": n, **part} for n, part in enumerate(parts, 1)]
    session.execute(insert(RefresherPart), rows)
    seed = secrets.randbelow(2**31)
    counts = [(ask.point, ask.questions) for ask in asks]
    drawn = draw(counts, library.questions.values(), times_seen(session, person_id), seed)
    drawn = with_changed(drawn, [one for one in changes if one.kind == "question"])
    open_attempt(session, library, enrolment, kind, "course", 1, seed, drawn, at)
    written = queries.newest(session, person_id, kind)
    assert written is not None  # noqa: S101 (it was written above)
    return written


def with_changed(drawn: Sequence[Drawn], questions: Sequence[Marked]) -> list[Drawn]:
    """The drawn questions, with each one that was changed in the place of one on its point: it is asked as it is now,
    whether it was seen before or not."""
    found, fresh = list(drawn), {one.ref for one in questions}
    for one in questions:
        if one.ref in {asked.question_id for asked in found}:
            continue
        place = next(
            (n for n, asked in enumerate(found) if asked.point in one.points and asked.question_id not in fresh), None
        )
        if place is not None:
            found[place] = Drawn(one.ref, found[place].point)
    return found


def see_change(
    session: Session, library: Library, person_id: int, refresher: Refresher, part: Part, today: date, at: datetime
) -> None:
    """A changed page was seen, as it is now."""
    ref = part.ref.removeprefix(PAGE)
    page = page_of(library, ref)
    version = page.version if page else part.version
    if not part.done:
        session.add(PageRead(enrolment_id=refresher.id, ref=ref, version=version or "", read_at=at))
        session.flush()
        finish(session, StepEnded(person_id, refresher.id, library, today, at))


def page_of(library: Library, ref: str) -> Page | None:
    """The page module/page as it is taught now; None if this reader does not read it any more."""
    module: Module | None = library.modules.get(ref.partition("/")[0])
    return module.pages.get(ref.partition("/")[2]) if module else None


def tell_story(session: Session, library: Library, person_id: int, refresher: Refresher, at: datetime) -> int:
    """The run of the refresher's scenario that is under way, or a new one. Returns its id.

    If that scenario is not taught any more, another one takes its place.
    """
    ref = next(part.ref for part in refresher.parts if part.kind == "scenario")
    known = stories(library, queries.stories_told(session, person_id))
    if ref not in {story.ref for story in known}:
        other = next_story(known, {})
        assert other is not None  # noqa: S101 (every module has a scenario: the content check sees to it)
        ref = other.ref
    module, _, name = ref.partition("/")
    return begin_run(session, person_id, ref, library.modules[module].scenarios[name], at, refresher.id)


def finish(session: Session, event: StepEnded) -> None:
    """Complete the refresher with its last step. Safe to call after every step; an update needs no record of its
    own, since what was seen and answered says it."""
    newest = queries.newest(session, event.person_id, REFRESHER)
    if newest is None or newest.id != event.enrolment_id or not newest.over or newest.completed_at is not None:
        return
    minutes = _minutes(event.library, newest)
    record_completion(session, event.library, event.person_id, newest.id, "refresher", minutes, event.on, event.at)


def _minutes(library: Library, refresher: Refresher) -> int:
    """About how long the refresher took: its pages, its story and the questions that were in fact asked."""
    pages = [page for part in refresher.parts if part.kind == "change"
             if (page := page_of(library, part.ref.removeprefix(PAGE)))]  # fmt: skip
    story = [part.ref for part in refresher.parts if part.kind == "scenario"]
    told = sum(
        _story_minutes(library, Story(ref, 0, (), 0)) for ref in story if ref.partition("/")[0] in library.modules
    )
    return max(1, round(sum(p.words for p in pages) / WORDS_A_MINUTE + told + refresher.asked * QUESTION_MINUTES))


def boosters_due(session: Session, library: Library, zone: str, on: date) -> list[Certified]:
    """Who is to be sent a booster on that day: people who are up to date, have time until their refresher, and have
    not declined."""
    no = declined(session, BOOSTER)
    possible = [
        one for one in queries.certified(session) if one.person_id not in no and may_be_due(*_history(one, zone), on)
    ]
    rules = renewal.policies(session, zone)
    if not possible or not rules:
        return []
    known = {one.id: one.facts for one in renewal.people(session, zone, [one.person_id for one in possible])}
    at = datetime.combine(on, time(12), UTC)
    return [
        one
        for one in possible
        if standing(known[one.person_id], rules, on).state == UP_TO_DATE
        and is_due(*_history(one, zone), estimated(session, library, one.person_id, at), on)
    ]


def _history(one: Certified, zone: str) -> tuple[date, list[Sent]]:
    return civil_date(one.completed_at, zone), [Sent(civil_date(at, zone), answered) for at, answered in one.boosters]


def send_booster(
    session: Session, library: Library, to: Certified, letter: Callable[[int], Letter], zone: str, at: datetime
) -> bool:
    """Draw the five questions and put the mail with their link into the outbox, to leave in working hours. False if
    another was quicker. `letter` makes the mail from the attempt's id."""
    estimate = estimated(session, library, to.person_id, at)
    seed = secrets.randbelow(2**31)
    counts = [(point, 1) for point in weakest(estimate, library.taught_points)]
    drawn = draw(counts, library.questions.values(), times_seen(session, to.person_id), seed)
    number = len(to.boosters) + 1
    attempt = open_attempt(session, library, to.enrolment_id, "booster", "course", number, seed, drawn, at)
    working = hours(session, zone)
    leaves = working.leaves(at) if working else at
    return attempt is not None and queue_letter(session, f"booster:{attempt}", to.email, letter(attempt), at, leaves)


@dataclass(frozen=True)
class Told:
    """Somebody who is to hear of an update: which one, and which of its mails is due."""

    person: Certified
    update: Update
    step: str

    @property
    def key(self) -> str:
        """The same mail about the same changes is never queued twice."""
        about = digest(sorted(one.version for one in self.update.changes))
        return f"update:{self.person.person_id}:{about}:{self.step}"


def updates_due(session: Session, library: Library, zone: str, on: date) -> list[Told]:
    """Who is to hear of an open update on that day: whoever is up to date, and has no refresher to do instead."""
    rules = renewal.policies(session, zone)
    if not any(one.change.update_days for one in library.changes) or not rules:
        return []
    people = queries.certified(session)
    known = {one.id: one.facts for one in renewal.people(session, zone, [one.person_id for one in people])}
    found = []
    for one in people:
        if standing(known[one.person_id], rules, on).state != UP_TO_DATE:
            continue
        wanted = update_for(session, library, one.person_id, None, zone)
        if wanted is not None:
            found.append(Told(one, wanted, step(wanted, on)))
    return found


def tell_of_update(session: Session, told: Told, letter: Letter, zone: str, at: datetime) -> bool:
    """Put the mail into the outbox, to leave in working hours; False if it was there already."""
    working = hours(session, zone)
    return queue_letter(session, told.key, told.person.email, letter, at, working.leaves(at) if working else at)
