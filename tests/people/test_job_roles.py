"""The job role of a person: entering and correcting it, what it was before, and merging two entries."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.audit.models import AuditEntry
from course.auth.actions.own_address import confirm_own_address
from course.context import make_context
from course.people import queries
from course.people.actions import add_identity, change_identity, correct_identity, merge_people
from course.people.models import Person, PersonChange
from course.people.rules import PersonIdentity
from tests.conftest import NOW
from tests.makers import make_person, sign_in
from tests.pages import Client

pytestmark = pytest.mark.both_engines


def make_cook(session: Session) -> Person:
    identity = PersonIdentity("Dana Bell", staff_number="K-17", job_role="  Midday   supervisor ")
    cook = add_identity(make_context(session, None, NOW), identity, None, "learner")
    assert isinstance(cook, Person)
    return cook


def test_a_job_role_is_added_on_the_form_corrected_and_kept_as_it_was(session: Session, client: Client) -> None:
    sign_in(client, make_person(session, "Alex Morgan", "alex@example.org", "administrator"))
    form = client.get("/people/add").fields()
    assert form["job_role"] == ""
    form |= {"name": "Ida Holm", "email": "ida@example.org", "job_role": "x" * 101}
    refused = client.post("/people/add", form, 422)
    assert "The job role must be 100 characters or fewer." in refused.text
    assert refused.fields()["name"] == "Ida Holm"
    client.post("/people/add", form | {"job_role": " Teaching\u00a0 assistant "})
    ida = session.execute(select(Person).where(Person.email == "ida@example.org")).scalar_one()
    assert ida.job_role == "Teaching assistant"
    path = f"/people/{ida.id}"
    assert "Job roleTeaching assistant" in client.get(path).text
    form = client.get(f"{path}/correct").fields()
    assert form["job_role"] == "Teaching assistant"
    page = client.follow(client.post(f"{path}/correct", form | {"job_role": "Teacher", "reason": "qualified"}))
    assert "Job roleTeacher" in page.text
    assert "Ida Holm, ida@example.org, Teaching assistant. Alex Morgan: qualified" in page.text
    client.post(f"{path}/correct", form | {"job_role": "", "reason": "not known"})
    session.refresh(ida)
    assert ida.job_role is None
    written = session.execute(select(AuditEntry.what, AuditEntry.details)).all()
    assert [json.loads(detail)["changed"] for what, detail in written if what == "person.changed"] == ["job_role"] * 2
    assert "each" not in "".join(detail for _, detail in written), "the log holds no job role"


def test_a_page_opened_before_there_were_job_roles_takes_none_away(session: Session, client: Client) -> None:
    sign_in(client, make_person(session, "Alex Morgan", "alex@example.org", "administrator"))
    cook = make_cook(session)
    path = f"/people/{cook.id}/correct"
    form = client.get(path).fields()
    del form["job_role"]
    client.post(path, form | {"name": "Dana Ray", "reason": "married"})
    session.refresh(cook)
    assert (cook.name, cook.job_role) == ("Dana Ray", "Midday supervisor")


def test_of_two_who_correct_the_job_role_from_what_was_the_second_changes_what_the_first_left(session: Session) -> None:
    cook = make_cook(session)
    for days, job_role in enumerate(("Cook", "Cook", "Head cook")):
        identity = PersonIdentity("Dana Bell", None, "K-17", None, job_role)
        assert change_identity(make_context(session, None, NOW), cook.id, identity, f"reason {days}") is None
    rows = session.execute(select(PersonChange.job_role, PersonChange.reason).order_by(PersonChange.id)).all()
    assert [tuple(row) for row in rows] == [("Midday supervisor", "reason 0"), ("Cook", "reason 2")]


def test_other_corrections_leave_the_job_role_as_it_is(session: Session) -> None:
    cook = make_cook(session)
    assert correct_identity(make_context(session, None, NOW), cook.id, "Dana Ray", None, "K-17", "married") is None
    assert cook.job_role == "Midday supervisor"
    assert confirm_own_address(make_context(session, cook.id, NOW), "dana@example.org") is None
    session.refresh(cook)
    assert (cook.email, cook.job_role) == ("dana@example.org", "Midday supervisor")


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [(None, "Cook", "Cook"), ("Teacher", "Cook", "Teacher"), ("Teacher", None, "Teacher"), (None, None, None)],
)
def test_merging_keeps_the_job_role_of_the_entry_that_stays_or_else_takes_the_other(
    session: Session, first: str | None, second: str | None, expected: str | None
) -> None:
    stays, goes = (
        make_person(session, "Sam Okafor", "sam@example.org"),
        make_person(session, "S. Okafor", "s@example.org"),
    )
    stays.job_role, goes.job_role = first, second
    session.flush()
    assert merge_people(make_context(session, None, NOW), goes.id, stays.id, False, "one person") is None
    session.refresh(goes)
    assert (stays.job_role, goes.job_role) == (expected, second)
    changes = [change.job_role for change in queries.previous_identities(session, stays.id)]
    assert changes == ([None] if expected != first else [])
