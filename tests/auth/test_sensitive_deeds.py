"""Which deeds ask again who it is: a table of them, each tried with a sign-in of long ago and with a recent one."""

from __future__ import annotations

from typing import Any

from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from course.web.recent_sign_in import is_marked
from tests.makers import make_person, sign_in
from tests.pages import Client

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
    # learning platforms, accounts there, and what is sent there and fetched
    "lti_services.repeat", "lti_services.members",
    "lti.invite", "lti.add_platform", "lti.change_platform", "lti.switch_on", "lti.switch_off", "lti.replace_key", "lti.unlink",
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
