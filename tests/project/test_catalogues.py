"""The catalogues of translations are complete, keep to the word list, and say that nobody has checked them."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from babel import UnknownLocaleError
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo

from course import translation
from course.translation import CHECKED_LANGUAGES, FOLDER, gettext, languages, lazy_gettext, ngettext, use_language
from tests.pages import Client
from tests.support import messages
from tests.support.catalogues import (
    catalogue,
    english,
    faults,
    message_faults,
    shipped_languages,
    translations,
)
from tests.support.english_words import english_words
from tests.support.pseudo_language import forget_catalogues
from tests.support.terms import Term, forms, terms

# Messages in which a term stands for something else, or is not said again in Welsh, with the reason.
EXCEPTIONS = {
    "Role in the course (learner or manager)": "words that a file has to contain",
    "There is no role “%(typed)s”: write learner or manager, or leave it empty.": "words that a file has to contain",
}


def test_there_is_a_catalogue_of_welsh() -> None:
    assert "cy" in shipped_languages()


def test_every_message_is_translated_with_its_values_and_tags() -> None:
    template = messages.extracted()
    found = {language: list(faults(catalogue(language), template)) for language in shipped_languages()}
    assert {language: (len(wrong), wrong[:20]) for language, wrong in found.items() if wrong} == {}


def test_the_compiled_catalogues_are_those_of_the_sources_and_their_heads_say_who_checked_them() -> None:
    for language in shipped_languages():
        file = FOLDER / language / "LC_MESSAGES" / "messages.po"
        compiled = io.BytesIO()
        write_mo(compiled, catalogue(language))
        assert file.with_suffix(".mo").read_bytes() == compiled.getvalue(), "run `make messages`"
        top = file.read_text(encoding="utf-8").partition("\nmsgid")[0]
        assert (messages.UNCHECKED in top) == (language not in CHECKED_LANGUAGES)


@pytest.mark.parametrize(
    ("message", "found"),
    [
        (Message("Save %(name)s.", "Cadw %(name)s."), []),
        (Message("Save %(name)s.", ""), ["is not translated"]),
        (Message("Save %(name)s.", "Cadw."), ["has other values: Cadw."]),
        (Message("Save.", "Cadw %(name)s."), ["has other values: Cadw %(name)s."]),
        (Message("<b>Save</b>", "<i>Cadw</i>"), ["has other tags: <i>Cadw</i>"]),
        (Message("Save?", "Cadw."), ["ends otherwise: Cadw."]),
        (Message(("%(num)s page", "%(num)s pages"), ("Dim tudalen", *["%(num)s tudalen"] * 5)), []),
        (Message(("%(num)s page", "%(num)s pages"), ("%(num)s tudalen",) * 4), ["has 4 forms"]),
        (Message(("%(num)s page", "%(num)s pages"), (*["%(num)s tudalen"] * 5, "")), ["is not translated"]),
    ],
)
def test_a_wrong_translation_is_found(message: Message, found: list[str]) -> None:
    assert list(message_faults(message, 6)) == found


def test_a_message_that_is_missing_or_fuzzy_is_found() -> None:
    template, made = Catalog(), Catalog(locale="cy")
    for name in ("One", "Two"):
        template.add(name)
    made.add("Two", "Dau", flags=["fuzzy"])
    assert list(faults(made, template)) == ["One: is not there", "Two: is fuzzy"]


@pytest.mark.parametrize(
    ("number", "form"),
    [(0, 0), (1, 1), (2, 2), (3, 3), (4, 5), (5, 5), (6, 4), (7, 5), (11, 5), (12, 5), (16, 5), (21, 5), (100, 5), (1000, 5)],
)  # fmt: skip
def test_welsh_has_six_forms_of_a_noun_after_a_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, form: int
) -> None:
    made = Catalog(locale="cy")
    made.add(("%(num)s page", "%(num)s pages"), tuple(f"%(num)s: {place}" for place in range(6)))
    folder = tmp_path / "cy" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / "messages.mo").open("wb") as target:
        write_mo(target, made)
    monkeypatch.setattr(translation, "FOLDER", tmp_path)
    forget_catalogues()
    try:
        with use_language("cy"):
            assert ngettext("%(num)s page", "%(num)s pages", number) == f"{number}: {form}"
            assert (gettext(""), str(lazy_gettext(""))) == ("", ""), "the head of the catalogue is no translation"
    finally:
        monkeypatch.undo()
        forget_catalogues()


def test_the_welsh_catalogue_keeps_to_the_word_list() -> None:
    known = terms()
    assert len(known) > 40
    wrong, used = [], set()
    for message in catalogue("cy"):
        texts = english(message)
        for term in (term for term in known if any(term.is_in(text) for text in texts)):
            if all(term.is_kept(text) for text in translations(message)):
                continue
            used.add(texts[0])
            if texts[0] not in EXCEPTIONS:
                wrong.append(f"{term.english}: {texts[0][:80]} → {translations(message)[0][:80]}")
    assert wrong == []
    assert set(EXCEPTIONS) <= used, "an exception that none is any more"


def test_no_welsh_translation_is_english() -> None:
    """Two common English words in one text are a sentence that was left, unless they are the words of another program."""
    found = [message for message in catalogue("cy") if message.id]
    messages_of = [(english(message)[0], text) for message in found for text in translations(message)]
    left = [text for name, text in messages_of if english_words(text) and "<b>Other calendars</b>" not in name]
    assert left == []
    sources = [name for name, _text in messages_of if len(name.split()) > 5]
    assert sum(bool(english_words(name)) for name in sources) > len(sources) * 0.8, "English is recognised"


@pytest.mark.parametrize(
    ("english_text", "welsh_text", "has", "keeps"),
    [
        ("Certificates of %(name)s", "Eich nhystysgrifau chi: %(name)s", True, True),
        ("Certificate", "Tystysgrif", True, True),
        ("A certificate", "Ei thystysgrif", True, True),
        ("A certificate", "Diploma", True, False),
        ("%(certificate)s", "%(certificate)s", False, False),
        ("Certified", "Ardystiwyd", False, False),
    ],
)
def test_a_term_is_found_as_a_whole_word_and_its_welsh_in_any_mutation(
    english_text: str, welsh_text: str, has: bool, keeps: bool
) -> None:
    term = Term("certificate", "tystysgrif", ("tystysgrif",), "")
    assert (term.is_in(english_text), term.is_kept(welsh_text)) == (has, keeps)


@pytest.mark.parametrize(
    ("stem", "found"),
    [
        ("cam-drin", ["cam-drin", "gam-drin", "ngham-drin", "cham-drin"]),
        ("gwers", ["gwers", "wers", "ngwers"]),
        ("llwybr", ["llwybr", "lwybr"]),
        ("chwarae", ["chwarae"]),
        ("asesiad", ["asesiad", "hasesiad"]),
    ],
)
def test_a_stem_has_its_mutations(stem: str, found: list[str]) -> None:
    assert list(forms(stem)) == found


def test_each_term_of_the_word_list_has_a_source_or_says_that_it_has_none() -> None:
    text = messages.COURSE.parent.joinpath("docs", "termau.md").read_text(encoding="utf-8")
    for term in terms():
        for mark in term.source.split():
            assert term.source == "no source seen" or f"\n- {mark} " in text, term


def test_a_third_language_begins_with_one_command_and_the_switch_names_all(
    tmp_path: Path, client: Client, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for language in ("cy", "ga"):
        messages.main([language], tmp_path)
    assert f"{len(messages.extracted())} messages" in capsys.readouterr().out
    text = (tmp_path / "ga" / "LC_MESSAGES" / "messages.po").read_text(encoding="utf-8")
    assert messages.UNCHECKED in text.partition("\nmsgid")[0]
    assert text.startswith("# The words of the course in Gaeilge (ga).")
    with pytest.raises(FileExistsError):
        messages.begin("ga", messages.extracted(), tmp_path)
    with pytest.raises(UnknownLocaleError):
        messages.begin("tlh", messages.extracted(), tmp_path)
    monkeypatch.setattr(translation, "FOLDER", tmp_path)
    forget_catalogues()
    try:
        assert languages() == ("en", "cy", "ga")
        page = client.get("/verify?language=ga", 303)
        page = client.get(page.location)
        assert '<html lang="ga">' in page.html
        switch = [(one.get("hreflang"), one.text) for one in page.all("a") if one.get("hreflang")]
        assert switch == [("en", "English"), ("cy", "Cymraeg")]
        assert "Check a certificate" in page.html, "what is not translated is in English"
    finally:
        monkeypatch.undo()
        forget_catalogues()
