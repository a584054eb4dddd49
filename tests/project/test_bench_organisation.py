"""The organisation that benchmarks run on: rows that fit together, as the pages themselves would have written them."""

from __future__ import annotations

from collections import defaultdict

import pytest
from flask import Flask
from sqlalchemy import func, select

from course.db import Base
from course.learning.queries import progress_facts
from course.learning.rules.progress import progress
from course.people.queries import person_by_email
from course.recertification import queries as recertification
from course.recertification.rules.status_view import certification_status
from course.web.unit_of_work import read_only_session
from tests.bench import organisation
from tests.bench.organisation import STAGES, learner_address, make_organisation, stage_of
from tests.pages import Client
from tests.support.days import this_day

PEOPLE = 100
# Those whom nobody reminds any more are left aside: who has left.
EXPECTED = {
    "new": {"not-yet-due", "overdue"},
    "under way": {"in-progress", "overdue"},
    "valid": {"up-to-date"},
    "due soon": {"due-soon"},
    "in refresher": {"in-progress"},
    "lapsed": {"expired"},
    "renewed": {"up-to-date", "due-soon"},
}


@pytest.fixture
def filled(committed: Flask) -> Flask:
    make_organisation(committed, PEOPLE)
    return committed


def test_each_row_refers_to_a_row_and_each_table_is_filled(filled: Flask) -> None:
    with filled.extensions["course"].engine.execution_options(writes=False).connect() as connection:
        for table in Base.metadata.sorted_tables:
            for key in table.foreign_keys:
                known = select(key.column)
                lost = select(func.count()).where(key.parent.is_not(None), key.parent.not_in(known))
                assert connection.execute(lost).scalar() == 0, key
        for name in organisation.COLUMNS:
            assert connection.execute(select(func.count()).select_from(Base.metadata.tables[name])).scalar(), name


def test_people_stand_where_their_stage_says_and_six_steps_of_ten_are_done(filled: Flask) -> None:
    library = filled.extensions["course"].library.for_("school", "england")
    steps: list[bool] = []
    found: defaultdict[str, set[str]] = defaultdict(set)
    with filled.test_request_context(), read_only_session() as session:
        policies = recertification.policies(session, "Europe/London")
        for number in range(PEOPLE):
            person = person_by_email(session, learner_address(number))
            assert person is not None
            state = progress(library, progress_facts(session, person.id))
            steps += [step.done for module in state.modules for step in module.steps]
            assert state.complete == (stage_of(number) not in ("new", "under way"))
            if person.left_at is None:
                (facts,) = recertification.people(session, "Europe/London", [person.id])
                found[stage_of(number)].add(certification_status(facts.facts, policies, this_day()).state)
    assert set(found) == set(STAGES)
    assert {stage: states - EXPECTED[stage] for stage, states in found.items()} == {stage: set() for stage in STAGES}
    assert 0.55 <= sum(steps) / len(steps) <= 0.68


@pytest.mark.parametrize("stage", STAGES)
def test_somebody_of_each_stage_signs_in_and_learns_on(filled: Flask, stage: str) -> None:
    number = next(n for n in range(PEOPLE) if stage_of(n) == stage and n % 13 != 12)
    client = Client(filled)
    client.post("/sign-in", {"email": learner_address(number), "password": organisation.PASSWORD})
    assert client.get("/").status == 200
    assert client.get("/module/secret-contact/when-contact-goes-wrong").status == 200
    assert client.post("/module/secret-contact/check", {}).status == 303
