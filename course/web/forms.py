"""The base of every form: its token against forgery comes from the session and lasts as long as it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import request
from flask_wtf import FlaskForm
from wtforms import DateField, Field, IntegerField, SelectField
from wtforms.form import BaseForm
from wtforms.validators import DataRequired, NumberRange, Optional

from course.web.input_guard import LARGEST_NUMBER

# Days beyond these are mistyped, and years cannot be counted on from the first and the last that there are.
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)


class RequiredInput(DataRequired):
    """Says that nothing was entered only where nothing was: what was not understood has its own message."""

    def __call__(self, form: BaseForm, field: Field) -> None:
        if not field.process_errors:
            super().__call__(form, field)


class DayField(DateField):
    """A calendar day, from the browser's date picker or typed."""

    def __init__(self, label: str, empty: str = "", **kwargs: Any) -> None:
        needed = RequiredInput(empty) if empty else Optional()
        super().__init__(label, [needed], ["%Y-%m-%d", "%d/%m/%Y", "%d %B %Y", "%d %b %Y"], **kwargs)

    @property
    def day(self) -> date:
        """The day that was entered, in a form that is valid and needs one."""
        if self.data is None:
            raise ValueError("no day was entered")
        return self.data

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = None  # a form that shows a day at first does not mean it where nothing was entered
        try:
            super().process_formdata([value.strip() for value in valuelist if value.strip()])
        except ValueError:
            raise ValueError("Enter a day such as 12/02/2027.") from None
        if self.data is not None and not FIRST_DAY <= self.data <= LAST_DAY:
            self.data = None
            raise ValueError(f"Enter a day between {FIRST_DAY.year} and {LAST_DAY.year}, such as 12/02/2027.")


class Form(FlaskForm):  # type: ignore[misc]
    """A form whose mistakes are shown above it and beside each field."""

    def process(self, *args: Any, **kwargs: Any) -> None:
        super().process(*args, **kwargs)
        for field in self:
            if isinstance(field, IntegerField) and field.data is not None and abs(field.data) > LARGEST_NUMBER:
                field.data = None
                field.process_errors = [_number_message(field)]

    def validate(self, *args: Any, **kwargs: Any) -> bool:
        fine = bool(super().validate(*args, **kwargs))
        for field in self:
            if isinstance(field, SelectField) and field.errors:
                field.errors = ["Choose one from the list."]
            if isinstance(field, IntegerField) and field.errors and field.process_errors:
                field.errors = [_number_message(field)]
        return fine

    def mistakes(self) -> list[tuple[str, str]]:
        """The id of each field that is wrong, and what is wrong with it, in the form's order."""
        return [(field.id, str(field.errors[0])) for field in self if field.errors]


def _number_message(field: IntegerField) -> str:
    """What to enter in place of something that is no number: what the field says of a number that does not fit."""
    limits = (one.message for one in field.validators if isinstance(one, NumberRange) and one.message)
    return next(limits, "Enter a whole number.")


def query_number(name: str) -> int | None:
    """A number that stands in the page's address after `name=`; None if there is none, or none that a database knows."""
    found = request.args.get(name, type=int)
    return found if found is not None and 0 < found <= LARGEST_NUMBER else None


def select_choices(words: Mapping[Any, str]) -> dict[str, Any]:
    """What a select offers: what it sends, and the words for it."""
    return {str(value): text for value, text in words.items()}
