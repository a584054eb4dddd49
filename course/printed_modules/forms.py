"""The form with which a module is printed."""

from __future__ import annotations

from wtforms import BooleanField, SelectField

from course.content.schema import NATIONS, SETTINGS
from course.translation import lazy_gettext as _
from course.web.forms import Form, select_choices


class PrintForm(Form):
    pathway = SelectField(_("Pathway"), choices=select_choices(SETTINGS))
    nation = SelectField(_("Nation"), choices=select_choices(NATIONS))
    large = BooleanField(_("Large print (18 point)"))
    bank = BooleanField(_("Also print every question of the check, with the answers"))
