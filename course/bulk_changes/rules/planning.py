"""What a change of many people would do to each of them, and who is left out and why."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from course.content.schema import SETTINGS
from course.dates import format_date
from course.people.rules import ROLES, is_undeliverable
from course.translation import lazy_gettext as _

INVITE, REMIND, MOVE, PATHWAY, ROLE, LEAVE = "invite", "remind", "move", "pathway", "role", "leave"
KINDS = {
    INVITE: _("Invite"),
    REMIND: _("Remind"),
    MOVE: _("Change team"),
    PATHWAY: _("Choose a pathway"),
    ROLE: _("Give or remove a role"),
    LEAVE: _("Record that they leave"),
}
LEARNER_ONLY = "learner"  # the value of a role that ends all others
DONE, LEFT_OUT, UNDONE = "done", "left-out", "undone"
CHANGED_SINCE = _("Their entry changed after the preview. Nothing was done for them.")
ROLE_NOT_GIVEN = _("Only an administrator can give this role.")
ROLES_NOT_REMOVED = _("Only an administrator can remove their roles.")
_HAS_LEFT = _("Has left.")


@dataclass(frozen=True)
class HeldRole:
    """A role that somebody has, beyond that of a learner: `words` say it, `grant_id` is its row. An auditor's has a last day."""

    grant_id: int
    role: str
    team_id: int | None
    words: str
    last_day: date | None = None

    def as_data(self) -> list[Any]:
        """The role as it is stored, to be given back."""
        return [self.role, self.team_id, self.last_day.isoformat() if self.last_day else None]


@dataclass(frozen=True)
class PersonState:
    """One person as far as a change depends on it. `start` is the first day of their employment; `active` says whether
    they have chosen a password."""

    id: int
    name: str
    email: str | None
    has_left: bool
    start: date
    last_day: date | None = None
    teams: tuple[tuple[int, str], ...] = ()
    roles: tuple[HeldRole, ...] = ()
    pathway: str | None = None
    active: bool = False
    invited_at: datetime | None = None

    @property
    def team_ids(self) -> tuple[int, ...]:
        return tuple(sorted(team for team, _name in self.teams))

    def fingerprint(self, kind: str) -> str:
        """The hash of all that a change of this kind depends on. It differs as soon as one of the facts is changed."""
        facts: tuple[Any, ...] = (
            self.has_left, self.last_day, self.team_ids, self.pathway,
            sorted((held.role, held.team_id or 0) for held in self.roles),
        )  # fmt: skip
        if kind == INVITE:
            facts = (*facts, self.email, self.active, self.invited_at)
        return hashlib.sha256(repr(facts).encode()).hexdigest()


@dataclass(frozen=True)
class ChangeValues:
    """What was chosen for everybody. `team` is the team of a move or the one that they are to manage."""

    team: int | None = None
    team_name: str = ""
    moves: bool = True
    pathway: str = ""
    role: str = ""
    last_day: date | None = None
    reason: str = ""

    def as_data(self) -> dict[str, Any]:
        """The values as they are stored."""
        return {
            "team": self.team, "team_name": self.team_name, "moves": self.moves, "pathway": self.pathway,
            "role": self.role, "last_day": self.last_day.isoformat() if self.last_day else None,
        }  # fmt: skip

    @classmethod
    def from_data(cls, data: Mapping[str, Any], reason: str) -> ChangeValues:
        """What `as_data` gave."""
        last_day = data.get("last_day")
        return cls(
            data.get("team"), data.get("team_name", ""), data.get("moves", True), data.get("pathway", ""),
            data.get("role", ""), date.fromisoformat(last_day) if last_day else None, reason,
        )  # fmt: skip


@dataclass(frozen=True)
class PlannedChange:
    """What would be done for a person, in words; or why nothing would be, if `is_left_out`."""

    person: PersonState
    words: str
    is_left_out: bool = False


@dataclass(frozen=True)
class ChangeFrame:
    """What a plan depends on beside the person: the kind, the values, who does it, and the day. `grantable` are the roles that
    they may give and remove; `guarded` those whose holders only an administrator may change (see people/rules)."""

    kind: str
    values: ChangeValues
    actor: int
    today: date
    sealed: Mapping[int, str] = field(default_factory=dict)
    grantable: Collection[str] = ROLES
    guarded: Collection[str] = ()


def plan_change(frame: ChangeFrame, person: PersonState) -> PlannedChange:
    """What the change would do to one person. Somebody whose entry is not what it was when the preview was made is left
    out."""
    seen = frame.sealed.get(person.id)
    if seen and seen != person.fingerprint(frame.kind):
        return PlannedChange(person, CHANGED_SINCE, is_left_out=True)
    if person.has_left:
        return PlannedChange(person, _HAS_LEFT, is_left_out=True)
    planned = {INVITE: _plan_invitation, MOVE: _plan_move, PATHWAY: _plan_pathway, ROLE: _plan_role, LEAVE: _plan_leave}
    words, is_left_out = planned[frame.kind](frame, person) if frame.kind in planned else ("", False)
    return PlannedChange(person, words, is_left_out)


def left_out_by_reason(plans: Iterable[PlannedChange]) -> dict[str, list[PersonState]]:
    """Who is left out, by reason, in the order of the plans."""
    found: dict[str, list[PersonState]] = {}
    for plan in plans:
        if plan.is_left_out:
            found.setdefault(str(plan.words), []).append(plan.person)
    return found


def _plan_invitation(_frame: ChangeFrame, person: PersonState) -> tuple[str, bool]:
    if person.active:
        return _("Already has a password and needs no invitation."), True
    if not person.email or is_undeliverable(person.email):
        return _("Has no e-mail address."), True
    if person.invited_at is not None:
        return _("A new invitation to %(email)s. The link in the earlier one stops working.", email=person.email), False
    return _("An invitation to %(email)s.", email=person.email), False


def _plan_move(frame: ChangeFrame, person: PersonState) -> tuple[str, bool]:
    values, before = frame.values, ", ".join(name for _team, name in person.teams) or _("no team")
    if values.team in person.team_ids and (not values.moves or len(person.teams) == 1):
        return _("Is already in %(team)s.", team=values.team_name), True
    if values.moves:
        return _("%(before)s → %(team)s", before=before, team=values.team_name), False
    return _("Also in %(team)s. Now: %(before)s", before=before, team=values.team_name), False


def _plan_pathway(frame: ChangeFrame, person: PersonState) -> tuple[str, bool]:
    words = {str(key): str(label) for key, label in SETTINGS.items()}
    after = words.get(frame.values.pathway, frame.values.pathway)
    if person.pathway == frame.values.pathway:
        return _("Already has the pathway “%(pathway)s”.", pathway=after), True
    before = words.get(person.pathway, person.pathway) if person.pathway else _("the usual one")
    return _("%(before)s → %(pathway)s", before=before, pathway=after), False


def _plan_role(frame: ChangeFrame, person: PersonState) -> tuple[str, bool]:
    role, team = frame.values.role, frame.values.team
    if person.id == frame.actor:
        return _("This is you. Change your own roles on your page."), True
    if role != LEARNER_ONLY and role not in frame.grantable:
        return ROLE_NOT_GIVEN, True
    if role == LEARNER_ONLY:
        if not person.roles:
            return _("Is a learner only."), True
        if any(held.role not in frame.grantable for held in person.roles):
            return ROLES_NOT_REMOVED, True
        return _("No longer: %(roles)s", roles=", ".join(str(held.words) for held in person.roles)), False
    managed = team if role == "manager" else None
    if any((held.role, held.team_id) == (role, managed) for held in person.roles):
        return _("Already has this role."), True
    if managed is not None:
        return _("Becomes manager of %(team)s.", team=frame.values.team_name), False
    return _("Gets the role."), False


def _plan_leave(frame: ChangeFrame, person: PersonState) -> tuple[str, bool]:
    day = frame.values.last_day
    if person.id == frame.actor:
        return _("This is you. Someone else has to record that you leave."), True
    if any(held.role in frame.guarded for held in person.roles):
        return _("Only an administrator can record that they leave, because of their role."), True
    if day is None or day < person.start:
        return _("Started on %(day)s, after this last day.", day=format_date(person.start)), True
    if day == person.last_day:
        return _("This last day is already recorded."), True
    if day > frame.today:
        return _("Leaves after %(day)s. Until then nothing changes.", day=format_date(day)), False
    ends = ", ".join([*(name for _team, name in person.teams), *(str(held.words) for held in person.roles)])
    if ends:
        return _("Last day %(day)s. Leaves: %(ends)s", day=format_date(day), ends=ends), False
    return _("Last day %(day)s.", day=format_date(day)), False
