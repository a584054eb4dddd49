"""What somebody looks for in the log."""

from __future__ import annotations

from wtforms import SelectField, StringField
from wtforms.validators import Length

from course.audit.rules import EVENT_KINDS
from course.web.forms import DayField, Form, select_choices

_MAX_LENGTH = Length(max=200, message="Shorten this to 200 characters.")


def _clean_line(value: str | None) -> str:
    """What somebody typed, without what no database can look for."""
    return "".join(c for c in value or "" if c.isprintable()).strip()


class AuditSearchForm(Form):
    """All may be empty. It is sent in the address of the page, and posted for the download."""

    who = StringField("Name or address", filters=[_clean_line], validators=[_MAX_LENGTH])
    kind = SelectField("What about", choices={"": "Everything"} | select_choices(EVENT_KINDS), default="")
    since = DayField("From")
    until = DayField("To")
    text = StringField("Word in the details", filters=[_clean_line], validators=[_MAX_LENGTH])

    def validate(self, *args: object, **kwargs: object) -> bool:
        """The last day is not before the first; a day that is none is said so."""
        fine = bool(super().validate(*args, **kwargs))
        for field in (self.since, self.until):
            # Days so far away that sums with them cannot be done are mistakes of typing as well.
            if field.errors or (field.data and not 2000 <= field.data.year <= 2100):
                field.errors = ["Enter a day such as 12/02/2027."]
                fine = False
        if fine and self.since.data and self.until.data and self.until.data < self.since.data:
            self.until.errors = ["Enter a last day that is not before the first."]
            fine = False
        return fine

    def entered(self) -> dict[str, str]:
        """What was entered, by the names that the address has for it; nothing that is empty."""
        values = {name: self[name].data for name in ("who", "kind", "since", "until", "text")}
        return {name: str(value) for name, value in values.items() if value}
