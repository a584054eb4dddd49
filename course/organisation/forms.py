"""The settings of the organisation: its name, its nation, and four contacts."""

from __future__ import annotations

import re

from wtforms import BooleanField, Field, SelectField, StringField
from wtforms.fields import EmailField, TelField
from wtforms.validators import DataRequired, Email, Length, Optional, ValidationError

from course.content.shapes import NATIONS, SETTINGS
from course.organisation.rules import KINDS, Details
from course.people.forms import clean
from course.web.forms import Form, choices

# A number as people write it, with an extension if it has one.
_PHONE = re.compile(r"\+?[0-9 ()/.\-]{3,40}((ext|x)\.? ?[0-9]{1,6})?", re.IGNORECASE)


def organisation_name() -> StringField:
    return StringField(
        "Name of the organisation",
        filters=[clean],
        validators=[
            DataRequired("Enter the name of the organisation."),
            Length(max=200, message="Shorten the name to 200 characters."),
        ],
        render_kw={"autocomplete": "organization"},
    )


def nation_field() -> SelectField:
    return SelectField("Nation", choices=choices(NATIONS))


def pathway_field() -> SelectField:
    return SelectField("Pathway for most of your staff", choices=choices(SETTINGS))


def phone_number(_form: Form, field: Field) -> None:
    """Refuse what cannot be dialled."""
    if field.data and not (_PHONE.fullmatch(field.data) and re.search("[0-9].*[0-9].*[0-9]", field.data)):
        raise ValidationError("Enter a telephone number in digits, such as 01632 960123 or 01632 960123 ext 4.")


class OrganisationForm(Form):
    """For each kind of contact there are the fields kind-name, kind-phone, kind-email and kind-still."""

    name = organisation_name()
    nation = nation_field()
    pathway = pathway_field()

    def details(self, kind: str) -> Details:
        """What was typed about a kind of contact."""
        name, phone, email = (str(self[f"{kind}-{part}"].data or "") for part in ("name", "phone", "email"))
        return Details(name, phone, email)

    def still_right(self, kind: str) -> bool:
        return bool(self[f"{kind}-still"].data)

    def validate(self, *args: object, **kwargs: object) -> bool:
        """A contact is all there or not there: somebody who needs it must know who answers, and where."""
        fine = bool(super().validate(*args, **kwargs))
        for kind in KINDS:
            typed = self.details(kind)
            for part, value, message in (
                ("name", typed.name, "Enter who answers, a person or a team."),
                ("phone", typed.phone, "Enter the telephone number."),
            ):
                if typed != Details() and not value:
                    self[f"{kind}-{part}"].errors = [message]
                    fine = False
            # Four contacts have the same fields: each message says whose it is.
            for part in ("name", "phone", "email"):
                field = self[f"{kind}-{part}"]
                field.errors = [f"{KINDS[kind]}: {message}" for message in field.errors]
        return fine


def _add_contact_fields(kind: str) -> None:
    long = "Shorten this to %(max)d characters."
    fields: dict[str, Field] = {
        "name": StringField("Who answers", filters=[clean], validators=[Length(max=200, message=long)]),
        "phone": TelField("Telephone", filters=[clean], validators=[phone_number]),
        "email": EmailField(
            "E-mail (may be empty)",
            filters=[clean],
            validators=[
                Optional(),
                Length(max=254, message=long),
                Email("Enter an e-mail address such as lead@example.org."),
            ],
        ),
        "still": BooleanField("Still right today"),
    }
    for part, field in fields.items():
        setattr(OrganisationForm, f"{kind}-{part}", field)


for _kind in KINDS:
    _add_contact_fields(_kind)
