"""Rendering Markdown to safe HTML, once, when the content is loaded. Raw HTML in a text is escaped.

Every text knows its language. Where a page prints a text in another language than its own, the HTML says so (WCAG 2.2, 3.1.2).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Self

from markdown_it import MarkdownIt
from markupsafe import Markup, escape
from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from course.translation import SOURCE_LANGUAGE, LazyText, current_language

# html=False escapes tags; the typographer is off because authors type the characters they mean.
_markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
# A text in quotation marks of its language, with none inside.
_QUOTED = re.compile("[“„«]([^“”„«»]*)[”“»]")
_MARKUP_CHARACTERS = frozenset("*_`[]\\<&!")
# Emphasis alone: no links, no code, no pictures.
_emphasis = MarkdownIt("zero", {"html": False}).enable(["emphasis", "escape"])


# The language of which a preview shows the gaps; None outside a preview.
_previewed: ContextVar[str | None] = ContextVar("previewed", default=None)


@contextmanager
def showing_gaps(language: str) -> Iterator[None]:
    """Inside the block, HTML of a text that is not in `language` has the class `untranslated`."""
    token = _previewed.set(language)
    try:
        yield
    finally:
        _previewed.reset(token)


def text_language(text: str) -> str:
    """The language of a text of the course: English, unless it is a translation."""
    return str(getattr(text, "language", SOURCE_LANGUAGE))


def shown_languages(*texts: str) -> tuple[str | None, ...]:
    """On what `label_html` of these texts depends besides the texts: for the key of a cache of what was rendered."""
    return current_language(), _previewed.get(), *(getattr(text, "language", None) for text in texts)


def mark_language(html: str, language: str, tag: str = "span") -> str:
    """The HTML inside an element with `lang`, if it is not in the language of the page. Otherwise the HTML itself."""
    previewed = _previewed.get()
    attributes = ""
    if language != current_language():
        attributes += f' lang="{language}"'
    if previewed is not None and language != previewed:
        attributes += ' class="untranslated"'
    return f"<{tag}{attributes}>{html}</{tag}>" if attributes else html


def capitalised(text: str) -> str:
    """A title or label with a capital letter at its beginning, in its language."""
    changed = str(text)[:1].upper() + str(text)[1:]
    return TranslatedLabel(changed, text.language) if isinstance(text, TranslatedLabel) else changed


def english_name(text: str) -> Markup:
    """The title of a source or another name that has no translation, as HTML, marked as English on other pages."""
    return escape(text) if current_language() == SOURCE_LANGUAGE else Markup('<span lang="en">{}</span>').format(text)


def lang_attribute(text: str) -> Markup:
    """The attribute `lang` for an element that holds only this text and can hold no other element, such as an option."""
    language = text_language(text)
    return Markup("") if language == current_language() else Markup(' lang="{}"').format(language)


def label_html(text: str) -> Markup:
    """A title, label or other plain text of the course as HTML, with its language where the page has another one."""
    if type(text) is str and current_language() == SOURCE_LANGUAGE and _previewed.get() is None:
        return escape(text)  # by far the most frequent case
    if isinstance(text, (LazyText, Markup)):
        return escape(text)  # words of the interface, and what is HTML already
    shown = getattr(text, "shown", text)
    return Markup(mark_language(str(escape(str(shown))), text_language(text)))  # noqa: S704 (escaped)


def spoken_html(text: InlineText) -> Markup:
    """A line for a speech bubble, as HTML: without quotation marks around the whole of it."""
    quoted = _QUOTED.fullmatch(text.html)
    return Markup(mark_language(quoted[1] if quoted else text.html, text.language))  # noqa: S704 (rendered at loading)


class TranslatedLabel(str):
    """A title or other plain text in another language than English."""

    __slots__ = ("language",)
    language: str

    def __new__(cls, text: str, language: str) -> Self:
        label = super().__new__(cls, text)
        label.language = language
        return label


class TranslatedGroup(str):
    """The name of a group of a question. Answers name their groups, so as a string the name is the English one, equal to it
    and stored as it; templates print the translation (`shown`)."""

    __slots__ = ("language", "shown")
    language: str
    shown: str

    def __new__(cls, english: str, shown: str, language: str) -> Self:
        group = super().__new__(cls, english)
        group.shown, group.language = shown, language
        return group

    def __html__(self) -> str:
        return label_html(self)


class _RenderedText(str):
    """A text as its author wrote it; templates print the HTML that was rendered from it at loading."""

    html: str
    language: str
    __slots__ = ("html", "language")
    _tag = "div"

    def __new__(cls, source: str, language: str = SOURCE_LANGUAGE) -> Self:
        text = super().__new__(cls, source.strip())
        text.html = cls.render(str(text))
        text.language = language
        return text

    @staticmethod
    def render(source: str) -> str:
        raise NotImplementedError("a text is inline or prose")

    def __html__(self) -> str:
        return mark_language(self.html, self.language, self._tag)

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
    _tag = "span"

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


class BlockHtml(_RenderedText):
    """HTML of a block of a lesson page, or its drawing: rendered already, with links to lesson pages resolved."""

    __slots__ = ()

    @staticmethod
    def render(source: str) -> str:
        return source


def emphasised_html(source: str) -> str:
    """One run of text as HTML, in which only bold and emphasis mean anything."""
    return str(_emphasis.renderInline(source.strip()))


def link_targets(source: str) -> list[tuple[str, int]]:
    """Every link target in a Markdown text, with the line (from 0) of the block that holds it."""
    found = []
    for token in _markdown.parse(source):
        for child in token.children or ():
            target = child.attrs.get("href") or child.attrs.get("src")
            if target:
                found.append((str(target), (token.map or [0])[0]))
    return found
