"""The form for subscribing to a report by mail."""

from __future__ import annotations

from wtforms import SelectField

from course.people.forms import email_field, selected_team_id
from course.scheduled_reports.rules import FREQUENCIES
from course.translation import lazy_gettext as _
from course.web.forms import Form


class ReportSubscriptionForm(Form):
    """A subscription. Only administrators are asked for `email`; managers subscribe themselves."""

    email = email_field(_("Work e-mail of the person who gets it"))
    team = SelectField(_("Team and sub-teams"), choices=[])
    every = SelectField(_("How often"), choices=FREQUENCIES, default="week")

    @property
    def team_id(self) -> int | None:
        """The chosen team; None for all teams that the person sees."""
        return selected_team_id(self.team.data)
