"""Forms for signing in, for passwords and for the set-up."""

from __future__ import annotations

from wtforms import PasswordField, RadioField
from wtforms.fields import EmailField
from wtforms.validators import DataRequired, InputRequired, Length, ValidationError

from course.auth.rules import MAX_PASSWORD_LENGTH, password_mistake
from course.organisation.forms import nation_field, organisation_name_field, pathway_field
from course.people.forms import clean_line, email_field, name_field
from course.translation import language_name, languages
from course.translation import lazy_gettext as _
from course.web.forms import Form


def _lookup_email_field() -> EmailField:
    """An e-mail address to look up: its form is not checked."""
    return EmailField(
        _("E-mail address"),
        filters=[clean_line],
        validators=[
            DataRequired(_("Enter your e-mail address.")),
            Length(max=254, message=_("An e-mail address has at most 254 characters.")),
        ],
        render_kw={"autocomplete": "username", "spellcheck": "false"},
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


def check_new_password(field: PasswordField, email: str, name: str, organisation: str) -> bool:
    """Whether a new password follows the rules for this person in this organisation; if not, the field shows why."""
    mistake = password_mistake(field.data or "", email, name, organisation)
    if mistake:
        field.errors = [mistake]
    return mistake is None


class SignInForm(Form):
    email = _lookup_email_field()
    password = _current_password_field(_("Password"))


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
