"""The table of roles: what the people of a course at a platform become here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from wtforms import RadioField, SelectField
from wtforms.validators import InputRequired

from course.lti_services.rules.members import MemberChoice, Treatment
from course.people.forms import team_choices
from course.people.queries import TeamView
from course.translation import lazy_gettext as _
from course.web.forms import Form, select_choices

_LEARNERS = {"member": _("Members of the team"), "leave": _("Leave them out")}
_INSTRUCTORS = {
    "leave": _("Leave them out"),
    "member": _("Members of the team"),
    "manager": _("Managers of the team, who see how everyone in it is doing"),
}


class MembersForm(Form):
    team = SelectField(_("Team"), validators=[InputRequired(_("Choose a team."))])
    learners = RadioField(_("People who learn there become"), choices=select_choices(_LEARNERS), default="member")
    instructors = RadioField(_("People who teach there become"), choices=select_choices(_INSTRUCTORS), default="leave")

    def __init__(self, teams: Sequence[TeamView], chosen: str) -> None:
        super().__init__(data={"team": chosen})
        self._teams = {one.id: one for one in teams}
        self.team.choices = select_choices(team_choices(teams, _("Choose a team")))
        if not self.is_submitted():
            self.learners.data, self.instructors.data = "member", "leave"

    def choice(self) -> MemberChoice:
        """What was chosen, once it is valid."""
        path, team = list[str](), self._teams.get(int(self.team.data))
        while team is not None:
            path.insert(0, team.name)
            team = self._teams.get(team.parent_id) if team.parent_id is not None else None
        return MemberChoice(
            " > ".join(path), cast("Treatment", self.learners.data), cast("Treatment", self.instructors.data)
        )
