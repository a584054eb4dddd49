"""Forms about one person."""

from __future__ import annotations

from wtforms import RadioField, SelectField, StringField
from wtforms.validators import Length

from course.people.forms.directory import clean_line, email_field, line_field, name_field
from course.web.forms import DayField, Form

REASON_REQUIRED = "Say in a few words why."
GRANTABLE_ROLES = {"manager": "Manager of a team and all below it", "administrator": "Administrator of the course"}


class CorrectIdentityForm(Form):
    name = name_field()
    email = email_field()
    staff_number = StringField(
        "Staff number", filters=[clean_line], validators=[Length(max=50, message="Shorten this to 50 characters.")]
    )
    reason = line_field("Reason", REASON_REQUIRED)


class TeamMembershipForm(Form):
    team = SelectField("Team", filters=[clean_line])
    how = RadioField(
        "How?",
        choices={"move": "Move there: they leave the teams that they are in", "add": "Add this team to those"},
        default="move",
    )


class GrantRoleForm(Form):
    role = SelectField("Role", choices=GRANTABLE_ROLES)
    team = SelectField("Team that they manage", filters=[clean_line])


class DepartureForm(Form):
    last_day = DayField("Last day", "Enter the last day, such as 12/02/2027.")
    reason = line_field("Reason", REASON_REQUIRED)


class ReturnForm(Form):
    first_day = DayField("First day back", "Enter the first day, such as 12/02/2027.")
    team = SelectField("Team", filters=[clean_line])
    reason = line_field("Reason", REASON_REQUIRED)


class MergePeopleForm(Form):
    other = email_field("E-mail address of the other entry")
    keep = RadioField(
        "Which address is right?",
        choices={"first": "The one on this page", "second": "The one of the other entry"},
        default="first",
    )
    reason = line_field("Reason", REASON_REQUIRED)
