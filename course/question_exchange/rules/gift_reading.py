"""Reading GIFT as others write it: every kind of question is recognised, and what cannot be read is an error at its line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from course.question_exchange.rules.bank_question import (
    TEXT_FORMATS,
    TWO_STROKES,
    BankAnswer,
    BankFileError,
    BankPair,
    BankQuestion,
    BankText,
    TextFormat,
)
from course.translation import lazy_gettext as _

# An escaped character is replaced by one that no text has, so that what is left divides the question.
_ESCAPED = "\\~=#{}:n"
_HIDDEN = {char: chr(0xFDD0 + number) for number, char in enumerate(_ESCAPED)}
_SHOWN = str.maketrans({hidden: "\n" if char == "n" else char for char, hidden in _HIDDEN.items()})
_RESERVED = re.compile("[\ufdd0-\ufdef]")
_ESCAPE = re.compile(r"\\([\\~=#{}:n])")
_FORMAT = re.compile(rf"\[({'|'.join(TEXT_FORMATS)})\]", re.IGNORECASE)
_TITLE = re.compile(r"\s*::(.*?)::", re.DOTALL)
_ID = re.compile(r"\[id:((?:\\\]|[^\]])+)\]")
_TAG = re.compile(r"\[tag:((?:\\\]|[^\]])+)\]")
_CATEGORY = re.compile(r"\s*\$CATEGORY:\s*(.*)")
_SHARE = re.compile(r"\s*%(-?\d{1,3}(?:\.\d*)?)%")
_TRUE_FALSE = re.compile(r"(TRUE|T|FALSE|F)\s*(?:#(.*))?", re.DOTALL | re.IGNORECASE)
MISSING_WORD = "_____"


@dataclass
class _Block:
    """The lines of a question, without comments, and what the comments above and in it say."""

    line: int
    lines: list[str]
    number: str = ""
    tags: tuple[str, ...] = ()


def read_gift(text: str) -> list[BankQuestion]:
    """The questions of a file in GIFT, in their order. A block that cannot be read is a question of the kind `broken` whose
    note says why. Raises BankFileError for a text with characters that none has."""
    if _RESERVED.search(text):
        raise BankFileError(_("The file has characters that no text can have."))
    questions, category = [], ""
    for block in _read_blocks(text):
        found = _CATEGORY.fullmatch(block.lines[0])
        if found:
            category = found[1].strip()
            block.lines, block.line = block.lines[1:], block.line + 1
        if "".join(block.lines).strip():
            questions.append(replace(_read_block(block), category=category, number=block.number, tags=block.tags))
    return questions


def _read_blocks(text: str) -> Iterator[_Block]:
    """The blocks between empty lines. Comments belong to the block that follows, or in which they stand."""
    block = _Block(1, [])
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith(TWO_STROKES):
            found = _ID.search(line)
            block.number = _unmarked(found[1]) if found and not block.number else block.number
            block.tags += tuple(_unmarked(tag) for tag in _TAG.findall(line))
        elif line.strip():
            block.line = number if not block.lines else block.line
            block.lines.append(line)
        elif block.lines:
            yield block
            block = _Block(number, [])
    if block.lines:
        yield block


def _unmarked(text: str) -> str:
    return text.strip().replace("\\]", "]")


def _read_block(block: _Block) -> BankQuestion:
    text = _ESCAPE.sub(lambda match: _HIDDEN[match[1]], "\n".join(block.lines))
    title = _TITLE.match(text)
    name = _shown(title[1]).strip() if title else ""
    text = text[title.end() :] if title else text
    broken = BankQuestion("broken", name, line=block.line, stem=BankText(_shown(text).strip()[:300]))
    opened, closed = text.find("{"), text.rfind("}")
    if opened < 0 and closed < 0:
        return replace(broken, kind="description", stem=_text(text, "moodle"))
    if opened < 0 or closed < opened:
        return replace(broken, notes=(_("A brace is missing: the answers stand between { and }."),))
    inside, after = text[opened + 1 : closed], text[closed + 1 :].strip()
    if "{" in inside or "}" in inside:
        return replace(
            broken, notes=(_("It has more than one pair of braces. Where one is meant as text, write \\{ and \\}."),)
        )
    stem = _text(text[:opened], "moodle")
    if after:
        gap = BankText(f"{stem.text} {MISSING_WORD} {_shown(after)}".strip(), stem.format)
        stem = gap
    return _read_answers(replace(broken, stem=stem), inside)


def _read_answers(question: BankQuestion, inside: str) -> BankQuestion:
    """The question with what stands between its braces, which says of which kind it is."""
    form = question.stem.format
    answers, mark, general = inside.partition("####")
    question = replace(question, general=_text(general, form) if mark and general.strip() else None)
    answers = answers.strip()
    if not answers:
        return replace(question, kind="essay")
    if answers.startswith("#"):
        return replace(question, kind="numerical")
    if "~" in answers:
        return _read_choice(question, answers)
    if "=" in answers and "->" in answers:
        return _read_pairs(question, answers)
    truth = _TRUE_FALSE.fullmatch(answers)
    if truth:
        return _read_true_false(question, truth, form)
    if answers.startswith("=") or "=" not in answers:
        return replace(question, kind="shortanswer")
    return replace(question, notes=(_("What stands between the braces is no answer: each begins with = or ~."),))


def _read_choice(question: BankQuestion, text: str) -> BankQuestion:
    parts = re.split(r"([=~])", text)
    if parts[0].strip():
        return replace(question, notes=(_("What stands between the braces is no answer: each begins with = or ~."),))
    answers = []
    for sign, part in zip(parts[1::2], parts[2::2], strict=True):
        share = _SHARE.match(part)
        percent = float(share[1]) if share else 100.0 if sign == "=" else 0.0
        words, mark, feedback = part[share.end() if share else 0 :].partition("#")
        said = _text(feedback, question.stem.format) if mark and feedback.strip() else None
        answers.append(BankAnswer(_text(words, question.stem.format), percent, said))
    # As in Moodle: several answers can be chosen where none is marked as the right one.
    return replace(question, kind="multichoice", answers=tuple(answers), single="=" in parts[1::2])


def _read_pairs(question: BankQuestion, text: str) -> BankQuestion:
    pairs = []
    for part in text.split("=")[1:]:
        left, arrow, right = part.partition("->")
        if not arrow:
            return replace(question, notes=(_("A line to match has no ->."),))
        words = _text(left, question.stem.format)
        right, mark, _feedback = right.partition("#")
        if mark:
            question = replace(question, notes=(_("Feedback to a line to match was left out."),))
        if words.format == "markdown":
            words = BankText(words.text.replace("-&gt;", "->"), "markdown")
        pairs.append(BankPair(words, _shown(right).strip()))
    return replace(question, kind="matching", pairs=tuple(pairs))


def _read_true_false(question: BankQuestion, found: re.Match[str], form: TextFormat) -> BankQuestion:
    """The first feedback is for the wrong answer, the second for the right one."""
    is_true = found[1].upper().startswith("T")
    feedback = [_text(part, form) if part.strip() else None for part in (found[2] or "").split("#")]
    wrong, right = (*feedback, None, None)[:2]
    answers = (
        BankAnswer(BankText("True"), 100.0 if is_true else 0.0, right if is_true else wrong),
        BankAnswer(BankText("False"), 0.0 if is_true else 100.0, wrong if is_true else right),
    )
    return replace(question, kind="truefalse", answers=answers)


def _text(text: str, form: TextFormat) -> BankText:
    """A text with its format; without one it has that of the question."""
    found = _FORMAT.match(text.strip())
    if found:
        chosen = next(name for name in TEXT_FORMATS if name == found[1].lower())
        return BankText(_shown(text.strip()[found.end() :]).strip(), chosen)
    return BankText(_shown(text).strip(), form)


def _shown(text: str) -> str:
    return text.translate(_SHOWN)
