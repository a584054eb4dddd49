"""Whom a viewer sees, and the tree of teams, on both engines."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.people import queries
from course.people.models import Membership, Person, RoleGrant, Team
from course.people.rules import Viewer
from tests.conftest import NOW
from tests.makers import make_person, make_team

pytestmark = pytest.mark.both_engines


@pytest.fixture
def teams(session: Session) -> dict[str, Team]:
    """Top > Schools > Hill, and Top > Homes."""
    top = make_team(session, "Top")
    schools = make_team(session, "Schools", top)
    return {
        "Top": top,
        "Schools": schools,
        "Hill": make_team(session, "Hill", schools),
        "Homes": make_team(session, "Homes", top),
    }


@pytest.fixture
def people(session: Session, teams: dict[str, Team]) -> dict[str, Person]:
    """One learner in each team."""
    return {
        name: make_person(session, f"In {name}", f"{name}@example.org", team=team, password=None)
        for name, team in teams.items()
    }


def names(session: Session, viewer: Viewer) -> list[str]:
    return [person.name.removeprefix("In ") for person in queries.people_visible_to(session, viewer)]


@pytest.mark.usefixtures("people")
def test_an_administrator_sees_everyone(session: Session) -> None:
    viewer = Viewer(0, "", "", administrator=True)
    assert names(session, viewer) == ["Hill", "Homes", "Schools", "Top"]


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    ("managed", "seen"),
    [
        (("Schools",), ["Hill", "Schools"]),
        (("Hill",), ["Hill"]),
        (("Hill", "Homes"), ["Hill", "Homes"]),
        (("Top",), ["Hill", "Homes", "Schools", "Top"]),
        (("Top", "Hill"), ["Hill", "Homes", "Schools", "Top"]),
    ],
)
def test_a_manager_sees_their_teams_and_all_below(
    session: Session, teams: dict[str, Team], managed: tuple[str, ...], seen: list[str]
) -> None:
    viewer = Viewer(0, "", "", manages=tuple(teams[name].id for name in managed))
    assert names(session, viewer) == seen


def test_everyone_else_sees_only_themselves(session: Session, people: dict[str, Person]) -> None:
    assert names(session, Viewer(people["Hill"].id, "", "")) == ["Hill"]


def test_who_has_left_or_changed_teams_is_not_seen(
    session: Session, teams: dict[str, Team], people: dict[str, Person]
) -> None:
    people["Hill"].left_at = NOW
    membership = session.execute(select(Membership).where(Membership.person_id == people["Schools"].id)).scalar_one()
    membership.until = NOW
    session.flush()
    assert names(session, Viewer(0, "", "", manages=(teams["Schools"].id,))) == []
    assert "Hill" not in names(session, Viewer(0, "", "", administrator=True))


def test_several_teams_and_roles_make_one_person(
    session: Session, teams: dict[str, Team], people: dict[str, Person]
) -> None:
    person = people["Hill"]
    session.add(Membership(person_id=person.id, team_id=teams["Homes"].id, since=NOW))
    for name in ("Schools", "Homes"):
        session.add(RoleGrant(person_id=person.id, role="manager", team_id=teams[name].id, since=NOW))
    session.add(RoleGrant(person_id=person.id, role="administrator", since=NOW))
    session.add(RoleGrant(person_id=person.id, role="manager", team_id=teams["Top"].id, since=NOW, until=NOW))
    session.flush()
    seen = queries.person_overview(session, person.id)
    assert seen is not None
    assert seen.teams == ("Hill", "Homes")
    assert seen.roles == ("Administrator", "Manager of Homes", "Manager of Schools")
    assert not seen.active


def test_teams_come_in_the_order_of_the_tree(session: Session, teams: dict[str, Team]) -> None:
    assert [(t.name, t.depth) for t in queries.teams(session)] == [
        ("Top", 0), ("Homes", 1), ("Schools", 1), ("Hill", 2),
    ]  # fmt: skip
    teams["Schools"].closed_at = NOW
    session.flush()
    assert [(t.name, t.depth) for t in queries.teams(session)] == [("Hill", 0), ("Top", 0), ("Homes", 1)]
