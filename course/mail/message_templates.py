"""Mails from templates: one template gives the subject, the plain text, and the HTML beside it.

Text and HTML say the same, so nobody writes a mail twice. The first line of a template is the subject, after the word
"Subject:". Below it a blank line ends a block. A block is a paragraph, a list (each line begins with "- "), or a link: words
that end with a colon, and the address alone on the next line. A block "--" begins the small print.

Every template may use `course` (the title of the course), `course_length` and `address`, which builds the address of a page;
all other values are those of the mail. Nothing here knows Flask, so a mail is the same whether a page, a job or a command
caused it.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, select_autoescape

from course.db import assert_outside_unit_of_work
from course.mail.rules import RenderedMail
from course.translation import SOURCE_LANGUAGE, use_language
from course.web import template_filters

FOLDER = Path(__file__).resolve().parents[1] / "templates"
LINE_WIDTH = 76  # characters in a line of plain text, which every mail program can show
MAX_SUBJECT = 200  # characters
_SUBJECT = "Subject: "


@dataclass(frozen=True)
class MessageBlock:
    """A piece of a mail: `kind` is text, list, link or rule. A link has its words and its address as lines."""

    kind: str
    lines: tuple[str, ...]


class MailRenderer:
    """Renders the mails of one installation: `course` is the title of the course, `address` builds the address of a page
    from its endpoint and values, `zone` is the time zone of the organisation. `course_length` gives the minutes that the
    course takes, the number of its modules, and the minutes that a refresher takes, when a mail asks for it."""

    def __init__(
        self, course: str, address: Callable[..., str], zone: str, course_length: Callable[[], tuple[int, int, float]]
    ) -> None:
        environment = Environment(
            loader=FileSystemLoader(FOLDER),
            autoescape=select_autoescape(("html",)),
            auto_reload=False,
        )
        template_filters.init(environment, zone)
        day_of, moment = environment.filters["day_of"], environment.filters["moment"]
        # The values of a mail were stored as JSON, so days and moments come as text.
        environment.filters["day"] = lambda text: template_filters.format_date(date.fromisoformat(text))
        environment.filters["day_of"] = lambda text: day_of(datetime.fromisoformat(text))
        environment.filters["moment"] = lambda text: moment(datetime.fromisoformat(text))
        environment.globals.update(course=course, address=address, course_length=course_length)
        self._environment, self._address = environment, address

    def render(
        self, template: str, values: Mapping[str, Any], language: str = SOURCE_LANGUAGE, opening: str = ""
    ) -> RenderedMail:
        """The mail that a template under templates/mail/ makes of these values, in a language (BCP 47). `opening` is the
        organisation's own sentence, which stands below the salutation.

        Raises what Jinja raises: for a template that is missing or faulty, and for a value that is missing.
        """
        assert_outside_unit_of_work("rendering a mail")
        with use_language(language):
            return self._render(template, values, opening)

    def _render(self, template: str, values: Mapping[str, Any], opening: str) -> RenderedMail:
        source = self._environment.get_template(f"mail/{template}.txt").render(values)
        first, _, rest = source.strip().partition("\n")
        if not first.startswith(_SUBJECT):
            raise ValueError(f"{template}.txt does not begin with its subject")
        subject, blocks = first.removeprefix(_SUBJECT).strip()[:MAX_SUBJECT], split_blocks(rest)
        if opening:
            blocks.insert(1, MessageBlock("text", (opening,)))
        html = self._environment.get_template("mail/layout.html").render(subject=subject, blocks=blocks)
        text = "\n\n".join(_plain_text(block) for block in blocks) + "\n"
        return RenderedMail(subject, text, html, self._headers(values))

    def _headers(self, values: Mapping[str, Any]) -> dict[str, str] | None:
        """The headers with which a mail program offers to stop optional mail at one press (RFC 2369, RFC 8058)."""
        token = values.get("choice_token")
        if token is None:
            return None
        address = self._address("mail.choice", token=token)
        return {"List-Unsubscribe": f"<{address}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def split_blocks(source: str) -> list[MessageBlock]:
    """The pieces of a mail in their order."""
    return [_parse_block(part.strip().splitlines()) for part in re.split(r"\n\s*\n", source.strip())]


def _parse_block(lines: list[str]) -> MessageBlock:
    if lines == ["--"]:
        return MessageBlock("rule", ())
    if all(line.startswith("- ") for line in lines):
        return MessageBlock("list", tuple(line[2:].strip() for line in lines))
    if len(lines) == 2 and re.fullmatch(r"https?://\S+", lines[1]):
        return MessageBlock("link", (lines[0].rstrip(":"), lines[1]))
    return MessageBlock("text", (" ".join(line.strip() for line in lines),))


def _plain_text(block: MessageBlock) -> str:
    if block.kind == "rule":
        return "-" * 8
    if block.kind == "link":
        return f"{block.lines[0]}:\n{block.lines[1]}"
    if block.kind == "list":
        return "\n".join(_wrap_line(f"- {line}", "  ") for line in block.lines)
    return _wrap_line(block.lines[0])


def _wrap_line(text: str, indent: str = "") -> str:
    return textwrap.fill(text, LINE_WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
