"""What is to be published on a Monday: read from the answers, and checked against everything that was published before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from course.analytics.queries.answers import (
    answer_counts,
    decision_counts,
    first_counted_moment,
    person_histories,
)
from course.analytics.queries.item_answers import item_responses
from course.analytics.queries.published import Scope, last_release_monday, stored_releases
from course.analytics.rules.differencing import PublishedRest, TeamParents
from course.analytics.rules.item_analysis import ItemStatistics, item_statistics
from course.analytics.rules.placement_history import PersonHistory, PlacementTimeline, placement_changes
from course.analytics.rules.published_figures import (
    CountedAnswers,
    QuestionVersion,
    figures_to_json,
    group_figures,
    items_to_json,
)
from course.analytics.rules.release_schedule import EarlierRelease, ReleaseDecision, decide_release
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
    """A Monday for which it is decided what is published: the beginning of the day, and the tree at that moment."""

    monday: date
    cutoff: datetime
    parents: TeamParents
    decision: ReleaseDecision


def release_drafts(
    session: Session, library: Library, scope: Scope, mondays: Sequence[date], zone: str
) -> Iterator[ReleaseDraft]:
    """What is to be published on each of these Mondays, which follow the last recorded one.

    The histories of everybody are read once, the tree for each Monday, and the counts for those on which a group is
    updated; of item analysis only for the last of them, because no page shows its figures of a past day. With many
    answers a draft takes seconds.
    """
    decided = _decide(session, scope, mondays, zone) if mondays else []
    updating = [one.monday for one in decided if one.decision.published]
    for one in decided:
        figures: list[FigureDraft] = []
        if one.decision.published and scope == "teams":
            figures = _team_figures(session, library, one)
        elif one.decision.published:
            items = item_statistics_before(session, library, one.cutoff) if one.monday == updating[-1] else {}
            rest = one.decision.published[WHOLE_ORGANISATION]
            figures = [FigureDraft(WHOLE_ORGANISATION, rest, items_to_json(items))]
        decision = one.decision
        yield ReleaseDraft(scope, one.monday, one.cutoff, decision.excluded, decision.suppressed, tuple(figures))


def _decide(session: Session, scope: Scope, mondays: Sequence[date], zone: str) -> list[_Monday]:
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
        decided.append(_Monday(monday, cutoff, parents, decision))
    return decided


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


def _team_figures(session: Session, library: Library, of: _Monday) -> list[FigureDraft]:
    excluded, published = of.decision.excluded, of.decision.published
    counts = answer_counts(session, of.cutoff, excluded)
    counted = CountedAnswers(
        counts.tallies,
        counts.people,
        counts.asked,
        counts.months,
        decision_counts(session, of.cutoff, excluded),
        {question.id: question.form for question in library.answerable.values()},
    )
    groups = {group: None if group == WHOLE_ORGANISATION else team_subtree(group, of.parents) for group in published}
    figures = group_figures(counted, of.parents, groups)
    return [FigureDraft(group, rest, figures_to_json(figures[group])) for group, rest in sorted(published.items())]


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
