"""Answered questions that are marked in parts: what was missed, what follows on, what belongs elsewhere. In words."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

import pytest
from sqlalchemy.orm import Session

from course.content.library import Library
from course.content.models import ContentVersion
from course.learning.models import Attempt, AttemptItem, Enrolment
from course.learning.rules.grading import option_order
from tests.conftest import NOW
from tests.makers import make_person, sign_in
from tests.pages import Client, Page

ALL, ORDER, SORT = "near-trees", "first-things", "allowed"
SEED = 4


class Paper:
    """An attempt at three questions of a person who is signed in."""

    def __init__(self, session: Session, client: Client, library: Library) -> None:
        self.client = client
        person = make_person(session)
        enrolment = Enrolment(person_id=person.id, kind="initial", opened_at=NOW)
        session.add(enrolment)
        session.flush()
        attempt = Attempt(enrolment_id=enrolment.id, kind="check", ref="kites", number=1, seed=SEED, opened_at=NOW)
        session.add(attempt)
        session.flush()
        self.address = f"/attempt/{attempt.id}"
        self.questions = [library.questions[name] for name in (ALL, ORDER, SORT)]
        for position, question in enumerate(self.questions, 1):
            session.add(AttemptItem(attempt_id=attempt.id, position=position, question_id=question.id,
                                    version=question.version, point=question.points[0], again=False))  # fmt: skip
        session.commit()
        sign_in(client, person)

    def place(self, position: int, index: int) -> int:
        """The place on screen, from 1, of an option."""
        return option_order(self.questions[position - 1], SEED, position).index(index) + 1

    def answer(self, position: int, form: Mapping[str, Sequence[str]]) -> Page:
        self.client.post(f"{self.address}/{position}", {**form, "sureness": "fairly"})
        return self.client.get(f"{self.address}/{position}")


@pytest.fixture
def paper(session: Session, client: Client, sample_course: Library) -> Paper:
    return Paper(session, client, sample_course)


def test_what_was_missed_of_all_that_apply_is_shown_as_missed_and_each_kind_is_said_in_words(paper: Paper) -> None:
    # Right are the options 0 and 2; chosen are 0 and 1.
    page = paper.answer(1, {"answer": [str(paper.place(1, 0)), str(paper.place(1, 1))]})
    options = paper.questions[0].options
    assert page.h1 == "Partly right"
    for words, index in (
        ("You did not choose this: it belongs", 2),
        ("You chose this: it does not belong", 1),
        ("You were right to choose this", 0),
    ):
        assert f"{words} {options[index].text} {options[index].reason}" in page.text
    headings = re.findall(r'<h2 class="label">(.*?)</h2>', page.html)
    assert headings[0] == "You did not choose this: it belongs"


def test_an_order_says_of_each_line_whether_it_follows_on(paper: Paper) -> None:
    # The answer is 2, 0, 1: the first line comes too late, and the second follows on from it as it should.
    page = paper.answer(2, {f"place-{paper.place(2, index)}": str(n) for n, index in enumerate((2, 0, 1), 1)})
    assert page.h1 == "Partly right"
    assert "You had 1 of 2 steps follow on as they should." in page.text
    lines = re.findall(r'<li( class="follows")?><p><b>.*?</b></p><p class="small">(.*?)</p>', page.html)
    assert lines == [
        ("", "You put it second"),
        (' class="follows"', "You put this straight after, as it should be"),
        ("", "You put it first"),
    ]


def test_a_place_that_is_missing_or_given_twice_is_marked_and_the_others_are_kept(paper: Paper) -> None:
    page = paper.client.post(f"{paper.address}/2", {"place-1": "2", "place-3": "2", "sureness": "sure"}, 422)
    assert page.title.startswith("Error: Question 2 of 3")
    summary = re.findall(r'<li><a href="#(place-\d)">(.*?)</a></li>', page.html)
    assert summary == [
        ("place-2", "Give every line its place in the order."),
        ("place-3", "Two lines have place 2. Give each its own."),
    ]
    invalid = re.findall(r'<select name="(place-\d)"[^>]*aria-invalid="true" aria-describedby="(.*?)"', page.html)
    assert invalid == [("place-2", "place-2-mistake"), ("place-3", "place-3-mistake")]
    assert all(f'id="{mistake}"' in page.html for _, mistake in invalid)
    assert page.html.count('<option value="2" selected>') == 2
    assert "You pressed “Sure”." in page.text


def test_a_wrong_group_names_the_right_one(paper: Paper) -> None:
    groups = {0: 1, 1: 1, 2: 1}
    page = paper.answer(3, {f"group-{paper.place(3, index)}": str(group) for index, group in groups.items()})
    assert "Belongs in “Not fine”. You chose “Fine”" in page.text
    assert "You sorted 2 correctly" in page.text


def test_a_timeline_from_before_there_were_days_and_risks_is_shown_without_them(
    session: Session, client: Client, sample_course: Library
) -> None:
    timeline = sample_course.answerable["a-month-of-kites"]
    body = json.loads(timeline.model_dump_json())
    for moment in body["options"]:
        del moment["day"], moment["risk"]
    old = ContentVersion(kind="question", ref=timeline.id, version="0" * 20, body=json.dumps(body), first_shown_at=NOW)
    person = make_person(session)
    enrolment = Enrolment(person_id=person.id, kind="initial", opened_at=NOW)
    session.add_all((old, enrolment))
    session.flush()
    ref = f"kites/{timeline.id}"
    attempt = Attempt(enrolment_id=enrolment.id, kind="timeline", ref=ref, number=1, seed=SEED, opened_at=NOW)
    session.add(attempt)
    session.flush()
    session.add(AttemptItem(attempt_id=attempt.id, position=1, question_id=timeline.id, version=old.version,
                            point=timeline.points[0], again=False))  # fmt: skip
    session.commit()
    sign_in(client, person)
    address = f"/attempt/{attempt.id}/1"
    assert client.get(address).html.count('class="gap"') == 0
    client.post(address, {"answer": ["2"]})
    page = client.get(address)
    assert page.h1 == "A month of kites: 2 chances missed"
    assert "You marked 1 of the 2 moments" in page.text
    assert "Risk to the child" not in page.text
    assert page.html.count('class="chart') == 0
