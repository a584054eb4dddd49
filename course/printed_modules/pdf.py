"""The printed edition of a module as a PDF, typeset by Typst, for archiving (PDF/A-3a) and tagged for screen readers (PDF/UA-1)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from course.certificates.pdf import MOTIFS
from course.certificates.script_support import han_region, replace_missing, text_direction
from course.certificates.typesetting import compile_here, typeset
from course.printed_modules.rules.nodes import Blocks, plain_text
from course.translation import SOURCE_LANGUAGE, language_locale
from course.translation import gettext as _
from course.web.sandbox import SandboxLimits, read_in_sandbox

TEMPLATE = Path(__file__).with_name("module.typ")
LIMITS = SandboxLimits(seconds=60, memory=3072, result=32)
USUAL_SIZE, LARGE_SIZE = 11, 18  # points
# What is in the fonts for certain; any other text is looked at letter by letter.
_ORDINARY = re.compile("[ -~¡-ſ‘’“”–—…•·→]*")


@dataclass(frozen=True)
class PrintedModule:
    """A module that is to be printed: its blocks, whose language is the current one, the title and the organisation as
    texts, and the name of its drawing. `size` is that of its letters in points."""

    title: str
    organisation: str
    version: str
    motif: str
    blocks: Blocks
    printed_at: datetime
    size: int = USUAL_SIZE
    language: str = SOURCE_LANGUAGE


def module_pdf(printed: PrintedModule) -> bytes:
    """The PDF of a module: the same bytes for the same contents and moment.

    It is typeset in a process of its own: a module has some tens of pages, and Typst keeps what it has laid out in memory as
    long as its process lives. A character that is in no font becomes □. Not for use inside a unit of work. Raises
    SandboxBusyError if other documents are being made, SandboxLimitError if it takes too long.
    """
    return read_in_sandbox(typeset_facts, json.dumps(document_facts(printed)).encode(), limits=LIMITS)


def typeset_facts(data: bytes) -> bytes:
    """The PDF of the facts of a document, given as JSON. Raises TypesettingError for an error in the template."""
    facts = json.loads(data)
    texts = [plain_text(facts["blocks"]), facts["title"], facts["author"]]
    year, month, day = facts["printed"]
    at = datetime(year, month, day, tzinfo=UTC)
    return typeset(TEMPLATE, lambda missing: {"facts": json.dumps(_without(facts, missing))}, texts, at, compile_here)


def document_facts(printed: PrintedModule) -> dict[str, Any]:
    """What the template is given, in the current language."""
    locale, at = language_locale(printed.language), printed.printed_at.astimezone(UTC)
    words = plain_text(printed.blocks)[:400]
    return {
        "title": printed.title,
        "author": printed.organisation,
        "about": _("Content version %(version)s", version=printed.version),
        "printed": [at.year, at.month, at.day],
        "lang": locale.language,
        "region": locale.territory,
        "side": text_direction(words),
        "han": han_region(words),
        "size": printed.size,
        "page_of": _("Page %(page)s of %(pages)s", page="{page}", pages="{pages}"),
        "motif": MOTIFS.get(printed.motif, ""),
        "blocks": printed.blocks,
    }


# The names of a node whose texts are no words.
_NAMES = frozenset(
    {
        "t",
        "id",
        "to",
        "href",
        "kind",
        "lang",
        "widths",
        "region",
        "side",
        "han",
        "motif",
        "title",
        "author",
        "about",
        "svg",
        "look",
    }
)


def _without(node: Any, missing: frozenset[str]) -> Any:
    """The node with □ for what is in no font."""
    if isinstance(node, str):
        return node if _ORDINARY.fullmatch(node) else replace_missing(node, missing)
    if isinstance(node, list):
        return [_without(part, missing) for part in node]
    if isinstance(node, dict):
        return {name: value if name in _NAMES else _without(value, missing) for name, value in node.items()}
    return node
