"""Addresses for people outside: those of the routes, below PUBLIC_URL, whatever a request says."""

from __future__ import annotations

import pytest
from flask import Flask, url_for
from werkzeug.routing import BuildError

from course.public_addresses import PublicAddresses

PUBLIC = "https://training.example.org"


def test_an_address_is_that_of_the_page_below_the_public_url_and_not_of_a_request(app: Flask) -> None:
    address = PublicAddresses(app.url_map, PUBLIC)
    pages = [rule.endpoint for rule in app.url_map.iter_rules() if not rule.arguments and "GET" in (rule.methods or ())]
    with app.test_request_context(base_url="https://another.example"):
        assert {address(page) for page in pages} == {PUBLIC + url_for(page) for page in pages}
        assert (
            address("auth.choose_password", token="a b/é")
            == f"{PUBLIC}{url_for('auth.choose_password', token='a b/é')}"
        )
        assert address("reports.show", team=7) == f"{PUBLIC}/report?team=7"


def test_the_address_of_a_page_that_is_not_there_is_an_error(app: Flask) -> None:
    with pytest.raises(BuildError):
        PublicAddresses(app.url_map, PUBLIC)("auth.no_such_page")
