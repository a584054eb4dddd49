"""Two teams, and people with a role of each kind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flask import Flask
from sqlalchemy.orm import Session

from course.clock import now
from course.context import make_context
from course.people.actions import grant_role
from course.people.models import Person, Team
from course.people.queries import viewers
from course.people.rules import Viewer
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client
from tests.support.days import this_day

ZONE = "Europe/London"


def soon() -> date:
    """The last day of what somebody is given."""
    return this_day(30)


@dataclass
class House:
    """Two teams below one top. Priya manages Seals, in which Kim is; Bo is in Otters. Alex is an administrator, Hal is
    HR, and Nell audits what `audits` says."""

    session: Session
    app: Flask
    teams: dict[str, Team]
    people: dict[str, Person]

    def client(self, name: str) -> Client:
        return sign_in(Client(self.app), self.people[name])

    def give(self, name: str, role: str, team: str | None = None, last_day: date | None = None) -> None:
        team_id = self.teams[team].id if team else None
        context = make_context(self.session, self.people["Alex"].id, now())
        assert grant_role(context, self.people[name].id, role, team_id, last_day) is None
        self.session.commit()

    def viewer(self, name: str) -> Viewer:
        number = self.people[name].id
        return viewers(self.session, [number], this_day())[number]

    def names(self, ids: list[int]) -> set[str]:
        return {name for name, person in self.people.items() if person.id in ids}


def make_house(app: Flask, session: Session) -> House:
    top = make_team(session, "Top")
    teams = {"Top": top, "Seals": make_team(session, "Seals", top), "Otters": make_team(session, "Otters", top)}
    people = {
        "Priya": make_person(session, "Priya Nair", "priya@example.org", "manager", teams["Seals"]),
        "Kim": make_person(session, "Kim Else", "kim@example.org", team=teams["Seals"]),
        "Bo": make_person(session, "Bo Marsh", "bo@example.org", team=teams["Otters"]),
        "Alex": make_person(session, "Alex Morgan", "alex@example.org", "administrator"),
        "Hal": make_person(session, "Hal Frost", "hal@example.org", "hr", teams["Otters"]),
        "Nell": make_person(session, "Nell Archer", "nell@example.org"),
    }
    return House(session, app, teams, people)
