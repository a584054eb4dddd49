"""The certificate as a PDF: what it says, in any letters, always the same, from any thread."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from pypdf import PdfReader

from course.certificates import typesetting
from course.certificates.pdf import certificate_pdf
from tests.certificates.sheets import BOXED, LOGOS, MARKED, NAMES, SHEET, named, picture, text

LONG = {
    "one word": "W" * 200,
    "many words": ("Abcdefgh " * 23)[:200],
    "Han": "中" * 200,
    "Devanagari": "क्षत्रिय" * 25,
    "Arabic": "محمد " * 40,
}
ODD = {
    "NUL": ("Sam\x00 Okafor", "Sam Okafor"),
    "line ends": ("Sam\r\n\tOkafor\u2028", "Sam Okafor"),
    "override of direction": ("Sam \u202eOkafor\u2066", "Sam Okafor"),
    "zero width": ("S\u200ba\u2060m\ufeff O\u00adkafor", "Sam Okafor"),
    "noncharacter": ("Sam\uffff Okafor\ufdd0", "Sam Okafor"),
    "code": ('#panic("x") $x$ *b* @r <l> \\', '#panic("x") $x$ *b* @r <l> \\'),
}


def reader(data: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(data))


def root(data: bytes) -> Any:
    """The catalogue of a PDF. Its values have no types that pypdf could know."""
    return reader(data).root_object


def alternatives(data: bytes) -> list[str]:
    """What is said in place of a picture, in the order of the page."""
    return [str(node["/Alt"]) for node in _elements(root(data)["/StructTreeRoot"]) if "/Alt" in node]


def test_the_pdf_says_what_was_certified() -> None:
    shown = text(certificate_pdf(SHEET))
    for words in (SHEET.name, SHEET.course, SHEET.organisation, SHEET.edition, SHEET.version, SHEET.number,
                  SHEET.completed, SHEET.valid, SHEET.notice, SHEET.pathway, SHEET.length, SHEET.check,
                  " · ".join(SHEET.sections), "Valid up to and including", "final assessment"):  # fmt: skip
        assert words in shown
    assert "□" not in shown


def test_what_is_not_known_is_left_out() -> None:
    shown = text(certificate_pdf(replace(SHEET, pathway="", length="", sections=())))
    for words in ("Pathway", "Length", "What the course covers"):
        assert words not in shown


def test_the_file_knows_its_title_language_author_and_date() -> None:
    file = reader(certificate_pdf(SHEET))
    about = file.metadata
    assert about is not None
    assert about.title == "Certificate K7QM-2FXA-9TRC: Sam Okafor"
    assert about.author == "Riverside Trust"
    assert about.creation_date is not None
    assert about.creation_date.date() == SHEET.issued.date()
    assert str(file.root_object["/Lang"]) == "en-GB"


def test_headings_and_the_code_are_tagged() -> None:
    data = certificate_pdf(SHEET)
    kinds = [node.get("/S") for node in _elements(root(data)["/StructTreeRoot"])]
    assert kinds.count("/H1") == 1
    assert kinds.count("/H2") == 2
    assert alternatives(data) == ["QR code that leads to the page on which this certificate can be checked"]


@pytest.mark.parametrize("script", NAMES)
def test_a_name_in_any_script_is_set_and_can_be_copied_as_it_was_written(script: str) -> None:
    data = certificate_pdf(named(NAMES[script]))
    shown = text(data)
    assert unicodedata.normalize("NFC", NAMES[script]) in unicodedata.normalize("NFC", shown)
    assert "□" not in shown
    assert len(reader(data).pages) == 1


@pytest.mark.parametrize("script", MARKED)
def test_a_name_with_marks_is_told_whole_to_whoever_has_the_page_read_out(script: str) -> None:
    data = certificate_pdf(named(MARKED[script]))
    whole = unicodedata.normalize("NFC", MARKED[script])
    assert whole in alternatives(data)
    about = reader(data).metadata
    assert about is not None
    assert whole in str(about.title)
    assert "□" not in text(data)


@pytest.mark.parametrize("kind", BOXED)
def test_what_no_font_has_becomes_a_box_and_the_file_still_knows_the_name(kind: str) -> None:
    name, shown = BOXED[kind]
    data = certificate_pdf(named(name))
    assert shown in text(data)
    assert ("□ stands for a character" in text(data)) == ("□" in shown)
    title = reader(data).metadata
    assert title is not None
    assert str(title.title).endswith(name.replace("\ud800", "\ufffd"))


@pytest.mark.parametrize("kind", BOXED)
def test_a_box_in_a_name_changes_nothing_else(kind: str) -> None:
    shown = text(certificate_pdf(named(BOXED[kind][0])))
    for words in (SHEET.number, SHEET.completed, SHEET.valid, SHEET.version, SHEET.course, SHEET.organisation):
        assert words in shown


def test_a_box_in_what_somebody_is_called_is_no_missing_letter() -> None:
    assert "stands for a character" not in text(certificate_pdf(named("Sam □")))


@pytest.mark.parametrize("kind", ODD)
def test_what_cannot_be_seen_is_left_out_and_nothing_is_read_as_code(kind: str) -> None:
    name, shown = ODD[kind]
    assert f"certify that {shown} completed" in text(certificate_pdf(named(name)))


@pytest.mark.parametrize("kind", LONG)
def test_a_name_of_200_characters_fits_and_nothing_of_it_is_lost(kind: str) -> None:
    data = certificate_pdf(named(LONG[kind]))
    file = reader(data)
    assert len(file.pages) == 1
    shown = text(data).split("certify that")[1].split("completed the course")[0]
    assert shown.replace("\u200b", "").replace(" ", "") == LONG[kind].replace(" ", "")


@pytest.mark.parametrize("kind", LOGOS)
def test_a_logo_stands_above_the_name_and_nothing_needs_to_be_said_of_it(kind: str) -> None:
    data, without = certificate_pdf(SHEET, b"{}", picture(kind)), certificate_pdf(SHEET, b"{}")
    page = reader(data).pages[0]
    assert [image.image.size for image in page.images if image.image] == [(480, 160)]
    assert not reader(without).pages[0].images
    assert (text(data), alternatives(data)) == (text(without), alternatives(without))
    assert certificate_pdf(SHEET, b"{}", picture(kind)) == data


@pytest.mark.parametrize("logo", [None, picture("RGB"), picture("RGB", (40, 160))])
def test_everything_at_its_longest_still_fits_on_one_page(logo: bytes | None) -> None:
    longest = replace(
        SHEET,
        name="W" * 200,
        course="W" * 200,
        organisation="W" * 200,
        check=f"https://{'w' * 60}.{'w' * 60}.example.org/verify/K7QM-2FXA-9TRC",
        sections=tuple(f"Responding to a concern about images {number}" for number in range(20)),
    )
    assert len(reader(certificate_pdf(longest, logo=logo)).pages) == 1


def test_the_same_certificate_gives_the_same_bytes() -> None:
    first = certificate_pdf(SHEET, b"{}")
    typesetting._compiler.cache_clear()
    assert certificate_pdf(SHEET, b"{}") == first
    assert certificate_pdf(named("Sam Okafo"), b"{}") != first


def test_only_our_own_fonts_are_used() -> None:
    ours = {"LibertinusSerif", "NotoSerif", "Amiri", "NotoSerifDevanagari", "NotoSerifBengali", "NotoSansGurmukhi",
            "NotoSansTamil", "NotoSansCJKjp"}  # fmt: skip
    page: Any = reader(certificate_pdf(named(" ".join(NAMES.values())))).pages[0]
    used = {str(font["/BaseFont"]).split("+")[1].split("-")[0] for font in page["/Resources"]["/Font"].values()}
    assert ours - {"NotoSerif"} <= used <= ours


def test_a_credential_is_attached_as_it_is() -> None:
    credential = '{"name": "Zoë 李"}'.encode()
    assert reader(certificate_pdf(SHEET, credential)).attachments == {"credential.json": [credential]}
    assert not reader(certificate_pdf(SHEET)).attachments


def test_the_attached_credential_says_what_it_is() -> None:
    (file,) = root(certificate_pdf(SHEET, b"{}"))["/AF"]
    about = file.get_object()
    assert about["/AFRelationship"] == "/Alternative"
    assert "signed credential" in str(about["/Desc"])
    assert str(about["/EF"]["/F"].get_object()["/Subtype"]) == "/application/ld+json"


def test_several_threads_get_each_their_own_certificate() -> None:
    names = [*NAMES.values(), *(name for name, _ in BOXED.values())] * 2
    alone = [certificate_pdf(named(name)) for name in names]
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(lambda name: certificate_pdf(named(name)), names)) == alone


def _elements(node: Any) -> Iterator[dict[str, Any]]:
    """The dictionaries of a tree of structure, from the top."""
    node = node.get_object() if hasattr(node, "get_object") else node
    if isinstance(node, dict):
        yield node
        below = node.get("/K", [])
        for child in below if isinstance(below, list) else [below]:
            yield from _elements(child)
