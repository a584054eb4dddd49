"""Setting type with Typst: PDF files to be kept (PDF/A-3a) and tagged for screen readers (PDF/UA-1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache
from pathlib import Path
from threading import Lock

import typst
from noto_cjk_sans_otc import FONT_PATH

from course.certificates.script_support import clean_text, is_rare
from course.db import assert_outside_unit_of_work

ROOT = Path(__file__).parents[1]  # templates are found below it, and what they import
FONTS = [Path(__file__).with_name("fonts"), Path(str(FONT_PATH)).parent]
# Typst names each piece of text that no font has; \u{301} stands for what cannot be shown alone.
_MISSING_PATTERN = re.compile(r'the text `"(.+?)"` could not be displayed')
_ESCAPE_PATTERN = re.compile(r"\\u\{([0-9a-f]+)\}")

# From the pieces of text that no font has to what the template gets.
TemplateInputs = Callable[[frozenset[str]], dict[str, str]]


@cache
def _compiler(template: Path) -> tuple[typst.Compiler, Lock]:
    # Kept for the life of the process: finding the fonts is what takes long. Those of the machine are left out,
    # so that a file is the same wherever it is made.
    return typst.Compiler(template, root=ROOT, font_paths=FONTS, ignore_system_fonts=True), Lock()


def typeset(template: Path, inputs: TemplateInputs, texts: Iterable[str], at: datetime) -> bytes:
    """The PDF that a template makes, the same bytes each time; `at` is when it says it was made.

    `texts` are those that somebody typed: what no font has of them is told to `inputs`, which leaves it out. Raises
    typst.TypstError for a fault in the template.
    """
    assert_outside_unit_of_work("typesetting")
    missing: frozenset[str] = frozenset()
    # What stands beside a box is shaped anew and may lack something else then; hence more than one further try.
    for _ in range(3):
        try:
            return _compile(template, inputs(missing), at)
        except typst.TypstError as error:
            found = _missing_text(error)
            if not found:
                raise
            missing |= found
    beyond = {sign for text in texts for sign in clean_text(text) if is_rare(sign)}
    return _compile(template, inputs(missing | beyond), at)


def _compile(template: Path, inputs: dict[str, str], at: datetime) -> bytes:
    compiler, lock = _compiler(template)
    # A compiler refuses to be used by two threads at once.
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
    return frozenset(_ESCAPE_PATTERN.sub(lambda found: chr(int(found[1], 16)), piece) for piece in pieces)
