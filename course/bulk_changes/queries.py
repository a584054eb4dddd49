"""Which people a list shows, the people of a change as they are now, and what became of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from course.bulk_changes.models import BulkChange, BulkChangePerson
from course.bulk_changes.rules.people_filter import NO_TEAM, PeopleFilter, end_of_invitation_day
from course.bulk_changes.rules.planning import ChangeValues, HeldRole, PersonState
from course.dates import civil_date
from course.mail.queries import newest_failure
from course.passwords.queries import has_password
from course.people.models import Employment, Membership, Person, RoleGrant, Team
from course.people.queries import (
    BY_NAME,
    matches_words,
    names_told_apart,
    newest_pathway,
    team_subtree,
    visible_condition,
)
from course.people.rules import Viewer, distinct_names, role_in_words
from course.standings.models import PersonStatus
from course.standings.rules import GROUP_RANKS
from course.translation import lazy_gettext as _

UNDO_PERIOD = timedelta(days=30)  # as long as a change is kept, and can be undone


def filter_condition(wanted: PeopleFilter) -> ColumnElement[bool]:
    """Whether a person who is here matches the filter, as part of another query."""
    terms: list[ColumnElement[bool]] = [Person.left_at.is_(None)]
    if wanted.words:
        terms.append(or_(matches_words(wanted.words), Person.staff_number == wanted.words))
    if wanted.team:
        terms.append(_team_condition(wanted.team))
    if wanted.role:
        roles = select(RoleGrant.person_id).where(RoleGrant.until.is_(None))
        if wanted.role == "learner":
            terms.append(Person.id.not_in(roles))
        else:
            terms.append(Person.id.in_(roles.where(RoleGrant.role == wanted.role)))
    if wanted.pathway:
        terms.append(_pathway_condition(wanted.pathway))
    if wanted.needs_standings:
        rows = select(PersonStatus.person_id).where(PersonStatus.is_employed)
        if wanted.group:
            rows = rows.where(PersonStatus.group_rank == GROUP_RANKS[wanted.group])
        if wanted.started_from:
            rows = rows.where(PersonStatus.employment_start >= wanted.started_from)
        terms.append(Person.id.in_(rows))
    if wanted.invitation:
        terms.append(_invitation_condition(wanted.invitation))
    if wanted.invited_until:
        terms.append(Person.invited_at < end_of_invitation_day(wanted.invited_until))
    if wanted.signed_in:
        entered = has_password(Person.id)
        terms.append(entered if wanted.signed_in == "yes" else ~entered)
    return and_(*terms)


def _team_condition(team: str) -> ColumnElement[bool]:
    members = select(Membership.person_id).where(Membership.until.is_(None))
    if team == NO_TEAM:
        return Person.id.not_in(members)
    below = team_subtree([int(team)], "wanted_teams")
    return Person.id.in_(members.where(Membership.team_id.in_(select(below.c.id))))


def _pathway_condition(pathway: str) -> ColumnElement[bool]:
    """Who reads the course in this setting: it was chosen for them, or it is the usual one and none was."""
    return newest_pathway(Person.__table__.c.id) == pathway


def _invitation_condition(invitation: str) -> ColumnElement[bool]:
    reachable = and_(Person.email.is_not(None), Person.email.not_like("%.invalid"))
    if invitation == "no-email":
        return ~reachable
    if invitation == "failed":
        return newest_failure(Person.__table__.c.email).is_not(None)
    invited = Person.invited_at.is_not(None) if invitation == "yes" else Person.invited_at.is_(None)
    return and_(reachable, ~has_password(Person.id), invited)


def matching_ids(session: Session, viewer: Viewer, wanted: PeopleFilter, limit: int) -> list[int]:
    """Of the people whom the viewer sees, those who match, by name and `limit` at most."""
    rows = select(Person.id).where(filter_condition(wanted), visible_condition(viewer)).order_by(*BY_NAME).limit(limit)
    return list(session.execute(rows).scalars())


def visible_ids(session: Session, viewer: Viewer, ids: Collection[int]) -> list[int]:
    """Those of these people whom the viewer sees and who are here, by name."""
    rows = select(Person.id).where(Person.left_at.is_(None), Person.id.in_(ids), visible_condition(viewer))
    return list(session.execute(rows.order_by(*BY_NAME)).scalars())


@dataclass(frozen=True)
class BulkChangeView:
    """A change of many people; see the model. `values` are empty until they are chosen, `people` is the number chosen."""

    id: int
    kind: str
    values: ChangeValues
    made_by: int
    made_by_name: str
    made_at: datetime
    sealed_at: datetime | None
    applied_at: datetime | None
    finished_at: datetime | None
    undone_at: datetime | None
    undo_finished_at: datetime | None
    undone_by_name: str | None
    back: str
    people: int

    @property
    def is_running(self) -> bool:
        return self.applied_at is not None and self.finished_at is None

    @property
    def is_undoing(self) -> bool:
        return self.undone_at is not None and self.undo_finished_at is None

    def can_be_undone(self, at: datetime) -> bool:
        return self.finished_at is not None and self.undone_at is None and at < self.finished_at + UNDO_PERIOD


def bulk_change(session: Session, change_id: int) -> BulkChangeView | None:
    """One change; None if there is none of that id. Two queries."""
    undoer = Person.__table__.alias()
    row = session.execute(
        select(BulkChange, Person.name, undoer.c.name)
        .join(Person, Person.id == BulkChange.made_by)
        .outerjoin(undoer, undoer.c.id == BulkChange.undone_by)
        .where(BulkChange.id == change_id)
    ).first()
    if row is None:
        return None
    change, name, undone_by = row
    number = select(func.count()).where(BulkChangePerson.change_id == change_id)
    return BulkChangeView(
        change.id, change.kind, ChangeValues.from_data(change.chosen, change.reason), change.made_by, name, change.made_at,
        change.sealed_at, change.applied_at, change.finished_at, change.undone_at, change.undo_finished_at, undone_by,
        change.back, session.execute(number).scalar_one(),
    )  # fmt: skip


def latest_changes(session: Session, at: datetime, limit: int = 20) -> list[BulkChangeView]:
    """The newest changes that were applied and can still be seen, newest first."""
    rows = select(BulkChange.id).where(BulkChange.applied_at > at - UNDO_PERIOD).order_by(BulkChange.id.desc())
    found = [bulk_change(session, one) for one in session.execute(rows.limit(limit)).scalars()]
    names = names_told_apart(session, (one.made_by for one in found if one is not None))
    return [replace(one, made_by_name=names[one.made_by]) for one in found if one is not None]


def sealed_fingerprints(session: Session, change_id: int, ids: Collection[int] | None = None) -> dict[int, str]:
    """What the entries of the people of a change were when the preview was made, by person."""
    rows = select(BulkChangePerson.person_id, BulkChangePerson.seen).where(BulkChangePerson.change_id == change_id)
    if ids is not None:
        rows = rows.where(BulkChangePerson.person_id.in_(ids))
    return {row.person_id: row.seen for row in session.execute(rows)}


def people_of_change(session: Session, change_id: int, zone: str) -> list[PersonState]:
    """The people of a change as they are now, by name."""
    return person_states(
        session, zone, select(BulkChangePerson.person_id).where(BulkChangePerson.change_id == change_id)
    )


def waiting_ids(session: Session, change_id: int, limit: int, undo: bool = False) -> list[int]:
    """The people of a change whose turn has not come, or with `undo` those for whom something was done that is not undone
    yet; the first `limit` of them."""
    rows = select(BulkChangePerson.person_id).where(BulkChangePerson.change_id == change_id)
    if undo:
        rows = rows.where(BulkChangePerson.outcome == "done", BulkChangePerson.undo_outcome.is_(None))
    else:
        rows = rows.where(BulkChangePerson.outcome.is_(None))
    return list(session.execute(rows.order_by(BulkChangePerson.id).limit(limit)).scalars())


def outcome_counts(session: Session, change_id: int) -> Counter[str]:
    """How many people of a change have which outcome ("" as long as their turn has not come)."""
    rows = select(BulkChangePerson.outcome, func.count()).where(BulkChangePerson.change_id == change_id)
    return Counter(
        {outcome or "": count for outcome, count in session.execute(rows.group_by(BulkChangePerson.outcome))}
    )


@dataclass(frozen=True)
class ChangeOutcome:
    """What became of one person: `note` says why nothing was done, `undo_note` why it was not undone."""

    person_id: int
    name: str
    has_left: bool
    outcome: str
    note: str
    undo_outcome: str | None
    undo_note: str


def change_outcomes(session: Session, change_id: int) -> list[ChangeOutcome]:
    """What became of each person of a change whose turn has come, by name."""
    row = BulkChangePerson
    found = session.execute(
        select(row.person_id, Person.name, Person.email, Person.left_at, row.outcome, row.note, row.undo_outcome,
               row.undo_note)
        .join(Person, Person.id == row.person_id)
        .where(row.change_id == change_id, row.outcome.is_not(None))
        .order_by(*BY_NAME)
    ).all()  # fmt: skip
    names = distinct_names((one.person_id, one.name, one.email) for one in found)
    return [
        ChangeOutcome(one.person_id, names[one.person_id], one.left_at is not None, one.outcome, one.note,
                      one.undo_outcome, one.undo_note)
        for one in found
    ]  # fmt: skip


def person_states(session: Session, zone: str, ids: Any) -> list[PersonState]:
    """These people as they are now, by name; `ids` is a collection, or a query of ids. Four queries."""
    rows = session.execute(
        select(
            Person.id, Person.name, Person.email, Person.left_at, Person.last_day, Person.created_at, Person.invited_at,
            has_password(Person.id).label("active"), newest_pathway(Person.__table__.c.id).label("pathway"),
        )
        .where(Person.id.in_(ids))
        .order_by(*BY_NAME)
    ).all()  # fmt: skip
    teams = _teams_of(session, ids)
    roles = _roles_of(session, ids)
    stays = select(Employment.person_id, Employment.start).where(Employment.person_id.in_(ids)).order_by(Employment.id)
    starts = {row.person_id: row.start for row in session.execute(stays)}
    names = distinct_names((row.id, row.name, row.email or "") for row in rows)
    return [
        PersonState(
            row.id, names[row.id], row.email, row.left_at is not None,
            starts.get(row.id) or civil_date(row.created_at, zone), row.last_day, tuple(teams.get(row.id, ())),
            tuple(roles.get(row.id, ())), row.pathway, bool(row.active), row.invited_at,
        )
        for row in rows
    ]  # fmt: skip


def _teams_of(session: Session, ids: Any) -> dict[int, list[tuple[int, str]]]:
    rows = (
        select(Membership.person_id, Team.id, Team.name)
        .join(Team, Team.id == Membership.team_id)
        .where(Membership.until.is_(None), Membership.person_id.in_(ids))
        .order_by(Team.name, Team.id)
    )
    found: dict[int, list[tuple[int, str]]] = {}
    for person_id, team_id, name in session.execute(rows):
        found.setdefault(person_id, []).append((team_id, name))
    return found


def _roles_of(session: Session, ids: Any) -> dict[int, list[HeldRole]]:
    rows = (
        select(RoleGrant.id, RoleGrant.person_id, RoleGrant.role, RoleGrant.team_id, Team.name, RoleGrant.last_day)
        .outerjoin(Team, Team.id == RoleGrant.team_id)
        .where(RoleGrant.until.is_(None), RoleGrant.person_id.in_(ids))
        .order_by(RoleGrant.id)
    )
    found: dict[int, list[HeldRole]] = {}
    for grant_id, person_id, role, team_id, team, last_day in session.execute(rows):
        words = _("Manager of %(team)s", team=team) if role == "manager" else role_in_words(role, team, last_day)
        found.setdefault(person_id, []).append(HeldRole(grant_id, role, team_id, words, last_day))
    return found


def expired_ids(session: Session, at: datetime) -> Sequence[int]:
    """The changes that are not kept any longer: drafts after a day, others after UNDO_PERIOD."""
    draft = and_(BulkChange.applied_at.is_(None), BulkChange.made_at < at - timedelta(days=1))
    rows = select(BulkChange.id).where(or_(draft, BulkChange.made_at < at - UNDO_PERIOD - timedelta(days=1)))
    return session.execute(rows).scalars().all()


def open_memberships(session: Session, person_id: int) -> list[int]:
    """The ids of the memberships of somebody that have not ended."""
    rows = select(Membership.id).where(Membership.person_id == person_id, Membership.until.is_(None))
    return list(session.execute(rows).scalars())


def newest_last_day(session: Session, person_id: int) -> date | None:
    """The last day of the stay of somebody that was recorded last."""
    rows = select(Employment.end).where(Employment.person_id == person_id).order_by(Employment.id.desc()).limit(1)
    return session.execute(rows).scalar()
