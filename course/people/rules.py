"""Who may do what."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Generic, TypeVar

from course.content.schema import Setting
from course.dates import format_date
from course.text import normalise_line as normalise_line
from course.text import search_key
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
    viewer: Viewer, grants: Collection[tuple[str, int | None]], lent: Collection[tuple[int, int, bool]]
) -> Viewer:
    """The viewer with the roles that they have now, each with its team, and with what was lent to them."""
    audited = {team for role, team in grants if role == "auditor"}
    viewer = replace(
        viewer, administrator=("administrator", None) in grants, hr=("hr", None) in grants,
        audits=(None,) if None in audited else tuple(sorted(team for team in audited if team is not None)),
    )  # fmt: skip
    return with_teams(viewer, {team for role, team in grants if role == "manager" and team is not None}, lent)


# Who does what is done on the command line: nobody, who sees everybody.
COMMAND_VIEWER = Viewer(0, "a command", "", administrator=True)


def first_name(name: str) -> str:
    """The name to greet somebody by."""
    return name.split()[0] if name.split() else name


def normalise_email(text: str) -> str:
    """An e-mail address as it is stored and looked up: nothing invisible, no spaces around it, in lower case."""
    return normalise_line(text).lower()


def is_undeliverable(email: str | None) -> bool:
    """Whether no mail can reach this person: they have no address, or something stands in its place. Mail to .invalid
    never arrives (RFC 2606)."""
    return not email or email.endswith(".invalid")


MAX_SIGN_IN_NAME_LENGTH = 50  # characters
_SIGN_IN_NAME = re.compile(r"[^\W_](?:[\w .'’/+-]*[^\W_])?")


def sign_in_key(name: str) -> str:
    """The form in which sign-in names are compared: letters without case and accents, no spaces. “Kü 12” and “ku12” are
    one name."""
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", normalise_line(name)).casefold())
    return "".join(sign for sign in apart if not unicodedata.combining(sign) and not sign.isspace())


def is_sign_in_name(name: str) -> bool:
    """Whether a person can sign in with this name. It begins and ends with a letter or digit and has no @, so that it is
    never the address of somebody."""
    return (
        len(sign_in_key(name)) >= 2
        and len(name) <= MAX_SIGN_IN_NAME_LENGTH
        and _SIGN_IN_NAME.fullmatch(name) is not None
    )


def effective_sign_in_name(email: str | None, sign_in_name: str | None, staff_number: str | None) -> str | None:
    """The sign-in name to store: the one that is given, or the staff number for a person without an address."""
    return sign_in_name or (None if email else staff_number) or None


def normalise_login(text: str) -> str:
    """What a person types to say who they are, in the form in which it is looked up: an address if it has an @, and a
    sign-in name otherwise."""
    return normalise_email(text) if "@" in text else sign_in_key(text)


@dataclass(frozen=True)
class PersonIdentity:
    """What identifies a person: name, and address, staff number and sign-in name as far as there are any."""

    name: str
    email: str | None = None
    staff_number: str | None = None
    sign_in_name: str | None = None

    def normalised(self) -> PersonIdentity:
        """The identity as it is stored. Without an address the staff number is the sign-in name if no other is given."""
        email = normalise_email(self.email or "") or None
        number = normalise_line(self.staff_number or "") or None
        given = normalise_line(self.sign_in_name or "") or None
        return PersonIdentity(normalise_line(self.name), email, number, effective_sign_in_name(email, given, number))

    @property
    def has_login(self) -> bool:
        """Whether the person could sign in with it."""
        return bool(self.email or self.sign_in_name)


def login_label(email: str | None, sign_in_name: str | None) -> str:
    """What a person types to say who they are, for display: the address, or the sign-in name; empty if there is neither."""
    return email or sign_in_name or ""


def name_key(name: str) -> str:
    """By what a name is found and ordered: “Åsa” beside “Asa”, “Łucja” at L, in capitals or not."""
    return search_key(name)[:300]


def distinct_names(people: Iterable[tuple[int, str, str]]) -> dict[int, str]:
    """Of people in one list (id, name, address or sign-in name) what to call each: their name, and what they sign in with
    as well where another one has the same name."""
    every = list(people)
    names = Counter(search_key(name) for _, name, _ in every)
    return {
        person: f"{name} ({login})" if login and names[search_key(name)] > 1 else name for person, name, login in every
    }


@dataclass(frozen=True)
class Namesake:
    """Somebody with what tells them from others of the same name: the names of their teams, their staff number and address
    (each empty if there is none)."""

    id: int
    name: str
    teams: tuple[str, ...] = ()
    staff_number: str = ""
    email: str = ""


def distinguishing_names(people: Iterable[Namesake]) -> dict[int, str]:
    """Of these people what to call each: their name; and where several have the same name, with the first of teams, staff
    number and address that each of them has and no two of them share. If there is none, with all that is known."""
    by_name: dict[str, list[Namesake]] = {}
    for person in people:
        by_name.setdefault(search_key(person.name), []).append(person)
    names: dict[int, str] = {}
    for alike in by_name.values():
        marks = [
            [", ".join(one.teams) for one in alike],
            [one.staff_number for one in alike],
            [one.email for one in alike],
        ]
        good = next((column for column in marks if all(column) and len(set(column)) == len(alike)), None)
        for place, one in enumerate(alike):
            known = good[place] if good else ", ".join(column[place] for column in marks if column[place])
            names[one.id] = f"{one.name} ({known})" if len(alike) > 1 and known else one.name
    return names


def team_subtree(team: int, parents: Mapping[int, int | None]) -> set[int]:
    """The team and all below it. `parents` gives for each team the one that it is part of."""
    children: dict[int | None, list[int]] = {}
    for child, parent in parents.items():
        children.setdefault(parent, []).append(child)
    found, waiting = set[int](), [team]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting.extend(children.get(one, ()))
    return found


# What a team may set for itself and all below it (people/models.py: TeamSetting).
TEAM_SETTINGS = ("nation", "title", "pathway")
Value = TypeVar("Value")


@dataclass(frozen=True)
class Inherited(Generic[Value]):
    """A value that holds for a team, and the team at which it was set: the team itself or one above it."""

    value: Value
    team_id: int


def team_and_above(team: int, parents: Mapping[int, int | None]) -> list[int]:
    """The team and those above it, the nearest first. A team that `parents` does not know, because it is closed, is left
    out with all above it."""
    found: list[int] = []
    current: int | None = team
    while current is not None and current in parents and current not in found:
        found.append(current)
        current = parents[current]
    return found


def inherited(team: int, parents: Mapping[int, int | None], values: Mapping[int, Value]) -> Inherited[Value] | None:
    """The value that holds for a team: that of the nearest among itself and the teams above it; None if none has one."""
    for one in team_and_above(team, parents):
        if one in values:
            return Inherited(values[one], one)
    return None


def inherited_in_teams(
    teams: Iterable[int], parents: Mapping[int, int | None], values: Mapping[int, Value]
) -> Inherited[Value] | None:
    """The value that holds for a person in these teams, in the order in which they joined them: that of the first team for
    which one holds. A team for which none holds decides nothing, so that a working group hides no site."""
    found = (inherited(team, parents, values) for team in teams)
    return next((one for one in found if one is not None), None)


@dataclass(frozen=True)
class RecordedPathway:
    """The newest choice of a pathway for a person. `team_id` is the team whose pathway it is, None if it was chosen for
    the person. Without a pathway it is the organisation's usual one."""

    pathway: str | None = None
    team_id: int | None = None


def pathway_to_record(known: RecordedPathway, teams: Inherited[str] | None) -> RecordedPathway | None:
    """What is to be recorded for a person whose teams have this pathway, None if nothing changes.

    What was chosen for the person stays whatever team they are in; otherwise the teams decide, and without them the
    organisation.
    """
    if known.pathway is not None and known.team_id is None:
        return None
    wanted = RecordedPathway(teams.value, teams.team_id) if teams else RecordedPathway()
    return None if wanted == known else wanted
