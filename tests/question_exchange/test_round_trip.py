"""Questions of the course go to a file and come back as they were; an independent reader of GIFT reads them, too."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course.content.schema import Question
from course.question_exchange.queries import course_export
from course.question_exchange.rules.bank_question import FileFormat
from course.question_exchange.rules.incoming import DraftQuestion
from course.question_exchange.rules.rich_text import visible_text
from tests.question_exchange.makers import FORMATS, again, read, taken, written
from tests.support.courses import real_course
from tests.support.verifiers import run_script

NPM = Path(__file__).parent / "npm"
# What means something in GIFT, in a gap, in HTML or in Markdown, besides ordinary letters of several scripts.
MARKS = "\\~=#{}:%->[]()*_`<>&\"'|!.+/$ \n0179aeißØж李👩"
words = (
    st.text(st.sampled_from(MARKS) | st.characters(categories=["L", "N", "P", "S"]), max_size=24)
    .map(lambda text: f"{text}x{text}".strip())
    .filter(lambda text: not re.search(r"\]\(|<\w+:", text))
)  # links and pictures have a test of their own
labels = st.text(st.sampled_from("ab ~=#{}:%->*_[]\\Ø"), min_size=1, max_size=20).map(lambda text: f"A{text}z")


@pytest.mark.parametrize("file_format", FORMATS)
def test_each_question_of_the_course_comes_back_equal_and_what_a_format_cannot_hold_is_listed(
    file_format: FileFormat,
) -> None:
    course = real_course()
    export, text = course_export(course, file_format)
    found = read(text).questions
    drafts = {one.number: one for one in found if isinstance(one, DraftQuestion)}
    lost = {note.question for note in export.notes if note.is_left_out}
    assert lost == {one.id for one in course.questions.values() if one.has_parts and file_format == "gift"}
    timelines = {one.id for one in course.answerable.values() if one.form == "timeline"}
    assert drafts.keys() == course.answerable.keys() - lost - timelines
    for id_, draft in drafts.items():
        assert again(draft) == course.answerable[id_]
        assert (draft.todo, draft.notes, draft.tags) == ((), (), ())
    # A timeline is a choice of all that apply elsewhere; here it has to stay one.
    assert len(found) == len(drafts) + len(timelines)
    assert timelines <= {note.question for note in export.notes}


@st.composite
def questions(draw: st.DrawFn) -> Question:
    """A question of any form but a timeline, in which every text has characters that mean something."""
    form = draw(st.sampled_from(["one", "all", "order", "sort", "first-words", "record"]))
    count = 3 if form == "one" else 4
    groups = (
        draw(st.lists(labels, min_size=2, max_size=2, unique_by=str.strip))
        if form in ("sort", "first-words", "record")
        else []
    )
    options: list[dict[str, Any]] = [{"text": draw(words), "reason": draw(words)} for _ in range(count)]
    for number, option in enumerate(options):
        if groups:
            option["group"] = groups[number // 2].strip()
        if form in ("first-words", "record"):
            option |= {"does": draw(labels).strip(), "correct": number % 2 == 0}
        if form in ("one", "all"):
            option["correct"] = number == 1 or (form == "all" and number == 2)
    intro = {"intro": f"{draw(labels)}.\n\nIt rains."} if form in ("record", "one") else {}
    return Question.model_validate(
        {"id": "kites", "form": form, "points": ["hold-the-line", "mind-the-trees"], "stem": draw(words), "options": options,
         "groups": [group.strip() for group in groups], "critical": draw(st.sampled_from([None, True, False])),
         "settings": draw(st.sampled_from([(), ("school", "clubs")])), **intro}
    )  # fmt: skip


def _shown(question: Question) -> list[Any]:
    """What a reader sees of each option: Markdown can say the same in several ways."""
    return [
        (visible_text(option.text), visible_text(option.reason), option.correct, option.group, option.does)
        for option in question.options
    ]


@given(questions(), st.sampled_from(FORMATS))
@settings(max_examples=60)
def test_texts_with_any_characters_come_back_as_they_were(question: Question, file_format: FileFormat) -> None:
    if question.has_parts and file_format == "gift":
        file_format = "moodle-xml"
    (draft,) = taken(written([question], file_format))
    back = again(draft)
    assert (draft.todo, draft.notes) == ((), ())
    assert _shown(back) == _shown(question)
    assert back.model_dump(exclude={"options", "stem", "intro"}) == question.model_dump(
        exclude={"options", "stem", "intro"}
    )
    if question.form in ("one", "all"):
        assert back.options == question.options
    if not question.intro and not question.has_parts:
        assert back.stem == question.stem


@pytest.mark.parametrize("number", ["77", "1" * 5000])
def test_the_marks_by_which_parts_are_found_come_from_no_file(number: str) -> None:
    question = next(one for one in real_course().questions.values() if one.form == "first-words")
    text = written([question], "moodle-xml").replace("{1:", f"\ufdd0{number}\ufdd1&lt;/p&gt;&lt;p&gt;{{1:", 1)
    (found,) = read(text).questions
    assert "digits" not in str(found)


def test_another_reader_of_gift_finds_the_same_in_our_file_and_refuses_a_spoiled_one() -> None:
    export, text = course_export(real_course(), "gift")
    found = run_script(NPM, "read.mjs", {"texts": [text, text.replace("{", "{{", 1)]})
    assert found[1] is None
    theirs = [one for one in found[0] if one["type"] != "Category"]
    assert [(one["id"], one["title"], one["stem"]["text"], one["tags"]) for one in theirs] == [
        (one.number, one.name, one.stem.text, list(one.tags)) for one in export.questions
    ]
    for ours, one in zip(export.questions, theirs, strict=True):
        assert one["type"] == ("Matching" if ours.pairs else "MC")
        assert (one["globalFeedback"] or {}).get("text") == (ours.general.text if ours.general else None)
        choices = [(choice["text"]["text"], choice["feedback"]["text"]) for choice in one.get("choices") or ()]
        assert choices == [(answer.text.text, answer.feedback.text) for answer in ours.answers if answer.feedback]
        pairs = [(pair["subquestion"]["text"], pair["subanswer"]) for pair in one.get("matchPairs") or ()]
        assert pairs == [(pair.left.text, pair.right) for pair in ours.pairs]
