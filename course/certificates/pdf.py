"""A certificate as a PDF, set by Typst: tagged for screen readers (PDF/UA-1)."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import segno
import typst

TEMPLATE = Path(__file__).with_name("certificate.typ")


@cache
def _compiler() -> typst.Compiler:
    # Kept for the life of the process: finding fonts is what takes long.
    return typst.Compiler(TEMPLATE)


class FontError(Exception):
    """No font on this machine has all the letters that a certificate needs."""


def pdf(facts: dict[str, str]) -> bytes:
    """The PDF of one certificate. `facts` are the texts that it shows, dates already in words:
    name, course, organisation, edition, version, number, completed, valid, notice, pathway, length, sections,
    check (the address at which it can be checked). Raises FontError."""
    # The picture of a square for each dark module, with the quiet zone that scanners need around it.
    code = segno.make(facts["check"], error="m", micro=False).svg_inline(border=2)
    inputs = {"facts": json.dumps(facts), "code": code}
    try:
        data = _compiler().compile(format="pdf", pdf_standards=["ua-1"], sys_inputs=inputs)
    except typst.TypstError as error:
        raise FontError(str(error)) from error
    if not isinstance(data, bytes):
        raise TypeError("a certificate has one page")
    return data
