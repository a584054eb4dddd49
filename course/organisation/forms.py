"""The forms of the organisation: settings with four contacts, those of a team, logo, colour, and a single contact."""

from __future__ import annotations

from collections.abc import Mapping

from wtforms import BooleanField, Field, FileField, SelectField, StringField
from wtforms.fields import ColorField, EmailField, TelField
from wtforms.validators import DataRequired, Email, Length, Optional, ValidationError

from course.content.schema import NATIONS, SETTINGS
from course.organisation.rules.colours import chosen_colour, colour_refusal, parse_colour
from course.organisation.rules.contacts import CONTACT_KINDS, REVIEW_INTERVALS, ContactDetails
from course.people.forms import clean_line
from course.translation import language_name, languages
from course.translation import lazy_gettext as _
from course.web.forms import Form, GuardedForm, select_choices
from course.web.phone_links import dial_string, split_phone_numbers

# The required fields of a contact, with the message where one is missing.
REQUIRED_MESSAGES = {"name": _("Enter who answers, a person or a team."), "phone": _("Enter the telephone number.")}


CONTACT_PARTS = ("name", "phone", "email", "owner", "review")


def organisation_name_field() -> StringField:
    """The field for the name of the organisation."""
    return StringField(
        _("Name of the organisation"),
        filters=[clean_line],
        validators=[
            DataRequired(_("Enter the name of the organisation.")),
            Length(max=200, message=_("Shorten the name to 200 characters.")),
        ],
        render_kw={"autocomplete": "organization"},
    )


def signatory_field(label: str) -> StringField:
    """A field for the name or the role of who signs certificates; it may stay empty."""
    message = _("Shorten it to 200 characters.")
    return StringField(label, filters=[clean_line], validators=[Length(max=200, message=message)])


def nation_field() -> SelectField:
    """The field for the nation of the organisation."""
    return SelectField(_("Nation"), choices=select_choices(NATIONS))


def pathway_field() -> SelectField:
    """The field for the default pathway."""
    return SelectField(_("Where most of your staff work"), choices=select_choices(SETTINGS))


def validate_phone_number(_form: Form, field: Field) -> None:
    """Refuse a text that a link could not dial: several numbers, words, letters in place of digits."""
    if not field.data or dial_string(field.data):
        return
    if sum(piece.dial_string is not None for piece in split_phone_numbers(field.data)) > 1:
        raise ValidationError(_("Enter one telephone number here: the one that is answered first."))
    raise ValidationError(
        _(
            "Enter one whole telephone number in digits and nothing else, such as 01632 960123, "
            "+44 1632 960123 or 01632 960123 ext 4."
        )
    )


class ContactsForm(GuardedForm):
    """Settings with four contacts. For each kind of contact there are the fields kind-name, -phone, -email, -owner, -review
    and -still; in that of a team kind-inherit, too, with which it goes back to the contact that it inherits."""

    labels: Mapping[str, str] = CONTACT_KINDS  # as the place calls its contacts; the page sets it

    def is_inherited(self, kind: str) -> bool:
        """Whether the team is to have the inherited contact of that kind from now on."""
        return f"{kind}-inherit" in self and bool(self[f"{kind}-inherit"].data)

    def contact_details(self, kind: str) -> ContactDetails:
        """The submitted details of a kind of contact."""
        if self.is_inherited(kind):
            return ContactDetails()
        name, phone, email = (str(self[f"{kind}-{part}"].data or "") for part in ("name", "phone", "email"))
        return ContactDetails(name, phone, email)

    def owner_email(self, kind: str) -> str:
        """The submitted e-mail address of the owner of a kind of contact; empty for no owner."""
        return "" if self.is_inherited(kind) else str(self[f"{kind}-owner"].data or "")

    def reject_owner(self, kind: str) -> None:
        """Add the error that nobody has the owner's address."""
        field = self[f"{kind}-owner"]
        field.errors = [
            _(
                "%(contact_kinds)s: no one here has the address %(data)s. Add the person under People first.",
                contact_kinds=self.labels[kind],
                data=field.data,
            )
        ]

    def is_still_correct(self, kind: str) -> bool:
        """Whether the box "Still right today" of a kind of contact is ticked."""
        return bool(self[f"{kind}-still"].data)

    def validate(self, *args: object, **kwargs: object) -> bool:
        """Require each contact to be complete or empty: who needs it must know who answers, and where."""
        super().validate(*args, **kwargs)
        for kind in CONTACT_KINDS:
            typed = self.contact_details(kind)
            owner = self[f"{kind}-owner"]
            filled_in = typed != ContactDetails() or (owner.data and owner.data != owner.object_data)
            if self.is_inherited(kind):
                for part in CONTACT_PARTS:  # what is typed there does not count
                    self[f"{kind}-{part}"].errors = []
                continue
            for part, message in REQUIRED_MESSAGES.items():
                if filled_in and not self[f"{kind}-{part}"].data:
                    self[f"{kind}-{part}"].errors = [message]
            # Four contacts have the same fields: each message names its contact.
            for part in ("name", "phone", "email", "review"):
                field = self[f"{kind}-{part}"]
                field.errors = [f"{self.labels[kind]}: {message}" for message in field.errors]
        return not self.errors


class OrganisationForm(ContactsForm):
    """The settings of the organisation. `language` is only there if more than one is offered."""

    name = organisation_name_field()
    nation = nation_field()
    pathway = pathway_field()
    language = SelectField(
        _("First language"), choices=lambda: [(language, language_name(language)) for language in languages()]
    )
    signatory_name = signatory_field(_("Name (optional)"))
    signatory_role = signatory_field(_("Role, such as Head of Safeguarding (optional)"))


class TeamSettingsForm(ContactsForm):
    """The settings of a team; what is left empty is inherited."""

    title = StringField(
        _("Name on pages, e-mails and certificates (optional)"),
        filters=[clean_line],
        validators=[Length(max=200, message=_("Shorten the name to 200 characters."))],
        render_kw={"autocomplete": "organization"},
    )
    nation = SelectField(_("Nation"))
    pathway = SelectField(_("Where most of the staff here work"))


def _contact_fields() -> dict[str, Field]:
    """The fields of a contact: who answers, telephone and e-mail."""
    too_long = _("Shorten this to %(max)d characters.")
    return {
        "name": StringField(_("Who answers"), filters=[clean_line], validators=[Length(max=200, message=too_long)]),
        "phone": TelField(
            _("Telephone"), filters=[clean_line], validators=[Length(max=60, message=too_long), validate_phone_number]
        ),
        "email": EmailField(
            _("E-mail (optional)"),
            filters=[clean_line],
            validators=[
                Optional(),
                Length(max=254, message=too_long),
                Email(_("Enter an e-mail address such as lead@example.org.")),
            ],
        ),
    }


def _add_contact_fields(form: type[ContactsForm], kind: str) -> None:
    review_fields: dict[str, Field] = {
        "owner": EmailField(_("Kept up to date by: their work e-mail (optional)"), filters=[clean_line]),
        "review": SelectField(_("Check again every"), choices=select_choices(REVIEW_INTERVALS)),
        "still": BooleanField(_("Still right")),
    }
    for part, field in {**_contact_fields(), **review_fields}.items():
        setattr(form, f"{kind}-{part}", field)


for _kind in CONTACT_KINDS:
    _add_contact_fields(OrganisationForm, _kind)
    _add_contact_fields(TeamSettingsForm, _kind)
    setattr(TeamSettingsForm, f"{_kind}-inherit", BooleanField(_("Use the inherited contact instead")))


class LogoForm(Form):
    """The upload of a logo."""

    file = FileField(_("File with the logo"))


class ColourForm(Form):
    """The choice of a colour, picked or typed."""

    picked = ColorField(_("Pick a colour"))
    typed = StringField(
        _("Or type it"), filters=[clean_line], validators=[Length(max=20, message=_("Shorten the colour."))]
    )

    def colour(self, before: str | None) -> str | None:
        """The colour that the form chooses; if it is refused, the field has the reason as its error."""
        chosen = chosen_colour(before, self.typed.data or "", self.picked.data or "")
        if chosen is not None:
            error = (
                _("Enter a colour in hexadecimal digits, such as #005766.")
                if parse_colour(chosen) is None
                else colour_refusal(chosen)
            )
            self.typed.errors = [error] if error else []
        return chosen


class ContactForm(GuardedForm):
    """The form with which the owner of one contact confirms or corrects it."""

    def contact_details(self) -> ContactDetails:
        """The submitted details of the contact."""
        return ContactDetails(*(str(self[part].data or "") for part in ("name", "phone", "email")))

    def validate(self, *args: object, **kwargs: object) -> bool:
        is_valid = bool(super().validate(*args, **kwargs))
        for part, message in REQUIRED_MESSAGES.items():
            if not self[part].data:
                self[part].errors = [message]
                is_valid = False
        return is_valid


for _name, _field in _contact_fields().items():
    setattr(ContactForm, _name, _field)
