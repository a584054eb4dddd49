"""The state of loading the folder `modules/`: objects, the place of each in its file, and every mistake."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from course.content.frameworks import Framework, SourceKinds
from course.content.schema import Course, LearningPoint, Module, Source
from course.content.schema_base import FrozenModel
from course.content.supplements import Discussion, FurtherLearning, Help
from course.content.translation_source import TranslationReading, add_original, find_translations, translate_file
from course.content.yaml_source import Problem, YamlDocument, YamlLocation, read_yaml, validate_model

M = TypeVar("M", bound=FrozenModel)


@dataclass
class ReadingContext:
    """The objects that were loaded, the place of each, and the mistakes. `place` finds the place of an object."""

    root: Path
    course: Course | None = None
    help: Help | None = None
    points: list[LearningPoint] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    modules: list[Module] = field(default_factory=list)
    further: list[FurtherLearning] = field(default_factory=list)
    frameworks: list[Framework] = field(default_factory=list)
    source_kinds: SourceKinds = field(default_factory=SourceKinds)
    discussions: dict[str, Discussion] = field(default_factory=dict)
    places: dict[tuple[str, ...], YamlLocation] = field(default_factory=dict)
    page_links: list[tuple[str, Problem]] = field(default_factory=list)
    citations: list[tuple[str, Problem]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @cached_property
    def translations(self) -> TranslationReading:
        """The translations in the folder, and what has been read of them."""
        return find_translations(self.root, self.problems)

    def place(self, *key: str) -> YamlLocation:
        """The place of an object by its key; the start of the folder if it is unknown."""
        return self.places.get(key) or YamlLocation(YamlDocument(self.root.name))


def load_document(reading: ReadingContext, path: Path) -> YamlDocument:
    """Load a YAML file; its problems are added to `reading`."""
    document = read_yaml(path, reading.root)
    reading.problems += document.problems
    return document


def load_object(reading: ReadingContext, path: Path, model: type[M], key: tuple[str, ...], **extra: Any) -> M | None:
    """Load one object from a file; None, with the problems in `reading`, if it is invalid. `extra` are default fields."""
    document = load_document(reading, path)
    if document.problems:
        return None
    data = document.data
    if isinstance(data, dict):
        data = {**extra, **data}
    result = validate_model(document, model, (), data, reading.problems)
    reading.places[key] = YamlLocation(document)
    if result is not None:
        add_original(reading.translations, path, None, key, result)
        translate_file(reading.translations, path)
    return result


def load_list(reading: ReadingContext, path: Path, model: type[M], kind: str) -> list[M]:
    """Load a list of objects from a file; invalid ones are left out, with the problems in `reading`."""
    document = load_document(reading, path)
    if document.problems:
        return []
    if not isinstance(document.data, list):
        reading.problems.append(document.problem((), "a list is expected here: each entry begins with '- id:'"))
        return []
    objects = []
    for number, entry in enumerate(document.data):
        loaded = validate_model(document, model, (number,), entry, reading.problems)
        if loaded is None:
            continue
        key = (kind, str(getattr(loaded, "id", number)))
        if key in reading.places:
            earlier = reading.places[key]
            where = f"{earlier.document.file}:{earlier.document.line(earlier.loc)}"
            reading.problems.append(document.problem((number,), f"the id '{key[1]}' is taken already ({where})"))
        reading.places[key] = YamlLocation(document, (number,))
        add_original(reading.translations, path, key[1], key, loaded)
        objects.append(loaded)
    translate_file(reading.translations, path)
    return objects
