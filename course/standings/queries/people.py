"""Reading the facts from which standings are derived, of everybody or of some people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from course.content.library import Library
from course.id_lists import is_in_ids
from course.learning.queries import progress_facts_of_many
from course.organisation.models import Organisation
from course.people.models import Membership, PersonChange
from course.people.rules import login_label
from course.recertification import queries as renewal
from course.recertification.rules.certification_status import status_details
from course.standings.rules import DerivingRules, ReportedPerson, Standing, derive_standing, is_in_course


def reported_people(
    session: Session, zone: str, ids: Collection[int] | None = None, only_now: bool = False
) -> list[ReportedPerson]:
    """All people, or those with these ids, including people who have left. With `only_now` they have their present name,
    address and teams only."""
    facts = renewal.people(session, zone, ids)  # first, because it writes what waits in the session
    connection, listed = session.connection(), None if ids is None else list(ids)
    memberships: dict[int, list[tuple[int, datetime, datetime | None]]] = defaultdict(list)
    for person, team, since, until in connection.execute(_memberships(ids is None, only_now), {"ids": listed}):
        memberships[person].append((team, since, until))
    previous_names: dict[int, list[tuple[str, datetime]]] = defaultdict(list)
    previous_logins: dict[int, list[tuple[str, datetime]]] = defaultdict(list)
    if not only_now:
        for person, name, email, sign_in_name, until in connection.execute(_identities(ids is None), {"ids": listed}):
            previous_names[person].append((name, until))
            previous_logins[person].append((login_label(email, sign_in_name), until))
    return [
        ReportedPerson(
            person_facts.id,
            person_facts.name,
            person_facts.login,
            person_facts.facts,
            tuple(memberships[person_facts.id]),
            tuple(previous_names[person_facts.id]),
            tuple(previous_logins[person_facts.id]),
        )
        for person_facts in facts
    ]


# Statements are built once, because building one takes as long as running it.
@cache
def _memberships(everybody: bool, only_now: bool) -> Select[*tuple[Any, ...]]:
    rows = select(Membership.person_id, Membership.team_id, Membership.since, Membership.until).order_by(Membership.id)
    rows = rows if everybody else rows.where(is_in_ids(Membership.person_id))
    return rows.where(Membership.until.is_(None)) if only_now else rows


@cache
def _identities(everybody: bool) -> Select[*tuple[Any, ...]]:
    columns = PersonChange.name, PersonChange.email, PersonChange.sign_in_name, PersonChange.changed_at
    rows = select(PersonChange.person_id, *columns).order_by(PersonChange.id)
    return rows if everybody else rows.where(is_in_ids(PersonChange.person_id))


_PATHWAY = select(Organisation.pathway)


def organisation_pathway(session: Session) -> str:
    """The organisation's pathway now; empty before the set-up."""
    return session.connection().execute(_PATHWAY).scalar() or ""


def deriving_rules(session: Session, zone: str, library: Library) -> DerivingRules:
    """What all standings depend on. Three queries."""
    return DerivingRules(renewal.policies(session, zone), organisation_pathway(session), library)


def derived_standings(
    session: Session, zone: str, rules: DerivingRules, ids: Collection[int], on: date
) -> list[Standing]:
    """The rows of these people on the day `on`, by all that is recorded: what was recorded since somebody looked at the clock
    is among the facts up to which the mark will say that rows are derived. About a dozen queries, and half a millisecond for
    each person."""
    people = reported_people(session, zone, ids, only_now=True)
    details = {one.id: status_details(one.facts, rules.policies, on) for one in people}
    in_course = [one for one, status in details.items() if is_in_course(status)]
    done = progress_facts_of_many(session, in_course) if in_course else {}
    found = (derive_standing(one, details[one.id], done.get(one.id), rules) for one in people)
    return [standing for standing in found if standing is not None]
