"""What is chosen for everybody in a change."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from wtforms import RadioField, SelectField, StringField
from wtforms.validators import Length

from course.bulk_changes.rules.planning import (
    INVITE,
    LEARNER_ONLY,
    LEAVE,
    MOVE,
    PATHWAY,
    REMIND,
    ROLE,
    ChangeValues,
)
from course.content.schema import SETTINGS
from course.people.forms import GRANTABLE_ROLES, clean_line, selected_team_id, team_choices
from course.people.queries import TeamView
from course.people.rules import FIRST_ROLES, ROLES
from course.translation import lazy_gettext as _
from course.web.forms import DayField, Form, select_choices

_NO_TEAM = _("Choose a team")


def _reason_field() -> StringField:
    return StringField(
        _("Reason (optional)"),
        filters=[clean_line],
        validators=[Length(max=200, message=_("This must be 200 characters or fewer."))],
    )


class ReasonForm(Form):
    """What needs no more than a reason, or nothing."""

    reason = _reason_field()


class MoveForm(Form):
    team = SelectField(_("Team"), filters=[clean_line])
    how = RadioField(
        _("Move or add"),
        choices={
            "move": _("Move them: they leave their present teams"),
            "add": _("Add this team to their present teams"),
        },
        default="move",
    )


class ChoosePathwayForm(Form):
    pathway = SelectField(_("Pathway"), choices=select_choices(SETTINGS))
    reason = _reason_field()


class ChooseRoleForm(Form):
    role = SelectField(_("Role"))
    team = SelectField(_("Team that they manage"), filters=[clean_line])


class LastDayForm(Form):
    last_day = DayField(_("Last day"), _("Enter the last day, for example 12/02/2027."))
    reason = _reason_field()


_FORMS: dict[str, type[Form]] = {
    INVITE: ReasonForm, REMIND: ReasonForm, MOVE: MoveForm, PATHWAY: ChoosePathwayForm, ROLE: ChooseRoleForm,
    LEAVE: LastDayForm,
}  # fmt: skip


def change_form(kind: str, values: ChangeValues, teams: Iterable[TeamView], grantable: Collection[str] = ROLES) -> Form:
    """The form of a kind of change, with what was chosen before. `grantable` are the roles that may be given."""
    form: Form = _FORMS[kind](
        data={
            "team": str(values.team or ""), "how": "move" if values.moves else "add", "pathway": values.pathway or None,
            "role": values.role or None, "last_day": values.last_day, "reason": values.reason,
        }
    )  # fmt: skip
    if "team" in form:
        none = _NO_TEAM if kind == MOVE else _("No team: for other roles")
        form["team"].choices = team_choices(teams, none)
    if "role" in form:
        given = {
            role: words for role, words in GRANTABLE_ROLES.items() if role in grantable and role in FIRST_ROLES[1:]
        }
        form["role"].choices = given | {LEARNER_ONLY: _("Learner only: remove their other roles")}
    return form


def chosen_values(kind: str, form: Form, teams: Iterable[TeamView]) -> ChangeValues | None:
    """What a valid form says; None, with an error beside the field, if a team is missing."""

    def of(name: str) -> str:
        return (form[name].data or "") if name in form else ""

    team = selected_team_id(of("team"))
    role = of("role")
    if (kind == MOVE or role == "manager") and team is None:
        form["team"].errors = [_("Choose a team.")]
        return None
    if kind == ROLE and role != "manager":
        team = None
    names = {one.id: one.name for one in teams}
    return ChangeValues(
        team=team, team_name=names.get(team, "") if team is not None else "", moves=of("how") != "add",
        pathway=of("pathway"), role=role, last_day=form["last_day"].data if "last_day" in form else None,
        reason=of("reason"),
    )  # fmt: skip
