"""Input of days and numbers: what is accepted, and the messages for other input."""

from __future__ import annotations

import re
from datetime import date

import pytest
from flask import Flask
from wtforms import EmailField, IntegerField, StringField, TelField, TextAreaField
from wtforms.validators import NumberRange, Optional

from course.web.forms import DayField, Form

NUMBER = "Enter a whole number from 1 to 9."


class _Both(Form):
    day = DayField("Day", "Enter the day.")
    other = DayField("Another day")
    number = IntegerField("Number", [Optional(), NumberRange(1, 9, NUMBER)])
    free = IntegerField("Any number", [Optional()])


def _filled(app: Flask, **given: str) -> _Both:
    with app.test_request_context("/", method="POST", data=given):
        form = _Both(meta={"csrf": False})
        form.validate()
    return form


@pytest.mark.parametrize("typed", ["2027-02-12", " 12/02/2027 ", "12 February 2027", "12 Feb 2027"])
def test_a_day_is_understood_as_it_is_typed(app: Flask, typed: str) -> None:
    form = _filled(app, day=typed, number="9", free="-3")
    assert (form.day.data, form.other.data, form.number.data, form.mistakes()) == (date(2027, 2, 12), None, 9, [])


@pytest.mark.parametrize(
    ("given", "mistakes"),
    [
        ({"day": ""}, [("day", "Enter the day.")]),
        ({"day": "  "}, [("day", "Enter the day.")]),
        ({"day": "2027-02-12", "other": " "}, []),
        ({"day": "soon"}, [("day", "Enter a day such as 12/02/2027.")]),
        ({"day": "31/02/2027"}, [("day", "Enter a day such as 12/02/2027.")]),
        ({"day": "2027-02-12", "other": "x"}, [("other", "Enter a day such as 12/02/2027.")]),
        ({"day": "2027-02-12", "number": "many"}, [("number", NUMBER)]),
        ({"day": "2027-02-12", "number": "10"}, [("number", NUMBER)]),
        ({"day": "2027-02-12", "number": "1.5", "free": "x"}, [("number", NUMBER), ("free", "Enter a whole number.")]),
    ],
)
def test_other_input_is_refused_with_what_to_enter(
    app: Flask, given: dict[str, str], mistakes: list[tuple[str, str]]
) -> None:
    assert _filled(app, **given).mistakes() == mistakes


class _Typed(Form):
    reason = StringField("Why")
    phone = TelField("Telephone", render_kw={"class": "code"})
    own_email = EmailField("Your e-mail address", render_kw={"autocomplete": "email"})
    note = TextAreaField("Note")


def test_a_browser_offers_only_what_a_field_asks_for(app: Flask) -> None:
    """What one person typed, such as why a colleague is away, is not offered to the next one at the same computer."""
    with app.test_request_context("/"):
        found = [re.findall(r'autocomplete="(\w+)"', str(field())) for field in _Typed(meta={"csrf": False})]
    assert found == [["off"], ["off"], ["email"], []]
