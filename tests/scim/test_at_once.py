"""What happens between two: two calls, a call and an administrator, a call and the person who is answering."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from course.clock import now
from course.context import make_context
from course.learning.models import Answer
from course.people.models import Employment, Membership, Person
from course.scim.actions.groups import add_rule
from course.scim.models import ScimGroup, ScimUser
from course.scim.rules.grants import Grant
from course.web.unit_of_work import unit_of_work
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client
from tests.scim.connected import GROUP_SCHEMA, PATCH_SCHEMA, Provider, connect, user
from tests.support.racing import at_once, overtaken
from tests.walking import Learner, always


def connected(app: Flask, name: str = "Microsoft Entra") -> Provider:
    with app.app_context(), app.extensions["course.sessions"].writing() as session:
        return connect(app, session, name)


def count(app: Flask, *conditions: Any, of: Any = Person) -> int:
    with app.app_context(), unit_of_work() as session:
        return session.execute(select(func.count()).select_from(of).where(*conditions)).scalar_one()


def calling(provider: Provider, method: str, path: str, body: Any) -> Callable[[], int]:
    return lambda: provider.call(method, path, body).status_code


def test_of_two_calls_that_create_somebody_at_once_one_does(committed: Flask) -> None:
    entra = connected(committed)
    statuses = at_once([calling(entra, "POST", "/Users", user("mia@example.org", externalId="e-1"))] * 3)
    assert sorted(statuses) == [201, 409, 409]
    assert count(committed, Person.email == "mia@example.org") == 1
    assert count(committed, of=ScimUser) == 1


def test_of_two_connections_that_find_somebody_at_once_one_owns_them(committed: Flask) -> None:
    both = [connected(committed), connected(committed, "Okta")]
    with committed.app_context(), committed.extensions["course.sessions"].writing() as session:
        make_person(session, "Mia Okoro", "mia@example.org")
    statuses = at_once([calling(one, "POST", "/Users", user("mia@example.org")) for one in both])
    assert sorted(statuses) == [201, 409]
    assert count(committed, ScimUser.person_id.is_not(None), of=ScimUser) == 1


def test_many_calls_that_deactivate_somebody_at_once_record_one_departure(committed: Flask) -> None:
    entra = connected(committed)
    made = entra.create("mia@example.org")
    gone = {"schemas": [PATCH_SCHEMA], "Operations": [{"op": "Replace", "path": "active", "value": "False"}]}
    assert set(at_once([calling(entra, "PATCH", f"/Users/{made['id']}", gone)] * 3)) == {204}
    assert count(committed, Employment.end.is_not(None), of=Employment) == 1


def test_a_call_and_an_administrator_who_correct_somebody_at_once_leave_what_the_provider_says(
    committed: Flask,
) -> None:
    entra = connected(committed)
    made = entra.create("mia@example.org")
    with committed.app_context(), committed.extensions["course.sessions"].writing() as session:
        mia = session.execute(select(Person).where(Person.email == "mia@example.org")).scalar_one().id
        chief = make_person(session, "Ben Ode", "ben@example.org", "administrator")
    browser = sign_in(Client(committed), chief)
    form = {"csrf_token": browser.token(), "name": "Mia Hand", "email": "mia@example.org", "reason": "by hand"}
    change = {"schemas": [PATCH_SCHEMA],
              "Operations": [{"op": "replace", "path": "name.familyName", "value": "Provider"}]}  # fmt: skip
    statuses = at_once(
        [
            calling(entra, "PATCH", f"/Users/{made['id']}", change),
            lambda: browser.flask.post(f"/people/{mia}/correct", data=form).status_code,
        ]
    )
    assert sorted(statuses) == [204, 422]
    assert count(committed, Person.name == "Mia Provider") == 1


def test_somebody_who_is_answering_when_they_are_deactivated_keeps_what_was_saved_and_is_signed_out(
    committed: Flask,
) -> None:
    entra = connected(committed)
    with committed.app_context(), committed.extensions["course.sessions"].writing() as session:
        mia = make_person(session, "Mia Okoro", "mia@example.org")
    made = entra.create("mia@example.org")
    learner = Learner(committed, sign_in(Client(committed), mia), mia.id)
    attempt = int(learner.client.post("/module/secret-contact/check", {}).location.split("/")[2])
    forms = [{**learner.form(attempt, number, always), "sure": "sure"} for number in (1, 2)]
    token = learner.client.token()
    answers = [
        lambda number=number, form=form: (
            learner.client.flask.post(f"/attempt/{attempt}/{number}", data={"csrf_token": token, **form}).status_code
        )
        for number, form in enumerate(forms, 1)
    ]
    assert answers[0]() == 303
    gone = {"schemas": [PATCH_SCHEMA], "Operations": [{"op": "Replace", "path": "active", "value": "False"}]}
    statuses = at_once([calling(entra, "PATCH", f"/Users/{made['id']}", gone), answers[1]])
    assert 204 in statuses
    assert count(committed, of=Answer) in (1, 2)
    assert learner.client.get("/record", 303).location.startswith("/sign-in")
    assert count(committed, Person.left_at.is_not(None)) == 1


@pytest.mark.parametrize("committed", ["postgresql"], indirect=True)
def test_a_group_changes_its_members_while_the_team_that_it_gives_is_merged(committed: Flask) -> None:
    entra = connected(committed)
    ids = [entra.create(f"{name}@example.org")["id"] for name in ("mia", "ben")]
    group = entra.group("Crew")["id"]
    with committed.app_context(), committed.extensions["course.sessions"].writing() as session:
        harbour, quay = make_team(session, "Harbour").id, make_team(session, "Quay").id
        row = session.execute(select(ScimGroup)).scalar_one()
        assert add_rule(make_context(session, None, now()), row, Grant("team", harbour))
        chief = make_person(session, "Ben Ode", "chief@example.org", "administrator")
    body = {"schemas": [GROUP_SCHEMA], "displayName": "Crew"}
    assert entra.call("PUT", f"/Groups/{group}", {**body, "members": [{"value": ids[0]}]}).status_code == 200
    browser = sign_in(Client(committed), chief)
    form = {"csrf_token": browser.token(), "into": str(quay), "reason": "one now"}
    deeds = [
        calling(entra, "PUT", f"/Groups/{group}", {**body, "members": [{"value": ids[1]}]}),
        lambda: browser.flask.post(f"/teams/{harbour}/merge", data=form).status_code,
    ]
    # Each waited for the other: the call held who lost the team and wanted the team, for who got it.
    assert overtaken(committed.extensions["course"].engine, deeds[0], "SELECT team.id \nFROM team", deeds[1]) == [
        200,
        303,
    ]
    here = Membership.until.is_(None)
    assert (
        count(committed, here, of=Membership) == count(committed, here, Membership.team_id == quay, of=Membership) == 1
    )
