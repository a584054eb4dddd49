"""Rendering Markdown to safe HTML, once, when the content is loaded. Raw HTML in a text is escaped."""

from __future__ import annotations

from typing import Any, Self

from markdown_it import MarkdownIt
from markupsafe import escape
from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

# html=False escapes tags; the typographer is off because authors type the characters they mean.
_markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
_MARKUP_CHARACTERS = frozenset("*_`[]\\<&!")


class _RenderedText(str):
    """A text as its author wrote it; templates print the HTML that was rendered from it at loading."""

    html: str
    __slots__ = ("html",)

    def __new__(cls, source: str) -> Self:
        text = super().__new__(cls, source.strip())
        text.html = cls.render(str(text))
        return text

    @staticmethod
    def render(source: str) -> str:
        raise NotImplementedError("a text is inline or prose")

    def __html__(self) -> str:
        return self.html

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(
            cls,
            core_schema.str_schema(min_length=1, strip_whitespace=True),
            serialization=core_schema.plain_serializer_function_ser_schema(str),
        )


class InlineText(_RenderedText):
    """One run of text: emphasis and links, no paragraphs."""

    __slots__ = ()

    @staticmethod
    def render(source: str) -> str:
        if _MARKUP_CHARACTERS.isdisjoint(source):
            return str(escape(source))
        return str(_markdown.renderInline(source)).strip()


class Prose(_RenderedText):
    """Paragraphs, lists and tables."""

    __slots__ = ()

    @staticmethod
    def render(source: str) -> str:
        return str(_markdown.render(source)).strip()


def link_targets(source: str) -> list[tuple[str, int]]:
    """Every link target in a Markdown text, with the line (from 0) of the block that holds it."""
    found = []
    for token in _markdown.parse(source):
        for child in token.children or ():
            target = child.attrs.get("href") or child.attrs.get("src")
            if target:
                found.append((str(target), (token.map or [0])[0]))
    return found
