"""What the pages of this feature show of the features below it: rows and dataclasses, read before a template runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from course.bulk_changes.queries import filter_condition
from course.bulk_changes.rules.people_filter import PeopleFilter
from course.certificates.models import Certificate
from course.certificates.queries import certificate_link_number, certificates_in_another_name
from course.join_requests.queries import open_requests
from course.people.queries import (
    PeoplePage,
    PersonDetail,
    TeamView,
    administrators,
    people_page,
    person_detail,
    teams,
)
from course.people.rules import Viewer, team_subtree
from course.recertification import queries as recertification
from course.recertification.rules import CertificationStatus, certification_status


def certification_status_of(session: Session, person_id: int, zone: str, today: date) -> CertificationStatus | None:
    """The certification status of a person on the day `today` in the time zone `zone`; None before the set-up."""
    policies = recertification.policies(session, zone)
    people = recertification.people(session, zone, [person_id])
    return certification_status(people[0].facts, policies, today) if policies and people else None


def has_only_one_administrator(session: Session) -> bool:
    """Whether fewer than two administrators can sign in, so that nobody can stand in for the one. One query."""
    return len(administrators(session)) < 2


@dataclass(frozen=True)
class PeopleOverview:
    """One page of the list of people. `only_administrator` is always false for a viewer who may not give roles;
    `join_requests` is the number of requests to join that the viewer sees; `teams` are those that they see."""

    found: PeoplePage
    only_administrator: bool
    join_requests: int
    teams: list[TeamView]


def people_overview(
    session: Session, viewer: Viewer, manages: bool, wanted: PeopleFilter, page: int
) -> PeopleOverview:  # fmt: skip
    """The people whom the viewer may see, a page at a time, only those that match the filter. `manages` says whether the
    viewer may change people."""
    narrowed = filter_condition(wanted) if wanted.is_narrowed else None
    found = people_page(session, viewer, "", page, narrowed, newest_first=wanted.order == "new")
    tree = teams(session)
    parents = {team.id: team.parent_id for team in tree}
    seen = {below for team in viewer.manages for below in team_subtree(team, parents)}
    return PeopleOverview(
        found,
        manages and bool(found.people) and found.administrators < 2,
        len(open_requests(session, viewer)),
        [team for team in tree if viewer.administrator or team.id in seen],
    )


@dataclass(frozen=True)
class PersonOverview:
    """One person for administrators. `only_administrator` is true for an administrator if no other one can sign in;
    `outdated_certificates` bear an earlier name; `certificate_link_number` is None once the person is erased."""

    detail: PersonDetail
    only_administrator: bool
    outdated_certificates: list[Certificate]
    certificate_link_number: int | None


def person_page(session: Session, person_id: int) -> PersonOverview | None:
    """Everything that the page of a person shows; None if there is nobody. At most ten queries."""
    detail = person_detail(session, person_id)
    if detail is None:
        return None
    is_here = detail.seen is not None and detail.person.erased_at is None
    return PersonOverview(
        detail,
        is_here and detail.administrator and has_only_one_administrator(session),
        certificates_in_another_name(session, person_id, detail.person.name),
        None if detail.person.erased_at else certificate_link_number(session, person_id),
    )
