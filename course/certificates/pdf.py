"""A certificate as a PDF, set by Typst: to be kept (PDF/A-3a) and tagged for screen readers (PDF/UA-1)."""

from __future__ import annotations

import json
from dataclasses import asdict, astuple, dataclass
from datetime import UTC, datetime
from pathlib import Path

import segno

from course.certificates.script_support import (
    BOX,
    add_break_points,
    clean_text,
    han_region,
    needs_actual_text,
    replace_missing,
    text_direction,
)
from course.certificates.typesetting import typeset

TEMPLATE = Path(__file__).with_name("certificate.typ")


@dataclass(frozen=True)
class PrintedCertificate:
    """What a certificate shows. Dates are in words; `issued` is when it was issued, `check` the address at which
    it can be checked. What is not known is empty."""

    name: str
    course: str
    organisation: str
    edition: str
    version: str
    number: str
    completed: str
    valid: str
    notice: str
    pathway: str
    length: str
    sections: tuple[str, ...]
    check: str
    issued: datetime
    how: str = "with all of its modules, scenarios and timelines, and the final assessment"
    did: str = "completed the course"


def certificate_pdf(sheet: PrintedCertificate, credential: bytes | None = None, logo: bytes | None = None) -> bytes:
    """The PDF of one certificate, the same bytes each time, with `credential` (JSON) attached if there is one, and
    with `logo` (PNG) above the name of the organisation.

    A character that no font has becomes □, and a line on the page says where it is spelled out: on the page that
    checks certificates and in the file's title. Raises UnicodeDecodeError for a credential that is not UTF-8,
    typst.TypstError for a fault in the template.
    """
    attached = "" if credential is None else credential.decode()
    texts = (str(value) for value in astuple(sheet))
    # Only texts can be handed over: the picture goes as the numbers of its bytes.
    picture = json.dumps(list(logo)) if logo else ""
    return typeset(
        TEMPLATE, lambda missing: {**_template_inputs(sheet, attached, missing), "logo": picture}, texts, sheet.issued
    )


def _template_inputs(sheet: PrintedCertificate, attached: str, missing: frozenset[str]) -> dict[str, str]:
    """What the template gets: the texts as they are shown, those for the file's properties, the code, the credential."""
    name, course, organisation = clean_text(sheet.name), clean_text(sheet.course), clean_text(sheet.organisation)
    texts = {key: _template_text(value, missing) for key, value in asdict(sheet).items() if isinstance(value, str)}
    sections = [_template_text(title, missing) for title in sheet.sections]
    issued = sheet.issued.astimezone(UTC)
    facts = texts | {
        "sections": sections,
        "address": sheet.check,
        "boxes": any(text["boxes"] for text in (*texts.values(), *sections)),
        # These are not set in type, so nothing is missing from them.
        "title": f"Certificate {sheet.number}: {name}",
        "author": organisation,
        "about": f"{name} completed the course {course} at {organisation}.",
        "issued": [issued.year, issued.month, issued.day],
    }
    # The picture of a square for each dark module, with the quiet zone that scanners need around it.
    code = segno.make(sheet.check, error="m", micro=False).svg_inline(border=2)
    return {"facts": json.dumps(facts), "code": code, "credential": attached}


def _template_text(raw: str, missing: frozenset[str]) -> dict[str, str | bool]:
    """A text and how to set it. `spoken` is the same for whoever has the page read out, where programs may put
    its letters together wrongly."""
    whole = clean_text(raw)
    text = replace_missing(whole, missing)
    return {
        "text": add_break_points(text),
        "side": text_direction(text),
        "han": han_region(text),
        "spoken": whole if needs_actual_text(text) else "",
        "boxes": text.count(BOX) > whole.count(BOX),
    }
