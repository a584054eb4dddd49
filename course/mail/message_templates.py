"""Letters from templates: one template gives the plain text, and the HTML beside it.

Both say the same, so nobody writes a mail twice. In a template a blank line ends a block. A block is a paragraph, a
list (each line begins with "- "), or a link: words that end with a colon, and the address alone on the next line.
A block "--" begins the small print.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, replace

from flask import current_app

from course.db import assert_outside_unit_of_work
from course.mail.rules import MailMessage

TOKEN_PLACEHOLDER = "the-token-of-the-link"  # noqa: S105 (where a secret will be)
LINE_WIDTH = 76  # characters in a line of plain text, which every mail program can show


@dataclass(frozen=True)
class MessageBlock:
    """A piece of a letter: `kind` is text, list, link or rule. A link has its words and its address as lines."""

    kind: str
    lines: tuple[str, ...]


def render_message(template: str, subject: str, headers: dict[str, str] | None = None, **values: object) -> MailMessage:
    """The letter that a template under templates/mail/ makes of these values."""
    assert_outside_unit_of_work("rendering a mail")
    source = current_app.jinja_env.get_template(f"mail/{template}").render(**values)
    found = split_blocks(source)
    page = current_app.jinja_env.get_template("mail/layout.html")
    html = page.render(subject=subject, blocks=found)
    return MailMessage(subject, "\n\n".join(_plain_text(block) for block in found) + "\n", html, headers)


def token_filler(mail: MailMessage) -> Callable[[str], MailMessage]:
    """A letter that has TOKEN where the token of a link will be, as something that puts the token in.

    So the letter is written before the unit of work in which its link is made.
    """

    def write(token: str) -> MailMessage:
        html = mail.html.replace(TOKEN_PLACEHOLDER, token) if mail.html else None
        return replace(mail, text=mail.text.replace(TOKEN_PLACEHOLDER, token), html=html)

    return write


def unsubscribe_headers(address: str) -> dict[str, str]:
    """The headers with which a mail program offers to stop such mail at one press (RFC 2369, RFC 8058)."""
    return {"List-Unsubscribe": f"<{address}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def split_blocks(source: str) -> list[MessageBlock]:
    """The pieces of a letter in their order."""
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
