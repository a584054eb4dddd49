"""Forms for the retention schedule and for erasure requests."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import Any

from wtforms import HiddenField, IntegerField
from wtforms.validators import InputRequired, NumberRange

from course.people.forms import email_field, line_field
from course.privacy.rules.retention_schedule import RetentionSettings
from course.translation import lazy_gettext as _
from course.web.forms import Form


def _number_field(label: str, high: int) -> IntegerField:
    message = _("Enter a whole number from 1 to %(high)s.", high=high)
    return IntegerField(label, validators=[InputRequired(message), NumberRange(1, high, message)])


class RetentionScheduleForm(Form):
    """The retention schedule. `schedule()` is what was entered, once the form is valid.

    A version is saved only if `confirmed` equals the fingerprint of the entered values and of the schedule in force: nobody
    saves a schedule without having seen the preview of exactly that schedule, or undoes unseen what somebody else has set.
    """

    learning_months = _number_field(_("Details of the learning, in months"), 120)
    proof_months = _number_field(_("Proof of training, in months"), 600)
    mail_months = _number_field(_("Mail and addresses, in months"), 120)
    sign_in_days = _number_field(_("Sign-in data, in days"), 3650)
    contact_name = line_field(_("Who answers questions about data"), _("Enter a name, or what the post is called."))
    contact_email = email_field(_("Their e-mail address"))
    reason = line_field(_("Reason"), _("Say in a few words why."))
    confirmed = HiddenField()

    def validate(self, *args: Any, **kwargs: Any) -> bool:
        """Refuse a proof period that is shorter than the others: the name is needed as long as anything that bears
        it."""
        valid = bool(super().validate(*args, **kwargs))
        others = (self.learning_months.data or 0, self.mail_months.data or 0)
        if valid and (self.proof_months.data or 0) < max(others):
            self.proof_months.errors = [_("Enter at least as many months as for the details and for mail.")]
            return False
        return valid

    def schedule(self) -> RetentionSettings:
        """The settings that were entered."""
        return RetentionSettings(
            int(self.learning_months.data or 0),
            int(self.proof_months.data or 0),
            int(self.mail_months.data or 0),
            int(self.sign_in_days.data or 0),
            self.contact_name.data or "",
            self.contact_email.data or "",
        )

    def fingerprint(self, current: RetentionSettings | None) -> str:
        """A hash of the entered values, and of the schedule that they replace."""
        values = asdict(self.schedule()), asdict(current) if current else None
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


class ErasureForm(Form):
    reason = line_field(_("Reason"), _("Say in a few words why, such as: asked by letter."))
