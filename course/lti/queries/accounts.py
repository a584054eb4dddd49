"""The accounts at platforms that are linked to people, and what decides who enters with one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.lti.models import LtiAccount, LtiContext, LtiRegistration
from course.lti.rules.accounts import AccountHolder, LinkedMember, OwnLink, PersonWithAddress
from course.lti.rules.launch import PlatformUser
from course.lti.rules.problems import LtiProblem
from course.lti.rules.registration import PlatformSettings
from course.organisation.queries import organisation, site_directory
from course.people.models import Person, Team
from course.people.rules import has_left, team_and_above


def account_holder(session: Session, registration_id: int, subject: str, today: date) -> AccountHolder | None:
    """The person of an open account, by what the platform calls it."""
    row = session.execute(
        select(Person.id, Person.left_at, Person.last_day)
        .join(LtiAccount, LtiAccount.person_id == Person.id)
        .where(
            LtiAccount.registration_id == registration_id,
            LtiAccount.subject == subject,
            LtiAccount.ended_at.is_(None),
        )
    ).first()
    return AccountHolder(row.id, has_left(row.left_at, row.last_day, today)) if row else None


def holder_of(session: Session, account_id: int, today: date) -> AccountHolder | None:
    """The person of an open account, by its number."""
    row = session.execute(
        select(Person.id, Person.left_at, Person.last_day)
        .join(LtiAccount, LtiAccount.person_id == Person.id)
        .where(LtiAccount.id == account_id, LtiAccount.ended_at.is_(None))
    ).first()
    return AccountHolder(row.id, has_left(row.left_at, row.last_day, today)) if row else None


def person_with_address(
    session: Session, registration_id: int, user: PlatformUser, today: date
) -> PersonWithAddress | None:
    """The person of this course who has the address of an account; None without an address."""
    if not user.address:
        return None
    found = session.execute(select(Person).where(Person.email == user.address)).scalar_one_or_none()
    if found is None:
        return None
    return PersonWithAddress(
        found.id,
        has_left(found.left_at, found.last_day, today),
        _has_account(session, registration_id, found.id),
        _was_unlinked(session, registration_id, user.subject, found.id),
        _unlinked_by(session, registration_id, user.subject, found.id) == found.id,
    )


def own_link(session: Session, registration_id: int, subject: str, person_id: int, today: date) -> OwnLink:
    """What decides whether somebody can link an account to themselves."""
    holder = account_holder(session, registration_id, subject, today)
    return OwnLink(
        holder.person_id if holder else None,
        _has_account(session, registration_id, person_id),
        _was_unlinked(session, registration_id, subject, person_id),
    )


def _has_account(session: Session, registration_id: int, person_id: int) -> bool:
    """Whether an account at this platform is linked to somebody."""
    found = select(LtiAccount.id).where(
        LtiAccount.registration_id == registration_id,
        LtiAccount.person_id == person_id,
        LtiAccount.ended_at.is_(None),
    )
    return session.execute(found).first() is not None


def _was_unlinked(session: Session, registration_id: int, subject: str, person_id: int) -> bool:
    """Whether an administrator ended the newest link of this account to this person."""
    return _unlinked_by(session, registration_id, subject, person_id) not in (None, person_id)


def _unlinked_by(session: Session, registration_id: int, subject: str, person_id: int) -> int | None:
    """Who ended the newest link of this account to this person; None if nobody did."""
    row = session.execute(
        select(LtiAccount.ended_by)
        .where(
            LtiAccount.registration_id == registration_id,
            LtiAccount.subject == subject,
            LtiAccount.person_id == person_id,
        )
        .order_by(LtiAccount.id.desc())
        .limit(1)
    ).first()
    return row.ended_by if row else None


def team_of_new_person(
    session: Session, settings: PlatformSettings, context_id: int | None, nation: str
) -> int | LtiProblem | None:
    """The team to which a launch adds somebody: that of the context, or else that of the platform, or none; closed ones do not
    count. If the link asks for a nation, a team that has it: the same one, or the first one below it with that nation of its own;
    the problem if there is none."""
    chosen = session.execute(select(LtiContext.team_id).where(LtiContext.id == context_id)).scalar_one_or_none()
    wanted = [one for one in (chosen, settings.team_id) if one is not None]
    still = set(session.execute(select(Team.id).where(Team.id.in_(wanted), Team.closed_at.is_(None))).scalars())
    team_id = next((one for one in wanted if one in still), None)
    whole = organisation(session) if nation else None
    if not nation or whole is None or whole.for_teams([] if team_id is None else [team_id]).nation == nation:
        return team_id
    directory = site_directory(session)
    for one, own in sorted(directory.nations().items()):
        if own == nation and (team_id is None or team_id in team_and_above(one, directory.parents)):
            return one
    return LtiProblem.NATION


def linked_people(session: Session, registration_id: int) -> dict[str, LinkedMember]:
    """The people of the accounts at a platform who have not left, by what the platform calls them."""
    rows = (
        select(LtiAccount.subject, Person.name, Person.email, Person.sign_in_name)
        .join(Person, Person.id == LtiAccount.person_id)
        .where(LtiAccount.registration_id == registration_id, LtiAccount.ended_at.is_(None), Person.left_at.is_(None))
    )
    return {
        row.subject: LinkedMember(row.name, row.email or "", row.sign_in_name or "") for row in session.execute(rows)
    }


def account_counts(session: Session) -> dict[int, int]:
    """How many people have a linked account at each platform."""
    rows = (
        select(LtiAccount.registration_id, func.count().label("people"))
        .where(LtiAccount.ended_at.is_(None))
        .group_by(LtiAccount.registration_id)
    )
    return {row.registration_id: row.people for row in session.execute(rows)}


@dataclass(frozen=True)
class AccountView:
    """An account at a platform that is linked to a person, as pages show it. `is_on`: people can come in from the platform."""

    id: int
    platform: str
    is_on: bool
    email: str
    how: str
    linked_at: datetime
    last_used_at: datetime | None


def accounts_of(session: Session, person_id: int) -> list[AccountView]:
    """The accounts at platforms that are linked to a person now."""
    rows = session.execute(
        select(LtiAccount, LtiRegistration.name, LtiRegistration.state)
        .join(LtiRegistration, LtiRegistration.id == LtiAccount.registration_id)
        .where(LtiAccount.person_id == person_id, LtiAccount.ended_at.is_(None))
        .order_by(LtiAccount.id)
    )
    return [
        AccountView(one.id, name, state == "on", one.email or "", one.how, one.linked_at, one.last_used_at)
        for one, name, state in rows
    ]
