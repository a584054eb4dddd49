"""Two administrators change the same people at the same moment; a change goes on where it was cut off. On both engines."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import func, select

from course.bulk_changes import actions, jobs, queries
from course.bulk_changes.jobs import apply_change, undo_change
from course.bulk_changes.models import BulkChangePerson
from course.bulk_changes.rules.planning import INVITE, LEAVE, MOVE, ChangeValues
from course.clock import now
from course.context import make_context
from course.people import actions as people
from course.people.models import Membership, Person
from course.web.unit_of_work import read_only_session, unit_of_work
from tests.conftest import NOW
from tests.makers import make_organisation, make_person, make_team
from tests.support.asked import asked
from tests.support.days import this_day
from tests.support.racing import at_once, overtaken

pytestmark = pytest.mark.both_engines
ZONE = "Europe/London"


def prepared(kind: str, values: ChangeValues, actor: int, ids: list[int]) -> int:
    """A change of these people that is sealed and begun."""
    with read_only_session() as session:
        states = queries.person_states(session, ZONE, ids)
    with unit_of_work() as session:
        context = make_context(session, actor, now())
        change_id = actions.choose_people(context, kind, states, "")
        assert actions.choose_values(context, change_id, values, states)
    return change_id


def begun(change_id: int, actor: int) -> int:
    with unit_of_work() as session:
        assert actions.begin_apply(make_context(session, actor, now()), change_id)
    return change_id


def trust(number: int) -> tuple[list[int], list[int], list[int]]:
    """Two administrators, three teams, and so many people in the first of them, by id."""
    with unit_of_work() as session:
        teams = [make_team(session, name).id for name in ("First School", "Second School", "Third School")]
        bosses = [make_person(session, name, f"{name}@example.org", "administrator").id for name in ("Alex", "Kim")]
        learners = [
            make_person(session, f"Learner {n:03}", f"l{n}@example.org", password=None).id for n in range(number)
        ]
        for one in learners:
            people.join_team(make_context(session, None, NOW), one, teams[0], True)
    return bosses, teams, learners


def test_of_two_who_move_the_same_people_one_does_and_the_other_is_told(committed: Flask) -> None:
    with committed.app_context():
        bosses, teams, learners = trust(20)
        changes = [
            begun(prepared(MOVE, ChangeValues(team=team, team_name="x"), boss, learners), boss)
            for boss, team in zip(bosses, teams[1:], strict=True)
        ]

        def apply(change_id: int) -> int:
            with committed.app_context():
                apply_change(change_id, now())
            return change_id

        at_once([lambda change_id=one: apply(change_id) for one in changes])  # type: ignore[misc]
        with read_only_session() as session:
            done = {one: queries.outcome_counts(session, one) for one in changes}
            rows = select(Membership.person_id, Membership.team_id).where(Membership.until.is_(None))
            places = session.execute(rows.where(Membership.person_id.in_(learners))).all()
        assert sum(counts["done"] for counts in done.values()) == 20
        assert sum(counts["left-out"] for counts in done.values()) == 20
        assert all(counts[""] == 0 for counts in done.values())
        assert sorted(row.person_id for row in places) == sorted(learners)
        for change_id, team in zip(changes, teams[1:], strict=True):
            assert done[change_id]["done"] == sum(row.team_id == team for row in places)


@pytest.mark.parametrize("committed", ["postgresql"], indirect=True)
def test_a_change_of_many_and_the_merging_of_their_team_do_not_wait_for_each_other(committed: Flask) -> None:
    engine = committed.extensions["course"].engine
    with committed.app_context():
        bosses, teams, learners = trust(4)
        values = ChangeValues(team=teams[1], team_name="x")
        first, second = (
            begun(prepared(MOVE, values, bosses[0], some), bosses[0]) for some in (learners[:2], learners[2:])
        )
        apply_change(first, now())
        with unit_of_work() as session:
            assert actions.begin_undo(make_context(session, bosses[0], now()), first)

    def work(deed: Callable[[], object]) -> int:
        with committed.app_context():
            deed()
        return 1

    def merge(team: int) -> int:
        with committed.app_context(), unit_of_work() as session:
            return int(people.merge_teams(make_context(session, bosses[1], now()), team, teams[2], "one") is None)

    applying = partial(work, lambda: apply_change(second, now()))
    assert overtaken(engine, applying, "SELECT team.id", partial(merge, teams[0])) == [1, 1]
    undoing = partial(work, lambda: undo_change(first, bosses[0], now()))
    assert overtaken(engine, undoing, "SELECT team.id", partial(merge, teams[1])) == [1, 1]


def test_of_two_presses_at_once_one_begins_the_change_and_one_undoes_it(committed: Flask) -> None:
    with committed.app_context():
        bosses, teams, learners = trust(3)
        change_id = prepared(MOVE, ChangeValues(team=teams[1], team_name="x"), bosses[0], learners)

        def press(begin: object, actor: int) -> int:
            with committed.app_context(), unit_of_work() as session:
                return int(begin(make_context(session, actor, now()), change_id))  # type: ignore[operator]

        assert sorted(at_once([lambda: press(actions.begin_apply, bosses[0])] * 2)) == [0, 1]
        apply_change(change_id, now())
        assert sorted(at_once([lambda boss=boss: press(actions.begin_undo, boss) for boss in bosses])) == [0, 1]  # type: ignore[misc]


def test_a_change_that_was_cut_off_is_finished_and_nobody_is_changed_twice(
    committed: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "PORTION", 4)
    monkeypatch.setattr(jobs, "PORTION_SECONDS", 60)
    with committed.app_context():
        bosses, teams, learners = trust(10)
        values = ChangeValues(team=teams[1], team_name="x")
        change_id = begun(prepared(MOVE, values, bosses[0], learners), bosses[0])

        class KilledError(Exception):
            pass

        def killed(done: int) -> None:
            if done >= 8:
                raise KilledError

        with pytest.raises(KilledError):
            apply_change(change_id, now(), killed)
        with read_only_session() as session:
            assert queries.outcome_counts(session, change_id) == {"done": 8, "": 2}
        apply_change(change_id, now())
        with read_only_session() as session:
            view = queries.bulk_change(session, change_id)
            assert view is not None
            assert view.finished_at is not None
            joined = select(func.count(Membership.id)).where(Membership.team_id == teams[1])
            assert session.execute(joined).scalar() == 10


def test_others_write_between_two_people_of_a_change_whose_time_is_up(
    committed: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "PORTION_SECONDS", 0)
    monkeypatch.setattr(jobs, "PAUSE_SECONDS", 0)
    with committed.app_context():
        bosses, teams, learners = trust(4)
        change_id = begun(prepared(MOVE, ChangeValues(team=teams[1], team_name="x"), bosses[0], learners), bosses[0])
        seen: list[tuple[int, int]] = []

        def write_between(done: int) -> None:
            # In the middle of it somebody moves the last one elsewhere: their own preview is not of this moment any more.
            with unit_of_work() as session:
                if done == 1:
                    people.set_teams(make_context(session, bosses[1], now()), learners[-1], [teams[2]])
                seen.append((done, queries.outcome_counts(session, change_id)["done"]))

        apply_change(change_id, now(), write_between)
        assert seen == [(1, 1), (2, 2), (3, 3), (4, 3)], "one person in each unit of work, and the last is left out"
        with unit_of_work() as session:
            assert actions.begin_undo(make_context(session, bosses[0], now()), change_id)
        turns: list[int] = []
        undo_change(change_id, bosses[0], now(), turns.append)
        assert turns == [1, 2, 3]


def test_whoever_is_no_administrator_any_more_changes_nobody(committed: Flask) -> None:
    with committed.app_context():
        bosses, teams, learners = trust(2)
        change_id = begun(prepared(MOVE, ChangeValues(team=teams[1], team_name="x"), bosses[1], learners), bosses[1])
        with unit_of_work() as session:
            people.record_departure(make_context(session, None, now()), bosses[1], this_day(), "x")
        apply_change(change_id, now())
        with read_only_session() as session:
            assert queries.outcome_counts(session, change_id) == {"left-out": 2}
            notes = session.execute(select(BulkChangePerson.note).distinct()).scalars().all()
            assert notes == ["You may not do this for them any more."]


def test_undoing_leaves_what_was_changed_again(committed: Flask) -> None:
    with committed.app_context():
        bosses, _teams, learners = trust(3)
        values = ChangeValues(last_day=this_day())
        change_id = begun(prepared(LEAVE, values, bosses[0], learners), bosses[0])
        apply_change(change_id, now())
        with unit_of_work() as session:
            context = make_context(session, None, now())
            assert people.withdraw_departure(context, learners[0], "was a mistake") is None
            assert actions.begin_undo(make_context(session, bosses[0], now()), change_id)
        undo_change(change_id, bosses[0], now())
        with read_only_session() as session:
            outcomes = {one.person_id: one.undo_outcome for one in queries.change_outcomes(session, change_id)}
            here = session.execute(select(Person.id).where(Person.left_at.is_(None), Person.id.in_(learners)))
            assert outcomes == {learners[0]: "left-out", learners[1]: "undone", learners[2]: "undone"}
            assert sorted(here.scalars()) == learners


def test_each_further_person_of_a_change_takes_as_many_statements_as_those_before(
    committed: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "PORTION", 2)
    monkeypatch.setattr(jobs, "PORTION_SECONDS", 60)
    monkeypatch.setattr(jobs, "PAUSE_SECONDS", 0)
    with committed.app_context():
        with unit_of_work() as session:
            make_organisation(session)
        bosses, teams, learners = trust(14)
        groups = (learners[:2], learners[2:6], learners[6:])
        changes = ((MOVE, ChangeValues(team=teams[1], team_name="x")), (INVITE, ChangeValues()),
                   (LEAVE, ChangeValues(last_day=this_day())))  # fmt: skip
        for kind, values in changes:
            numbers = []
            for ids in groups:
                change_id = begun(prepared(kind, values, bosses[0], ids), bosses[0])
                with asked(committed) as statements:
                    apply_change(change_id, now())
                with read_only_session() as session:
                    assert queries.outcome_counts(session, change_id) == {"done": len(ids)}
                numbers.append(len(statements))
            few, more, most = numbers
            assert more - few <= 2 * 26, (kind, numbers)
            assert most - more == 2 * (more - few), (kind, numbers)
