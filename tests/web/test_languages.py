"""The language of a page, and words in it."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Iterator
from datetime import date
from urllib.parse import urlsplit

import pytest
from jinja2 import Environment
from markupsafe import escape
from sqlalchemy import update
from sqlalchemy.orm import Session

from course import translation
from course.dates import format_date
from course.people.models import Person
from course.translation import (
    LazyText,
    current_language,
    error_text,
    gettext,
    lazy_gettext,
    lazy_join,
    lazy_ngettext,
    ngettext,
    text_as_data,
    text_from_data,
    use_language,
)
from course.web.request_language import preferred_language
from tests.makers import make_person, sign_in
from tests.pages import Client
from tests.support.pseudo_language import LANGUAGE, offered, only_english, pseudo


class FourForms:
    """A catalogue of a language with four forms of a noun, that calls three "few"."""

    def gettext(self, message: str, /) -> str:
        return {"Hello %(name)s": "Shwmae %(name)s", "the team": "y tîm"}.get(message, message)

    def ngettext(self, one: str, many: str, number: int, /) -> str:  # noqa: ARG002 (as gettext calls it)
        return {1: "%(num)s un", 3: "%(num)s ychydig"}.get(number, "%(num)s llawer")


@pytest.fixture
def welsh() -> Iterator[None]:
    translation.register_catalogue("cy", FourForms())
    yield
    translation.remove_catalogue("cy")


@pytest.mark.parametrize(
    ("chosen", "accepted", "expected"),
    [
        (None, [], "en"),
        (None, ["cy"], "cy"),
        (None, ["cy-GB", "en"], "cy"),
        (None, ["CY"], "cy"),
        (None, ["fr", "en-GB", "cy"], "en"),
        (None, ["fr", "*"], "en"),
        ("cy", ["en"], "cy"),
        ("en", ["cy"], "en"),
        ("gd", ["cy"], "cy"),
    ],
)
def test_the_language_is_what_was_chosen_or_what_the_browser_prefers(
    chosen: str | None, accepted: list[str], expected: str
) -> None:
    assert preferred_language(chosen, accepted, ("en", "cy")) == expected


@pytest.mark.usefixtures("welsh")
def test_words_are_said_in_the_language_of_the_moment() -> None:
    greeting, count = lazy_gettext("Hello %(name)s", name=lazy_gettext("the team")), lazy_ngettext("one", "many", 3)
    assert (str(greeting), current_language()) == ("Hello the team", "en")
    with use_language("cy"):
        assert (str(greeting), f"{greeting}", escape(greeting)) == ("Shwmae y tîm",) * 3
        assert (str(count), ngettext("one", "many", 1), ngettext("one", "many", 7)) == ("3 ychydig", "1 un", "7 llawer")
        assert gettext("Hello %(name)s", name="Ann") == "Shwmae Ann"
        assert format_date(date(2027, 2, 12)) == "12 Chwefror 2027"
    assert format_date(date(2027, 2, 12)) == "12 February 2027"


@pytest.mark.usefixtures("welsh")
def test_a_lazy_text_is_its_english_text_wherever_it_is_kept() -> None:
    with use_language("cy"):
        text = lazy_gettext("Hello %(name)s", name=lazy_gettext("the team"))
        assert text == "Hello the team"
        assert "Hello the team" in {text}
        assert json.dumps([text]) == '["Hello the team"]'
        for copied in (copy.deepcopy(text), pickle.loads(pickle.dumps(text))):
            assert isinstance(copied, LazyText)
            assert (copied.source, str(copied)) == ("Hello the team", "Shwmae y tîm")


@pytest.mark.usefixtures("welsh")
def test_a_lazy_text_is_kept_as_data_and_shown_in_the_language_of_a_later_reader() -> None:
    hello = lazy_gettext("Hello %(name)s", name=lazy_gettext("the team"))
    texts = [
        "50% plain",
        hello,
        lazy_ngettext("one", "many", 3),
        lazy_gettext("Since %(day)s: %(count)s", day=date(2027, 2, 12), count=3),
        lazy_join([hello, "50%"]),
        lazy_join([]),
    ]
    kept = [text_from_data(json.loads(json.dumps(text_as_data(text)))) for text in texts]
    assert kept == texts
    assert kept == ["50% plain", "Hello the team", "many", "Since 12 February 2027: 3", "Hello the team 50%", ""]
    with use_language("cy"):
        assert [str(text) for text in kept] == [
            "50% plain", "Shwmae y tîm", "3 ychydig", "Since 12 Chwefror 2027: 3", "Shwmae y tîm 50%", "",
        ]  # fmt: skip
        assert error_text(ValueError(hello)) == "Hello the team"
        assert str(ValueError(hello)) == "Shwmae y tîm"


@pytest.mark.parametrize(
    "data",
    [
        None,
        7,
        {},
        ["message", None, 0],
        ["message", None, 0, []],
        [7, None, 0, {}],
        ["%(x)999999999s", None, 0, {"x": 1}],
        ["%(x)s", "%(num)999999999d", 2, {"x": 1, "num": 2}],
        ["%(x)s %(y)s", None, 0, {"x": 1}],
        ["%(x)s %(x)s", None, 0, {"x": 1}],
        ["%s", "%s", 2, {}],
        ["%(x)s" + " " * 5000, None, 0, {"x": 1}],
        ["%(x)s", None, 0, {"x": {"day": "yesterday"}}],
        [
            "%(x)s",
            None,
            0,
            {"x": ["%(x)s", None, 0, {"x": ["%(x)s", None, 0, {"x": ["%(x)s", None, 0, {"x": ["y"]}]}]}]},
        ],
    ],
)
def test_data_that_is_no_message_of_its_values_is_refused(data: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        text_from_data(data)


def test_a_text_that_is_to_be_shown_as_html_is_escaped() -> None:
    assert escape(lazy_gettext("%(name)s & co.", name="<b>")) == "&lt;b&gt; &amp; co."


@pytest.mark.usefixtures("welsh")
def test_templates_speak_the_language_without_flask() -> None:
    environment = Environment(autoescape=True)
    translation.install(environment)
    page = environment.from_string(
        "{% trans name=who %}Hello\n  {{ name }}{% endtrans %}|{{ _('the team') }}|"
        "{% trans count=n %}{{ count }} thing{% pluralize %}{{ count }} things{% endtrans %}"
    )
    assert page.render(who="<Ann>", n=1) == "Hello &lt;Ann&gt;|the team|1 thing"
    with use_language("cy"):
        assert page.render(who="<Ann>", n=2).startswith("Shwmae &lt;Ann&gt;|y tîm|")


def test_an_unknown_language_is_english() -> None:
    with use_language("tlh"):
        assert current_language() == "en"


def test_a_page_is_in_the_language_of_the_browser_and_then_in_the_one_of_the_person(
    client: Client, session: Session
) -> None:
    person = make_person(session, "Ann Vale", "ann@example.org")
    with offered():
        answer = client.get("/sign-in", headers={"Accept-Language": LANGUAGE})
        assert f'<html lang="{LANGUAGE}">' in answer.html
        assert answer.headers["Content-Language"] == LANGUAGE
        assert "Accept-Language" in answer.headers["Vary"]
        assert '<html lang="en-GB">' in client.get("/sign-in").html
        sign_in(client, person)
        assert '<html lang="en-GB">' in client.get("/me").html
        session.execute(update(Person).where(Person.id == person.id).values(language=LANGUAGE))
        session.commit()
        assert f'<html lang="{LANGUAGE}">' in client.get("/me").html
    assert current_language() == "en"


def test_somebody_chooses_the_language_of_pages_and_the_next_page_is_in_it(client: Client, session: Session) -> None:
    person = make_person(session, "Ann Vale", "ann@example.org")
    sign_in(client, person)
    with only_english():
        assert "/me/language" not in client.get("/me").html
    with offered():
        form = client.get("/me")
        assert form.fields(-2)["language"] == "en"
        assert client.post("/me/language", {"language": LANGUAGE}).location == "/me"
        page = client.get("/me")
        assert f'<html lang="{LANGUAGE}">' in page.html
        assert page.fields(-2)["language"] == LANGUAGE
        assert pseudo("Change my password") in page.html
        assert 'class="flash"' in page.html
        refused = client.post("/me/language", {"language": "tlh"}, 422)
        assert 'href="#language"' in refused.html
    session.expire_all()
    assert session.get_one(Person, person.id).language == LANGUAGE


def test_before_sign_in_a_link_changes_the_language_of_this_browser_and_sign_in_keeps_it(
    client: Client, session: Session
) -> None:
    person = make_person(session, "Ann Vale", "ann@example.org")
    with only_english():
        assert 'class="languages"' not in client.get("/sign-in").html
    with offered():
        page = client.get("/sign-in?next=/record")
        assert (
            f'<a href="/sign-in?next=%2Frecord&amp;language={LANGUAGE}" lang="{LANGUAGE}" hreflang="{LANGUAGE}" '
            in page.html
        )
        assert client.get(f"/sign-in?next=%2Frecord&language={LANGUAGE}", 303).location == "/sign-in?next=%2Frecord"
        assert f'<html lang="{LANGUAGE}">' in client.get("/sign-in").html
        assert client.get("/sign-in?language=tlh", 303).location == "/sign-in"
        page = client.get("/sign-in")
        assert f'<html lang="{LANGUAGE}">' in page.html
        assert 'href="/sign-in?language=en" lang="en" hreflang="en" ' in page.html
        sign_in(client, person)
        page = client.get("/me")
        assert f'<html lang="{LANGUAGE}">' in page.html
        client.post("/me/language", {"language": "en"})
        assert '<html lang="en-GB">' in client.get("/me").html


def test_a_page_that_says_what_is_wrong_names_its_language(client: Client) -> None:
    with offered():
        page = client.get("/nothing", 404, {"Accept-Language": LANGUAGE})
    assert f'<html lang="{LANGUAGE}">' in page.html


@pytest.mark.parametrize("path", ["//evil.example/", "/\\evil.example", "/%5cevil.example", "//evil.example/sign-in"])
def test_choosing_a_language_leads_nowhere_else(client: Client, path: str) -> None:
    with offered():
        answer = client.flask.get(f"{path}?language={LANGUAGE}")
    address = answer.headers.get("Location", "/")
    assert urlsplit(address).netloc in ("", "localhost")
    assert not address.startswith(("//", "/\\"))
