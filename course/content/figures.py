"""Figures on lesson pages: a conversation, a route, a comparison, hours or rings, from lines of Markdown to safe HTML.

A figure is built once, when the content is loaded. Its texts know bold and emphasis; all else is escaped. The few words that
the course itself puts in, such as the tag of a branch, are in the language of the texts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count
from math import cos, pi, sin
from typing import Protocol

from course.content.rendering import emphasised_html, link_targets
from course.content.yaml_source import RawBlock
from course.translation import SOURCE_LANGUAGE, current_language, gettext, use_language

# The attributes of each kind, all of which are required and shown.
FIGURE_ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "chat": ("title", "left", "right"),
    "route": ("title",),
    "compare": ("title", "left", "right"),
    "hours": ("title",),
    "spread": ("title", "start"),
}
# How many lines a figure of each kind has, at least and at most, and what its lines are called.
_SIZES = {
    "chat": (2, 12, "messages"),
    "route": (2, 8, "steps"),
    "compare": (1, 8, "rows"),
    "hours": (2, 12, "times"),
    "spread": (2, 5, "rings"),
}
SIDES = ("left", "right", "note")
_TIME = " · "
_SIDE = re.compile(r"^(\w+):(?:\s+|$)(.*)$")
_NUMBER = re.compile(r"^(\d+)\.(?:\s+|$)(.*)$")
_MARK = re.compile(r"^([?!])(?:\s+|$)(.*)$")
_LEAD = re.compile(r"^\*\*([^*]+)\*\*\s*(.*)$")
_SEPARATOR = re.compile(r"^\|[\s:|-]+\|$")


class Report(Protocol):
    """Reports a mistake, and the line of the block on which it is: from 1; 0 is the line that opens the block."""

    def __call__(self, message: str, line: int = 0) -> None: ...


@dataclass(frozen=True)
class Figure:
    """A figure as HTML, without its title. `shape` has one entry for each line, which a translation has as well."""

    html: str
    shape: tuple[str, ...]


@dataclass(frozen=True)
class _Item:
    """A line of a figure: whose it is or how it is marked (`mark`), its time, and its text or cells."""

    mark: str
    texts: tuple[str, ...]
    time: str = ""


def build_figure(
    block: RawBlock, report: Report, language: str = SOURCE_LANGUAGE, has_comments: bool = False
) -> Figure | None:
    """Build the figure of a block; None, with each mistake reported, if it has one. With `has_comments` lines may be empty
    where a comment of a translator was left out."""
    mistakes: list[str] = []

    def refuse(message: str, line: int = 0) -> None:
        mistakes.append(message)
        report(message, line)

    for name in FIGURE_ATTRIBUTES[block.kind]:
        if name in block.attributes and not block.attributes[name].strip():
            refuse(f"a block '{block.kind}' needs '{name}='")
    items = list(_items(block, refuse, has_comments))
    least, most, name = _SIZES[block.kind]
    if not mistakes and not least <= len(items) <= most:
        refuse(f"a block '{block.kind}' has {least} to {most} {name}; here are {len(items)}")
    if mistakes:
        return None
    given = {name: emphasised_html(block.attributes.get(name, "")) for name in FIGURE_ATTRIBUTES[block.kind]}
    with use_language(language):
        html = _BUILDERS[block.kind](given, items)
        if current_language() != language:  # the course has no words in it, and says its English ones
            html = html.replace('<span class="word">', f'<span class="word" lang="{SOURCE_LANGUAGE}">')
    return Figure(html, tuple(item.mark for item in items))


def _items(block: RawBlock, refuse: Report, has_comments: bool) -> Iterator[_Item]:
    rows = block.text.rstrip().splitlines()
    begun = 0
    for number, row in enumerate(map(str.strip, rows), 1):
        if not row:
            if begun and not has_comments:
                refuse("an empty line stands in the figure; write one line below the other", number)
            continue
        begun += 1
        if link_targets(row):
            refuse("a figure has no links; put the link into the text", number)
            continue
        item = _ITEMS[block.kind](row, begun, partial(refuse, line=number))
        if item is None:
            continue
        if not any(item.texts):
            refuse("this line of the figure says nothing", number)
            continue
        yield item


# Each of these reads one line, which is the `position`-th of its figure; None, with the mistake reported, if it cannot.


def _bullet(row: str, refuse: Callable[[str], None]) -> str | None:
    if row == "-" or row.startswith("- "):
        return row[1:].strip()
    refuse(f"each line of this figure begins with '- ', and is not broken; here it is '{_shortened(row)}'")
    return None


def _message(row: str, _position: int, refuse: Callable[[str], None]) -> _Item | None:
    text = _bullet(row, refuse)
    if text is None:
        return None
    time, divider, rest = text.partition(_TIME)
    if not divider or _SIDE.match(text):
        time, rest = "", text
    side = _SIDE.match(rest)
    if side is None:
        refuse(f"a message begins with left:, right: or note:, after its time if it has one; here '{_shortened(rest)}'")
        return None
    if side[1] not in SIDES:
        refuse(f"there is no side '{side[1]}'; known are {', '.join(SIDES)}")
        return None
    return _Item(side[1], (side[2].strip(),), time.strip())


def _step(row: str, position: int, refuse: Callable[[str], None]) -> _Item | None:
    numbered = _NUMBER.match(row)
    if numbered is None:
        refuse(f"each step begins with its number, as in '1. ', and is not broken; here it is '{_shortened(row)}'")
        return None
    if int(numbered[1]) != position:
        refuse(f"steps are numbered 1, 2, 3 and so on; this is step {position}, not {numbered[1]}")
        return None
    return _marked(numbered[2].strip(), "?!")


def _marked(text: str, known: str, time: str = "") -> _Item:
    mark = _MARK.match(text)
    if mark is None or mark[1] not in known:
        return _Item("", (text,), time)
    return _Item(mark[1], (mark[2].strip(),), time)


def _hour(row: str, _position: int, refuse: Callable[[str], None]) -> _Item | None:
    text = _bullet(row, refuse)
    if text is None:
        return None
    time, divider, rest = text.partition(_TIME)
    if not divider or not time.strip():
        refuse(f"each line begins with its time and ' · ', as in '- 7pm · …'; here it is '{_shortened(text)}'")
        return None
    return _marked(rest.strip(), "!", time.strip())


def _ring(row: str, _position: int, refuse: Callable[[str], None]) -> _Item | None:
    text = _bullet(row, refuse)
    return None if text is None else _Item("", (text,))


def _pair(row: str, _position: int, refuse: Callable[[str], None]) -> _Item | None:
    if not (row.startswith("|") and row.endswith("|") and len(row) > 1):
        refuse(f"each row begins and ends with '|'; here it is '{_shortened(row)}'")
        return None
    if _SEPARATOR.match(row) and "-" in row:
        refuse("a comparison has no line under its head: the heads are left= and right=")
        return None
    cells = tuple(cell.strip() for cell in row[1:-1].split("|"))
    if len(cells) != 2:
        refuse(f"each row has two cells, as in '| left | right |'; this one has {len(cells)}")
        return None
    return _Item("", cells)


_ITEMS: dict[str, Callable[[str, int, Callable[[str], None]], _Item | None]] = {
    "chat": _message,
    "route": _step,
    "compare": _pair,
    "hours": _hour,
    "spread": _ring,
}


def _shortened(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"


# Each of these writes the HTML of a kind: its attributes as HTML, and its lines.


def _chat(given: dict[str, str], items: list[_Item]) -> str:
    """Messages in their order. The name is seen where the speaker changes, and said for each message."""
    rows, speaker = [], ""
    for item in items:
        text, time = emphasised_html(item.texts[0]), emphasised_html(item.time)
        when = f'<span class="when">{time}</span>' if time else ""
        if item.mark == "note":
            rows.append(f'<li class="note-line">{when} {text}</li>')
        else:
            rows.append(f'<li class="{item.mark}">{_speaker(given[item.mark], when, item.mark == speaker)}{text}</li>')
        speaker = item.mark
    return f'<ol role="list">{"".join(rows)}</ol>'


def _speaker(name: str, when: str, is_same: bool) -> str:
    """Who writes, and when. Of a speaker who goes on, sight needs no name."""
    if is_same and not when:
        return f'<span class="hidden">{name}: </span>'
    shown = f'<span class="hidden">{name}</span>' if is_same else f"<b>{name}</b>"
    comma = '<span class="hidden">, </span>' if when else ""
    return f'<span class="by">{shown}{comma}{when}</span><span class="hidden">: </span>'


def _route(_given: dict[str, str], items: list[_Item]) -> str:
    rows = []
    # Only the steps themselves are counted: after a branch a reader would look for the number that is missing.
    numbers = count(1)
    for item in items:
        mark = f'<span class="mark" aria-hidden="true">{item.mark or next(numbers)}</span>'
        kind = {"?": ' class="branch"', "!": ' class="care"'}.get(item.mark, "")
        rows.append(f'<li{kind}>{mark}<div class="said">{_step_html(item)}</div></li>')
    return f'<ol role="list">{"".join(rows)}</ol>'


def _step_html(item: _Item) -> str:
    """The text of a step. Bold words at its beginning are its heading if a new sentence follows them."""
    before = _tag(gettext("Take care")) if item.mark == "!" else ""
    tag = _tag(gettext("If so")) if item.mark == "?" else ""
    lead = _LEAD.match(item.texts[0])
    if lead is None or lead[2][:1].islower():
        return f"{before}{tag}{emphasised_html(item.texts[0])}"
    return f'{before}<strong class="lead">{emphasised_html(lead[1])}</strong> {tag}{emphasised_html(lead[2])}'


def _tag(word: str) -> str:
    return f'<span class="word">{emphasised_html(word)}</span> '


def _compare(given: dict[str, str], items: list[_Item]) -> str:
    """A table. The roles are said as well, because the narrowest phones lay it out as blocks, which would lose them."""
    heads = "".join(f'<th scope="col" role="columnheader">{given[side]}</th>' for side in ("left", "right"))
    rows = "".join(
        '<tr role="row">' + "".join(f'<td role="cell">{emphasised_html(cell)}</td>' for cell in item.texts) + "</tr>"
        for item in items
    )
    return (
        f'<table role="table"><thead role="rowgroup"><tr role="row">{heads}</tr></thead>'
        f'<tbody role="rowgroup">{rows}</tbody></table>'
    )


def _hours(_given: dict[str, str], items: list[_Item]) -> str:
    rows = []
    for item in items:
        kind = ' class="turn"' if item.mark else ""
        tag = _tag(gettext("Here it turns")) if item.mark else ""
        rows.append(
            f'<li{kind}><b class="at">{emphasised_html(item.time)}</b> '
            f'<div class="said">{tag}{emphasised_html(item.texts[0])}</div></li>'
        )
    return f'<ol role="list">{"".join(rows)}</ol>'


_DOTS = (3, 6, 10, 15, 21)  # on each ring outwards: more and more people


def _spread(given: dict[str, str], items: list[_Item]) -> str:
    """Rings around a point, and their words as a list, which says all that the drawing says."""
    rows = [
        f'<li class="start"><span class="mark" aria-hidden="true"></span><div class="said">{given["start"]}</div></li>'
    ]
    rows += [
        f'<li><span class="mark" aria-hidden="true">{number}</span><div class="said">{emphasised_html(item.texts[0])}</div></li>'
        for number, item in enumerate(items, 1)
    ]
    return f'{_rings(len(items))}<ol role="list">{"".join(rows)}</ol>'


def _rings(count: int) -> str:
    """The drawing: numbered rings, the outermost first, each with more dots than the one inside it."""
    middle, first, last = 160, 34, 142
    radii = [first + (last - first) * number / count for number in range(1, count + 1)]
    shapes = [f'<circle class="ring" cx="{middle}" cy="{middle}" r="{radius:.0f}"/>' for radius in reversed(radii)]
    for number, radius in enumerate(radii):
        begin, dots = -pi / 2 + number * pi * 0.31, _DOTS[number]
        for place in range(1, dots + 1):
            x, y = _on_circle(middle, radius, begin + place * 2 * pi / (dots + 1))
            shapes.append(f'<circle class="dot" cx="{x}" cy="{y}" r="{6 - 0.6 * number:.1f}"/>')
        x, y = _on_circle(middle, radius, begin)
        shapes.append(f'<circle class="badge" cx="{x}" cy="{y}" r="17"/><text x="{x}" y="{y + 7}">{number + 1}</text>')
    shapes.append(f'<circle class="start" cx="{middle}" cy="{middle}" r="17"/>')
    return f'<svg viewBox="0 0 320 320" aria-hidden="true">{"".join(shapes)}</svg>'


def _on_circle(middle: int, radius: float, angle: float) -> tuple[int, int]:
    return round(middle + radius * cos(angle)), round(middle + radius * sin(angle))


_BUILDERS: dict[str, Callable[[dict[str, str], list[_Item]], str]] = {
    "chat": _chat,
    "route": _route,
    "compare": _compare,
    "hours": _hours,
    "spread": _spread,
}
