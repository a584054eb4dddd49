"""The folder `modules/` to shapes. Every mistake is collected with its file and line; nothing is half-read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from xml.etree import ElementTree

from pydantic import BaseModel

from course.content.documents import Document, Place, Problem, RawBlock, read_page, read_yaml, shaped
from course.content.rendering import Prose, links
from course.content.shapes import (
    Block,
    Course,
    Help,
    Module,
    Page,
    Point,
    Question,
    Scenario,
    Source,
    Step,
    Timeline,
)

M = TypeVar("M", bound=BaseModel)
# What each kind of block may say after its name, and what it must say.
BLOCKS: dict[str, tuple[set[str], set[str]]] = {
    "text": (set(), set()),
    "reviews": ({"lines"}, {"lines"}),
    "since": ({"source"}, {"source"}),
    "practice": ({"contacts"}, set()),
    "reflect": ({"id"}, {"id"}),
    "key": (set(), set()),
    "diagram": ({"file", "title"}, {"file", "title"}),
    "history": ({"lines"}, {"lines"}),
}
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


@dataclass
class Reading:
    """What was read, where each thing stands, and what is wrong with it."""

    root: Path
    course: Course | None = None
    help: Help | None = None
    points: list[Point] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    modules: list[Module] = field(default_factory=list)
    places: dict[tuple[str, ...], Place] = field(default_factory=dict)
    page_links: list[tuple[str, Problem]] = field(default_factory=list)
    citations: list[tuple[str, Problem]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def place(self, *key: str) -> Place:
        return self.places.get(key) or Place(Document(self.root.name))


def read(root: Path) -> Reading:
    """Read everything under `root` (the folder modules/)."""
    reading = Reading(root)
    reading.course = _one(reading, root / "course.yaml", Course, ("course",))
    reading.help = _one(reading, root / "help.yaml", Help, ("help",))
    reading.points = _many(reading, root / "learning-points.yaml", Point, "point")
    reading.sources = _many(reading, root / "sources.yaml", Source, "source")
    if reading.course:
        for module_id in reading.course.modules:
            _module(reading, root / module_id)
    reading.problems.sort()
    return reading


def _document(reading: Reading, path: Path) -> Document:
    document = read_yaml(path, reading.root)
    reading.problems += document.problems
    return document


def _one(reading: Reading, path: Path, model: type[M], key: tuple[str, ...], **extra: Any) -> M | None:
    document = _document(reading, path)
    if document.problems:
        return None
    data = document.data
    if isinstance(data, dict):
        data = {**extra, **data}
    result = shaped(document, model, (), data, reading.problems)
    reading.places[key] = Place(document)
    return result


def _many(reading: Reading, path: Path, model: type[M], kind: str) -> list[M]:
    document = _document(reading, path)
    if document.problems:
        return []
    if not isinstance(document.data, list):
        reading.problems.append(document.problem((), "a list is expected here: each entry begins with '- id:'"))
        return []
    found = []
    for number, entry in enumerate(document.data):
        shape = shaped(document, model, (number,), entry, reading.problems)
        if shape is None:
            continue
        key = (kind, str(getattr(shape, "id", number)))
        if key in reading.places:
            earlier = reading.places[key]
            where = f"{earlier.document.file}:{earlier.document.line(earlier.loc)}"
            reading.problems.append(document.problem((number,), f"the id '{key[1]}' is taken already ({where})"))
        reading.places[key] = Place(document, (number,))
        found.append(shape)
    return found


def _module(reading: Reading, folder: Path) -> None:
    document = _document(reading, folder / "module.yaml")
    if document.problems or not isinstance(document.data, dict):
        if not document.problems:
            reading.problems.append(document.problem((), "the module's title, points and steps are expected here"))
        return
    reading.places[("module", folder.name)] = Place(document)
    files = [*sorted(folder.glob("questions.yaml")), *sorted((folder / "questions").glob("*.yaml"))]
    pages = {page.id: page for path in sorted((folder / "pages").glob("*.md")) if (page := _page(reading, path))}
    scenarios = _named(reading, folder / "scenarios", Scenario, "scenario")
    timelines = _named(reading, folder / "timelines", Timeline, "timeline")
    questions = [question for path in files for question in _many(reading, path, Question, "question")]
    kinds: dict[str, tuple[str, str]] = {
        **{page.id: ("page", page.title) for page in pages.values()},
        **{s.id: ("scenario", s.title) for s in scenarios.values()},
        **{t.id: ("timeline", t.title) for t in timelines.values()},
    }
    steps = []
    for number, step_id in enumerate(document.data.get("steps") or []):
        kind, title = kinds.get(step_id, ("", ""))
        if not kind:
            reading.problems.append(
                document.problem(
                    ("steps", number),
                    f"the step '{step_id}' is no page, scenario or timeline that could be read",
                )
            )
            continue
        steps.append(Step(id=step_id, kind=kind, title=title))
    for unused in sorted(set(kinds) - {step.id for step in steps}):
        reading.problems.append(
            document.problem(("steps",), f"the {kinds[unused][0]} '{unused}' is not among the steps")
        )
    data = {
        **document.data,
        "id": folder.name,
        "steps": [step.model_dump() for step in steps],
    }
    module = shaped(document, Module, (), data, reading.problems)
    if module:
        content = {"pages": pages, "scenarios": scenarios, "questions": tuple(questions),
                   "timelines": {t.id: t.question() for t in timelines.values()}}  # fmt: skip
        reading.modules.append(module.model_copy(update=content))


def _named(reading: Reading, folder: Path, model: type[M], kind: str) -> dict[str, M]:
    """One shape for each file of a folder; the file's name is the id."""
    found = {}
    for path in sorted(folder.glob("*.yaml")):
        shape = _one(reading, path, model, (kind, folder.parent.name, path.stem), id=path.stem)
        if shape is not None:
            found[path.stem] = shape
    return found


def _page(reading: Reading, path: Path) -> Page | None:
    document, raw = read_page(path, reading.root)
    reading.problems += document.problems
    if not isinstance(document.data, dict):
        return None
    reading.places[("page", path.parent.parent.name, path.stem)] = Place(document)
    page = shaped(document, Page, (), {"id": path.stem, **document.data}, reading.problems)
    blocks = [block for part in raw if (block := _block(reading, document, part, path))]
    return page.model_copy(update={"blocks": tuple(blocks)}) if page else None


def _block(reading: Reading, document: Document, raw: RawBlock, path: Path) -> Block | None:
    def wrong(message: str, line: int = 0) -> None:
        reading.problems.append(Problem(document.file, raw.line - 1 + line, message))

    if raw.kind not in BLOCKS:
        wrong(f"unknown block '{raw.kind}'; known are {', '.join(k for k in BLOCKS if k != 'text')}")
        return None
    allowed, needed = BLOCKS[raw.kind]
    for name in sorted(set(raw.attributes) - allowed):
        wrong(f"a block '{raw.kind}' knows no '{name}='")
    for name in sorted(needed - set(raw.attributes)):
        wrong(f"a block '{raw.kind}' needs '{name}='")
    if not raw.text.strip():
        wrong(f"the block '{raw.kind}' is empty")
        return None
    for target, line in links(raw.text):
        _link(reading, target, Problem(document.file, raw.line + line, ""))
    attributes = raw.attributes
    fields: dict[str, Any] = {
        "kind": raw.kind,
        "html": _page_links(Prose(raw.text).html),
        "lines": attributes.get("lines"),
        "sources": tuple(filter(None, attributes.get("source", "").split(","))),
        "contacts": tuple(filter(None, attributes.get("contacts", "").split(","))),
        "id": attributes.get("id"),
        "title": attributes.get("title"),
        "words": len(raw.text.split()),
    }
    if "file" in attributes:
        fields["svg"] = _svg(path.parent.parent / "diagrams" / f"{attributes['file']}.svg", fields["title"], wrong)
    for source in fields["sources"]:
        reading.citations.append((source, Problem(document.file, raw.line - 1, "")))
    place = Document(document.file, None, {(): raw.line - 1})
    return shaped(place, Block, (), fields, reading.problems)


def _link(reading: Reading, target: str, at: Problem) -> None:
    if target.startswith("page:"):
        reading.page_links.append((target.removeprefix("page:"), at))
    elif not target.startswith(("https://", "http://", "mailto:", "tel:")):
        reading.problems.append(
            Problem(at.file, at.line, f"the link '{target}' leads to nothing; write page:module/page or https://…")
        )


def _page_links(html: str) -> str:
    return html.replace('href="page:', 'href="/module/')


def _svg(path: Path, title: str | None, wrong: Any) -> str | None:
    """A drawing as safe inline SVG: known shapes and attributes only, hidden from screen readers
    (its text equivalent stands below it)."""
    try:
        tree = ElementTree.fromstring(path.read_text(encoding="utf-8"))  # noqa: S314 (our own files, no entities used)
    except OSError:
        wrong(f"there is no drawing diagrams/{path.name}")
        return None
    except ElementTree.ParseError as error:
        wrong(f"diagrams/{path.name} is not valid SVG: {error}")
        return None
    for element in tree.iter():
        element.tag = element.tag.removeprefix("{http://www.w3.org/2000/svg}")
        if element.tag not in _SVG_TAGS:
            wrong(f"diagrams/{path.name}: the element <{element.tag}> is not allowed")
        for name in element.attrib:
            if not _SVG_ATTRIBUTE.match(name):
                wrong(f"diagrams/{path.name}: the attribute {name}= is not allowed")
    if "viewBox" not in tree.attrib:
        wrong(f"diagrams/{path.name}: the drawing needs a viewBox")
    tree.attrib.update({"role": "img", "aria-label": f"{title}. The text below says the same."})
    tree.attrib.pop("aria-hidden", None)
    return re.sub(r">\s+<", "><", str(ElementTree.tostring(tree, encoding="unicode"))).strip()
