"""Random histories in stored rows: people of several teams, and the facts recorded about them day by day."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from sqlalchemy import update
from sqlalchemy.orm import Session

from course.learning.models import Completion, Enrolment
from course.organisation.models import Organisation
from course.people.actions import add_team, choose_pathway, record_departure, record_return
from course.people.models import Person, Team
from course.recertification import actions, queries
from course.recertification.rules import Policy
from tests.makers import make_organisation, make_person

ZONE = "Europe/London"
DAYS = 900  # so long ago the first of them came

Event = tuple[str, int, int]  # what happened, how many days after somebody came here, and a number that it needs
KINDS = ("course", "refresher", "begun", "brought", "brought until", "more time", "leave", "open leave", "left", "back",
         "moved", "taken back")  # fmt: skip
events = st.tuples(st.sampled_from(KINDS), st.integers(0, DAYS), st.integers(1, 400))
people = st.lists(st.tuples(st.integers(0, DAYS), st.lists(events, max_size=5)), min_size=2, max_size=6)
rules = st.lists(
    st.tuples(st.integers(1, DAYS), st.sampled_from([6, 12, 24, 36]), st.sampled_from([7, 30, 60]),
              st.sampled_from(["now", "from the next renewal"]), st.sampled_from([None, "clubs"])),
    max_size=2,
)  # fmt: skip
Lives = list[tuple[int, list[Event]]]
Rules = list[tuple[int, int, int, str, str | None]]


def ten_o_clock(day: date) -> datetime:
    return datetime.combine(day, time(10), ZoneInfo(ZONE))


class Story:
    """Writes the histories down; `last` is the last day on which anything may happen."""

    def __init__(self, session: Session, last: date) -> None:
        self.session, self.last = session, last
        self.first = last - timedelta(days=DAYS)

    def tell(self, lives: Lives, versions: Rules) -> tuple[Person, list[Team]]:
        """The manager of all the teams, and the teams."""
        make_organisation(self.session)
        begun = ten_o_clock(self.first - timedelta(days=1))
        self.session.execute(update(Organisation).values(set_up_at=begun))
        region = add_team(self.session, "Region", None, begun)
        below = [add_team(self.session, name, region.id, begun) for name in ("North", "South")]
        self.teams = teams = [region, *below]
        manager = make_person(self.session, "Priya Nair", "priya@example.org", "manager", region, at=begun)
        for when, months, window, applies, pathway in versions:
            day = self.first + timedelta(days=when)
            rule = Policy(day, period_months=months, window_days=window, applies=applies, pathway=pathway)
            actions.add_policy_version(self.session, rule, day, "why", None, ten_o_clock(day))
        for number, (came, happened) in enumerate(lives):
            start = self.first + timedelta(days=came)
            person = make_person(
                self.session, f"Person {number}", f"p{number}@example.org", team=teams[number % 3], password=None,
                at=ten_o_clock(start),
            )  # fmt: skip
            for kind, after, size in sorted(happened, key=lambda one: one[1]):
                day = start + timedelta(days=after)
                if day <= self.last:
                    self._happens(person.id, kind, day, size)
        self.session.commit()
        return manager, teams

    def _happens(self, person: int, kind: str, day: date, size: int) -> None:
        write: dict[str, Callable[[], object]] = {
            "course": lambda: self._enrolment(person, "initial", day, True),
            "refresher": lambda: self._enrolment(person, "refresher", day, True),
            "begun": lambda: self._enrolment(person, "refresher", day, False),
            "brought": lambda: self._bring(person, day, size, False),
            "brought until": lambda: self._bring(person, day, size, True),
            "more time": lambda: actions.grant_extension(
                self.session, person, day + timedelta(days=size), "ill", day, None, ten_o_clock(day)
            ),
            "leave": lambda: self._leave(person, day, day + timedelta(days=size)),
            "open leave": lambda: self._leave(person, day, None),
            "left": lambda: record_departure(self.session, person, day, "moved", ZONE, None, ten_o_clock(day)),
            "back": lambda: record_return(
                self.session,
                person,
                day + timedelta(days=size % 40),
                self.teams[size % 3].id,
                "back",
                ZONE,
                None,
                ten_o_clock(day),
            ),
            "moved": lambda: choose_pathway(self.session, [person], "clubs", "volunteer", None, ten_o_clock(day)),
            "taken back": lambda: self._take_back(person, day),
        }
        with suppress(ValueError):  # a page would refuse it: more time than the rule allows, a leave that cannot be
            write[kind]()

    def _enrolment(self, person: int, kind: str, day: date, done: bool) -> None:
        row = Enrolment(person_id=person, kind=kind, opened_at=ten_o_clock(day) - timedelta(hours=1))
        self.session.add(row)
        self.session.flush()
        if done:
            made = Completion(enrolment_id=row.id, completed_at=ten_o_clock(day), content_version="v", edition="1")
            self.session.add(made)

    def _bring(self, person: int, day: date, size: int, states: bool) -> None:
        done = day - timedelta(days=size)
        until = done + timedelta(days=min(180, size)) if states else None
        actions.import_completion(
            self.session, person, done, until, "Harbour Trust", "initial", "seen", day, None, ten_o_clock(day)
        )

    def _leave(self, person: int, day: date, until: date | None) -> None:
        actions.record_pause(self.session, person, day, until, 14, "leave", day, None, ten_o_clock(day))

    def _take_back(self, person: int, day: date) -> None:
        for what, ids in queries.open_facts(self.session, person).items():
            for one in sorted(ids)[:1]:
                actions.withdraw_fact(self.session, person, what, one, "a mistake", day, None, ten_o_clock(day))
