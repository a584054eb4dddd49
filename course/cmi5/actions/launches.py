"""Beginning a session for the person of an account at a platform, and ending it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.auth.actions import SignInGranted, end_other_sessions
from course.cmi5 import queries
from course.cmi5.actions.delivery import token_purpose
from course.cmi5.actions.outcomes import note_earlier_success, note_failure, note_module, note_statement
from course.cmi5.models import Cmi5Account, Cmi5Platform, Cmi5Session, Cmi5Statement
from course.cmi5.queries import AccountPerson, OpenLaunch, PlatformView
from course.cmi5.rules.launch import LaunchActor, LaunchData, LaunchRequest
from course.cmi5.rules.problems import LaunchProblem
from course.cmi5.rules.statements import INITIALIZED, TERMINATED, SessionStatement, statement_mark
from course.cmi5.rules.units import Unit
from course.content.library import Library
from course.context import Context
from course.db import insert_once, lock_name
from course.encryption import lock_secret
from course.passwords.actions import ensure_session_key
from course.people.actions import Refusal, add_identity
from course.people.events import PeopleMerged
from course.people.queries import open_team_parents
from course.people.rules import PersonIdentity


@dataclass(frozen=True)
class NewLaunch:
    """A launch whose platform has accepted the first statement: what it said, and the token for what follows."""

    request: LaunchRequest
    data: LaunchData
    token: str
    unit: Unit


@dataclass(frozen=True)
class BegunLaunch:
    """A session that has begun, and the permission to sign its person in."""

    session_id: int
    granted: SignInGranted


def begin_launch(
    context: Context, platform: PlatformView, launch: NewLaunch, secret_key: str, library: Library
) -> BegunLaunch | LaunchProblem:
    """Begin a session for the person of the account, who is added if they are not known and the platform may do so."""
    session = context.session
    person = _person_of(context, platform, launch.request.actor)
    if isinstance(person, LaunchProblem):
        record_launch_refusal(context, platform.name, person)
        return person
    session_id = _open_session(context, platform, launch, person, secret_key)
    if session_id is None:
        return LaunchProblem.USED
    found = queries.open_session(session, person, session_id)
    assert found is not None  # noqa: S101 (it was written above)
    session.add(
        Cmi5Statement(
            session_id=session_id, verb=INITIALIZED, mark=statement_mark(found.facts, INITIALIZED), at=context.now, tries=1,
            arrived_at=context.now, failure="",
        )
    )  # fmt: skip
    session.flush()
    note_earlier_success(context, found, library)
    record_event(context, "cmi5.launched", ("person", person), {"platform": platform.name, "mode": launch.data.mode})
    key = ensure_session_key(session, person, secrets.token_urlsafe(24), context.now)
    return BegunLaunch(session_id, SignInGranted(person, key))


def _open_session(
    context: Context, platform: PlatformView, launch: NewLaunch, person: int, secret_key: str
) -> int | None:
    request, data = launch.request, launch.data
    mastery = None if data.mastery_score is None else round(data.mastery_score * 10_000)
    values = {
        "platform_id": platform.id, "person_id": person, "unit": launch.unit.name,
        "registration": request.registration, "mark": data.session,
        "activity_id": request.activity_id, "endpoint": request.endpoint, "token": b"", "actor": dict(request.actor.agent),
        "context": dict(data.context), "mode": data.mode, "mastery_score": mastery,
        "return_address": data.return_address, "launched_at": context.now, "used_at": context.now, "looked_at": None,
        "ended_at": None,
    }  # fmt: skip
    session_id = insert_once(context.session, Cmi5Session, **values)
    if session_id is not None:
        locked = lock_secret(launch.token.encode(), secret_key, token_purpose(session_id))
        changing = update(Cmi5Session).where(Cmi5Session.id == session_id).values(token=locked)
        context.session.execute(changing)
    return session_id


def refusal_of(found: AccountPerson) -> LaunchProblem | None:
    """Why the person of an account may not come in by a platform; None if they may. Whoever sees data of others signs in
    themselves: the platform's administrators could open the course with any account there."""
    if found.has_left:
        return LaunchProblem.LEFT
    return LaunchProblem.STAFF if found.sees_others else None


def _person_of(context: Context, platform: PlatformView, actor: LaunchActor) -> int | LaunchProblem:
    session = context.session
    # Of two launches that add the same person at once, the second waits here and finds whom the first added.
    lock_name(session, f"cmi5 account {platform.id} {actor.home_page} {actor.account}")
    found = queries.account_person(session, platform.id, actor, context.today)
    if found is not None:
        if (refusal := refusal_of(found)) is not None:
            return refusal
        # Whoever unlinks the account at this moment has done so before, or waits until the session can be ended.
        return found.person_id if _note_use(context, platform, actor) else LaunchProblem.NOT_KNOWN
    if not platform.makes_accounts:
        return LaunchProblem.NOT_KNOWN
    return _add_person(context, platform, actor) or LaunchProblem.NOT_KNOWN


def _add_person(context: Context, platform: PlatformView, actor: LaunchActor) -> int | None:
    """Add the person of an account. They have no address here, so they sign in by their platform alone until somebody gives
    them one."""
    session = context.session
    is_open = platform.team_id in open_team_parents(session)
    identity = PersonIdentity(actor.name or actor.account[:200], sign_in_name=f"lms-{secrets.token_hex(5)}")
    added = add_identity(context, identity, platform.team_id if is_open else None, "learner")
    if isinstance(added, Refusal):
        return None
    linked = insert_once(
        session, Cmi5Account, platform_id=platform.id, home_page=actor.home_page, name=actor.account, person_id=added.id,
        linked_at=context.now, last_used_at=context.now, ended_at=None, ended_by=None,
    )  # fmt: skip
    return None if linked is None else added.id


def _note_use(context: Context, platform: PlatformView, actor: LaunchActor) -> bool:
    """Note that an account is in use now; False if its link has just ended."""
    used = (
        update(Cmi5Account)
        .where(
            Cmi5Account.platform_id == platform.id,
            Cmi5Account.home_page == actor.home_page,
            Cmi5Account.name == actor.account,
            Cmi5Account.ended_at.is_(None),
        )
        .values(last_used_at=context.now)
        .returning(Cmi5Account.id)
    )
    return context.session.execute(used).first() is not None


def record_launch_refusal(context: Context, platform: str, problem: LaunchProblem, detail: str = "") -> None:
    """Write into the log that a launch by an allowed platform was refused. It names nobody."""
    details = {"platform": platform, "problem": str(problem), "detail": detail[:200] or None}
    record_event(context, "cmi5.refused", None, details)


def end_launch(context: Context, found: OpenLaunch, library: Library) -> bool:
    """End a session: note that it was failed, if it was, and that it is over. False if it had ended before."""
    session = context.session
    ending = update(Cmi5Session).where(Cmi5Session.id == found.id, Cmi5Session.ended_at.is_(None))
    if session.execute(ending.values(ended_at=context.now).returning(Cmi5Session.id)).first() is None:
        return False
    if found.unit.module:
        note_module(context, found, library)
    note_failure(context, found)
    # What somebody did last ends the time that they took, not the hours after which it is known that they have gone.
    last = context.now if context.actor is not None else found.used_at
    sent = SessionStatement(TERMINATED, context.now, max(last, found.used_at) - found.launched_at)
    note_statement(session, found, sent)
    return True


def unlink_account(context: Context, platform: PlatformView, library: Library, account_id: int) -> bool:
    """End the link of an account, as an administrator. All sign-in sessions of the person end, and what they opened from that
    platform. False if it had ended before."""
    ended = context.session.execute(
        update(Cmi5Account)
        .where(Cmi5Account.id == account_id, Cmi5Account.platform_id == platform.id, Cmi5Account.ended_at.is_(None))
        .values(ended_at=context.now, ended_by=context.actor)
        .returning(Cmi5Account.person_id)
    ).first()
    if ended is None:
        return False
    # Nobody is in it any more: it lasted until the person last did something.
    _end_launches(replace(context, actor=None), ended.person_id, platform.name, library)
    record_event(context, "cmi5.unlinked", ("person", ended.person_id), {"platform": platform.name})
    end_other_sessions(context, ended.person_id, None, secrets.token_urlsafe(24))
    return True


def end_own_link(context: Context, library: Library, account_id: int) -> bool:
    """End the link of an account to the person who acts, and their sessions from that platform. False if it had ended before."""
    person_id = context.person_id
    ended = context.session.execute(
        update(Cmi5Account)
        .where(Cmi5Account.id == account_id, Cmi5Account.person_id == person_id, Cmi5Account.ended_at.is_(None))
        .values(ended_at=context.now, ended_by=context.actor)
        .returning(Cmi5Account.platform_id)
    ).first()
    if ended is None:
        return False
    name = context.session.get_one(Cmi5Platform, ended.platform_id).name
    _end_launches(context, person_id, name, library)
    record_event(context, "cmi5.unlinked", ("person", person_id), {"platform": name})
    return True


def _end_launches(context: Context, person_id: int, platform: str, library: Library) -> None:
    for found in queries.open_sessions(context.session, person_id):
        if found.platform == platform:
            end_launch(context, found, library)


def move_cmi5_accounts(session: Session, event: PeopleMerged) -> None:
    """Two entries were one person: the accounts of the one that ends belong to the other."""
    open_accounts = Cmi5Account.person_id == event.person_id, Cmi5Account.ended_at.is_(None)
    for row in session.execute(select(Cmi5Account).where(*open_accounts)).scalars().all():
        row.ended_at = event.at
        session.flush()
        values = {"platform_id": row.platform_id, "home_page": row.home_page, "name": row.name}
        insert_once(
            session, Cmi5Account, **values, person_id=event.into_id, linked_at=event.at, last_used_at=row.last_used_at,
            ended_at=None, ended_by=None,
        )  # fmt: skip
