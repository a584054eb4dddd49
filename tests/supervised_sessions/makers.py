"""A manager, their people, a session today, and the browser of its room."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask
from sqlalchemy.orm import Session

from course.auth.rules import token_hash
from course.clock import now
from course.people.models import Person, Team
from course.supervised_sessions.actions import code_hash
from course.supervised_sessions.models import (
    SupervisedAttendee,
    SupervisedCode,
    SupervisedRoom,
    SupervisedSession,
)
from tests.makers import PASSWORD, make_person, make_team, sign_in
from tests.pages import Client, Page, words
from tests.support.days import form_day, this_day

PLACE = "Dining hall"


@dataclass(frozen=True)
class Hall:
    """Alex manages a team with Sam and Kim in it; Kim has no password."""

    app: Flask
    team: Team
    alex: Person
    sam: Person
    kim: Person

    def manager(self) -> Client:
        """A browser in which Alex is signed in."""
        return sign_in(Client(self.app), self.alex)

    def plan(self, part: str = "module:responding", manager: Client | None = None) -> str:
        """Plan a session for both, today; its address."""
        manager = manager or self.manager()
        form = {
            "part": part,
            "place": PLACE,
            "held_on": form_day(),
            "person": [str(self.sam.id), str(self.kim.id)],
        }
        return manager.post("/supervised/new", form).location

    def codes(self, address: str, manager: Client | None = None) -> dict[str, str]:
        """Print the attendance sheet: the codes on it, by name."""
        return codes_on((manager or self.manager()).post(f"{address}/codes", {}, 200))

    def room(self, address: str) -> Client:
        """Open a room of the session in another browser of the manager's."""
        browser = Client(self.app)
        browser.flask.post("/sign-in", data=_sign_in_form(browser, self.alex))
        page = browser.get(address)
        form = next(form for form in page.all("form") if form.get("action") == f"{address}/room")
        token = next(field.get("value", "") for field in form.iter("input") if field.get("name") == "csrf_token")
        assert browser.flask.post(f"{address}/room", data={"csrf_token": token}).location == "/room"
        return browser


def _sign_in_form(browser: Client, person: Person) -> dict[str, str]:
    return {**browser.get("/sign-in").fields(), "email": person.email or "", "password": PASSWORD}


def codes_on(sheet: Page) -> dict[str, str]:
    """The codes on an attendance sheet, by name."""
    strips = [
        (words(next(iter(strip))), words(strip.find("b"))) for strip in sheet.all("li") if strip.find("b") is not None
    ]
    names = [words(row.find("td")) for row in sheet.all("tr") if row.find("td") is not None]
    return {
        next(name for name in names if strip.startswith(name)): code for strip, code in strips if code[:1].isdigit()
    }


def make_hall(app: Flask, session: Session) -> Hall:
    team = make_team(session, "Kitchen")
    alex = make_person(session, "Alex Morgan", "alex@example.org", "manager", team)
    sam = make_person(session, team=team)
    kim = make_person(session, "Kim Else", "kim@example.org", team=team, password=None)
    return Hall(app, team, alex, sam, kim)


def seat(app: Flask, session: Session, manager: Person, person: Person) -> tuple[str, str]:
    """A room that is open for a person: its token, and their code. Made of rows, so that the log says nothing of it."""
    held = SupervisedSession(
        kind="module", ref="responding", place=PLACE, held_on=this_day(), made_by=manager.id, made_at=now()
    )
    session.add(held)
    session.flush()
    attendee = SupervisedAttendee(session_id=held.id, person_id=person.id, added_at=now())
    session.add(attendee)
    session.flush()
    hashed = code_hash(app.config["SECRET_KEY"], held.id, "483920")
    session.add(SupervisedCode(attendee_id=attendee.id, code_hash=hashed, made_at=now()))
    session.add(SupervisedRoom(session_id=held.id, token_hash=token_hash("a-room"), made_by=manager.id, made_at=now()))
    session.commit()
    return "a-room", "483 920"


def enter(browser: Client, code: str, status: int = 303) -> Page:
    """Enter a code on the page of the room."""
    return browser.post("/room", {"code": code}, status)
