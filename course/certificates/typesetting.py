"""Typesetting with Typst: PDF files for archiving (PDF/A-3a), tagged for screen readers (PDF/UA-1), and pictures."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Literal

from noto_cjk_sans_otc import FONT_PATH

from course.certificates.script_support import clean_text, is_rare
from course.db import assert_outside_unit_of_work

if TYPE_CHECKING:
    import typst

ROOT = Path(__file__).parents[1]  # the root for templates and for what they import
FONTS = [Path(__file__).with_name("fonts"), Path(str(FONT_PATH)).parent]
# Typst reports each piece of text that is in no font; \u{301} stands for a character that cannot be shown alone.
_MISSING_PATTERN = re.compile(r'the text `"(.+?)"` could not be displayed')
_ESCAPE_PATTERN = re.compile(r"\\u\{([0-9a-f]+)\}")

# A function from the pieces of text that are in no font to the inputs of the template.
TemplateInputs = Callable[[frozenset[str]], dict[str, str]]
PictureKind = Literal["png", "svg"]
_PIXELS_PER_INCH = 144.0


@cache
def _compiler(template: Path) -> tuple[typst.Compiler, Lock]:
    import typst  # noqa: PLC0415 (it needs memory, and few processes typeset)

    # Cached for the life of the process: finding the fonts is slow. System fonts are ignored, so that a file is the
    # same wherever it is made.
    return typst.Compiler(template, root=ROOT, font_paths=FONTS, ignore_system_fonts=True), Lock()


def typeset(template: Path, inputs: TemplateInputs, texts: Iterable[str], at: datetime) -> bytes:
    """The PDF that a template makes, the same bytes each time. `at` is its creation date.

    `texts` are those that a person typed: `inputs` receives the pieces of them that are in no font, and leaves them
    out. Raises typst.TypstError for an error in the template.
    """
    return _typeset(template, inputs, texts, at)[0]


def typeset_picture(
    template: Path, inputs: TemplateInputs, texts: Iterable[str], at: datetime, kind: PictureKind
) -> bytes:
    """The only page of a template as a picture, the same bytes each time. Raises as `typeset` does."""
    # Only a PDF says which letters are in no font; a picture would show them as nothing.
    missing = _typeset(template, inputs, texts, at)[1]
    compiler, lock = _compiler(template)
    with lock:
        data = compiler.compile(
            format=kind, ppi=_PIXELS_PER_INCH, sys_inputs=inputs(missing), timestamp=int(at.timestamp())
        )
    if not isinstance(data, bytes):
        raise TypeError("what was set is one page")
    return data


def _typeset(
    template: Path, inputs: TemplateInputs, texts: Iterable[str], at: datetime
) -> tuple[bytes, frozenset[str]]:
    """The PDF, and the pieces of text that had to be left out."""
    import typst  # noqa: PLC0415 (see above)

    assert_outside_unit_of_work("typesetting")
    missing: frozenset[str] = frozenset()
    # The neighbours of a replaced character are shaped anew and may then lack a glyph too; hence more than one retry.
    for _ in range(3):
        try:
            return _compile(template, inputs(missing), at), missing
        except typst.TypstError as error:
            missing_now = _missing_text(error)
            if not missing_now:
                raise
            missing |= missing_now
    rare = {character for text in texts for character in clean_text(text) if is_rare(character)}
    missing |= rare
    return _compile(template, inputs(missing), at), missing


def _compile(template: Path, inputs: dict[str, str], at: datetime) -> bytes:
    compiler, lock = _compiler(template)
    # A compiler cannot be used by two threads at once.
    with lock:
        data = compiler.compile(
            format="pdf", pdf_standards=["a-3a", "ua-1"], sys_inputs=inputs, timestamp=int(at.timestamp())
        )
    if not isinstance(data, bytes):
        raise TypeError("what was set is one file")
    return data


def _missing_text(error: typst.TypstError) -> frozenset[str]:
    """The pieces of text for which Typst found no font."""
    pieces = _MISSING_PATTERN.findall(error.diagnostic)
    return frozenset(_ESCAPE_PATTERN.sub(lambda match: chr(int(match[1], 16)), piece) for piece in pieces)
