"""The form that makes a token."""

from __future__ import annotations

from typing import Any

from wtforms import SelectField, SelectMultipleField
from wtforms.widgets import CheckboxInput

from course.api_tokens.rules import API_SCOPES, NO_SCOPE
from course.people.forms import clean_line, line_field
from course.translation import lazy_gettext as _
from course.web.forms import DayField, Form, select_choices


class MakeTokenForm(Form):
    name = line_field(_("What the token is for"), _("Enter which program will use it."))
    scopes = SelectMultipleField(
        _("What the program may read"),
        choices=select_choices(API_SCOPES),
        option_widget=CheckboxInput(),
    )
    team = SelectField(_("About which people"), filters=[clean_line])
    last_day = DayField(_("Last day"), _("Enter the last day on which the token works."))

    def validate(self, *args: Any, **kwargs: Any) -> bool:
        is_valid = super().validate(*args, **kwargs)
        if not self.scopes.data:
            self.scopes.errors = [NO_SCOPE]
        return is_valid and bool(self.scopes.data)
