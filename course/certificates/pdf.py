"""A certificate as a PDF, set by Typst: to be kept (PDF/A-3a) and tagged for screen readers (PDF/UA-1)."""

from __future__ import annotations

import json
from dataclasses import asdict, astuple, dataclass
from datetime import UTC, datetime
from pathlib import Path

import segno

from course.certificates.script_support import BOX, boxed, breakable, han_region, plain, side, spelled
from course.certificates.typesetting import typeset

TEMPLATE = Path(__file__).with_name("certificate.typ")


@dataclass(frozen=True)
class Sheet:
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


def pdf(sheet: Sheet, credential: bytes | None = None, logo: bytes | None = None) -> bytes:
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
        TEMPLATE, lambda missing: {**_inputs(sheet, attached, missing), "logo": picture}, texts, sheet.issued
    )


def _inputs(sheet: Sheet, attached: str, missing: frozenset[str]) -> dict[str, str]:
    """What the template gets: the texts as they are shown, those for the file's properties, the code, the credential."""
    name, course, organisation = plain(sheet.name), plain(sheet.course), plain(sheet.organisation)
    texts = {key: _shown(value, missing) for key, value in asdict(sheet).items() if isinstance(value, str)}
    sections = [_shown(title, missing) for title in sheet.sections]
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


def _shown(raw: str, missing: frozenset[str]) -> dict[str, str | bool]:
    """A text and how to set it. `spoken` is the same for whoever has the page read out, where programs may put
    its letters together wrongly."""
    whole = plain(raw)
    text = boxed(whole, missing)
    return {
        "text": breakable(text),
        "side": side(text),
        "han": han_region(text),
        "spoken": whole if spelled(text) else "",
        "boxes": text.count(BOX) > whole.count(BOX),
    }
