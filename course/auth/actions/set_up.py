"""The set-up of a fresh course: its organisation, its first team and its first administrator."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.auth import queries
from course.auth.actions.links import create_link, use_up_link
from course.auth.actions.passwords import store_password_hash
from course.auth.actions.sign_in import SignInGranted
from course.context import make_context
from course.organisation.actions import create_organisation
from course.organisation.queries import organisation
from course.people.actions import Refusal, add_person, add_team


@dataclass(frozen=True)
class SetUpDetails:
    """What the set-up form asks for, with the hash of the password instead of the password."""

    organisation: str
    nation: str
    name: str
    email: str
    password_hash: str
    pathway: str = "school"


def create_set_up_link(session: Session, at: datetime) -> str:
    """The token of a link with which a fresh course can be set up, once. Raises ValueError if there is an
    organisation."""
    if organisation(session) is not None:
        raise ValueError("the course has been set up already")
    record_event(make_context(session, None, at), "set_up.link_made", None, {})
    return create_link(session, None, "set-up", at)


def can_set_up(session: Session, token: str, at: datetime) -> bool:
    """Whether the link with this token still sets the course up."""
    return organisation(session) is None and queries.find_link(session, token, set_up=True, at=at) is not None


def set_up(session: Session, token: str, details: SetUpDetails, at: datetime) -> SignInGranted | None:
    """Create the organisation, its first team and its administrator; None if that has happened already.

    Raises ValueError if the administrator cannot be added; only a person with the same address in a course without
    an organisation can cause that.
    """
    link = queries.find_link(session, token, set_up=True, at=at)
    if link is None or not use_up_link(session, link.id, at):
        return None
    if not create_organisation(session, details.organisation, details.nation, at, details.pathway):
        return None
    context = make_context(session, None, at)
    team = add_team(context, details.organisation, None)
    administrator = add_person(context, details.name, details.email, team.id, "administrator")
    if isinstance(administrator, Refusal):
        raise ValueError(administrator.message)
    return store_password_hash(replace(context, actor=administrator.id), administrator.id, details.password_hash)
