"""Ten thousand random requests to every route make no page fail, in parts that the processes of a run share."""

from __future__ import annotations

import json

import pytest
from flask import Flask

from tests.fuzz.requests import DOCUMENTS, HEADERS, STRANGE, TYPED, Fuzzer

REQUESTS, PARTS = 10_000, 5
LEAST_ANSWERED = 0.3  # of the requests: refused ones alone would prove little


@pytest.mark.long(12)
@pytest.mark.parametrize("part", range(PARTS))
def test_no_request_makes_a_page_fail(archived_app: Flask, part: int) -> None:
    wanted = REQUESTS // PARTS
    statuses = Fuzzer(archived_app).send_all(wanted, part)
    assert statuses.total() == wanted
    assert sum(number for status, number in statuses.items() if status < 400) > LEAST_ANSWERED * statuses.total()


def test_the_parts_are_the_ten_thousand() -> None:
    assert REQUESTS // PARTS * PARTS == REQUESTS


@pytest.mark.parametrize(
    ("kind", "is_sent"),
    [
        ("NUL", b"a\0b" in STRANGE and "a\0b" in TYPED),
        ("unpaired surrogate", b"\xed\xa0\x80" in STRANGE and "\ud800" in TYPED),
        ("huge number", b"9" * 5000 in STRANGE and 10**400 in TYPED),
        ("deep JSON", any(one.startswith(b"[" * 1000) for one in DOCUMENTS)),
        ("wrong type", {type(one) for one in TYPED} >= {type(None), bool, int, float, str, list, dict}),
        ("stolen or broken token", len(HEADERS["Authorization"]) > 3),
    ],
)
def test_each_kind_of_bad_input_is_among_what_is_sent(kind: str, is_sent: bool) -> None:
    assert is_sent, kind
    assert all(isinstance(json.dumps(one), str) for one in TYPED)
