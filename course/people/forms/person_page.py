"""Forms about one person."""

from __future__ import annotations

from wtforms import RadioField, SelectField

from course.people.forms.directory import IdentityForm, clean_line, line_field
from course.translation import lazy_gettext as _
from course.web.forms import DayField, Form, GuardedForm

REASON_REQUIRED = _("Enter a short reason.")
RETURNED, NEVER_LEFT = "returned", "never left"
GRANTABLE_ROLES = {
    "manager": _("Manager of a team and its sub-teams"),
    "hr": _("HR"),
    "auditor": _("Auditor, until a day"),
    "administrator": _("Administrator of the course"),
}


class CorrectIdentityForm(GuardedForm, IdentityForm):
    reason = line_field(_("Reason"), REASON_REQUIRED)


class TeamMembershipForm(Form):
    team = SelectField(_("Team"), filters=[clean_line])
    how = RadioField(
        _("Move or add"),
        choices={
            "move": _("Move them: they leave their present teams"),
            "add": _("Add this team to their present teams"),
        },
        default="move",
    )


class GrantRoleForm(Form):
    """A role with its team, and for an auditor with its last day."""

    role = RadioField(_("Role"), choices=GRANTABLE_ROLES)
    team = SelectField(_("Team"), filters=[clean_line])
    last_day = DayField(_("Last day"))


class DepartureForm(Form):
    last_day = DayField(_("Last day"), _("Enter the last day, for example 12/02/2027."))
    reason = line_field(_("Reason"), REASON_REQUIRED)


class ReturnForm(Form):
    what = RadioField(
        _("What happened?"),
        choices={
            RETURNED: _("They left, and have come back"),
            NEVER_LEFT: _("They never left: it was recorded by mistake"),
        },
        default=RETURNED,
        validate_choice=False,  # a page from before there was a choice does not send it
    )
    first_day = DayField(_("First day back"), _("Enter the first day, for example 12/02/2027."))
    team = SelectField(_("Team"), filters=[clean_line])
    reason = line_field(_("Reason"), REASON_REQUIRED)


class MergePeopleForm(Form):
    other = line_field(
        _("E-mail address or sign-in name of the other entry"),
        _("Enter what the person of the other entry signs in with."),
    )
    keep = RadioField(
        _("Which e-mail address is correct?"),
        choices={"first": _("The one on this page"), "second": _("The one on the other entry")},
        default="first",
    )
    reason = line_field(_("Reason"), REASON_REQUIRED)
