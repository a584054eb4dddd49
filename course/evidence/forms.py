"""The form with which a pack is asked for."""

from __future__ import annotations

from datetime import date

from wtforms import DateField, SelectField
from wtforms.validators import InputRequired, ValidationError

from course.people.forms import chosen
from course.web.forms import Form

EARLIEST = date(1990, 1, 1)


class PackForm(Form):
    """`today` is put there by the view: a day that has not come yet is not known."""

    team = SelectField("Team and all below it", choices=[])
    on = DateField("As at the end of", validators=[InputRequired("Enter a day, such as 1 March 2026.")])
    today: date

    def validate_on(self, field: DateField) -> None:
        if field.data is not None and field.data > self.today:
            raise ValidationError("This day has not come yet. Enter today or a day before it.")
        if field.data is not None and field.data < EARLIEST:
            raise ValidationError("Enter a day from 1990 on.")

    @property
    def day(self) -> date:
        """The day of a form that is right."""
        return date.fromisoformat(str(self.on.data))

    @property
    def wanted(self) -> int | None:
        """The team that was chosen; None for everybody."""
        return chosen(self.team.data)
