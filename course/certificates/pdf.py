"""A certificate as a PDF, set by Typst: to be kept (PDF/A-3a) and tagged for screen readers (PDF/UA-1)."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, astuple, dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from threading import Lock

import segno
import typst
from noto_cjk_sans_otc import FONT_PATH

from course.certificates.lettering import BOX, boxed, breakable, han_region, plain, rare, side, spelled

TEMPLATE = Path(__file__).with_name("certificate.typ")
FONTS = [TEMPLATE.parent / "fonts", Path(str(FONT_PATH)).parent]
# Typst names each piece of text that no font has; \u{301} stands for what cannot be shown alone.
_MISSING = re.compile(r'the text `"(.+?)"` could not be displayed')
_ESCAPED = re.compile(r"\\u\{([0-9a-f]+)\}")
_lock = Lock()


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


@cache
def _compiler() -> typst.Compiler:
    # Kept for the life of the process: finding the fonts is what takes long. Those of the machine are left out,
    # so that a certificate is the same wherever it is made.
    return typst.Compiler(TEMPLATE, font_paths=FONTS, ignore_system_fonts=True)


def pdf(sheet: Sheet, credential: bytes | None = None) -> bytes:
    """The PDF of one certificate, the same bytes each time, with `credential` (JSON) attached if there is one.

    A character that no font has becomes □, and a line on the page says where it is spelled out: on the page that
    checks certificates and in the file's title. Raises UnicodeDecodeError for a credential that is not UTF-8,
    typst.TypstError for a fault in the template.
    """
    attached = "" if credential is None else credential.decode()
    missing: frozenset[str] = frozenset()
    # What stands beside a box is shaped anew and may lack something else then; hence more than one further try.
    for _ in range(3):
        try:
            return _set(_inputs(sheet, attached, missing), sheet.issued)
        except typst.TypstError as error:
            found = _missing(error)
            if not found:
                raise
            missing |= found
    beyond = {sign for value in astuple(sheet) for sign in plain(str(value)) if rare(sign)}
    return _set(_inputs(sheet, attached, missing | beyond), sheet.issued)


def _set(inputs: dict[str, str], issued: datetime) -> bytes:
    # A compiler refuses to be used by two threads at once.
    with _lock:
        data = _compiler().compile(
            format="pdf", pdf_standards=["a-3a", "ua-1"], sys_inputs=inputs, timestamp=int(issued.timestamp())
        )
    if not isinstance(data, bytes):
        raise TypeError("a certificate is one file")
    return data


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


def _missing(error: typst.TypstError) -> frozenset[str]:
    """The pieces of text for which Typst found no font."""
    pieces = _MISSING.findall(error.diagnostic)
    return frozenset(_ESCAPED.sub(lambda found: chr(int(found[1], 16)), piece) for piece in pieces)
