"""The form with which a refresher on paper is entered."""

from __future__ import annotations

from wtforms import BooleanField, StringField
from wtforms.validators import Length

from course.people.forms import clean_line
from course.printed_modules.rules.sections import MAX_ROAD
from course.translation import lazy_gettext as _
from course.web.forms import Form


class ReadingForm(Form):
    """What one person read and decided. Each field can be left out."""

    read = BooleanField(_("They have read the pages that were printed for them"))
    code = StringField(
        _("Code of the story"),
        filters=[clean_line],
        validators=[Length(max=40, message=_("The code has six letters and digits."))],
        render_kw={"autocomplete": "off", "class": "code"},
    )
    numbers = StringField(
        _("The person’s numbers"),
        filters=[clean_line],
        validators=[Length(max=MAX_ROAD, message=_("The numbers must be 400 characters or fewer."))],
        render_kw={"autocomplete": "off"},
    )
