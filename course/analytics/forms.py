"""The forms that record a team's discussion and withdraw the record."""

from __future__ import annotations

from wtforms import IntegerField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange

from course.analytics.rules.discussions import MAX_PEOPLE
from course.people.forms import line_field
from course.people.rules import normalise_line
from course.translation import lazy_gettext as _
from course.web.forms import DayField, Form

_PEOPLE_MESSAGE = _("Enter how many people took part, including the one who led: 2 or more.")


def _clean_lines(text: str | None) -> str:
    """The text, line by line, without characters that no database or document can hold."""
    return "\n".join(normalise_line(line) for line in (text or "").strip().splitlines())


class DiscussionForm(Form):
    held_on = DayField(_("Day of the talk"), _("Enter the day, for example 12/02/2027."))
    people = IntegerField(
        _("Number of people"),
        validators=[InputRequired(_PEOPLE_MESSAGE), NumberRange(2, MAX_PEOPLE, _PEOPLE_MESSAGE)],
    )
    agreed = TextAreaField(
        _("What you agreed (optional)"),
        filters=[_clean_lines],
        validators=[Length(max=500, message=_("This must be 500 characters or fewer."))],
        render_kw={"rows": 3, "maxlength": 500},
    )


class WithdrawDiscussionForm(Form):
    reason = line_field(_("Reason"), _("Enter a short reason, for example: wrong team."))
