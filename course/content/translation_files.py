"""Making translations: a file to be filled in, and the fingerprint that says of which texts it is the translation."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from course.content.lesson_source import SHOWN_ATTRIBUTES, SVG_FINGERPRINT
from course.content.lesson_translation import page_fingerprint
from course.content.schema import Page
from course.content.schema_base import FrozenModel
from course.content.text_fields import fingerprint, text_fields
from course.content.translation_source import FINGERPRINT_KEY, EntryTranslation, OriginalEntry, TranslationReading
from course.content.yaml_source import RawBlock, read_page, read_yaml

_SAID = re.compile(FINGERPRINT_KEY + r""":[ \t]*("[^"]*"|'[^']*'|[\w]*)""")


def skeleton(reading: TranslationReading, path: Path, present: frozenset[str] = frozenset()) -> str:
    """A translation of a file in which nothing is translated yet: English stands in comments, above the places for the
    texts. An empty place is shown in English. A drawing is a copy, in which the words are to be replaced. Of a list the
    entries of the ids in `present` are left out.

    Raises KeyError if the file has nothing to translate.
    """
    entries = reading.originals[path]
    if path.suffix == ".svg":
        return _with_svg_fingerprint(path.read_text(encoding="utf-8"), fingerprint(entries[None].content))
    if path.suffix == ".md":
        return _page_skeleton(reading, path, entries[None].content)
    if None in entries:
        content = entries[None].content
        return "\n".join([_said(fingerprint(content)), *_model_lines(content, "")]) + "\n"
    lines: list[str] = []
    for key, entry in entries.items():
        if key in present:
            continue
        lines += [f"- id: {key}", f"  {_said(fingerprint(entry.content))}", *_model_lines(entry.content, "  ")]
    return "\n".join(lines) + "\n"


def _said(digest: str) -> str:
    # In quotation marks: a hash of digits only would be a number.
    return f'{FINGERPRINT_KEY}: "{digest}"'


def _comment(text: str, indent: str) -> list[str]:
    return [f"{indent}# {line}".rstrip() for line in str.__str__(text).splitlines()]


def _model_lines(content: FrozenModel, indent: str) -> list[str]:
    lines: list[str] = []
    for name in text_fields(type(content)):
        value = getattr(content, name)
        if name not in content.model_fields_set or not value:
            continue
        if isinstance(value, str):
            lines += [*_comment(value, indent), f"{indent}{name}:"]
        else:
            lines += [f"{indent}{name}:", *_value_lines(value, indent + "  ")]
    return lines


def _value_lines(value: Any, indent: str) -> list[str]:
    if isinstance(value, FrozenModel):
        return _model_lines(value, indent)
    lines: list[str] = []
    if isinstance(value, dict):
        for key, entry in value.items():
            if isinstance(entry, str):
                lines += [*_comment(entry, indent), f"{indent}{key}:"]
            else:
                lines += [f"{indent}{key}:", *_value_lines(entry, indent + "  ")]
        return lines
    has_ids = all(getattr(entry, "id", None) for entry in value)
    for entry in value:
        if isinstance(entry, str):
            lines += [*_comment(entry, indent), f"{indent}-"]
        elif has_ids:
            lines += [f"{indent}- id: {entry.id}", *_model_lines(entry, indent + "  ")]
        else:
            lines += [f"{indent}-", *_model_lines(entry, indent + "  ")]
    return lines


def _page_skeleton(reading: TranslationReading, path: Path, content: FrozenModel) -> str:
    _, raw = read_page(path, reading.root)
    assert isinstance(content, Page)  # noqa: S101 (the reading recorded it for a .md file)
    front = content.model_copy(update={"blocks": ()})
    lines = ["---", _said(page_fingerprint(content, raw)), *_model_lines(front, ""), "---"]
    for block in raw:
        lines += _block_lines(block)
    return "\n".join(lines).rstrip() + "\n"


def _block_lines(block: RawBlock) -> list[str]:
    if block.kind == "text":
        return [f"<!-- {block.text.strip()} -->", ""]
    shown = [f"{name}: {value}" for name, value in block.attributes.items() if name in SHOWN_ATTRIBUTES]
    english = "\n".join((*shown, block.text.strip()))
    attributes = "".join(
        f' {name}=""' if name in SHOWN_ATTRIBUTES else f" {name}" if name == value else f" {name}={value}"
        for name, value in block.attributes.items()
    )
    return [f"::: {block.kind}{attributes}", f"<!-- {english} -->", ":::", ""]


def confirm(entries: list[EntryTranslation], file: Path, root: Path) -> str:
    """The text of a translation in which every entry says that it is the translation of its original as it is now."""
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".svg":
        return _with_svg_fingerprint(text, entries[0].original.fingerprint)
    rows = text.splitlines()
    if file.suffix == ".md":
        _confirm_at(rows, 1, entries[0].original)
    elif entries and entries[0].original.key is None:
        _confirm_at(rows, 0, entries[0].original)
    else:
        document = read_yaml(file, root)
        numbers = {str(row.get("id")): number for number, row in enumerate(document.data) if isinstance(row, dict)}
        # From the end, so that an inserted line moves none that is still to come.
        for entry in sorted(entries, key=lambda entry: -numbers[str(entry.original.key)]):
            number = numbers[str(entry.original.key)]
            said = document.lines.get((number, FINGERPRINT_KEY))
            _confirm_entry(rows, entry.original, said, document.line((number, "id")))
    return "\n".join(rows) + "\n"


def _confirm_at(rows: list[str], first: int, original: OriginalEntry) -> None:
    """Write the fingerprint of a whole file: where it stands at the beginning of a line, or else as row `first`."""
    for number, row in enumerate(rows[first:], first):
        if row.startswith("---"):
            break
        if row.startswith(f"{FINGERPRINT_KEY}:"):
            rows[number] = _SAID.sub(_said(original.fingerprint), row, count=1)
            return
    rows.insert(first, _said(original.fingerprint))


def _confirm_entry(rows: list[str], original: OriginalEntry, said: int | None, id_line: int) -> None:
    """Write the fingerprint of an entry of a list. `said` is the line (from 1) of its old one, `id_line` that of its id."""
    if said is not None:
        rows[said - 1] = _SAID.sub(_said(original.fingerprint), rows[said - 1], count=1)
        return
    row = rows[id_line - 1]
    if re.match(r"^\s*(-\s*)?\{", row):  # written in one line, between braces
        rows[id_line - 1] = row.replace("{", "{" + _said(original.fingerprint) + ", ", 1)
        return
    indent = " " * (len(row) - len(row.lstrip(" -")))
    rows.insert(id_line, indent + _said(original.fingerprint))


def _with_svg_fingerprint(text: str, digest: str) -> str:
    """The drawing with the fingerprint as an attribute of its first element."""
    ElementTree.fromstring(text)  # noqa: S314 (our own files, no entities used)
    said = f'{SVG_FINGERPRINT}="{digest}"'
    if SVG_FINGERPRINT in text:
        return re.sub(SVG_FINGERPRINT + r'="[^"]*"', said, text, count=1)
    return re.sub(r"<svg\b", f"<svg {said}", text, count=1)
