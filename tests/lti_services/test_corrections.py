"""What is made void is taken back in the gradebooks: at once, at each platform, and whatever happens meanwhile."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import func, select

from course.clock import now
from course.context import make_context
from course.learning.actions import void_attempt, void_run
from course.learning.models import Attempt, AttemptItem, AttemptOutcome, RunOutcome, ScenarioRun
from course.learning.queries import enrolment_id
from course.lti.actions import link_account, unlink_account
from course.lti.models import LtiAccount
from course.lti.queries import grade_links, platform
from course.lti.rules.launch import PlatformUser
from course.lti.rules.targets import LinkTarget
from course.lti_services.queries import current_score
from course.web.app_state import app_state
from course.web.unit_of_work import read_only_session, unit_of_work
from tests.lti.making import register
from tests.lti_services.gradebook import Gradebook, gradebook
from tests.lti_services.making import GradedCourse, graded_course, later
from tests.makers import make_person
from tests.support.racing import at_once


@pytest.fixture
def other_book() -> Iterator[Gradebook]:
    with gradebook() as found:
        yield found


def finish_story(course: GradedCourse, person: int) -> int:
    """The person comes to the end of the first story; its run."""
    with course.app.app_context(), unit_of_work() as session:
        module = next(one for one in app_state().library.modules.values() if one.scenarios)
        scenario = next(step.id for step in module.steps if step.kind == "scenario")
        number = session.execute(select(func.count()).select_from(ScenarioRun)).scalar_one() + 1
        run = ScenarioRun(
            enrolment_id=enrolment_id(session, person), ref=f"{module.id}/{scenario}", version="v", number=number,
            opened_at=now(),
        )  # fmt: skip
        session.add(run)
        session.flush()
        session.add(RunOutcome(run_id=run.id, ending="end", outcome="good", finished_at=now()))
        return run.id


def fail_final(course: GradedCourse, person: int) -> int:
    """The person takes the final assessment and does not pass; the attempt."""
    with course.app.app_context(), unit_of_work() as session:
        attempt = Attempt(
            enrolment_id=enrolment_id(session, person), kind="final", ref="course", number=1, seed=1, opened_at=now()
        )
        session.add(attempt)
        session.flush()
        session.add(
            AttemptItem(attempt_id=attempt.id, position=1, question_id="q", version="v", point="p", again=False)
        )
        session.add(
            AttemptOutcome(
                attempt_id=attempt.id, finished_at=now(), passed=False, points_right=1, points_asked=40, pass_mark=80
            )
        )
        return attempt.id


def read_on(course: GradedCourse, person: int) -> int:
    course.read(person, 2)
    return 0


def story_counts_for_nothing(course: GradedCourse, boss: int, person: int, run: int) -> int:
    with course.app.app_context(), unit_of_work() as session:
        return int(void_run(make_context(session, boss, now()), app_state().library, person, run, "Someone else's"))


def expected(course: GradedCourse, person: int) -> tuple[str, int | None]:
    """What a platform should know of a person now."""
    with course.app.app_context(), read_only_session() as session:
        (link,) = grade_links(session, course.number)
        score = current_score(session, app_state().library, person, link)
        assert score is not None
        return (score.activity, None if score.activity == "Initialized" else score.percent)


def test_a_void_takes_a_score_back_at_each_platform_and_only_what_is_void_does(
    committed: Flask, book: Gradebook, other_book: Gradebook
) -> None:
    first = graded_course(committed, book)
    person = first.launch()
    with committed.app_context(), unit_of_work() as session:
        boss = make_person(session, role="administrator", email="boss@example.org").id
    with committed.app_context(), unit_of_work() as session:
        other_book.number = 2
        second = GradedCourse(committed, other_book, register(session, other_book))
        settings = platform(session, second.number)
        assert settings is not None
        user = PlatformUser("someone-2", "", "", True)
        assert link_account(make_context(session, boss, now()), settings, user, person, "person")
    second.launch("someone-2", opens=LinkTarget("course"), link="link-9")

    def told() -> tuple[tuple[str, int | None], tuple[str, int | None]]:
        return first.scores()[-1], second.scores("someone-2")[-1]

    first.read(person, 12)
    run, attempt = finish_story(first, person), fail_final(first, person)
    first.send()
    before = told()
    assert before[0] == before[1] == expected(first, person)
    assert before[0][0] == "Submitted"
    # Long after; a platform is away just then, and a step that is erased elsewhere does not lower anything.
    book.statuses = [503]
    assert story_counts_for_nothing(first, boss, person, run) == 1
    assert first.send(find=False) == 2, "no step of the learner was needed"
    assert told() == (before[0], ("Submitted", expected(first, person)[1]))
    assert (expected(first, person)[1] or 0) < (before[0][1] or 0)
    # Hours later the platform is back: that it was void is not forgotten.
    first.send(later(180))
    assert told()[0] == told()[1] == expected(first, person)
    with committed.app_context(), unit_of_work() as session:
        assert void_attempt(make_context(session, boss, now()), app_state().library, person, attempt, "Wrong sheet")
    first.send(later(181), find=False)
    assert told()[0] == told()[1] == expected(first, person)
    assert told()[0][0] == "InProgress"
    assert first.send(later(182), find=False) == 0
    # From here on it goes up only, as before: the void is put right, and not a licence for whatever comes.
    assert not first.grade(0).corrects
    assert not first.grade(1).corrects
    assert book.refused == other_book.refused == []
    for one in (book, other_book):
        moments = [score["timestamp"] for _place, score in one.told]
        assert moments == sorted(set(moments))


def test_a_void_and_a_new_result_at_once_end_in_the_score_that_is_true(committed: Flask, book: Gradebook) -> None:
    course = graded_course(committed, book)
    person = course.launch()
    with committed.app_context(), unit_of_work() as session:
        boss = make_person(session, role="administrator", email="boss@example.org").id
    run = finish_story(course, person)
    voids: list[int] = []

    def make_void() -> None:
        # The score with the story is on its way, worked out before the story was void.
        if not voids:
            voids.append(story_counts_for_nothing(course, boss, person, run))

    book.during = make_void
    course.send()
    assert voids == [1]
    course.send(later(1), find=False)
    assert course.scores()[0][1], "the story was told"
    assert course.scores()[-1] == expected(course, person) == ("Initialized", None)
    # The other way round: both are stored at the same moment, and workers send meanwhile.
    run = finish_story(course, person)
    course.send(later(2))
    at_once([
        lambda: story_counts_for_nothing(course, boss, person, run),
        lambda: read_on(course, person),
        lambda: course.send(later(3)),
        lambda: course.send(later(3)),
    ])  # fmt: skip
    for minutes in (4, 5):
        course.send(later(minutes))
    assert course.scores()[-1] == expected(course, person)
    assert course.scores()[-1][0] == "InProgress"
    assert book.refused == []
    # An account that is linked no more is told nothing of it.
    run = finish_story(course, person)
    course.send(later(6))
    count = len(book.told)
    with committed.app_context(), unit_of_work() as session:
        account = session.execute(select(LtiAccount.id)).scalar_one()
        assert unlink_account(make_context(session, boss, now()), person, account)
    assert story_counts_for_nothing(course, boss, person, run) == 1
    course.send(later(7))
    assert len(book.told) == count
