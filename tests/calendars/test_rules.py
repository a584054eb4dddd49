"""From certification status to events: which days there are, their texts, and that a calendar program can follow when
they move."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from course.calendars.rules import CalendarCourse, CalendarEvent, own_events, team_events
from course.recertification.rules import CertificationFacts, Extension, Pause
from tests.recertification.makers import RULE, Fact, again, at, d, done, plus, worker

COURSE = CalendarCourse("Online abuse", "https://training.example.org/")
HELD = worker(done("2026-02-12"))


def own(facts: CertificationFacts, day: str) -> list[CalendarEvent]:
    return own_events(7, at(facts, day), facts, [RULE], COURSE)


def team(facts: CertificationFacts, day: str) -> list[CalendarEvent]:
    return team_events(7, "Sam Okafor", at(facts, day), facts, [RULE], COURSE)


def due(facts: CertificationFacts, day: str) -> CalendarEvent:
    return own(facts, day)[0]


OUT: list[tuple[str, CertificationFacts, str, list[tuple[str, str]]]] = [
    ("nothing done yet", worker(since="2026-11-01"), "2026-11-22", [("Complete", "2026-11-29")]),
    ("held", HELD, "2026-11-22", [("Renew", "2027-02-12"), ("You can", str(at(HELD, "2026-11-22").window_opens))]),
    ("overdue: the day stays", HELD, "2027-03-01",
     [("Renew", "2027-02-12"), ("You can", str(at(HELD, "2026-11-22").window_opens))]),
    ("longer granted", plus(HELD, Extension(d("2027-01-10"), d("2027-03-31"), "illness")), "2027-01-11",
     [("Renew", "2027-03-31"), ("You can", str(at(HELD, "2026-11-22").window_opens)), ("Last day", "2027-02-12")]),
    ("on leave", plus(HELD, Pause(d("2026-11-01"), d("2027-04-30"), 14, "leave")), "2026-11-22", []),
    ("on leave without end", plus(HELD, Pause(d("2026-11-01"), None, 14, "leave")), "2026-11-22", []),
    ("back from leave", plus(HELD, Pause(d("2026-11-01"), d("2027-04-30"), 14, "leave")), "2027-05-01",
     [("Renew", "2027-05-14"), ("You can", str(at(HELD, "2026-11-22").window_opens)), ("Last day", "2027-02-12")]),
    ("has left", worker(done("2026-02-12"), end="2026-10-01"), "2026-11-22", []),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "day", "expected"), [row[1:] for row in OUT], ids=[row[0] for row in OUT])
def test_each_status_has_its_events(facts: CertificationFacts, day: str, expected: list[tuple[str, str]]) -> None:
    found = own(facts, day)
    assert [str(event.day) for event in found] == [when for _, when in expected]
    for event, (beginning, _) in zip(found, expected, strict=True):
        assert event.title.startswith(beginning)
        assert "Online abuse" in event.title


@pytest.mark.parametrize(("facts", "day", "expected"), [row[1:] for row in OUT], ids=[row[0] for row in OUT])
def test_a_team_feed_has_only_the_due_date(
    facts: CertificationFacts, day: str, expected: list[tuple[str, str]]
) -> None:
    found = team(facts, day)
    assert [str(event.day) for event in found] == [when for _, when in expected][:1]
    assert all(event.title == "Sam Okafor: training due, Online abuse" for event in found)


MOVES: list[tuple[str, Fact]] = [
    ("extension", Extension(d("2026-12-01"), d("2027-03-31"), "illness")),
    ("leave that has ended", Pause(d("2026-11-23"), d("2027-02-20"), 30, "illness", d("2026-11-23"))),
]


@pytest.mark.parametrize(("fact"), [fact for _, fact in MOVES], ids=[name for name, _ in MOVES])
def test_a_moved_date_keeps_its_uid_and_gets_a_higher_sequence(fact: Fact) -> None:
    before, after = due(HELD, "2026-11-22"), due(plus(HELD, fact), "2027-02-21")
    assert after.day > before.day
    assert after.uid == before.uid
    assert after.sequence > before.sequence
    assert after.changed > before.changed


def test_withdrawing_an_extension_raises_the_sequence_again() -> None:
    given = Extension(d("2026-12-01"), d("2027-03-31"), "illness")
    before = due(plus(HELD, given), "2026-12-20")
    after = due(plus(HELD, replace(given, withdrawn=d("2026-12-20"))), "2026-12-20")
    assert after.uid == before.uid
    assert after.sequence > before.sequence


def test_a_renewal_begins_another_event() -> None:
    before, after = due(HELD, "2027-02-01"), due(plus(HELD, again("2027-02-01")), "2027-02-01")
    assert after.day == date(2028, 2, 12)
    assert after.uid != before.uid


def test_the_passing_of_days_changes_nothing() -> None:
    assert own(HELD, "2026-11-22") == own(HELD, "2026-12-22") == own(HELD, "2027-03-22")


def test_each_kind_person_and_feed_has_its_own_uids() -> None:
    other = own_events(8, at(HELD, "2026-11-22"), HELD, [RULE], COURSE)
    events = [*own(HELD, "2026-11-22"), *other, *team(HELD, "2026-11-22")]
    assert len({event.uid for event in events}) == len(events) == 5


def test_no_event_contains_the_reason_of_a_pause_or_an_extension() -> None:
    facts = plus(
        HELD,
        Extension(d("2026-12-01"), d("2027-03-31"), "illness"),
        Pause(d("2026-03-01"), d("2026-04-01"), 5, "illness"),
    )
    for event in [*own(facts, "2026-12-02"), *team(facts, "2026-12-02")]:
        assert "illness" not in event.title + event.note
