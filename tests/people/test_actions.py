"""Adding people and teams, on both engines."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.context import make_context
from course.learning.models import Enrolment
from course.people import actions, queries
from course.people.actions import Refusal
from course.people.models import Person, RoleGrant
from course.people.rules import normalise_line
from tests.conftest import NOW
from tests.makers import make_team


def test_an_address_is_kept_in_lower_case_and_found_in_any(session: Session) -> None:
    person = actions.add_person(make_context(session, None, NOW), "Ann Hill", " Ann@Example.ORG ", None, "learner")
    assert isinstance(person, Person)
    assert person.email == "ann@example.org"
    assert queries.person_by_email(session, "ANN@example.org") is person


def test_everyone_who_is_added_is_a_learner(session: Session) -> None:
    team = make_team(session)
    for role in ("learner", "manager", "administrator"):
        actions.add_person(make_context(session, None, NOW), role, f"{role}@example.org", team.id, role)
    assert session.execute(select(func.count()).select_from(Enrolment)).scalar_one() == 3


def test_an_address_is_refused_the_second_time_and_nothing_is_lost(session: Session) -> None:
    first = actions.add_person(make_context(session, None, NOW), "Ann Hill", "ann@example.org", None, "learner")
    second = actions.add_person(make_context(session, None, NOW), "Another Ann", "ANN@example.org", None, "learner")
    assert isinstance(first, Person)
    assert second == Refusal("email", "Someone with this e-mail address has already been added.")
    first.left_at = NOW
    third = actions.add_person(make_context(session, None, NOW), "Another Ann", "ann@example.org", None, "learner")
    assert third == Refusal("email", "This e-mail address belongs to someone who has left.")
    assert session.execute(select(func.count()).select_from(Person)).scalar_one() == 1


def test_a_manager_manages_the_team_that_they_are_in(session: Session) -> None:
    team = make_team(session)
    person = actions.add_person(make_context(session, None, NOW), "Ann Hill", "ann@example.org", team.id, "manager")
    assert isinstance(person, Person)
    grant = session.execute(select(RoleGrant)).scalar_one()
    assert (grant.person_id, grant.role, grant.team_id) == (person.id, "manager", team.id)


def test_a_manager_needs_a_team_that_is_open(session: Session) -> None:
    team = make_team(session)
    team.closed_at = NOW
    for team_id in (None, team.id, 999):
        refused = actions.add_person(
            make_context(session, None, NOW), "Ann Hill", "ann@example.org", team_id, "manager"
        )
        assert isinstance(refused, Refusal)
        assert refused.field == "team"


def test_a_role_that_does_not_exist_is_a_mistake_of_the_program(session: Session) -> None:
    with pytest.raises(ValueError, match="emperor"):
        actions.add_person(make_context(session, None, NOW), "Ann Hill", "ann@example.org", None, "emperor")


def test_a_team_needs_a_parent_that_is_there(session: Session) -> None:
    with pytest.raises(LookupError):
        actions.add_team(make_context(session, None, NOW), "Lost", 999)


def test_one_line_stays_one_line() -> None:
    assert normalise_line("  Ann\r\nBcc: x\x00\t Hill\u200b ") == "Ann Bcc: x Hill"
