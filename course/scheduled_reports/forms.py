"""The form with which a report by mail is set."""

from __future__ import annotations

from wtforms import SelectField

from course.people.forms import email_field, selected_team_id
from course.scheduled_reports.rules import FREQUENCIES
from course.web.forms import Form


class ReportSubscriptionForm(Form):
    """`email` is asked of administrators only; everybody else sets it for themselves."""

    email = email_field("For whom: their work e-mail")
    team = SelectField("Team and all below it", choices=[])
    every = SelectField("How often", choices=FREQUENCIES, default="week")

    @property
    def team_id(self) -> int | None:
        """The team that was chosen; None for all whom they see."""
        return selected_team_id(self.team.data)
