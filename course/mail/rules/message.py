"""What a mail is, in which state it may be, and which mail is optional."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from typing import Any, ClassVar, Literal

from course.translation import LazyText

DeliveryState = Literal["waiting", "failed", "sent", "withheld", "unknown"]
# The mail that a recipient may choose not to get, and what it is called on pages.
DIGEST = "manager-digest"
BOOSTER = "booster"
SCHEDULED_REPORT = "report"
OPTIONAL_MAIL = {
    DIGEST: "the weekly summary of your teams",
    BOOSTER: "five questions about once a month at the most",
    SCHEDULED_REPORT: "the team report",
}


@dataclass(frozen=True)
class MailMessage:
    """What a mail is about, as data. It is rendered when it is delivered, outside the unit of work that queues it.

    Each template under templates/mail/ has one subclass, whose fields are the values of the template. They are stored as
    JSON until the mail is rendered. `template` is the name of the template without `.txt`; `label` stands for the subject on
    pages as long as the mail is not rendered.
    """

    template: ClassVar[str]
    label: ClassVar[str]

    def values(self) -> dict[str, Any]:
        """The values of the template as JSON, words of the program in the current language: a day or moment becomes text
        (ISO 8601). Raises TypeError for others."""
        return {field.name: _json_value(getattr(self, field.name)) for field in fields(self)}


@dataclass(frozen=True)
class OptionalMailMessage(MailMessage):
    """A mail that its recipient can stop: `choice_token` is the token of the link that does so (see MailChoiceLink)."""

    choice_token: str


@dataclass(frozen=True)
class MailRecipient:
    """The address to which a mail goes, and the language in which its reader wants it (BCP 47; None: English)."""

    address: str
    language: str | None = None


@dataclass(frozen=True)
class RenderedMail:
    """A mail in words: the same in plain text and, if there is any, in HTML. `headers` are added to its own."""

    subject: str
    text: str
    html: str | None = None
    headers: Mapping[str, str] | None = None


def _json_value(value: object) -> object:
    if isinstance(value, LazyText):
        return str(value)
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (tuple, list)):
        return [_json_value(one) for one in value]
    if is_dataclass(value):
        return {field.name: _json_value(getattr(value, field.name)) for field in fields(value)}
    raise TypeError(f"a mail cannot hold {value!r}")
