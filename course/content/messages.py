"""Messages, chats and e-mails in a scenario, which pages draw as messages."""

from __future__ import annotations

from pydantic import Field

from course.content.rendering import InlineText
from course.content.schema_base import CoercedLabel, FrozenModel, Label


class ScreenMessage(FrozenModel):
    """One message: who wrote it (`sender`), when, and its text. `mine`: it was written on the device that shows it."""

    sender: Label
    at: CoercedLabel | None = None
    text: InlineText
    mine: bool = False


class ScreenMessages(FrozenModel):
    """Messages in the order in which they came, the newest last, and what shows them (`on`), such as "Amira’s phone"."""

    on: Label
    thread: tuple[ScreenMessage, ...] = Field(min_length=1, max_length=4)
