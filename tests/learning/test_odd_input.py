"""What no page of the course sends is refused with a message, or kept as it is, and nothing breaks."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from course.learning.models import Answer, Decision
from tests.support.rows import count
from tests.walking import Learner


@pytest.mark.parametrize("path", ["/attempt/9999999999999999999999", "/run/9999999999999999999999/debrief", "/attempt/x",
                                  "/attempt/1/99999999999999999999", "/record/page/99999999999999999999"])  # fmt: skip
def test_numbers_that_cannot_be_ids_are_not_found(learner: Learner, path: str) -> None:
    learner.client.get(path, 404)


@pytest.mark.parametrize(
    "note", ["a\x00b", "😀 and \u202eright to left", "x" * 20000, "<script>alert(1)</script>", "\r\n\r\n"]
)
def test_a_note_may_hold_anything_that_can_be_typed(learner: Learner, note: str) -> None:
    path = "/module/secret-contact/why-contact-is-supervised"
    learner.client.post(path, {"note-their-reason": note, "was-their-reason": "", "then": "next"})
    page = learner.client.get(path)
    assert "<script>alert" not in page.html
    kept = next(area.text or "" for area in page.all("textarea") if area.get("name") == "note-their-reason")
    assert kept.strip() == note.replace("\x00", "").strip()


@pytest.mark.parametrize("field", ["answer", "sure", "step", "choice"])
def test_odd_values_in_a_form_are_refused_and_nothing_breaks(learner: Learner, session: Session, field: str) -> None:
    attempt = learner.client.post("/module/secret-contact/check", {}).location.rpartition("/")[0]
    run = learner.client.post("/module/secret-contact/second-phone", {}).location
    for value in ("\x00", "😀", "9" * 400, "-1", "1e9", " "):
        learner.client.post(f"{attempt}/1", {"answer": "1", "sure": "sure", "place-1": "x", "group-1": "x", field: value}
                            if field in ("answer", "sure") else {}, 422)  # fmt: skip
        learner.client.flask.post(
            run, data={"csrf_token": learner.client.token(), "step": "1", "choice": "x", field: value}
        )
    assert count(session, Answer) == 0
    assert count(session, Decision) == 0
