"""The forms for a version of the reminder policy, and for the wording of mails."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime

from wtforms import Field, HiddenField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, ValidationError

from course.dates import format_date, with_english_months
from course.mail.rules import MAX_OPENING, MAX_SENDER, opening_fault, sender_fault
from course.people.forms import line_field
from course.reminders.rules import ReminderPolicy
from course.reminders.rules.policy import WEEKDAYS
from course.translation import gettext, lazy_gettext
from course.web.forms import Form, select_choices

_DATE_FORMATS = ("%d %B %Y", "%d/%m/%Y", "%d.%m.%Y", "%Y-%m-%d", "%d %b %Y")
_HOUR_LABELS = {hour: f"{hour}.00" for hour in range(24)}


def parse_days(text: str) -> tuple[int, ...]:
    """The numbers in a line such as "60, 30, 7", largest first, without repetition; "and" may stand between them, also in
    Welsh. Raises ValueError for anything else."""
    parts = [part for part in re.split(r"[\s,;]+|\b(?:and|ac?)\b", text.strip()) if part]
    if not parts or not all(re.fullmatch(r"[0-9]{1,3}", part) for part in parts):
        raise ValueError(lazy_gettext("Enter whole numbers with commas between them, such as 60, 30, 14, 7, 1."))
    return tuple(sorted({int(part) for part in parts}, reverse=True))


def parse_closures(text: str) -> tuple[tuple[date, date], ...]:
    """The closures, one per line, such as "21 December 2026 to 1 January 2027", or a single day.

    Raises ValueError with the number of the line.
    """
    closures, between = [], re.escape(gettext("to"))
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        first, _, last = re.sub(rf"\s+(to|until|–|-|{between})\s+", "|", line.strip()).partition("|")
        try:
            first_day = _parse_date(first)
            closures.append((first_day, _parse_date(last) if last else first_day))
        except ValueError:
            raise ValueError(
                lazy_gettext(
                    "Line %(number)s, “%(strip)s”: enter a day such as 21 December 2026, or two with “to” between.",
                    number=number,
                    strip=line.strip()[:60],
                )
            ) from None
    return tuple(closures)


def _parse_date(text: str) -> date:
    for form in _DATE_FORMATS:
        try:
            return datetime.strptime(with_english_months(text.strip()), form).date()  # noqa: DTZ007 (a day has no zone)
        except ValueError:
            continue
    raise ValueError(text)


def format_closures(closed: tuple[tuple[date, date], ...]) -> str:
    """The lines that `parse_closures` reads, in the current language."""
    return "\n".join(
        format_date(first) if last == first else f"{format_date(first)} {gettext('to')} {format_date(last)}"
        for first, last in closed
    )


def _day_count_field(label: str, high: int) -> IntegerField:
    message = lazy_gettext("Enter a whole number from 1 to %(high)s.", high=high)
    return IntegerField(label, validators=[InputRequired(message), NumberRange(1, high, message)])


class ReminderPolicyForm(Form):
    """The reminder policy. `policy()` is what was entered, once the form is valid."""

    before = StringField(
        lazy_gettext("Days before the due day"),
        validators=[InputRequired(lazy_gettext("Enter at least one number of days."))],
    )
    every_days = _day_count_field(lazy_gettext("After the due day, every … days"), 90)
    digest_weekday = SelectField(lazy_gettext("Managers and the safeguarding lead get their summary on"), coerce=int,
                                 choices=select_choices(dict(enumerate(WEEKDAYS))))  # fmt: skip
    lead_days = _day_count_field(lazy_gettext("Tell the safeguarding lead after … days overdue"), 365)
    opens = SelectField(lazy_gettext("Send mail from"), coerce=int, choices=select_choices(_HOUR_LABELS))
    closes = SelectField(lazy_gettext("and until"), coerce=int, choices=select_choices(_HOUR_LABELS))
    closed = TextAreaField(
        lazy_gettext("Days when you are closed (optional)"),
        validators=[Length(max=2000, message=lazy_gettext("Shorten this to 2000 characters."))],
    )
    reason = line_field(lazy_gettext("Reason"), lazy_gettext("Say in a few words why."))
    seen = HiddenField()  # the version that the page showed

    def validate_before(self, field: Field) -> None:
        """Numbers, and no more of them than the policy allows."""
        _convert_error(lambda: ReminderPolicy(before=parse_days(field.data)))

    def validate_closed(self, field: Field) -> None:
        """Valid days, and closures that are not too long."""
        _convert_error(lambda: ReminderPolicy(closed=parse_closures(field.data or "")))

    def validate(self, *args: object, **kwargs: object) -> bool:
        """Refuse sending hours that end before they begin."""
        valid = bool(super().validate(*args, **kwargs))
        if not self.closes.errors and not self.opens.errors and self.closes.data <= self.opens.data:
            self.closes.errors = [lazy_gettext("Choose an hour after the first one.")]
            return False
        return valid

    @property
    def seen_version(self) -> int | None:
        """The version that the page showed, 0 if there was none; -1 for what is no number, None if nothing was sent."""
        return _version(self.seen) if self.seen.data else None

    def policy(self) -> ReminderPolicy:
        """The policy that was entered."""
        return ReminderPolicy(
            parse_days(self.before.data or ""),
            int(self.every_days.data or 0),
            self.digest_weekday.data,
            int(self.lead_days.data or 0),
            self.opens.data,
            self.closes.data,
            parse_closures(self.closed.data or ""),
        )


def _convert_error(make: Callable[[], object]) -> None:
    try:
        make()
    except ValueError as error:
        raise ValidationError(str(error)) from None


class MailWordingForm(Form):
    """How the organisation words its mails. Both fields may be empty. `seen` is the version that the page showed."""

    sender = StringField(lazy_gettext("Name of the sender (optional)"), render_kw={"maxlength": MAX_SENDER})
    opening = StringField(
        lazy_gettext("First sentence of every e-mail (optional)"), render_kw={"maxlength": MAX_OPENING}
    )
    seen = HiddenField()

    @property
    def seen_version(self) -> int:
        """The version that the page showed; -1 for what is no number."""
        return _version(self.seen)

    def validate_sender(self, field: Field) -> None:
        """A name that is safe in the head of a mail."""
        _refuse(sender_fault(field.data or ""))

    def validate_opening(self, field: Field) -> None:
        """One line."""
        _refuse(opening_fault(field.data or ""))


def _version(field: Field) -> int:
    return int(field.data) if re.fullmatch(r"[0-9]{1,9}", field.data or "") else -1


def _refuse(fault: str | None) -> None:
    if fault is not None:
        raise ValidationError(fault)
