"""The form with which the learning record store is connected or changed."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from wtforms import PasswordField, RadioField, SelectMultipleField, StringField, URLField
from wtforms.validators import DataRequired, Length, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from course.network_addresses import address_refusal
from course.people.forms import clean_line
from course.translation import lazy_gettext as _
from course.web.forms import GuardedForm
from course.xapi.rules import KIND_LABELS, KINDS_WITHOUT_NAMES

_NOT_HTTPS = _("Enter an address that begins with https://, such as https://lrs.example.org/xapi.")


class EndpointForm(GuardedForm):
    """Where to send, as whom, and what. `allow_local`: to this machine as well, which only tests and development do;
    `has_password`: there is one already, which an empty field keeps."""

    address = URLField(
        _("Address of the store (endpoint)"),
        [DataRequired(_NOT_HTTPS), Length(max=500, message=_("The address must be 500 characters or fewer."))],
        filters=[clean_line],
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    username = StringField(
        _("User name or key"),
        [
            DataRequired(_("Enter the user name that the store gave you.")),
            Length(max=200, message=_("The user name must be 200 characters or fewer.")),
        ],
        filters=[clean_line],
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    password = PasswordField(
        _("Password or secret"),
        [Length(max=500, message=_("The password must be 500 characters or fewer."))],
        render_kw={"autocomplete": "new-password"},
    )
    kinds = SelectMultipleField(
        _("What to send"), choices=KIND_LABELS, widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )
    actor = RadioField(
        _("What people are called"),
        choices={
            "account": _("By a number that means nothing outside this course"),
            "mail": _("By their e-mail address. Who has none is called by the number"),
        },
        default="account",
    )

    def __init__(self, *args: Any, allow_local: bool = False, has_password: bool = False, **kwargs: Any) -> None:
        self._allow_local, self._has_password = allow_local, has_password
        super().__init__(*args, **kwargs)

    def validate(self, *args: Any, **kwargs: Any) -> bool:
        is_valid = super().validate(*args, **kwargs)
        # A validator that says so to the browser as well would ask for each of the boxes.
        if self.kinds.errors or not self.kinds.data:
            self.kinds.errors = [_("Choose at least one kind of statement.")]
        elif self.actor.data == "mail" and set(self.kinds.data) & set(KINDS_WITHOUT_NAMES):
            self.kinds.errors = [
                _("Answers and decisions are never sent with an e-mail address, because the course promises that no one sees "
                  "how someone answered. Untick them, or choose the number below.")
            ]  # fmt: skip
        if not self.password.data and not self._has_password:
            self.password.errors = [_("Enter the password that the store gave you.")]
        return is_valid and not self.kinds.errors and not self.password.errors

    def validate_username(self, field: StringField) -> None:
        """A colon ends the user name in the header that is sent (RFC 7617)."""
        if ":" in (field.data or ""):
            raise ValidationError(_("Enter a user name without a colon."))

    def validate_address(self, field: URLField) -> None:
        """Refuse an address that nothing would be sent to. Where its name leads is checked each time that it is used."""
        address = field.data or ""
        try:
            parts = urlsplit(address)
            plain = parts.scheme == "https" and bool(parts.hostname) and parts.port != 0
        except ValueError:
            plain = False
        if not plain or any(one.isspace() or not one.isprintable() for one in address):
            raise ValidationError(_NOT_HTTPS)
        if parts.query or parts.fragment:
            raise ValidationError(_("Enter the address without a question mark or # and what follows."))
        if parts.username is not None:
            raise ValidationError(_("Enter the user name and password in their own fields, not in the address."))
        if "statements" in parts.path.split("/")[-2:]:
            raise ValidationError(_("Enter the address without /statements at its end. It is added by itself."))
        if address_refusal(address, self._allow_local) is not None:
            raise ValidationError(
                _("Enter an address on the public internet. %(host)s is not reached from there.", host=parts.hostname)
            )
