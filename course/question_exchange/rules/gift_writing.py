"""Writing GIFT, the text format of question banks (docs.moodle.org, "GIFT format")."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from course.question_exchange.rules.bank_question import TWO_STROKES, BankAnswer, BankQuestion, BankText, TextFormat

# "%" and "->" have no escape; a text format in front of them, or HTML, hides them.
_ESCAPES = str.maketrans({char: f"\\{char}" for char in "\\~=#{}:"} | {"\n": "\\n"})


def write_gift(questions: Iterable[BankQuestion], remarks: Iterable[str] = ()) -> str:
    """The questions as a file in GIFT, with remarks as comments at its top."""
    return "\n".join([*(f"{TWO_STROKES} {_one_line(remark)}" for remark in remarks), "", *_blocks(questions)])


def _blocks(questions: Iterable[BankQuestion]) -> Iterator[str]:
    category = None
    for question in questions:
        if question.category != category:
            category = question.category
            yield f"$CATEGORY: $course$/top/{_one_line(category)}\n"
        yield _question(question)


def _question(question: BankQuestion) -> str:
    marks = [f"[id:{_mark(question.number)}]", *(f"[tag:{_mark(tag)}]" for tag in question.tags)]
    form = question.stem.format
    lines = [
        f"{TWO_STROKES} {' '.join(marks)}",
        f"::{_escaped(question.name)}::[{form}]{_escaped(question.stem.text)}{{",
    ]
    lines += [_answer(answer, question.single, form) for answer in question.answers]
    lines += [f"={_left(pair.left, form)} -> {_escaped(pair.right)}" for pair in question.pairs]
    if question.general:
        lines.append(f"####{_marked(question.general, form)}")
    return "\n".join([*lines, "}\n"])


def _answer(answer: BankAnswer, single: bool, form: TextFormat) -> str:
    feedback = f"#{_marked(answer.feedback, form)}" if answer.feedback else ""
    if single:
        return ("=" if answer.percent == 100 else "~") + _marked(answer.text, form) + feedback
    return f"~%{percent_text(answer.percent)}%{_marked(answer.text, form)}{feedback}"


def _left(text: BankText, form: TextFormat) -> str:
    # In HTML the arrow is written "-&gt;" already; Markdown reads the same entity.
    return _marked(BankText(text.text.replace("->", "-&gt;"), text.format), form)


def percent_text(percent: float) -> str:
    """A share of the points as Moodle writes it: 33.33333."""
    return f"{percent:.5f}".rstrip("0").rstrip(".")


def _marked(text: BankText, form: TextFormat) -> str:
    """A text with its format, where it is not that of the question or could be taken for something else."""
    plain = text.format == form and text.text[:1] not in ("[", "%", "")
    return ("" if plain else f"[{text.format}]") + _escaped(text.text)


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES)


def _mark(text: str) -> str:
    return text.replace("]", "\\]")


def _one_line(text: str) -> str:
    return " ".join(text.split())
