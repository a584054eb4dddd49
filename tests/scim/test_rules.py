"""The rules: what a user says about a person, what groups give, and what a filter asks for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from scim2_models import ScimFilter
from scim2_server.utils import parametrize

from course.people.rules import PersonIdentity
from course.people.rules.ownership import OwnedFields
from course.people_import.rules.matching import KnownPerson, RowData
from course.people_import.rules.owned_values import without_owned_values
from course.scim.rules.attributes import ENTERPRISE, read_user
from course.scim.rules.filters import Equality, equalities
from course.scim.rules.grants import Grant, effective_grants, plan_changes
from course.scim.rules.problem_details import PROBLEM_DETAILS
from course.scim.rules.problems import PROBLEMS, ProvisioningRefusedError, problem_words
from course.scim.rules.resources import User

BOTH = {"givenName": "Mia", "familyName": "Okoro"}


@pytest.mark.parametrize(
    ("resource", "name"),
    [
        ({"name": {**BOTH, "formatted": "Okoro, M."}, "displayName": "Okoro (Year 4)"}, "Mia Okoro"),
        ({"name": {"familyName": "Okoro", "formatted": "Ms Mia Okoro"}}, "Ms Mia Okoro"),
        ({"name": {"givenName": "Mia"}, "displayName": "Mia O."}, "Mia O."),
        ({"name": {"givenName": "Mia"}}, "Mia"),
        ({"displayName": "  Mia   Okoro "}, "Mia Okoro"),
        ({"name": {"givenName": " ", "familyName": ""}}, "mia.okoro"),
        ({}, "mia.okoro"),
    ],
)
def test_the_name_is_that_of_a_certificate(resource: dict[str, Any], name: str) -> None:
    assert read_user({"userName": "mia.okoro@example.org", **resource}).identity.name == name


@pytest.mark.parametrize(
    ("user_name", "emails", "email", "login"),
    [
        ("Mia@Example.org", [], "mia@example.org", None),
        ("mia", [{"value": "mia@example.org"}], "mia@example.org", "mia"),
        ("mia@upn.example", [{"value": "mia@example.org", "type": "work"}], "mia@example.org", None),
        ("mia", [{"value": "h@example.org", "type": "home"}, {"value": "w@example.org", "type": "work"}], "w@example.org", "mia"),
        ("mia", [{"value": "w@example.org", "type": "work"}, {"value": "p@example.org", "primary": True}], "p@example.org", "mia"),
        ("mia.okoro", [], None, "mia.okoro"),
        ("00u#7!", [{"value": "mia@example.org"}], "mia@example.org", None),
    ],
)  # fmt: skip
def test_the_address_is_the_primary_one_and_a_user_name_without_an_at_sign_signs_in(
    user_name: str, emails: list[dict[str, Any]], email: str | None, login: str | None
) -> None:
    found = read_user({"userName": user_name, "emails": emails}).identity
    assert (found.email, found.sign_in_name) == (email, login)


def test_what_is_not_sent_stays_and_is_not_owned() -> None:
    known = PersonIdentity("M Okoro", "old@example.org", "T-1", "mo", "Teacher")
    found = read_user({"userName": "mia@example.org", "name": BOTH})
    assert found.sent == ("name", "email")
    assert found.identity_with(known) == replace(known, name="Mia Okoro", email="mia@example.org")
    full = read_user(
        {"userName": "mia@example.org", "name": BOTH, "title": "Head", ENTERPRISE: {"employeeNumber": "T-2"}}
    )
    assert full.sent == ("name", "email", "staff_number", "job_role")
    assert full.identity_with(known) == PersonIdentity("Mia Okoro", "mia@example.org", "T-2", "mo", "Head")


@pytest.mark.parametrize(
    ("user_name", "code"),
    [("?", "login"), ("a@b@c", "login"), ("", "login"), ("x" * 255, "long"), ("a\ud800", "characters")],
)
def test_a_user_with_whom_nobody_could_sign_in_is_refused(user_name: str, code: str) -> None:
    with pytest.raises(ProvisioningRefusedError) as refused:
        read_user({"userName": user_name})
    assert refused.value.code == code


A, B, M, P, Q = (
    Grant("team", 1),
    Grant("team", 2),
    Grant("manager", 1),
    Grant("pathway", None, "school"),
    Grant("pathway", None, "care"),
)


@pytest.mark.parametrize(
    ("wanted", "given", "give", "take"),
    [
        ([], [], (), ()),
        ([A, M], [], (M, A), ()),
        ([A], [A], (), ()),
        ([], [A, P], (), (P, A)),
        ([B], [A], (B,), (A,)),
        ([Q], [P], (Q,), (P,)),
    ],
)
def test_groups_give_what_is_missing_and_take_what_is_over(
    wanted: list[Grant], given: list[Grant], give: tuple[Grant, ...], take: tuple[Grant, ...]
) -> None:
    changes = plan_changes(wanted, given)
    assert (changes.give, changes.take) == (give, take)


def test_of_several_pathways_the_oldest_rule_counts() -> None:
    assert effective_grants([A, P, Q, M, A]) == {A, P, M}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('userName eq "Mia"', [Equality("username", "Mia")]),
        ('id eq "1" and active eq true', [Equality("id", "1")]),
        ('emails[type eq "work" and value eq "a@b.example"]',
         [Equality("emails.type", "work"), Equality("emails.value", "a@b.example")]),
        ('userName eq "a" or userName eq "b"', []),
        ('not (userName eq "a")', []),
        ('userName sw "a"', []),
    ],
)  # fmt: skip
def test_only_what_must_hold_for_every_match_narrows_the_search(text: str, found: list[Equality]) -> None:
    assert equalities(parametrize(ScimFilter, User)(text).ast) == found


@pytest.mark.parametrize("status", [400, 403, 404, 409, 412, 429, 500, 503])
def test_every_refusal_has_words_for_an_administrator_that_name_no_one(status: int) -> None:
    assert len(str(problem_words(status, None))) > 20
    for code, problem in PROBLEMS.items():
        assert problem_words(status, code) == problem.words
        assert len(PROBLEM_DETAILS[code]) > 20
    assert PROBLEM_DETAILS.keys() == PROBLEMS.keys()


OWNED = OwnedFields({"name": "Okta", "email": "Okta", "stay": "Okta"})
MIA = KnownPerson(1, "Mia Okoro", "mia@example.org", owned=OWNED)


@pytest.mark.parametrize(
    ("row", "job", "noted"),
    [
        (RowData("mia@example.org", "Mia Okoro", job_role="Head"), "Head", False),
        (RowData("mia@example.org", "Mia Stone", job_role="Head"), "Head", True),
        (RowData("other@example.org"), None, True),
    ],
)
def test_a_list_leaves_out_what_another_system_owns_and_says_so(row: RowData, job: str | None, noted: bool) -> None:
    kept, notes = without_owned_values(row, MIA)
    assert (kept.name, kept.email, kept.job_role) == (None, "mia@example.org", job)
    assert [str(one) for one in notes] == (["This comes from Okta. Change it there."] if noted else [])
