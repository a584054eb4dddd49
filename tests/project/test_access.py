"""Who may open what: every route has exactly one rule, and every role is tried on every route."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session

from course.clock import now
from course.context import make_context
from course.dates import civil_date
from course.people.actions import delegate, grant_role
from course.people.models import Person, RoleGrant
from course.people.queries import viewers
from course.web.access import PUBLIC, SIGNED_IN, Permission, access_rule_of
from course.web.bearer import ScopeRule
from tests.makers import make_person, sign_in
from tests.pages import Client

pytestmark = pytest.mark.both_engines

# Which role has which permission. Everyone may besides open what is their own. docs/operations.md says the same in words.
MATRIX = """
                           learner  manager  deputy  acting  hr  auditor  over  administrator
see people                 -        yes      yes     yes     yes yes      -     yes
see attempts               -        yes      yes     yes     -   yes      -     yes
see team results           -        yes      yes     yes     -   yes      -     yes
see results of everyone    -        -        -       -       -   yes      -     yes
make evidence packs        -        yes      yes     yes     -   yes      -     yes
get reports by mail        -        yes      yes     yes     yes -        -     yes
see deputies               -        yes      yes     yes     -   -        -     yes
act for people             -        yes      -       yes     yes -        -     yes
record talks               -        yes      -       yes     -   -        -     yes
run supervised sessions    -        yes      -       yes     -   -        -     yes
see join requests          -        yes      yes     yes     yes -        -     yes
decide join requests       -        yes      -       yes     yes -        -     yes
manage people              -        -        -       -       yes -        -     yes
give every role            -        -        -       -       -   -        -     yes
erase people               -        -        -       -       -   -        -     yes
manage the organisation    -        -        -       -       -   -        -     yes
see the audit log          -        -        -       -       -   yes      -     yes
run the system             -        -        -       -       -   -        -     yes
"""
_HEADING, *_ROWS = MATRIX.strip("\n").splitlines()
ROLES = tuple(_HEADING.split())
MAY: dict[str, set[Permission]] = {role: set() for role in ROLES}
for _row in _ROWS:
    for _role, _cell in zip(ROLES, _row[27:].split(), strict=True):
        if _cell == "yes":
            MAY[_role].add(Permission(_row[:27].strip()))
# All that an auditor may send, beside what every learner may: files of what they see, of any day.
AUDITORS_POSTS = {
    "reports.file",
    "reports.download_file",
    "reports.teams_file",
    "evidence.make_pack",
    "evidence.download",
    "audit_search.download",
}
# Something for every kind of part that a route's address may have.
PARTS: dict[str, Any] = {
    "attempt_id": 1,
    "bond_id": 1,
    "change_id": 1,
    "connection_id": 1,
    "deputy_row": 1,
    "delivery_id": 1,
    "fact_id": 1,
    "file_id": 1,
    "grant_id": 1,
    "group_id": 1,
    "import_id": 1,
    "issuer_id": 1,
    "account_id": 1,
    "context_id": 1,
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
    "passkey_id": 1,
    "provider_id": 1,
    "pathway": "nothing",
    "person_id": 1,
    "platform_id": 1,
    "point": "nothing",
    "position": 1,
    "read_id": 1,
    "reminder_id": 1,
    "request_id": 1,
    "result_id": 1,
    "pair_id": 1,
    "path": "nothing",
    "resource_endpoint": "Users",
    "resource_id": "nothing",
    "registration_id": 1,
    "rule_id": 1,
    "run_id": 1,
    "scope": "own",
    "session_id": 1,
    "sha256": "0" * 64,
    "sheet": "nothing",
    "step_id": "check",
    "subscription_id": 1,
    "talk_id": 1,
    "team_id": 1,
    "token": "no-such-token",
    "statement_id": 1,
    "token_id": 1,
    "unit": "nothing",
    "webhook_id": 1,
    "what": "nothing",
}
# The whole of what anyone may open without signing in; a new entry here is a decision.
OPEN = {
    "api.docs",
    "api.openapi",
    "calendars.feed",
    "cmi5.launch",
    "content.accessibility",
    "content.further_learning",
    "content.sources",
    "credentials.issuer",
    "credentials.key",
    "credentials.status",
    "did.did",
    "evidence_check.check_pack",
    "health.live",
    "health.ready",
    "identity_providers.come_back",
    "identity_providers.saml_answer",
    "identity_providers.saml_metadata",
    "identity_providers.sign_out_there",
    "identity_providers.start",
    "lti_protocol.begin_linking",
    "lti_protocol.choose",
    "lti_protocol.enter",
    "lti_protocol.jwks",
    "lti_protocol.launch",
    "lti_protocol.login",
    "lti_protocol.register",
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
    "supervised_sessions.enter",
    "supervised_sessions.room",
    "wallet.fetch",
    "join_requests.join",
    "auth.forgotten_password",
    "auth.choose_password",
    "auth.passkey_sign_in",
    "auth.redeem_code",
    "auth.second_step",
    "auth.set_up",
    "auth.sign_in",
    "auth.choose_language_here",
    "verify.enter_number",
    "verify.verify",
}


def test_every_route_has_exactly_one_rule(prepared: Flask) -> None:
    for rule in prepared.url_map.iter_rules():
        access = access_rule_of(prepared, rule.endpoint)
        assert access in (PUBLIC, SIGNED_IN) or isinstance(access, Permission | ScopeRule), f"{rule} has no access rule"


def test_what_anyone_may_open_is_written_down_here(prepared: Flask) -> None:
    endpoints = {rule.endpoint for rule in prepared.url_map.iter_rules()}
    assert {e for e in endpoints if access_rule_of(prepared, e) == PUBLIC} == OPEN


def person_with(session: Session, role: str) -> Person:
    """Somebody with a role of the matrix; "over" is an auditor whose last day was yesterday."""
    today = civil_date(now(), "Europe/London")
    if role in ("learner", "manager", "hr", "administrator"):
        return make_person(session, role=role)
    person = make_person(session)
    if role in ("deputy", "acting"):
        manager = make_person(session, "Priya Nair", "priya@example.org", "manager")
        context = make_context(session, manager.id, now())
        assert delegate(context, person.email or "", today, "holiday", may_act=role == "acting") is None
    else:
        assert grant_role(make_context(session, None, now()), person.id, "auditor", None, today) is None
        if role == "over":
            session.execute(update(RoleGrant).values(last_day=today - timedelta(days=1)))
    session.commit()
    return person


def test_the_matrix_names_every_permission() -> None:
    assert {permission.value for permission in Permission} == {row[:27].strip() for row in _ROWS}


def test_the_handbook_says_the_same_as_the_matrix() -> None:
    text = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
    table = re.findall(r"(?m)^\| .+ \|$", text.partition("## Roles")[2].partition("## ")[0])
    cells = [[cell.strip() for cell in row.strip("|").split("|")][1:] for row in table]
    assert cells[0] == ["Manager", "Deputy who looks", "Deputy who looks and acts", "HR", "Auditor", "Administrator"]
    columns = ("manager", "deputy", "acting", "hr", "auditor", "administrator")
    permissions = [Permission(row[:27].strip()) for row in _ROWS]
    assert cells[1:] == [["yes" if one in MAY[role] else "–" for role in columns] for one in permissions]


@pytest.mark.parametrize("role", ROLES)
def test_each_role_has_the_permissions_that_the_matrix_says_also_for_jobs(session: Session, role: str) -> None:
    person, today = person_with(session, role), civil_date(now(), "Europe/London")
    assert viewers(session, [person.id], today)[person.id].permissions == MAY[role]


@pytest.mark.parametrize("role", ["nobody", *ROLES])
def test_each_role_opens_what_it_may_and_nothing_else(app: Flask, session: Session, role: str) -> None:
    client = Client(app)
    if role != "nobody":
        sign_in(client, person_with(session, role))
    tried, posts = 0, set()
    for rule in app.url_map.iter_rules():
        with app.test_request_context():
            path = app.url_for(rule.endpoint, **{name: PARTS[name] for name in rule.arguments})
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            if rule.endpoint == "auth.sign_out":
                continue
            access = access_rule_of(app, rule.endpoint, method)
            data = {"csrf_token": client.token()} if method == "POST" else None
            status = client.flask.open(path, method=method, data=data).status_code
            where = f"{role}: {method} {path} gave {status}"
            if isinstance(access, ScopeRule):
                assert status == 401, where  # whoever is signed in: a program has a token (tests/api/test_access.py)
            elif access == PUBLIC or (role != "nobody" and (access == SIGNED_IN or access in MAY[role])):
                assert status not in (401, 403, 500), where
                if method == "POST" and isinstance(access, Permission):
                    posts.add(rule.endpoint)
            elif role == "nobody":
                assert status == 303, where
            else:
                assert status == 403, where
            tried += 1
    assert tried > 25
    if role in ("learner", "over"):
        assert posts == set()
    if role == "auditor":
        assert posts == AUDITORS_POSTS


def test_signed_out_people_are_sent_to_sign_in_and_back(session: Session, client: Client) -> None:
    person = make_person(session)
    page = client.get("/record", 303)
    assert page.location == "/sign-in?next=/record"
    answer = client.post(page.location, {"email": str(person.email), "password": "quiet-river-stones-42"})
    assert answer.location == "/record"
