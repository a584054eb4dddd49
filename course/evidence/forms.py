"""The forms to request an evidence pack, and to check one."""

from __future__ import annotations

from datetime import date

from flask_wtf.file import FileField, FileRequired
from wtforms import SelectField
from wtforms.validators import ValidationError

from course.people.forms import selected_team_id
from course.translation import lazy_gettext as _
from course.web.forms import DayField, Form

EARLIEST_DAY = date(1990, 1, 1)


class PackForm(Form):
    """The team and the day of a pack. The view sets `today`: nothing is known about later days."""

    team = SelectField(_("Team and sub-teams"), choices=[])
    on = DayField(_("Day"), _("Enter a day, such as 1 March 2026."))
    today: date

    def validate_on(self, field: DayField) -> None:
        if field.data is not None and field.data > self.today:
            raise ValidationError(_("Enter today or a day in the past."))
        if field.data is not None and field.data < EARLIEST_DAY:
            raise ValidationError(_("Enter a day from 1990 on."))

    @property
    def team_id(self) -> int | None:
        """The id of the chosen team; None for everybody."""
        return selected_team_id(self.team.data)


class PackUploadForm(Form):
    """The file of a pack that somebody checks."""

    file = FileField(_("The evidence pack (ZIP file)"), [FileRequired(_("Choose the file."))])
