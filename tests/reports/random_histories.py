"""Random histories in stored rows: people of several teams, and the facts recorded about them day by day."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from sqlalchemy import update
from sqlalchemy.orm import Session

from course.context import make_context
from course.learning.models import Completion, Enrolment
from course.organisation.models import Organisation
from course.people.actions import add_team, choose_pathway, record_departure, record_return
from course.people.models import Person, Team
from course.recertification import actions, queries
from course.recertification.rules import Policy
from course.recertification.rules.facts import ExternalCompletion, Pause
from tests.makers import make_organisation, make_person

ZONE = "Europe/London"
DAYS = 900  # so long ago the first of them came

Event = tuple[str, int, int]  # what happened, how many days after somebody came here, and a number that it needs
KINDS = ("course", "refresher", "begun", "brought", "brought until", "more time", "leave", "open leave", "left", "will leave",
         "back", "moved", "taken back")  # fmt: skip
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


class HistoryRecorder:
    """Records the histories in the database; `last` is the last day on which a fact may be recorded."""

    def __init__(self, session: Session, last: date) -> None:
        self.session, self.last = session, last
        self.first = last - timedelta(days=DAYS)

    def record(self, lives: Lives, versions: Rules) -> tuple[Person, list[Team]]:
        """Record the histories; returns the manager of all the teams, and the teams."""
        make_organisation(self.session)
        set_up_at = ten_o_clock(self.first - timedelta(days=1))
        self.session.execute(update(Organisation).values(set_up_at=set_up_at))
        region = add_team(make_context(self.session, None, set_up_at), "Region", None)
        subteams = [
            add_team(make_context(self.session, None, set_up_at), name, region.id) for name in ("North", "South")
        ]
        self.teams = teams = [region, *subteams]
        manager = make_person(self.session, "Priya Nair", "priya@example.org", "manager", region, at=set_up_at)
        for when, months, window, applies, pathway in versions:
            day = self.first + timedelta(days=when)
            policy = Policy(day, period_months=months, window_days=window, applies=applies, pathway=pathway)
            actions.add_policy_version(make_context(self.session, None, ten_o_clock(day)), policy, "why")
        for number, (first_day, happenings) in enumerate(lives):
            start = self.first + timedelta(days=first_day)
            person = make_person(
                self.session, f"Person {number}", f"p{number}@example.org", team=teams[number % 3], password=None,
                at=ten_o_clock(start),
            )  # fmt: skip
            for kind, after, size in sorted(happenings, key=lambda one: one[1]):
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
                make_context(self.session, None, ten_o_clock(day)), person, day + timedelta(days=size), "ill"
            ),
            "leave": lambda: self._leave(person, day, day + timedelta(days=size)),
            "open leave": lambda: self._leave(person, day, None),
            "left": lambda: record_departure(make_context(self.session, None, ten_o_clock(day)), person, day, "moved"),
            "will leave": lambda: record_departure(
                make_context(self.session, None, ten_o_clock(day)), person, day + timedelta(days=size), "moves"
            ),
            "back": lambda: record_return(
                make_context(self.session, None, ten_o_clock(day)),
                person,
                day + timedelta(days=size % 40),
                self.teams[size % 3].id,
                "back",
            ),
            "moved": lambda: choose_pathway(
                make_context(self.session, None, ten_o_clock(day)), [person], "clubs", "volunteer"
            ),
            "taken back": lambda: self._take_back(person, day),
        }
        with suppress(
            ValueError
        ):  # a page would refuse it as well: an extension beyond the limit, a leave that ends before it begins
            write[kind]()

    def _enrolment(self, person: int, kind: str, day: date, is_completed: bool) -> None:
        row = Enrolment(person_id=person, kind=kind, opened_at=ten_o_clock(day) - timedelta(hours=1))
        self.session.add(row)
        self.session.flush()
        if is_completed:
            completion = Completion(
                enrolment_id=row.id, completed_at=ten_o_clock(day), content_version="v", edition="1"
            )
            self.session.add(completion)

    def _bring(self, person: int, day: date, size: int, states_last_day: bool) -> None:
        completed_on = day - timedelta(days=size)
        until = completed_on + timedelta(days=min(180, size)) if states_last_day else None
        actions.import_completion(
            make_context(self.session, None, ten_o_clock(day)),
            person,
            ExternalCompletion(completed_on, until, "Harbour Trust", "initial"),
            "seen",
        )

    def _leave(self, person: int, day: date, until: date | None) -> None:
        actions.record_pause(make_context(self.session, None, ten_o_clock(day)), person, Pause(day, until, 14, "leave"))

    def _take_back(self, person: int, day: date) -> None:
        for kind, ids in queries.open_facts(self.session, person).items():
            for fact_id in sorted(ids)[:1]:
                actions.withdraw_fact(
                    make_context(self.session, None, ten_o_clock(day)), person, kind, fact_id, "a mistake"
                )
