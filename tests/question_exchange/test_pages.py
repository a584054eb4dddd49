"""The pages for administrators: a download that the log tells of, and a look at a file of which nothing is kept."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask import Flask
from sqlalchemy.orm import Session

from course.content.schema import Question
from tests.audit.test_audited_actions import entries
from tests.makers import make_person, sign_in
from tests.pages import Client, Page
from tests.question_exchange.makers import again, taken

POINT = "posing-as-young-people"
QUIZ = f"""// [id:kite] [tag:{POINT}]
::Kite::Ana has let go of her kite. What do you say?{{=“Tell me what happened.”#It asks openly.
~“Was it the wind?”#It leads. ~“Not again!”#It blames.}}

::Truth::Kites fly.{{T#No.#Yes.}}

::Name::What is a kite?{{=A toy}}

::Picture::[html]<script>alert(1)</script><img src\\=x onerror\\=alert(1)>What?{{=a#r ~b#s ~c#t}}

::Sort::Sort.{{=<script>alert(2)</script>Beach -> Fine =Wood -> Not fine =Field -> Fine####Trees.}}
"""


@pytest.fixture
def admin(app: Flask, session: Session) -> Client:
    return sign_in(Client(app), make_person(session, "Alex Morgan", "alex@example.org", "administrator"))


def look(client: Client, text: str | bytes, status: int = 200, point: str = "") -> Page:
    data = text if isinstance(text, bytes) else text.encode()
    sent: dict[str, Any] = {"file": (io.BytesIO(data), "Week 1.txt"), "module": "who-is-really-there", "point": point}
    return client.post("/content/questions/look", sent, status)


def test_an_administrator_downloads_questions_and_the_log_says_so(admin: Client, session: Session) -> None:
    page = admin.get("/content/questions").text
    assert "The answers are in the file" in page
    assert "Left out. GIFT has no question that is put together from parts." in page
    sent = {"file_format": "gift", "module": "new-partners", "pathway": "school"}
    answer = admin.post("/content/questions/download", sent, 200)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="questions-new-partners.gift.txt"'
    assert answer.headers["Cache-Control"] == "no-store"
    found = taken(answer.body.decode().replace("form:timeline", "form:all"))
    assert {one.category.split("/")[1] for one in found} == {"New partners and targeted parents"}
    event = entries(session)[-1]
    assert (event.what, f'"questions":{len(found)}' in event.details) == ("content.questions_exported", True)


def test_a_file_is_shown_as_it_would_be_and_what_is_offered_for_download_is_what_was_shown(
    admin: Client, session: Session
) -> None:
    before = len(entries(session))
    page = look(admin, QUIZ, point="little-adult-knowledge")
    for text in (
        "Ready: 2", "To be finished by an author: 1", "Cannot be taken: 2", "Write more options: it has 2, and needs at least 3.",
        "A word is typed as the answer.", "It shows a picture that has no description", "This was left out: <script>.",
        "It names no learning point. It has the one that was chosen for all.",
    ):  # fmt: skip
        assert text in page.text
    assert "<script>alert" not in page.html
    assert "onerror" not in page.html
    ready, draft = (
        base64.b64decode(found).decode() for found in re.findall(r'href="data:text/yaml[^"]*base64,([^"]+)"', page.html)
    )
    kite, beach = (Question.model_validate(one) for one in yaml.safe_load(ready))
    assert kite == again(taken(QUIZ.split("\n\n")[0].replace(f"[tag:{POINT}]", f"[tag:point:{POINT}]"))[0])
    assert (beach.options[0].text, beach.points) == ("Beach", ("little-adult-knowledge",))
    assert "# Not taken:" in draft
    assert len(entries(session)) == before


@pytest.mark.parametrize(
    ("text", "point", "reason"),
    [
        (b"", "", "No question was found. The course reads GIFT and Moodle XML."),
        (b'<!DOCTYPE quiz [<!ENTITY a "b">]><quiz>&a;</quiz>', "", "The file declares a document type."),
        (QUIZ.encode(), "encourage-talk", "Choose a learning point of “Who is really there?”."),
        (QUIZ.encode(), "kites", "Choose one from the list."),
    ],
)
def test_what_is_refused_says_why_at_its_field(admin: Client, text: bytes, point: str, reason: str) -> None:
    assert look(admin, text, 422, point).text.count(reason) == 2


def test_a_file_that_is_too_large_is_refused_before_it_is_read(admin: Client) -> None:
    assert "5 MB" in look(admin, b"x" * (6 * 1024 * 1024), 413).text


def test_only_an_administrator_sees_the_answers(app: Flask, session: Session) -> None:
    manager = sign_in(Client(app), make_person(session, "Priya Nair", "priya@example.org", "manager"))
    manager.get("/content/questions", 403)
    manager.post("/content/questions/download", {"file_format": "gift"}, 403)
    look(manager, QUIZ, 403)
    assert not list(Path(app.root_path).glob("**/imported-*"))
