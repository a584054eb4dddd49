"""The certificate as a PDF: its text in any script, equal bytes each time, from any thread."""

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
from tests.certificates.sheets import BOXED, LOGOS, MARKED, NAMES, PRINTED, make_logo, pdf_text, printed_for

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
    """The catalogue of a PDF. pypdf has no types for its values."""
    return reader(data).root_object


def alternatives(data: bytes) -> list[str]:
    """The alternative texts, in the order of the page."""
    return [str(node["/Alt"]) for node in _elements(root(data)["/StructTreeRoot"]) if "/Alt" in node]


def test_the_pdf_shows_all_facts_of_the_certificate() -> None:
    shown = pdf_text(certificate_pdf(PRINTED))
    for words in (PRINTED.name, PRINTED.course, PRINTED.organisation, PRINTED.edition, PRINTED.number,
                  PRINTED.completed_on, PRINTED.valid_until, PRINTED.notice, PRINTED.pathway, PRINTED.length, PRINTED.verify_url,
                  " · ".join(PRINTED.sections), "Valid up to and including", "final assessment"):  # fmt: skip
        assert words in shown
    assert "□" not in shown
    assert PRINTED.version not in shown


def test_the_version_of_the_content_is_in_the_properties_of_the_file() -> None:
    about = reader(certificate_pdf(PRINTED)).metadata
    assert about is not None
    assert PRINTED.version in str(about.subject)


def test_it_is_signed_by_the_person_and_role_that_the_organisation_has_named() -> None:
    signed = replace(PRINTED, signatory="Helen Marsh", signatory_role="Head of Safeguarding")
    assert "Signed for the organisation by Helen Marsh Head of Safeguarding" in pdf_text(certificate_pdf(signed))
    assert "Signed for" not in pdf_text(certificate_pdf(PRINTED))


def test_modules_are_named_with_their_drawings_of_which_nothing_needs_to_be_said() -> None:
    modules = replace(PRINTED, sections=("New partners", "Responding"), motifs=("two-toothbrushes", "receiver"))
    data, without = certificate_pdf(modules), certificate_pdf(replace(modules, motifs=()))
    assert "What was learnt New partners · Responding" in pdf_text(data)
    assert alternatives(data) == alternatives(without)
    assert data != without


def test_unknown_facts_are_left_out() -> None:
    shown = pdf_text(certificate_pdf(replace(PRINTED, pathway="", length="", sections=())))
    for words in ("Pathway", "Length", "What the course covers"):
        assert words not in shown


def test_the_file_has_title_language_author_and_date() -> None:
    file = reader(certificate_pdf(PRINTED))
    about = file.metadata
    assert about is not None
    assert about.title == "Certificate K7QM-2FXA-9TRC: Sam Okafor"
    assert about.author == "Riverside Trust"
    assert about.creation_date is not None
    assert about.creation_date.date() == PRINTED.issued_at.date()
    assert str(file.root_object["/Lang"]) == "en-GB"


def test_headings_and_the_code_are_tagged() -> None:
    data = certificate_pdf(PRINTED)
    kinds = [node.get("/S") for node in _elements(root(data)["/StructTreeRoot"])]
    assert kinds.count("/H1") == 1
    assert kinds.count("/H2") == 2
    assert alternatives(data) == ["QR code that leads to the page on which this certificate can be checked"]


@pytest.mark.parametrize("script", NAMES)
def test_a_name_in_any_script_is_typeset_and_can_be_copied(script: str) -> None:
    data = certificate_pdf(printed_for(NAMES[script]))
    shown = pdf_text(data)
    assert unicodedata.normalize("NFC", NAMES[script]) in unicodedata.normalize("NFC", shown)
    assert "□" not in shown
    assert len(reader(data).pages) == 1


# Each letter of the Latin blocks, between two letters that every font has.
LATIN = [f"o{chr(c)}o" for block in ((0xC0, 0x250), (0x1E00, 0x1F00)) for c in range(*block) if chr(c).isalpha()]


@pytest.mark.parametrize("start", range(0, len(LATIN), 110))
def test_each_latin_letter_can_be_copied_once_from_a_name_and_from_a_fact(start: int) -> None:
    part = LATIN[start : start + 110]
    shown = unicodedata.normalize("NFC", pdf_text(certificate_pdf(replace(PRINTED, name=" ".join(part)))))
    assert [word for word in part if word not in shown] == []
    shown = unicodedata.normalize("NFC", pdf_text(certificate_pdf(replace(PRINTED, organisation=" ".join(part)))))
    assert [word for word in part if word not in shown] == []


@pytest.mark.parametrize("script", MARKED)
def test_a_name_with_marks_is_complete_for_screen_readers(script: str) -> None:
    data = certificate_pdf(printed_for(MARKED[script]))
    whole = unicodedata.normalize("NFC", MARKED[script])
    assert whole in alternatives(data)
    about = reader(data).metadata
    assert about is not None
    assert whole in str(about.title)
    assert "□" not in pdf_text(data)


@pytest.mark.parametrize("kind", BOXED)
def test_characters_in_no_font_become_boxes_and_the_title_has_the_name(kind: str) -> None:
    name, shown = BOXED[kind]
    data = certificate_pdf(printed_for(name))
    assert shown in pdf_text(data)
    assert ("□ marks a character" in pdf_text(data)) == ("□" in shown)
    title = reader(data).metadata
    assert title is not None
    assert str(title.title).endswith(name.replace("\ud800", "\ufffd"))


@pytest.mark.parametrize("kind", BOXED)
def test_a_box_in_a_name_leaves_the_other_texts_unchanged(kind: str) -> None:
    shown = pdf_text(certificate_pdf(printed_for(BOXED[kind][0])))
    for words in (
        PRINTED.number,
        PRINTED.completed_on,
        PRINTED.valid_until,
        PRINTED.course,
        PRINTED.organisation,
    ):
        assert words in shown


def test_a_typed_box_is_not_taken_for_a_missing_character() -> None:
    assert "marks a character" not in pdf_text(certificate_pdf(printed_for("Sam □")))


@pytest.mark.parametrize("kind", ODD)
def test_invisible_characters_are_removed_and_nothing_is_read_as_code(kind: str) -> None:
    name, shown = ODD[kind]
    assert f"certify that {shown} completed" in pdf_text(certificate_pdf(printed_for(name)))


@pytest.mark.parametrize("kind", LONG)
def test_a_name_of_200_characters_fits_and_nothing_of_it_is_lost(kind: str) -> None:
    data = certificate_pdf(printed_for(LONG[kind]))
    file = reader(data)
    assert len(file.pages) == 1
    shown = pdf_text(data).split("certify that")[1].split("completed the course")[0]
    assert shown.replace("\u200b", "").replace(" ", "") == LONG[kind].replace(" ", "")


@pytest.mark.parametrize("kind", LOGOS)
def test_a_logo_is_above_the_name_and_needs_no_alternative_text(kind: str) -> None:
    data, without = certificate_pdf(PRINTED, b"{}", make_logo(kind)), certificate_pdf(PRINTED, b"{}")
    page = reader(data).pages[0]
    assert [image.image.size for image in page.images if image.image] == [(480, 160)]
    assert not reader(without).pages[0].images
    assert (pdf_text(data), alternatives(data)) == (pdf_text(without), alternatives(without))
    assert certificate_pdf(PRINTED, b"{}", make_logo(kind)) == data


@pytest.mark.parametrize("logo", [None, make_logo("RGB"), make_logo("RGB", (40, 160))])
def test_everything_at_its_longest_still_fits_on_one_page(logo: bytes | None) -> None:
    longest = replace(
        PRINTED,
        name="W" * 200,
        course="W" * 200,
        organisation="W" * 200,
        verify_url=f"https://{'w' * 60}.{'w' * 60}.example.org/verify/K7QM-2FXA-9TRC",
        sections=tuple(f"Responding to a concern about images {number}" for number in range(20)),
        motifs=("receiver",) * 20,
        signatory="W" * 200,
        signatory_role="W" * 200,
    )
    assert len(reader(certificate_pdf(longest, logo=logo)).pages) == 1


def test_the_same_certificate_gives_the_same_bytes() -> None:
    first = certificate_pdf(PRINTED, b"{}")
    for helper in typesetting._helpers.values():
        helper.close()
    assert certificate_pdf(PRINTED, b"{}") == first
    assert certificate_pdf(printed_for("Sam Okafo"), b"{}") != first


def test_only_our_own_fonts_are_used() -> None:
    ours = {"AtkinsonHyperlegibleNext", "Literata", "LibertinusSerif", "NotoSerif", "Amiri", "NotoSerifDevanagari",
            "NotoSerifBengali", "NotoSansGurmukhi", "NotoSansTamil", "NotoSansCJKjp"}  # fmt: skip
    page: Any = reader(certificate_pdf(printed_for(" ".join(NAMES.values())))).pages[0]
    used = {str(font["/BaseFont"]).split("+")[1].split("-")[0] for font in page["/Resources"]["/Font"].values()}
    assert ours - {"NotoSerif"} <= used <= ours


def test_a_credential_is_attached_as_it_is() -> None:
    credential = '{"name": "Zoë 李"}'.encode()
    assert reader(certificate_pdf(PRINTED, credential)).attachments == {"credential.json": [credential]}
    assert not reader(certificate_pdf(PRINTED)).attachments


def test_the_attached_credential_says_what_it_is() -> None:
    (file,) = root(certificate_pdf(PRINTED, b"{}"))["/AF"]
    about = file.get_object()
    assert about["/AFRelationship"] == "/Alternative"
    assert "signed credential" in str(about["/Desc"])
    assert str(about["/EF"]["/F"].get_object()["/Subtype"]) == "/application/ld+json"


def test_each_of_several_threads_gets_its_own_certificate() -> None:
    names = [*NAMES.values(), *(name for name, _ in BOXED.values())] * 2
    alone = [certificate_pdf(printed_for(name)) for name in names]
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(lambda name: certificate_pdf(printed_for(name)), names)) == alone


def _elements(node: Any) -> Iterator[dict[str, Any]]:
    """The dictionaries of a structure tree, from the top."""
    node = node.get_object() if hasattr(node, "get_object") else node
    if isinstance(node, dict):
        yield node
        below = node.get("/K", [])
        for child in below if isinstance(below, list) else [below]:
            yield from _elements(child)
