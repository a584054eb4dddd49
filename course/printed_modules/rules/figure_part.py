"""The figures of a page on paper: drawn as on the screen, with their words in their order."""

from __future__ import annotations

import re
from collections.abc import Iterator

from course.content.schema import Block
from course.printed_modules.rules import nodes
from course.printed_modules.rules.nodes import figure_items, plain_text, prose
from course.translation import current_language

# Figures whose lines are the items of a list, each with a look of its own.
_LISTED = frozenset({"chat", "route", "hours", "spread"})
_DRAWING = re.compile(r"<svg\b.*?</svg>", re.DOTALL)
# On the screen a style sheet gives the colours. These suit paper, also in grey.
_INK = """<style>.ring{fill:#f4f1e8;stroke:#6b7b80;stroke-width:1.5}.dot{fill:#6b7b80}.badge{fill:#052d35}.start{fill:#fcc952;
stroke:#8a6a12;stroke-width:2}text{font-family:"Atkinson Hyperlegible Next";font-weight:700;font-size:20px;fill:#fff;
text-anchor:middle}</style>"""
_DIAGRAM_INK = """<style>.d-line{fill:none;stroke:#10252c;stroke-width:2}.d-box{fill:#f4f1e8;stroke:#6b7b80}
text{font-family:"Atkinson Hyperlegible Next";fill:#10252c}</style>"""


def figure_blocks(block: Block) -> Iterator[nodes.Block]:
    """A figure. A drawing that says nothing but the words beside it is shown and not read out; a diagram, whose words are on the
    screen behind a fold, has them as its text and below it."""
    said = prose(block.html)
    if block.kind == "compare":
        yield from (_framed(one) for one in said)
        return
    if block.kind == "diagram" and block.svg is not None:
        yield {"t": "drawing", "svg": _with_ink(block.svg.html, _DIAGRAM_INK), "alt": plain_text(said).strip()}
        yield from said
        return
    if block.kind not in _LISTED:
        yield from said
        return
    drawing = _DRAWING.search(block.html.html)
    made: nodes.Block = {
        "t": "figure", "kind": block.kind, "items": figure_items(block.html.html),
        "svg": _with_ink(drawing[0], _INK) if drawing else "",
    }  # fmt: skip
    if block.html.language == current_language():
        yield made
    else:
        yield {"t": "lang", "lang": block.html.language, "c": [made]}


def _framed(one: nodes.Block) -> nodes.Block:
    """A table of a figure, as wide as the page; in another language the tables inside."""
    if one["t"] == "lang":
        return one | {"c": [_framed(inner) for inner in one["c"]]}
    return one | {"kind": "compare"} if one["t"] == "table" else one


def _with_ink(svg: str, style: str) -> str:
    """A drawing as a file of its own, in the colours of paper."""
    head, rest = svg[: svg.index(">")], svg[svg.index(">") + 1 :]
    space = "" if "xmlns=" in head else ' xmlns="http://www.w3.org/2000/svg"'
    return f"{head}{space}>{style}{rest}"
