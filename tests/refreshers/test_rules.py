"""The rules of refreshers, boosters and updates: memory estimates, composition, changes and intervals."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.content.changes import MarkedChange
from course.content.rendering import InlineText
from course.content.schema import Block, Change, Page
from course.learning.rules.drawing import DrawnQuestion
from course.recertification.rules import CompletionFact
from course.refreshers.actions import prefer_changed_questions
from course.refreshers.rules.boosters import (
    PageAnswerFact,
    SentBooster,
    is_booster_due,
    points_missed_on_pages,
    rested_page_questions,
    weakest_points,
)
from course.refreshers.rules.composition import (
    REASON_CHANGED,
    REASON_CRITICAL,
    REASON_FORGOTTEN,
    ScenarioCandidate,
    TimeBudget,
    compose_plan,
    next_scenario,
)
from course.refreshers.rules.memory_model import MemoryReview, memory_estimates, memory_from_reviews
from course.refreshers.rules.updates import (
    ChangeBasis,
    PageDiffRow,
    brought_on,
    open_changes,
    page_diff,
    required_update,
)

START = datetime(2026, 1, 5, 9, tzinfo=UTC)


def after(days: float) -> datetime:
    return START + timedelta(days=days)


def estimate(*answers: tuple[float, bool, str], at: float = 60) -> float:
    memory = memory_from_reviews(MemoryReview("p", after(day), correct, sure) for day, correct, sure in answers)
    return memory_estimates(memory, ["p"], after(at))["p"]


def test_a_point_that_was_never_asked_counts_as_unknown() -> None:
    assert memory_estimates({}, ["p"], START) == {"p": 0.0}


def test_the_estimate_falls_with_time() -> None:
    known = [estimate((0, True, "fairly"), at=day) for day in (0, 7, 30, 90, 365)]
    assert known == sorted(known, reverse=True)
    assert 0.3 < known[-1] < known[0] == 1


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ((0, True, "sure"), (0, True, "fairly")),
        ((0, True, "fairly"), (0, True, "guessing")),
        ((0, True, "guessing"), (0, False, "guessing")),
    ],
)
def test_a_more_confident_correct_answer_is_remembered_longer(
    better: tuple[float, bool, str], worse: tuple[float, bool, str]
) -> None:
    assert estimate(better) > estimate(worse)


def test_a_later_repetition_is_remembered_longer() -> None:
    assert estimate((0, True, "fairly"), (30, True, "fairly")) > estimate((0, True, "fairly"), (1, True, "fairly"))


def test_answers_count_in_the_order_of_their_times() -> None:
    assert estimate((30, True, "fairly"), (0, False, "sure")) == estimate((0, False, "sure"), (30, True, "fairly"))


def test_continuing_from_known_cards_leaves_them_unchanged() -> None:
    first = memory_from_reviews([MemoryReview("p", after(0), True, "sure")])
    before = memory_estimates(first, ["p"], after(60))
    second = memory_from_reviews([MemoryReview("p", after(30), False, "sure")], first)
    assert memory_estimates(first, ["p"], after(60)) == before != memory_estimates(second, ["p"], after(60))


POINTS = ("a", "b", "c", "d", "e")
PAGE_MINUTES = dict.fromkeys(POINTS, 2.0)


def plan(
    budget: float, known: dict[str, float] | None = None, fixed: float = 0, changed: str = ""
) -> list[tuple[str, str]]:
    estimate = {**dict.fromkeys(POINTS, 0.9), **(known or {})}
    made = compose_plan(POINTS, frozenset("b"), frozenset(changed), estimate, TimeBudget(PAGE_MINUTES, fixed, budget))
    return [(ask.point, ask.reason) for ask in made.planned_points]


def test_critical_points_come_first_whatever_the_budget() -> None:
    assert plan(budget=0) == [("b", REASON_CRITICAL)]


def test_changed_points_are_always_in_and_a_critical_one_stays_critical() -> None:
    assert plan(budget=0, changed="bd") == [("b", REASON_CRITICAL), ("d", REASON_CHANGED)]


def test_the_points_least_remembered_follow_until_the_budget_is_used() -> None:
    # A critical point costs 2 + 0.1 × (1 + 1) = 2.2 minutes; e costs 1 + 0.8 × 2 = 2.6, c 1 + 0.5 × 2 = 2.
    known = {"e": 0.2, "c": 0.5}
    assert plan(2.2 + 2.6 - 0.1, known) == [("b", REASON_CRITICAL)]
    assert plan(2.2 + 2.6 + 0.1, known) == [("b", REASON_CRITICAL), ("e", REASON_FORGOTTEN)]
    assert plan(2.2 + 2.6 + 2 + 0.1, known) == [
        ("b", REASON_CRITICAL),
        ("e", REASON_FORGOTTEN),
        ("c", REASON_FORGOTTEN),
    ]


def test_changed_pages_and_the_scenario_use_part_of_the_budget() -> None:
    assert len(plan(100)) == len(POINTS)
    assert plan(100, fixed=99) == [("b", REASON_CRITICAL)]


def test_there_is_always_something_to_ask() -> None:
    made = compose_plan(POINTS, frozenset(), frozenset(), dict.fromkeys(POINTS, 0.5), TimeBudget(PAGE_MINUTES, 0, 0))
    assert len(made.planned_points) == 1


@given(
    st.dictionaries(st.sampled_from(POINTS), st.floats(0, 1), min_size=5),
    st.sets(st.sampled_from(POINTS)),
    st.floats(0, 60),
)
def test_no_forgotten_point_is_left_out_for_one_better_known(
    known: dict[str, float], critical: set[str], budget: float
) -> None:
    made = compose_plan(POINTS, frozenset(critical), frozenset(), known, TimeBudget(PAGE_MINUTES, 0, budget))
    asked = [ask.point for ask in made.planned_points]
    assert len(asked) == len(set(asked))
    assert critical <= set(asked)
    left = [known[point] for point in POINTS if point not in asked]
    assert all(known[point] <= low for point in made.points(REASON_FORGOTTEN) for low in left)
    if made.points(REASON_FORGOTTEN) and len(asked) > 1:
        assert made.minutes <= budget


STORIES = [
    ScenarioCandidate("own", 0, ("a",), 1),
    ScenarioCandidate("near", 1, ("a",), 0),
    ScenarioCandidate("weak", 1, ("b",), 0),
    ScenarioCandidate("far", 2, ("c",), 0),
]


@pytest.mark.parametrize(
    ("told", "expected"),
    [({}, "weak"), ({"weak": 1}, "near"), ({"weak": 1, "near": 1}, "far"), ({"weak": 1, "near": 1, "far": 1}, "own")],
)
def test_each_year_brings_another_scenario(told: dict[str, int], expected: str) -> None:
    stories = [ScenarioCandidate(s.ref, s.distance, s.points, max(s.run_count, told.get(s.ref, 0))) for s in STORIES]
    found = next_scenario(stories, {"a": 0.9, "b": 0.2, "c": 0.1})
    assert found is not None
    assert found.ref == expected


def test_without_scenarios_there_is_none() -> None:
    assert next_scenario([], {}) is None


def mark(
    ref: str = "m/p", on: date = date(2026, 3, 1), days: int | None = 28, points: tuple[str, ...] = ("a",)
) -> MarkedChange:
    return MarkedChange(
        "page", ref, "A page", points, Change(date=on, reason=InlineText("It has changed."), update_days=days)
    )


@pytest.mark.parametrize(
    ("basis", "expected"),
    [
        (ChangeBasis(after(10), None), True),
        (ChangeBasis(after(30), None), False),
        (ChangeBasis(None, date(2026, 2, 28)), True),
        (ChangeBasis(None, date(2026, 3, 1)), False),
        (ChangeBasis(None, None), False),
        # A completion made here counts more than an imported certificate.
        (ChangeBasis(after(30), date(2020, 1, 1)), False),
        (ChangeBasis(after(10), None, frozenset({mark().key})), False),
        (ChangeBasis(after(30), None, missed_changes=frozenset({mark().key})), True),
        (ChangeBasis(after(30), None, frozenset({mark().key}), frozenset({mark().key})), False),
    ],
)
def test_a_change_is_new_to_a_person_who_completed_the_course_before_it(basis: ChangeBasis, expected: bool) -> None:
    found = open_changes([mark()], {mark().key: after(20)}, basis)
    assert bool(found) is expected


def test_a_certificate_that_was_withdrawn_is_no_ground_for_what_somebody_knows() -> None:
    def brought(day: str, withdrawn: str | None = None) -> CompletionFact:
        revoked = date.fromisoformat(withdrawn) if withdrawn else None
        return CompletionFact(date.fromisoformat(day), revoked or date(2026, 6, 1), "imported", revoked=revoked)

    one, other = brought("2025-03-01"), brought("2026-05-01")
    assert brought_on([]) is None
    assert brought_on([CompletionFact(date(2026, 5, 1))]) is None
    assert brought_on([other, one]) == date(2026, 5, 1)
    withdrawn = brought("2026-05-01", "2026-06-03")
    assert brought_on([one, other, withdrawn]) == date(2025, 3, 1)
    assert brought_on([other, withdrawn]) is None
    assert brought_on([other, withdrawn, other]) == date(2026, 5, 1), "recorded again"


def test_a_change_that_this_installation_has_not_taught_yet_is_not_asked_about() -> None:
    assert open_changes([mark()], {}, ChangeBasis(after(0), None)) == ()


def test_an_update_is_due_on_the_earliest_day_of_its_changes() -> None:
    one, two, quiet = mark(), mark("m/q", days=7, points=("a", "b")), mark("m/r", days=None, points=("c",))
    shown = {one.key: date(2026, 3, 1), two.key: date(2026, 3, 5), quiet.key: date(2026, 3, 1)}
    found = required_update([one, two, quiet], shown)
    assert found is not None
    assert (found.due, found.points, found.changes) == (date(2026, 3, 12), ("a", "b"), (one, two))
    assert required_update([quiet], shown) is None


def page(*said: str) -> Page:
    return Page(id="p", title="P", teaches=("a",), blocks=tuple(Block(kind="text", html=html) for html in said))


def test_the_blocks_of_two_versions_are_paired() -> None:
    rows = page_diff(page("one", "two", "three"), page("one", "2", "three", "four"))
    said = [(row.before and row.before.html, row.after and row.after.html, row.is_unchanged) for row in rows]
    assert said == [("one", "one", True), ("two", "2", False), ("three", "three", True), (None, "four", False)]


@pytest.mark.parametrize("translated", [(True, False), (False, True), (True, True)])
def test_what_changed_is_the_same_for_readers_of_a_translation_that_came_or_is_out_of_date(
    translated: tuple[bool, bool],
) -> None:
    before, after = page("one", "two", "three"), page("one", "2", "three")
    shown = [
        page("un", word, "tri").translation_of(one) if is_translated else one
        for one, word, is_translated in zip((before, after), ("dau", "2"), translated, strict=True)
    ]
    rows = page_diff(shown[0], shown[1])
    assert [row.is_unchanged for row in rows] == [True, False, True]
    assert [row.after and row.after.html for row in rows] == [one.html for one in shown[1].blocks]
    assert [row.before and row.before.html for row in rows] == [one.html for one in shown[0].blocks]


def test_a_removed_block_has_no_counterpart() -> None:
    assert page_diff(page("one", "two"), page("one"))[1] == PageDiffRow(Block(kind="text", html="two"), None)


def test_a_prompt_for_a_note_is_left_out() -> None:
    prompt = Page(id="p", title="P", teaches=("a",), blocks=(Block(kind="reflect", html="Think.", id="think"),))
    assert page_diff(prompt, page("one")) == (PageDiffRow(None, Block(kind="text", html="one")),)


DONE = date(2026, 1, 1)


def days(count: int) -> date:
    return DONE + timedelta(days=count)


def sent(*told: tuple[int, bool]) -> list[SentBooster]:
    return [SentBooster(days(day), answered) for day, answered in told]


@pytest.mark.parametrize(
    ("before", "known", "on", "due"),
    [
        (sent(), 1.0, 29, False),
        # The first booster is due whatever the memory model says.
        (sent(), 1.0, 30, True),
        (sent((30, True)), 0.1, 59, False),
        (sent((30, True)), 0.1, 60, True),
        (sent((30, True)), 0.7, 60, False),
        (sent((30, True)), 0.7, 300, False),
        (sent((30, False)), 0.1, 60, True),
        (sent((30, False), (60, False)), 0.1, 200, False),
        (sent((30, False), (60, True)), 0.1, 200, True),
        (sent((30, True), (60, False), (90, False)), 0.1, 200, False),
    ],
)
def test_a_booster_is_due_after_a_month_and_then_when_the_model_says_so(
    before: list[SentBooster], known: float, on: int, due: bool
) -> None:
    assert is_booster_due(DONE, before, dict.fromkeys(POINTS, known), days(on)) is due


def test_only_the_points_remembered_least_decide_and_are_asked() -> None:
    points = [f"p{n}" for n in range(40)]
    estimate = {point: 0.2 if point in points[30:35] else 0.99 for point in points}
    assert weakest_points(estimate, points) == tuple(points[30:35])
    assert is_booster_due(DONE, sent((30, True)), estimate, days(60))


def test_a_changed_question_is_asked_in_the_place_of_another_on_its_point() -> None:
    drawn = [DrawnQuestion("q1", "a"), DrawnQuestion("q2", "b"), DrawnQuestion("q3", "b")]

    def changed(ref: str, *points: str) -> MarkedChange:
        return MarkedChange("question", ref, "Stem", points, Change(date=DONE, reason=InlineText("It has changed.")))

    assert prefer_changed_questions(drawn, [changed("q9", "b")]) == [
        DrawnQuestion("q1", "a"),
        DrawnQuestion("q9", "b"),
        DrawnQuestion("q3", "b"),
    ]
    both = [changed("q8", "b"), changed("q9", "b")]
    assert prefer_changed_questions(drawn, both) == [
        DrawnQuestion("q1", "a"),
        DrawnQuestion("q8", "b"),
        DrawnQuestion("q9", "b"),
    ]
    # Three that have changed on a point of which two are asked: the third is asked as well.
    assert prefer_changed_questions(drawn, [*both, changed("q7", "z", "b")]) == [
        DrawnQuestion("q1", "a"),
        DrawnQuestion("q8", "b"),
        DrawnQuestion("q9", "b"),
        DrawnQuestion("q7", "b"),
    ]
    assert prefer_changed_questions(drawn, [changed("q2", "b")]) == drawn
    assert prefer_changed_questions(drawn, [changed("q7", "z")]) == drawn
    # Where no place is left it comes last: left out it would count as handled and never be asked.
    assert prefer_changed_questions(drawn, [*both, changed("q7", "b")])[1:] == [
        DrawnQuestion("q8", "b"),
        DrawnQuestion("q9", "b"),
        DrawnQuestion("q7", "b"),
    ]


@pytest.mark.parametrize(
    ("answers", "reviews", "missed"),
    [
        ([], [], set()),
        ([("a", False, 1)], [], {"a"}),
        ([("a", True, 1)], [], set()),
        # The newest answer on a point counts, in whatever order they come.
        ([("a", False, 1), ("a", True, 9)], [], set()),
        ([("a", True, 9), ("a", False, 1)], [], set()),
        ([("a", True, 1), ("a", False, 9)], [], {"a"}),
        # Answered right since, the point is put right; before or wrongly it is not; nor by another point.
        ([("a", False, 1)], [("a", True, 2)], set()),
        ([("a", False, 3)], [("a", True, 2)], {"a"}),
        ([("a", False, 1)], [("a", False, 2)], {"a"}),
        ([("a", False, 1)], [("a", True, 2), ("a", False, 3)], set()),
        ([("a", False, 1), ("b", False, 1)], [("b", True, 2)], {"a"}),
    ],
)
def test_a_point_missed_on_its_page_stays_missed_until_it_is_answered_right(
    answers: list[tuple[str, bool, int]], reviews: list[tuple[str, bool, int]], missed: set[str]
) -> None:
    given = [PageAnswerFact(f"q-{point}", point, correct, after(day)) for point, correct, day in answers]
    since = [MemoryReview(point, after(day), correct) for point, correct, day in reviews]
    assert points_missed_on_pages(given, since) == missed


def test_a_point_that_was_missed_on_its_page_comes_into_the_booster_before_one_that_is_remembered_as_well() -> None:
    points = ("a", "b", "c", "d", "e", "f", "g")
    estimate = {"a": 0.5, "b": 0.55, "c": 0.6, "d": 0.65, "e": 0.7, "f": 0.8, "g": 0.99}
    assert weakest_points(estimate, points) == ("a", "b", "c", "d", "e")
    assert weakest_points(estimate, points, frozenset({"f"})) == ("f", "a", "b", "c", "d")
    # It weighs more, but a point that is as good as forgotten stays before it.
    assert weakest_points({**estimate, "a": 0.2}, points, frozenset({"g"}))[:2] == ("a", "g")


@pytest.mark.parametrize(
    ("read", "answered", "day", "asked"),
    [
        (None, None, 100, False),
        (None, 1, 100, False),
        (1, None, 5.9, False),
        (1, None, 6, True),
        (1, 3, 7.9, False),
        (1, 3, 8, True),
        (4, 3, 8.9, False),
        (4, 3, 9, True),
    ],
)
def test_the_question_of_a_page_rests_for_five_days(
    read: float | None, answered: float | None, day: float, asked: bool
) -> None:
    last_read = {} if read is None else {"m/page": after(read)}
    answers = [] if answered is None else [PageAnswerFact("q", "a", False, after(answered))]
    assert ("q" in rested_page_questions({"q": "m/page"}, last_read, answers, after(day))) == asked
