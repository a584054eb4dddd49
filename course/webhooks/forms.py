"""The form with which a webhook is added or changed."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from wtforms import BooleanField, SelectField, SelectMultipleField, URLField
from wtforms.validators import DataRequired, Length, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from course.network_addresses import address_refusal
from course.people.forms import clean_line, selected_team_id
from course.translation import lazy_gettext as _
from course.web.forms import GuardedForm
from course.webhooks.rules import EVENT_LABELS

_NOT_HTTPS = _("Enter an address that begins with https://, such as https://hr.example.org/events.")


class WebhookForm(GuardedForm):
    """Where to send, and what. `allow_local`: to this machine as well, which only tests and development do."""

    address = URLField(
        _("Address that takes the events"),
        [DataRequired(_NOT_HTTPS), Length(max=1000, message=_("The address must be 1,000 characters or fewer."))],
        filters=[clean_line],
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    kinds = SelectMultipleField(
        _("Events to send"),
        choices=EVENT_LABELS,
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    team = SelectField(_("Team and sub-teams"), choices=[])
    with_staff_number = BooleanField(_("Send the staff number too"))

    def __init__(self, *args: Any, allow_local: bool = False, **kwargs: Any) -> None:
        self._allow_local = allow_local
        super().__init__(*args, **kwargs)

    @property
    def team_id(self) -> int | None:
        """The chosen team; None for everybody."""
        return selected_team_id(self.team.data)

    def validate(self, *args: Any, **kwargs: Any) -> bool:
        is_valid = super().validate(*args, **kwargs)
        # A validator that says so to the browser as well would ask for each of the boxes.
        if self.kinds.errors or not self.kinds.data:
            self.kinds.errors = [_("Choose at least one event.")]
        return is_valid and not self.kinds.errors

    def validate_address(self, field: URLField) -> None:
        """Refuse an address that nothing would be sent to. Where its name leads is checked each time that it is used."""
        address = field.data or ""
        try:
            parts = urlsplit(address)
            plain = parts.scheme == "https" and bool(parts.hostname) and parts.port != 0 and not parts.fragment
        except ValueError:
            plain = False
        if not plain or any(one.isspace() or not one.isprintable() for one in address):
            raise ValidationError(_NOT_HTTPS)
        if parts.username is not None:
            raise ValidationError(
                _("Enter the address without a user name. The signature shows who has sent an event.")
            )
        if address_refusal(address, self._allow_local) is not None:
            raise ValidationError(
                _("Enter an address on the public internet. %(host)s is not reached from there.", host=parts.hostname)
            )
