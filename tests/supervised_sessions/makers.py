"""A manager, their people, a session today, and the browser of its room."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flask import Flask
from sqlalchemy.orm import Session

from course.clock import now
from course.people.models import Person, Team
from tests.makers import PASSWORD, make_person, make_team, sign_in
from tests.pages import Client, Page

TODAY = now().date().isoformat()
PLACE = "Dining hall"


class RoomBrowser(Client):
    """The shared device: its token comes from the page of the room, or of whoever sits there."""

    def token(self) -> str:
        state = self._session()
        if self._token is not None and self._token[0] == state:
            return self._token[1]
        for path in ("/room/part", "/room"):
            match = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.flask.get(path).get_data(as_text=True))
            if match:
                self._token = (self._session(), match[1])
                return match[1]
        raise AssertionError("no page with a form was found")

    def _session(self) -> tuple[tuple[str, str], ...]:
        # When the person was last seen changes with every page, and the token does not.
        return tuple(one for one in super()._session() if one[0] != "seen")


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
        form = {"part": part, "place": PLACE, "held_on": TODAY, "person": [str(self.sam.id), str(self.kim.id)]}
        return manager.post("/supervised/new", form).location

    def codes(self, address: str, manager: Client | None = None) -> dict[str, str]:
        """Print the attendance sheet: the codes on it, by name."""
        return codes_on((manager or self.manager()).post(f"{address}/codes", {}, 200))

    def room(self, address: str) -> RoomBrowser:
        """Open a room of the session in another browser of the manager's."""
        browser = RoomBrowser(self.app)
        browser.flask.post("/sign-in", data=_sign_in_form(browser, self.alex))
        page = browser.get(address)
        form = next(form for form in page.all("form") if form.get("action") == f"{address}/room")
        token = next(field.get("value", "") for field in form.iter("input") if field.get("name") == "csrf_token")
        assert browser.flask.post(f"{address}/room", data={"csrf_token": token}).location == "/room"
        return browser


def _sign_in_form(browser: Client, person: Person) -> dict[str, str]:
    return {**browser.get("/sign-in").fields(), "email": person.email, "password": PASSWORD}


def codes_on(sheet: Page) -> dict[str, str]:
    """The codes on an attendance sheet, by name."""
    rows = [[" ".join("".join(cell.itertext()).split()) for cell in row.iter("td")] for row in sheet.all("tr")]
    return {row[0]: row[1] for row in rows if len(row) == 3}


def make_hall(app: Flask, session: Session) -> Hall:
    team = make_team(session, "Kitchen")
    alex = make_person(session, "Alex Morgan", "alex@example.org", "manager", team)
    sam = make_person(session, team=team)
    kim = make_person(session, "Kim Else", "kim@example.org", team=team, password=None)
    return Hall(app, team, alex, sam, kim)


def enter(browser: Client, code: str, status: int = 303) -> Page:
    """Enter a code on the page of the room."""
    return browser.post("/room", {"code": code}, status)
