"""The settings of the organisation: its name, its nation, and four contacts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from wtforms import BooleanField, Field, FileField, HiddenField, SelectField, StringField
from wtforms.fields import ColorField, EmailField, TelField
from wtforms.validators import DataRequired, Email, Length, Optional, ValidationError

from course.content.schema import NATIONS, SETTINGS
from course.organisation.rules.colours import chosen_colour, colour_refusal, parse_colour
from course.organisation.rules.contacts import CONTACT_KINDS, REVIEW_INTERVALS, ContactDetails
from course.people.forms import clean_line
from course.web.forms import Form, select_choices
from course.web.phone_links import dial_string, split_phone_numbers

# What a contact cannot do without, and what is said where it is missing.
REQUIRED_MESSAGES = {"name": "Enter who answers, a person or a team.", "phone": "Enter the telephone number."}


def organisation_name_field() -> StringField:
    return StringField(
        "Name of the organisation",
        filters=[clean_line],
        validators=[
            DataRequired("Enter the name of the organisation."),
            Length(max=200, message="Shorten the name to 200 characters."),
        ],
        render_kw={"autocomplete": "organization"},
    )


def nation_field() -> SelectField:
    return SelectField("Nation", choices=select_choices(NATIONS))


def pathway_field() -> SelectField:
    return SelectField("Pathway for most of your staff", choices=select_choices(SETTINGS))


def validate_phone_number(_form: Form, field: Field) -> None:
    """Refuse what a link could not dial: several numbers, words, letters in place of digits."""
    if not field.data or dial_string(field.data):
        return
    if sum(piece.dial_string is not None for piece in split_phone_numbers(field.data)) > 1:
        raise ValidationError("Enter one telephone number here: the one that is answered first.")
    raise ValidationError(
        "Enter one whole telephone number in digits and nothing else, such as 01632 960123, "
        "+44 1632 960123 or 01632 960123 ext 4."
    )


def settings_fingerprint(shown: Mapping[str, str]) -> str:
    """Stands for what the form shows: another one as soon as any of it is saved differently."""
    return hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()[:32]


class OrganisationForm(Form):
    """For each kind of contact there are the fields kind-name, -phone, -email, -owner, -review and -still. `was` is the
    mark of what the page showed when it was opened."""

    was = HiddenField()

    name = organisation_name_field()
    nation = nation_field()
    pathway = pathway_field()

    def changed_meanwhile(self, now: Mapping[str, str]) -> bool:
        """Whether somebody has saved something else since the page was opened, which this form would undo. Each field
        that differs says what stands there now; sent again, the form replaces it."""
        if self.was.data == settings_fingerprint(now):
            return False
        self.was.data = settings_fingerprint(now)
        differ = [name for name, value in now.items() if (self[name].data or "") != value]
        for name in differ:
            words = dict(getattr(self[name], "choices", ())).get(now[name], now[name]) or "nothing"
            kind = next((f"{label}: " for kind, label in CONTACT_KINDS.items() if name.startswith(f"{kind}-")), "")
            said = f"this page was saved by somebody else after you opened it, and says “{words}” here now."
            text = f"{kind}{said} Save again to replace that."
            self[name].errors = [text[0].upper() + text[1:]]
        return bool(differ)

    def details(self, kind: str) -> ContactDetails:
        """What was typed about a kind of contact."""
        name, phone, email = (str(self[f"{kind}-{part}"].data or "") for part in ("name", "phone", "email"))
        return ContactDetails(name, phone, email)

    def owner(self, kind: str) -> str:
        """The address of whoever looks after a kind of contact; empty for nobody."""
        return str(self[f"{kind}-owner"].data or "")

    def nobody_has(self, kind: str) -> None:
        """Say that the owner's address is nobody's."""
        field = self[f"{kind}-owner"]
        field.errors = [
            f"{CONTACT_KINDS[kind]}: nobody here has the address {field.data}. Add the person under People first."
        ]

    def still_right(self, kind: str) -> bool:
        return bool(self[f"{kind}-still"].data)

    def validate(self, *args: object, **kwargs: object) -> bool:
        """A contact is all there or not there: somebody who needs it must know who answers, and where."""
        fine = bool(super().validate(*args, **kwargs))
        for kind in CONTACT_KINDS:
            typed = self.details(kind)
            owner = self[f"{kind}-owner"]
            filled_in = typed != ContactDetails() or (owner.data and owner.data != owner.object_data)
            for part, message in REQUIRED_MESSAGES.items():
                if filled_in and not self[f"{kind}-{part}"].data:
                    self[f"{kind}-{part}"].errors = [message]
                    fine = False
            # Four contacts have the same fields: each message says whose it is.
            for part in ("name", "phone", "email", "review"):
                field = self[f"{kind}-{part}"]
                field.errors = [f"{CONTACT_KINDS[kind]}: {message}" for message in field.errors]
        return fine


def _contact_fields() -> dict[str, Field]:
    """Who answers, and how they are reached."""
    long = "Shorten this to %(max)d characters."
    return {
        "name": StringField("Who answers", filters=[clean_line], validators=[Length(max=200, message=long)]),
        "phone": TelField(
            "Telephone", filters=[clean_line], validators=[Length(max=60, message=long), validate_phone_number]
        ),
        "email": EmailField(
            "E-mail (may be empty)",
            filters=[clean_line],
            validators=[
                Optional(),
                Length(max=254, message=long),
                Email("Enter an e-mail address such as lead@example.org."),
            ],
        ),
    }


def _add_contact_fields(kind: str) -> None:
    keeping: dict[str, Field] = {
        "owner": EmailField("Who looks after this: their work e-mail (may be empty)", filters=[clean_line]),
        "review": SelectField("They look at it again after", choices=select_choices(REVIEW_INTERVALS)),
        "still": BooleanField("Still right today"),
    }
    for part, field in {**_contact_fields(), **keeping}.items():
        setattr(OrganisationForm, f"{kind}-{part}", field)


for _kind in CONTACT_KINDS:
    _add_contact_fields(_kind)


class LogoForm(Form):
    file = FileField("File with the logo")


class ColourForm(Form):
    picked = ColorField("Pick a colour")
    typed = StringField("Or type it", filters=[clean_line], validators=[Length(max=20, message="Shorten the colour.")])

    def colour(self, before: str | None) -> str | None:
        """The colour that is wanted; where it cannot be taken, the field says why."""
        found = chosen_colour(before, self.typed.data or "", self.picked.data or "")
        if found is not None:
            wrong = (
                "Enter a colour in hexadecimal digits, such as #0f4c5c."
                if parse_colour(found) is None
                else colour_refusal(found)
            )
            self.typed.errors = [wrong] if wrong else []
        return found


class ContactForm(Form):
    """What the owner of one contact confirms or corrects."""

    def details(self) -> ContactDetails:
        return ContactDetails(*(str(self[part].data or "") for part in ("name", "phone", "email")))

    def validate(self, *args: object, **kwargs: object) -> bool:
        fine = bool(super().validate(*args, **kwargs))
        for part, message in REQUIRED_MESSAGES.items():
            if not self[part].data:
                self[part].errors = [message]
                fine = False
        return fine


for _name, _field in _contact_fields().items():
    setattr(ContactForm, _name, _field)
