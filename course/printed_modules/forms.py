"""The forms of printed modules: what is printed, and the numbers of a story that come back."""

from __future__ import annotations

from wtforms import BooleanField, SelectField, StringField
from wtforms.validators import Length

from course.content.schema import NATIONS, SETTINGS
from course.people.forms import clean_line
from course.printed_modules.rules.sections import MAX_ROAD
from course.translation import lazy_gettext as _
from course.web.forms import Form, RequiredInput, select_choices


class PrintForm(Form):
    pathway = SelectField(_("Pathway"), choices=select_choices(SETTINGS))
    nation = SelectField(_("Nation"), choices=select_choices(NATIONS))
    large = BooleanField(_("Large print (18 point)"))
    bank = BooleanField(_("Also print every question of the check, with the answers"))


class StoryForm(Form):
    code = StringField(
        _("Code of the story"),
        filters=[clean_line],
        validators=[
            RequiredInput(_("Enter the code of the story, for example 4F09A1.")),
            Length(max=40, message=_("The code has six letters and digits.")),
        ],
        render_kw={"autocomplete": "off", "class": "code"},
    )
    numbers = StringField(
        _("The person’s numbers"),
        filters=[clean_line],
        validators=[
            RequiredInput(_("Enter the numbers with commas between them, for example 14, 3, 27.")),
            Length(max=MAX_ROAD, message=_("The numbers must be 400 characters or fewer.")),
        ],
        render_kw={"autocomplete": "off"},
    )
