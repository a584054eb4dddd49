"""The list of people: searching it, and one person as the list shows them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from typing import Any, Literal

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from course.content.schema import Setting
from course.mail.queries import newest_failure
from course.mail.rules import MailRecipient
from course.passwords.queries import has_password
from course.people.models import Membership, Person, RoleGrant, Team, UsualLanguage
from course.people.queries.invitations import without_password_query
from course.people.queries.names import BY_NAME, matches_words
from course.people.queries.pathways import newest_pathway
from course.people.queries.roles import administrators_query
from course.people.queries.visibility import visible_condition
from course.people.rules import Viewer, is_undeliverable, login_label, normalise_email, normalise_login, role_in_words
from course.text import normalise_line

# The language of people who have chosen none, to be read in a query that is made anyway.
USUAL_LANGUAGE = select(UsualLanguage.language).order_by(UsualLanguage.id.desc()).limit(1).scalar_subquery()


@dataclass(frozen=True)
class PersonView:
    """One person as a list shows them. `roles` are in words; `active` once they have chosen a password;
    `pathway` if one was chosen for them; `failure` says why the newest mail to them has not left; `invited_at` is when
    they were invited last, None if they were not. `last_day` is one that is recorded beforehand. `twin` says that somebody
    else who is here has the same name."""

    id: int
    name: str
    email: str | None
    teams: tuple[str, ...]
    roles: tuple[str, ...]
    active: bool
    pathway: Setting | None = None
    failure: str | None = None
    invited_at: datetime | None = None
    staff_number: str | None = None
    twin: bool = False
    sign_in_name: str | None = None
    last_day: date | None = None

    @property
    def login(self) -> str:
        """What they sign in with: the address or the sign-in name."""
        return login_label(self.email, self.sign_in_name)

    @property
    def takes_mail(self) -> bool:
        """Whether they have an address that mail can be sent to."""
        return not is_undeliverable(self.email)


def person(session: Session, person_id: int) -> Person | None:
    """The person, whether they are still here or have left."""
    return session.get(Person, person_id)


def person_by_email(session: Session, email: str) -> Person | None:
    """The person with this address, in any spelling of its capitals."""
    return session.execute(select(Person).where(Person.email == normalise_email(email))).scalar_one_or_none()


def login_key(login: str) -> tuple[Literal["email", "sign_in_key"], str]:
    """The column in which people have what somebody typed, and what stands there: an e-mail address if it has an @, or else
    a sign-in name."""
    return "email" if "@" in login else "sign_in_key", normalise_login(login)


def login_condition(login: str) -> ColumnElement[bool]:
    """The condition of the person with this e-mail address or sign-in name (see `login_key`)."""
    column, value = login_key(login)
    return Person.email == value if column == "email" else Person.sign_in_key == value


def person_by_login(session: Session, login: str) -> Person | None:
    """The person with this address or sign-in name, as somebody types it."""
    return session.execute(select(Person).where(login_condition(login))).scalar_one_or_none()


def present_people_by_login_or_number(session: Session, text: str) -> list[Person]:
    """The people who are here and have what somebody typed as their address or sign-in name, or as their staff number, in
    capitals or not. More than one if it is the sign-in name of one person and the staff number of another."""
    number = func.lower(Person.staff_number) == normalise_line(text).lower()
    wanted = select(Person).where(or_(login_condition(text), number), Person.left_at.is_(None))
    return list(session.execute(wanted.order_by(Person.id)).scalars())


def person_id_by_login(session: Session, login: str) -> int | None:
    """The id of the person with this address or sign-in name; None if there is nobody."""
    found = person_by_login(session, login)
    return None if found is None else found.id


def mail_recipient(session: Session, address: str) -> MailRecipient:
    """An address as the recipient of a mail, in the language that the person who has it chose, or else in the usual one."""
    chosen = select(Person.language).where(Person.email == address).scalar_subquery()
    return MailRecipient(address, session.execute(select(func.coalesce(chosen, USUAL_LANGUAGE))).scalar_one())


def named_recipient(session: Session, person_id: int) -> tuple[str, MailRecipient] | None:
    """The name of a person and where mail to them goes, in the language that they chose, or else in the usual one; None if they
    have no address that takes mail."""
    row = session.execute(_NAMED_RECIPIENT, {"person": person_id}).first()
    if row is None or is_undeliverable(row.email):
        return None
    return row.name, MailRecipient(row.email, row.language)


_person = Person.__table__.c
_NAMED_RECIPIENT = select(
    _person.name, _person.email, func.coalesce(_person.language, USUAL_LANGUAGE).label("language")
).where(_person.id == bindparam("person"))


def language_of(session: Session, person_id: int) -> str | None:
    """The language that a person chose, or else the usual one; None for English if neither was chosen."""
    language = func.coalesce(Person.language, USUAL_LANGUAGE)
    return session.execute(select(language).where(Person.id == person_id)).scalar_one_or_none()


def usual_language(session: Session) -> str | None:
    """The language of people who have chosen none; None if no one has chosen that either, so that it is English."""
    found: str | None = session.execute(select(USUAL_LANGUAGE)).scalar_one()
    return found


def people_visible_to(session: Session, viewer: Viewer) -> list[PersonView]:
    """The people who are still here and whom the viewer may see, by name.

    An administrator sees everyone; a manager the members of the teams they manage and of all below;
    everyone else only themselves.
    """
    return person_views(session, visible_condition(viewer))


PEOPLE_PER_PAGE = 50  # people on one page of the list


@dataclass(frozen=True)
class PeoplePage:
    """One page of the list: `page` counts from 1, `total` is how many there are on all pages. `waiting` says how many of
    all who are here have not chosen a password, `new` how many of those were not invited, and `administrators` how many
    can run the course; only where anybody is shown."""

    people: list[PersonView]
    page: int
    total: int
    waiting: int = 0
    new: int = 0
    administrators: int = 0

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PEOPLE_PER_PAGE))


def people_page(
    session: Session,
    viewer: Viewer,
    words: str = "",
    page: int = 1,
    narrowed: ColumnElement[bool] | None = None,
    newest_first: bool = False,
) -> PeoplePage:
    """Those whom `people_visible_to` gives, in pages; with words, those in whose name or address they stand. A name is
    found with or without its accents and capitals. `narrowed` is a further condition on people."""
    wanted = and_(Person.left_at.is_(None), visible_condition(viewer))
    if narrowed is not None:
        wanted = and_(wanted, narrowed)
    if words:
        wanted = and_(wanted, or_(matches_words(words), Person.staff_number == words))
    # The total comes with the page; behind the last page there is nothing for it to come with.
    # So do the others: one query less for a page that is opened often.
    every = without_password_query().subquery()
    counts = (
        select(func.count()).select_from(every).scalar_subquery(),
        select(func.count()).select_from(every).where(every.c.invited_at.is_(None)).scalar_subquery(),
        select(func.count()).select_from(administrators_query().subquery()).scalar_subquery(),
    )
    order = (Person.created_at.desc(), *BY_NAME) if newest_first else BY_NAME
    rows = select(Person.id, func.count().over(), *counts).where(wanted).order_by(*order)
    found = session.execute(rows.limit(PEOPLE_PER_PAGE).offset((page - 1) * PEOPLE_PER_PAGE)).all()
    if not found and page > 1:
        return people_page(session, viewer, words, 1, narrowed, newest_first)
    total, waiting, new, administrators = found[0][1:] if found else (0, 0, 0, 0)
    people = person_views(session, Person.id.in_([row.id for row in found]))
    if newest_first:
        places = {row.id: place for place, row in enumerate(found)}
        people.sort(key=lambda one: places[one.id])
    return PeoplePage(people, page, total, waiting, new, administrators)


def visible_person(session: Session, viewer: Viewer, person_id: int) -> PersonView | None:
    """One person as a list shows them; None when they have left, or the viewer may not see them."""
    return next(iter(person_views(session, and_(Person.id == person_id, visible_condition(viewer)))), None)


def person_overview(session: Session, person_id: int) -> PersonView | None:
    """One person as a list shows them; None when they have left."""
    return next(iter(_put_together(session.execute(_one_person_query(), {"person": person_id}))), None)


@cache
def _one_person_query() -> Select[*tuple[Any, ...]]:
    """Built once: that takes longer than running it."""
    return _people_query(Person.id == bindparam("person"))


def person_views(session: Session, which: ColumnElement[bool]) -> list[PersonView]:
    """One query; a person with several teams or roles comes in several rows, which are put together."""
    return _put_together(session.execute(_people_query(which)))


def _put_together(rows: Iterable[Row[*tuple[Any, ...]]]) -> list[PersonView]:
    found: dict[int, PersonView] = {}
    for row in rows:
        known = found.get(row.id) or PersonView(
            row.id,
            row.name,
            row.email,
            (),
            (),
            row.active,
            row.pathway,
            row.failure,
            row.invited_at,
            row.staff_number,
            row.twin,
            row.sign_in_name,
            row.last_day,
        )
        found[row.id] = replace(
            known,
            teams=_append_unique(known.teams, row.team),
            roles=_append_unique(known.roles, _role_label(row.role, row.manages, row.role_until)),
        )
    return list(found.values())


def _people_query(
    which: ColumnElement[bool],
) -> Select[*tuple[Any, ...]]:
    managed, other = aliased(Team), aliased(Person)
    twin = exists().where(other.name_key == Person.name_key, other.id != Person.id, other.left_at.is_(None))
    return (
        select(
            Person.id,
            Person.name,
            Person.email,
            Team.name.label("team"),
            RoleGrant.role,
            managed.name.label("manages"),
            RoleGrant.last_day.label("role_until"),
            has_password(Person.id).label("active"),
            newest_pathway(Person.__table__.c.id).label("pathway"),
            newest_failure(Person.__table__.c.email).label("failure"),
            Person.invited_at,
            Person.staff_number,
            twin.label("twin"),
            Person.sign_in_name,
            Person.last_day,
        )
        .outerjoin(Membership, and_(Membership.person_id == Person.id, Membership.until.is_(None)))
        .outerjoin(Team, Team.id == Membership.team_id)
        .outerjoin(RoleGrant, and_(RoleGrant.person_id == Person.id, RoleGrant.until.is_(None)))
        .outerjoin(managed, managed.id == RoleGrant.team_id)
        .where(Person.left_at.is_(None), which)
        .order_by(*BY_NAME, Team.name, RoleGrant.role, managed.name)
    )


def _role_label(role: str | None, team: str | None, last_day: date | None) -> str | None:
    return role_in_words(role, team, last_day) if role else None


def _append_unique(known: tuple[str, ...], new: str | None) -> tuple[str, ...]:
    return known if new is None or new in known else (*known, new)
