"""Typesetting with Typst: PDF files for archiving (PDF/A-3a), tagged for screen readers (PDF/UA-1), and pictures."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Literal

from course.certificates.script_support import clean_text, is_rare
from course.certificates.typst_compiler import FileKind, Standards, compile_template
from course.db import assert_outside_unit_of_work
from course.helper_process import HelperError, HelperProcess
from course.request_turns import waiting

NO_STANDARD: Standards = ()
ARCHIVABLE: Standards = ("a-3a", "ua-1")
# Typst reports each piece of text that is in no font; \u{301} stands for a character that cannot be shown alone.
_MISSING_PATTERN = re.compile(r'the text `"(.+?)"` could not be displayed')
_ESCAPE_PATTERN = re.compile(r"\\u\{([0-9a-f]+)\}")

# A function from the pieces of text that are in no font to the inputs of the template.
TemplateInputs = Callable[[frozenset[str]], dict[str, str]]
PictureKind = Literal["png", "svg"]
# Makes the file of a template in a format from inputs, with a creation date and the standards of PDF that it keeps.
Compiler = Callable[[Path, FileKind, dict[str, str], datetime, Standards], bytes]

# One helper for each template: a long report does not hold up a certificate.
_helpers: dict[Path, HelperProcess] = {}
_lock = Lock()


class TypesettingError(RuntimeError):
    """Typst found an error in a template, or a piece of text that is in no font; the message has its words."""


def compile_in_helper(
    template: Path, kind: FileKind, inputs: dict[str, str], at: datetime, standards: Standards = NO_STANDARD
) -> bytes:
    """The file that a template makes, made in a process of its own, where Typst and its fonts are in memory for a while.
    Raises TypesettingError."""
    assert_outside_unit_of_work("typesetting")
    with _lock:
        helper = _helpers.setdefault(template, HelperProcess())
    try:
        with waiting():
            return helper.call(compile_template, str(template), kind, inputs, int(at.timestamp()), standards)
    except HelperError as error:
        raise TypesettingError(str(error)) from error


def compile_here(
    template: Path, kind: FileKind, inputs: dict[str, str], at: datetime, standards: Standards = NO_STANDARD
) -> bytes:
    """The same in this process, for one that ends soon. Raises TypesettingError."""
    try:
        return compile_template(iter(()), str(template), kind, inputs, int(at.timestamp()), standards)
    except ValueError as error:
        raise TypesettingError(str(error)) from error


def typeset(
    template: Path, inputs: TemplateInputs, texts: Iterable[str], at: datetime, compiler: Compiler = compile_in_helper
) -> bytes:
    """The PDF that a template makes, the same bytes each time. `at` is its creation date.

    `texts` are those that a person typed: `inputs` receives the pieces of them that are in no font, and leaves them
    out. Raises TypesettingError for an error in the template.
    """
    return _typeset(template, inputs, texts, at, compiler)[0]


def typeset_picture(
    template: Path, inputs: TemplateInputs, texts: Iterable[str], at: datetime, kind: PictureKind
) -> bytes:
    """The only page of a template as a picture, the same bytes each time. Raises as `typeset` does."""
    # Only a PDF says which letters are in no font; a picture would show them as nothing.
    missing = _typeset(template, inputs, texts, at, compile_in_helper)[1]
    return compile_in_helper(template, kind, inputs(missing), at)


def _typeset(
    template: Path, inputs: TemplateInputs, texts: Iterable[str], at: datetime, compiler: Compiler
) -> tuple[bytes, frozenset[str]]:
    """The PDF, and the pieces of text that had to be left out."""
    missing: frozenset[str] = frozenset()
    compiled = partial(compiler, template, "pdf")
    # The neighbours of a replaced character are shaped anew and may then lack a glyph too; hence more than one retry.
    for _ in range(3):
        try:
            return compiled(inputs(missing), at, ARCHIVABLE), missing
        except TypesettingError as error:
            missing_now = _missing_text(str(error))
            if not missing_now:
                raise
            missing |= missing_now
    rare = {character for text in texts for character in clean_text(text) if is_rare(character)}
    missing |= rare
    return compiled(inputs(missing), at, ARCHIVABLE), missing


def _missing_text(words: str) -> frozenset[str]:
    """The pieces of text for which Typst found no font."""
    pieces = _MISSING_PATTERN.findall(words)
    return frozenset(_ESCAPE_PATTERN.sub(lambda match: chr(int(match[1], 16)), piece) for piece in pieces)
