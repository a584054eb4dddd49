"""The compiler of Typst, for the process that typesets: nothing of the course but this is loaded there."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from noto_cjk_sans_otc import FONT_PATH

if TYPE_CHECKING:
    import typst

FileKind = Literal["pdf", "png", "svg"]
Standards = tuple[Literal["a-3a", "ua-1"], ...]
ROOT = Path(__file__).parents[1]  # the root for templates and for what they import
FONTS = [Path(__file__).with_name("fonts"), Path(str(FONT_PATH)).parent]
PIXELS_PER_INCH = 144.0


@cache
def _compiler(template: str) -> typst.Compiler:
    import typst  # noqa: PLC0415 (only processes that typeset need it)

    # Kept for the life of the process: finding the fonts is slow. System fonts are ignored, so that a file is the
    # same wherever it is made.
    return typst.Compiler(Path(template), root=ROOT, font_paths=FONTS, ignore_system_fonts=True)


def compile_template(
    _parts: Iterator[object], template: str, kind: FileKind, inputs: dict[str, str], timestamp: int, standards: Standards
) -> bytes:  # fmt: skip
    """The file that a template makes: `kind` pdf, png or svg, and for PDF the `standards` that it keeps. Raises ValueError
    with Typst's words for an error in the template."""
    import typst  # noqa: PLC0415 (see above)

    try:
        data = _compiler(template).compile(
            format=kind, ppi=PIXELS_PER_INCH, pdf_standards=[*standards], sys_inputs=inputs, timestamp=timestamp
        )
    except typst.TypstError as error:
        raise ValueError(error.diagnostic) from error
    if not isinstance(data, bytes):
        raise TypeError("what was set is one file, or one page")
    return data
