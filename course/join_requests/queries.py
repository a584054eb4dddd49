"""Join links and open join requests."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from course.join_requests.models import RegistrationLink, RegistrationRequest
from course.join_requests.rules import link_works
from course.people.models import Person, RoleGrant, Team, TeamChange
from course.people.queries import TeamView, may_manage_team, teams, visible_team_ids
from course.people.rules import Viewer


@dataclass(frozen=True)
class JoinLinkView:
    """A join link: its team, the allowed mail domains, its last day, and whether it works today."""

    id: int
    token: str
    team_id: int
    team: str
    domains: tuple[str, ...]
    ends_on: date
    revoked_at: datetime | None
    works: bool


@dataclass(frozen=True)
class JoinRequestView:
    """An open join request: the person, the team, and whether that team is still open. `into_id` is the open team that a
    closed one has become part of, whose managers decide then."""

    id: int
    name: str
    email: str
    team_id: int
    team: str
    asked_at: datetime
    team_is_open: bool = True
    into_id: int | None = None


def _link_view(link: RegistrationLink, team: Team, today: date) -> JoinLinkView:
    works_now = link_works(link.ends_on, link.revoked_at is not None, team.closed_at is None, today)
    domains = tuple(link.domains.split("\n"))
    return JoinLinkView(link.id, link.token, team.id, team.name, domains, link.ends_on, link.revoked_at, works_now)


def join_links(session: Session, today: date) -> list[JoinLinkView]:
    """All join links, newest first."""
    rows = select(RegistrationLink, Team).join(Team, Team.id == RegistrationLink.team_id)
    found = session.execute(rows.order_by(RegistrationLink.id.desc()))
    return [_link_view(link, team, today) for link, team in found]


def link_by_id(session: Session, link_id: int, today: date) -> JoinLinkView | None:
    """The join link with this id, whether it works or not; None if there is none."""
    return next((one for one in join_links(session, today) if one.id == link_id), None)


def working_link(session: Session, token: str, today: date) -> JoinLinkView | None:
    """The join link with this token; None if there is none, or if it does not work today."""
    rows = select(RegistrationLink, Team).join(Team, Team.id == RegistrationLink.team_id)
    row = session.execute(rows.where(RegistrationLink.token == token)).first()
    found = None if row is None else _link_view(row[0], row[1], today)
    return found if found is not None and found.works else None


def open_requests(session: Session, viewer: Viewer) -> list[JoinRequestView]:
    """The open join requests that the viewer may see: all for an administrator or HR, those of their teams and the teams below
    for a manager; also those of teams that have become part of one of these."""
    request = RegistrationRequest
    rows = (
        select(request.id, request.name, request.email, Team.id, Team.name, request.asked_at, Team.closed_at.is_(None))
        .join(RegistrationLink, RegistrationLink.id == request.link_id)
        .join(Team, Team.id == RegistrationLink.team_id)
        .where(request.decided_at.is_(None))
        .order_by(request.id)
    )
    everyone, visible = viewer.scope("see join requests").everyone, visible_team_ids(viewer, "see join requests")
    if not everyone:
        rows = rows.where(or_(Team.id.in_(visible), Team.closed_at.is_not(None)))
    found = [JoinRequestView(*row) for row in session.execute(rows)]
    if all(one.team_is_open for one in found):
        return found
    merged = _merged_teams(session)
    found = [replace(one, into_id=merged.get(one.team_id)) for one in found]
    if everyone:
        return found
    seen = set(session.execute(visible).scalars())
    return [one for one in found if one.team_id in seen or one.into_id in seen]


def _merged_teams(session: Session) -> dict[int, int]:
    """For each team that has become part of another one, at once or by way of others, that open team."""
    rows = select(TeamChange.team_id, TeamChange.into_id).where(TeamChange.kind == "merged").order_by(TeamChange.id)
    next_team = {row.team_id: row.into_id for row in session.execute(rows) if row.into_id is not None}
    open_teams = set(session.execute(select(Team.id).where(Team.closed_at.is_(None))).scalars())
    found: dict[int, int] = {}
    for old in next_team.keys() - open_teams:
        # A team is merged into one that is open then, so that no chain comes back to where it began.
        into = old
        while into in next_team and into not in open_teams:
            into = next_team[into]
        if into in open_teams:
            found[old] = into
    return found


def may_decide(session: Session, viewer: Viewer, request: JoinRequestView) -> bool:
    """Whether the viewer may decide about a request: for its team, or for the one that this has become part of."""
    teams_of_request = [one for one in (request.team_id, request.into_id) if one is not None]
    return any(may_manage_team(session, viewer, one, "decide join requests") for one in teams_of_request)


def decidable_request(session: Session, viewer: Viewer, request_id: int) -> JoinRequestView | None:
    """One open join request; None if the viewer may not see it, or only sees it."""
    found = next((one for one in open_requests(session, viewer) if one.id == request_id), None)
    return found if found is not None and may_decide(session, viewer, found) else None


def approvable_teams(session: Session, viewer: Viewer) -> list[TeamView]:
    """The open teams for which the viewer may decide, in the order of the tree: one is chosen for a request whose team was
    closed or merged."""
    open_teams = teams(session)
    if viewer.scope("decide join requests").everyone:
        return open_teams
    decided = set(session.execute(visible_team_ids(viewer, "decide join requests")).scalars())
    return [one for one in open_teams if one.id in decided]


def count_open_requests(session: Session, link_id: int) -> int:
    """The number of open join requests of a link."""
    rows = select(func.count()).select_from(RegistrationRequest)
    rows = rows.where(RegistrationRequest.link_id == link_id, RegistrationRequest.decided_at.is_(None))
    return session.execute(rows).scalar_one()


def decider_addresses(session: Session, team_id: int) -> list[str]:
    """The addresses of the managers of a team; those of the administrators if the team has no manager."""
    rows = (
        select(Person.email, RoleGrant.role)
        .join(RoleGrant, RoleGrant.person_id == Person.id)
        .where(RoleGrant.until.is_(None), Person.left_at.is_(None), Person.email.is_not(None))
        .where(((RoleGrant.team_id == team_id) & (RoleGrant.role == "manager")) | (RoleGrant.role == "administrator"))
        .order_by(Person.email)
    )
    found = session.execute(rows).all()
    managers = [row.email for row in found if row.role == "manager" and row.email]
    return managers or [row.email for row in found if row.email]
