"""The form for a version of the policy."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Any

from wtforms import HiddenField, IntegerField, RadioField, SelectField
from wtforms.validators import InputRequired, NumberRange

from course.people.forms import line_field
from course.refreshers.rules import Policy
from course.refreshers.rules.dates import MONTHS
from course.refreshers.rules.policy import ANNIVERSARY, FIXED, NEXT, NOW
from course.web.forms import Form, choices

NUMBERS = ("period_months", "window_days", "lapse_months", "starter_days", "minimum_days", "fixed_day",
           "fixed_month", "minimum_months")  # fmt: skip


def _number(label: str, low: int, high: int) -> IntegerField:
    message = f"Enter a whole number from {low} to {high}."
    return IntegerField(label, validators=[InputRequired(message), NumberRange(low, high, message)])


class PolicyForm(Form):
    """`confirmed` holds the mark of what was previewed: what is saved is what was seen."""

    kind = RadioField(
        "When is a certificate renewed?",
        choices={ANNIVERSARY: "Each person on their own date", FIXED: "Everybody by the same date each year"},
        default=ANNIVERSARY,
    )
    period_months = _number("Months for which a certificate is valid (own date)", 1, 60)
    fixed_day = _number("Day of the month (same date for everybody)", 1, 31)
    fixed_month = SelectField(
        "Month (same date for everybody)", coerce=int, choices=choices(dict(enumerate(MONTHS, 1)))
    )
    minimum_months = _number("Months for which a certificate is valid at least (same date for everybody)", 1, 24)
    window_days = _number("Days before the last day from which one can renew and keep the date", 1, 300)
    lapse_months = _number("Months after the last day until the whole course is needed again", 0, 60)
    starter_days = _number("Days that somebody new has for the course", 0, 365)
    minimum_days = _number("Days that everybody has at least, whatever changes", 0, 90)
    applies = RadioField(
        "From when does it apply?",
        choices={NEXT: "From each person’s next renewal on", NOW: "Now: due days move. Certificates keep their dates."},
        default=NEXT,
    )
    reason = line_field("Reason", "Say in a few words why.")
    confirmed = HiddenField()

    def validate(self, *args: object, **kwargs: object) -> bool:
        """The numbers fit each other as well (see rules/policy.py)."""
        if not super().validate(*args, **kwargs):
            return False
        try:
            self.policy(date(2026, 1, 1))
        except ValueError as error:
            self.window_days.errors = [str(error)]
            return False
        return True

    def policy(self, since: date) -> Policy:
        """What was entered. Raises ValueError if the numbers contradict each other."""
        numbers: dict[str, Any] = {name: int(self[name].data) for name in NUMBERS}
        return Policy(since=since, kind=self.kind.data, applies=self.applies.data, recorded=since, **numbers)

    def mark(self) -> str:
        """Stands for all that was entered."""
        entered = "|".join(str(self[name].data) for name in (*NUMBERS, "kind", "applies", "reason"))
        return hashlib.sha256(entered.encode()).hexdigest()[:20]
