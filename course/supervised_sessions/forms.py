"""The forms of supervised sessions."""

from __future__ import annotations

from wtforms import BooleanField, SelectField, StringField
from wtforms.validators import Length

from course.people.forms import clean_line, line_field
from course.supervised_sessions.rules import PART_KINDS, PartKind, parse_code
from course.translation import lazy_gettext as _
from course.web.forms import DayField, Form, RequiredInput

_NO_CODE = _("Enter the six digits that you were given for this session.")


class CodeForm(Form):
    code = StringField(
        _("Your code"),
        [RequiredInput(_NO_CODE), Length(max=40, message=_NO_CODE)],
        render_kw={"inputmode": "numeric", "autocomplete": "off", "maxlength": 9, "class": "code"},
    )

    def parsed(self) -> str | None:
        """The six digits; None with an error at the field."""
        code = parse_code(self.code.data or "")
        if code is None:
            self.code.errors = [_NO_CODE]
        return code


class PlanForm(Form):
    """What the session is about, where and when; who is expected is ticked beside it."""

    part = SelectField(_("What it is about"), choices=[])
    place = StringField(
        _("Place"),
        filters=[clean_line],
        validators=[
            RequiredInput(_("Enter the place, for example “Dining hall”.")),
            Length(max=100, message=_("The place must be 100 characters or fewer.")),
        ],
    )
    held_on = DayField(_("Day"), _("Enter the day, for example 12/02/2027."))

    def chosen_part(self) -> tuple[PartKind, str] | None:
        """The kind of the part, and the module if it is one; None if the field holds neither."""
        kind, _colon, ref = str(self.part.data or "").partition(":")
        return next(((one, ref) for one in PART_KINDS if one == kind), None)


class AttendanceForm(Form):
    witness = line_field(_("Witness"), _("Enter the name of the witness."))
    read_together = BooleanField(_("We read the pages of this module together"))


class VoidForm(Form):
    reason = line_field(_("Reason"), _("Enter a reason, for example “Two sheets were swapped”."))
