"""Who acts, when and in which transaction: what every action needs that records who did something, as one value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from course.dates import civil_date

OWN_ROLES_KEY = "own roles"  # where a database session carries whether the person who acts has changed their own roles
ZONE_KEY = "zone"  # where the application factory stores the time zone in every session

# Gives the ids of the managers for whom somebody acts as a deputy with respect to a person or team (its kind and id).
ManagersLookup = Callable[[Session, tuple[str, int] | None], tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Context:
    """The first argument of every action that needs more than the session.

    `session` is the session of the unit of work; `actor` the id of the person who acts (None: the program itself, such
    as a command or a job); `now` the moment, with a time zone; `zone` the IANA name of the installation's time zone.
    `managers_of` gives the managers for whom the actor acts as a deputy with respect to a person or team; None if the
    actor is no deputy.
    `sitting` is the sitting of a supervised session in which the person acts, if it is one.
    `connection` is the name of the system that acts through a connection (SCIM), if no person does.
    """

    session: Session
    actor: int | None
    now: datetime
    zone: str
    managers_of: ManagersLookup | None = None
    sitting: int | None = None
    connection: str | None = None

    def represented(self, subject: tuple[str, int] | None) -> tuple[int, ...]:
        """The ids of the managers for whom the actor acts as a deputy with respect to this person or team."""
        return () if self.managers_of is None else self.managers_of(self.session, subject)

    @property
    def today(self) -> date:
        """The calendar day of the moment in the installation's time zone."""
        return civil_date(self.now, self.zone)

    @property
    def person_id(self) -> int:
        """The id of the person who acts. Raises TypeError if the program itself acts."""
        if self.actor is None:
            raise TypeError("a person has to act here")
        return self.actor


def make_context(session: Session, actor: int | None, now: datetime, sitting: int | None = None) -> Context:
    """The context of an actor at a moment, in the time zone that every session of this installation carries."""
    return Context(session, actor, now, session.info[ZONE_KEY], sitting=sitting)
