"""Everything that people read can be translated: no words outside the catalogues, and no page that speaks only English."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import html5lib
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from course.content.actions import archive
from course.content.library import Library
from course.dates import format_month
from course.db import Base
from course.organisation.header_footer import initials
from course.web.unit_of_work import unit_of_work
from tests.conftest import NOW
from tests.support import sentences
from tests.support.english_words import english_words
from tests.support.messages import TEMPLATE, as_text, extracted
from tests.support.pseudo_language import BEGIN, END, LANGUAGE, offered
from tests.support.world import LIST, addresses, begin_everything, client_of, fill_world

ADDRESSES_OF_A_ROUTE = 3
VISIBLE_ATTRIBUTES = ("title", "alt", "aria-label", "placeholder", "data-label")
# The months and weekdays of en_GB, in which the pseudo-language writes days, and what belongs to a time.
DATE_WORDS = {format_month(date(2026, month, 1)).split()[0] for month in range(1, 13)} | {"am", "pm"}
DATE_WORDS |= {f"{date(2026, 11, day):%A}" for day in range(1, 8)}
# Names that are the same in every language.
NAMES = {"CSV", "Cymraeg", "English", "Excel", "KB", "MB", "PDF", "PostgreSQL", "SQLite"}
WITH_IDS = ("/preview", "/insight/questions")  # pages that show ids of questions
_ADDRESS = re.compile(r"(?:https?://)?[a-z]+(?:\.[a-z]+)+[^\s]*")
_WORD = re.compile(r"[^\W\d_]{2,}")


def test_no_words_for_users_are_outside_the_catalogues() -> None:
    assert [str(found) for found in sentences.find([sentences.COURSE])] == []


def test_the_catalogue_has_the_messages_of_the_code() -> None:
    assert TEMPLATE.read_text(encoding="utf-8") == as_text(extracted()), "run `make messages`"


def test_messages_are_whole_sentences() -> None:
    """A message is not glued to another one: other languages put their words in another order."""
    messages = [one for message in extracted() for one in ([message.id] if isinstance(message.id, str) else message.id)]
    assert [one for one in messages if one and (one != one.strip() or re.match(r"[,.;:]", one))] == []


@pytest.mark.parametrize(
    ("template", "found"),
    [
        ("<p>Save it</p>", ["Save it"]),
        ("<p>{{ name }} has left</p>", ["… has left"]),
        ('<p title="Close">{{ _("Save") }}</p>', ["Close"]),
        ('<p>{{ "done" if x else _("not done") }}</p>', ["done"]),
        ('{% call table([_("Name"), "Team"]) %}{% endcall %}', ["Team"]),
        ("<p>{% trans %}Save <b>it</b>{% endtrans %} {{ n }}</p>", []),
        ('<td class="{{ \'done\' if x }}" id="a"> · </td>', []),
    ],
)
def test_words_in_a_template_are_found(tmp_path: Path, template: str, found: list[str]) -> None:
    file = tmp_path / "page.html"
    file.write_text(template, encoding="utf-8")
    assert [one.words for one in sentences.in_template(file)] == found


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ('flash("It is saved.")', ["It is saved."]),
        ('flash(f"{name} has been added.")', ["… has been added."]),
        ('LABELS = {"done": "Done"}', ["Done"]),
        ('LABELS = {"done": _("Done")}', []),
        ('flash("It is saved.")  # not translated: an example', []),
        ('raise LookupError("there is no such person")', []),
        ('raise ValueError("Enter a later day.")', ["Enter a later day."]),
        ('raise ValueError(f"“{wrong}” is not a mail domain.")', ["“…” is not a mail domain."]),
        ('raise ValueError(_("Enter a later day."))', []),
        ('"""A docstring is not shown."""', []),
        ('if kind == "Done": pass', []),
    ],
)
def test_words_in_a_module_are_found(tmp_path: Path, code: str, found: list[str]) -> None:
    file = tmp_path / "views.py"
    file.write_text(code, encoding="utf-8")
    assert [one.words for one in sentences.in_python(file)] == found


def test_no_words_of_one_language_are_made_inside_a_unit_of_work() -> None:
    """What is stored is in English, whoever presses the button: a LazyText is stored as its English text."""
    found = []
    for file in sorted(sentences.COURSE.rglob("*.py")):
        for block in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(block, ast.With) and any("unit_of_work()" in ast.unparse(one) for one in block.items):
                called = [ast.unparse(node.func) for node in ast.walk(block) if isinstance(node, ast.Call)]
                found += [f"{file}:{block.lineno}" for name in called if name in ("_", "gettext", "ngettext")]
    assert found == []


def test_no_page_has_words_outside_the_catalogue(fresh_app: Flask) -> None:
    """Every page in a language made from the catalogue, as three people. What is left in English are the data of the
    organisation and what is marked as English."""
    app = fresh_app
    with app.app_context(), unit_of_work() as session:
        archive(session, app.extensions["course"].library, NOW)
    with app.app_context(), unit_of_work() as session:
        people = fill_world(session)
        begin_everything(session, app.extensions["course"].library, people[1].id)
        session.execute(text("update person set language = :language"), {"language": LANGUAGE})
        keys = {row.person_id: row.session_key for row in session.execute(text("select * from credential")).all()}
        clients = [client_of(app, person.id, keys[person.id]) for person in people]
        paths = [(rule.endpoint, address) for rule, address in addresses(app, session)]
        settings = app.extensions["course"].config
        places = _WORD.findall(f"{settings.database_url} {settings.public_url} {settings.mail_from} {LIST.decode()}")
        known = DATE_WORDS | NAMES | set(_stored_words(session)) | set(places)
        known |= {initials(name) for name in session.execute(text("select name from person")).scalars()}
        ids = _ids(app.extensions["course"].library)
    with offered():
        found = {
            f"{address}: {words}"
            for client in clients
            for address, page in _pages(client, paths)
            for words in _english(page, known | (ids if address.startswith(WITH_IDS) else set()))
        }
    assert sorted(found) == []
    with app.app_context(), unit_of_work() as session:
        session.execute(text("update person set language = 'cy'"))
    # Every fifth kind of page: whatever the catalogue has is in Welsh, and these show it as a reader finds it.
    shown = [(address, page) for client in clients for address, page in _pages(client, paths[::5])]
    assert len(shown) > 40
    assert {address for address, page in shown if '<html lang="cy"' not in page} <= {
        "/api/v1/docs"
    }  # English on purpose
    left = {
        f"{address}: {words}"
        for address, page in shown
        for words in _english_in_welsh(page, known | (ids if address.startswith(WITH_IDS) else set()))
    }
    assert sorted(left) == []


def _english_in_welsh(page: str, known: set[str]) -> Iterator[str]:
    """The texts of a Welsh page that are English, as far as they are neither marked so nor made of `known` words."""
    tree = html5lib.HTMLParser(strict=False, namespaceHTMLElements=False).parse(page)
    for piece in _texts(tree, "cy"):
        if [word for word in english_words(piece) if word not in known and word.capitalize() not in known]:
            yield piece.strip()[:80]


def _stored_words(session: Session) -> Iterator[str]:
    """The words of everything that is stored, except the content of the course and what the audit log calls things."""
    for table in Base.metadata.sorted_tables:
        if table.name.startswith("content_"):
            continue
        for row in session.execute(table.select()):
            for value in row:
                if isinstance(value, str):
                    yield from _WORD.findall(value)


def _ids(library: Library) -> set[str]:
    """The words in ids of questions, which previews and analyses show."""
    ids = [question.id for module in library.modules.values() for question in module.questions]
    return {word for name in ids for word in _WORD.findall(name)}


def _pages(client: FlaskClient, paths: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    opened: Counter[str] = Counter()
    for endpoint, address in paths:
        if opened[endpoint] < ADDRESSES_OF_A_ROUTE:
            answer = client.get(address)
            if answer.mimetype == "text/html" and answer.status_code == 200:
                opened[endpoint] += 1
                yield address, answer.get_data(as_text=True)


def _english(page: str, known: set[str]) -> Iterator[str]:
    """The texts of a page that are neither a message nor marked as another language nor made of `known` words."""
    tree = html5lib.HTMLParser(strict=False, namespaceHTMLElements=False).parse(page)
    depth = 0
    for piece in _texts(tree):
        left: list[str] = []
        for part in re.split(f"([{BEGIN}{END}])", _ADDRESS.sub("", piece)):
            if part in (BEGIN, END):
                depth += 1 if part == BEGIN else -1
            elif depth == 0:
                left += [word for word in _WORD.findall(part) if word not in known]
        if left:
            yield " ".join(left)[:80]


def _texts(element: ElementTree.Element, language: str = LANGUAGE) -> Iterator[str]:
    # The title of a page cannot say that a name in it is in English; the heading has the same words.
    if element.tag in ("script", "style", "title") or not isinstance(element.tag, str):
        return
    if element.get("lang") not in (None, language):
        return
    for name in VISIBLE_ATTRIBUTES:
        if element.get(name):
            yield f"{element.get(name)}"
    yield element.text or ""
    for child in element:
        yield from _texts(child, language)
        yield child.tail or ""
