"""How complete the translations of the course are: what is missing, outdated or unconfirmed, by language and file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from course.content.text_fields import TextPath
from course.content.translation_source import EntryTranslation, OriginalEntry, TranslationReading

MAX_PATHS = 5  # texts that are named one by one; of more there is only the number


@dataclass(frozen=True)
class TranslationGap:
    """Something that is shown in English: `kind` is missing (file, entry or texts), outdated or unconfirmed."""

    file: str
    line: int
    kind: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


@dataclass(frozen=True)
class TranslatedShare:
    """How many of the `total` texts of a part of the course are `shown` in a language."""

    total: int = 0
    shown: int = 0

    @property
    def per_cent(self) -> int:
        """The share of texts in the language, rounded down: 100 means that none is missing."""
        return self.shown * 100 // self.total if self.total else 100

    def __add__(self, other: TranslatedShare) -> TranslatedShare:
        return TranslatedShare(self.total + other.total, self.shown + other.shown)


@dataclass(frozen=True)
class TranslationStatus:
    """The state of one language: `shown` of the `total` texts are in it. `gaps` are sorted by file and line. `by_module` has
    the share of each module by its id, and of what belongs to none; `by_kind` that of each kind of file."""

    language: str
    total: int
    shown: int
    gaps: tuple[TranslationGap, ...]
    by_module: Mapping[str, TranslatedShare]
    by_kind: Mapping[str, TranslatedShare]

    @property
    def per_cent(self) -> int:
        """The share of texts in the language, rounded down: 100 means that none is missing."""
        return TranslatedShare(self.total, self.shown).per_cent

    def count(self, kind: str) -> int:
        return sum(gap.kind == kind for gap in self.gaps)


def translation_statuses(reading: TranslationReading) -> list[TranslationStatus]:
    """The state of each language into which anything is translated."""
    return [_status(reading, language) for language in reading.languages]


def _status(reading: TranslationReading, language: str) -> TranslationStatus:
    entries = {
        (entry.original.path, entry.original.key): entry for entry in reading.entries if entry.language == language
    }
    by_file: dict[Path, TranslatedShare] = {}
    gaps: list[TranslationGap] = []
    for path, originals in reading.originals.items():
        shown = 0
        by_file[path] = TranslatedShare(sum(original.texts for original in originals.values()))
        if language not in reading.files.get(path, {}):
            gaps.append(
                TranslationGap(_name(reading, path), 1, "missing", f"there is no {path.stem}.{language}{path.suffix}")
            )
            continue
        for key, original in originals.items():
            entry = entries.get((path, key))
            if entry is not None and entry.state == "current":
                shown += original.texts - len(entry.missing)
            gaps += _entry_gaps(_name(reading, reading.files[path][language]), original, entry)
        by_file[path] += TranslatedShare(0, shown)
    whole = sum(by_file.values(), TranslatedShare())
    return TranslationStatus(
        language, whole.total, whole.shown, tuple(sorted(gaps, key=lambda gap: (gap.file, gap.line))),
        _shares(by_file, lambda path: _module(path, reading.root)), _shares(by_file, lambda path: _kind(path, reading.root)),
    )  # fmt: skip


def _shares(by_file: Mapping[Path, TranslatedShare], group: Callable[[Path], str]) -> dict[str, TranslatedShare]:
    found: dict[str, TranslatedShare] = {}
    for path, share in by_file.items():
        found[group(path)] = found.get(group(path), TranslatedShare()) + share
    return dict(sorted(found.items()))


def _module(path: Path, root: Path) -> str:
    """The module of a file; "course" for one that lies beside the modules."""
    parts = path.relative_to(root).parts
    return parts[0] if len(parts) > 1 else "course"


def _kind(path: Path, root: Path) -> str:
    """The kind of a file: the folder in which those of its kind lie, or its own name."""
    if path.suffix == ".svg":
        return "drawings"
    parts = path.relative_to(root).parts
    return parts[1] if len(parts) > 2 else path.stem


def _name(reading: TranslationReading, path: Path) -> str:
    return path.relative_to(reading.root.parent).as_posix()


def _entry_gaps(file: str, original: OriginalEntry, entry: EntryTranslation | None) -> Iterator[TranslationGap]:
    if entry is None:
        yield TranslationGap(file, 1, "missing", f"'{original.key}' is not translated")
        return
    name = f"'{original.key}' " if original.key else ""
    if entry.state == "outdated":
        message = f"{name}is older than its original: compare them, then run 'flask content translated {file}'"
        yield TranslationGap(file, entry.at.line, "outdated", message)
    elif entry.state == "unconfirmed":
        message = f"{name}does not say of which text it is the translation: run 'flask content translated {file}'"
        yield TranslationGap(file, entry.at.line, "unconfirmed", message)
    elif entry.missing:
        message = f"{name}lacks {_paths(entry.missing)}"
        yield TranslationGap(file, entry.at.line, "missing", message)


def _paths(paths: tuple[TextPath, ...]) -> str:
    if len(paths) > MAX_PATHS:
        return f"{len(paths)} texts"
    return ", ".join(" → ".join(str(part + 1) if isinstance(part, int) else part for part in path) for path in paths)


def translation_report(reading: TranslationReading) -> str:
    """The state of all languages as text for the command line; empty if nothing is translated."""
    lines: list[str] = []
    for status in translation_statuses(reading):
        lines.append(
            f"{status.language}: {status.shown} of {status.total} texts ({status.per_cent} per cent), "
            f"{status.count('missing')} missing, {status.count('outdated')} outdated, "
            f"{status.count('unconfirmed')} unconfirmed. What is not translated is shown in English."
        )
        for title, shares in (("module", status.by_module), ("kind", status.by_kind)):
            lines.append(f"  by {title}: {', '.join(f'{name} {share.per_cent} %' for name, share in shares.items())}")
        lines += [f"  {gap}" for gap in status.gaps]
    return "\n".join(lines)
