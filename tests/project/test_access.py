"""Who may open what: every route has exactly one rule, and every role is tried on every route."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from course.web.access import PUBLIC, SIGNED_IN, Permission, access_rule_of
from tests.makers import make_person, sign_in
from tests.pages import Client

pytestmark = pytest.mark.both_engines

ROLES = ("nobody", "learner", "manager", "administrator")
MAY: dict[str, set[Any]] = {
    "learner": set(),
    "manager": {Permission.SEE_PEOPLE},
    "administrator": set(Permission),
}
# Something for every kind of part that a route's address may have.
PARTS: dict[str, Any] = {
    "attempt_id": 1,
    "bond_id": 1,
    "change_id": 1,
    "deputy_row": 1,
    "fact_id": 1,
    "file_id": 1,
    "grant_id": 1,
    "import_id": 1,
    "issuer_id": 1,
    "job_id": 1,
    "key_number": 1,
    "language": "cy",
    "kind": "refresher",
    "link_id": 1,
    "list_number": 1,
    "mail_id": 1,
    "module_id": "responding",
    "name": "css/site.css",
    "nation": "nothing",
    "number": "AAAA-BBBB-CCCC",
    "pack_id": 1,
    "pathway": "nothing",
    "person_id": 1,
    "point": "nothing",
    "position": 1,
    "read_id": 1,
    "reminder_id": 1,
    "request_id": 1,
    "pair_id": 1,
    "run_id": 1,
    "scope": "own",
    "sha256": "0" * 64,
    "sheet": "nothing",
    "step_id": "check",
    "subscription_id": 1,
    "talk_id": 1,
    "team_id": 1,
    "token": "no-such-token",
    "what": "nothing",
}
# The whole of what anyone may open without signing in; a new entry here is a decision.
OPEN = {
    "calendars.feed",
    "content.accessibility",
    "content.further_learning",
    "content.sources",
    "credentials.issuer",
    "credentials.key",
    "credentials.status",
    "health.live",
    "health.ready",
    "kept.certificates",
    "kept.linked_credential",
    "kept.linked_pdf",
    "mail.choice",
    "milestones.intention_reply",
    "milestones.save_reply",
    "offline.page",
    "offline.service_worker",
    "offline.who",
    "organisation.address_book",
    "organisation.concern",
    "organisation.first_hour",
    "organisation.logo",
    "organisation.colour_style_sheet",
    "privacy.notice",
    "refreshers.answer_booster",
    "refreshers.booster",
    "refreshers.booster_question",
    "join_requests.join",
    "auth.forgotten_password",
    "auth.choose_password",
    "auth.set_up",
    "auth.sign_in",
    "verify.enter_number",
    "verify.verify",
}


def test_every_route_has_exactly_one_rule(prepared: Flask) -> None:
    for rule in prepared.url_map.iter_rules():
        access = access_rule_of(prepared, rule.endpoint)
        assert access in (PUBLIC, SIGNED_IN) or isinstance(access, Permission), f"{rule} has no access rule"


def test_what_anyone_may_open_is_written_down_here(prepared: Flask) -> None:
    endpoints = {rule.endpoint for rule in prepared.url_map.iter_rules()}
    assert {e for e in endpoints if access_rule_of(prepared, e) == PUBLIC} == OPEN


@pytest.mark.parametrize("role", ROLES)
def test_each_role_opens_what_it_may_and_nothing_else(app: Flask, session: Session, role: str) -> None:
    client = Client(app)
    if role != "nobody":
        sign_in(client, make_person(session, role=role))
    tried = 0
    for rule in app.url_map.iter_rules():
        access = access_rule_of(app, rule.endpoint)
        with app.test_request_context():
            path = app.url_for(rule.endpoint, **{name: PARTS[name] for name in rule.arguments})
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            if rule.endpoint == "auth.sign_out":
                continue
            data = {"csrf_token": client.token()} if method == "POST" else None
            status = client.flask.open(path, method=method, data=data).status_code
            where = f"{role}: {method} {path} gave {status}"
            if access == PUBLIC or (role != "nobody" and (access == SIGNED_IN or access in MAY[role])):
                assert status not in (401, 403, 500), where
            elif role == "nobody":
                assert status == 303, where
            else:
                assert status == 403, where
            tried += 1
    assert tried > 25


def test_signed_out_people_are_sent_to_sign_in_and_back(session: Session, client: Client) -> None:
    person = make_person(session)
    page = client.get("/record", 303)
    assert page.location == "/sign-in?next=/record"
    answer = client.post(page.location, {"email": person.email, "password": "quiet-river-stones-42"})
    assert answer.location == "/record"
