"""The texts of a content object: which fields hold them, replacing them by a translation, and what is translated.

A set of translated texts has the shape of the object: a mapping of fields, in which lists of objects with an id are lists of
mappings with that id, and other lists have one entry for each entry of the original.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, TypeVar, cast, get_args

from course.content.rendering import BlockHtml, InlineText, Prose, TranslatedGroup, TranslatedLabel, text_language
from course.content.schema import Option
from course.content.schema_base import SHOWN, SHOWN_KEY, FrozenModel, VersionedModel, content_digest

M = TypeVar("M", bound=FrozenModel)
RENDERED = (InlineText, Prose, BlockHtml)
TextPath = tuple[str | int, ...]


@lru_cache(maxsize=128)
def text_fields(model: type[FrozenModel]) -> Mapping[str, bool]:
    """The fields of a model that are texts or contain texts. True for those that answers repeat (see schema.SHOWN_KEY)."""
    found: dict[str, bool] = {}
    for name, field in model.model_fields.items():
        marks = set(_annotations(field.annotation, tuple(field.metadata)))
        if SHOWN in marks or SHOWN_KEY in marks or marks & set(RENDERED) or _models(marks):
            found[name] = SHOWN_KEY in marks
    return found


def _annotations(annotation: Any, metadata: tuple[Any, ...]) -> Iterator[Any]:
    """The types and the metadata of which an annotation is made."""
    yield from (mark for mark in metadata if isinstance(mark, str))
    yield annotation if isinstance(annotation, type) else object
    for part in get_args(annotation):
        yield from _annotations(part, tuple(getattr(part, "__metadata__", ())))


def _models(marks: set[Any]) -> bool:
    return any(isinstance(m, type) and issubclass(m, FrozenModel) and text_fields(m) for m in marks)


def replace_fields(original: M, fields: Mapping[str, Any]) -> M:
    """A copy of the object with other texts. It is constructed, so that no cached value of the original comes along."""
    values = {**{name: getattr(original, name) for name in type(original).model_fields}, **fields}
    if "groups" in fields:
        values["options"] = _regrouped(values["options"], values["groups"])
    copy = cast("M", type(original).model_construct({*original.model_fields_set, *fields}, **values))
    if isinstance(copy, VersionedModel) and isinstance(original, VersionedModel):
        copy.translation_of(original.original)
    return copy


def _regrouped(options: tuple[Option, ...], groups: tuple[str, ...]) -> tuple[Option, ...]:
    """The options with the groups of their question, which are shown in its language."""
    by_name = {str.__str__(group): group for group in groups}
    return tuple(o.model_copy(update={"group": by_name.get(o.group or "", o.group)}) for o in options)


def translated_text(original: str, text: str, language: str, *, is_key: bool = False) -> str:
    """The translation of one text, of the type that templates print like the original."""
    if isinstance(original, RENDERED):
        return type(original)(text, language)
    return TranslatedGroup(original, text, language) if is_key else TranslatedLabel(text, language)


def texts(content: FrozenModel, skip: frozenset[str] = frozenset()) -> Iterator[tuple[TextPath, str]]:
    """Every text of the object with its path: names of fields, ids of entries that have one, numbers of others (from 0).
    Fields of the names in `skip` are left out, and defaults: those are words of the interface."""
    for name in text_fields(type(content)):
        if name not in skip and name in content.model_fields_set:
            yield from _value_texts(getattr(content, name), (name,), skip)


def _value_texts(value: Any, path: TextPath, skip: frozenset[str]) -> Iterator[tuple[TextPath, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, FrozenModel):
        for inner, text in texts(value, skip):
            yield (*path, *inner), text
    elif isinstance(value, dict):
        for key, entry in value.items():
            yield from _value_texts(entry, (*path, key), skip)
    elif isinstance(value, tuple):
        for number, entry in enumerate(value):
            yield from _value_texts(entry, (*path, getattr(entry, "id", None) or number), skip)


def untranslated_texts(content: FrozenModel, language: str, skip: frozenset[str] = frozenset()) -> int:
    """How many texts of the object are in another language. Fields of the names in `skip` are left out."""
    return sum(text_language(text) != language for _, text in texts(content, skip))


def fingerprint(content: FrozenModel) -> str:
    """The fingerprint of an object's texts: it changes with each of them, and with the order of texts without id."""
    return content_digest([["/".join(map(str, path)), str.__str__(text)] for path, text in texts(content)])


def translated_texts(content: FrozenModel, language: str) -> dict[str, Any]:
    """The texts of the object that are in a language, in the shape of a translation."""
    found = {name: _translated_value(getattr(content, name), language) for name in text_fields(type(content))}
    return {name: value for name, value in found.items() if value}


def _translated_value(value: Any, language: str) -> Any:
    if isinstance(value, str):
        return str.__str__(getattr(value, "shown", value)) if text_language(value) == language else None
    if isinstance(value, FrozenModel):
        return translated_texts(value, language)
    if isinstance(value, dict):
        entries = {key: _translated_value(entry, language) for key, entry in value.items()}
        return {key: entry for key, entry in entries.items() if entry}
    if isinstance(value, tuple):
        rows = [_translated_value(entry, language) for entry in value]
        if not any(rows):
            return None
        has_ids = all(getattr(entry, "id", None) for entry in value)
        return [{"id": e.id, **row} for e, row in zip(value, rows, strict=True) if row] if has_ids else rows
    return None
