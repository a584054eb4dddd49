"""Supplements to the lessons: scenarios of other pathways, the discussion sheet for a team, the first-hour card."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from course.clock import now
from course.content.library import Library
from course.content.schema import Nation, Setting
from course.context import make_context
from course.dates import format_date
from course.organisation.actions import confirm_contact
from course.people.actions import choose_pathway
from tests.conftest import NOW
from tests.makers import make_organisation, make_person, sign_in
from tests.pages import Client


def whole(app: Flask) -> Library:
    found = app.extensions["course"].library
    assert isinstance(found, Library)
    return found


def test_a_leader_reads_pages_that_others_do_not(session: Session, client: Client) -> None:
    person = make_person(session)
    sign_in(client, person)
    client.get("/module/what-reviews-tell-us/writing-the-policy", 404)
    choose_pathway(make_context(session, None, NOW), [person.id], "leaders", "")
    session.commit()
    client.get("/module/what-reviews-tell-us/writing-the-policy")


def test_the_nation_of_the_organisation_decides_what_a_page_says(session: Session, client: Client) -> None:
    make_organisation(session, nation="scotland")
    sign_in(client, make_person(session))
    text = client.get("/module/responding/what-the-law-asks").text
    assert "In Scotland" in text
    assert "In England" not in text


def test_a_scenario_of_another_pathway_can_be_walked_through(session: Session, client: Client) -> None:
    sign_in(client, make_person(session))
    assert "Stories from other people’s work" in client.get("/module/secret-contact").text
    assert client.post("/module/secret-contact/second-phone", {}).location.startswith("/run/")


def test_every_module_has_a_sheet_for_a_team_meeting(app: Flask, session: Session, client: Client) -> None:
    sign_in(client, make_person(session))
    for module in whole(app).modules.values():
        page = client.get(f"/module/{module.id}/discussion")
        sheet = whole(app).discussions[module.id]
        assert module.scenarios[sheet.scenario].title in page.text
        assert len([one for one in page.all("ol") if one.get("class") != "chat"]) == 2


def test_the_card_for_the_first_hour_needs_no_sign_in_and_names_our_contacts(session: Session, client: Client) -> None:
    assert "not filled in yet" in client.get("/first-hour").text
    make_organisation(session, nation="wales")
    context = make_context(session, None, now())
    confirm_contact(context, "lead", "Jo Fictional", "01632 960101", "")
    session.commit()
    text = client.get("/first-hour").text
    assert "Designated safeguarding person, Jo Fictional" in text
    assert f"Last confirmed on {format_date(context.today)}" in text


def test_further_learning_gives_the_status_of_each_of_the_15(client: Client) -> None:
    page = client.get("/further-learning")
    assert len([e for e in page.all("section") if "card" in e.get("class", "")]) == 15


def test_sources_shows_all_43_points_and_what_could_not_be_confirmed(app: Flask, client: Client) -> None:
    page = client.get("/sources")
    rows = {row.get("id") for row in page.all("tr")}
    assert set(whole(app).points) <= rows
    for source in whole(app).sources.values():
        assert (f"source-{source.id}" in rows) == (source.status != "open")
    assert "no one could confirm it" in page.text


@pytest.mark.parametrize(
    ("nation", "pathway", "title"),
    [
        ("england", "clubs", "designated safeguarding lead"),
        ("wales", "residential", "designated safeguarding person"),
        ("scotland", "school", "child protection coordinator"),
        ("scotland", "clubs", "safeguarding lead"),
        ("northern-ireland", "school", "designated teacher for child protection"),
        ("northern-ireland", "early-years", "safeguarding lead"),
    ],
)
def test_the_lead_has_the_title_of_the_nation_and_of_the_kind_of_organisation(
    app: Flask, nation: Nation, pathway: Setting, title: str
) -> None:
    assert whole(app).help.lead_term(nation, pathway) == title
