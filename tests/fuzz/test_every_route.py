"""Random requests to every route make no page fail: six hundred here, ten thousand with `make fuzz`."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.fuzz.requests import PORTION, Fuzzer

EXAMPLES = 60
LEAST_ANSWERED = 0.3  # of the requests: refused ones alone would prove little


@pytest.mark.long(10)
def test_no_request_makes_a_page_fail(fresh_app: Flask) -> None:
    statuses = Fuzzer(fresh_app).send_all(EXAMPLES)
    assert statuses.total() >= EXAMPLES * PORTION * 0.9
    assert sum(number for status, number in statuses.items() if status < 400) > LEAST_ANSWERED * statuses.total()
