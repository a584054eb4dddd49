"""The nodes of a printed document, and how the HTML of the content becomes them.

A document is a list of blocks, a block a list of runs. Both are plain values, so that they reach the template as JSON.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from typing import Any

from course.content.rendering import BlockHtml, InlineText, Prose, text_language
from course.translation import current_language

# A run: a text, or an object with `c` (runs inside) and one of b (bold), i (italic), href (an address), to (the key of a
# block that has the same `id`), lang (BCP 47), sup.
Run = str | dict[str, Any]
Runs = list[Run]
# A block: `t` is its kind (see module.typ), the other names depend on it.
Block = dict[str, Any]
Blocks = list[Block]

_INLINE = {"strong": "b", "b": "b", "em": "i", "i": "i"}
_LISTS = {"ul", "ol"}
# Elements that end a paragraph.
_BLOCKS = {
    "p",
    "div",
    "li",
    "ul",
    "ol",
    "table",
    "blockquote",
    "figcaption",
    "h1",
    "h2",
    "h3",
    "h4",
    "section",
    "dl",
    "dt",
    "dd",
}
_HEADINGS = {"h1", "h2", "h3", "h4"}
# Drawings say nothing that the words beside them do not say.
_SILENT = {"svg"}


def paragraph(*runs: Run, kind: str = "") -> Block:
    """A paragraph. `kind`: small (sources and hints), note (the same, and it stays with what follows), label (the line above a
    part), lede, change (what a decision changed), lead (it stays with what follows)."""
    return {"t": "p", "c": list(runs), "kind": kind}


def heading(level: int, *runs: Run, key: str = "", listed: bool = False) -> Block:
    """A heading: 1 is the title of the document. `key` is what runs with `to` lead to; `listed` ones are in the contents."""
    return {"t": "h", "level": level, "c": list(runs), "id": key, "listed": listed}


def bullets(items: Iterable[Blocks], *, kind: str = "") -> Block:
    """A list. `kind` numbered, or plain: its items say by themselves where they begin."""
    return {"t": "list", "kind": kind, "items": list(items)}


def ticks(items: Iterable[Runs]) -> Block:
    """Lines with an empty box before each."""
    return {"t": "ticks", "items": list(items)}


def table(head: Iterable[Runs], rows: Iterable[Iterable[Runs]], *, kind: str = "", widths: Iterable[str] = ()) -> Block:
    """A table. `kind` signing: rows with room to write. `widths`: auto or a fraction such as 2fr, for each column."""
    return {"t": "table", "head": list(head), "rows": [list(row) for row in rows], "kind": kind, "widths": list(widths)}


def box(label: str, blocks: Blocks, kind: str = "") -> Block:
    """Blocks in a frame below a label. `kind` messages: what a screen shows."""
    return {"t": "box", "label": label, "c": blocks, "kind": kind}


def page_break() -> Block:
    return {"t": "break"}


def cell(*runs: Run) -> Runs:
    """The runs of a cell of a table."""
    return list(runs)


def bold(*runs: Run) -> Run:
    return {"b": True, "c": list(runs)}


def reference(key: str, *runs: Run) -> Run:
    """Runs that lead to the block with this key."""
    return {"to": key, "c": list(runs)}


def label_run(text: str) -> Run:
    """A title or label of the content, with its language where the document has another one."""
    shown = str(getattr(text, "shown", str.__str__(text)))
    return _in_language([shown], text_language(text))[0]


def inline(text: InlineText | None) -> Runs:
    """The runs of one line of content."""
    if text is None:
        return []
    blocks = html_blocks(text.html)
    return _in_language([run for block in blocks for run in block.get("c", ())], text.language)


def sentence(runs: Runs) -> Runs:
    """The runs with a full stop at their end if they have none: other words follow them on paper."""
    return runs if plain_text(runs).rstrip("’”»\"' ").endswith((".", "?", "!", "…", ":")) else [*runs, "."]


def prose(text: Prose | BlockHtml | None) -> Blocks:
    """The blocks of paragraphs of content."""
    if text is None:
        return []
    blocks = html_blocks(text.html)
    if text.language == current_language():
        return blocks
    return [{"t": "lang", "lang": text.language, "c": blocks}]


def _in_language(runs: Runs, language: str) -> Runs:
    return runs if language == current_language() else [{"lang": language, "c": runs}]


def html_blocks(html: str) -> Blocks:
    """The HTML of a text of the course, which was made from Markdown or by the figures, as blocks."""
    parser = _Parser()
    parser.feed(html)
    parser.close()
    return parser.blocks()


def figure_items(html: str) -> list[dict[str, Any]]:
    """The lines of a figure that is a list: how each looks (`look`: the class of its element), its mark, and its blocks."""
    parser = _Parser()
    parser.feed(html)
    parser.close()
    return [
        {"look": one.attributes.get("class", ""), "mark": _mark(one), "c": list(_blocks(one))}
        for one in _elements(parser.root, "li")
    ]


class _Element:
    """An element that is being read: its children are texts and elements."""

    def __init__(self, tag: str, attributes: dict[str, str]) -> None:
        self.tag, self.attributes = tag, attributes
        self.children: list[str | _Element] = []


class _Parser(HTMLParser):
    """Reads the tree of elements. The HTML is the course's own, so every element is closed."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open = [_Element("", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = _Element(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(element)
        if tag not in ("br", "hr", "img", "circle", "path", "line", "rect"):
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if len(self._open) > 1 and self._open[-1].tag == tag:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)

    @property
    def root(self) -> _Element:
        return self._open[0]

    def blocks(self) -> Blocks:
        return list(_blocks(self.root))


def _blocks(element: _Element) -> Iterator[Block]:
    """The blocks inside an element; what stands between its block elements becomes paragraphs."""
    runs: Runs = []
    for child in element.children:
        if isinstance(child, str) or child.tag not in _BLOCKS:
            runs += _runs(child)
            continue
        yield from _as_paragraph(runs)
        runs = []
        yield from _block(child)
    yield from _as_paragraph(runs)


def _as_paragraph(runs: Runs) -> Iterator[Block]:
    trimmed = _trimmed(runs)
    if trimmed:
        yield paragraph(*trimmed)


def _trimmed(runs: Runs) -> Runs:
    """Without the spaces at both ends."""
    found = list(runs)
    while found and isinstance(found[0], str) and not found[0].strip():
        found.pop(0)
    while found and isinstance(found[-1], str) and not found[-1].strip():
        found.pop()
    if found and isinstance(found[0], str):
        found[0] = found[0].lstrip()
    if found and isinstance(found[-1], str):
        found[-1] = found[-1].rstrip()
    return found


def _block(element: _Element) -> Iterator[Block]:
    if element.tag in _LISTS:
        items = [_item(child) for child in element.children if isinstance(child, _Element)]
        kind = "plain" if element.attributes.get("role") == "list" else "numbered" if element.tag == "ol" else ""
        yield bullets([item for item in items if item], kind=kind)
    elif element.tag == "table":
        yield _table(element)
    elif element.tag in _HEADINGS:
        yield paragraph(bold(*_trimmed([run for child in element.children for run in _runs(child)])))
    elif element.tag == "blockquote":
        yield {"t": "quote", "c": list(_blocks(element))}
    else:
        yield from _blocks(element)


def _item(element: _Element) -> Blocks:
    """An item of a list. In a figure its mark is an element of its own: a number is put before the words."""
    blocks = list(_blocks(element))
    number = _mark(element)
    if number.isdecimal() and blocks and "c" in blocks[0]:
        blocks[0] = blocks[0] | {"c": [bold(f"{number} "), *blocks[0]["c"]]}
    return blocks


def _mark(element: _Element) -> str:
    """The mark of an item of a figure: a number or a sign; empty if it has none."""
    mark = next((child for child in element.children if _is_mark(child)), None)
    return plain_text([run for child in mark.children for run in _runs(child)]) if isinstance(mark, _Element) else ""


def _is_mark(child: str | _Element) -> bool:
    return isinstance(child, _Element) and child.attributes.get("class") == "mark"


def _table(element: _Element) -> Block:
    rows = list(_elements(element, "tr"))
    cells = [
        [_trimmed([run for part in _blocks(cell) for run in part.get("c", ())]) for cell in _elements(row, "td", "th")]
        for row in rows
    ]
    has_head = bool(rows) and next(_elements(rows[0], "th"), None) is not None
    return table(cells[0] if has_head else [], cells[1:] if has_head else cells)


def _elements(element: _Element, *tags: str) -> Iterator[_Element]:
    for child in element.children:
        if isinstance(child, _Element):
            if child.tag in tags:
                yield child
            else:
                yield from _elements(child, *tags)


def _runs(child: str | _Element) -> Runs:
    """The runs of a text or of an element inside a paragraph."""
    if isinstance(child, str):
        words = " ".join(child.split())
        before, after = " " if child[:1].isspace() else "", " " if child[-1:].isspace() else ""
        return [f"{before}{words}{after}"] if words else [" "] if child else []
    if child.tag in _SILENT or _is_mark(child):
        return []
    if child.tag == "br":
        return [{"br": True, "c": []}]
    inside = [run for part in child.children for run in _runs(part)]
    if child.tag in _INLINE and inside:
        return [{_INLINE[child.tag]: True, "c": inside}]
    if child.tag == "a" and child.attributes.get("href", "").startswith(("https:", "http:", "mailto:", "tel:")):
        return [{"href": child.attributes["href"], "c": inside}]
    # Words that a figure puts in, such as "Take care".
    if child.attributes.get("class") == "word":
        return [*inside, ":"]
    if "lang" in child.attributes:
        return [{"lang": child.attributes["lang"], "c": inside}]
    return inside


def plain_text(node: Block | Run | list[Any] | None) -> str:
    """All words of blocks or runs in their order, for a title and for tests."""
    if node is None:
        return ""
    if isinstance(node, str):
        return node
    if isinstance(node, list):
        # A cell and an item end with a space.
        return "".join(plain_text(part) + " " * isinstance(part, list) for part in node)
    found = [plain_text(node[name]) for name in ("label", "c", "head", "rows", "items") if node.get(name)]
    return " ".join([*found, ""]) if "t" in node else "".join(found)
