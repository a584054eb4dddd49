"""The release schedule, attacked: by subtracting figures published before from figures published now."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from itertools import combinations, product
from random import Random

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.analytics import queries
from course.analytics.rules.groups import SMALLEST_GROUP
from course.analytics.rules.placement_history import (
    MembershipSpell,
    PersonHistory,
    PlacementChange,
    PlacementTimeline,
    placement_changes,
)
from course.analytics.rules.published_figures import tallies_of
from course.analytics.rules.release_schedule import EarlierRelease, ReleaseDecision, decide_release
from course.analytics.rules.suppression import WHOLE_ORGANISATION
from course.learning.models import Answer, Attempt, AttemptItem, Enrolment
from course.people.models import Employment, Membership, Person
from tests.analytics.counting import answer_counts, counted_at, people_in_database
from tests.makers import make_person, make_team

FIRST = date(2026, 1, 5)
WEEKS = 12
Week = dict[int, tuple[int | None, int]]  # by person: team, answers
MONDAYS = [FIRST + timedelta(weeks=week) for week in range(WEEKS)]
MOMENTS = [datetime(day.year, day.month, day.day, tzinfo=UTC) for day in MONDAYS]
HOUR = timedelta(hours=1)
# 1 has 2 and 3 below it; 4 stands beside it.
TREE: dict[int, int | None] = {1: None, 2: 1, 3: 1, 4: None}


def _at(week: int) -> datetime:
    """In the week before that Monday."""
    return MOMENTS[week] - timedelta(days=2)


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        # In no team; nothing counts before the first answer.
        (PersonHistory(1, _at(1), (), (), ((_at(3), 2),)), [(3, 0, 2)]),
        (PersonHistory(1, _at(1), (), (), ((_at(3), 2), (_at(5), 1))), [(3, 0, 2), (5, 0, 3)]),
        # An answer at the very moment counts at the next one; a membership that begins at that moment counts at it.
        (
            PersonHistory(1, _at(0), (), (MembershipSpell(7, MOMENTS[4], None),), ((MOMENTS[2], 1),)),
            [(3, 0, 1), (4, 7, 1)],
        ),
        # The team that was joined last counts while the person is in it.
        (
            PersonHistory(
                1,
                _at(0),
                (),
                (MembershipSpell(7, _at(0), None), MembershipSpell(8, _at(2), MOMENTS[5])),
                ((_at(1), 1),),
            ),
            [(1, 7, 1), (2, 8, 1), (5, 7, 1)],
        ),
        # A person who leaves does not count, and counts again after coming back.
        (
            PersonHistory(
                1, _at(0), (), (MembershipSpell(7, _at(0), _at(3)), MembershipSpell(7, _at(6), None)), ((_at(1), 1),)
            ),
            [(1, 7, 1), (3, 0, 1), (6, 7, 1)],
        ),
        (
            PersonHistory(
                1, _at(0), ((_at(4), False), (_at(7), True)), (MembershipSpell(7, _at(0), _at(4)),), ((_at(1), 1),)
            ),
            [(1, 7, 1), (4, None, 1), (7, 0, 1)],
        ),
        (PersonHistory(1, _at(0), ((MOMENTS[4], False),), (), ((_at(1), 1),)), [(1, 0, 1), (4, None, 1)]),
        # Nothing after the last Monday counts.
        (PersonHistory(1, _at(0), (), (), ((MOMENTS[-1] + HOUR, 1),)), []),
    ],
)
def test_the_placement_of_a_person_at_each_monday(
    history: PersonHistory, expected: list[tuple[int, int | None, int]]
) -> None:
    assert [(change.index, change.team, change.answers) for change in placement_changes(history, MOMENTS)] == expected


Decisions = list[ReleaseDecision]


def _decide(changes: Iterable[PlacementChange], trees: dict[int, dict[int, int | None]] | None = None) -> Decisions:
    """What is published on each Monday. `trees` gives the tree from the Monday with that index on."""
    timeline, trees, tree = PlacementTimeline(changes), trees or {0: TREE}, dict[int, int | None]()
    earlier: list[EarlierRelease] = []
    decisions = []
    for index in range(WEEKS):
        tree = trees.get(index, tree)
        decisions.append(decide_release(timeline, index, tree, earlier, tree_changed=index in trees))
        earlier.append(EarlierRelease(index, decisions[-1].published))
    return decisions


def _schedule(*weeks: Week) -> Decisions:
    """What is published on each Monday after the changes of each week: person, team, answers."""
    return _decide(
        PlacementChange(index, person, *place) for index, week in enumerate(weeks) for person, place in week.items()
    )


def _published(decisions: Decisions, group: int) -> list[int | None]:
    """For each Monday the index of the Monday whose figures are shown then."""
    newest, found = None, []
    for index, decision in enumerate(decisions):
        newest = index if group in decision.published else newest
        found.append(None if group in decision.suppressed else newest)
    return found


def _team(team: int | None, first: int, count: int, n: int = 1) -> Week:
    return dict.fromkeys(range(first, first + count), (team, n))


def test_figures_are_updated_once_five_people_have_changed_them() -> None:
    schedule = _schedule(_team(1, 1, 4), _team(1, 5, 1), _team(1, 6, 3), {}, _team(1, 1, 1, 2), _team(1, 2, 1, 2))
    assert _published(schedule, WHOLE_ORGANISATION)[:7] == [None, 1, 1, 1, 1, 5, 5]
    assert _published(schedule, 1) == _published(schedule, WHOLE_ORGANISATION)
    assert _published(schedule, 9) == [None] * WEEKS


def test_leaving_is_a_change_and_coming_back_undoes_it() -> None:
    gone, back = _team(None, 1, 2), _team(1, 1, 2)
    schedule = _schedule(_team(1, 1, 9), gone, back, _team(1, 20, 4), _team(None, 1, 1))
    # Two left: no update. They are back: everything is as it was published.
    assert _published(schedule, 1)[:6] == [0, 0, 2, 2, 4, 4]


def test_a_team_is_suppressed_while_it_is_too_small() -> None:
    everybody, gone = _team(2, 1, 6) | _team(3, 10, 9), _team(None, 1, 2)
    schedule = _schedule(everybody, gone, {}, _team(2, 1, 2))
    assert _published(schedule, 2)[:5] == [0, None, None, 3, 3]
    closed = _decide(
        [PlacementChange(0, person, *place) for person, place in everybody.items()], {0: TREE, 2: {1: None, 3: 1}}
    )
    assert _published(closed, 2)[:4] == [0, 0, None, None]


def test_a_team_is_not_updated_where_few_changed_beside_it() -> None:
    # Five in team 2 and one in team 3 have answered more: updating both would disclose the one.
    schedule = _schedule(_team(2, 1, 6) | _team(3, 10, 6), _team(2, 1, 5, 2) | _team(3, 10, 1, 2), _team(3, 11, 5, 2))
    assert [_published(schedule, group)[:3] for group in (1, 2, 3)] == [[0, 1, 2], [0, 0, 2], [0, 0, 2]]
    schedule = _schedule(_team(2, 1, 6) | _team(3, 10, 6), _team(2, 1, 5, 2), _team(3, 10, 5, 2))
    assert [_published(schedule, group)[:3] for group in (1, 2, 3)] == [[0, 1, 2]] * 3


def test_a_team_that_waited_is_not_updated_because_of_changes_elsewhere() -> None:
    people = _team(1, 100, 6) | _team(2, 200, 6) | _team(4, 400, 6)
    schedule = _schedule(people, _team(2, 200, 5, 2) | _team(1, 100, 1, 2), _team(4, 400, 5, 2))
    assert [_published(schedule, group)[:3] for group in (1, 2, 4)] == [[0, 1, 2], [0, 0, 0], [0, 1, 2]]
    # Four of team 2 and one beside it, and then one of team 2 and five of team 3.
    people = _team(1, 100, 6) | _team(2, 200, 6) | _team(3, 300, 6)
    schedule = _schedule(people, _team(2, 200, 4, 2) | _team(1, 100, 1, 2), _team(2, 204, 1, 2) | _team(3, 300, 5, 2))
    assert [_published(schedule, group)[:3] for group in (1, 2, 3)] == [[0, 1, 2], [0, 0, 0], [0, 1, 1]]


def test_a_moved_team_changes_both_of_its_parents() -> None:
    people = _team(2, 1, 6) | _team(3, 10, 6) | _team(4, 20, 9)
    changes = [PlacementChange(0, person, *place) for person, place in people.items()]
    schedule = _decide(changes, {0: TREE, 3: {**TREE, 3: 4}})
    assert [_published(schedule, group)[:5] for group in (WHOLE_ORGANISATION, 1, 3, 4)] == [[0, 0, 0, 3, 3]] * 4
    # One person of the moved team has answered more: in the whole organisation that is one change.
    schedule = _decide([*changes, PlacementChange(3, 10, 3, 2)], {0: TREE, 3: {**TREE, 3: 4}})
    assert [_published(schedule, group)[:5] for group in (WHOLE_ORGANISATION, 1, 3, 4)] == [[0] * 5] * 4


def test_one_administrator_in_no_team_suppresses_nothing() -> None:
    schedule = _schedule(_team(2, 1, 6) | {99: (0, 1)}, _team(2, 20, 5))
    assert [_published(schedule, group)[:2] for group in (WHOLE_ORGANISATION, 1, 2)] == [[0, 1]] * 3
    assert schedule[0].excluded == {0}
    # With four more in no team all five count: that is a change of five.
    schedule = _schedule(_team(2, 1, 6) | {99: (0, 1)}, _team(0, 30, 4))
    assert schedule[1].excluded == frozenset()
    assert WHOLE_ORGANISATION in schedule[1].published


def _week(random: Random, placements: Week) -> Week:
    """The changes of a week: some people answer more, some leave."""
    changed: Week = {}
    for person, (team, n) in placements.items():
        if team is not None and random.random() < random.choice((0.02, 0.1, 0.3)):
            changed[person] = (team, n + 1)
        elif random.random() < 0.02:
            changed[person] = (None, n)
    return changed


def _counted_answers(placements: Week, group: int, excluded: frozenset[int]) -> set[tuple[int, int]]:
    """The answers that figures of a group count: each answer of each person by itself."""
    within = {1: {1, 2, 3}, 2: {2}, 3: {3}, 4: {4}, WHOLE_ORGANISATION: {0, 1, 2, 3, 4} - excluded}[group]
    return {(person, answer) for person, (team, n) in placements.items() if team in within for answer in range(n)}


def _figures(random: Random) -> dict[tuple[int, int], set[tuple[int, int]]]:
    """All figures published in some weeks of a random organisation: by group and Monday."""
    placements: Week = {
        person: (random.choice((0, 1, 2, 2, 3, 3, 4)), 1) for person in range(random.choice((12, 25, 40)))
    }
    weeks, history = [dict(placements)], [dict(placements)]
    for _number in range(WEEKS - 1):
        weeks.append(_week(random, placements))
        placements = {**placements, **weeks[-1]}
        history.append(dict(placements))
    schedule = _schedule(*weeks)
    return {
        (group, index): _counted_answers(history[index], group, decision.excluded)
        for index, decision in enumerate(schedule)
        for group in decision.published
    }


def test_no_figures_of_two_mondays_disclose_one_to_four_people() -> None:
    """Any two, three or four figures are added to and subtracted from each other."""
    random, tried = Random(3), 0
    for _ in range(30):
        figures = _figures(random)
        assert all(len({person for person, _ in answers}) >= SMALLEST_GROUP for answers in figures.values())
        for first, second in combinations(sorted({index for _, index in figures}), 2):
            known = [answers for (_, index), answers in figures.items() if index in (first, second)]
            for count in (2, 3, 4):
                for chosen in combinations(known, count):
                    for signs in product((1, -1), repeat=count - 1):
                        sums: Counter[tuple[int, int]] = Counter(chosen[0])
                        for sign, answers in zip(signs, chosen[1:], strict=True):
                            for answer in answers:
                                sums[answer] += sign
                        left = {person for (person, _), n in sums.items() if n}
                        assert not 0 < len(left) < SMALLEST_GROUP, (figures.keys(), left)
                        tried += 1
    assert tried > 10_000


def _answer(session: Session, enrolment: int, at: datetime, number: int) -> None:
    attempt = Attempt(enrolment_id=enrolment, kind="check", ref="m", number=number, seed=1, opened_at=at)
    session.add(attempt)
    session.flush()
    item = AttemptItem(attempt_id=attempt.id, position=1, question_id=f"q{number}", version="v", point="p")
    session.add(item)
    session.flush()
    session.add(Answer(item_id=item.id, given="[0]", correct=True, sureness=None, answered_at=at))


def _record_employment(session: Session, person: int, chance: Random) -> None:
    """The person left, or left and came back; one or the other was recorded later."""
    for end in (FIRST, None)[: chance.randint(1, 2)]:
        at = chance.choice((_at(9), MOMENTS[6], MOMENTS[10])) + (HOUR if end is None else timedelta(0))
        session.add(Employment(person_id=person, recorded=FIRST, start=FIRST, end=end, reason="", made_at=at))
        session.flush()
    session.get_one(Person, person).left_at = chance.choice((None, MOMENTS[2]))


@pytest.mark.both_engines
def test_the_database_counts_the_same_people_as_the_rule(session: Session) -> None:
    """For each Monday: who counts in which team, with how many answers; people join, leave, come back and move."""
    chance = Random(11)
    teams = [make_team(session, name).id for name in ("Ash", "Elm", "Oak")]
    for number in range(15):
        person = make_person(session, f"P {number}", f"p{number}@example.org", password=None, at=_at(0))
        enrolment = session.execute(select(Enrolment.id).where(Enrolment.person_id == person.id)).scalar_one()
        for place in range(chance.randint(0, 4)):
            # Also at the very moment at which a Monday begins.
            late = chance.choice((timedelta(0), HOUR / 2, timedelta(days=3)))
            _answer(session, enrolment, chance.choice(MOMENTS) + late, place + 1)
        open_memberships: set[int] = set()
        for _spell in range(chance.randint(0, 3)):
            week, team = chance.randrange(WEEKS), chance.choice(teams)
            until = chance.choice((None, MOMENTS[week] + HOUR, MOMENTS[min(week + 2, WEEKS - 1)]))
            if until is None and team in open_memberships:
                continue  # nobody is in a team twice at once
            open_memberships |= {team} if until is None else set()
            session.add(
                Membership(
                    person_id=person.id,
                    team_id=team,
                    since=chance.choice((MOMENTS[week], _at(week))),
                    until=until,
                )
            )
        if chance.random() < 0.4:
            _record_employment(session, person.id, chance)
    session.commit()
    at: dict[int, Week] = defaultdict(dict)
    for history in queries.person_histories(session, MOMENTS[-1]):
        for change in placement_changes(history, MOMENTS):
            for index in range(change.index, WEEKS):
                at[index][change.person] = change.team, change.answers
    compared = 0
    for index, (moment, counted) in enumerate(zip(MOMENTS, counted_at(session, MOMENTS), strict=True)):
        by_rule = {(person, team): n for person, (team, n) in at[index].items() if team is not None}
        assert people_in_database(session, moment) == by_rule
        # The counts go with people from one Monday to the next, as if they had been made of that one alone.
        alone = answer_counts(session, moment)
        assert (counted.people, counted.asked) == (alone.people, alone.asked)
        by_team = {team: set(tallies_of(counted, {team})) for team in counted.tallies if counted.tallies[team]}
        assert by_team == {team: set(tallies) for team, tallies in alone.tallies.items()}
        sums: Counter[tuple[int, int]] = Counter()
        for row in counted.months:
            sums[row.person, row.team] += row.n
        assert sums == by_rule
        assert sorted(counted.months, key=str) == sorted(alone.months, key=str)
        compared += len(by_rule)
    assert compared > 50
