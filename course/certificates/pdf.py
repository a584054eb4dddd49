"""A certificate as a PDF, set by Typst: tagged for screen readers (PDF/UA-1)."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

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
    name, course, organisation, edition, version, number, completed, valid. Raises FontError."""
    try:
        data = _compiler().compile(format="pdf", pdf_standards=["ua-1"], sys_inputs={"facts": json.dumps(facts)})
    except typst.TypstError as error:
        raise FontError(str(error)) from error
    if not isinstance(data, bytes):
        raise TypeError("a certificate has one page")
    return data
