"""A launch: whose it is, which link was opened, and the session that begins with it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlalchemy import update

from course.audit.actions import record_event
from course.auth.actions import SignInGranted
from course.auth.queries import sees_others_since
from course.content.schema import SETTINGS
from course.context import Context
from course.db import insert_once, lock_row
from course.lti import queries
from course.lti.actions.accounts import link_account
from course.lti.models import LtiAccount, LtiContext, LtiLaunch, LtiLink
from course.lti.rules.accounts import AddPerson, LinkAccount, PersonWithAddress, decide_account
from course.lti.rules.launch import LaunchMessage, PlatformContext, PlatformLink, PlatformUser
from course.lti.rules.problems import LtiProblem
from course.lti.rules.registration import PlatformSettings
from course.lti.rules.sealed import LaunchTicket, Newcomer
from course.lti.rules.targets import LinkTarget
from course.passwords.actions import ensure_session_key
from course.people.actions import Refusal, add_identity, choose_pathway, lock_current_person
from course.people.rules import PersonIdentity
from course.translation import lazy_gettext as _

_ATTEMPTS = 3  # of two launches that add or link the same person at once, the second finds what the first did


@dataclass(frozen=True)
class AcceptedLaunch:
    """A launch of a person who may come in."""

    account_id: int
    person_id: int


@dataclass(frozen=True)
class StaffSignIn:
    """The person sees data of others, and this platform does not let such people in: they sign in themselves."""

    person_id: int


@dataclass(frozen=True)
class UnknownAccount:
    """The account of a launch is linked to nobody. It can be linked to somebody who signs in here, and without a `problem` the
    person can be added instead."""

    link_id: int
    context_id: int | None
    problem: LtiProblem | None = None


# Nobody comes in with the account as it is, but somebody who can sign in here may link it to themselves.
_SIGN_IN_HELPS = frozenset({LtiProblem.NOT_KNOWN, LtiProblem.ADDRESS_OF_ANOTHER})


def record_launch(
    context: Context, settings: PlatformSettings, message: LaunchMessage
) -> AcceptedLaunch | UnknownAccount | LtiProblem:
    """Note that somebody came by a link, whose account is linked, or is now by its address; or say why they may not. Nobody is
    added yet: they may be here already, under another address."""
    session = context.session
    deployment_id = queries.open_deployment_id(session, settings.id, message.deployment)
    if deployment_id is None:  # taken out of the list since the message was checked
        record_refusal(context, settings, LtiProblem.DEPLOYMENT)
        return LtiProblem.DEPLOYMENT
    context_id = _store_context(context, deployment_id, message.context) if message.context else None
    found = _account(context, settings, message.user, message.target, context_id, adds=False)
    if isinstance(found, LtiProblem) and found not in _SIGN_IN_HELPS:
        return found
    link_id = _store_link(context, deployment_id, context_id, message.link, message.target)
    if isinstance(found, AcceptedLaunch):
        store_launch(context, link_id, found.account_id, message.user.is_learner)
        return found
    return UnknownAccount(link_id, context_id, found if isinstance(found, LtiProblem) else None)


def enter_newcomer(context: Context, newcomer: Newcomer) -> SignInGranted | StaffSignIn | LtiProblem:
    """Add the person of a launch, or find whom a launch at this very moment added; then as enter_with_ticket."""
    settings = queries.platform(context.session, newcomer.registration_id)
    if settings is None or settings.state != "on":
        return LtiProblem.OFF
    user = PlatformUser(newcomer.subject, newcomer.address, newcomer.name, newcomer.is_learner)
    target = LinkTarget(pathway=newcomer.pathway, nation=newcomer.nation)
    found = _account(context, settings, user, target, newcomer.context_id, adds=True)
    if isinstance(found, LtiProblem):
        return found
    assert isinstance(found, AcceptedLaunch)  # noqa: S101 (it adds)
    store_launch(context, newcomer.link_id, found.account_id, newcomer.is_learner)
    ticket = LaunchTicket(newcomer.begun, settings.id, found.account_id, newcomer.target, newcomer.nonce)
    return enter_with_ticket(context, ticket)


def record_refusal(
    context: Context, settings: PlatformSettings, problem: LtiProblem, person_id: int | None = None, detail: str = ""
) -> None:
    """Write into the log that a launch was not accepted. It holds no address."""
    details = {"platform": settings.name, "problem": str(problem), "detail": detail[:200] or None}
    record_event(context, "lti.launch_refused", ("person", person_id) if person_id is not None else None, details)


def _account(
    context: Context, settings: PlatformSettings, user: PlatformUser, target: LinkTarget, context_id: int | None,
    *, adds: bool,
) -> AcceptedLaunch | AddPerson | LtiProblem:  # fmt: skip
    """The account of a launch, linked if that is due; or why it may not come in. Somebody new is added only if `adds`."""
    session = context.session
    for _attempt in range(_ATTEMPTS):
        holder = queries.account_holder(session, settings.id, user.subject, context.today)
        owner = None if holder else queries.person_with_address(session, settings.id, user, context.today)
        decision = decide_account(settings, user, holder, owner)
        if isinstance(decision, LtiProblem):
            known = holder or owner
            record_refusal(context, settings, decision, known.person_id if known else None)
            return decision
        if isinstance(decision, AddPerson):
            team_id = queries.team_of_new_person(session, settings, context_id, target.nation)
            if isinstance(team_id, LtiProblem):
                record_refusal(context, settings, team_id)
                return team_id
            if not adds:
                return decision
            person_id, how = _add_person(context, settings, decision, target.pathway, team_id), "new"
        elif isinstance(decision, LinkAccount):
            person_id, how = _hold_owner(context, settings, user, owner), "address"
        else:
            person_id, how = decision.person_id, ""
        if person_id is None or (how and not link_account(context, settings, user, person_id, how)):
            continue
        account_id = note_use(context, settings.id, user.subject)
        if account_id is not None:
            return AcceptedLaunch(account_id, person_id)
    record_refusal(context, settings, LtiProblem.ADDRESS_OF_ANOTHER)
    return LtiProblem.ADDRESS_OF_ANOTHER


def _hold_owner(
    context: Context, settings: PlatformSettings, user: PlatformUser, owner: PersonWithAddress | None
) -> int | None:
    """The number of the person who has the address of an account; until the transaction ends nobody changes them. None if what was
    known of them has changed at this moment: it is decided anew."""
    try:
        found = lock_current_person(context.session, owner.person_id) if owner else None
    except LookupError:
        return None
    newest = queries.person_with_address(context.session, settings.id, user, context.today)
    return found.id if found is not None and newest == owner else None


def _add_person(
    context: Context, settings: PlatformSettings, decision: AddPerson, pathway: str, team_id: int | None
) -> int | None:
    """The number of the person who is added; None if somebody was faster."""
    identity = PersonIdentity(decision.name, decision.email or None, sign_in_name=decision.sign_in_name or None)
    added = add_identity(context, identity, team_id, "learner")
    if isinstance(added, Refusal):
        return None
    if pathway in SETTINGS:
        choose_pathway(context, [added.id], pathway, _("By a link at %(name)s", name=settings.name))
    return added.id


def note_use(context: Context, registration_id: int, subject: str) -> int | None:
    """The number of the open account, which is in use now; None if its link has just ended."""
    return context.session.execute(
        update(LtiAccount)
        .where(
            LtiAccount.registration_id == registration_id,
            LtiAccount.subject == subject,
            LtiAccount.ended_at.is_(None),
        )
        .values(last_used_at=context.now)
        .returning(LtiAccount.id)
    ).scalar_one_or_none()


def _store_context(context: Context, deployment_id: int, found: PlatformContext) -> int:
    session, at = context.session, context.now
    number = insert_once(
        session, LtiContext, deployment_id=deployment_id, context=found.context, title=found.title,
        members_address=found.members_address, team_id=None, first_seen_at=at, last_seen_at=at,
    )  # fmt: skip
    if number is not None:
        return number
    return session.execute(
        update(LtiContext)
        .where(LtiContext.deployment_id == deployment_id, LtiContext.context == found.context)
        .values(title=found.title, members_address=found.members_address, last_seen_at=at)
        .returning(LtiContext.id)
    ).scalar_one()


def _store_link(
    context: Context, deployment_id: int, context_id: int | None, link: PlatformLink, target: LinkTarget
) -> int:
    session, at = context.session, context.now
    values = {
        "context_id": context_id, "title": link.title, "opens": target.opens, "module": target.module or None,
        "pathway": target.pathway or None, "nation": target.nation or None, "line_item": link.line_item,
        "line_items": link.line_items, "grade_scopes": "\n".join(link.grade_scopes), "last_seen_at": at,
    }  # fmt: skip
    number = insert_once(
        session, LtiLink, deployment_id=deployment_id, resource_link=link.resource_link, first_seen_at=at, **values
    )
    if number is not None:
        return number
    if not link.line_item:
        del values["line_item"]  # one that the course made itself stays
    return session.execute(
        update(LtiLink)
        .where(LtiLink.deployment_id == deployment_id, LtiLink.resource_link == link.resource_link)
        .values(values)
        .returning(LtiLink.id)
    ).scalar_one()


def store_launch(context: Context, link_id: int, account_id: int, is_learner: bool) -> None:
    """Note that an account opened a link now."""
    session, at = context.session, context.now
    number = insert_once(
        session, LtiLaunch, link_id=link_id, account_id=account_id, is_learner=is_learner, first_at=at, last_at=at
    )
    if number is None:
        session.execute(
            update(LtiLaunch)
            .where(LtiLaunch.link_id == link_id, LtiLaunch.account_id == account_id)
            .values(is_learner=is_learner, last_at=at)
        )
    session.flush()


def enter_with_ticket(context: Context, ticket: LaunchTicket) -> SignInGranted | StaffSignIn | LtiProblem:
    """The sign-in that a ticket gives, if what it rests on still holds: the platform is on, the account is linked, the person has
    not left. It takes the rights of the person into account, as they are now."""
    session = context.session
    settings = queries.platform(session, ticket.registration_id)
    if settings is None or settings.state != "on":
        return LtiProblem.OFF
    # Whoever unlinks the account at this moment waits until the session can be ended, or is seen here.
    lock_row(session, LtiAccount, ticket.account_id)
    holder = queries.holder_of(session, ticket.account_id, context.today)
    if holder is None:
        return LtiProblem.NOT_KNOWN
    if holder.has_left:
        return LtiProblem.LEFT
    sees_others = sees_others_since(session, holder.person_id, context.today) is not None
    if sees_others and not settings.lets_staff_in:
        return StaffSignIn(holder.person_id)
    key = ensure_session_key(session, holder.person_id, secrets.token_urlsafe(24), context.now)
    return SignInGranted(holder.person_id, key)
