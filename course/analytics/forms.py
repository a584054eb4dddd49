"""The forms that record a team's discussion and withdraw the record."""

from __future__ import annotations

from wtforms import IntegerField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange

from course.analytics.rules.discussions import MAX_PEOPLE
from course.people.forms import line_field
from course.people.rules import normalise_line
from course.translation import lazy_gettext as _
from course.web.forms import DayField, Form

_PEOPLE_MESSAGE = _("Enter how many took part, with whoever led: a whole number from 2 on.")


def _clean_lines(text: str | None) -> str:
    """The text, line by line, without characters that no database or document can hold."""
    return "\n".join(normalise_line(line) for line in (text or "").strip().splitlines())


class DiscussionForm(Form):
    held_on = DayField(_("Day of the talk"), _("Enter the day, such as 12/02/2027."))
    people = IntegerField(
        _("How many took part"),
        validators=[InputRequired(_PEOPLE_MESSAGE), NumberRange(2, MAX_PEOPLE, _PEOPLE_MESSAGE)],
    )
    agreed = TextAreaField(
        _("What you agreed (may stay empty)"),
        filters=[_clean_lines],
        validators=[Length(max=500, message=_("Shorten this to 500 characters."))],
        render_kw={"rows": 3, "maxlength": 500},
    )


class WithdrawDiscussionForm(Form):
    reason = line_field(_("Reason"), _("Say in a few words why, such as: wrong team."))
