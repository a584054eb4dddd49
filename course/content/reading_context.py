"""What is gathered while the folder `modules/` is read: shapes, where each stands, and every mistake."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from course.content.schema import Course, Module, Point, Source
from course.content.supplements import Discussion, Further, Help
from course.content.yaml_source import Document, Place, Problem, read_yaml, shaped

M = TypeVar("M", bound=BaseModel)


@dataclass
class Reading:
    """What was read, where each thing stands, and what is wrong with it."""

    root: Path
    course: Course | None = None
    help: Help | None = None
    points: list[Point] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    modules: list[Module] = field(default_factory=list)
    further: list[Further] = field(default_factory=list)
    discussions: dict[str, Discussion] = field(default_factory=dict)
    places: dict[tuple[str, ...], Place] = field(default_factory=dict)
    page_links: list[tuple[str, Problem]] = field(default_factory=list)
    citations: list[tuple[str, Problem]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def place(self, *key: str) -> Place:
        return self.places.get(key) or Place(Document(self.root.name))


def document_of(reading: Reading, path: Path) -> Document:
    document = read_yaml(path, reading.root)
    reading.problems += document.problems
    return document


def one(reading: Reading, path: Path, model: type[M], key: tuple[str, ...], **extra: Any) -> M | None:
    document = document_of(reading, path)
    if document.problems:
        return None
    data = document.data
    if isinstance(data, dict):
        data = {**extra, **data}
    result = shaped(document, model, (), data, reading.problems)
    reading.places[key] = Place(document)
    return result


def many(reading: Reading, path: Path, model: type[M], kind: str) -> list[M]:
    document = document_of(reading, path)
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
