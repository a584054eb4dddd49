"""How the pages of the course are sent: what a browser may keep, whether they are valid, and how many bytes they take."""

from __future__ import annotations

import gzip

import pytest

from course.content.library import Library
from tests.pages import Client
from tests.walking import Learner


@pytest.mark.both_engines
def test_the_browser_does_not_store_personal_pages_and_revalidates_public_ones(learner: Learner) -> None:
    page = learner.client.get("/module/secret-contact/why-contact-is-supervised")
    assert page.headers["Cache-Control"] == "no-store"
    assert "ETag" not in page.headers
    visitor = Client(learner.client.app)
    public = visitor.get("/accessibility")
    assert public.headers["Cache-Control"] == "private, no-cache"
    again = visitor.get("/accessibility", 304, headers={"If-None-Match": public.headers["ETag"]})
    assert again.body == b""


def test_every_page_of_the_course_is_valid_and_accessible(learner: Learner, library: Library) -> None:
    for module in library.modules.values():
        learner.client.get(f"/module/{module.id}")
        for step in (*(s.id for s in module.steps), "check"):
            learner.client.get(f"/module/{module.id}/{step}")
    for path in ("/record", "/certificate", "/assessment", "/sources", "/privacy", "/accessibility", "/concern", "/me"):
        learner.client.get(path)


def test_a_page_is_sent_compressed_to_browsers_that_accept_it(learner: Learner) -> None:
    path = "/module/secret-contact/why-contact-is-supervised"
    plain = learner.client.get(path)
    packed = learner.client.flask.get(path, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.get_data()) == plain.body
    assert "Accept-Encoding" in packed.headers["Vary"]
    asked = learner.client.flask.get(path + "?kept=1", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in asked.headers
