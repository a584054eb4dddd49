"""Two different deeds about the same person or team, the second while the first is under way: both are done whole, or one is
refused. On PostgreSQL, whose writers do not wait for each other; each first deed is stopped where it used to be overtaken."""

from __future__ import annotations

from functools import partial

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.audit.models import AuditEntry
from course.clock import now
from course.context import make_context
from course.people.models import Membership, Person, RoleGrant, Team
from course.recertification.actions import record_pause
from course.recertification.models import RenewalExtension, RenewalPause
from course.recertification.rules import Pause
from course.web.unit_of_work import unit_of_work
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client
from tests.support.days import form_day, this_day
from tests.support.racing import overtaken

Deed = tuple[str, dict[str, str]]
MERGE: Deed = "/teams/{harbour}/merge", {"into": "{quay}", "reason": "one now"}
CLOSE: Deed = "/teams/{quay}/close", {"reason": "empty"}
LEAVE: Deed = "/people/{pat}/leave", {"last_day": "{day}", "reason": "moved"}
ADDED = {"name": "Ida Holm", "email": "ida{number}@example.org", "role": "learner", "pathway": ""}
ADD: Deed = "/people/add", {**ADDED, "team": "{quay}"}
MANAGE: Deed = "/people/{pat}/role", {"role": "manager", "team": "{quay}"}
OPEN_BELOW: Deed = "/people/teams/add", {"name": "Berth {number}", "parent": "{quay}"}
JOIN: Deed = "/people/{pat}/merge", {"other": "twin{number}@example.org", "keep": "first", "reason": "twice"}
END_ROLE: Deed = "/people/{pat}/role/{grant}/end", {}
END_PLACE: Deed = "/people/{pat}/teams/{bond}/end", {}
EXTEND: Deed = "/renewal/people/{pat}/extension", {"until": "{far}", "reason": "away"}
CODE: Deed = "/people/{pat}/code", {"sheet": "s{number}"}
ALEX_READS: Deed = "/people/{alex}/pathway", {"pathway": "clubs", "reason": "coaches"}
BO_READS: Deed = "/people/{bo}/pathway", {"pathway": "clubs", "reason": "coaches"}
NOT_AWAY: Deed = "/renewal/people/{pat}/leave/{leave}", {"reason": "never took place"}
SHOWN, DONE, REFUSED = 200, 303, 422
# The first deed, before which of its statements it is stopped, the second deed, and what both are answered.
CASES: list[tuple[Deed, str, Deed, list[int]]] = [
    # Who left, or lost a role or a place, had it in the other team from then on; or lost it twice; or one was told to wait.
    (MERGE, "UPDATE membership", LEAVE, [DONE, DONE]),
    (MERGE, "UPDATE role_grant", END_ROLE, [DONE, DONE]),
    (MERGE, "UPDATE membership", END_PLACE, [DONE, DONE]),
    (LEAVE, "UPDATE person", MERGE, [DONE, DONE]),
    (LEAVE, "UPDATE membership", MERGE, [DONE, DONE]),
    (END_ROLE, "UPDATE role_grant", LEAVE, [DONE, DONE]),
    (JOIN, "SELECT team.id", MERGE, [DONE, DONE]),
    # Somebody new, a manager or a team came into a team that was closed at this moment.
    (ADD, "INSERT INTO person", CLOSE, [DONE, REFUSED]),
    (CLOSE, "UPDATE team", (ADD[0], {**ADD[1], "name": "Eva Lind"}), [DONE, REFUSED]),
    (MANAGE, "INSERT INTO role_grant", CLOSE, [DONE, DONE]),
    (CLOSE, "UPDATE team", MANAGE, [DONE, REFUSED]),
    (OPEN_BELOW, "INSERT INTO team", CLOSE, [DONE, REFUSED]),
    (CLOSE, "UPDATE team", OPEN_BELOW, [DONE, REFUSED]),
    # Error 500 for who made a code, of whom the page would have said that they are left out.
    (LEAVE, "UPDATE person", CODE, [DONE, SHOWN]),
    # Two who change each other: what each recorded names its author, whom the other one had locked.
    (BO_READS, "INSERT INTO pathway_choice", ALEX_READS, [DONE, DONE]),
    # More time than the rule allows, because a leave that moved the due day was withdrawn at this moment; or error 500.
    (EXTEND, "SELECT person.id \nFROM person", NOT_AWAY, [REFUSED, DONE]),
]


class Office:
    """Two administrators at work; for each case Pat, who is in the team Harbour and manages it, a second entry of Pat, who is
    in it too, and the empty team Quay."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        with app.app_context(), unit_of_work() as session:
            bosses = [make_person(session, name, f"{name}@example.org", "administrator") for name in ("Alex", "Bo")]
        self.bosses = {"alex": bosses[0].id, "bo": bosses[1].id}
        self.windows = [sign_in(Client(app), boss) for boss in bosses]
        self.tokens = [window.token() for window in self.windows]

    def prepare(self, number: int) -> dict[str, object]:
        """New teams and a new person; what stands for them in a deed."""
        with self.app.app_context(), unit_of_work() as session:
            harbour, quay = make_team(session, f"Harbour {number}"), make_team(session, f"Quay {number}")
            pat = make_person(session, "Pat Hill", f"pat{number}@example.org", "manager", harbour, password=None)
            make_person(session, "P. Hill", f"twin{number}@example.org", team=harbour, password=None)
            names = {"number": number, "harbour": harbour.id, "quay": quay.id, "pat": pat.id, "day": form_day()}
            names |= self.bosses
            record_pause(make_context(session, None, now()), pat.id, Pause(this_day(), this_day(300), 14, "leave"))
            names["far"] = form_day(600)
            for name, table in (("bond", Membership), ("grant", RoleGrant), ("leave", RenewalPause)):
                row = select(table.id).where(table.person_id == pat.id)
                names[name] = session.execute(row).scalar_one()
            return names

    def send(self, window: int, deed: Deed, names: dict[str, object]) -> int:
        path, form = deed
        sent = {field: value.format_map(names) for field, value in form.items()}
        sent["csrf_token"] = self.tokens[window]
        return int(self.windows[window].flask.post(path.format_map(names), data=sent).status_code)


def impossible(session: Session, names: dict[str, object]) -> list[str]:
    """What cannot be: somebody in a closed team or with a role there, somebody who has left in a team or with a role, an open
    team below a closed one, or that Pat has more or less than the log says."""
    pat, teams = names["pat"], [names["harbour"], names["quay"]]
    closed = select(Team.id).where(Team.id.in_(teams), Team.closed_at.is_not(None))
    below = select(Team.name).where(Team.closed_at.is_(None), Team.parent_id.in_(closed))
    found = [f"{name} is below a closed team" for name in session.execute(below).scalars()]
    in_log = select(AuditEntry.what).where(AuditEntry.subject_kind == "person", AuditEntry.subject_id == pat)
    log = list(session.execute(in_log).scalars())
    gains = {Membership: {"person.added", "team.joined"}, RoleGrant: {"role.granted"}}
    for table, lost in ((Membership, "team.left"), (RoleGrant, "role.ended")):
        rows = select(Person.name).join(table, Person.id == table.person_id).where(table.until.is_(None))
        gone = Person.left_at.is_not(None) & (Person.id == pat)
        wrong = rows.where(table.team_id.in_(closed) | gone)
        found += [f"{name} has a {table.__tablename__}" for name in session.execute(wrong).scalars()]
        has = len(session.execute(rows.where(Person.id == pat)).all())
        if has != sum(what in gains[table] for what in log) - log.count(lost):
            found.append(f"the log says something else than {table.__tablename__}")
    if session.execute(select(RenewalExtension.id).where(RenewalExtension.person_id == pat)).first() is not None:
        found.append("more time than the rule allows")
    return found


@pytest.mark.parametrize("committed", ["postgresql"], indirect=True)
def test_a_deed_that_is_overtaken_by_another_leaves_nothing_that_cannot_be(committed: Flask) -> None:
    office, engine, wrong = Office(committed), committed.extensions["course"].engine, {}
    for number, (first, before, second, answers) in enumerate(CASES):
        names = office.prepare(number)
        deeds = [partial(office.send, window, deed, names) for window, deed in enumerate((first, second))]
        found = overtaken(engine, deeds[0], before, deeds[1])
        with committed.app_context(), unit_of_work() as session:
            left = impossible(session, names)
        if (found, left) != (answers, []):
            wrong[f"{first[0]} before {before}, {second[0]}"] = (found, left)
    assert wrong == {}
