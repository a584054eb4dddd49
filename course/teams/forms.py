"""Forms for changing, merging and closing teams, and for choosing the day of the tree."""

from __future__ import annotations

from wtforms import SelectField

from course.people.forms import clean_line, line_field
from course.translation import lazy_gettext as _
from course.web.forms import DayField, Form

REASON_REQUIRED = _("Enter a short reason. It is kept with the change.")


class ChangeTeamForm(Form):
    name = line_field(_("Name of the team"), _("Enter the name of the team."))
    parent = SelectField(_("Part of"), filters=[clean_line])
    reason = line_field(_("Reason"), REASON_REQUIRED)


class MergeTeamForm(Form):
    into = SelectField(_("Merge it into"), filters=[clean_line])
    reason = line_field(_("Reason"), REASON_REQUIRED)


class CloseTeamForm(Form):
    reason = line_field(_("Reason"), REASON_REQUIRED)


class TreeDateForm(Form):
    """A past day in the address of the page; today without one."""

    class Meta:
        csrf = False

    on = DayField(_("On this day"))
