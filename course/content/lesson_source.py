"""Loading a lesson page from its file: the front matter, the blocks and the drawings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from course.content.figures import FIGURE_ATTRIBUTES, build_figure
from course.content.page_asks import ASK_KINDS, AskedBlock, read_asked
from course.content.reading_context import ReadingContext
from course.content.rendering import Prose, link_targets
from course.content.schema import NATIONS, SETTINGS, Block, Page
from course.content.translation_source import is_translation
from course.content.yaml_source import Problem, RawBlock, YamlDocument, YamlLocation, read_page, validate_model

# Lessons are rendered once, when the content is loaded, and no application knows its routes then. A lesson's path begins so,
# and goes on with its module and its name; a test holds it against the route.
LESSON_PATH = "/module/"
# For each kind of block the attributes that are allowed after its name, and those that are required.
BLOCK_ATTRIBUTES: dict[str, tuple[set[str], set[str]]] = {
    "text": (set(), set()),
    "reviews": ({"lines", "fold"}, {"lines"}),
    "since": ({"source", "fold"}, {"source"}),
    "practice": ({"contacts"}, set()),
    "reflect": ({"id"}, {"id"}),
    "key": (set(), set()),
    "diagram": ({"file", "title"}, {"file", "title"}),
    "history": ({"lines", "fold"}, {"lines"}),
    "setting": ({"for"}, {"for"}),
    "nation": ({"for", "source", "fold"}, {"for"}),
    "judge": ({"ask"}, {"ask"}),
    "question": ({"id", "point"}, {"id", "point"}),
    "more": ({"title"}, {"title"}),
    **{kind: (set(names), set(names)) for kind, names in FIGURE_ATTRIBUTES.items()},
}
# The attributes that are shown, and so translated.
SHOWN_ATTRIBUTES = ("title", "left", "right", "start", "ask")
MAX_BLOCK_ID = 60  # as long as what notes and answers refer to may be
# A drawing for a phone: at most so wide, and its text at least so large, both in units of its viewBox.
MAX_DRAWING_WIDTH = 360
MIN_DRAWING_TEXT = 15
_INHERITED_TEXT = 17  # of a text that says no size: that of the page
SVG_FINGERPRINT = "data-original"  # in a translated drawing: of which texts it is the translation
_SVG_TAGS = {
    "svg",
    "g",
    "rect",
    "circle",
    "ellipse",
    "line",
    "path",
    "polyline",
    "polygon",
    "text",
    "tspan",
    "defs",
    "marker",
}
_SVG_ATTRIBUTE = re.compile(
    r"^(viewBox|class|id|[xyrd]|[xy][12]|c[xy]|r[xy]|d[xy]|width|height|points|transform|text-anchor"
    r"|dominant-baseline|marker-(end|start)|markerWidth|markerHeight|ref[XY]|orient|markerUnits|font-size"
    r"|font-weight|role|aria-hidden)$"
)


def load_page(reading: ReadingContext, path: Path) -> Page | None:
    """Load a page; None, with the problems in `reading`, if it cannot be loaded."""
    document, raw = read_page(path, reading.root)
    reading.problems += document.problems
    if not isinstance(document.data, dict):
        return None
    reading.places[("page", path.parent.parent.name, path.stem)] = YamlLocation(document)
    page = validate_model(document, Page, (), {"id": path.stem, **document.data}, reading.problems)
    blocks = [block for part in raw if (block := _build_block(reading, document, part, path))]
    return page.model_copy(update={"blocks": tuple(blocks)}) if page else None


def _build_block(reading: ReadingContext, document: YamlDocument, raw: RawBlock, path: Path) -> Block | None:
    def report(message: str, line: int = 0) -> None:
        reading.problems.append(Problem(document.file, raw.line - 1 + line, message))

    if raw.kind not in BLOCK_ATTRIBUTES:
        report(f"unknown block '{raw.kind}'; known are {', '.join(k for k in BLOCK_ATTRIBUTES if k != 'text')}")
        return None
    allowed, required = BLOCK_ATTRIBUTES[raw.kind]
    for name in sorted(set(raw.attributes) - allowed):
        report(f"a block '{raw.kind}' knows no '{name}='")
    for name in sorted(required - set(raw.attributes)):
        report(f"a block '{raw.kind}' needs '{name}='")
    if len(raw.attributes.get("id", "")) > MAX_BLOCK_ID:
        report(f"the id of a block '{raw.kind}' has at most {MAX_BLOCK_ID} characters")
    if not raw.text.strip():
        report(f"the block '{raw.kind}' is empty")
        return None
    asked = read_asked(raw, report) if raw.kind in ASK_KINDS else None
    html = _block_html(reading, document, raw, report, asked)
    if html is None:
        return None
    attributes = raw.attributes
    known = [str(name) for name in (SETTINGS if raw.kind == "setting" else NATIONS)]
    for name in filter(None, attributes.get("for", "").split(",")):
        if name not in known:
            report(f"there is no {raw.kind} '{name}'; known are {', '.join(known)}")
            return None
    fields: dict[str, Any] = {
        "kind": raw.kind,
        "html": html,
        "lines": attributes.get("lines"),
        "sources": tuple(filter(None, attributes.get("source", "").split(","))),
        "contacts": tuple(filter(None, attributes.get("contacts", "").split(","))),
        "audience": tuple(filter(None, attributes.get("for", "").split(","))),
        "id": attributes.get("id"),
        "title": attributes.get("title"),
        **_asked_and_counted(raw, asked),
    }
    if "file" in attributes:
        label = f"{fields['title']}. The text below says the same."
        drawing = drawing_path(path, attributes["file"])
        fields["svg"] = load_svg(drawing, label, report)
        if fields["svg"] and reading.course and reading.course.phone_drawings:
            for message in phone_problems(drawing):
                report(message)
    for source in fields["sources"]:
        reading.citations.append((source, Problem(document.file, raw.line - 1, "")))
    place = YamlDocument(document.file, None, {(): raw.line - 1})
    return validate_model(place, Block, (), fields, reading.problems)


def _asked_and_counted(raw: RawBlock, asked: AskedBlock | None) -> dict[str, Any]:
    """The fields of a block that say what it asks, whether it is folded, and how many words it has."""
    fold = "fold" in raw.attributes or raw.kind == "more"
    if asked is not None:
        return {**asked.fields(raw.attributes), "words": asked.path_words}
    return {"fold": fold, "words": 0 if fold or raw.kind in FIGURE_ATTRIBUTES else len(raw.text.split())}


def _block_html(
    reading: ReadingContext, document: YamlDocument, raw: RawBlock, report: Any, asked: AskedBlock | None
) -> str | None:
    """The HTML of a block, whose links are checked; None, with the mistakes reported, for a figure that has some, or a
    question. Of a block that asks it is the case or the stem."""
    if raw.kind in ASK_KINDS:
        return block_html(asked.text) if asked else None
    if raw.kind in FIGURE_ATTRIBUTES:
        figure = build_figure(raw, report)
        return figure.html if figure else None
    for target, line in link_targets(raw.text):
        check_link(reading, target, Problem(document.file, raw.line + line, ""))
    return block_html(raw.text)


def check_link(reading: ReadingContext, target: str, at: Problem) -> None:
    """Report a link in a page that leads nowhere, and keep one to another page until all pages are read."""
    if target.startswith("page:"):
        reading.page_links.append((target.removeprefix("page:"), at))
    elif not target.startswith(("https://", "http://", "mailto:", "tel:")):
        reading.problems.append(
            Problem(at.file, at.line, f"the link '{target}' leads to nothing; write page:module/page or https://…")
        )


def block_html(text: str) -> str:
    """The Markdown of a block as HTML, with links to lesson pages resolved."""
    return Prose(text).html.replace('href="page:', f'href="{LESSON_PATH}')


def drawing_path(page: Path, name: str) -> Path:
    """The file of a drawing of a page."""
    return page.parent.parent / "diagrams" / f"{name}.svg"


def load_svg(path: Path, label: str, report: Any) -> str | None:
    """A drawing as safe inline SVG: known shapes and attributes only, with a label for those who do not see it. None, with
    the problem reported, if the file cannot be read."""
    try:
        tree = ElementTree.fromstring(path.read_bytes())  # noqa: S314 (our own files, no entities used)
    except OSError:
        report(f"there is no drawing diagrams/{path.name}")
        return None
    except ElementTree.ParseError as error:
        report(f"diagrams/{path.name} is not valid SVG: {error}")
        return None
    if is_translation(path):
        tree.attrib.pop(SVG_FINGERPRINT, None)
    for element in tree.iter():
        element.tag = element.tag.removeprefix("{http://www.w3.org/2000/svg}")
        if element.tag not in _SVG_TAGS:
            report(f"diagrams/{path.name}: the element <{element.tag}> is not allowed")
        for name in element.attrib:
            if not _SVG_ATTRIBUTE.match(name):
                report(f"diagrams/{path.name}: the attribute {name}= is not allowed")
    if "viewBox" not in tree.attrib:
        report(f"diagrams/{path.name}: the drawing needs a viewBox")
    tree.attrib.update({"role": "img", "aria-label": label})
    tree.attrib.pop("aria-hidden", None)
    return re.sub(r">\s+<", "><", str(ElementTree.tostring(tree, encoding="unicode"))).strip()


def phone_problems(path: Path) -> list[str]:
    """What makes a drawing unfit for a phone: it is too wide, or a text in it is too small."""
    tree = ElementTree.fromstring(path.read_bytes())  # noqa: S314 (our own files, no entities used)
    numbers = re.findall(r"[-\d.]+", tree.get("viewBox", ""))
    problems = []
    if len(numbers) == 4 and float(numbers[2]) > MAX_DRAWING_WIDTH:
        width = numbers[2]
        problems.append(f"diagrams/{path.name}: the drawing is {width} wide; a phone shows at most {MAX_DRAWING_WIDTH}")
    smallest = min(_text_sizes(tree, _INHERITED_TEXT), default=_INHERITED_TEXT)
    if smallest < MIN_DRAWING_TEXT:
        problems.append(f"diagrams/{path.name}: a text is {smallest:g} high; on a phone it needs {MIN_DRAWING_TEXT}")
    return problems


def _text_sizes(element: ElementTree.Element, inherited: float) -> Iterator[float]:
    number = re.match(r"[\d.]+", element.get("font-size", ""))
    size = float(number[0]) if number else inherited
    if (element.text or "").strip() and element.tag.endswith(("text", "tspan")):
        yield size
    for child in element:
        yield from _text_sizes(child, size)
