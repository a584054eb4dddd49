"""Each kind of certificate conforms to PDF/A-3a (to be kept) and PDF/UA-1 (for everyone), as veraPDF judges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest
import typst

from course.certificates.pdf import certificate_pdf
from tests.certificates.sheets import BOXED, LOGOS, MARKED, NAMES, SHEET, named, picture
from tests.support.verapdf import FLAVOURS, verdicts

CREDENTIAL = b'{"type": ["VerifiableCredential", "OpenBadgeCredential"]}'
KINDS: dict[str, Callable[[], bytes]] = {
    "plain": lambda: certificate_pdf(SHEET),
    "with a credential": lambda: certificate_pdf(SHEET, CREDENTIAL),
    **{f"logo in {kind}": partial(certificate_pdf, SHEET, CREDENTIAL, picture(kind)) for kind in LOGOS},
    "with as little as there can be": lambda: certificate_pdf(
        replace(SHEET, pathway="", length="", sections=(), notice="")
    ),
    "long name, one word": lambda: certificate_pdf(named("W" * 200), CREDENTIAL),
    "long name, many words": lambda: certificate_pdf(named(("Abcdefgh " * 23)[:200])),
    "from the right, from top to bottom": lambda: certificate_pdf(
        replace(SHEET, name=MARKED["Arabic with vowels"], organisation="مدرسة النور", course="دورة")
    ),
    "invisible characters": lambda: certificate_pdf(named("S\x00a\u202em\u200d \u0301\u0489 \ufe0f\U000e0041")),
    "many marks": lambda: certificate_pdf(named("Z" + "\u0301\u0322\u0333\u20dd" * 40)),
    **{f"{script} name": partial(certificate_pdf, named(name)) for script, name in (NAMES | MARKED).items()},
    **{f"boxes for {kind}": partial(certificate_pdf, named(name), CREDENTIAL) for kind, (name, _) in BOXED.items()},
}
NEITHER = "neither standard"


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], list[str]]:
    """The broken rules of every kind, judged in one go, and of a PDF that keeps to neither standard."""
    documents = {kind: make() for kind, make in KINDS.items()}
    source = tmp_path_factory.mktemp("plain") / "plain.typ"
    source.write_text("= A title", encoding="utf-8")
    documents[NEITHER] = bytes(typst.compile(source, pdf_tags=False))
    return verdicts(tmp_path_factory.mktemp("verapdf"), documents)


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_certificate_conforms(broken: dict[tuple[str, str], list[str]], kind: str, flavour: str) -> None:
    assert broken[kind, flavour] == []


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_the_validator_refuses_what_does_not_conform(broken: dict[tuple[str, str], list[str]], flavour: str) -> None:
    assert broken[NEITHER, flavour]
