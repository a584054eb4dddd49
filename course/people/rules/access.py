"""Who may do what: roles, what each allows, and where."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from course.content.schema import Setting
from course.dates import format_date
from course.translation import lazy_gettext as _

ROLES = ("learner", "manager", "hr", "auditor", "administrator")
# The roles with which somebody can be added; an auditor has a last day as well, which is chosen on their page.
FIRST_ROLES = ("learner", "manager", "hr", "administrator")
_ROLE_LABELS = {
    "learner": _("Learner"), "manager": _("Manager"), "hr": _("HR"), "auditor": _("Auditor"),
    "administrator": _("Administrator"),
}  # fmt: skip
DEPUTY, ACTING_DEPUTY = "deputy", "acting deputy"

_SEES_TRAINING = frozenset({"see people", "see attempts", "see team results", "make evidence packs"})
_ACTS = frozenset({"act for people", "record talks", "run supervised sessions", "decide join requests"})
_DEPUTY = _SEES_TRAINING | {"see join requests", "get reports by mail", "see deputies"}
# Everyone is a learner; these are the permissions (course.web.access.Permission) that the other roles add. This is the
# one rule about what the deputy of a manager may do: with "look" as DEPUTY, with "look and act" as ACTING_DEPUTY.
PERMISSIONS: dict[str, frozenset[str]] = {
    DEPUTY: _DEPUTY,
    ACTING_DEPUTY: _DEPUTY | _ACTS,
    "manager": _DEPUTY | _ACTS,
    "hr": frozenset(
        {"see people", "manage people", "act for people", "see join requests", "decide join requests",
         "get reports by mail"}
    ),
    "auditor": _SEES_TRAINING | {"see results of everyone", "see the audit log"},
    "administrator": _DEPUTY | _ACTS | {
        "see results of everyone", "manage people", "give every role", "erase people", "manage the organisation",
        "see the audit log", "run the system",
    },
}  # fmt: skip
# They concern no single team, so a role in a team does not give them.
_OF_EVERYONE = frozenset({"see results of everyone"})
# Who has one of these roles may do, or see, what HR may not: HR neither gives them nor changes the entry of somebody who
# has one, because whoever can change an e-mail address can sign in with it.
_ABOVE_HR = frozenset({"administrator", "auditor"})

DEPUTY_READ_ONLY = _(
    "As a deputy you can see this but not change it. Ask the person’s manager or an administrator to do it."
)
AUDITOR_READ_ONLY = _("As an auditor you can see this but not change it. Ask an administrator to do it.")


def role_label(role: str) -> str:
    """The name of a role on pages."""
    return _ROLE_LABELS[role]


def role_in_log(role: str, team: str | None) -> str:
    """A role as the log names it, in the middle of a sentence; `team` is the name of its team, if it has one."""
    if role == "manager":
        return _("manager of %(name)s", name=team)
    if role == "auditor":
        return _("auditor of %(name)s", name=team) if team else _("auditor of everyone")
    return "HR" if role == "hr" else role


def role_in_words(role: str, team: str | None, last_day: date | None = None) -> str:
    """A role as pages show it; `team` is the name of its team, and `last_day` its last day, if it has one."""
    if role == "manager":
        return _("Manager of %(team)s", team=team)
    if role == "auditor" and last_day is not None:
        day = format_date(last_day)
        if team:
            return _("Auditor of %(team)s until %(day)s", team=team, day=day)
        return _("Auditor until %(day)s", day=day)
    if role == "auditor" and team:
        return _("Auditor of %(team)s", team=team)
    return role_label(role)


@dataclass(frozen=True)
class RoleDescription:
    """What somebody sees, may do and may not do with a role, in words for the person who gives it."""

    sees: str
    does: str
    not_allowed: str


ROLE_DESCRIPTIONS = {
    "manager": RoleDescription(
        _("The people of the team and its sub-teams, who is up to date, evidence packs, and what teams find hard, without names."),
        _("Remind people, record leave, more time and earlier certificates, decide who joins, and choose a deputy."),
        _("Change names, teams or roles."),
    ),
    "hr": RoleDescription(
        _("Everyone, who is up to date, and requests to join."),
        _("Add, import, invite and change people and teams, record who left, remind people, and make managers."),
        _("See results, answers, evidence packs or the log, erase data, give other roles, or change an administrator or auditor."),
    ),
    "auditor": RoleDescription(
        _("People, the report of any day, evidence packs and the log: of everyone, or of one team and its sub-teams."),
        _("Download what they see. Each download is in the log."),
        _("Change anything. The role ends by itself after its last day."),
    ),
    "administrator": RoleDescription(
        _("Everything but answers and private notes."),
        _("Everything, including settings, roles, erasing data and the system."),
        _("See the answers of one person."),
    ),
}  # fmt: skip


def grantable_roles(viewer: Viewer) -> tuple[str, ...]:
    """The roles that somebody may give and remove: HR none that could do more than theirs, nobody else but
    administrators any."""
    if "give every role" in viewer.permissions:
        return ROLES[1:]
    return ("manager",) if viewer.hr else ()


def may_change_entry(viewer: Viewer, roles: Collection[str]) -> bool:
    """Whether somebody may change the name, address or stay of a person who has these roles."""
    return "manage people" in viewer.permissions and not guarded_roles(viewer).intersection(roles)


def guarded_roles(viewer: Viewer) -> frozenset[str]:
    """The roles whose holders somebody may not change, if they may change entries at all."""
    return frozenset() if "give every role" in viewer.permissions else _ABOVE_HR


@dataclass(frozen=True)
class Scope:
    """The part of the organisation to which a permission extends: everyone, or these teams and all below them."""

    everyone: bool
    teams: tuple[int, ...] = ()


@dataclass(frozen=True)
class Viewer:
    """The person who is signed in, as far as access depends on it.

    `manages` are the teams that they see as a manager or deputy; `lent` are those among them that they see only as a
    deputy, and `acts` those of `lent` in which they may act as well, each with its manager. `appointed_by` are the
    managers whose deputy they are. `audits` are the teams that they audit (None: the whole organisation).
    `language` is the one that they chose, if any.
    """

    id: int
    name: str
    email: str
    administrator: bool = False
    manages: tuple[int, ...] = ()
    pathway: Setting | None = None
    lent: tuple[int, ...] = ()
    appointed_by: tuple[int, ...] = ()
    language: str | None = None
    acts: tuple[tuple[int, int], ...] = ()
    hr: bool = False
    audits: tuple[int | None, ...] = ()

    @cached_property
    def leads(self) -> tuple[int, ...]:
        """The teams that they manage themselves."""
        return tuple(team for team in self.manages if team not in self.lent)

    @cached_property
    def _held(self) -> tuple[tuple[str, int | None], ...]:
        """The roles of PERMISSIONS that they have, each with its team (None: everyone)."""
        acting = {team for team, _ in self.acts}
        of_all = (("administrator", self.administrator), ("hr", self.hr))
        return (
            *((role, None) for role, held in of_all if held),
            *(("auditor", team) for team in self.audits),
            *(("manager", team) for team in self.leads),
            *((ACTING_DEPUTY if team in acting else DEPUTY, team) for team in self.lent),
        )

    @cached_property
    def permissions(self) -> frozenset[str]:
        """Names of permissions (course.web.access.Permission)."""
        names: frozenset[str] = frozenset()
        for role, team in self._held:
            names |= PERMISSIONS[role] if team is None else PERMISSIONS[role] - _OF_EVERYONE
        return names

    def scope(self, permission: str) -> Scope:
        """The part of the organisation in which they have this permission; somebody with two roles has it where one of
        them gives it."""
        teams = {team for role, team in self._held if permission in PERMISSIONS[role]}
        return Scope(None in teams, tuple(sorted(team for team in teams if team is not None)))

    @property
    def only_reads(self) -> bool:
        """Whether they see people beside themselves, and may record something about none of them."""
        return "see people" in self.permissions and "act for people" not in self.permissions

    @property
    def sees_everyone(self) -> bool:
        """Whether they see all people, for the words of lists."""
        return self.scope("see people").everyone

    @property
    def read_only_reason(self) -> str | None:
        """Why they only read something that they see: as a deputy or as an auditor; None if they are neither."""
        return DEPUTY_READ_ONLY if self.lent else AUDITOR_READ_ONLY if self.audits else None

    def refusal(self, permission: str) -> str | None:
        """Why a page is closed to somebody who could open it if they might act as well; None if that is not why."""
        return self.read_only_reason if permission in _ACTS and permission not in self.permissions else None


def with_teams(viewer: Viewer, leads: Collection[int], lent: Collection[tuple[int, int, bool]]) -> Viewer:
    """The viewer as somebody who manages the teams `leads`; `lent` are those that they see as a deputy, each with its
    manager and whether they may act for that manager."""
    seen_only = {team for team, _, _ in lent} - set(leads)
    return replace(
        viewer, manages=tuple(sorted({*leads, *seen_only})), lent=tuple(sorted(seen_only)),
        appointed_by=tuple(sorted({manager for _, manager, _ in lent})),
        acts=tuple(sorted({(team, manager) for team, manager, acts in lent if acts and team in seen_only})),
    )  # fmt: skip


def with_grants(
    viewer: Viewer, grants: Collection[tuple[str | None, int | None]], lent: Collection[tuple[int, int, bool]]
) -> Viewer:
    """The viewer with the roles that they have now, each with its team, and with what was lent to them."""
    if not lent and all(role is None for role, _ in grants):
        return viewer  # as most people are: without any role
    audited = {team for role, team in grants if role == "auditor"}
    viewer = replace(
        viewer, administrator=("administrator", None) in grants, hr=("hr", None) in grants,
        audits=(None,) if None in audited else tuple(sorted(team for team in audited if team is not None)),
    )  # fmt: skip
    return with_teams(viewer, {team for role, team in grants if role == "manager" and team is not None}, lent)


# Who does what is done on the command line: nobody, who sees everybody.
COMMAND_VIEWER = Viewer(0, "a command", "", administrator=True)
