"""The base of every form: its token against forgery comes from the session and lasts as long as it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request
from flask_wtf import FlaskForm
from wtforms import SelectField


class Form(FlaskForm):  # type: ignore[misc]
    """A form whose mistakes are shown above it and beside each field."""

    def validate(self, *args: Any, **kwargs: Any) -> bool:
        fine = bool(super().validate(*args, **kwargs))
        for field in self:
            if isinstance(field, SelectField) and field.errors:
                field.errors = ["Choose one from the list."]
        return fine

    def mistakes(self) -> list[tuple[str, str]]:
        """The id of each field that is wrong, and what is wrong with it, in the form's order."""
        return [(field.id, str(field.errors[0])) for field in self if field.errors]


def number_in_address(name: str) -> int | None:
    """A number that stands in the page's address after `name=`; None if there is none, or none that a database knows."""
    found = request.args.get(name, type=int)
    return found if found is not None and 0 < found < 2**31 else None


def choices(words: Mapping[Any, str]) -> dict[str, Any]:
    """What a select offers: what it sends, and the words for it."""
    return {str(value): text for value, text in words.items()}
