from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from course.audit.rules import AuditEventKind
from course.people.rules import PersonIdentity
from course.translation import lazy_gettext as _


@dataclass(frozen=True)
class IdentityEntered:
    """Somebody has entered the identity of a new person, or another one for the person `person_id`, who has the one `before`.
    It is published before anything is written: handlers add to `questions` what to ask first. `zone` is the organisation's."""

    identity: PersonIdentity
    zone: str
    person_id: int | None = None
    before: PersonIdentity | None = None
    questions: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class PersonAdded:
    """Somebody new is required to take the course."""

    person_id: int
    at: datetime


@dataclass(frozen=True)
class InvitationRequested:
    """A person is to get a link with which to choose a password; `sender` is the name of the person who invites."""

    person_id: int
    sender: str
    at: datetime


@dataclass(frozen=True)
class DeputyNamed:
    """A manager lent their view of their teams to somebody, up to and including the day `until`."""

    manager_id: int
    deputy_id: int
    until: date
    at: datetime


@dataclass(frozen=True)
class ManagerNamed:
    """Somebody manages a team from now on; `by` is the person who said so (None: the program)."""

    person_id: int
    team_id: int
    by: int | None
    at: datetime


@dataclass(frozen=True)
class RecordOpened:
    """Somebody was shown a page about the training of somebody else; `day` is that of the organisation's zone."""

    person_id: int
    viewer_id: int
    day: date
    at: datetime


@dataclass(frozen=True)
class EarlierCertificate:
    """A list that was applied at that moment says that somebody completed a training elsewhere, or before this
    course: `valid_until` is None if it does not say until when that was good."""

    person_id: int
    day: date
    valid_until: date | None
    issuer: str
    by: int | None
    at: datetime


@dataclass(frozen=True)
class PersonLeft:
    """Somebody does not work here any more."""

    person_id: int
    at: datetime


@dataclass(frozen=True)
class AddressChanged:
    """Mail to somebody goes elsewhere from now on, and they sign in with another address."""

    person_id: int
    at: datetime


@dataclass(frozen=True)
class PeopleMerged:
    """Two entries were one person: what `person_id` completed counts for `into_id`."""

    person_id: int
    into_id: int
    by: int | None
    at: datetime


@dataclass(frozen=True)
class TeamsMerged:
    """A team was closed, and its people and managers belong to another one from now on."""

    team_id: int
    into_id: int
    by: int | None
    at: datetime


AUDIT_EVENTS = (
    AuditEventKind("deputy.ended", _("{who} ended the deputy access of {whom}")),
    AuditEventKind("deputy.named", _("{who} made {whom} their deputy until {until}")),
    AuditEventKind("deputy.named_to_act", _("{who} made {whom} their deputy, who may also act, until {until}")),
    AuditEventKind(
        "pathway.chosen", _("{who} chose a pathway for {whom}"), own=_("{who} chose a pathway for themselves")
    ),
    AuditEventKind(
        "pathway.followed", _("{whom} got the pathway of their team"), own=_("{who} got the pathway of their team")
    ),
    AuditEventKind("person.added", _("{who} added {whom}")),
    AuditEventKind("person.changed", _("{who} corrected the details of {whom}: {changed}")),
    AuditEventKind("person.departure_corrected", _("{who} recorded that {whom} did not leave")),
    AuditEventKind("person.departure_planned", _("{who} recorded the last day of {whom} beforehand: {last_day}")),
    AuditEventKind("person.departure_withdrawn", _("{who} withdrew the last day of {whom}, {last_day}")),
    AuditEventKind("person.invitation_withdrawn", _("{who} withdrew the invitation of {whom}")),
    AuditEventKind("person.invited", _("{who} invited {whom}")),
    AuditEventKind(
        "person.language_chosen",
        _("{who} chose a language for {whom}"),
        own=_("{who} chose the language of pages and e-mails"),
    ),
    AuditEventKind("person.left", _("{who} recorded that {whom} left, last day {last_day}")),
    AuditEventKind("person.merged", _("{who} merged a second entry of {whom}")),
    AuditEventKind("person.returned", _("{who} recorded that {whom} returned on {first_day}")),
    AuditEventKind("role.ended", _("{who} removed a role from {whom}: {role}")),
    AuditEventKind("role.expired", _("A role of {whom} ended after its last day, {last_day}: {role}")),
    AuditEventKind("role.granted", _("{who} made {whom} {role}")),
    AuditEventKind("team.added", _("{who} added the team {whom}")),
    AuditEventKind("team.changed", _("{who} renamed or moved the team {whom}")),
    AuditEventKind("team.closed", _("{who} closed the team {whom}")),
    AuditEventKind("team.joined", _("{who} added {whom} to the team {team}")),
    AuditEventKind("team.left", _("{who} removed {whom} from the team {team}")),
    AuditEventKind("team.merged", _("{who} merged the team {whom} into {into}")),
    AuditEventKind("team.setting_changed", _("{who} changed a setting of the team {whom}: {setting}")),
)
