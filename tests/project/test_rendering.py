"""Templates show what views read: no statement is sent while one is rendered, in any test (see tests/conftest.py)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask, render_template_string
from sqlalchemy.orm import Session

from course.people.queries import administrators
from course.web.unit_of_work import db
from tests.makers import make_person, sign_in
from tests.pages import Client
from tests.support.asked import asked
from tests.support.rendering import StatementsWhileRendering

ON_EVERY_PAGE = {"course.organisation.views.page_context"}  # the head and foot


def test_only_the_frame_of_a_page_comes_from_a_context_processor(prepared: Flask) -> None:
    found = [function for functions in prepared.template_context_processors.values() for function in functions]
    assert {f"{one.__module__}.{one.__name__}" for one in found if one.__module__.startswith("course")} == ON_EVERY_PAGE


def test_the_frame_asks_for_nothing_that_the_request_has_read(
    app: Flask, session: Session, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(client, make_person(session, "Ada Vale", "ada@example.org", "administrator"))
    client.get("/people/add")  # The organisation is in memory from now on.
    counts, update = [], app.update_template_context

    def counted(context: dict[str, Any]) -> None:
        with asked(app) as statements:
            update(context)
        counts.append(len(statements))

    monkeypatch.setattr(app, "update_template_context", counted)
    assert client.get("/people/add").status == 200
    assert counts == [0]


@pytest.mark.parametrize(
    "template", ["{{ ask() }}", "{% for one in ask() %}{{ one }}{% endfor %}", "{{ page.people }}"]
)
def test_a_statement_of_a_template_is_noticed(
    app: Flask, session: Session, rendering: StatementsWhileRendering, template: str
) -> None:
    make_person(session, "Ada Vale", "ada@example.org", "administrator")

    class Page(SimpleNamespace):
        people = property(lambda _self: administrators(db()))

    with app.test_request_context("/concern"):
        render_template_string(template, ask=lambda: administrators(db()), page=Page())
    assert len(rendering.found) == 1
    assert "role_grant" in rendering.found[0]
    rendering.found.clear()


def test_what_a_view_reads_is_no_statement_of_a_template(app: Flask, rendering: StatementsWhileRendering) -> None:
    with app.test_request_context("/concern"), pytest.raises(ZeroDivisionError):
        render_template_string("{{ 1 / 0 }}")
    with app.test_request_context("/concern"):
        people = administrators(db())
        render_template_string("{{ people }}", people=people)
    assert rendering.found == []
