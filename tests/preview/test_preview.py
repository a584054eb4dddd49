"""The preview of the course for any pathway; nothing is recorded."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.content.library import Library
from course.content.schema import NATIONS, SETTINGS, Scenario
from course.db import Base
from course.learning.rules.branching import run_state
from course.models import MODEL_CLASSES
from tests.makers import make_person, sign_in
from tests.pages import Client

pytestmark = pytest.mark.both_engines

MODULE = "responding"
NOTICE = "Preview: nothing is recorded"


def whole(app: Flask) -> Library:
    library: Library = app.extensions["course"].library
    return library


def rows(session: Session) -> dict[str, int]:
    assert MODEL_CLASSES
    session.expire_all()
    tables = Base.metadata.sorted_tables
    return {t.name: session.execute(select(func.count()).select_from(t)).scalar_one() for t in tables}


def worst_way(scenario: Scenario) -> list[str]:
    """The choices of a run that always takes the last open choice, and the recommended one in each repair."""
    decisions: list[tuple[str, str]] = []
    while (state := run_state(scenario, decisions)).scene is not None:
        choice = state.scene.best if state.ending else state.open_choices[-1]
        decisions.append((state.scene.id, choice.id))
    return [choice for _, choice in decisions]


def test_a_whole_module_leaves_no_row_in_any_pathway(app: Flask, session: Session, client: Client) -> None:
    sign_in(client, make_person(session, role="administrator"))
    before = rows(session)
    assert client.get("/preview?pathway=school&nation=wales", 303).location == "/preview/school/wales"
    for number, pathway in enumerate(SETTINGS):
        base = f"/preview/{pathway}/{list(NATIONS)[number % len(NATIONS)]}"
        module = whole(app).for_(pathway, list(NATIONS)[number % len(NATIONS)]).modules[MODULE]
        addresses = ["", f"/{MODULE}", *(f"/{MODULE}/{step.id}" for step in module.steps), f"/{MODULE}/check"]
        for step in module.steps:
            if step.kind == "scenario":
                way = worst_way(module.scenarios[step.id])
                addresses += [f"/{MODULE}/{step.id}?way={'.'.join(way[:n])}" for n in range(1, len(way) + 1)]
        for address in addresses:
            # Each page is checked as a page once; the other pathways differ in words.
            text = client.get(base + address).text if number == 0 else client.flask.get(base + address).text
            assert NOTICE in text, address
            assert client.flask.post(base + address, data={"csrf_token": "x"}).status_code in (400, 405)
    assert rows(session) == before


def test_each_pathway_reads_its_own_pages_and_stays_in_the_preview(
    app: Flask, session: Session, client: Client
) -> None:
    sign_in(client, make_person(session, role="administrator"))
    for pathway in SETTINGS:
        module = whole(app).for_(pathway, "scotland").modules[MODULE]
        page = client.get(f"/preview/{pathway}/scotland/{MODULE}")
        assert [step.title in page.text for step in module.steps] == [True] * len(module.steps)
    linking = [
        (module.id, found.id)
        for module in whole(app).for_("school", "england").modules.values()
        for found in module.pages.values()
        if any('href="/module/' in block.html for block in found.blocks)
    ]
    for module_id, page_id in linking[:2]:
        html = client.get(f"/preview/school/england/{module_id}/{page_id}").html
        main = html[html.index("<main") :]
        assert not re.search('href="/module/', main)
        assert 'href="/preview/school/england/' in main


def test_an_unknown_preview_address_is_not_found(app: Flask, session: Session, client: Client) -> None:
    sign_in(client, make_person(session, role="administrator"))
    scenario = next(
        step for step in whole(app).for_("school", "england").modules[MODULE].steps if step.kind == "scenario"
    )
    base = f"/preview/school/england/{MODULE}"
    for address in (f"{base}/{scenario.id}?way=no", f"{base}/nothing", "/preview/school/france", "/preview/x/wales",
                    "/preview/school/wales/nothing", "/preview?pathway=x"):  # fmt: skip
        client.get(address, 404)
