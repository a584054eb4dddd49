"""Review notes: from the item statistics of a question to sentences for the content editor."""

from __future__ import annotations

from collections.abc import Sequence

from course.analytics.rules.item_analysis import ItemStatistics
from course.content.rendering import InlineText
from course.translation import lazy_gettext as _

# A wrong option that draws half of all answers exceeds guessing for any number of options. Our own bound.
STRONG_DISTRACTOR = 50.0
# Moodle's guidance for the discrimination index: below 20 very weak, below 0 probably invalid.
WEAK_DISCRIMINATION = 20.0
# Where almost all answers are right, scores hardly vary and a weak index means nothing. Our own bound.
HIGH_FACILITY = 90.0
# An option that fewer than 5 % choose does not distract (Haladyna and Downing, 1993).
IDLE_DISTRACTOR = 5.0


def review_notes(statistics: ItemStatistics, texts: Sequence[str], right: Sequence[int]) -> tuple[str, ...]:
    """What to review in a question that is answered by choosing one option, most urgent first.

    `texts` are its options and `right` the indices of those that are right. Empty where `statistics` are not
    sufficient. Percentages are of all answers, rounded to whole ones.
    """
    if not statistics.is_sufficient or statistics.facility is None:
        return ()
    shares = [100 * count / statistics.answers for count in statistics.options]
    wrong = [index for index in range(len(texts)) if index not in right]
    sentences = [
        _(
            "%(share)s %% choose the wrong answer %(text)s. Look at its wording, and at the lesson.",
            share=round(shares[index]),
            text=quote_text(texts[index]),
        )
        for index in sorted(wrong, key=lambda index: -shares[index])
        if shares[index] >= STRONG_DISTRACTOR
    ]
    if statistics.discrimination is not None and statistics.discrimination < 0:
        sentences.append(
            _(
                "People who answer the other questions correctly tend to miss this one. Check which answer is marked as right."
            )
        )
    elif (
        statistics.discrimination is not None
        and statistics.discrimination < WEAK_DISCRIMINATION
        and statistics.facility < HIGH_FACILITY
    ):
        sentences.append(
            _(
                "Answering this correctly has little to do with answering the others correctly. "
                "Check that it can be read in only one way."
            )
        )
    sentences += [
        _(
            "Few people choose %(texts)s. Replace it with a mistake that people really make.",
            texts=quote_text(texts[index]),
        )
        for index in wrong
        if shares[index] < IDLE_DISTRACTOR and statistics.facility < HIGH_FACILITY
    ]
    return tuple(sentences)


def quote_text(text: str) -> str:
    """A text in quotation marks, unless it is in quotation marks already; those within it become single ones. Markup
    stays marked up, and a text of the course keeps its language."""
    if text.startswith("“") and text.endswith("”") and text.count("“") == 1:
        return text
    quoted = "“" + text.replace("“", "‘").replace("”", "’") + "”"
    return InlineText(quoted, text.language) if isinstance(text, InlineText) else quoted
