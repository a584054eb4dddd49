"""What one person has to read and decide on paper in a refresher: changed pages and a story, with what belongs behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import count

from course.content.library import Library
from course.content.schema import Page, Scenario
from course.dates import format_date
from course.printed_modules.rules.edition import ANSWERS_KEY, PrintedPlace, worried_blocks
from course.printed_modules.rules.nodes import Blocks, Runs, bold, heading, page_break, paragraph, reference, table
from course.printed_modules.rules.page_part import HELP_KEY, judgement_blocks, page_blocks
from course.printed_modules.rules.question_part import NumberedQuestion, answer_blocks
from course.printed_modules.rules.story_part import debrief_blocks, story_blocks
from course.translation import gettext as _


@dataclass(frozen=True)
class ReadingOptions:
    """For whom it is printed, in which supervised session, and on which day."""

    title: str
    organisation: str
    name: str
    session_id: int
    printed_on: date
    places: tuple[PrintedPlace, ...] = ()


def reading_blocks(library: Library, pages: Sequence[Page], story: Scenario | None, options: ReadingOptions) -> Blocks:
    """The pages and the story of one person. `library` is the course as they read it. Nothing before the last part says which
    answer or decision was better."""
    questions = [question for page in pages for question in page.questions]
    numbered = [NumberedQuestion(number, question) for number, question in zip(count(1), questions, strict=False)]
    by_id = {one.question.id: one for one in numbered}
    return [
        *_title(options),
        *(block for page in pages for block in page_blocks(page, by_id)),
        *(story_blocks(story) if story else ()),
        page_break(),
        heading(2, _("Answers and debrief"), key=ANSWERS_KEY, listed=True),
        paragraph(
            _("Read this part only when you have answered the questions and reached the end of the story."), kind="lede"
        ),
        *(block for page in pages for block in judgement_blocks(page)),
        *(block for one in numbered for block in answer_blocks(one)),
        *(debrief_blocks(story) if story else ()),
        *worried_blocks(library, options.places),
    ]


def _title(options: ReadingOptions) -> Blocks:
    facts: list[tuple[str, str]] = [
        (_("Name"), options.name),
        (_("Supervised session"), str(options.session_id)),
        (_("Printed on"), format_date(options.printed_on)),
    ]
    rows: list[list[Runs]] = [[[bold(name)], [value]] for name, value in facts]
    worried = _("Are you worried about a child? Turn to the page “Worried about a child?” at any time.")
    return [
        paragraph(options.organisation, kind="label"),
        heading(1, options.title),
        table([], rows, kind="facts", widths=["auto", "1fr"]),
        paragraph(_("Read this first. Then answer your question sheet alone.")),
        paragraph(reference(HELP_KEY, bold(worried))),
        {"t": "contents", "label": _("Contents")},
        page_break(),
    ]
