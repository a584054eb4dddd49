"""Questions that are answered line by line, part by part: the first words, and the note. Without JavaScript."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from sqlalchemy.orm import Session

from course.content.library import Library
from course.content.rendering import InlineText, spoken_html
from course.content.schema import Question
from course.learning import queries
from course.learning.rules.grading import option_order
from tests.makers import make_person, sign_in
from tests.pages import Client, Page
from tests.walking import right_form, wrong_form

WORDS, NOTE = "first-words-to-ana", "the-note-on-the-gust"
pytestmark = pytest.mark.both_engines


@dataclass(frozen=True)
class Asked:
    """A question of an attempt that a person has begun: its address, and the order of its options on screen."""

    client: Client
    question: Question
    address: str
    order: tuple[int, ...]

    def place(self, index: int) -> str:
        return str(self.order.index(index) + 1)

    def answer(self, *indices: int) -> Page:
        form = {f"part-{number}": self.place(index) for number, index in enumerate(indices, 1)}
        self.client.post(self.address, {**form, "sure": "fairly"})
        return self.client.get(self.address)


@pytest.fixture
def asked(session: Session, client: Client, sample_course: Library) -> dict[str, Asked]:
    """The questions of a check that a person has begun, by id."""
    person = make_person(session)
    sign_in(client, person)
    address = client.post("/module/kites/check", {}).location.rpartition("/")[0]
    attempt = queries.attempt(session, person.id, int(address.rsplit("/", 1)[1]))
    assert attempt is not None
    questions = [(sample_course.questions[item.question_id], item.position) for item in attempt.items]
    return {
        question.id: Asked(client, question, f"{address}/{position}", option_order(question, attempt.seed, position))
        for question, position in questions
    }


def _parts(page: Page) -> list[str]:
    return re.findall(r'<fieldset class="part"><legend class="label">(.*?)</legend>', page.html)


@pytest.mark.parametrize("name", [WORDS, NOTE])
def test_each_part_asks_for_one_of_its_lines_and_tells_nothing_about_them(asked: dict[str, Asked], name: str) -> None:
    one = asked[name]
    page = one.client.get(one.address)
    assert _parts(page) == list(one.question.groups)
    for number, part in enumerate(one.question.groups, 1):
        values = re.findall(rf'<input type="radio" name="part-{number}" id="part-{number}-\d" value="(\d)"', page.html)
        indices = [one.order[int(value) - 1] for value in values]
        assert {one.question.options[index].group for index in indices} == {part}
        assert indices == [index for index in one.order if one.question.options[index].group == part]
    for option in one.question.options:
        assert str(option.does) not in page.html
        assert option.reason.html not in page.html
    # What is put together is shown by a script alone.
    assert '<div class="assembled" data-assembled hidden>' in page.html
    assert "/parts.js" in page.html
    if one.question.intro:
        assert one.question.intro.html in page.html


def test_a_part_that_is_missing_is_named_and_nothing_that_was_chosen_is_lost(asked: dict[str, Asked]) -> None:
    one = asked[NOTE]
    page = one.client.post(one.address, {"part-1": one.place(0), "part-3": one.place(5), "sure": "guessing"}, 422)
    assert 'href="#part-2-1">Choose a line for “What she said”.</a>' in page.html
    assert 'id="part-2-1"' in page.html
    assert re.findall(r'name="(part-\d)"[^>]* value="(\d)" checked', page.html) == [
        ("part-1", one.place(0)), ("part-3", one.place(5)),
    ]  # fmt: skip
    # The part that is missing is marked at its lines, which refer to the message beside them.
    assert page.html.count('aria-invalid="true" aria-describedby="part-2-1-mistake"') == 2
    assert '<p class="mistake" id="part-2-1-mistake">' in page.html
    assert "You pressed “Guessing”." in page.text


def test_words_that_are_right_are_shown_as_they_were_said_and_then_part_by_part(asked: dict[str, Asked]) -> None:
    page = asked[WORDS].answer(2, 4)
    assert page.h1 == "Right"
    assert "You were fairly sure" in page.text
    assert re.search(r'<p class="bubble">\s*What a pity about the kite\.\s*Which tree is it\?\s*</p>', page.html)
    assert "You said:" in page.text
    assert "<b>Feels with her.</b> She is sad." in page.html
    assert "<b>Asks openly.</b> She can say it herself." in page.html
    # The other good way is not held against them, and what was not said is not shown. Below may be the next question.
    verdict = page.html.partition('class="upcoming')[0]
    assert "Thank you for telling me" not in verdict
    assert "Was it the oak?" not in verdict
    assert "Better" not in verdict


def test_a_part_that_is_not_right_shows_every_line_that_would_be(asked: dict[str, Asked]) -> None:
    page = asked[WORDS].answer(1, 4)
    assert page.h1 == "Partly right"
    parts = page.html.split('<section class="part flow">')[1:]
    assert len(parts) == 2
    assert [word in parts[0] for word in ("Blames her", "Thanks her", "Feels with her")] == [True] * 3
    assert (parts[0].count(">You chose<"), parts[0].count(">Better<")) == (1, 2)
    assert [parts[1].count(words) for words in (">You chose<", ">Better<", ">You were right to choose this<")] == [
        0,
        0,
        1,
    ]


def test_a_note_is_shown_as_a_sheet_and_compared_part_by_part(asked: dict[str, Asked]) -> None:
    page = asked[NOTE].answer(0, 2, 4)
    assert "You wrote:" in page.text
    sheet = re.search(r'<dl class="jotting">(.*?)</dl>', page.html, re.DOTALL)
    assert sheet
    assert re.findall(r"<dt>(.*?)</dt><dd>\s*(.*?)\s*</dd>", sheet[1]) == [
        ("When", "3pm"), ("What she said", "She was afraid."), ("What you did", "I held on to my line."),
    ]  # fmt: skip
    assert "<b>Your opinion.</b> She did not say so." in page.html
    assert "<b>Her words.</b> They are hers." in page.html
    assert "Ana let go and called out." in page.text


def test_both_forms_pass_a_check_without_a_script_and_stand_in_its_result(asked: dict[str, Asked]) -> None:
    for one in asked.values():
        form = wrong_form if one.question.id == WORDS else right_form
        one.client.post(one.address, {**form(one.question, one.order), "sure": "sure"})
    result = next(iter(asked.values())).client.get(asked[WORDS].address.rsplit("/", 1)[0])
    assert "1 of 2 points right in this try." in result.text
    assert "“It is off!”" in result.text
    assert "<h4" in result.html
    assert result.text.count("You wrote:") == result.text.count("You said:") == 1


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("“Thank you.”", "Thank you."),
        ("«Merci.»", "Merci."),
        ("„Danke.“", "Danke."),
        ("Nod, and say “yes”.", "Nod, and say “yes”."),
        ("“No”, then “yes”", "“No”, then “yes”"),
        ("“Tell me <more> & **all**.”", "Tell me &lt;more&gt; &amp; <strong>all</strong>."),
    ],
)
def test_a_bubble_needs_no_quotation_marks(text: str, spoken: str) -> None:
    assert str(spoken_html(InlineText(text))) == spoken
