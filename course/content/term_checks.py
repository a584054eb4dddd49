"""Words to avoid, in every text of the course but the names that others gave, and what a page tells as history."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from course.content.reading_context import ReadingContext
from course.content.schema_base import FrozenModel
from course.content.text_fields import texts
from course.content.yaml_source import Problem, YamlLocation

# Terms that the field no longer uses or that blame a child, and a word that nobody says. `history` blocks may quote them.
AVOIDED_TERMS = re.compile(
    r"\b(child porn\w*|kiddie porn|child prostitut\w*|sexting|revenge porn\w*|p(a)?edophile rings?|e-safety"
    r"|put (themselves|herself|himself) at risk|committed suicide|inappropriate relationships?"
    r"|all of the above|none of the above|whom)\b",
    re.IGNORECASE,
)
# Checked part by part in validation.py, which names the line of each part.
_PARTS = frozenset({"blocks", "scenes", "options", "pages", "scenarios", "timelines", "questions", "steps"})
_STEM = frozenset({"stem", "intro"})
# The names of works, and of an inspectorate and its headings, are the words of others; so is what the reviews found.
_NAMES_OF_WORKS = frozenset({"title"})
_NAMES_OF_OTHERS = frozenset({"title", "name", "body", "not_covered"})
_WORDS_OF_REVIEWS = frozenset({"found"})


def avoided_term_problems(text: str, problem: Callable[..., Problem], *path: str | int) -> Iterator[Problem]:
    for match in AVOIDED_TERMS.finditer(text):
        yield problem(f"the words '{match[0]}' are to be avoided (see docs/writing-content.md)", *path)


def term_problems(reading: ReadingContext) -> Iterator[Problem]:
    """Words to avoid in what frames the lessons (titles, introductions, marks of changes) and in what goes with them."""
    for content, place, skip in _framing_texts(reading):
        for path, text in texts(content, skip):
            yield from avoided_term_problems(text, place.problem, *path)


def _framing_texts(reading: ReadingContext) -> Iterator[tuple[FrozenModel, YamlLocation, frozenset[str]]]:
    """Each object with its place, and the names of the fields that are not looked at."""
    for module in reading.modules:
        yield module, reading.place("module", module.id), _PARTS
        for kind, parts in (("page", module.pages), ("scenario", module.scenarios), ("timeline", module.timelines)):
            for part in parts.values():
                yield part, reading.place(kind, module.id, part.id), _PARTS
        for question in module.questions:
            yield question, reading.place("question", question.id), _PARTS | _STEM
        if sheet := reading.discussions.get(module.id):
            yield sheet, reading.place("discussion", module.id), frozenset()
    if reading.help:
        yield reading.help, reading.place("help"), frozenset()
    for point in reading.points:
        yield point, reading.place("point", point.id), _WORDS_OF_REVIEWS
    for row in reading.further:
        yield row, reading.place("further", row.id), _NAMES_OF_WORKS
    for framework in reading.frameworks:
        yield framework, reading.place("framework", framework.id), _NAMES_OF_OTHERS
