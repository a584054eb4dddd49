"""Translations of lesson pages and drawings.

A translated page has the blocks of its original in the same order, with the same attributes: readers of each pathway and
nation, notes, sources and contacts depend on them. Only texts differ, those of figures among them, and the titles of drawings.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from course.content.figures import FIGURE_ATTRIBUTES, build_figure
from course.content.lesson_source import (
    SHOWN_ATTRIBUTES,
    SVG_FINGERPRINT,
    block_html,
    check_link,
    drawing_path,
    load_svg,
    phone_problems,
)
from course.content.page_asks import ASK_KINDS, read_asked
from course.content.reading_context import ReadingContext
from course.content.rendering import link_targets
from course.content.schema import Page
from course.content.schema_base import FrozenModel, Label, content_digest
from course.content.text_fields import TextPath
from course.content.translation_source import (
    FINGERPRINT_KEY,
    EntryTranslation,
    GivenTexts,
    OriginalEntry,
    TranslationState,
    add_original,
    translate_entry,
)
from course.content.yaml_source import Problem, RawBlock, YamlDocument, read_page


class DrawingText(FrozenModel):
    """The words in a drawing, from which its fingerprint is made."""

    words: Label


def page_fingerprint(page: Page, raw: list[RawBlock]) -> str:
    """The fingerprint of a page: it changes with each text, and with the kind, the attributes and the order of blocks."""
    blocks = [[block.kind, sorted(block.attributes.items()), block.text.strip()] for block in raw]
    changes = [str(change.reason) for change in page.changes]
    return content_digest([page.title, page.content_note, changes, blocks])


def drawing_text(path: Path) -> DrawingText | None:
    """The words in a drawing; None if it has none, or cannot be read, which is reported where the drawing is shown."""
    try:
        tree = ElementTree.fromstring(path.read_bytes())  # noqa: S314 (our own files, no entities used)
    except (OSError, ElementTree.ParseError):
        return None
    words = "\n".join(text.strip() for text in tree.itertext() if text.strip())
    return DrawingText(words=words) if words else None


def record_drawings(reading: ReadingContext, folder: Path) -> None:
    """Record the drawings of a module and the state of their translations. Without any translation nothing is to be done."""
    translations = reading.translations
    if not translations.files:
        return
    for path in sorted((folder / "diagrams").glob("*.svg")):
        text = drawing_text(path) if "." not in path.stem else None
        if text is None:
            continue
        original = add_original(translations, path, None, ("drawing", folder.name, path.stem), text)
        for language, file in translations.files.get(path, {}).items():
            _record_drawing(reading, original, language, file)


def _record_drawing(reading: ReadingContext, original: OriginalEntry, language: str, file: Path) -> None:
    place = file.relative_to(reading.root.parent).as_posix()
    problems: list[Problem] = []
    said = None
    if load_svg(file, "", lambda message: problems.append(Problem(place, 1, message))) is not None:
        said = ElementTree.fromstring(file.read_bytes()).get(SVG_FINGERPRINT)  # noqa: S314 (as above)
        if reading.course and reading.course.phone_drawings:
            problems += [Problem(place, 1, message) for message in phone_problems(file)]
    state: TranslationState = "current" if said == original.fingerprint else "outdated"
    if said is None:
        state = "unconfirmed"
    if state != "outdated":
        reading.problems += problems
    # A copy in which the words are still English is only a beginning.
    is_copy = drawing_text(file) == original.content
    if state == "current" and not problems and not is_copy:
        reading.translations.objects.setdefault(language, {})[original.place] = original.content
    missing: tuple[TextPath, ...] = (("words",),) if is_copy else ()
    reading.translations.entries.append(
        EntryTranslation(original, language, state, missing, tuple(problems), Problem(place, 1, ""))
    )


def translate_page(reading: ReadingContext, path: Path, page: Page) -> None:
    """Record a page, and read its translations."""
    translations, place = reading.translations, ("page", path.parent.parent.name, path.stem)
    if path not in translations.files:
        add_original(translations, path, None, place, page)
        return
    _, raw = read_page(path, reading.root)
    original = add_original(translations, path, None, place, page, page_fingerprint(page, raw))
    if len(raw) != len(page.blocks):
        return  # a block has a mistake, which is reported already
    for language, file in translations.files[path].items():
        document, given = read_page(file, reading.root, has_comments=True)
        reading.problems += document.problems
        if document.problems:
            continue
        data = {} if document.data is None else document.data
        problems: tuple[Problem, ...] = ()
        if isinstance(data, dict):
            if "blocks" in data:
                problems = (document.problem(("blocks",), "'blocks' is no text: they stand below the front matter"),)
            blocks, misplaced = _align(document, raw, given)
            figures, mistaken = _figures(document, language, raw, blocks)
            asked, misasked = _asked(document, raw, blocks)
            problems += (*misplaced, *mistaken, *misasked)
            if str(data.get(FINGERPRINT_KEY, original.fingerprint)) == original.fingerprint:
                _check_links(reading, document, given)
            rows = _block_texts(reading, document, path, language, page, blocks)
            for number, html in figures.items():
                rows[number]["html"] = html
            for number, fields in asked.items():
                rows[number] |= fields
            data = {**data, "blocks": rows}
        translate_entry(translations, original, GivenTexts(document, (), data, language, problems))


def _check_links(reading: ReadingContext, document: YamlDocument, raw: list[RawBlock]) -> None:
    for block in raw:
        if block.kind in (*FIGURE_ATTRIBUTES, *ASK_KINDS):
            continue  # in which a link is a mistake
        for target, line in link_targets(block.text):
            check_link(reading, target, Problem(document.file, block.line + line, ""))


def _signature(block: RawBlock) -> tuple[str, tuple[tuple[str, tuple[str, ...]], ...]]:
    """What a translated block has in common with its original: all but its text and the attributes that are shown."""
    attributes = {
        name: tuple(sorted(value.split(",")))
        for name, value in block.attributes.items()
        if name not in SHOWN_ATTRIBUTES
    }
    return block.kind, tuple(sorted(attributes.items()))


def _describe(block: RawBlock) -> str:
    attributes = "".join(
        f" {name}" if name == value else f" {name}={value}"
        for name, value in block.attributes.items()
        if name not in SHOWN_ATTRIBUTES
    )
    return f"{block.kind}{attributes}"


def _align(
    document: YamlDocument, originals: list[RawBlock], given: list[RawBlock]
) -> tuple[list[RawBlock | None], tuple[Problem, ...]]:
    """For each block of the original its translation, None where there is none; and the differences in structure."""
    problems = _structure_problems(document, originals, given)
    if problems:
        return [None] * len(originals), problems
    aligned: list[RawBlock | None] = []
    following = iter([*given, None])
    block = next(following)
    for original in originals:
        if original.kind == "text" and (block is None or block.kind != "text"):
            aligned.append(None)  # this text has not been translated yet
            continue
        if original.kind != "text" and block is not None and block.kind == "text":
            return [None] * len(originals), (_surplus_text(document, block),)
        aligned.append(block)
        block = next(following)
    return aligned, () if block is None else (_surplus_text(document, block),)


def _surplus_text(document: YamlDocument, block: RawBlock) -> Problem:
    return Problem(document.file, block.line, "the original has no text between these blocks")


def _structure_problems(
    document: YamlDocument, originals: list[RawBlock], given: list[RawBlock]
) -> tuple[Problem, ...]:
    expected = [block for block in originals if block.kind != "text"]
    found = [block for block in given if block.kind != "text"]
    if [_signature(block) for block in expected] == [_signature(block) for block in found]:
        return ()
    absent = Counter(map(_signature, expected)) - Counter(map(_signature, found))
    surplus = Counter(map(_signature, found)) - Counter(map(_signature, expected))
    problems = []
    for block in found:
        if surplus[_signature(block)] > 0:
            surplus[_signature(block)] -= 1
            message = f"the original has no block '{_describe(block)}'"
            problems.append(Problem(document.file, block.line - 1, message))
    for block in expected:
        if absent[_signature(block)] > 0:
            absent[_signature(block)] -= 1
            problems.append(Problem(document.file, 1, f"the block '{_describe(block)}' of the original is missing"))
    if not problems:
        problems = [Problem(document.file, 1, "the blocks stand in another order than in the original")]
    return tuple(problems)


def _figures(
    document: YamlDocument, language: str, originals: list[RawBlock], blocks: list[RawBlock | None]
) -> tuple[dict[int, str], tuple[Problem, ...]]:
    """The HTML of each translated figure, by the number of its block, and mistakes in them. A figure in which a text is still
    to be translated is shown in English as a whole."""
    figures: dict[int, str] = {}
    problems: list[Problem] = []
    for number, (original, block) in enumerate(zip(originals, blocks, strict=True)):
        if block is None or original.kind not in FIGURE_ATTRIBUTES:
            continue
        given = [block.attributes.get(name, "") for name in FIGURE_ATTRIBUTES[original.kind]]
        if not all(text.strip() for text in (block.text, *given)):
            continue

        def report(message: str, line: int = 0, first: int = block.line - 1) -> None:
            problems.append(Problem(document.file, first + line, message))

        figure = build_figure(block, report, language, has_comments=True)
        english = build_figure(original, lambda message, line=0: None)  # noqa: ARG005
        if figure and english and figure.shape != english.shape:
            report("the figure has other lines than its original: as many, of the same sides and marks, are expected")
        elif figure:
            figures[number] = figure.html
    return figures, tuple(problems)


def _asked(
    document: YamlDocument, originals: list[RawBlock], blocks: list[RawBlock | None]
) -> tuple[dict[int, dict[str, Any]], tuple[Problem, ...]]:
    """The texts of each translated block that asks, by the number of the block, and mistakes in them. One in which a text is
    still to be translated is shown in English as a whole."""
    found: dict[int, dict[str, Any]] = {}
    problems: list[Problem] = []
    for number, (original, block) in enumerate(zip(originals, blocks, strict=True)):
        if block is None or original.kind not in ASK_KINDS or not block.text.strip():
            continue
        if "ask" in original.attributes and not block.attributes.get("ask", "").strip():
            continue

        def report(message: str, line: int = 0, first: int = block.line - 1) -> None:
            problems.append(Problem(document.file, first + line, message))

        asked = read_asked(block, report, is_translation=True)
        english = read_asked(original, lambda message, line=0: None)  # noqa: ARG005
        if asked and english and [e.is_right for e in asked.entries] != [e.is_right for e in english.entries]:
            report("it has other answers than its original: as many are expected, and the same one is right")
        elif asked:
            found[number] = {"html": block_html(asked.text), **asked.text_fields()}
    return found, tuple(problems)


def _block_texts(
    reading: ReadingContext,
    document: YamlDocument,
    path: Path,
    language: str,
    page: Page,
    blocks: list[RawBlock | None],
) -> list[dict[str, Any]]:
    """The texts of each block as the front matter would give them, with their lines in `document`; without figures."""
    rows = []
    for number, (original, block) in enumerate(zip(page.blocks, blocks, strict=True)):
        row: dict[str, Any] = {}
        if block is not None:
            document.lines["blocks", number] = block.line
            has_text = block.text.strip() and original.kind not in (*FIGURE_ATTRIBUTES, *ASK_KINDS)
            row = {
                "html": block_html(block.text) if has_text else None,
                "title": block.attributes.get("title"),
            }
            if original.kind == "diagram":
                row["svg"] = _translated_svg(reading, path, language, block, original.title or "")
        rows.append(row)
    return rows


def _translated_svg(reading: ReadingContext, path: Path, language: str, block: RawBlock, title: str) -> str | None:
    """The drawing in a language; None if it is to be shown in English."""
    drawing = drawing_path(path, block.attributes["file"])
    if drawing_text(drawing) is None:
        file = drawing  # without words it is right in every language, and only its label is translated
    elif ("drawing", path.parent.parent.name, drawing.stem) in reading.translations.objects.get(language, {}):
        file = reading.translations.files[drawing][language]
    else:
        return None
    # The title alone is its label: the sentence that follows in English is none of the author's.
    return load_svg(file, block.attributes.get("title") or title, lambda _message: None)
