"""The base class of forms, and fields that several features use. The CSRF token of a form lasts as long as its session."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import request
from flask_wtf import FlaskForm
from wtforms import DateField, Field, IntegerField, SelectField
from wtforms.form import BaseForm
from wtforms.validators import DataRequired, NumberRange, Optional

from course.dates import with_english_months
from course.translation import lazy_gettext as _
from course.web.input_guard import LARGEST_NUMBER

# Days outside this range are typing errors; and adding years to the first or last day that Python knows would fail.
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)


# Fields in which a browser offers what somebody typed into a field of this name before.
_REMEMBERED_INPUTS = frozenset({"text", "email", "tel", "search", "url"})


class RequiredInput(DataRequired):
    """DataRequired that reports only empty input: input that could not be parsed has a message of its own."""

    def __call__(self, form: BaseForm, field: Field) -> None:
        if not field.process_errors:
            super().__call__(form, field)


class DayField(DateField):
    """A calendar day, from the browser's date picker or typed. `required_message` is the error for an empty field; without
    it the field may be empty."""

    def __init__(self, label: str, required_message: str = "", **kwargs: Any) -> None:
        validator = RequiredInput(required_message) if required_message else Optional()
        super().__init__(label, [validator], ["%Y-%m-%d", "%d/%m/%Y", "%d %B %Y", "%d %b %Y"], **kwargs)

    @property
    def day(self) -> date:
        """The day that was entered, in a valid form whose field is required. Raises ValueError if there is none."""
        if self.data is None:
            raise ValueError("no day was entered")
        return self.data

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = None  # an emptied field means no day, not the day that the form showed at first
        try:
            super().process_formdata([with_english_months(value.strip()) for value in valuelist if value.strip()])
        except ValueError:
            raise ValueError(_("Enter a day such as 12/02/2027.")) from None
        if self.data is not None and not FIRST_DAY <= self.data <= LAST_DAY:
            self.data = None
            raise ValueError(
                _(
                    "Enter a day between %(year)s and %(year_2)s, such as 12/02/2027.",
                    year=FIRST_DAY.year,
                    year_2=LAST_DAY.year,
                )
            )


class Form(FlaskForm):  # type: ignore[misc]
    """A form whose errors are shown above it and beside each field.

    A browser neither fills in nor offers what was typed before, except into a field that says what it is: computers are
    shared, fields named "reason" hold why a colleague is away, and a contact is not the person who enters it.
    """

    def process(self, *args: Any, **kwargs: Any) -> None:
        super().process(*args, **kwargs)
        for field in self:
            if getattr(field.widget, "input_type", "") in _REMEMBERED_INPUTS:
                field.render_kw = {"autocomplete": "off", **(field.render_kw or {})}
            if isinstance(field, IntegerField) and field.data is not None and abs(field.data) > LARGEST_NUMBER:
                field.data = None
                field.process_errors = [_number_message(field)]

    def validate(self, *args: Any, **kwargs: Any) -> bool:
        is_valid = bool(super().validate(*args, **kwargs))
        for field in self:
            if isinstance(field, SelectField) and field.errors:
                field.errors = [_("Choose one from the list.")]
            if isinstance(field, IntegerField) and field.errors and field.process_errors:
                field.errors = [_number_message(field)]
        return is_valid

    def mistakes(self) -> list[tuple[str, str]]:
        """The id and the first error of each field that has one, in the order of the form."""
        return [(field.id, str(field.errors[0])) for field in self if field.errors]


def _number_message(field: IntegerField) -> str:
    """The error for input that is not a number: the same as the field's error for a number out of range."""
    limits = (check.message for check in field.validators if isinstance(check, NumberRange) and check.message)
    return next(limits, _("Enter a whole number."))


def query_number(name: str) -> int | None:
    """The number after `name=` in the address of the page; None if there is none, or if a database cannot store it."""
    found = request.args.get(name, type=int)
    return found if found is not None and 0 < found <= LARGEST_NUMBER else None


def sent_numbers(name: str) -> list[int]:
    """The numbers that a form sends under a name, but for those that a database cannot store."""
    return [number for number in request.form.getlist(name, type=int) if 0 <= number <= LARGEST_NUMBER]


def select_choices(words: Mapping[Any, str]) -> dict[str, Any]:
    """The choices of a select field: each value as it is sent, with its label."""
    return {str(value): text for value, text in words.items()}
