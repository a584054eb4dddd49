"""Read the subscriptions to reports by mail, and the reports that were sent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from course.mail.queries import MailState, mail_states, opted_out_people
from course.mail.rules import SCHEDULED_REPORT
from course.people.models import Person, Team
from course.people.queries import teams, viewers
from course.people.rules import Viewer, is_undeliverable, team_subtree
from course.scheduled_reports.models import ReportSubscription, SentReport
from course.scheduled_reports.rules import KEY_PREFIX, replaces_digest
from course.translation import lazy_gettext as _


@dataclass(frozen=True)
class LastReport:
    """The newest report of a subscription: day, counts, number of people that it names, and what became of its mail."""

    day: date
    counts: dict[str, int]
    people: int
    mail: MailState | None


@dataclass(frozen=True)
class Subscription:
    """A person gets the report of a team (None: of all people they see). `sent` are the periods that have had a report,
    `here` says whether the person is still employed."""

    id: int
    person_id: int
    name: str
    email: str | None
    here: bool
    team_id: int | None
    team: str
    every: str
    since: date
    sent: tuple[str, ...]
    last: LastReport | None
    is_team_closed: bool


def weekly_subscribers(session: Session, managers: Collection[int], monday: date, on: date) -> set[int]:
    """Those of these managers who get a report in the week from `monday` on, which takes the place of their weekly summary.
    Three queries if anybody has a subscription, one if nobody has."""
    rows = session.execute(
        select(
            ReportSubscription.person_id, ReportSubscription.team_id, ReportSubscription.every, ReportSubscription.since
        ).where(ReportSubscription.ended_at.is_(None), ReportSubscription.person_id.in_(managers))
    ).all()
    wanted = [row for row in rows if replaces_digest(row.every, row.since, monday)]
    if not wanted:
        return set()
    opted_out = opted_out_people(session, SCHEDULED_REPORT, [row.person_id for row in wanted])
    people = viewers(session, [row.person_id for row in wanted], on)
    parents = {team.id: team.parent_id for team in teams(session)}
    return {
        row.person_id
        for row in wanted
        if row.person_id not in opted_out and _may_see(people.get(row.person_id), row.team_id, parents)
    }


def _may_see(viewer: Viewer | None, team: int | None, parents: Mapping[int, int | None]) -> bool:
    """Whether somebody sees an open team (None: all theirs)."""
    if viewer is None or (team is not None and team not in parents):
        return False
    seen = viewer.scope("see people")
    if team is None or seen.everyone:
        return True
    return any(team in team_subtree(top, parents) for top in seen.teams)


def obsolete_reason(session: Session, key: str, on: date) -> str | None:
    """Why the report of the mail with that key is not to be sent any more; None if it still is, or the mail is no report."""
    if not key.startswith(KEY_PREFIX):
        return None
    sent = select(SentReport.subscription_id).where(SentReport.key == key)
    row = session.execute(select(ReportSubscription).where(ReportSubscription.id.in_(sent))).scalar_one_or_none()
    if row is None:
        return None
    if row.ended_at is not None:
        return _("Stopped.")
    if row.person_id in opted_out_people(session, SCHEDULED_REPORT, [row.person_id]):
        return _("They stopped it with the link in the e-mail. They can start it again with the same link.")
    viewer = viewers(session, [row.person_id], on).get(row.person_id)
    if viewer is None:
        return _("They have left.")
    parents = {team.id: team.parent_id for team in teams(session)}
    may_have_it = "get reports by mail" in viewer.permissions and _may_see(viewer, row.team_id, parents)
    return None if may_have_it else _("They no longer manage this team.")


def current_address(session: Session, key: str) -> str | None:
    """The address to which the report of the mail with that key goes now; None if they have none that takes mail."""
    rows = (
        select(Person.email)
        .join(ReportSubscription, ReportSubscription.person_id == Person.id)
        .join(SentReport, SentReport.subscription_id == ReportSubscription.id)
        .where(SentReport.key == key)
    )
    address = session.execute(rows).scalar()
    return None if is_undeliverable(address) else address


def subscriptions(session: Session, person_id: int | None = None) -> list[Subscription]:
    """The open subscriptions, of one person or of all, ordered by name."""
    statement = (
        select(ReportSubscription, Person.name, Person.email, Person.left_at, Team.name, Team.closed_at)
        .join(Person, Person.id == ReportSubscription.person_id)
        .outerjoin(Team, Team.id == ReportSubscription.team_id)
        .where(ReportSubscription.ended_at.is_(None))
        .order_by(Person.name, ReportSubscription.id)
    )
    if person_id is not None:
        statement = statement.where(ReportSubscription.person_id == person_id)
    rows = session.execute(statement).all()
    sent: dict[int, list[SentReport]] = defaultdict(list)
    ids = [row.id for row, *_ in rows]
    sent_reports = select(SentReport).where(SentReport.subscription_id.in_(ids)).order_by(SentReport.id)
    for report in session.execute(sent_reports).scalars():
        sent[report.subscription_id].append(report)
    mails = mail_states(session, [those[-1].key for those in sent.values()])
    return [
        Subscription(
            row.id, row.person_id, name, email, left is None, row.team_id, team or "", row.every, row.since,
            tuple(report.period for report in sent[row.id]), _last_report(sent[row.id], mails),
            closed is not None,
        )
        for row, name, email, left, team, closed in rows
    ]  # fmt: skip


def _last_report(reports: list[SentReport], mails: dict[str, MailState]) -> LastReport | None:
    if not reports:
        return None
    newest = reports[-1]
    return LastReport(newest.day, newest.counts, newest.people, mails.get(newest.key))
