"""Translations of content files: `NAME.<language>.EXT` beside `NAME.EXT`, checked against the original and applied to it.

A translation of a YAML file has the shape of the original and repeats only ids and texts. It says with the key `original` of
which texts it is the translation (see text_fields.fingerprint). If the original has changed since, the translation is
outdated and not shown: English is, so that answers and consequences fit what was asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

from course.content.schema import Question
from course.content.schema_base import FrozenModel
from course.content.text_fields import (
    TextPath,
    fingerprint,
    replace_fields,
    text_fields,
    texts,
    translated_text,
)
from course.content.yaml_source import Loc, Problem, YamlDocument, read_yaml
from course.translation import SOURCE_LANGUAGE, gettext, use_language

M = TypeVar("M", bound=FrozenModel)
FINGERPRINT_KEY = "original"
SUFFIXES = (".md", ".yaml", ".svg")
LANGUAGE_TAG = re.compile(r"^[a-z]{2,3}$")
TranslationState = Literal["current", "outdated", "unconfirmed"]


@dataclass(frozen=True)
class OriginalEntry:
    """An object of an English file that can be translated by itself: `key` is its id in a list, None for a whole file.
    `place` is its key in `ReadingContext.places`. `fingerprint` is that of its texts."""

    path: Path
    key: str | None
    place: tuple[str, ...]
    content: FrozenModel
    fingerprint: str

    @property
    def texts(self) -> int:
        """The number of texts. A drawing of a page is counted where its own file is."""
        return sum(1 for _ in texts(self.content, skip=frozenset({"svg"})))


@dataclass(frozen=True)
class GivenTexts:
    """The texts of one object as a translation gives them: their place in the file, and mistakes found before."""

    document: YamlDocument
    loc: Loc
    data: Any
    language: str
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class EntryTranslation:
    """The translation of one original. `state` is `unconfirmed` if it says no fingerprint. `missing` are the paths of texts
    that it does not have, `problems` the mistakes in its structure, `at` its place without a message."""

    original: OriginalEntry
    language: str
    state: TranslationState
    missing: tuple[TextPath, ...]
    problems: tuple[Problem, ...]
    at: Problem


@dataclass
class TranslationReading:
    """The translations under a folder: which files there are, and what was read of them.

    `files` gives for each original the translations by language, `originals` the objects of each file by id. `objects` are
    the translations that may be shown, by language and the place of their original. `problems` is shared with the reading.
    """

    root: Path
    problems: list[Problem]
    files: dict[Path, dict[str, Path]] = field(default_factory=dict)
    originals: dict[Path, dict[str | None, OriginalEntry]] = field(default_factory=dict)
    entries: list[EntryTranslation] = field(default_factory=list)
    objects: dict[str, dict[tuple[str, ...], FrozenModel]] = field(default_factory=dict)

    @property
    def languages(self) -> list[str]:
        """The languages into which anything is translated."""
        return sorted({language for files in self.files.values() for language in files})


def find_translations(root: Path, problems: list[Problem]) -> TranslationReading:
    """The translations under the folder modules/, by original. A name that is no translation of anything is a mistake."""
    found = TranslationReading(root, problems)
    for path in sorted(root.rglob("*.*.*")):
        if path.suffix not in SUFFIXES or path.name.startswith("."):
            continue
        name, _, language = path.stem.rpartition(".")
        original = path.with_name(name + path.suffix)
        place = path.relative_to(root.parent).as_posix()
        if not LANGUAGE_TAG.match(language):
            problems.append(
                Problem(place, 1, f"'{language}' is no language: write two or three letters, as in x.cy.md")
            )
        elif language == SOURCE_LANGUAGE:
            problems.append(Problem(place, 1, f"English is the original: its file is {original.name}"))
        elif not original.is_file():
            problems.append(Problem(place, 1, f"there is no {original.name} of which this could be the translation"))
        else:
            found.files.setdefault(original, {})[language] = path
    return found


def is_translation(path: Path) -> bool:
    """Whether the name of a content file says that it is a translation: originals have no second dot."""
    return "." in path.stem


class Translator:
    """Applies the texts of one translation to their original, and collects what is missing and every mistake."""

    def __init__(self, document: YamlDocument, language: str) -> None:
        self.document = document
        self.language = language
        self.missing: list[TextPath] = []
        self.problems: list[Problem] = []

    def translate(self, original: M, given: Any, loc: Loc, path: TextPath = (), known: tuple[str, ...] = ()) -> M:
        """The original with the texts of `given`, which stands at `loc` of the document. `known` are keys that are no
        texts and yet allowed."""
        shape = text_fields(type(original))
        if not isinstance(given, dict):
            self._refuse(loc, "the texts are expected here, each after its key")
            given = {}
        for key in given:
            if key not in shape and key not in known:
                self._refuse((*loc, key), f"'{key}' is no text: a translation repeats only ids and texts")
        fields = {}
        for name, is_key in shape.items():
            value = getattr(original, name)
            is_default = name not in original.model_fields_set
            if is_default and given.get(name) is None:
                translated = self._default(value)
            else:
                translated = self._value(value, given.get(name), (*loc, name), (*path, name), is_key)
            if translated is not value:
                fields[name] = translated
        result = replace_fields(original, fields) if fields else original
        if isinstance(result, Question):
            self._check_options(result, loc)
        return result

    def _refuse(self, loc: Loc, message: str) -> None:
        self.problems.append(self.document.problem(loc, message))

    def _default(self, value: Any) -> Any:
        """A text that no author wrote is one of the interface: its catalogue has the translation, or nobody has."""
        if not isinstance(value, str):
            return value
        with use_language(self.language):
            text = gettext(str.__str__(value))
        return value if text == value else translated_text(value, text, self.language)

    def _value(self, value: Any, given: Any, loc: Loc, path: TextPath, is_key: bool) -> Any:
        if value is None:
            if given is not None:
                self._refuse(loc, f"the original has no '{loc[-1]}'")
            return value
        if isinstance(value, str):
            return self._text(value, given, loc, path, is_key)
        if isinstance(value, dict):
            return self._mapping(value, given, loc, path)
        if isinstance(value, tuple):
            return self._entries(value, given, loc, path, is_key)
        return self.translate(value, given if given is not None else {}, loc, path)

    def _text(self, value: str, given: Any, loc: Loc, path: TextPath, is_key: bool) -> str:
        if isinstance(given, int) and not isinstance(given, bool):
            given = str(given)
        if given is None or (isinstance(given, str) and not given.strip()):
            self.missing.append(path)
            return value
        if not isinstance(given, str):
            self._refuse(loc, "a text is expected here; put it into quotation marks")
            return value
        return translated_text(value, given, self.language, is_key=is_key)

    def _mapping(self, value: dict[Any, Any], given: Any, loc: Loc, path: TextPath) -> dict[Any, Any]:
        if given is not None and not isinstance(given, dict):
            self._refuse(loc, "texts are expected here, each after the key that it has in the original")
        rows = given if isinstance(given, dict) else {}
        for key in rows:
            if key not in value:
                self._refuse((*loc, key), f"the original has no '{key}' here")
        entries = {
            key: self._value(entry, rows.get(key), (*loc, key), (*path, key), False) for key, entry in value.items()
        }
        return value if all(entries[key] is value[key] for key in value) else entries

    def _entries(self, value: tuple[Any, ...], given: Any, loc: Loc, path: TextPath, is_key: bool) -> tuple[Any, ...]:
        if given is not None and not isinstance(given, list):
            self._refuse(loc, "a list is expected here, as in the original")
        rows = given if isinstance(given, list) else []
        if value and all(getattr(entry, "id", None) for entry in value):
            entries = self._entries_by_id(value, rows, loc, path)
        else:
            entries = self._entries_by_number(value, rows, loc, path, is_key)
        return value if all(new is old for new, old in zip(entries, value, strict=True)) else entries

    def _entries_by_number(
        self, value: tuple[Any, ...], rows: list[Any], loc: Loc, path: TextPath, is_key: bool
    ) -> tuple[Any, ...]:
        if rows and len(rows) != len(value):
            self._refuse(loc, f"the original has {len(value)} entries here, the translation {len(rows)}")
            rows = []
        numbered = zip(value, rows or [None] * len(value), strict=True)
        return tuple(
            self._value(entry, row, (*loc, number), (*path, number), is_key)
            for number, (entry, row) in enumerate(numbered)
        )

    def _entries_by_id(self, value: tuple[Any, ...], rows: list[Any], loc: Loc, path: TextPath) -> tuple[Any, ...]:
        numbers = dict(entry_numbers(self, rows, loc, {entry.id for entry in value}))
        translated = []
        for entry in value:
            number = numbers.get(entry.id)
            at, row = (loc, {}) if number is None else ((*loc, number), rows[number])
            translated.append(self.translate(entry, row, at, (*path, entry.id), ("id",)))
        return tuple(translated)

    def _check_options(self, question: Question, loc: Loc) -> None:
        """Options and groups that are told apart in English are told apart in the translation."""
        shown = [str(option.text) for option in question.options]
        for number, text in enumerate(shown):
            if text in shown[:number]:
                self._refuse((*loc, "options", number), "this option stands here twice")
        groups = [str(getattr(group, "shown", group)) for group in question.groups]
        if len(set(groups)) < len(groups):
            self._refuse((*loc, "groups"), "two groups have one name")


def entry_numbers(translator: Translator, rows: list[Any], loc: Loc, known: set[str]) -> Iterator[tuple[str, int]]:
    """The entries of a list in a translation, by id, with their numbers. Unknown ids and repeated ones are mistakes."""
    seen: set[str] = set()
    for number, row in enumerate(rows):
        name = row.get("id") if isinstance(row, dict) else None
        at = (*loc, number)
        if name is None:
            translator.problems.append(translator.document.problem(at, "an entry begins with the id of its original"))
        elif str(name) not in known:
            translator.problems.append(translator.document.problem(at, f"the original has no '{name}'"))
        elif str(name) in seen:
            translator.problems.append(translator.document.problem(at, f"'{name}' stands here twice"))
        else:
            seen.add(str(name))
            yield str(name), number


def add_original(
    reading: TranslationReading,
    path: Path,
    key: str | None,
    place: tuple[str, ...],
    content: FrozenModel,
    digest: str | None = None,
) -> OriginalEntry:
    """Record an object of an English file, so that it can be translated and counted. `digest` is its fingerprint where that
    is not made of its texts."""
    # Without a translation nobody asks for the fingerprint, and the start is not to wait for it.
    if digest is None:
        digest = fingerprint(content) if path in reading.files else ""
    entry = OriginalEntry(path, key, place, content, digest)
    reading.originals.setdefault(path, {})[key] = entry
    return entry


def translate_file(reading: TranslationReading, path: Path) -> None:
    """Read the translations of a YAML file whose objects have been recorded."""
    for language, translation in reading.files.get(path, {}).items():
        document = read_yaml(translation, reading.root)
        reading.problems += document.problems
        if document.problems or path not in reading.originals:
            continue
        entries = reading.originals[path]
        if None in entries:
            data = {} if document.data is None else document.data
            translate_entry(reading, entries[None], GivenTexts(document, (), data, language))
            continue
        if not isinstance(document.data, list):
            reading.problems.append(document.problem((), "a list is expected here, as in the original"))
            continue
        known = {key for key in entries if key is not None}
        translator = Translator(document, language)
        for key, number in entry_numbers(translator, document.data, (), known):
            given = GivenTexts(document, (number,), document.data[number], language)
            translate_entry(reading, entries[key], given)
        reading.problems += translator.problems


def translate_entry(reading: TranslationReading, original: OriginalEntry, given: GivenTexts) -> None:
    """Apply one translation and record what came of it. It may be shown if it is current and has no mistake.

    Mistakes in an outdated translation stop nobody: it was right for an earlier original, and is not shown.
    """
    translator = Translator(given.document, given.language)
    said = given.data.get(FINGERPRINT_KEY) if isinstance(given.data, dict) else None
    known = (FINGERPRINT_KEY,) if original.key is None else (FINGERPRINT_KEY, "id")
    translated = translator.translate(original.content, given.data, given.loc, known=known)
    problems = (*given.problems, *translator.problems)
    state: TranslationState = "current" if str(said) == original.fingerprint else "outdated"
    if said is None:
        state = "unconfirmed"
    if state != "outdated":
        reading.problems.extend(problems)
    if state == "current" and not problems and translated is not original.content:
        reading.objects.setdefault(given.language, {})[original.place] = translated
    missing = tuple(path for path in translator.missing if path[-1] != "svg")
    at = given.document.problem(given.loc, "")
    reading.entries.append(EntryTranslation(original, given.language, state, missing, problems, at))
