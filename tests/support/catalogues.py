"""What is wrong with a catalogue of translations: what is missing, and where values or tags differ from the English."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from course.translation import FOLDER

_VALUE = re.compile(r"%\(\w+\)s|%%")
_TAG = re.compile(r"</?[a-z][^>]*>")
# What a translation ends with as the English does.
_END = re.compile(r"[.:?!…]$")


def shipped_languages() -> list[str]:
    """The languages that have a catalogue among the files of the project."""
    return sorted(file.parts[-3] for file in FOLDER.glob("*/LC_MESSAGES/messages.po"))


def catalogue(language: str, folder: Path = FOLDER) -> Catalog:
    """The catalogue of a language."""
    with (folder / language / "LC_MESSAGES" / "messages.po").open("rb") as source:
        return read_po(source, locale=language)


def english(message: Message) -> tuple[str, ...]:
    """The English of a message: one text, or those for one and for many."""
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def translations(message: Message) -> tuple[str, ...]:
    """The translation of a message: one text, or those of all plural forms."""
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


def faults(found: Catalog, template: Catalog) -> Iterator[str]:
    """What is wrong with a catalogue, as `message: fault`."""
    for wanted in template:
        if not wanted.id:
            continue
        message = found.get(wanted.id)
        name = english(wanted)[0][:70]
        if message is None or message.id != wanted.id:
            yield f"{name}: is not there"
        elif message.fuzzy:
            yield f"{name}: is fuzzy"
        else:
            yield from (f"{name}: {fault}" for fault in message_faults(message, found.num_plurals))


def message_faults(message: Message, plurals: int) -> Iterator[str]:
    """What is wrong with the translation of one message in a language with so many plural forms."""
    said, source = translations(message), english(message)
    if len(said) != (plurals if len(source) == 2 else 1):
        yield f"has {len(said)} forms"
        return
    values, tags = set(_VALUE.findall(source[-1])), sorted(_TAG.findall(source[-1]))
    for text in said:
        if not text.strip():
            yield "is not translated"
            continue
        lacks, adds = values - set(_VALUE.findall(text)), set(_VALUE.findall(text)) - values
        # A form for one number may write the number as a word.
        if adds or (lacks - {"%(num)s", "%(count)s"} if len(source) == 2 else lacks):
            yield f"has other values: {text[:70]}"
        if sorted(_TAG.findall(text)) != tags and len(source) == 1:
            yield f"has other tags: {text[:70]}"
        if len(source) == 1 and _END.findall(source[0]) != _END.findall(text):
            yield f"ends otherwise: {text[-30:]}"
