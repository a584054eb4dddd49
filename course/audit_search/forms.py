"""The search form of the audit log."""

from __future__ import annotations

from wtforms import SelectField, StringField
from wtforms.validators import Length

from course.audit.rules import EVENT_KINDS
from course.translation import lazy_gettext as _
from course.web.forms import DayField, Form, select_choices

_MAX_LENGTH = Length(max=200, message=_("Shorten this to 200 characters."))


def _clean_line(value: str | None) -> str:
    """The text without characters that no database can search for."""
    return "".join(c for c in value or "" if c.isprintable()).strip()


class AuditSearchForm(Form):
    """The search form; all fields may be empty. Sent as query string for the page, and posted for the download."""

    who = StringField(_("Name or address"), filters=[_clean_line], validators=[_MAX_LENGTH])
    kind = SelectField(_("What about"), choices={"": _("Everything")} | select_choices(EVENT_KINDS), default="")
    since = DayField(_("From"))
    until = DayField(_("To"))
    text = StringField(_("Word in the details"), filters=[_clean_line], validators=[_MAX_LENGTH])

    def validate(self, *args: object, **kwargs: object) -> bool:
        """Refuse days that are none, and a last day before the first."""
        valid = bool(super().validate(*args, **kwargs))
        for field in (self.since, self.until):
            # Days so far away that calculations overflow are typing errors as well.
            if field.errors or (field.data and not 2000 <= field.data.year <= 2100):
                field.errors = [_("Enter a day such as 12/02/2027.")]
                valid = False
        if valid and self.since.data and self.until.data and self.until.data < self.since.data:
            self.until.errors = [_("Enter a last day that is not before the first.")]
            valid = False
        return valid

    def query_parameters(self) -> dict[str, str]:
        """What was entered, by the parameter names of the query string; without empty values."""
        values = {name: self[name].data for name in ("who", "kind", "since", "until", "text")}
        return {name: str(value) for name, value in values.items() if value}
