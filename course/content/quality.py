"""Quality measures of questions, scenarios and prose.

The rules follow research on multiple choice (Haladyna, Downing and Rodriguez 2002; Rodriguez 2005): a test taker who
knows nothing and chooses by the surface of the options must do no better than chance.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from statistics import median
from typing import get_args

from course.content.figures import FIGURE_ATTRIBUTES
from course.content.schema import Form, Module, Page, Question

FAIRNESS_MARGIN = 0.05
MAX_MEDIAN_SENTENCE = 18
_TAG = re.compile(r"<[^>]+>")
_WORD = re.compile(r"[a-z]+(?:[’'-][a-z]+)*")
_HEDGE = re.compile(
    r"\b(may|might|could|perhaps|possibly|probably|usually|often|sometimes|generally|likely|tends?|seems?)\b",
    re.IGNORECASE,
)
# Short and common words do not show that an option repeats its stem.
_FREQUENT_WORDS = """about after again also another anyone away back because been before being both child children come
could does doing done down each else every everyone find first from gave give goes going good have having here
himself herself into just know last later like make more most much must need never next nothing once only other
over person said same says shall should some somebody someone something still such take tell than that their them
then there these they thing think this those time today told under until upon very want well went were what when
where whether which while whom whose will with without would your yours yourself"""
_COMMON_WORDS = frozenset(_FREQUENT_WORDS.split())


def strip_markup(html: str) -> str:
    """A text without its markup."""
    return re.sub(r"\s+", " ", _TAG.sub(" ", html)).strip()


def distinctive_words(html: str) -> frozenset[str]:
    """The words of four letters and more that are not common words."""
    return frozenset(
        word for word in _WORD.findall(strip_markup(html).lower()) if len(word) > 3 and word not in _COMMON_WORDS
    )


def hedge_count(html: str) -> int:
    """How many words of caution a text has."""
    return len(_HEDGE.findall(strip_markup(html)))


NEGATIVE_STEM = re.compile(
    r"\b(which|what|who|where|when)\b[^.?]*\b(not|never|except|least)\b[^.?]*\?|\bEXCEPT\b|\bNOT\b", re.IGNORECASE
)


def item_writing_flaw(question: Question) -> str | None:
    """The flaw by which a question with one best answer can be guessed or misread; None if there is none."""
    if question.form != "one":
        return None
    if not 3 <= len(question.options) <= 4:
        return "a question with one best answer has three or four options"
    asked = re.split(r"[.!?][”’\"')]*\s+", strip_markup(question.stem))[-1]
    if NEGATIVE_STEM.search(asked) and not re.search(r"why|matter", asked, re.IGNORECASE):
        return "the stem asks for what is not so; ask for what is"
    right = next((option for option in question.options if option.correct), None)
    if right is None:
        return None
    wrong = [option for option in question.options if not option.correct]
    if hedge_count(right.text) and not any(hedge_count(option.text) for option in wrong):
        return "only the right option has a word of caution such as 'may'"
    stem = distinctive_words(question.stem)
    if distinctive_words(right.text) & stem and not any(distinctive_words(option.text) & stem for option in wrong):
        shared = ", ".join(sorted(distinctive_words(right.text) & stem))
        return f"only the right option repeats words of the stem ({shared})"
    return None


@dataclass(frozen=True)
class ReadingEase:
    """The readability of a text: the median words of a sentence, and Flesch's reading ease (60 and more is plain)."""

    words: int
    median_sentence: float
    flesch: float


def reading_ease(html: str) -> ReadingEase:
    """The readability of a text. List items and table cells count as sentences."""
    with_stops = re.sub(r"</(p|li|td|th|h\d)>", ". ", html)
    sentences = [
        _WORD.findall(part.lower()) for part in re.split(r"[.!?…:]+[”’\"')]*\s", strip_markup(with_stops) + " ")
    ]
    counts = [len(words) for words in sentences if words]
    words = [word for sentence in sentences for word in sentence]
    if not words:
        return ReadingEase(0, 0, 100)
    syllables = sum(_syllable_count(word) for word in words)
    flesch = 206.835 - 1.015 * len(words) / len(counts) - 84.6 * syllables / len(words)
    return ReadingEase(len(words), median(counts), round(flesch, 1))


@cache  # the course has seventy thousand words, but few different ones
def _syllable_count(word: str) -> int:
    groups = len(re.findall(r"[aeiouy]+", word))
    silent = word.endswith("e") and not word.endswith(("le", "ee")) and groups > 1
    return max(1, groups - silent)


def page_reading_ease(page: Page) -> ReadingEase:
    """The readability of a page's text. The words of figures are no sentences, and do not count."""
    return reading_ease(" ".join(block.html for block in page.blocks if block.kind not in FIGURE_ATTRIBUTES))


def question_form_counts(point: str, modules: Sequence[Module]) -> dict[str, int]:
    """How many questions of each form a learning point has; a timeline is one of the forms. `modules` are those of the
    whole course or of a pathway (see variants.module_variant)."""
    counts = dict.fromkeys(get_args(Form), 0)
    for module in modules:
        for question in (*module.questions, *module.timelines.values()):
            if point in question.points:
                counts[question.form] += 1
    return counts


def asked_count(forms: dict[str, int]) -> int:
    """How many questions are drawn from, by the counts of `question_form_counts`: all but the timelines."""
    return sum(count for form, count in forms.items() if form != "timeline")
