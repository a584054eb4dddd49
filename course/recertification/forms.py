"""The forms for a policy version and for the facts that are recorded about a person."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from wtforms import HiddenField, IntegerField, RadioField, SelectField
from wtforms.validators import InputRequired, NumberRange, Optional, ValidationError

from course.people.forms import line_field
from course.recertification.rules import CertificationFacts, Policy
from course.recertification.rules.civil_dates import DATE_RANGE_MESSAGE, EARLIEST_DATE, MONTHS, is_plausible_date
from course.recertification.rules.fact_impact import certificate_limit, extension_limit
from course.recertification.rules.facts import INITIAL, REFRESHER, USUAL_RE_ENTER_DAYS, current_pause
from course.recertification.rules.policy import ANNIVERSARY, FIXED_DATE, GENERAL, IMMEDIATELY, NEXT_RENEWAL
from course.translation import lazy_gettext as _
from course.web.forms import DayField, Form, select_choices

NUMBER_FIELDS = ("period_months", "window_days", "lapse_months", "starter_days", "minimum_days", "fixed_day",
           "fixed_month", "minimum_months")  # fmt: skip


def _number_field(label: str, low: int, high: int, default: int | None = None) -> IntegerField:
    message = _("Enter a whole number from %(low)s to %(high)s.", low=low, high=high)
    return IntegerField(label, validators=[InputRequired(message), NumberRange(low, high, message)], default=default)


class PolicyForm(Form):
    """A new policy version. `confirmed` holds the fingerprint of the previewed version, so that only what was previewed
    is saved."""

    kind = RadioField(
        _("When is a certificate renewed?"),
        choices={
            ANNIVERSARY: _("Each person on their own date"),
            FIXED_DATE: _("Everyone by the same date each year"),
        },
        default=ANNIVERSARY,
    )
    period_months = _number_field(_("Months a certificate is valid (own date)"), 1, 60)
    fixed_day = _number_field(_("Day of the month (same date for everyone)"), 1, 31)
    fixed_month = SelectField(
        _("Month (same date for everyone)"), coerce=int, choices=select_choices(dict(enumerate(MONTHS, 1)))
    )
    minimum_months = _number_field(_("Minimum months a certificate is valid (same date for everyone)"), 1, 24)
    window_days = _number_field(_("Days before the last day when people can renew and keep their date"), 1, 300)
    lapse_months = _number_field(_("Months after the last day until the whole course is needed again"), 0, 60)
    starter_days = _number_field(_("Days a new starter has to complete the course"), 0, 365)
    minimum_days = _number_field(_("Minimum days anyone gets, whatever changes"), 0, 90)
    import_age_months = IntegerField(
        _("Months after which an earlier certificate is too old to count (optional)"),
        validators=[Optional(), NumberRange(1, 120, _("Enter a whole number from 1 to 120, or leave this empty."))],
    )
    applies = RadioField(
        _("From when does it apply?"),
        choices={
            NEXT_RENEWAL: _("From each person’s next renewal on"),
            IMMEDIATELY: _("Now: due days move. Certificates keep their dates."),
        },
        default=NEXT_RENEWAL,
    )
    reason = line_field(_("Reason"), _("Say in a few words why."))
    confirmed = HiddenField()

    def validate(self, *args: object, **kwargs: object) -> bool:
        """Also checks that the numbers do not contradict each other (see rules/policy.py)."""
        if not super().validate(*args, **kwargs):
            return False
        try:
            self.policy(EARLIEST_DATE, Policy(EARLIEST_DATE, pathway="any"))
        except ValueError as error:
            self.window_days.errors = [str(error)]
            return False
        return True

    def policy(self, since: date, current: Policy) -> Policy:
        """The policy version that was entered, in place of the version `current`. Raises ValueError if the numbers
        contradict each other."""
        numbers: dict[str, Any] = {name: int(self[name].data) for name in NUMBER_FIELDS}
        return replace(
            current,
            since=since,
            recorded=since,
            kind=self.kind.data,
            applies=self.applies.data,
            import_age_months=self.import_age_months.data,
            **numbers,
        )

    def fingerprint(self, others: Sequence[Policy]) -> str:
        """A digest of everything that was entered, and of the other policy versions, on which its effect depends: what somebody
        else saves after the preview is not undone unseen."""
        entered = "|".join(
            str(self[name].data) for name in (*NUMBER_FIELDS, "import_age_months", "kind", "applies", "reason")
        )
        return hashlib.sha256(f"{entered}|{others!r}".encode()).hexdigest()[:20]


class PathwayPolicyForm(PolicyForm):
    """A new policy version for one pathway, which may also follow the policy for everybody."""

    kind = RadioField(
        _("When is a certificate renewed?"),
        choices={
            GENERAL: _("Same as everyone: no separate rule for this pathway"),
            ANNIVERSARY: _("Each person on their own date"),
            FIXED_DATE: _("Everyone on this pathway by the same date each year"),
        },
        default=GENERAL,
    )


class DatedForm(Form):
    """A form with dates about a person with these facts, under these policy versions; `today` is the day of the
    organisation. `confirmed` holds the fingerprint of what was entered when the form warned what will apply instead."""

    confirmed = HiddenField()

    def __init__(self, today: date, facts: CertificationFacts, policies: Sequence[Policy]) -> None:
        super().__init__()
        self.today, self.facts, self.policies = today, facts, policies

    def fingerprint(self) -> str:
        """A digest of everything that was entered."""
        entered = [f"{field.name}={field.data}" for field in self if field.name not in ("confirmed", "csrf_token")]
        return hashlib.sha256("|".join(entered).encode()).hexdigest()[:20]

    def validate(self, *args: Any, **kwargs: Any) -> bool:
        is_valid = super().validate(*args, **kwargs)
        for field in self:
            if (
                isinstance(field, DayField)
                and not field.errors
                and field.data
                and not is_plausible_date(field.data, self.today)
            ):
                field.errors = [DATE_RANGE_MESSAGE]
                is_valid = False
        return is_valid


class ExtensionForm(DatedForm):
    until = DayField(_("Last day in time"), _("Enter the last day on which the person is in time."))
    reason = line_field(_("Reason"), _("Say in a few words why. The person sees it."))

    def validate_until(self, field: DayField) -> None:
        if field.data and field.data < self.today:
            raise ValidationError(_("Enter today or a later day."))
        if field.data and is_plausible_date(field.data, self.today):
            limit = extension_limit(self.facts, self.policies, self.today)
            if field.data > limit.latest:
                raise ValidationError(limit.refusal)


class LongLeaveForm(DatedForm):
    since = DayField(_("First day away"), _("Enter the first day away."))
    until = DayField(_("Last day away, if it is known"))
    days = _number_field(_("Days after the return in which nothing is overdue"), 0, 90, USUAL_RE_ENTER_DAYS)
    reason = line_field(_("Reason"), _("Say in a few words why. The person sees it."))

    def __init__(self, today: date, facts: CertificationFacts, policies: Sequence[Policy]) -> None:
        super().__init__(today, facts, policies)
        pause = current_pause(facts, today)
        # A leave is ended by the same first day. Not as defaults of the fields: a last day that is emptied stays empty.
        if pause and not self.is_submitted():
            self.since.data, self.until.data = pause.since, pause.until
            self.days.data, self.reason.data = pause.re_enter_days, pause.reason

    def validate_until(self, field: DayField) -> None:
        if field.data and self.since.data and field.data < self.since.data:
            raise ValidationError(_("Enter a day that is not before the first day away."))


class EarlierCertificateForm(DatedForm):
    day = DayField(_("Day on which the course was completed"), _("Enter the day that the certificate gives."))
    until = DayField(_("Last valid day, if the certificate gives one"))
    issuer = line_field(_("Issued by"), _("Enter who issued the certificate."))
    kind = SelectField(_("Of which course"), choices={INITIAL: _("The whole course"), REFRESHER: _("A refresher")})
    reason = line_field(_("Reason"), _("Say in a few words why it is recorded, such as: seen on the first day."))

    def validate_day(self, field: DayField) -> None:
        if field.data and field.data > self.today:
            raise ValidationError(_("Enter today or an earlier day."))

    def validate_until(self, field: DayField) -> None:
        if field.data and self.day.data and field.data <= self.day.data:
            raise ValidationError(_("Enter a day after the day of completion."))
        if (
            field.data
            and self.day.data
            and is_plausible_date(self.day.data, self.today)
            and is_plausible_date(field.data, self.today)
        ):
            limit = certificate_limit(self.day.data, self.facts, self.policies, self.today)
            if field.data > limit.latest:
                raise ValidationError(limit.refusal)


class WithdrawFactForm(Form):
    reason = line_field(_("Reason"), _("Say in a few words why. The person sees it."))
