"""No sequence of calls removes anything that somebody did; and no request at all makes the server fail."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.db import Base
from course.people.models import Person
from tests.makers import make_person
from tests.privacy.filling import fill
from tests.scim.connected import ENTERPRISE_SCHEMA, PATCH_SCHEMA, USER_SCHEMA, connect, user

KEPT = ("answer", "attempt", "attempt_outcome", "certificate", "completion", "decision", "enrolment", "page_read",
        "person", "person_change", "employment", "audit_entry", "signed_credential", "scenario_run")  # fmt: skip


def rows(session: Session) -> dict[str, int]:
    session.expire_all()
    tables = Base.metadata.tables
    return {name: session.execute(select(func.count()).select_from(tables[name])).scalar_one() for name in KEPT}


@pytest.mark.parametrize("seed", range(2))
def test_random_calls_never_delete_what_somebody_did(app: Flask, session: Session, seed: int) -> None:
    chance = random.Random(seed)
    known = make_person(session, "Mia Okoro", "mia@example.org")
    fill(session, known)
    entra = connect(app, session)
    before, users, groups, statuses = rows(session), list[str](), list[str](), set[int]()

    def some_user() -> str:
        return chance.choice(users) if users else "none"

    def some_group() -> str:
        return chance.choice(groups) if groups else "none"

    def created(made: Any, found: list[str]) -> Any:
        found += [made.get_json()["id"]] if made.status_code == 201 else []
        return made

    def patch(path: str, op: str, where: str, value: Any) -> Any:
        return entra.patch(path, {"op": op, "path": where, "value": value})

    deeds: list[Callable[[], Any]] = [
        lambda: created(entra.call("POST", "/Users", user("mia@example.org", externalId="e-1")), users),
        lambda: created(entra.call("POST", "/Users", user(f"p{chance.randrange(3)}@example.org", "Leo", "Hahn")), users),
        lambda: created(entra.call("POST", "/Groups", {"displayName": "Staff", "members": [{"value": some_user()}],
                                   "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"]}), groups),
        lambda: patch(f"/Users/{some_user()}", "replace", "active", chance.choice([True, False, "False"])),
        lambda: patch(f"/Users/{some_user()}", "replace", "name.familyName", chance.choice(["Stone", "Hahn"])),
        lambda: patch(f"/Users/{some_user()}", "replace", "userName", f"q{chance.randrange(3)}@example.org"),
        lambda: patch(f"/Groups/{some_group()}", "add", "members", [{"value": some_user()}]),
        lambda: entra.call("PUT", f"/Users/{some_user()}", user("mia@example.org", active=chance.choice([True, False]))),
        lambda: entra.call("DELETE", f"/Users/{some_user()}"),
        lambda: entra.call("DELETE", f"/Groups/{some_group()}"),
    ]  # fmt: skip
    for _ in range(25):
        statuses.add(chance.choice(deeds)().status_code)
        after = rows(session)
        assert all(after[name] >= before[name] for name in KEPT)
        before = after
    assert statuses <= {200, 201, 204, 400, 403, 404, 409}
    assert {201, 204} <= statuses
    assert session.get_one(Person, known.id).erased_at is None


BROKEN: list[bytes] = [
    b"", b"{", b"null", b"[]", b'"x"', b"1", b"\xff\xfe\x00", b"{}", b'{"schemas":5}', b'{"schemas":[]}',
    b'{"schemas":["' + USER_SCHEMA.encode() + b'"],"userName":"\\ud800"}',
    b'{"schemas":["' + USER_SCHEMA.encode() + b'"],"userName":"a\\u0000b"}',
    b'{"schemas":["' + USER_SCHEMA.encode() + b'"],"userName":{"a":[]}}',
    b'{"schemas":["' + USER_SCHEMA.encode() + b'"],"userName":1e999,"active":[[[]]]}',
    b'{"schemas":["' + USER_SCHEMA.encode() + b'"],"userName":"a@b.example","userName":"c"}',
    b'{"a":' * 3000 + b"1" + b"}" * 3000, b"[" * 100_000, b'{"userName":"' + b"x" * 300_000 + b'"}',
    b'{"schemas":["' + PATCH_SCHEMA.encode() + b'"],"Operations":[{"op":"x","path":"[[[","value":null}]}',
    b'{"schemas":["' + PATCH_SCHEMA.encode() + b'"],"Operations":[{"op":"add","path":"members[value eq \\"\\u0000\\"]"}]}',
    b'{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],"filter":"userName eq \\"\\u0000\\""}',
    b'{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],"filter":"' + b"(" * 3000 + b'","count":-9}',
]  # fmt: skip


@pytest.mark.both_engines
def test_broken_requests_are_refused_in_the_words_of_the_protocol(app: Flask, session: Session) -> None:
    entra = connect(app, session)
    made = entra.create("mia@example.org")
    group = entra.group("Staff", made["id"])
    places = [
        ("POST", "/Users"), ("PUT", f"/Users/{made['id']}"), ("PATCH", f"/Users/{made['id']}"), ("POST", "/Groups"),
        ("PATCH", f"/Groups/{group['id']}"), ("POST", "/.search"), ("POST", "/Users/.search"), ("POST", "/Bulk"),
        ("PATCH", "/Me"),
    ]  # fmt: skip
    for place, (method, path) in enumerate(places):
        # What is long is refused before anything looks at the address, so two addresses are enough for it.
        for body in [one for one in BROKEN if len(one) < 10_000 or place < 2]:
            answer = entra.call(method, path, body)
            assert answer.status_code < 500 or answer.status_code == 501, (method, path, body[:80], answer.text[:300])
    for query in ("filter=%00", "filter=((", "count=x", "startIndex=99999999999999999999", "count=-1", "attributes=]]",
                  "filter=userName co 5", 'filter=active gt "x"', "sortBy=userName", "cursor=x"):  # fmt: skip
        answer = entra.call("GET", f"/Users?{query}")
        assert answer.status_code < 500 or answer.status_code == 501, (query, answer.text[:300])
    for media in ("text/html", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        assert entra.call("POST", "/Users", b"{}", Content_Type=media).status_code in (400, 415)
    assert entra.call("GET", f"/Users/{made['id']}").get_json()["userName"] == "mia@example.org"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=12)
    | st.sampled_from(["\0", "\ud800", "mia@example.org", "active", "", "x" * 400]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["value", "type", "primary", "givenName", "familyName", "op", "path", "employeeNumber", "$ref"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
FIELDS = ("userName", "externalId", "active", "name", "emails", "title", "displayName", "members", "id", "meta",
          ENTERPRISE_SCHEMA, "Operations")  # fmt: skip
BODIES = st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=4)


def test_no_json_at_all_makes_the_server_fail(app: Flask, session: Session) -> None:
    entra = connect(app, session)
    made = entra.create("mia@example.org")

    @settings(max_examples=60)
    @given(BODIES, st.sampled_from(["POST", "PUT", "PATCH"]))
    def send(body: dict[str, Any], method: str) -> None:
        schemas = [PATCH_SCHEMA] if method == "PATCH" else [USER_SCHEMA, ENTERPRISE_SCHEMA]
        path = "/Users" if method == "POST" else f"/Users/{made['id']}"
        operations = {"Operations": [{"op": "replace", "value": body}]} if method == "PATCH" else body
        answer = entra.call(method, path, json.dumps({"schemas": schemas, **operations}).encode())
        assert answer.status_code < 500, (method, body, answer.text[:300])

    send()
    assert entra.call("GET", "/Users").status_code == 200
