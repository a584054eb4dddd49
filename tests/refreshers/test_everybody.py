"""Where everybody stands whom a manager may see."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from sqlalchemy.orm import Session

from course.clock import now
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client
from tests.recall.makers import make_completed


def rows(page_html: str) -> list[str]:
    return [part.split("</a>")[0].rsplit(">", 1)[1] for part in page_html.split("<tr><td>")[1:]]


def test_case_14_the_list_shows_who_has_not_done_it_first_and_filters_by_state(
    app: Flask, session: Session, client: Client
) -> None:
    library = app.extensions["course"].library.for_("school", "england")
    make_completed(session, library, timedelta(days=60), email="done@example.org").name = "Done Early"
    make_completed(session, library, timedelta(days=400), email="late@example.org").name = "Long Ago"
    make_person(session, "New Here", "new@example.org", at=now())
    boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator", at=now())
    session.commit()
    sign_in(client, boss)
    page = client.get("/renewal/people")
    assert rows(page.html) == ["Long Ago", "Alex Morgan", "New Here", "Done Early"]
    assert "1 of 4 hold a valid certificate. 1 person is overdue." in page.text
    assert rows(client.get("/renewal/people?state=up-to-date").html) == ["Done Early"]
    assert rows(client.get("/renewal/people?state=expired").html) == ["Long Ago"]
    assert rows(client.get("/renewal/people?state=not-yet-due&q=NEW").html) == ["New Here"]
    assert "Nobody." in client.get("/renewal/people?state=paused").text
    assert len(rows(client.get("/renewal/people?state=nonsense&page=99").html)) == 4


def test_a_manager_sees_their_own_teams_and_nobody_else(session: Session, client: Client) -> None:
    team = make_team(session)
    manager = make_person(session, "Priya Nair", "priya@example.org", "manager", team, at=now())
    make_person(session, "Kim Else", "kim@example.org", team=team, at=now())
    make_person(session, "Far Away", "far@example.org", at=now())
    sign_in(client, manager)
    assert rows(client.get("/renewal/people").html) == ["Kim Else", "Priya Nair"]
