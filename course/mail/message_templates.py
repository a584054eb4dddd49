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

from course.db import outside_unit_of_work
from course.mail.rules import Letter

TOKEN = "the-token-of-the-link"  # noqa: S105 (where a secret will be)
WIDTH = 76  # characters in a line of plain text, which every mail program can show


@dataclass(frozen=True)
class Block:
    """A piece of a letter: `kind` is text, list, link or rule. A link has its words and its address as lines."""

    kind: str
    lines: tuple[str, ...]


def letter(template: str, subject: str, headers: dict[str, str] | None = None, **values: object) -> Letter:
    """The letter that a template under templates/mail/ makes of these values."""
    outside_unit_of_work("rendering a mail")
    source = current_app.jinja_env.get_template(f"mail/{template}").render(**values)
    found = blocks(source)
    page = current_app.jinja_env.get_template("mail/layout.html")
    html = page.render(subject=subject, blocks=found)
    return Letter(subject, "\n\n".join(_plain(block) for block in found) + "\n", html, headers)


def with_token(mail: Letter) -> Callable[[str], Letter]:
    """A letter that has TOKEN where the token of a link will be, as something that puts the token in.

    So the letter is written before the unit of work in which its link is made.
    """

    def write(token: str) -> Letter:
        html = mail.html.replace(TOKEN, token) if mail.html else None
        return replace(mail, text=mail.text.replace(TOKEN, token), html=html)

    return write


def blocks(source: str) -> list[Block]:
    """The pieces of a letter in their order."""
    return [_block(part.strip().splitlines()) for part in re.split(r"\n\s*\n", source.strip())]


def _block(lines: list[str]) -> Block:
    if lines == ["--"]:
        return Block("rule", ())
    if all(line.startswith("- ") for line in lines):
        return Block("list", tuple(line[2:].strip() for line in lines))
    if len(lines) == 2 and re.fullmatch(r"https?://\S+", lines[1]):
        return Block("link", (lines[0].rstrip(":"), lines[1]))
    return Block("text", (" ".join(line.strip() for line in lines),))


def _plain(block: Block) -> str:
    if block.kind == "rule":
        return "-" * 8
    if block.kind == "link":
        return f"{block.lines[0]}:\n{block.lines[1]}"
    if block.kind == "list":
        return "\n".join(_wrapped(f"- {line}", "  ") for line in block.lines)
    return _wrapped(block.lines[0])


def _wrapped(text: str, indent: str = "") -> str:
    return textwrap.fill(text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
