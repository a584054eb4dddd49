"""Cursors, parameters, events and the document: the rules of the API as tables."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask import Flask

from course.api.rules.cursors import decode_cursor, encode_cursor
from course.api.rules.document import PREFIX, openapi_document
from course.api.rules.events import EVENTS_OF_KIND, LoggedEvent, events_of
from course.api.rules.operations import OPERATIONS
from course.api.rules.parameters import (
    EXPECTED,
    EventsParameters,
    ParameterError,
    Parameters,
    PeopleParameters,
    StatusParameters,
    read_parameters,
)
from course.api_tokens.rules import API_SCOPES
from course.audit.catalogue import event_kind
from course.web.access import access_rule_of

AT = datetime(2026, 11, 29, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize("place", [0, 1, 500, 2**31 - 1])
def test_a_cursor_comes_back_as_it_was_given(place: int) -> None:
    assert decode_cursor("people", encode_cursor("people", place)) == place


@pytest.mark.parametrize(
    "cursor",
    [
        "", "x", "=", "é", "5", "a" * 100, encode_cursor("teams", 5), encode_cursor("people", 2**31),
        encode_cursor("people", 5) + "=", encode_cursor("people", 5)[:-1], "cGVvcGxlOi01",
    ],
)  # fmt: skip
def test_what_is_no_cursor_of_this_list_is_refused(cursor: str) -> None:
    with pytest.raises(ValueError, match="not a cursor"):
        decode_cursor("people", cursor)


@pytest.mark.parametrize(
    ("model", "given", "expected"),
    [
        (PeopleParameters, {}, {"limit": 100, "team": None, "changed_since": None}),
        (PeopleParameters, {"limit": ["500"], "team": ["7"]}, {"limit": 500, "team": 7}),
        (PeopleParameters, {"changed_since": ["2026-09-01T00:00:00Z"]}, {"changed_since": datetime(2026, 9, 1, tzinfo=UTC)}),
        (
            PeopleParameters, {"changed_since": ["2026-09-01T02:30+02:00"]},
            {"changed_since": datetime(2026, 9, 1, 0, 30, tzinfo=UTC)},
        ),
        # A plus sign in an address is read as a space.
        (
            PeopleParameters, {"changed_since": ["2026-09-01T02:30:00.5 02:00"]},
            {"changed_since": datetime(2026, 9, 1, 0, 30, 0, 500000, tzinfo=UTC)},
        ),
        # Microsoft’s programs give a moment seven digits after the point.
        (
            PeopleParameters, {"changed_since": ["2026-09-01T00:00:00.1234567Z"]},
            {"changed_since": datetime(2026, 9, 1, 0, 0, 0, 123456, tzinfo=UTC)},
        ),
        (StatusParameters, {"as_at": ["2026-09-01"], "state": ["overdue"]}, {"as_at": date(2026, 9, 1), "state": "overdue"}),
        (EventsParameters, {"type": ["left"]}, {"type": "left"}),
    ],
)  # fmt: skip
def test_parameters_are_read(model: type[Parameters], given: dict[str, list[str]], expected: dict[str, Any]) -> None:
    found = read_parameters(model, given).model_dump()
    assert {name: found[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("model", "given", "wrong"),
    [
        (PeopleParameters, {"limit": ["0"]}, ["limit"]),
        (PeopleParameters, {"limit": ["501"]}, ["limit"]),
        (PeopleParameters, {"limit": ["1.0"]}, ["limit"]),
        (PeopleParameters, {"limit": ["１"]}, ["limit"]),
        (PeopleParameters, {"limit": ["5", "6"]}, ["limit"]),
        (PeopleParameters, {"team": ["-1"], "limit": ["x"]}, ["limit", "team"]),
        (PeopleParameters, {"team": ["99999999999"]}, ["team"]),
        (PeopleParameters, {"teams": ["1"]}, ["teams"]),
        (PeopleParameters, {"as_at": ["2026-09-01"]}, ["as_at"]),
        (PeopleParameters, {"changed_since": ["2026-09-01"]}, ["changed_since"]),
        (PeopleParameters, {"changed_since": ["2026-09-31T00:00:00Z"]}, ["changed_since"]),
        (PeopleParameters, {"changed_since": ["0001-01-01T00:00:00+14:00"]}, ["changed_since"]),
        (PeopleParameters, {"changed_since": ["1767225600"]}, ["changed_since"]),
        (PeopleParameters, {"changed_since": ["2026-09-01T00:00:00.1234567890Z"]}, ["changed_since"]),
        (StatusParameters, {"as_at": ["2026-02-30"]}, ["as_at"]),
        (StatusParameters, {"as_at": ["0001-01-01"]}, ["as_at"]),
        (StatusParameters, {"as_at": ["9999-12-31"]}, ["as_at"]),
        (StatusParameters, {"as_at": ["20260901"]}, ["as_at"]),
        (StatusParameters, {"state": ["late"]}, ["state"]),
        (StatusParameters, {"cursor": ["a" * 101]}, ["cursor"]),
    ],
)
def test_what_cannot_be_understood_is_named_with_what_it_has_to_be(
    model: type[Parameters], given: dict[str, list[str]], wrong: list[str]
) -> None:
    with pytest.raises(ParameterError) as raised:
        read_parameters(model, given)
    assert sorted(one.parameter for one in raised.value.mistakes) == sorted(wrong)
    assert all(one.detail.endswith(".") for one in raised.value.mistakes)


def test_every_parameter_has_words_for_a_mistake() -> None:
    names = {name for one in OPERATIONS.values() if one.parameters for name in one.parameters.model_fields}
    assert names == set(EXPECTED)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, ""),
        ({"limit": ["5"], "cursor": ["abc"]}, ""),
        ({"team": ["7"], "changed_since": ["2026-09-01T00:00:00Z"]}, "team=7&changed_since"),
    ],
)
def test_the_log_keeps_the_filter_without_what_differs_at_each_request(given: dict[str, list[str]], said: str) -> None:
    assert read_parameters(PeopleParameters, given).filter_in_log == said


@pytest.mark.parametrize(
    ("kind", "details", "wanted", "expected"),
    [
        ("person.added", {}, None, [("joined", 7, None, None)]),
        ("person.left", {"last_day": "2026-11-28"}, None, [("left", 7, date(2026, 11, 28), None)]),
        ("person.returned", {"first_day": "2026-11-28"}, None, [("returned", 7, date(2026, 11, 28), None)]),
        ("person.merged", {"entry": 9}, None, [("merged", 9, None, None)]),
        (
            "certificate.issued", {"number": "N-1", "completed_on": "2026-11-28", "valid_until": "2027-11-28"}, None,
            [("completed", 7, date(2026, 11, 28), "N-1"), ("certified", 7, date(2027, 11, 28), "N-1")],
        ),
        (
            "certificate.issued", {"number": "N-1", "completed_on": "2026-11-28", "valid_until": "2027-11-28"}, "certified",
            [("certified", 7, date(2027, 11, 28), "N-1")],
        ),
        ("certificate.replaced", {"number": "N-1", "by": "N-2"}, None, [("certificate_replaced", 7, None, "N-2")]),
        ("certificate.expired", {"valid_until": "2026-11-28"}, None, [("expired", 7, date(2026, 11, 28), None)]),
        # Entries of an older version of the course say less.
        ("person.left", {}, None, [("left", 7, None, None)]),
    ],
)  # fmt: skip
def test_entries_of_the_log_are_events(
    kind: str, details: dict[str, Any], wanted: str | None, expected: list[tuple[Any, ...]]
) -> None:
    found = list(events_of(LoggedEvent(5, kind, AT, 7, json.dumps(details)), wanted))
    assert [(one.type, one.person_id, one.day, one.certificate_number) for one in found] == expected
    assert all(one.at == AT for one in found)


def test_no_two_events_have_one_id_and_ids_grow_with_the_log() -> None:
    details = json.dumps({"entry": 1})
    ids = [
        event.id for number in range(1, 6) for event in events_of(LoggedEvent(number, "certificate.issued", AT, 7, details), None)
    ]  # fmt: skip
    assert ids == sorted(set(ids))
    assert len(ids) == 10


def test_every_kind_of_entry_that_is_an_event_is_one_that_the_log_knows(prepared: Flask) -> None:
    assert prepared
    assert [kind for kind in EVENTS_OF_KIND if event_kind(kind) is None] == []


def test_the_document_names_every_address_and_no_other(prepared: Flask) -> None:
    document = openapi_document("https://training.example.org")
    assert document["openapi"].startswith("3.1")
    assert document["servers"] == [{"url": f"https://training.example.org{PREFIX}"}]
    routes = {
        rule.rule.removeprefix(PREFIX).replace("<int:", "{").replace(">", "}"): rule.endpoint
        for rule in prepared.url_map.iter_rules()
        if rule.rule.startswith("/api/")
    }
    described = {path: f"api.{methods['get']['operationId']}" for path, methods in document["paths"].items()}
    assert {path: endpoint for path, endpoint in routes.items() if path in described} == described
    assert set(routes) - set(described) == {"/openapi.json", "/docs"}
    for path, methods in document["paths"].items():
        assert list(methods) == ["get"]
        rule = access_rule_of(prepared, routes[path])
        assert methods["get"]["security"] == [{"token": [getattr(rule, "scope", None)]}]
    assert {one.scope for one in OPERATIONS.values()} == set(API_SCOPES)
