"""The base class of forms, and fields that several features use. The CSRF token of a form lasts as long as its session."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from flask import request
from flask_wtf import FlaskForm
from wtforms import DateField, Field, HiddenField, IntegerField, SelectField
from wtforms.form import BaseForm
from wtforms.validators import DataRequired, NumberRange, Optional

from course.dates import with_english_months
from course.translation import lazy_gettext as _
from course.web.input_guard import LARGEST_NUMBER

# Days outside this range are typing errors; and adding years to the first or last day that Python knows would fail.
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)


# Fields in which a browser offers what somebody typed into a field of this name before.
_REMEMBERED_INPUTS = frozenset({"text", "email", "tel", "search", "url"})


class RequiredInput(DataRequired):
    """DataRequired that reports only empty input: input that could not be parsed has a message of its own."""

    def __call__(self, form: BaseForm, field: Field) -> None:
        if not field.process_errors:
            super().__call__(form, field)


class DayField(DateField):
    """A calendar day, from the browser's date picker or typed. `required_message` is the error for an empty field; without
    it the field may be empty."""

    def __init__(self, label: str, required_message: str = "", **kwargs: Any) -> None:
        validator = RequiredInput(required_message) if required_message else Optional()
        super().__init__(label, [validator], ["%Y-%m-%d", "%d/%m/%Y", "%d %B %Y", "%d %b %Y"], **kwargs)

    @property
    def day(self) -> date:
        """The day that was entered, in a valid form whose field is required. Raises ValueError if there is none."""
        if self.data is None:
            raise ValueError("no day was entered")
        return self.data

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = None  # an emptied field means no day, not the day that the form showed at first
        try:
            super().process_formdata([with_english_months(value.strip()) for value in valuelist if value.strip()])
        except ValueError:
            raise ValueError(_("Enter a day such as 12/02/2027.")) from None
        if self.data is not None and not FIRST_DAY <= self.data <= LAST_DAY:
            self.data = None
            raise ValueError(
                _(
                    "Enter a day between %(year)s and %(year_2)s, such as 12/02/2027.",
                    year=FIRST_DAY.year,
                    year_2=LAST_DAY.year,
                )
            )


class Form(FlaskForm):  # type: ignore[misc]
    """A form whose errors are shown above it and beside each field.

    A browser neither fills in nor offers what was typed before, except into a field that says what it is: computers are
    shared, fields named "reason" hold why a colleague is away, and a contact is not the person who enters it.
    """

    def process(self, *args: Any, **kwargs: Any) -> None:
        super().process(*args, **kwargs)
        for field in self:
            if getattr(field.widget, "input_type", "") in _REMEMBERED_INPUTS:
                field.render_kw = {"autocomplete": "off", **(field.render_kw or {})}
            if isinstance(field, IntegerField) and field.data is not None and abs(field.data) > LARGEST_NUMBER:
                field.data = None
                field.process_errors = [_number_message(field)]

    def validate(self, *args: Any, **kwargs: Any) -> bool:
        is_valid = bool(super().validate(*args, **kwargs))
        for field in self:
            if isinstance(field, SelectField) and field.errors:
                field.errors = [_("Choose one from the list.")]
            if isinstance(field, IntegerField) and field.errors and field.process_errors:
                field.errors = [_number_message(field)]
        return is_valid

    def mistakes(self) -> list[tuple[str, str]]:
        """The id and the first error of each field that has one, in the order of the form."""
        return [(field.id, str(field.errors[0])) for field in self if field.errors]


def _number_message(field: IntegerField) -> str:
    """The error for input that is not a number: the same as the field's error for a number out of range."""
    limits = (check.message for check in field.validators if isinstance(check, NumberRange) and check.message)
    return next(limits, _("Enter a whole number."))


def query_number(name: str) -> int | None:
    """The number after `name=` in the address of the page; None if there is none, or if a database cannot store it."""
    found = request.args.get(name, type=int)
    return found if found is not None and 0 < found <= LARGEST_NUMBER else None


def sent_numbers(name: str) -> list[int]:
    """The numbers that a form sends under a name, but for those that a database cannot store."""
    return [number for number in request.form.getlist(name, type=int) if 0 <= number <= LARGEST_NUMBER]


def select_choices(words: Mapping[Any, str]) -> dict[str, Any]:
    """The choices of a select field: each value as it is sent, with its label."""
    return {str(value): text for value, text in words.items()}


def unseen_questions(questions: Iterable[str]) -> dict[str, str]:
    """What to ask before a form is saved, by the key that the form sends back with it; empty once each of the questions was
    shown."""
    # A LazyText is its English text here, so that no question is asked again in another language.
    found = {hashlib.sha256(repr(words).encode()).hexdigest()[:20]: words for words in questions}
    return found if found.keys() - set(request.form.get("confirmed", "").split()) else {}


def shown_fingerprint(shown: Mapping[str, Any]) -> str:
    """A fingerprint of each value that a form shows, by the name of its field: it changes when the value is saved differently."""
    return ";".join(_value_fingerprint(name, value) for name, value in sorted(shown.items()))


def _value_fingerprint(name: str, value: Any) -> str:
    return f"{name}:{hashlib.sha256(_as_sent(value).encode()).hexdigest()[:12]}"


def _as_sent(value: Any) -> str:
    """The value of a field as one text: lines as the course keeps them, what is chosen in any order, and a box as ticked or not."""
    if isinstance(value, list | tuple):
        return "\n".join(sorted(map(str, value)))
    return "\n".join(str(value).splitlines()) if value else ""


class GuardedForm(Form):
    """A form that shows what is set, and does not undo unseen what somebody else sets meanwhile. `was` is the fingerprint of the
    values that the page showed when it was opened."""

    was = HiddenField()
    labels: Mapping[str, str] = {}  # what the fields of a kind are about, by the beginning of their names

    def in_words(self, name: str, value: Any) -> str:
        """The value of a field as its page says it; empty for none."""
        if isinstance(value, bool):
            return _("Yes") if value else _("No")
        labels = dict(getattr(self[name], "choices", None) or ())
        return "; ".join(str(labels.get(one, one)) for one in (value if isinstance(value, list) else [value]))

    def has_edit_conflict(self, now: Mapping[str, Any], with_entered: bool = True) -> bool:
        """Whether somebody else has saved the page since it was opened, so that this form would undo the change.

        Each field that they changed, and that differs, gets a message with its value now; sent again, the form replaces that
        value. Fields in which something else was entered than the page showed are left out unless `with_entered`. One that
        nobody can change on the page takes the value that it has now.
        """
        opened, entered = set((self.was.data or "").split(";")), {name: self[name].data for name in now}
        self.was.data = shown_fingerprint(now)
        differing = [
            name
            for name in now
            if _value_fingerprint(name, now[name]) not in opened and _as_sent(entered[name]) != _as_sent(now[name])
        ]
        if not with_entered:
            differing = [name for name in differing if _value_fingerprint(name, entered[name]) in opened]
        fixed = {name for name in differing if (self[name].render_kw or {}).get("readonly")}
        for name in fixed:
            self[name].data = now[name]
        for name in (name for name in differing if name not in fixed):
            shown = self.in_words(name, now[name]) or "nothing"
            kind = next((f"{label}: " for kind, label in self.labels.items() if name.startswith(f"{kind}-")), "")
            conflict = _("someone else saved this page after you opened it. It now says “%(shown)s” here.", shown=shown)
            text = _("%(kind)s%(conflict)s Save again to replace that.", kind=kind, conflict=conflict)
            self[name].errors = [text[0].upper() + text[1:]]
        return len(differing) > len(fixed)


def is_outdated(form: Form, now: Mapping[str, Any], with_entered: bool = False) -> bool:
    """Whether a form without mistakes would bring back, in a field that was left as it was opened, what somebody else has changed
    since (see GuardedForm), or undo it in any field if `with_entered`; its fields say it then. No form of another kind would, and
    none that does not say what its page showed."""
    return isinstance(form, GuardedForm) and bool(form.was.data) and form.has_edit_conflict(now, with_entered)
