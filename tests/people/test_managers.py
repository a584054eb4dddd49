"""Which teams have no manager, and which would lose their only one. On both engines."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from course.context import make_context
from course.people import actions, queries
from course.people.models import Person, Team
from course.people.rules import Viewer
from tests.conftest import NOW
from tests.makers import make_person, make_team

pytestmark = pytest.mark.both_engines


@pytest.fixture
def teams(session: Session) -> dict[str, Team]:
    """Trust > Hill > Reception, and Trust > Brook; one learner in Reception and one in Brook."""
    trust = make_team(session, "Trust")
    hill = make_team(session, "Hill", trust)
    found = {"Trust": trust, "Hill": hill, "Reception": make_team(session, "Reception", hill),
             "Brook": make_team(session, "Brook", trust)}  # fmt: skip
    for name in ("Reception", "Brook"):
        make_person(session, f"In {name}", f"{name}@example.org", team=found[name], password=None)
    return found


def manager_of(session: Session, team: Team, name: str) -> Person:
    person = make_person(session, name, f"{name}@example.org", password=None)
    assert actions.grant_role(make_context(session, None, NOW), person.id, "manager", team.id) is None
    session.commit()
    return person


def listed(session: Session, viewer: Viewer | None = None) -> list[tuple[str, int, bool]]:
    return [(one.name, one.people, one.managed_above) for one in queries.teams_without_manager(session, viewer)]


def leave(session: Session, person: Person) -> None:
    assert actions.record_departure(make_context(session, None, NOW), person.id, NOW.date(), "moved away") is None
    session.commit()


@pytest.mark.usefixtures("teams")
def test_where_no_one_manages_anything_the_team_at_the_top_is_listed_once(session: Session) -> None:
    assert listed(session) == [("Trust", 2, False)]


def test_a_sub_team_that_never_had_a_manager_is_seen_from_above(session: Session, teams: dict[str, Team]) -> None:
    manager_of(session, teams["Trust"], "Pat")
    assert listed(session) == []


def test_a_team_whose_only_manager_left_is_listed_until_it_has_another(
    session: Session, teams: dict[str, Team]
) -> None:
    manager_of(session, teams["Trust"], "Pat")
    first, second = manager_of(session, teams["Hill"], "Kim"), manager_of(session, teams["Hill"], "Lou")
    leave(session, first)
    assert listed(session) == []
    leave(session, second)
    assert listed(session) == [("Hill", 1, True)]
    manager_of(session, teams["Hill"], "Max")
    assert listed(session) == []


def test_a_team_is_listed_before_the_last_day_of_its_last_manager(session: Session, teams: dict[str, Team]) -> None:
    manager_of(session, teams["Trust"], "Pat")
    first, second = manager_of(session, teams["Hill"], "Kim"), manager_of(session, teams["Hill"], "Lou")
    for days, person in ((20, first), (30, second)):
        assert queries.teams_without_manager(session) == []
        day = (NOW + timedelta(days)).date()
        assert actions.plan_departure(make_context(session, None, NOW), person.id, day, "x") is None
    found = queries.teams_without_manager(session)
    assert [(one.name, one.after) for one in found] == [("Hill", (NOW + timedelta(30)).date())]
    assert [team.name for team in queries.only_manager_of(session, [first.id])] == ["Hill"]


def test_people_whom_no_manager_sees_are_listed_beside_a_team_that_has_one(
    session: Session, teams: dict[str, Team]
) -> None:
    manager_of(session, teams["Hill"], "Kim")
    assert listed(session) == [("Trust", 2, False)]


def test_a_manager_is_told_of_their_own_teams_only(session: Session, teams: dict[str, Team]) -> None:
    leave(session, manager_of(session, teams["Brook"], "Lou"))
    leave(session, manager_of(session, teams["Reception"], "Max"))
    kim = manager_of(session, teams["Hill"], "Kim")
    viewer = Viewer(kim.id, kim.name, kim.email or "", manages=(teams["Hill"].id,))
    assert listed(session, viewer) == [("Reception", 1, True)]
    assert [name for name, _, _ in listed(session)] == ["Trust", "Brook", "Reception"]


def test_the_only_manager_of_a_team_is_found_and_two_who_go_together(session: Session, teams: dict[str, Team]) -> None:
    kim, lou = manager_of(session, teams["Hill"], "Kim"), manager_of(session, teams["Hill"], "Lou")
    pat = manager_of(session, teams["Brook"], "Pat")

    def lost(*people: Person) -> list[str]:
        return [team.name for team in queries.only_manager_of(session, [one.id for one in people])]

    assert lost(kim) == []
    assert lost(kim, lou) == ["Hill"]
    assert lost(pat, kim, lou) == ["Brook", "Hill"]
    leave(session, lou)
    assert lost(kim) == ["Hill"]
    assert queries.manager_counts(session) == {teams["Hill"].id: 1, teams["Brook"].id: 1}
