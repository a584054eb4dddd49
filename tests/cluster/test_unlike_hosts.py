"""A host that teaches other content than the others, as in the middle of an upgrade, is named."""

from __future__ import annotations

from flask import Flask

from course.clock import now
from course.server.actions import register_worker
from course.server.settings_check import own_settings, settings_warnings
from course.web.unit_of_work import unit_of_work
from tests.cluster.conftest import sessions
from tests.makers import make_person, sign_in
from tests.pages import Client


def test_a_host_with_other_content_is_named_at_the_start_of_another_and_on_the_page(shared: Flask) -> None:
    with shared.app_context(), unit_of_work() as session:
        register_worker(session, "serve on the first", now(), own_settings())
        register_worker(session, "serve on the second", now(), {**own_settings(), "CONTENT": "0123456789"})
    wanted = "serve on the second runs with other settings: CONTENT"
    with shared.app_context():
        assert settings_warnings(now()) == [f"{wanted}."]
    with sessions(shared)() as session:
        administrator = make_person(session, "Ada Admin", "ada@example.org", "administrator")
    page = sign_in(Client(shared), administrator).get("/system").text
    assert wanted in page
    assert "serve on the first runs" not in page
