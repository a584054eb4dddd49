"""The table by team, the one-line answer, and the certificate that counts for a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from course.evidence.pdf import answer
from course.evidence.rules.tables import PackCompletion, PackPerson, certificate_text, newest_completions
from course.evidence.rules.teams import NO_TEAM, PackTeam, team_lines, teams_table
from course.recertification.rules.certification_status import DUE_SOON, NOT_REQUIRED, NOT_YET_DUE, OVERDUE, PAUSED
from course.reports.queries import CertificateFact, certificate_until
from tests.evidence.makers import DAY, pack_person

TOP, EAST, WEST, SITE = (
    PackTeam(1, "Trust", None, ("Ann Hill",)),
    PackTeam(2, "East", 1),
    PackTeam(3, "West", 1),
    PackTeam(4, "Site", 3),
)
TEAMS = [SITE, WEST, EAST, TOP]


def test_each_team_counts_all_below_it_and_each_person_once() -> None:
    people = [
        pack_person(1, (2,)), pack_person(2, (2, 4)), pack_person(3, (4,), OVERDUE), pack_person(4, (3,), NOT_REQUIRED),
        pack_person(5, (4,), DUE_SOON),
    ]  # fmt: skip
    lines = {line.name: line for line in team_lines(people, TEAMS)}
    counted = {
        name: (line.people, line.required, line.valid, line.overdue, line.due_soon) for name, line in lines.items()
    }
    assert counted == {
        "Trust": (5, 4, 3, 1, 1),
        "East": (2, 2, 2, 0, 0),
        "West": (4, 3, 2, 1, 1),
        "Site": (3, 3, 2, 1, 1),
    }
    assert lines["Site"].path == "Trust › West › Site"
    assert [(line.name, line.level) for line in lines.values()] == [("Trust", 0), ("West", 1), ("Site", 2), ("East", 1)]
    table = teams_table(lines.values())
    assert table[1][:4] == ["Trust", "Trust", 0, "Ann Hill"]


def test_only_all_are_a_hundred_per_cent_and_a_team_without_anyone_to_train_has_none() -> None:
    people = [*(pack_person(number, (2,)) for number in range(199)), pack_person(200, (2,), OVERDUE)]
    (line,) = team_lines([*people, pack_person(201, (3,), NOT_REQUIRED), pack_person(202, (2,), PAUSED)], [EAST, WEST])[
        :1
    ]
    assert (line.name, line.valid, line.required, line.percent) == ("East", 199, 200, 99)
    last = team_lines([pack_person(1, (3,), NOT_REQUIRED)], [WEST])[0]
    assert (last.percent, teams_table([last])[1][7]) == (None, "")


def test_of_teams_with_one_share_the_one_with_more_overdue_comes_first_then_the_name() -> None:
    teams = [PackTeam(number, name, None) for number, name in enumerate(("Oak", "Elm", "Ash"), 1)]
    people = [pack_person(1, (1,), OVERDUE), pack_person(2, (2,), NOT_YET_DUE), pack_person(3, (3,), NOT_YET_DUE)]
    people = [replace(one, line=replace(one.line, valid_until=None)) for one in people]
    assert [line.name for line in team_lines(people, teams)] == ["Oak", "Ash", "Elm"]


def test_people_of_no_team_of_the_pack_come_last_and_a_parent_outside_it_does_not_count() -> None:
    people = [pack_person(1, (4,)), pack_person(2, ()), pack_person(3, (99,))]
    assert [(line.name, line.level, line.people) for line in team_lines(people, [SITE])] == [
        ("Site", 0, 1),
        (NO_TEAM, 0, 2),
    ]


@pytest.mark.parametrize(
    ("people", "words"),
    [
        ([], "On 1 March 2026, no one had to train."),
        ([pack_person(1, (), NOT_REQUIRED)], "On 1 March 2026, no one had to train."),
        ([pack_person(1)], "the only person who had to train held a valid certificate. No one was overdue."),
        ([pack_person(1), pack_person(2)], "all 2 people who had to train held a valid certificate."),
        ([pack_person(1, (), OVERDUE)], "the only person who had to train did not hold a valid certificate. 1 person was overdue."),
        (
            [pack_person(1), pack_person(2), pack_person(3, (), OVERDUE)],
            "On 1 March 2026, 2 of the 3 people who had to train (67 %) held a valid certificate. 1 person was overdue.",
        ),
    ],
)  # fmt: skip
def test_the_answer_is_one_sentence(people: list[PackPerson], words: str) -> None:
    assert words in answer(people, DAY)


FIRST = PackCompletion(1, "initial", date(2024, 2, 1), "AAAA", date(2025, 2, 1), "1", "abc", "", None)


@pytest.mark.parametrize(
    ("completions", "counted"),
    [
        ([FIRST, replace(FIRST, number="BBBB", valid_until=date(2026, 2, 1))], "BBBB"),
        ([replace(FIRST, number="BBBB", change="replaced"), replace(FIRST, number="CCCC")], "CCCC"),
        ([FIRST, replace(FIRST, kind="update", number="", valid_until=None, day=date(2025, 1, 1))], "AAAA"),
        ([replace(FIRST, kind="brought", number="Elm Trust")], "From elsewhere: Elm Trust"),
        ([replace(FIRST, change="revoked")], ""),
    ],
)
def test_the_certificate_that_runs_longest_and_was_not_taken_back_counts(
    completions: list[PackCompletion], counted: str
) -> None:
    assert certificate_text(newest_completions(completions).get(1)) == counted


@pytest.mark.parametrize(
    ("stated", "chosen"),
    [
        ((date(2025, 2, 1), date(2026, 3, 1), None), 1),
        # Of one that states no last day it was worked out; another one says itself that it ends on another day.
        ((None, date(2025, 6, 1)), 0),
        ((date(2025, 2, 1), None, None, date(2025, 6, 1)), 2),
        ((date(2025, 2, 1), date(2025, 6, 1)), 1),
    ],
)
def test_packs_and_files_name_the_certificate_to_which_the_last_day_belongs(
    stated: tuple[date | None, ...], chosen: int
) -> None:
    last_day = date(2026, 3, 1)
    days = [date(2024, 2, number) for number in range(1, len(stated) + 1)]
    completions = [
        replace(FIRST, kind="brought", day=day, valid_until=until) for day, until in zip(days, stated, strict=True)
    ]
    facts = [CertificateFact("", day, until) for day, until in zip(days, stated, strict=True)]
    named, in_file = newest_completions(completions, {1: last_day})[1], certificate_until(facts, last_day)
    assert (named.day, in_file and in_file.completed_on) == (days[chosen], days[chosen])
