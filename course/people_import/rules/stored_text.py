"""Texts of a stored list: each message once, and for each text its number and its values.

A preview is shown later, perhaps to a reader of another language, so its texts are stored as messages with values. A list
of 50,000 rows has few different messages.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from course.translation import text_as_data, text_from_data


class MessageTable:
    """The messages of a stored list, [message, plural], by their position."""

    def __init__(self, messages: Sequence[Sequence[str | None]] = ()) -> None:
        self.messages = [(message, plural) for message, plural in messages]
        self._positions = {message: place for place, message in enumerate(self.messages)}

    def pack(self, text: str) -> object:
        """A text as data that JSON can carry: a plain text as it is, a LazyText as [position, number, values]."""
        return self._pack(text_as_data(text))

    def unpack(self, data: object) -> str:
        """The text that was packed; a plain text as earlier versions stored it is itself. Raises ValueError, IndexError."""
        return text_from_data(self._unpack(data))

    def _pack(self, data: Any) -> object:
        if not isinstance(data, list):
            return data
        message, plural, number, values = data
        if (message, plural) not in self._positions:
            self._positions[message, plural] = len(self.messages)
            self.messages.append((message, plural))
        return [self._positions[message, plural], number, {name: self._pack(value) for name, value in values.items()}]

    def _unpack(self, data: Any) -> object:
        if not isinstance(data, list):
            return data
        position, number, values = data
        return [*self.messages[position], number, {name: self._unpack(value) for name, value in values.items()}]
