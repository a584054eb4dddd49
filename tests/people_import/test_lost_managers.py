"""The preview says which teams a list would leave without a manager, before it is applied."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from course.clock import now
from course.context import make_context
from course.people.actions import grant_role
from course.people.queries import only_manager_of
from course.people_import.rules.matching import KnownPerson
from course.people_import.rules.planning import MappedRows, make_plan
from course.people_import.rules.preview import dump_preview, load_preview
from course.people_import.rules.team_paths import TeamPaths
from tests.makers import make_person, make_team
from tests.pages import Client
from tests.people_import.test_lists import administrator, upload

TODAY = date(2026, 11, 22)
TEAMS = [(1, "North", None), (2, "Kitchen", 1), (3, "South", None)]
COLUMNS = {"email": 0, "team": 1, "role": 2, "leaving": 3, "name": 4}
GONE, LATER, FAR = "2026-11-20", "2026-12-20", "2028-12-20"


def known(number: int, name: str, *manages: int, last_day: date | None = None) -> KnownPerson:
    return KnownPerson(
        number,
        name,
        f"{name.lower()}@example.org",
        manages=frozenset(manages),
        start=date(2024, 1, 1),
        last_day=last_day,
    )


ANN, BO, CY = known(1, "Ann", 1, 2), known(2, "Bo", 2), known(3, "Cy", 3)


@pytest.mark.parametrize(
    ("rows", "people", "unmanaged"),
    [
        (["ann@example.org,,,{gone},"], [ANN, BO, CY], ["North"]),
        (["ann@example.org,,,{later},"], [ANN, BO, CY], ["North"]),
        (["ann@example.org,,,{far},"], [ANN, BO, CY], []),
        (["ann@example.org,,,{gone},", "bo@example.org,,,{later},"], [ANN, BO, CY], ["North", "North > Kitchen"]),
        (["bo@example.org,,,{gone},"], [ANN, BO, CY], []),
        (["cy@example.org,,,,"], [ANN, BO, CY], []),
        (["ann@example.org,,,{gone},", "bo@example.org,North,manager,,"], [ANN, BO], []),
        (["ann@example.org,,,{gone},", "new@example.org,North,manager,,New One"], [ANN, BO], []),
        (["ann@example.org,,,{gone},", "new@example.org,North,manager,{later},New One"], [ANN, BO], ["North"]),
        (["ann@example.org,,,{gone},", "new@example.org,North,,,New One"], [ANN, BO], ["North"]),
        (["bo@example.org,,,{gone},"], [known(1, "Ann", 2, last_day=date(2026, 12, 1)), BO], ["North > Kitchen"]),
        (["ann@example.org,,,{later},"], [known(1, "Ann", 3, last_day=date(2026, 12, 20))], []),
        (["bo@example.org,,,{gone},"], [known(2, "Bo", 99)], []),
    ],
    ids=[
        "the only one leaves", "the only one has a last day", "more than a year away is not recorded", "both leave",
        "another one stays", "nobody leaves", "somebody known takes over", "somebody new takes over",
        "who takes over leaves too", "a member is no manager", "who stays has a last day already",
        "the last day was known before", "a team that is closed",
    ],
)  # fmt: skip
def test_teams_that_lose_their_managers_by_a_list(
    rows: list[str], people: list[KnownPerson], unmanaged: list[str]
) -> None:
    cells = [
        (number, tuple(row.format(gone=GONE, later=LATER, far=FAR).split(","))) for number, row in enumerate(rows, 2)
    ]
    plan = make_plan(MappedRows(cells, COLUMNS), people, TeamPaths(TEAMS), TODAY)
    assert list(plan.unmanaged) == unmanaged, [line.notes for line in plan.lines]
    assert list(load_preview(dump_preview(plan)).unmanaged) == unmanaged


def test_the_preview_says_so_until_another_manager_is_chosen(session: Session, client: Client) -> None:
    team = make_team(session, "Kitchen")
    mara = make_person(session, "Mara Keel", "mara@example.org", "manager", team, at=now() - timedelta(days=60))
    boss = administrator(session, client)
    day = f"{now() - timedelta(days=5):%d/%m/%Y}"
    preview = upload(boss, f"E-mail,Name,Last day\nmara@example.org,Mara Keel,{day}\n".encode())
    address = boss.post(preview.location, boss.get(preview.location).fields()).location
    warning = "Everyone who manages this team leaves by this list."
    assert warning in boss.get(address).text
    assert [one.id for one in only_manager_of(session, [mara.id])] == [team.id], "as the page of a person says it"
    other = make_person(session, "Lou Pike", "lou@example.org", team=team)
    grant_role(make_context(session, mara.id, now()), other.id, "manager", team.id)
    session.commit()
    boss.post(f"{address}/again", {})
    assert warning not in boss.get(address).text
