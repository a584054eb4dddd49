"""The base of every form: its token against forgery comes from the session and lasts as long as it."""

from __future__ import annotations

from flask_wtf import FlaskForm


class Form(FlaskForm):  # type: ignore[misc]
    """A form whose mistakes are shown above it and beside each field."""

    def mistakes(self) -> list[tuple[str, str]]:
        """The id of each field that is wrong, and what is wrong with it, in the form's order."""
        return [(field.id, str(field.errors[0])) for field in self if field.errors]
