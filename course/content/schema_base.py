"""The base of the content objects: frozen models, their versions, and the types of their fields."""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr

Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=60)]
# YAML parses 999 or 116123 as a number, but a telephone number and a range of lines are texts.
CoercedText = Annotated[str, BeforeValidator(lambda value: str(value) if isinstance(value, int) else value)]
# Marks a plain text that is shown, and so can be translated; InlineText and Prose are shown by nature.
SHOWN = "shown"
Label = Annotated[str, SHOWN]
CoercedLabel = Annotated[CoercedText, SHOWN]
# A shown text that an answer repeats: its translation stays equal to the original (see rendering.TranslatedGroup).
SHOWN_KEY = "shown key"
KeyLabel = Annotated[str, SHOWN_KEY]


_FIELD_SETS: dict[frozenset[str], set[str]] = {}


class FrozenModel(BaseModel):
    """The base of all content models: frozen, and an unknown key is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid", ignored_types=(cached_property,))

    def model_post_init(self, _context: object, /) -> None:
        """Share the set of the fields that were given with all objects that were given the same: for each of thousands of
        objects it would be larger than the object, 10 MiB in all. It is never changed, since the object is not."""
        given = self.model_fields_set
        object.__setattr__(self, "__pydantic_fields_set__", _FIELD_SETS.setdefault(frozenset(given), {*given}))


class VersionedModel(FrozenModel):
    """A content model that answers and archives refer to by version. A translation has the version of its original."""

    _original: Self | None = PrivateAttr(default=None)

    @property
    def original(self) -> Self:
        """The English original of a translation; the object itself if it is no translation."""
        return self if self._original is None else self._original

    def translation_of(self, original: Self) -> Self:
        """Mark this new object as the translation of `original`, and return it."""
        self._original = original
        return self

    def visible_content(self) -> dict[str, Any]:
        """The fields that a learner sees, from which the version is made."""
        raise NotImplementedError("each kind of content says what a learner sees")

    @cached_property
    def version(self) -> str:
        return content_digest(self.original.visible_content())

    @cached_property
    def shown_version(self) -> str:
        """The version of the words that are shown: that of a translation differs from its original's, and with its texts."""
        if self.original is self:
            return self.version
        return content_digest({"translation_of": self.version, **self.visible_content()})


def content_digest(content: Any) -> str:
    """A version: a hash of 20 characters, equal for equal content."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:20]
