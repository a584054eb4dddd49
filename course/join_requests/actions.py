"""Creating and revoking join links, recording join requests, and deciding about them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.db import lock_row
from course.join_requests import queries
from course.join_requests.models import RegistrationLink, RegistrationRequest
from course.join_requests.queries import JoinLinkView, JoinRequestView
from course.join_requests.rules import MAX_OPEN_REQUESTS, REQUEST_RETENTION, JoinRequestMessage
from course.mail.actions import queue_message
from course.people.actions import Refusal, add_person, invite
from course.people.models import Team
from course.people.queries import person_by_email
from course.people.rules import normalise_email


def make_link(
    session: Session, team_id: int, domains: Sequence[str], ends_on: date, by: int | None, at: datetime
) -> str:
    """Create a link by which people with an address of these domains request to join a team; returns its token. If there is an
    equal link, such as from a second window, its token is returned and none is created."""
    lock_row(session, Team, team_id)
    same = select(RegistrationLink.token).where(
        RegistrationLink.team_id == team_id,
        RegistrationLink.domains == "\n".join(domains),
        RegistrationLink.ends_on == ends_on,
        RegistrationLink.revoked_at.is_(None),
    )
    if (known := session.execute(same.limit(1)).scalar()) is not None:
        return known
    token = secrets.token_urlsafe(16)
    session.add(
        RegistrationLink(
            team_id=team_id, token=token, domains="\n".join(domains), ends_on=ends_on, made_by=by, made_at=at
        )
    )
    session.flush()
    record_event(
        session, "registration.link_made", ("team", team_id), {"domains": ", ".join(domains), "until": ends_on}, by, at
    )
    return token


def revoke_link(session: Session, link_id: int, by: int | None, at: datetime) -> bool:
    """Revoke a link; False if it was revoked before, or there is none."""
    result = session.execute(
        update(RegistrationLink)
        .where(RegistrationLink.id == link_id, RegistrationLink.revoked_at.is_(None))
        .values(revoked_by=by, revoked_at=at)
        .returning(RegistrationLink.team_id)
    ).first()
    if result is not None:
        record_event(session, "registration.link_revoked", ("team", result[0]), {}, by, at)
    return result is not None


def request_to_join(session: Session, link: JoinLinkView, name: str, email: str, today: date, at: datetime) -> bool:
    """Record a join request. A person who has an account, or whose request is open, gets no second one; the answer is the
    same for all, so that it does not give away who has an account.

    False if the link takes no more requests, without regard to the address. A mail goes to the people who decide, to each
    at most once a day for a link.
    """
    session.execute(delete(RegistrationRequest).where(RegistrationRequest.decided_at <= at - REQUEST_RETENTION))
    if queries.count_open_requests(session, link.id) >= MAX_OPEN_REQUESTS:
        return False
    if person_by_email(session, email) is not None:
        return True
    try:
        with session.begin_nested():
            session.add(
                RegistrationRequest(link_id=link.id, name=name.strip(), email=normalise_email(email), asked_at=at)
            )
            session.flush()
    except IntegrityError:
        return True
    record_event(session, "registration.asked", ("team", link.team_id), {}, None, at)
    message = JoinRequestMessage(link.team)
    for recipient in queries.decider_addresses(session, link.team_id):
        queue_message(session, f"registration:{link.id}:{today}:{recipient}"[:200], recipient, message, at)
    return True


def approve_request(session: Session, request: JoinRequestView, sender: str, by: int, at: datetime) -> Refusal | None:
    """Add the person of a join request, and queue the invitation in the name of `sender`: the mail proves that the address
    is that of the person. Returns a Refusal if the request was decided before, or the person cannot be added."""
    if not _record_decision(session, request.id, by, at):
        return Refusal("request", "This has been decided already.")
    added = add_person(session, request.name, request.email, request.team_id, "learner", at, by)
    if isinstance(added, Refusal):
        return added
    session.execute(update(RegistrationRequest).where(RegistrationRequest.id == request.id).values(person_id=added.id))
    invite(session, added.id, sender, at, by)
    return None


def refuse_request(session: Session, request: JoinRequestView, by: int, at: datetime) -> bool:
    """Refuse a join request; False if it was decided before. No mail is sent, because the address may be that of another
    person."""
    if not _record_decision(session, request.id, by, at):
        return False
    record_event(session, "registration.refused", ("team", request.team_id), {}, by, at)
    return True


def _record_decision(session: Session, request_id: int, by: int, at: datetime) -> bool:
    result = session.execute(
        update(RegistrationRequest)
        .where(RegistrationRequest.id == request_id, RegistrationRequest.decided_at.is_(None))
        .values(decided_by=by, decided_at=at)
        .returning(RegistrationRequest.id)
    )
    return result.first() is not None
