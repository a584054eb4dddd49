"""Forms for changing, merging and closing teams, and for choosing the day of the tree."""

from __future__ import annotations

from wtforms import SelectField, StringField
from wtforms.validators import Length

from course.people.forms import clean_line, line_field
from course.translation import lazy_gettext as _
from course.web.forms import DayField, Form, GuardedForm

REASON_REQUIRED = _("Enter a short reason. It is kept with the change.")


class ChangeTeamForm(GuardedForm):
    name = line_field(_("Name of the team"), _("Enter the name of the team."))
    parent = SelectField(_("Part of"), filters=[clean_line])
    reason = line_field(_("Reason"), REASON_REQUIRED)


class MergeTeamForm(Form):
    into = SelectField(_("Merge it into"), filters=[clean_line])
    reason = line_field(_("Reason"), REASON_REQUIRED)


class CloseTeamForm(Form):
    reason = line_field(_("Reason"), REASON_REQUIRED)


class ChooseManagerForm(Form):
    """One of the people of the team, or anybody else by their address or staff number."""

    person = SelectField(_("Someone in this team"), filters=[clean_line], validate_choice=True)
    other = StringField(
        _("Or someone else"),
        filters=[clean_line],
        validators=[Length(max=254, message=_("This must be 254 characters or fewer."))],
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )


class TreeDateForm(Form):
    """A past day in the address of the page; today without one."""

    class Meta:
        csrf = False

    on = DayField(_("On this day"))
