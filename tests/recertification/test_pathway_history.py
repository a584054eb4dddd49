"""Which pathway a person had on which day, from the choices for them and for the whole organisation."""

from __future__ import annotations

from datetime import date

import pytest

from course.recertification.rules.facts import PathwayFact
from course.recertification.rules.pathway_policy import pathway_history

Choices = list[tuple[int, str | None]]


@pytest.mark.parametrize(
    ("organisation", "person", "expected"),
    [
        ([(1, "school")], [], [(1, "school")]),
        ([(1, "school"), (9, "clubs")], [(5, "leaders")], [(1, "school"), (5, "leaders")]),
        ([(1, "school")], [(5, "leaders"), (7, None)], [(1, "school"), (5, "leaders"), (7, "school")]),
        ([(1, "school"), (9, "clubs")], [(5, "leaders"), (7, None)],
         [(1, "school"), (5, "leaders"), (7, "school"), (9, "clubs")]),
        ([(1, "school"), (9, "clubs")], [(5, "leaders"), (7, None), (8, "leaders")],
         [(1, "school"), (5, "leaders"), (7, "school"), (8, "leaders")]),
        ([(1, "school"), (6, "clubs")], [(5, "leaders"), (7, None)], [(1, "school"), (5, "leaders"), (7, "clubs")]),
        ([(3, "school")], [(1, "leaders"), (2, None)], [(1, "leaders"), (2, "school"), (3, "school")]),
        ([], [(1, "leaders"), (2, None)], [(1, "leaders")]),
    ],
)  # fmt: skip
def test_a_choice_without_a_pathway_leads_back_to_that_of_the_organisation(
    organisation: list[tuple[int, str]], person: Choices, expected: list[tuple[int, str]]
) -> None:
    facts = pathway_history(
        [PathwayFact(date(2026, 1, day), name) for day, name in organisation],
        [(date(2026, 1, day), name) for day, name in person],
    )
    assert [(fact.since.day, fact.name) for fact in facts] == expected
