"""A pseudo-translation of a course: every text of a copy of its folder, with accents, so that what is left in English shows."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import yaml

from course.content.lesson_source import SHOWN_ATTRIBUTES
from course.content.lesson_translation import drawing_text, page_fingerprint
from course.content.loader import read_content
from course.content.schema import Page
from course.content.schema_base import FrozenModel
from course.content.text_fields import fingerprint, text_fields
from course.content.translation_source import OriginalEntry, TranslationReading
from course.content.yaml_source import RawBlock, read_page

# Dumping in C is ten times as fast, where it is there.
_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_ACCENTS = str.maketrans("aeiouyAEIOUY", "àéîöüÿÀÉÎÖÜŸ")
# What must stay as it is: the target of a link, tags, and the sides of a conversation.
_FIXED = re.compile(r"(\]\([^)]*\)|<[^>]*>|\b(?:left|right|note):)")


def pseudo(text: str) -> str:
    """A text in the pseudo-language: readable, and not English."""
    return "".join(part if _FIXED.fullmatch(part) else part.translate(_ACCENTS) for part in _FIXED.split(text))


def write_pseudo_translation(source: Path, target: Path, language: str) -> Path:
    """Copy the folder `source` into `target` with a translation of every file that has one to be written. Returns the copy,
    which is named modules/."""
    root = Path(shutil.copytree(source, target / "modules"))
    _translate_drawings(root, language)
    reading = read_content(root).translations
    for path, entries in reading.originals.items():
        file = path.with_name(f"{path.stem}.{language}{path.suffix}")
        if path.suffix == ".md":
            file.write_text(_page(reading, path, entries[None].content), encoding="utf-8")
        elif path.suffix == ".yaml":
            data: Any = [_entry(entry) for entry in entries.values()]
            file.write_text(
                _dump(data[0] if None in entries else data),
                encoding="utf-8",
            )
    return root


def _dump(data: Any) -> str:
    return str(yaml.dump(data, Dumper=_Dumper, allow_unicode=True, sort_keys=False))


def _entry(entry: OriginalEntry) -> dict[str, Any]:
    said = {} if entry.key is None else {"id": entry.key}
    return {**said, "original": fingerprint(entry.content), **_texts(entry.content)}


def _texts(content: FrozenModel) -> dict[str, Any]:
    fields = {name: getattr(content, name) for name in text_fields(type(content)) if name in content.model_fields_set}
    return {name: _value(value) for name, value in fields.items() if value}


def _value(value: Any) -> Any:
    if isinstance(value, str):
        return pseudo(value)
    if isinstance(value, FrozenModel):
        name = getattr(value, "id", None)
        return {**({"id": name} if name else {}), **_texts(value)}
    if isinstance(value, dict):
        return {key: _texts(entry) if isinstance(entry, FrozenModel) else pseudo(entry) for key, entry in value.items()}
    return [_value(entry) for entry in value]


def _page(reading: TranslationReading, path: Path, content: FrozenModel) -> str:
    assert isinstance(content, Page)
    _, raw = read_page(path, reading.root)
    front = {"original": page_fingerprint(content, raw), **_texts(content.model_copy(update={"blocks": ()}))}
    return f"---\n{_dump(front)}---\n" + "\n".join(map(_block, raw))


def _block(block: RawBlock) -> str:
    text = pseudo(block.text)
    if block.kind == "text":
        return text
    attributes = "".join(
        f' {name}="{pseudo(value)}"' if name in SHOWN_ATTRIBUTES else f" {name}={value}"
        for name, value in block.attributes.items()
    )
    return f"::: {block.kind}{attributes}\n{text}\n:::\n"


def _translate_drawings(root: Path, language: str) -> None:
    ElementTree.register_namespace("", "http://www.w3.org/2000/svg")
    for path in sorted(root.glob("*/diagrams/*.svg")):
        text = drawing_text(path)
        if text is None:
            continue
        tree = ElementTree.fromstring(path.read_text(encoding="utf-8"))
        tree.set("data-original", fingerprint(text))
        for element in tree.iter():
            element.text = pseudo(element.text or "")
        path.with_name(f"{path.stem}.{language}.svg").write_text(
            ElementTree.tostring(tree, "unicode"), encoding="utf-8"
        )
