"""Forms for changing, merging and closing teams, and for choosing the day of the tree."""

from __future__ import annotations

from wtforms import SelectField

from course.people.forms import clean_line, line_field
from course.web.forms import DayField, Form

REASON_REQUIRED = "Say in a few words why. It stays beside the change."


class ChangeTeamForm(Form):
    name = line_field("Name of the team", "Enter the name of the team.")
    parent = SelectField("Part of", filters=[clean_line])
    reason = line_field("Reason", REASON_REQUIRED)


class MergeTeamForm(Form):
    into = SelectField("Merge it into", filters=[clean_line])
    reason = line_field("Reason", REASON_REQUIRED)


class CloseTeamForm(Form):
    reason = line_field("Reason", REASON_REQUIRED)


class TreeDateForm(Form):
    """A past day in the address of the page; today without one."""

    class Meta:
        csrf = False

    on = DayField("As it was on")
