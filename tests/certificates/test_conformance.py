"""Certificates and a module on paper conform to PDF/A-3a (archiving) and PDF/UA-1 (accessibility), as veraPDF judges."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import typst

from course.certificates.pdf import MOTIFS, certificate_pdf
from course.content.library import load_library
from course.printed_modules.pdf import PrintedModule, document_facts, typeset_facts
from course.printed_modules.rules.edition import EditionOptions, edition_blocks
from tests.certificates.sheets import BOXED, LOGOS, MARKED, NAMES, PRINTED, make_logo, printed_for
from tests.support.pseudo_language import offered
from tests.support.verapdf import FLAVOURS, verdicts

CREDENTIAL = b'{"type": ["VerifiableCredential", "OpenBadgeCredential"]}'


def in_pseudo_language() -> bytes:
    """A certificate whose words are longer and accented."""
    with offered() as language:
        return certificate_pdf(replace(PRINTED, language=language), CREDENTIAL)


def in_two_languages() -> bytes:
    """A certificate with a page in English and one in a language that has a catalogue of its own."""
    with offered() as language:
        return certificate_pdf(PRINTED, CREDENTIAL, None, (replace(PRINTED, language=language),))


def module_on_paper() -> bytes:
    """The printed edition of a module with a question of each form, a drawing, a table, a story and a timeline."""
    course = load_library(Path(__file__).parents[1] / "sample_modules").for_("clubs", "wales")
    module = course.modules["kites"]
    options = EditionOptions("Riverside Trust", PRINTED.issued_at.date(), with_bank=True)
    blocks = edition_blocks(course, module, options)
    printed = PrintedModule(
        str(module.title), "Riverside Trust", course.version, module.motif, blocks, PRINTED.issued_at
    )
    return typeset_facts(json.dumps(document_facts(printed)).encode())


KINDS: dict[str, Callable[[], bytes]] = {
    "plain": lambda: certificate_pdf(PRINTED),
    "with a credential": lambda: certificate_pdf(PRINTED, CREDENTIAL),
    **{f"logo in {kind}": partial(certificate_pdf, PRINTED, CREDENTIAL, make_logo(kind)) for kind in LOGOS},
    "signed, with drawings of the modules": lambda: certificate_pdf(
        replace(PRINTED, motifs=tuple(MOTIFS)[:3], signatory="Helen Marsh", signatory_role="Head of Safeguarding")
    ),
    "in another language": in_pseudo_language,
    "in two languages": in_two_languages,
    "in Welsh and English": lambda: certificate_pdf(replace(PRINTED, language="cy"), CREDENTIAL, None, (PRINTED,)),
    "with as little as there can be": lambda: certificate_pdf(
        replace(PRINTED, pathway="", length="", sections=(), notice="")
    ),
    "long name, one word": lambda: certificate_pdf(printed_for("W" * 200), CREDENTIAL),
    "long name, many words": lambda: certificate_pdf(printed_for(("Abcdefgh " * 23)[:200])),
    "from the right, from top to bottom": lambda: certificate_pdf(
        replace(PRINTED, name=MARKED["Arabic with vowels"], organisation="مدرسة النور", course="دورة")
    ),
    "invisible characters": lambda: certificate_pdf(printed_for("S\x00a\u202em\u200d \u0301\u0489 \ufe0f\U000e0041")),
    "many marks": lambda: certificate_pdf(printed_for("Z" + "\u0301\u0322\u0333\u20dd" * 40)),
    **{f"{script} name": partial(certificate_pdf, printed_for(name)) for script, name in (NAMES | MARKED).items()},
    **{
        f"boxes for {kind}": partial(certificate_pdf, printed_for(name), CREDENTIAL)
        for kind, (name, _) in BOXED.items()
    },
}
DOCUMENTS: dict[str, Callable[[], bytes]] = {**KINDS, "a module on paper": module_on_paper}
NEITHER = "neither standard"


@pytest.fixture(scope="module")
def broken_rules(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], list[str]]:
    """The broken rules of every document, judged in one run, and of a PDF that conforms to neither standard."""
    documents = {kind: make() for kind, make in DOCUMENTS.items()}
    source = tmp_path_factory.mktemp("plain") / "plain.typ"
    source.write_text("= A title", encoding="utf-8")
    documents[NEITHER] = bytes(typst.compile(source, pdf_tags=False))
    return verdicts(tmp_path_factory.mktemp("verapdf"), documents)


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("kind", DOCUMENTS)
def test_a_certificate_and_a_module_on_paper_conform(
    broken_rules: dict[tuple[str, str], list[str]], kind: str, flavour: str
) -> None:
    assert broken_rules[kind, flavour] == []


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_the_validator_refuses_a_file_that_does_not_conform(
    broken_rules: dict[tuple[str, str], list[str]], flavour: str
) -> None:
    assert broken_rules[NEITHER, flavour]
