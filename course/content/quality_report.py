"""The quality report of `flask content report`, as text."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import get_args

from course.content.figures import FIGURE_ATTRIBUTES
from course.content.guesser_report import guesser_lines
from course.content.library import Library
from course.content.page_checks import page_words
from course.content.path_report import path_lines
from course.content.quality import (
    asked_count,
    page_reading_ease,
    question_form_counts,
)
from course.content.schema import SETTINGS, Form
from course.content.variants import page_variant

FORMS: tuple[str, ...] = get_args(Form)


def quality_report(library: Library) -> str:
    """The report: guessers against chance, paths through stories, reading ease of each page, minutes of each module, and
    points × forms."""
    return "\n".join(
        (
            *guesser_lines(list(library.modules.values())),
            *path_lines(library),
            *_readability_lines(library),
            *_figure_lines(library),
            *_duration_lines(library),
            *_point_lines(library),
        )
    )


def _readability_lines(library: Library) -> Iterator[str]:
    fewest, most = library.course.sentence_words
    yield (
        f"\nHow the pages read (median words of a sentence, {fewest} to {most}; Flesch reading ease, 60 and more is plain)"
    )
    yield f"Words: of all its prose, and of what it shows before anything is opened (at most {library.course.page_words})"
    yield f"{'page':<52}{'words':>7}{'shown':>7}{'sentence':>10}{'ease':>7}"
    eases = []
    for module in library.modules.values():
        for page in module.pages.values():
            ease = page_reading_ease(page_variant(page, "school", "england"))
            eases.append(ease.flesch)
            name = f"{module.id}/{page.id}"
            yield f"{name:<52}{ease.words:>7}{page_words(page):>7}{ease.median_sentence:>10.1f}{ease.flesch:>7.1f}"
    yield f"Reading ease: median {median(eases):.1f}, lowest {min(eases):.1f}."


def _figure_lines(library: Library) -> Iterator[str]:
    """How many pages show something as a figure or drawing, and those that do not."""
    pages = {f"{module.id}/{page.id}": page for module in library.modules.values() for page in module.pages.values()}
    kinds = {*FIGURE_ATTRIBUTES, "diagram"}
    without = [name for name, page in pages.items() if not any(block.kind in kinds for block in page.blocks)]
    yield f"\nPages with a figure: {len(pages) - len(without)} of {len(pages)}"
    yield from (f"  without: {name}" for name in without)


def _duration_lines(library: Library) -> Iterator[str]:
    yield "\nMinutes of each module (200 words a minute, 30 seconds a question or decision, 15 seconds a moment)"
    names = list(SETTINGS)
    yield f"{'module':<28}" + "".join(f"{name:>14}" for name in names)
    totals = dict.fromkeys(names, 0.0)
    for module_id in library.modules:
        minutes = {name: library.for_(name, "england").module_minutes(module_id) for name in names}
        for name in names:
            totals[name] += minutes[name]
        yield f"{module_id:<28}" + "".join(f"{minutes[name]:>14.1f}" for name in names)
    yield f"{'all':<28}" + "".join(f"{totals[name]:>14.1f}" for name in names)


def _point_lines(library: Library) -> Iterator[str]:
    yield "\nQuestions of each learning point (* safety-critical)"
    yield f"{'point':<36}" + "".join(f"{form:>12}" for form in FORMS) + f"{'questions':>11}{'fewest on a pathway':>21}"
    for point in library.points.values():
        forms = question_form_counts(point.id, list(library.modules.values()))
        asked = asked_count(forms)
        fewest = min(
            asked_count(question_form_counts(point.id, list(library.for_(pathway, None).modules.values())))
            for pathway in SETTINGS
        )
        name = point.id + ("*" if point.safety_critical else "")
        yield f"{name:<36}" + "".join(f"{forms[form] or '.':>12}" for form in FORMS) + f"{asked:>11}{fewest:>21}"
