"""Forms for signing in, for passwords and for the set-up."""

from __future__ import annotations

from wtforms import HiddenField, IntegerField, PasswordField, RadioField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, ValidationError

from course.auth.rules import (
    CODE_DIGITS,
    MAX_GRACE_DAYS,
    MAX_PASSWORD_LENGTH,
    common_passwords,
    is_pin,
    parse_code,
    password_mistake,
    pin_mistake,
)
from course.organisation.forms import nation_field, organisation_name_field, pathway_field
from course.people.forms import clean_line, email_field, name_field
from course.translation import language_name, languages
from course.translation import lazy_gettext as _
from course.web.forms import Form, GuardedForm, select_choices


def _login_field() -> StringField:
    """An e-mail address or a sign-in name to look up: its form is not checked."""
    return StringField(
        _("E-mail address or sign-in name"),
        filters=[clean_line],
        validators=[
            DataRequired(_("Enter your e-mail address or sign-in name.")),
            Length(max=254, message=_("An e-mail address has at most 254 characters.")),
        ],
        render_kw={"autocomplete": "username webauthn", "spellcheck": "false", "autocapitalize": "none"},
    )


def _current_password_field(label: str) -> PasswordField:
    return PasswordField(
        label,
        validators=[
            InputRequired(_("Enter your password.")),
            Length(max=MAX_PASSWORD_LENGTH, message=_("A password has at most %(max)d characters.")),
        ],
        render_kw={"autocomplete": "current-password"},
    )


def _new_password_field(label: str) -> PasswordField:
    """A field for a new password. Its rules need the person and the organisation: see `check_new_password`."""
    return PasswordField(
        label,
        validators=[InputRequired(_("Choose a password."))],
        render_kw={"autocomplete": "new-password"},
    )


def check_new_password(
    field: PasswordField, login: str, name: str, organisation: str, may_use_pin: bool = False
) -> bool:
    """Whether a new password follows the rules for this person in this organisation; if not, the field shows why. `login` is
    what they sign in with. With `may_use_pin` a PIN is enough."""
    chosen = field.data or ""
    if may_use_pin and is_pin(chosen):
        mistake = pin_mistake(chosen, login, common_passwords())
    else:
        mistake = password_mistake(chosen, login, name, organisation)
    if mistake:
        field.errors = [mistake]
    return mistake is None


class SignInForm(Form):
    email = _login_field()
    password = _current_password_field(_("Password or PIN"))


class ProofForm(Form):
    """Who is signed in proves again that it is them, by the password. `kept` is the form that waits, encrypted; `next` the page
    that opens without one."""

    password = _current_password_field(_("Password or PIN"))
    kept = HiddenField()
    next = HiddenField()


class FactorCodeForm(Form):
    """The second step of signing in: a code of the app, or a recovery code."""

    code = StringField(
        _("Code"),
        filters=[clean_line],
        validators=[DataRequired(_("Enter a code.")), Length(max=40, message=_("A code is shorter than this."))],
        render_kw={
            "autocomplete": "one-time-code", "inputmode": "text", "spellcheck": "false", "autocapitalize": "none",
        },
    )  # fmt: skip


class AppForm(Form):
    """The first code of an authenticator app that is set up; `key` is its seed, encrypted."""

    code = StringField(
        _("Code that the app shows"),
        filters=[clean_line],
        validators=[
            DataRequired(_("Enter the six digits that the app shows.")),
            Length(max=20, message=_("The code has six digits.")),
        ],
        render_kw={"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false"},
    )
    key = HiddenField()


class PasskeyForm(Form):
    """The name of a new passkey."""

    name = StringField(
        _("Name of the passkey"),
        filters=[clean_line],
        validators=[
            DataRequired(_("Give the passkey a name, such as “Work phone”.")),
            Length(max=60, message=_("A name has at most 60 characters.")),
        ],
        render_kw={"autocomplete": "off"},
    )


class FactorPolicyForm(GuardedForm):
    """Whether a second factor is required."""

    required = RadioField(
        _("A second step to sign in"),
        choices=select_choices(
            {
                "no": _("is offered to everyone, and required of no one"),
                "yes": _("is required of everyone who sees other people’s data"),
            }
        ),
        default="no",
    )
    days = IntegerField(
        _("Days to set one up"),
        validators=[
            InputRequired(_("Enter a number of days.")),
            NumberRange(0, MAX_GRACE_DAYS, _("Enter a number of days from 0 to %(most)s.", most=MAX_GRACE_DAYS)),
        ],
        render_kw={"inputmode": "numeric", "class": "short"},
    )


class ResetFactorsForm(Form):
    """Why the second factors of somebody are removed."""

    reason = StringField(
        _("Reason"),
        filters=[clean_line],
        validators=[
            DataRequired(_("Say why, and how you know that it is them.")),
            Length(max=200, message=_("A reason has at most 200 characters.")),
        ],
    )


class RedeemCodeForm(Form):
    """The first sign-in with a one-time code, which also chooses a password or a PIN."""

    login = _login_field()
    code = StringField(
        _("One-time code"),
        filters=[clean_line],
        validators=[
            DataRequired(_("Enter the code from your manager: 12 digits.")),
            Length(max=40, message=_("A code has 12 digits.")),
        ],
        render_kw={"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false"},
    )
    password = _new_password_field(_("New password or PIN"))

    def validate_code(self, field: StringField) -> None:
        """Refuse what cannot be a code, so that a typing error is not counted as a guess."""
        digits = parse_code(field.data or "")
        if len(digits) != CODE_DIGITS or not (digits.isascii() and digits.isdecimal()):
            raise ValidationError(_("A code has 12 digits, such as 4821 9073 6552. Check it and enter it again."))


class OwnAddressForm(Form):
    """An address that a person without one adds themselves."""

    address = email_field(_("Your e-mail address"), "email")


class ForgottenPasswordForm(Form):
    email = email_field(autocomplete="username")


class NewPasswordForm(Form):
    password = _new_password_field(_("New password"))


class ChangePasswordForm(Form):
    current = _current_password_field(_("Current password"))
    password = _new_password_field(_("New password"))


class LanguageForm(Form):
    """The language of pages and mail, out of those that are offered when the form is made."""

    language = RadioField(
        _("Language of pages and e-mails"),
        choices=lambda: [(language, language_name(language)) for language in languages()],
        validate_choice=False,
    )

    def validate_language(self, field: RadioField) -> None:
        """Refuse a language that is not offered."""
        if field.data not in languages():
            raise ValidationError(_("Choose one of these languages."))


class SetUpForm(Form):
    organisation = organisation_name_field()
    nation = nation_field()
    pathway = pathway_field()
    name = name_field(_("Your name"), "name")
    email = email_field(_("Your e-mail address"), "username")
    password = _new_password_field(_("Password"))
