"""What to mend: from the figures of a question to sentences for whoever keeps the content."""

from __future__ import annotations

from collections.abc import Sequence

from course.analytics.rules.item_analysis import Figures

# A wrong option that draws half of all answers outdoes guessing whatever the number of options. Our own bound.
DRAWS = 50.0
# Moodle's reading aid for the discrimination index: below 20 very weak, below 0 probably invalid.
WEAK = 20.0
# Where almost all are right marks hardly vary, and a weak index says nothing. Our own bound.
EASY = 90.0
# An option that fewer than 5 % choose does no work (Haladyna and Downing, 1993).
IDLE = 5.0


def to_mend(told: Figures, texts: Sequence[str], right: Sequence[int]) -> tuple[str, ...]:
    """What to look at in a question that is answered by choosing one option, most urgent first.

    `texts` are its options and `right` the indices of those that are right. Nothing is said where `told` is not
    enough. Percentages are of all answers, rounded to whole ones.
    """
    if not told.enough or told.facility is None:
        return ()
    shares = [100 * count / told.n for count in told.options]
    wrong = [index for index in range(len(texts)) if index not in right]
    sentences = [
        f"{shares[index]:.0f} % choose the wrong answer {quoted(texts[index])}. Look at its wording, and at the lesson."
        for index in sorted(wrong, key=lambda index: -shares[index])
        if shares[index] >= DRAWS
    ]
    if told.discrimination is not None and told.discrimination < 0:
        sentences.append(
            "People who get the other questions right tend to get this one wrong. Check which answer is marked as right."
        )
    elif told.discrimination is not None and told.discrimination < WEAK and told.facility < EASY:
        sentences.append(
            "Who gets this right has little to do with who gets the others right. Check that it can be read one way only."
        )
    sentences += [
        f"Hardly anyone chooses {quoted(texts[index])}. Replace it with a mistake that people really make."
        for index in wrong
        if shares[index] < IDLE and told.facility < EASY
    ]
    return tuple(sentences)


def quoted(text: str) -> str:
    """A text in quotation marks, unless it stands in some already; those within it become single ones. What is marked
    up as HTML stays so."""
    if text.startswith("“") and text.endswith("”") and text.count("“") == 1:
        return text
    return "“" + text.replace("“", "‘").replace("”", "’") + "”"
