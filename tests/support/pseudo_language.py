"""A pseudo-language made from the catalogue: every message longer, accented and in brackets, so that a page shows what is not
translated, and what does not fit.

Its code is that of English with accents (en-XA in CLDR).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from babel.messages.pofile import read_po

from course import translation
from tests.support.messages import TEMPLATE

LANGUAGE = "en-XA"
BEGIN, END = "⟦", "⟧"
_ACCENTED = str.maketrans("aceginorsuwyACEDGIKLNORSTUWYZdklhtz", "áçéĝíñóŕšúŵýÁÇÉĐĜÍĶĹÑÓŔŠŤÚŴÝŽđķĺĥťž")
# What a message keeps as it is: values, tags, entities.
_FIXED = re.compile(r"(%\([a-z_0-9]+\)[a-z]|%%|<[^>]*>|&[a-z#0-9]+;)")


class PseudoCatalogue:
    """The catalogue of the pseudo-language: it knows the messages of the template of all catalogues, and no others."""

    def gettext(self, message: str, /) -> str:
        return pseudo(message) if message in _messages() else message

    def ngettext(self, one: str, many: str, number: int, /) -> str:
        return self.gettext(one if number == 1 else many) if one in _messages() else (one if number == 1 else many)


def pseudo(message: str) -> str:
    """A message in the pseudo-language: a third longer, with its values and tags unchanged."""
    pieces = _FIXED.split(message)
    words = "".join(piece if number % 2 else piece.translate(_ACCENTED) for number, piece in enumerate(pieces))
    return f"{BEGIN}{words}{' ·' * (len(message) // 6)}{END}"


@lru_cache(maxsize=1)
def _messages() -> frozenset[str]:
    with TEMPLATE.open("rb") as source:
        found = [message.id for message in read_po(source) if message.id]
    return frozenset(one for message in found for one in ([message] if isinstance(message, str) else message))


@contextmanager
def offered() -> Iterator[str]:
    """Offer the pseudo-language inside the block; its code."""
    translation.register_catalogue(LANGUAGE, PseudoCatalogue())
    try:
        yield LANGUAGE
    finally:
        translation.remove_catalogue(LANGUAGE)


@contextmanager
def only_english() -> Iterator[None]:
    """Offer no language but English inside the block, as if no catalogue lay beside the program."""
    before, translation.FOLDER = translation.FOLDER, Path("/nonexistent")
    forget_catalogues()
    try:
        yield
    finally:
        translation.FOLDER = before
        forget_catalogues()


def forget_catalogues() -> None:
    """Look again which catalogues there are."""
    translation._shipped_languages.cache_clear()
    translation._shipped_catalogue.cache_clear()
