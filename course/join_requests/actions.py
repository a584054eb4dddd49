"""Making and revoking links, asking to be let in, and deciding."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import date

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from course.audit.actions import record_event
from course.context import Context
from course.db import lock_row
from course.join_requests import queries
from course.join_requests.models import RegistrationLink, RegistrationRequest
from course.join_requests.queries import JoinLinkView, JoinRequestView
from course.join_requests.rules import MAX_OPEN_REQUESTS, REQUEST_RETENTION
from course.mail import rules as mails
from course.mail.actions import queue_message
from course.people.actions import InvitationWriter, Refusal, add_person, invite
from course.people.models import Team
from course.people.queries import person_by_email
from course.people.rules import normalise_email


def make_link(context: Context, team_id: int, domains: Sequence[str], ends_on: date) -> str:
    """A link by which people with an address of these domains ask to be let into a team; returns its token, which is
    that of the one that there is already if two windows ask for the same."""
    session = context.session
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
            team_id=team_id,
            token=token,
            domains="\n".join(domains),
            ends_on=ends_on,
            made_by=context.actor,
            made_at=context.now,
        )
    )
    session.flush()
    record_event(
        context, "registration.link_made", ("team", team_id), {"domains": ", ".join(domains), "until": ends_on}
    )
    return token


def revoke_link(context: Context, link_id: int) -> bool:
    """The link works no more; False if it was revoked before, or there is none."""
    result = context.session.execute(
        update(RegistrationLink)
        .where(RegistrationLink.id == link_id, RegistrationLink.revoked_at.is_(None))
        .values(revoked_by=context.actor, revoked_at=context.now)
        .returning(RegistrationLink.team_id)
    ).first()
    if result is not None:
        record_event(context, "registration.link_revoked", ("team", result[0]), {})
    return result is not None


def request_to_join(context: Context, link: JoinLinkView, name: str, email: str, mail: mails.MailMessage) -> bool:
    """Somebody asks. Who is there already, or has asked, is not written down again: the answer is the same for all.

    False if the link takes no more requests, which is said whoever asks. `mail` is for whoever decides; each of them gets
    one a day for a link at most.
    """
    session, at = context.session, context.now
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
    record_event(context, "registration.asked", ("team", link.team_id), {})
    for recipient in queries.decider_addresses(session, link.team_id):
        queue_message(session, f"registration:{link.id}:{context.today}:{recipient}"[:200], recipient, mail, at)
    return True


def approve_request(context: Context, request: JoinRequestView, letter: InvitationWriter) -> Refusal | None:
    """Add whoever has asked, and invite them: the mail proves that the address is theirs."""
    if not _record_decision(context, request.id):
        return Refusal("request", "This has been decided already.")
    added = add_person(context, request.name, request.email, request.team_id, "learner")
    if isinstance(added, Refusal):
        return added
    context.session.execute(
        update(RegistrationRequest).where(RegistrationRequest.id == request.id).values(person_id=added.id)
    )
    invite(context.session, added.id, letter, context.now, context.actor)
    return None


def refuse_request(context: Context, request: JoinRequestView) -> bool:
    """Do not let them in; False if that was decided already. They are told nothing: the address may be anybody's."""
    if not _record_decision(context, request.id):
        return False
    record_event(context, "registration.refused", ("team", request.team_id), {})
    return True


def _record_decision(context: Context, request_id: int) -> bool:
    result = context.session.execute(
        update(RegistrationRequest)
        .where(RegistrationRequest.id == request_id, RegistrationRequest.decided_at.is_(None))
        .values(decided_by=context.actor, decided_at=context.now)
        .returning(RegistrationRequest.id)
    )
    return result.first() is not None
