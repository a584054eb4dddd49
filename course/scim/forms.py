"""The forms of the pages about connections."""

from __future__ import annotations

from wtforms import RadioField, SelectField
from wtforms.validators import Length

from course.people.forms import clean_line, line_field
from course.scim.rules.grants import KINDS
from course.translation import lazy_gettext as _
from course.web.forms import Form, select_choices

NAME_TAKEN = _("There is already a connection with this name. Enter another one.")
CHOOSE_TEAM = _("Choose a team.")
CHOOSE_PATHWAY = _("Choose a pathway.")


class AddConnectionForm(Form):
    name = line_field(_("Name"), _("Enter the name of your identity provider."))

    def __init__(self) -> None:
        super().__init__()
        self.name.validators = [
            *self.name.validators,
            Length(max=100, message=_("This must be 100 characters or fewer.")),
        ]


class GroupRuleForm(Form):
    """What a group gives its members."""

    kind = RadioField(_("What the group gives"), choices=select_choices(KINDS), default="team")
    team = SelectField(_("Team"), filters=[clean_line])
    pathway = SelectField(_("Pathway"), filters=[clean_line])
