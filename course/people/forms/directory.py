"""Forms for people and teams."""

from __future__ import annotations

from collections.abc import Iterable

from wtforms import SelectField, StringField
from wtforms.fields import EmailField
from wtforms.validators import DataRequired, Email, Length, Optional

from course.content.schema import SETTINGS
from course.people.queries.team_tree import TeamView
from course.people.rules import MAX_JOB_ROLE_LENGTH, PersonIdentity, normalise_line
from course.translation import lazy_gettext as _
from course.web.forms import Form, GuardedForm, select_choices

ROLE_LABELS = {
    "learner": _("Learner"),
    "manager": _("Learner and manager of the team and sub-teams"),
    "hr": _("Learner and HR"),
    "administrator": _("Learner and administrator of the course"),
}


USUAL_PATHWAY = _("The usual pathway of the team or organisation")


def clean_line(value: str | None) -> str:
    """The filter of every one-line field."""
    return normalise_line(value or "")


def line_field(label: str, empty: str) -> StringField:
    """One line of text that must not be empty; `empty` says what to enter."""
    return StringField(
        label,
        filters=[clean_line],
        validators=[DataRequired(empty), Length(max=200, message=_("This must be 200 characters or fewer."))],
    )


def name_field(label: str = _("Name"), autocomplete: str = "off") -> StringField:
    """A person's full name."""
    return StringField(
        label,
        filters=[clean_line],
        validators=[
            DataRequired(_("Enter the full name.")),
            Length(max=200, message=_("The name must be 200 characters or fewer.")),
        ],
        render_kw={"autocomplete": autocomplete},
    )


def email_field(label: str = _("E-mail address"), autocomplete: str = "off", required: bool = True) -> EmailField:
    """An e-mail address that mail can be sent to; empty for a person without one unless it is `required`."""
    return EmailField(
        label,
        filters=[clean_line],
        validators=[
            DataRequired(_("Enter the e-mail address.")) if required else Optional(),
            Length(max=254, message=_("The e-mail address must be 254 characters or fewer.")),
            Email(
                _(
                    "Enter an e-mail address, for example sam@example.org. Letters such as ü can come only after the @, "
                    "and the ending must be a real one (.local is not)."
                ),
                allow_smtputf8=False,
            ),
        ],
        render_kw={"autocomplete": autocomplete, "spellcheck": "false"},
    )


def staff_number_field() -> StringField:
    """The number of a person in the organisation's own system."""
    return StringField(
        _("Staff number"),
        filters=[clean_line],
        validators=[Length(max=50, message=_("This must be 50 characters or fewer."))],
        render_kw={"autocomplete": "off"},
    )


def job_role_field() -> StringField:
    """The job of a person as the organisation calls it, beside the roles of the course."""
    return StringField(
        _("Job role"),
        filters=[clean_line],
        validators=[
            Length(max=MAX_JOB_ROLE_LENGTH, message=_("The job role must be 100 characters or fewer.")),
        ],
        render_kw={"autocomplete": "off"},
    )


def sign_in_name_field() -> StringField:
    """What a person without an e-mail address signs in with. Its form is checked with the person (people/rules)."""
    return StringField(
        _("Sign-in name"),
        filters=[clean_line],
        validators=[Length(max=50, message=_("This must be 50 characters or fewer."))],
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )


class IdentityForm(Form):
    """What identifies a person."""

    name = name_field()
    email = email_field(required=False)
    staff_number = staff_number_field()
    sign_in_name = sign_in_name_field()
    job_role = job_role_field()

    def identity(self) -> PersonIdentity:
        """What was entered."""
        return PersonIdentity(
            self.name.data or "", self.email.data, self.staff_number.data, self.sign_in_name.data, self.job_role.data
        )


class AddPersonForm(IdentityForm):
    team = SelectField(_("Team"), filters=[clean_line], validate_choice=True)
    role = SelectField(_("Role"), choices=ROLE_LABELS, default="learner")
    pathway = SelectField(_("Pathway"), choices={"": USUAL_PATHWAY} | select_choices(SETTINGS))


class PathwayForm(GuardedForm):
    """A pathway for a person, or for a team and all below it."""

    team = SelectField(_("Team"), filters=[clean_line])
    pathway = SelectField(_("Pathway"), choices={"": USUAL_PATHWAY} | select_choices(SETTINGS))
    reason = line_field(
        _("Reason"), _("Enter a short reason, for example: works in the nursery. The learner sees this.")
    )


class AddTeamForm(Form):
    name = line_field(_("Name of the team"), _("Enter the name of the team."))
    parent = SelectField(_("Part of"), filters=[clean_line])


def team_choices(teams: Iterable[TeamView], none: str) -> dict[str, str]:
    """The teams for a select, in tree order with a dash for each level; `none` is the words for no team."""
    return {"": none} | {str(team.id): "– " * team.depth + team.name for team in teams}


def selected_team_id(value: str | None) -> int | None:
    """The id of the team that a select sent; None for no team."""
    return int(value) if value else None
