"""Texts of other systems as the Markdown of the course, and back. What Markdown here cannot hold is named, and never passed on:
the result is Markdown, which is rendered without HTML."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from html import escape, unescape
from itertools import groupby
from typing import Any

from course.content.rendering import InlineText, Prose
from course.question_exchange.rules.bank_question import BankText
from course.translation import lazy_gettext as _

_BLOCKS = re.compile(
    "address|article|aside|blockquote|body|center|dd|details|div|dl|dt|fieldset|figcaption|figure|footer|form|h[1-6]|header|hr|li"
    "|main|nav|ol|p|pre|section|summary|table|tbody|tfoot|thead|tr|ul"
)
_BOLD, _ITALIC = frozenset({"b", "strong", "th"}), frozenset({"i", "em", "cite", "dfn", "var"})
_PLAIN = re.compile(
    "a|abbr|acronym|bd[io]|big|caption|code|del|font|html|ins|kbd|label|mark|q|s|samp|small|span|strike|su[bp]|td|time|tt|u|wbr"
)
_CELLS = frozenset({"td", "th"})
_LAYOUTS = {"table": _("A table is written as lines."), "pre": _("Text in columns is written as one run.")}
_SAFE_LINK = re.compile(r"(?:https?://|mailto:)[^\s<>]+", re.IGNORECASE)
_MARKUP = re.compile(r"[\\*_`\[\]<>&!|~]")
_LINE_START = re.compile(r"^[-+#>=]", re.MULTILINE)
_LIST_NUMBER = re.compile(r"^(\d{1,9})([.)])", re.MULTILINE)
_MARKDOWN_PICTURE = re.compile(r"!\[([^\]]*)\]\([^)]*\)")
_ANY_TAG = re.compile(r"<[^>]*>")
_BREAK = "\x85"  # stands for <br> in the text of a run: no text that is read has this character
_MAX_DEPTH = 200


@dataclass(frozen=True)
class MarkdownBlock:
    """A paragraph or an item of a list, as one run of Markdown."""

    text: str
    is_item: bool = False


@dataclass(frozen=True)
class MarkdownText:
    """A text as Markdown: its blocks, what was left out, and whether a picture without words in its place was."""

    blocks: tuple[MarkdownBlock, ...] = ()
    notes: tuple[str, ...] = ()
    lost_picture: bool = False

    @property
    def line(self) -> str:
        """All of it as one run."""
        return " ".join(block.text for block in self.blocks)

    @property
    def prose(self) -> str:
        """All of it as paragraphs and lists."""
        text = ""
        for before, block in zip((None, *self.blocks), self.blocks, strict=False):
            gap = "" if before is None else "\n" if before.is_item and block.is_item else "\n\n"
            text += gap + (f"- {block.text}" if block.is_item else block.text)
        return text


def inline_html(source: str) -> str:
    """A run of the course's Markdown as HTML."""
    return _plain_quotes(InlineText.render(source.strip()))


def visible_text(source: str) -> str:
    """What is read of a run of the course's Markdown, without its marks."""
    return " ".join(unescape(_ANY_TAG.sub("", inline_html(source))).split())


def prose_html(source: str) -> str:
    """Paragraphs of the course's Markdown as HTML."""
    return _plain_quotes(Prose.render(source.strip()))


def to_bank_text(source: str) -> BankText:
    """A run of the course's Markdown for another system: HTML, or the Markdown itself where it could not be made again from
    the HTML."""
    if _means_itself(source):
        return BankText(source)
    html = inline_html(source)
    back = read_text(BankText(html), keeps_lines=True)
    exact = len(back.blocks) == 1 and back.line == source and not back.notes
    return BankText(html) if exact else BankText(source, "markdown")


def escaped_label(label: str) -> str:
    """A plain text as Markdown that shows it as it is."""
    return _MARKUP.sub(r"\\\g<0>", label)


def read_text(text: BankText, keeps_lines: bool = False) -> MarkdownText:
    """A text of another system as Markdown. Line breaks of its source are spaces, unless `keeps_lines`.

    Raises ValueError for a text that is nested too deeply to be one.
    """
    if text.format == "markdown":
        return _read_markdown(text.text)
    if text.format == "plain":
        found = [" ".join(part.split()) for part in re.split(r"\n\s*\n", text.text)]
        return MarkdownText(tuple(MarkdownBlock(_best_markdown([_Run(part)])[0]) for part in found if part))
    source = text.text.replace("\n", "<br>") if text.format == "moodle" else text.text
    if "<" not in source and "&" not in source:
        reader = _HtmlReader(keeps_lines)
        reader.add_text(source, _Run(""))
    else:
        import lxml.html  # noqa: PLC0415 (only whoever reads or writes questions needs it)

        try:
            root = lxml.html.fragment_fromstring(source, create_parent="div")
        except (lxml.etree.LxmlError, AssertionError) as error:
            raise ValueError(_("This is not HTML that can be read.")) from error
        reader = _HtmlReader(keeps_lines)
        reader.read(root, _Run(""), 0)
    reader.end_block()
    return MarkdownText(tuple(reader.blocks), tuple(dict.fromkeys(reader.notes)), reader.lost_picture)


def _read_markdown(source: str) -> MarkdownText:
    notes, lost = [], False
    for match in _MARKDOWN_PICTURE.finditer(source):
        notes.append(_("A picture was left out."))
        lost = lost or not match[1].strip()
    # What is still left of pictures, such as one whose address has brackets, is shown as text.
    text = _MARKDOWN_PICTURE.sub(r"\1", source).replace("![", "!\\[")
    parts = [part.strip() for part in re.split(r"\n[ \t]*\n", text) if part.strip()]
    return MarkdownText(tuple(map(MarkdownBlock, parts)), tuple(notes), lost)


@dataclass(frozen=True)
class _Run:
    text: str
    bold: bool = False
    italic: bool = False
    link: str | None = None
    code: bool = False


@dataclass
class _HtmlReader:
    """Walks through HTML and collects runs of text in blocks."""

    keeps_lines: bool
    blocks: list[MarkdownBlock] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    lost_picture: bool = False
    _runs: list[_Run] = field(default_factory=list)
    _item: bool = False

    def read(self, element: Any, style: _Run, depth: int) -> None:
        if depth > _MAX_DEPTH:
            raise ValueError(_("The HTML is nested too deeply."))
        self.add_text(element.text or "", style)
        for child in element:
            if isinstance(child.tag, str):
                self._read_child(child, child.tag.lower(), style, depth)
            self.add_text(child.tail or "", style)

    def _read_child(self, child: Any, tag: str, style: _Run, depth: int) -> None:
        if tag == "img":
            self._leave_out_picture(child, style)
        elif tag == "br":
            self._runs.append(replace(style, text=_BREAK))
        elif _BLOCKS.fullmatch(tag):
            self.end_block()
            self._item = self._item or tag == "li"
            if tag in _LAYOUTS:
                self.notes.append(_LAYOUTS[tag])
            self.read(child, style, depth + 1)
            self.end_block()
            self._item = False
        elif tag in _BOLD | _ITALIC or _PLAIN.fullmatch(tag):
            if tag in _CELLS and any(run.text.strip() for run in self._runs):
                self._runs.append(_Run(" · "))
            self.read(child, self._style(child, tag, style), depth + 1)
        else:
            element = f"<{tag[:30]}>"
            self.notes.append(_("This was left out: %(element)s.", element=element))

    def _style(self, child: Any, tag: str, style: _Run) -> _Run:
        if tag == "a" and child.get("href"):
            address = str(child.get("href")).strip()
            if _SAFE_LINK.fullmatch(address):
                return replace(style, link=address.replace("(", "%28").replace(")", "%29"))
            self.notes.append(_("A link was left out: %(address)s.", address=address[:80]))
        if tag in ("sub", "sup", "del", "s", "strike"):
            self.notes.append(_("Text that is raised, lowered or struck through is written as ordinary text."))
        is_code = style.code or tag in ("code", "kbd", "samp", "tt")
        return replace(style, bold=style.bold or tag in _BOLD, italic=style.italic or tag in _ITALIC, code=is_code)

    def _leave_out_picture(self, child: Any, style: _Run) -> None:
        words = " ".join(str(child.get("alt") or "").split())
        self.notes.append(
            _("A picture was left out. Its description is kept: “%(words)s”.", words=words[:200])
            if words
            else _("A picture was left out. It has no description.")
        )
        self.lost_picture = self.lost_picture or not words
        if words:
            self._runs.append(replace(style, text=f"[{words}]"))

    def add_text(self, text: str, style: _Run) -> None:
        if text:
            self._runs.append(replace(style, text=text))

    def end_block(self) -> None:
        """End the block that is being read; nothing if it has no text."""
        runs, self._runs = _tidied(self._runs, self.keeps_lines), []
        if runs:
            text, exact = _best_markdown(runs)
            if not exact:
                self.notes.append(_("Emphasis was left out."))
            self.blocks.append(MarkdownBlock(text, self._item))
            self._item = False


def _tidied(runs: list[_Run], keeps_lines: bool) -> list[_Run]:
    """The runs with single spaces, none at the beginning and the end."""
    found: list[_Run] = []
    for run in runs:
        text = re.sub(r"[ \t\r\f]*\n\s*" if keeps_lines else r"[ \t\r\n\f]+", "\n" if keeps_lines else " ", run.text)
        text = re.sub(r"[ \t\r\f]+", " ", text)
        if not found or found[-1].text[-1:] in (" ", "\n", _BREAK):
            text = text.lstrip(" \n")
        if text:
            found.append(replace(run, text=text))
    while found and (last := found[-1].text.rstrip(" \n" + _BREAK)) != found[-1].text:
        found[-1:] = [replace(found[-1], text=last)] if last else []
    while found and (first := found[0].text.lstrip(" \n" + _BREAK)) != found[0].text:
        found[:1] = [replace(found[0], text=first)] if first else []
    return found


def _best_markdown(runs: Sequence[_Run]) -> tuple[str, bool]:
    """Markdown that shows the runs, with as few backslashes as it needs, and whether it shows them exactly."""
    if len(runs) == 1 and runs[0] == _Run(runs[0].text) and _means_itself(runs[0].text):
        return runs[0].text, True
    wanted = _nested(runs, _as_html, _html_marks)
    for text_of, is_safe_start in (
        (_as_markdown, False),
        (_as_markdown, True),
        (_protected, False),
        (_protected, True),
    ):
        source = _nested(runs, text_of, _markdown_marks)
        if is_safe_start:
            source = _LIST_NUMBER.sub(r"\g<1>\\\g<2>", _LINE_START.sub(r"\\\g<0>", source))
        if _plain_quotes(InlineText.render(source)) == wanted and prose_html(source) == f"<p>{wanted}</p>":
            return source, True
    plain = _protected("".join(run.text for run in runs)).replace("\\\n", " ")
    return plain, not any(run.bold or run.italic or run.link for run in runs)


def _means_itself(text: str) -> bool:
    """Whether the text is the same in Markdown and HTML: most texts are, and rendering takes long."""
    return (
        text == text.strip() and text.isprintable() and "  " not in text and not _MARKUP.search(text)
        and not _LINE_START.match(text) and not _LIST_NUMBER.match(text)
    )  # fmt: skip


def _as_html(text: str) -> str:
    return escape(text, quote=False).replace(_BREAK, "<br />\n")


def _as_markdown(text: str) -> str:
    return text.replace(_BREAK, "\\\n")


def _protected(text: str) -> str:
    return _as_markdown(_MARKUP.sub(r"\\\g<0>", text))


Marks = Callable[[str, str, str | None], str]


def _nested(runs: Sequence[_Run], text_of: Callable[[str], str], marks: Marks) -> str:
    """The runs with links outermost, then bold, then emphasis."""
    found = ""
    for link, linked in groupby(runs, lambda run: run.link):
        inside = ""
        for bold, strong in groupby(linked, lambda run: run.bold):
            part = ""
            for italic, group in groupby(strong, lambda run: run.italic):
                text = ""
                for code, same in groupby(group, lambda run: run.code):
                    plain = "".join(run.text for run in same)
                    text += marks("code", plain, None) if code else text_of(plain)
                part += marks("italic", text, None) if italic else text
            inside += marks("bold", part, None) if bold else part
        found += marks("link", inside, link) if link else inside
    return found


def _outside_spaces(text: str, before: str, after: str) -> str:
    """The text between its marks, with the spaces around it outside of them."""
    inner = text.strip(" \n")
    if not inner:
        return text
    start = text.index(inner)
    return f"{text[:start]}{before}{inner}{after}{text[start + len(inner) :]}"


def _markdown_marks(kind: str, text: str, link: str | None) -> str:
    if kind == "code":
        plain = " ".join(text.replace(_BREAK, " ").split())
        ticks = "`" * (max(map(len, re.findall("`+", plain)), default=0) + 1)
        gap = " " if "`" in (plain[:1], plain[-1:]) else ""
        return _outside_spaces(text.replace(text.strip(" \n"), plain, 1), ticks + gap, gap + ticks)
    before, after = {"bold": ("**", "**"), "italic": ("*", "*")}.get(kind, ("[", f"]({link})"))
    return _outside_spaces(text, before, after)


def _html_marks(kind: str, text: str, link: str | None) -> str:
    if kind == "code":
        text = escape(text.replace(_BREAK, " "), quote=False).replace("\n", " ")
    tags = {"bold": ("<strong>", "</strong>"), "italic": ("<em>", "</em>"), "code": ("<code>", "</code>")}
    before, after = tags.get(kind, (f'<a href="{escape(link or "", quote=False)}">', "</a>"))
    return _outside_spaces(text, before, after)


def _plain_quotes(html: str) -> str:
    """HTML whose quotation marks and apostrophes in texts are characters: both renderers write them in other ways."""
    pieces = re.split(r"(<[^>]*>)", html)
    return "".join(
        piece if piece.startswith("<") else re.sub("&#34;|&quot;", '"', piece).replace("&#39;", "'") for piece in pieces
    )
