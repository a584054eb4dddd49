"""The contexts and links at platforms, and who came by which."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from course.lti.models import LtiAccount, LtiContext, LtiDeployment, LtiLaunch, LtiLink


@dataclass(frozen=True)
class GradeLink:
    """A link at a platform with where its grades go (AGS). An empty address: the platform gave none."""

    id: int
    registration_id: int
    deployment: str
    resource_link: str
    title: str
    opens: str
    module: str | None
    line_item: str
    line_items: str
    scopes: tuple[str, ...]


def grade_links(session: Session, registration_id: int | None = None) -> list[GradeLink]:
    """The links of a platform, or of all, oldest first."""
    rows = (
        select(LtiLink, LtiDeployment.registration_id, LtiDeployment.deployment)
        .join(LtiDeployment, LtiDeployment.id == LtiLink.deployment_id)
        .order_by(LtiLink.id)
    )
    if registration_id is not None:
        rows = rows.where(LtiDeployment.registration_id == registration_id)
    return [
        GradeLink(
            link.id, number, deployment, link.resource_link, link.title, link.opens, link.module, link.line_item,
            link.line_items, tuple(link.grade_scopes.split()),
        )
        for link, number, deployment in session.execute(rows)
    ]  # fmt: skip


@dataclass(frozen=True)
class LinkUse:
    """A person who came by a link, as the platform knows them: for a grade."""

    link_id: int
    account_id: int
    person_id: int
    subject: str
    is_learner: bool
    first_at: datetime
    last_at: datetime


def link_uses(session: Session, person_id: int | None = None, link_id: int | None = None) -> list[LinkUse]:
    """Who came by which link, of the accounts that are linked now, oldest first."""
    rows = (
        select(LtiLaunch, LtiAccount.person_id, LtiAccount.subject)
        .join(LtiAccount, LtiAccount.id == LtiLaunch.account_id)
        .where(LtiAccount.ended_at.is_(None))
        .order_by(LtiLaunch.id)
    )
    if person_id is not None:
        rows = rows.where(LtiAccount.person_id == person_id)
    if link_id is not None:
        rows = rows.where(LtiLaunch.link_id == link_id)
    return [
        LinkUse(one.link_id, one.account_id, person, subject, one.is_learner, one.first_at, one.last_at)
        for one, person, subject in session.execute(rows)
    ]


@dataclass(frozen=True)
class ContextView:
    """A course or group at a platform from which people came. `members_address` is where its members are listed (NRPS)."""

    id: int
    registration_id: int
    deployment: str
    context: str
    title: str
    members_address: str
    team_id: int | None
    last_seen_at: datetime


def contexts(session: Session, registration_id: int) -> list[ContextView]:
    """The contexts of a platform, by title."""
    rows = session.execute(
        select(LtiContext, LtiDeployment.deployment)
        .join(LtiDeployment, LtiDeployment.id == LtiContext.deployment_id)
        .where(LtiDeployment.registration_id == registration_id)
        .order_by(LtiContext.title, LtiContext.id)
    )
    return [
        ContextView(
            one.id, registration_id, deployment, one.context, one.title, one.members_address, one.team_id,
            one.last_seen_at,
        )
        for one, deployment in rows
    ]  # fmt: skip
