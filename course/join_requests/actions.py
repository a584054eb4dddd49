"""Creating and revoking join links, recording join requests, and deciding about them."""

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
from course.join_requests.rules import MAX_OPEN_REQUESTS, REQUEST_RETENTION, JoinRequestMessage
from course.mail.actions import queue_message
from course.people.actions import Refusal, add_person, invite
from course.people.models import Team
from course.people.queries import mail_recipient, person_by_email
from course.people.rules import normalise_email
from course.translation import lazy_gettext as _


def make_link(context: Context, team_id: int, domains: Sequence[str], ends_on: date) -> str:
    """Create a link by which people with an address of these domains request to join a team; returns its token. If there is an
    equal link, such as from a second window, its token is returned and none is created."""
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
    """Revoke a link; False if it was revoked before, or there is none."""
    result = context.session.execute(
        update(RegistrationLink)
        .where(RegistrationLink.id == link_id, RegistrationLink.revoked_at.is_(None))
        .values(revoked_by=context.actor, revoked_at=context.now)
        .returning(RegistrationLink.team_id)
    ).first()
    if result is not None:
        record_event(context, "registration.link_revoked", ("team", result[0]), {})
    return result is not None


def request_to_join(context: Context, link: JoinLinkView, name: str, email: str) -> bool:
    """Record a join request. A person who has an account, or whose request is open, gets no second one; the answer is the
    same for all, so that it does not give away who has an account.

    False if the link takes no more requests, without regard to the address. A mail goes to the people who decide, to each
    at most once a day for a link.
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
    message = JoinRequestMessage(link.team)
    for address in queries.decider_addresses(session, link.team_id):
        key = f"registration:{link.id}:{context.today}:{address}"[:200]
        queue_message(session, key, mail_recipient(session, address), message, at)
    return True


def approve_request(
    context: Context, request: JoinRequestView, sender: str, team_id: int | None = None
) -> Refusal | None:
    """Add the person of a join request, and queue the invitation in the name of `sender`: the mail proves that the address
    is that of the person. `team_id` is the team in place of one that is closed. Returns a Refusal if the request was decided
    before, or the person cannot be added."""
    if not _record_decision(context, request.id):
        return Refusal("request", _("This request has already been decided."))
    added = add_person(context, request.name, request.email, team_id or request.team_id, "learner")
    if isinstance(added, Refusal):
        return added
    context.session.execute(
        update(RegistrationRequest).where(RegistrationRequest.id == request.id).values(person_id=added.id)
    )
    invite(context, added.id, sender)
    return None


def refuse_request(context: Context, request: JoinRequestView) -> bool:
    """Refuse a join request; False if it was decided before. No mail is sent, because the address may be that of another
    person."""
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
