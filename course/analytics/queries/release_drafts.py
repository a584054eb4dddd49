"""What is to be published on a Monday: read from the answers, and checked against everything that was published before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from course.analytics.queries.answers import (
    first_answers,
    first_choices,
    first_counted_moment,
    person_histories,
)
from course.analytics.queries.item_answers import item_responses
from course.analytics.queries.published import Scope, last_release_monday, stored_releases
from course.analytics.rules.differencing import PublishedRest, TeamParents
from course.analytics.rules.item_analysis import ItemStatistics, item_statistics
from course.analytics.rules.placement_history import PersonHistory, PlacementTimeline, placement_changes
from course.analytics.rules.published_figures import (
    QuestionVersion,
    figures_to_json,
    group_figures,
    items_to_json,
)
from course.analytics.rules.release_schedule import EarlierRelease, ReleaseDecision, decide_release
from course.analytics.rules.running_counts import RunningCounts
from course.analytics.rules.suppression import WHOLE_ORGANISATION, monday_of
from course.content.library import Library
from course.content.queries import part_in_version
from course.content.schema import Question
from course.dates import civil_date, start_of_day
from course.teams.queries import team_tree, tree_change_times
from course.teams.rules import team_subtree


@dataclass(frozen=True)
class FigureDraft:
    """The figures of a group that are to be published: its rest (see differencing.PublishedRest), and the figures as
    they are stored."""

    group: int
    rest: PublishedRest
    counts: dict[str, Any]


@dataclass(frozen=True)
class ReleaseDraft:
    """What is to be published on a Monday; it counts what was answered before `cutoff`."""

    scope: Scope
    monday: date
    cutoff: datetime
    excluded: frozenset[int]
    suppressed: frozenset[int]
    figures: tuple[FigureDraft, ...]


def pending_mondays(session: Session, scope: Scope, today: date, zone: str, since: date = date.min) -> list[date]:
    """The Mondays until today for which nothing is recorded yet, in order.

    They begin after the last recorded one; where none is recorded, with the first Monday after the first answer and
    after the day `since`. Without any answers it is this week's Monday. At most three queries.
    """
    this_week, last = monday_of(today), last_release_monday(session, scope)
    if last is None:
        at = first_counted_moment(session)
        last = monday_of(max(civil_date(at, zone), since)) if at else this_week
        last = min(last, this_week - timedelta(weeks=1))
    weeks = (this_week - last).days // 7
    return [last + timedelta(weeks=week) for week in range(1, weeks + 1)]


@dataclass(frozen=True)
class _Monday:
    """A Monday for which it is decided what is published: its index among all of them, the beginning of the day, and the tree
    at that moment."""

    index: int
    monday: date
    cutoff: datetime
    parents: TeamParents
    decision: ReleaseDecision


def release_drafts(
    session: Session, library: Library, scope: Scope, mondays: Sequence[date], zone: str
) -> Iterator[ReleaseDraft]:
    """What is to be published on each of these Mondays, which follow the last recorded one.

    Everything is read before this returns: the answers once for all of them, and the tree for each; of item analysis only
    that of the last Monday on which it is updated, because no page shows its figures of a past day. A draft is made when
    it is asked for.
    """
    if not mondays:
        return iter(())
    timeline, cutoffs, decided = _decide(session, scope, mondays, zone)
    updating = [one for one in decided if one.decision.published]
    if not updating:
        return (_draft(scope, one, []) for one in decided)
    last = updating[-1]
    if scope == "teams":
        moments, forms = cutoffs[: last.index + 1], {one.id: one.form for one in library.answerable.values()}
        people = timeline.people
        answers, choices = first_answers(session, people, moments), first_choices(session, people, moments)
        counts = RunningCounts(answers, choices, timeline, forms)
        return (_draft(scope, one, _team_figures(counts, one)) for one in decided)
    items = item_statistics_before(session, library, last.cutoff)
    return (_draft(scope, one, _item_figures(one, items if one is last else {})) for one in decided)


def _draft(scope: Scope, of: _Monday, figures: Iterable[FigureDraft]) -> ReleaseDraft:
    return ReleaseDraft(scope, of.monday, of.cutoff, of.decision.excluded, of.decision.suppressed, tuple(figures))


def _decide(
    session: Session, scope: Scope, mondays: Sequence[date], zone: str
) -> tuple[PlacementTimeline, list[datetime], list[_Monday]]:
    stored = stored_releases(session, scope)
    cutoffs = [*(release.cutoff for release in stored), *(start_of_day(monday, zone) for monday in mondays)]
    timeline = _timeline(session, scope, cutoffs)
    earlier = [EarlierRelease(index, release.rests) for index, release in enumerate(stored)]
    changes = tree_change_times(session) if scope == "teams" else set()
    decided = []
    for index, monday in enumerate(mondays, len(stored)):
        cutoff = cutoffs[index]
        parents = {team.id: team.parent_id for team in team_tree(session, cutoff)} if scope == "teams" else {}
        tree_changed = any((not index or cutoffs[index - 1] < at) and at <= cutoff for at in changes)
        decision = decide_release(timeline, index, parents, earlier, tree_changed=tree_changed)
        earlier.append(EarlierRelease(index, decision.published))
        decided.append(_Monday(index, monday, cutoff, parents, decision))
    return timeline, cutoffs, decided


def _timeline(session: Session, scope: Scope, cutoffs: Sequence[datetime]) -> PlacementTimeline:
    histories: Iterable[PersonHistory] = person_histories(session, cutoffs[-1], with_decisions=scope == "teams")
    if scope == "items":
        histories = (_permanent(history) for history in histories)
    return PlacementTimeline(change for history in histories for change in placement_changes(history, cutoffs))


def _permanent(history: PersonHistory) -> PersonHistory:
    """As if the person had been employed from their first answer on, in no team: item analysis includes people who have
    left."""
    first = min(at for at, _ in history.answers_by_quarter)
    return replace(history, joined_at=first, employment_changes=(), memberships=())


def _team_figures(counts: RunningCounts, of: _Monday) -> list[FigureDraft]:
    published = of.decision.published
    if not published:
        return []
    groups = {group: None if group == WHOLE_ORGANISATION else team_subtree(group, of.parents) for group in published}
    figures = group_figures(counts.at(of.index, of.decision.excluded), of.parents, groups)
    return [FigureDraft(group, rest, figures_to_json(figures[group])) for group, rest in sorted(published.items())]


def _item_figures(of: _Monday, items: dict[QuestionVersion, ItemStatistics]) -> list[FigureDraft]:
    return [FigureDraft(group, rest, items_to_json(items)) for group, rest in of.decision.published.items()]


def item_statistics_before(
    session: Session, library: Library, cutoff: datetime
) -> dict[QuestionVersion, ItemStatistics]:
    """The statistics of each question in each version, from the first answers before that moment. One query, and one for each
    version that is not asked any more."""
    statistics = {}
    for (question_id, version), responses in item_responses(session, cutoff).items():
        question = part_in_version(session, library, Question, question_id, version)
        if question is not None:
            statistics[question_id, version] = item_statistics(responses, len(question.options))
    return statistics
