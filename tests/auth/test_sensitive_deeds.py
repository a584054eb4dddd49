"""Which deeds ask again who it is: a table of them, each tried with a sign-in of long ago and with a recent one."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.routing import Rule

from course.auth.models import SignInToken
from course.clock import now
from course.context import make_context
from course.people.actions import add_identity
from course.people.models import Person
from course.people.rules import PersonIdentity
from course.web.recent_sign_in import is_marked
from tests.auth.test_proof import age_proof
from tests.makers import PASSWORD, make_organisation, make_person, make_team, sign_in
from tests.pages import Client, Page

# By what they are about. Tokens and the like, which other features add, are marked by themselves.
SENSITIVE = {
    # roles, and sight that is lent
    "people.grant_role", "people.revoke_role", "people.delegations", "people.add_person", "people_import.apply",
    "teams.choose_manager", "teams.end_manager",
    # people as a whole
    "people.merge_people", "privacy.erase",
    # data of everyone in a file
    "audit_search.download", "reports.file", "reports.download_file", "evidence.download",
    # keys
    "external_certificates.issuers", "external_certificates.end_trust",
    # how people sign in
    "auth.add_passkey", "auth.remove_passkey", "auth.app", "auth.remove_app", "auth.recovery_codes", "auth.factor_policy",
    "auth.person_sign_in", "auth.end_person_sessions",
    # identity providers, and accounts there
    "identity_providers.add_provider", "identity_providers.change_provider", "identity_providers.require_provider",
    "identity_providers.lift_requirement", "identity_providers.link_account", "identity_providers.unlink",
    "identity_providers.unlink_person",
    # the way in for somebody else; reports to others; many people at once
    "auth.person_code", "auth.codes", "scheduled_reports.overview", "bulk_changes.apply", "bulk_changes.undo",
    # learning platforms, accounts there, and what is sent there and fetched
    "lti_services.repeat", "lti_services.members",
    "lti.invite", "lti.add_platform", "lti.change_platform", "lti.switch_on", "lti.switch_off", "lti.replace_key", "lti.unlink",
    "lti.unlink_own", "lti.unlink_own_cmi5",
}  # fmt: skip
FORM = {"role": "administrator", "reason": "to try it"}


def marked_rules(app: Flask) -> list[Rule]:
    with app.app_context():
        return [rule for rule in app.url_map.iter_rules() if is_marked(rule.endpoint)]


def of_nobody(rule: Rule) -> dict[str, Any]:
    return dict.fromkeys(rule.arguments, 999_999)


def test_every_sensitive_deed_is_marked(prepared: Flask) -> None:
    assert {rule.endpoint for rule in marked_rules(prepared)} >= SENSITIVE


def test_every_marked_deed_waits_for_a_proof_and_with_one_does_not(
    app: Flask, session: Session, client: Client
) -> None:
    boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator")
    sign_in(client, boss)
    token = client.token()
    with client.flask.session_transaction() as cookie:
        recent = cookie.pop("proved")
    with app.test_request_context():
        paths = {
            app.url_for(rule.endpoint, **of_nobody(rule)): "POST" in (rule.methods or ())
            for rule in marked_rules(app)
            if rule.endpoint != "reports.file"
        } | {app.url_for("reports.file", kind="csv"): True}
    asked = {path: client.flask.open(path, method="POST" if takes_form else "GET", data={**FORM, "csrf_token": token})
             for path, takes_form in paths.items()}  # fmt: skip
    assert {
        path for path, answer in asked.items() if "Confirm that it is you" not in answer.get_data(as_text=True)
    } == set()
    with client.flask.session_transaction() as cookie:
        cookie["proved"] = recent
    for path in ("/people/999999/sign-in", "/people/999999/role"):
        assert client.flask.post(path, data={**FORM, "csrf_token": token}).status_code == 404


def test_what_a_manager_gets_of_their_own_team_asks_nothing(session: Session, client: Client) -> None:
    sign_in(client, make_person(session, "Max Manager", "max@example.org", "manager"))
    with client.flask.session_transaction() as cookie:
        cookie.pop("proved")
    client.post("/report/file/csv", {}, 200)


def test_codes_for_people_wait_for_a_proof_with_everyone_who_was_ticked(session: Session, client: Client) -> None:
    make_organisation(session)
    team = make_team(session)
    for number, name in (("K-1", "Dana Bell"), ("K-2", "Eli Fox")):
        identity = PersonIdentity(name, staff_number=number)
        add_identity(make_context(session, None, now()), identity, team.id, "learner")
    session.commit()
    sign_in(client, make_person(session, "Alex Morgan", "alex@example.org", "administrator"))
    ids = [str(one) for one in session.execute(select(Person.id).where(Person.email.is_(None))).scalars()]
    age_proof(client, None)
    asked = client.post("/people/codes", {"person": ids, "sheet": "s"}, 409)
    assert session.execute(select(func.count()).select_from(SignInToken)).scalar_one() == 0
    proved = client.post("/me/proof", {**asked.fields(), "password": PASSWORD}, 200)
    waiting = next(form for form in proved.all("form") if form.get("action") == "/people/codes")
    sent = [(field.get("name", ""), field.get("value", "")) for field in waiting.iter("input")]
    sheet = Page(client.flask.post("/people/codes", data=MultiDict(sent)))
    assert "Dana Bell" in sheet.text
    assert "Eli Fox" in sheet.text


@pytest.mark.parametrize(
    ("kind", "values", "is_asked"),
    [
        ("role", {"role": "hr", "give": "1"}, True),
        ("leave", {"day": ""}, True),
        ("pathway", {"pathway": "health"}, False),
    ],
)
def test_of_changes_of_many_those_that_give_roles_or_end_access_ask_and_no_others(
    kind: str, values: dict[str, str], is_asked: bool, session: Session, client: Client
) -> None:
    boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator")
    sam = make_person(session)
    sign_in(client, boss)
    path = client.post("/people/many", {"kind": kind, "person": str(sam.id), "all": "", "match": ""}).location
    age_proof(client, None)
    client.flask.post(path, data={**values, "csrf_token": client.token()})  # choosing the values asks nothing
    for deed in ("apply", "undo"):
        answer = client.flask.post(f"{path}/{deed}", data={"csrf_token": client.token(), "mark": ""})
        assert (answer.status_code == 409) is is_asked


def test_a_report_by_mail_to_oneself_asks_nothing_and_to_another_address_it_does(
    session: Session, client: Client
) -> None:
    make_organisation(session)
    boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator")
    make_person(session, "Mona Field", "mona@example.org", "administrator")
    sign_in(client, boss)
    age_proof(client, None)
    address = url_of(client, "scheduled_reports.overview")
    client.post(address, {"email": "ALEX@example.org", "team": "", "every": "week"})
    client.post(address, {"email": "mona@example.org", "team": "", "every": "week"}, 409)
    manager = sign_in(Client(client.app), make_person(session, "Max Manager", "max@example.org", "manager"))
    age_proof(manager, None)
    manager.post(address, {"team": "", "every": "week"})


def url_of(client: Client, endpoint: str) -> str:
    with client.app.test_request_context():
        return url_for(endpoint)
