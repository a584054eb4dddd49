"""The tree of teams: every change has its date, and any past day can be read. On both engines."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from course.audit.models import AuditEntry
from course.context import make_context
from course.people import actions
from course.people.actions import Refusal, record_departure
from course.people.models import Membership, Person, RoleGrant, Team, TeamChange
from course.reports.status_cache import StatusCache
from course.teams import queries
from course.teams.rules import team_subtree
from tests.conftest import NOW
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client

pytestmark = pytest.mark.both_engines

DAY = timedelta(days=1)


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


def tree_lines(session: Session, days: int) -> list[str]:
    """The tree so many days after the beginning, a dash for each level."""
    return ["-" * team.depth + team.name for team in queries.team_tree(session, NOW + days * DAY)]


def change(
    session: Session, team: Team, days: int, name: str | None = None, parent: Team | None = None
) -> Refusal | None:
    place = parent.id if parent else team.parent_id
    return actions.change_team(
        make_context(session, None, NOW + days * DAY), team.id, name or team.name, place, "a reason"
    )


@pytest.mark.parametrize(
    ("team", "expected"), [(1, {1, 2, 3, 4}), (2, {2, 3}), (3, {3}), (4, {4}), (9, {9})]
)  # fmt: skip
def test_the_subtree_of_a_team(team: int, expected: set[int]) -> None:
    assert team_subtree(team, {1: None, 2: 1, 3: 2, 4: 1}) == expected


def test_a_circle_in_the_data_does_not_hang_the_course() -> None:
    assert team_subtree(1, {1: 2, 2: 1}) == {1, 2}


def test_the_tree_of_any_past_day_can_be_read(session: Session, teams: dict[str, Team]) -> None:
    assert change(session, teams["Hill"], 10, "Hill Academy") is None
    assert change(session, teams["Hill"], 20, parent=teams["Homes"]) is None
    assert (
        actions.merge_teams(make_context(session, None, NOW + 30 * DAY), teams["Schools"].id, teams["Homes"].id, "one")
        is None
    )
    assert change(session, teams["Homes"], 40, "Houses") is None
    assert tree_lines(session, -1) == []
    assert tree_lines(session, 5) == ["Top", "-Homes", "-Schools", "--Hill"]
    assert tree_lines(session, 10) == ["Top", "-Homes", "-Schools", "--Hill Academy"]
    assert tree_lines(session, 25) == ["Top", "-Homes", "--Hill Academy", "-Schools"]
    assert tree_lines(session, 35) == ["Top", "-Homes", "--Hill Academy"]
    assert tree_lines(session, 45) == ["Top", "-Houses", "--Hill Academy"]


def test_a_person_counts_until_the_departure_was_recorded_as_in_the_report(
    session: Session, teams: dict[str, Team]
) -> None:
    hill = teams["Hill"]
    person = make_person(session, team=hill)
    last_day, zone = (NOW + 5 * DAY).date(), "Europe/London"
    assert record_departure(make_context(session, None, NOW + 9 * DAY), person.id, last_day, "moved") is None
    session.commit()
    ledger, today = StatusCache(), (NOW + 12 * DAY).date()
    for days, expected in ((1, 1), (8, 1), (10, 0)):
        day = ledger.day(session, zone, (NOW + days * DAY).date(), today)
        reported = [line.id for line in day.lines if hill.id in line.teams]
        assert (queries.member_counts(session, day.at)[hill.id], len(reported)) == (expected, expected), days


def test_the_same_again_is_no_change(session: Session, teams: dict[str, Team]) -> None:
    assert change(session, teams["Hill"], 1) is None
    assert session.execute(select(TeamChange)).first() is None


def test_a_team_cannot_stand_below_itself(session: Session, teams: dict[str, Team]) -> None:
    for place in ("Top", "Schools", "Hill"):
        refused = change(session, teams["Top"], 1, parent=teams[place])
        assert isinstance(refused, Refusal)
        assert refused.field == "parent"
    refused = actions.merge_teams(make_context(session, None, NOW), teams["Top"].id, teams["Hill"].id, "x")
    assert isinstance(refused, Refusal)
    assert refused.field == "into"


def test_a_name_is_taken_once_at_a_place(session: Session, teams: dict[str, Team]) -> None:
    refused = change(session, teams["Homes"], 1, "SCHOOLS")
    assert isinstance(refused, Refusal)
    assert refused.field == "name"
    assert change(session, teams["Hill"], 1, "Homes") is None


def test_merging_takes_people_managers_and_teams_along(session: Session, teams: dict[str, Team]) -> None:
    learner = make_person(session, "Ann Lee", "ann@example.org", team=teams["Schools"])
    both = make_person(session, "Bo Lee", "bo@example.org", team=teams["Schools"])
    session.add(Membership(person_id=both.id, team_id=teams["Homes"].id, since=NOW))
    boss = make_person(session, "Cy Lee", "cy@example.org", "manager", team=teams["Schools"])
    session.commit()
    assert (
        actions.merge_teams(make_context(session, None, NOW + DAY), teams["Schools"].id, teams["Homes"].id, "one")
        is None
    )
    assert queries.members_at(session, teams["Homes"].id, NOW + DAY) == sorted([learner.id, both.id, boss.id])
    assert queries.members_at(session, teams["Homes"].id, NOW) == [both.id]
    assert queries.members_at(session, teams["Schools"].id, NOW) == sorted([learner.id, both.id, boss.id])
    assert queries.member_counts(session, NOW + DAY) == {teams["Homes"].id: 3}
    grants = session.execute(select(RoleGrant.team_id, RoleGrant.until).order_by(RoleGrant.id)).all()
    assert [tuple(row) for row in grants] == [(teams["Schools"].id, NOW + DAY), (teams["Homes"].id, None)]
    assert teams["Hill"].parent_id == teams["Homes"].id
    assert logged(session, learner, both, boss) == [
        (learner.id, "team.left"), (learner.id, "team.joined"), (both.id, "team.left"), (boss.id, "team.left"),
        (boss.id, "team.joined"), (boss.id, "role.ended"), (boss.id, "role.granted"),
    ]  # fmt: skip


def logged(session: Session, *people: Person) -> list[tuple[int | None, str]]:
    """What the log says of these people after the beginning, in its order."""
    session.commit()
    entry = AuditEntry
    of = entry.subject_id.in_([person.id for person in people]), entry.subject_kind == "person", entry.at > NOW
    rows = session.execute(select(entry.subject_id, entry.what).where(*of).order_by(entry.number))
    return [(row.subject_id, row.what) for row in rows]


def test_the_managers_of_a_closed_team_are_in_the_audit_log(session: Session, teams: dict[str, Team]) -> None:
    boss = make_person(session, "Cy Lee", "cy@example.org", "manager", team=teams["Hill"])
    session.execute(update(Membership).values(until=NOW))
    assert actions.close_team(make_context(session, None, NOW + DAY), teams["Hill"].id, "x") is None
    assert logged(session, boss) == [(boss.id, "role.ended")]


def test_a_team_is_closed_when_nobody_is_in_it_and_nothing_below(session: Session, teams: dict[str, Team]) -> None:
    person = make_person(session, team=teams["Hill"])
    for name, words in (("Hill", "people in this team"), ("Schools", "This team has sub-teams")):
        refused = actions.close_team(make_context(session, None, NOW), teams[name].id, "x")
        assert isinstance(refused, Refusal)
        assert words in refused.message
    person.left_at = NOW
    session.flush()
    assert actions.close_team(make_context(session, None, NOW + DAY), teams["Hill"].id, "x") is None
    with pytest.raises(LookupError):
        actions.close_team(make_context(session, None, NOW + DAY), teams["Hill"].id, "x")


def test_an_administrator_moves_a_team_and_sees_what_became_of_it(
    session: Session, client: Client, teams: dict[str, Team]
) -> None:
    sign_in(client, make_person(session, "Alex Morgan", "alex@example.org", "administrator"))
    path = f"/teams/{teams['Hill'].id}"
    form = client.get(f"{path}/change").fields()
    assert (form["name"], form["parent"]) == ("Hill", str(teams["Schools"].id))
    page = client.post(f"{path}/change", {**form, "reason": ""}, 422)
    assert "Enter a short reason" in page.text
    wanted = {"name": "Hill House", "parent": str(teams["Homes"].id), "reason": "new owner"}
    page = client.follow(client.post(f"{path}/change", wanted))
    assert "Renamed from Hill to Hill House. Moved from Schools to Homes. Alex Morgan: new owner" in page.text
    assert "Hill House" in client.get("/teams").text
    assert "There were no teams yet." in client.get("/teams?on=2020-01-01").text
    client.get("/teams?on=soon", 422)
    offered = {option.get("value") for option in client.get(f"{path}/merge").all("option")}
    assert str(teams["Homes"].id) in offered
    assert str(teams["Hill"].id) not in offered, "a team is not merged into itself"
    client.post(f"{path}/merge", {"into": str(teams["Hill"].id), "reason": "x"}, 422)
    page = client.post(f"{path}/merge", {"into": "", "reason": "x"}, 422)
    assert "Choose a team." in page.text
    client.follow(client.post(f"{path}/close", {"reason": "over"}))
    assert "closed on" in client.get(path).text
    client.get(f"{path}/change", 404)
    client.get("/teams/999", 404)
