"""What a team inherits, and what holds for a person in several teams: the rules as tables."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from course.content.schema import Nation
from course.organisation.rules.contacts import ContactView
from course.organisation.rules.sites import (
    Site,
    SiteDirectory,
    TeamSettings,
    all_sites,
    inherited_settings,
    organisation_for_teams,
    site_of_team,
    sites_of_teams,
    team_contacts,
)
from course.people.rules import Inherited, RecordedPathway, inherited, inherited_in_teams, pathway_to_record
from tests.conftest import NOW

# 1 the trust; 2 a school in it with year groups 3 and 4; 5 a home in Wales; 6 a working group; 7 at a closed place.
NAMES = {1: "Trust", 2: "Oakfield", 3: "Reception", 4: "Year 1", 5: "Swansea", 6: "First aiders", 7: "Kitchen"}
PARENTS: dict[int, int | None] = {1: None, 2: 1, 3: 2, 4: 2, 5: 1, 6: None, 7: 99}


def contact(number: int, kind: str, team_id: int | None = None) -> ContactView:
    return ContactView(number, kind, f"Person {number}", f"01632 96010{number}", "", NOW, team_id=team_id)


GROUP = Site(
    None,
    "Riverside Trust",
    "england",
    "school",
    {"lead": contact(1, "lead"), "out-of-hours": contact(2, "out-of-hours")},
)
DIRECTORY = SiteDirectory(
    NAMES,
    PARENTS,
    {
        2: TeamSettings(
            title="Oakfield School", contacts={"lead": contact(3, "lead", 2), "deputy": contact(4, "deputy", 2)}
        ),
        4: TeamSettings(contacts={"deputy": contact(5, "deputy", 4)}),
        5: TeamSettings(nation="wales", pathway="residential"),
    },
)


@pytest.mark.parametrize(
    ("team", "values", "expected"),
    [
        (3, {3: "own", 2: "school", 1: "trust"}, Inherited("own", 3)),
        (3, {2: "school", 1: "trust"}, Inherited("school", 2)),
        (3, {1: "trust"}, Inherited("trust", 1)),
        (3, {4: "a sister", 5: "a cousin"}, None),
        (7, {7: "below a closed team"}, Inherited("below a closed team", 7)),
        (7, {99: "closed"}, None),
        (99, {99: "closed"}, None),
    ],
)
def test_a_team_has_the_value_of_the_nearest_above_it(
    team: int, values: Mapping[int, str], expected: Inherited[str] | None
) -> None:
    assert inherited(team, PARENTS, values) == expected


def test_a_circle_in_the_tree_ends() -> None:
    assert inherited(1, {1: 2, 2: 1}, {3: "elsewhere"}) is None


@pytest.mark.parametrize(
    ("teams", "expected"),
    [
        ((), None),
        ((6,), None),
        ((4, 5), Inherited("two", 2)),
        ((5, 4), Inherited("five", 5)),
        ((6, 5), Inherited("five", 5)),
        ((6, 5, 4), Inherited("five", 5)),
    ],
)
def test_of_several_teams_the_one_joined_first_decides_unless_nothing_is_set_for_it(
    teams: tuple[int, ...], expected: Inherited[str] | None
) -> None:
    assert inherited_in_teams(teams, PARENTS, {2: "two", 5: "five"}) == expected


@pytest.mark.parametrize(
    ("team", "expected"),
    [
        (1, {"lead": 1, "out-of-hours": 2}),
        (2, {"lead": 3, "deputy": 4, "out-of-hours": 2}),
        (3, {"lead": 3, "deputy": 4, "out-of-hours": 2}),
        (4, {"lead": 3, "deputy": 5, "out-of-hours": 2}),
        (5, {"lead": 1, "out-of-hours": 2}),
        (99, {"lead": 1, "out-of-hours": 2}),
    ],
)
def test_each_kind_of_contact_is_inherited_by_itself(team: int, expected: dict[str, int]) -> None:
    assert {kind: one.id for kind, one in team_contacts(team, DIRECTORY, GROUP.contacts).items()} == expected


@pytest.mark.parametrize(
    ("team", "expected"),
    [
        (1, None),
        (2, (2, "Oakfield School", "england", "school")),
        (3, (2, "Oakfield School", "england", "school")),
        (4, (4, "Year 1", "england", "school")),
        (5, (5, "Swansea", "wales", "residential")),
        (6, None),
        (99, None),
    ],
)
def test_a_site_is_the_nearest_team_with_contacts_or_a_nation(
    team: int, expected: tuple[int, str, Nation, str] | None
) -> None:
    found = site_of_team(team, DIRECTORY, GROUP)
    assert (found and (found.team_id, found.name, found.nation, found.pathway)) == expected


@pytest.mark.parametrize(
    ("teams", "title", "nation", "lead", "sites"),
    [
        ((), "Riverside Trust", "england", 1, ()),
        ((6,), "Riverside Trust", "england", 1, ()),
        ((3,), "Oakfield School", "england", 3, (2,)),
        ((6, 3), "Oakfield School", "england", 3, (2,)),
        ((3, 2), "Oakfield School", "england", 3, (2,)),
        ((3, 5), "Oakfield School", "wales", 3, (2, 5)),
        ((5, 3), "Oakfield School", "wales", 1, (5, 2)),
        ((3, 4), "Oakfield School", "england", 3, (2, 4)),
    ],
)
def test_what_holds_for_a_person_in_these_teams(
    teams: tuple[int, ...], title: str, nation: str, lead: int, sites: tuple[int, ...]
) -> None:
    found = organisation_for_teams(teams, DIRECTORY, GROUP)
    assert (found.name, found.nation, found.contacts["lead"].id) == (title, nation, lead)
    assert tuple(site.team_id for site in sites_of_teams(teams, DIRECTORY, GROUP)) == sites


def test_sites_are_listed_by_name_and_two_of_one_name_say_where_they_are() -> None:
    alike = SiteDirectory(
        {1: "North", 2: "South", 3: "Kitchen", 4: "Kitchen", 5: "Annexe"},
        {1: None, 2: None, 3: 1, 4: 2, 5: 1},
        {number: TeamSettings(contacts={"lead": contact(number, "lead", number)}) for number in (3, 4, 5)},
    )
    assert [site.name for site in all_sites(alike, GROUP)] == ["Annexe", "Kitchen (North)", "Kitchen (South)"]
    assert [site.name for site in all_sites(DIRECTORY, GROUP)] == ["Oakfield School", "Swansea", "Year 1"]
    assert all_sites(SiteDirectory(), GROUP) == ()


def test_what_a_team_inherits_is_told_with_the_place_where_it_is_set() -> None:
    found = inherited_settings(4, DIRECTORY, GROUP)
    assert found.title == ("Oakfield School", "Oakfield")
    assert found.nation == ("england", "Riverside Trust")
    assert {kind: (one.id, place) for kind, (one, place) in found.contacts.items()} == {
        "lead": (3, "Oakfield"),
        "deputy": (4, "Oakfield"),
        "out-of-hours": (2, "Riverside Trust"),
    }
    assert inherited_settings(1, DIRECTORY, GROUP).title == ("Riverside Trust", "Riverside Trust")


BY_NAME, OF_TWO = RecordedPathway("clubs"), RecordedPathway("school", 2)


@pytest.mark.parametrize(
    ("known", "teams", "expected"),
    [
        (RecordedPathway(), None, None),
        (RecordedPathway(), Inherited("school", 2), OF_TWO),
        (OF_TWO, Inherited("school", 2), None),
        (OF_TWO, Inherited("school", 5), RecordedPathway("school", 5)),
        (OF_TWO, Inherited("residential", 2), RecordedPathway("residential", 2)),
        (OF_TWO, None, RecordedPathway()),
        (BY_NAME, Inherited("school", 2), None),
        (BY_NAME, None, None),
    ],
)
def test_what_was_chosen_for_somebody_stays_and_otherwise_the_team_decides(
    known: RecordedPathway, teams: Inherited[str] | None, expected: RecordedPathway | None
) -> None:
    assert pathway_to_record(known, teams) == expected
