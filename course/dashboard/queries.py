"""What the pages of this feature show of the features below it: rows and dataclasses, read before a template runs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import CompoundSelect, Select, exists, func, literal, select, union_all
from sqlalchemy.orm import Session

from course.analytics.queries import last_talk_days, published_mondays
from course.api_tokens.queries import tokens_to_replace_query
from course.auth.queries import required_factors_missing
from course.backups.models import Backup
from course.bulk_changes.queries import filter_condition
from course.bulk_changes.rules.people_filter import PeopleFilter, end_of_invitation_day
from course.certificates.models import Certificate
from course.certificates.queries import certificate_link_number, certificates_in_another_name
from course.cmi5.models import Cmi5Platform
from course.dashboard.models import FirstStepsChoice
from course.dashboard.rules import (
    SetUpFacts,
    TeamPlace,
    TrainingNeeds,
    last_patient_day,
    teams_due_to_talk,
    training_needs,
)
from course.identity_providers.models import IdentityProvider, ProviderGroup
from course.import_folder.queries import waiting_lists_query
from course.join_requests.models import RegistrationLink, RegistrationRequest
from course.join_requests.queries import open_requests
from course.lti.models import LtiRegistration
from course.lti_services.queries import failed_grades_query
from course.mail.models import OutboxMail
from course.mail.queries import suppressed_address_query
from course.passwords.queries import has_password
from course.people.models import Person, RoleGrant, Team
from course.people.queries import (
    PeoplePage,
    PersonDetail,
    TeamView,
    TeamWithoutManager,
    administrators,
    names_told_apart,
    people_page,
    person_detail,
    teams,
    teams_without_manager,
    visible_condition,
)
from course.people.rules import Viewer, team_subtree
from course.recertification import queries as recertification
from course.recertification.rules import CertificationStatus, certification_status
from course.recertification.rules.certification_status import NOT_REQUIRED, PAUSED, UP_TO_DATE
from course.reminders.models import InPersonNotice
from course.reminders.queries import managed_people, sending_hours
from course.reminders.queries.in_person import people_to_tell
from course.scheduled_reports.models import ReportSubscription
from course.scim.models import ScimGroup, ScimGroupRule
from course.standings.models import PersonStatus
from course.standings.queries.rows import counted_cells
from course.webhooks.models import Webhook
from course.webhooks.queries import stopped_webhooks_query
from course.xapi.queries import failing_endpoint_query

GRADE_MEMORY = timedelta(days=30)  # after which a score that did not arrive is old news
STORE_PATIENCE = timedelta(hours=1)  # a learning record store may be away for so long before somebody is told


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
    session: Session, viewer: Viewer, wanted: PeopleFilter, page: int
) -> PeopleOverview:  # fmt: skip
    """The people whom the viewer may see, a page at a time, only those that match the filter."""
    narrowed = filter_condition(wanted) if wanted.is_narrowed else None
    found = people_page(session, viewer, "", page, narrowed, newest_first=wanted.order == "new")
    tree, scope = teams(session), viewer.scope("see people")
    seen = _below(scope.teams, {team.id: team.parent_id for team in tree})
    return PeopleOverview(
        found,
        "give every role" in viewer.permissions and bool(found.people) and found.administrators < 2,
        len(open_requests(session, viewer)) if "see join requests" in viewer.permissions else 0,
        [team for team in tree if scope.everyone or team.id in seen],
    )


@dataclass(frozen=True)
class PersonOverview:
    """One person for administrators. `only_administrator` is true for an administrator if no other one can sign in;
    `outdated_certificates` bear an earlier name; `certificate_link_number` is None once the person is erased."""

    detail: PersonDetail
    only_administrator: bool
    outdated_certificates: list[Certificate]
    certificate_link_number: int | None


def person_page(session: Session, person_id: int, today: date | None = None) -> PersonOverview | None:
    """Everything that the page of a person shows on that day; None if there is nobody. At most ten queries."""
    detail = person_detail(session, person_id, today)
    if detail is None:
        return None
    is_here = detail.seen is not None and detail.person.erased_at is None
    return PersonOverview(
        detail,
        is_here and detail.administrator and has_only_one_administrator(session),
        certificates_in_another_name(session, person_id, detail.person.name),
        None if detail.person.erased_at else certificate_link_number(session, person_id),
    )


@dataclass(frozen=True)
class WaitingPeople:
    """Of the people whom a viewer may see, how many were not invited yet, were invited some days ago and never signed in,
    have no address and never signed in, or have an address that takes no mail, and how many have none to which mail can
    go; how many requests to join the viewer sees; how many webhooks were turned off, about whose people other systems learn
    nothing; how many settings name a closed team (see ClosedTeamSetting); how many lists from the import folder wait for
    somebody; how many tokens of programs have stopped or are about to end; and whether the learning record store has taken
    nothing for STORE_PATIENCE (1) or not (0); for administrators also how many platforms did not take scores lately."""

    not_invited: int
    never_signed_in: int
    without_address: int
    without_mail: int
    undeliverable: int
    join_requests: int
    stopped_webhooks: int
    settings_of_closed_teams: int
    waiting_lists: int
    tokens_to_replace: int
    failing_stores: int
    failing_platforms: int


def waiting_people(
    session: Session, viewer: Viewer, seen: Collection[int] | None, today: date, at: datetime
) -> WaitingPeople:
    """Whom somebody has to do something about before training can begin, on the day `today`, at the moment `at`. `seen` are the
    teams that the viewer sees (None: all). One query."""
    unable = ~has_password(Person.id) & Person.email.not_like("%.invalid")
    requests = (
        select(func.count(RegistrationRequest.id))
        .join(RegistrationLink, RegistrationLink.id == RegistrationRequest.link_id)
        .where(RegistrationRequest.decided_at.is_(None))
    )
    failing = failed_grades_query(at - GRADE_MEMORY)
    if seen is not None:
        requests = requests.where(RegistrationLink.team_id.in_(seen))
    row = session.execute(
        select(
            func.count().filter(unable, Person.invited_at.is_(None)),
            func.count().filter(unable, Person.invited_at < end_of_invitation_day(last_patient_day(today))),
            func.count().filter(~has_password(Person.id), Person.email.is_(None)),
            func.count().filter(Person.email.in_(suppressed_address_query())),
            func.count().filter(Person.email.is_(None) | Person.email.like("%.invalid")),
            requests.scalar_subquery(),
            stopped_webhooks_query().scalar_subquery(),
            select(func.count()).select_from(_of_closed_teams(viewer).subquery()).scalar_subquery(),
            waiting_lists_query().scalar_subquery(),
            tokens_to_replace_query(today).scalar_subquery(),
            failing_endpoint_query(at - STORE_PATIENCE).scalar_subquery(),
            select(func.count()).select_from(failing.subquery()).scalar_subquery()
            if viewer.administrator
            else literal(0),
        ).where(Person.left_at.is_(None), visible_condition(viewer), Person.id != viewer.id)
    ).one()
    return WaitingPeople(*row)


def untaken_grades(session: Session, at: datetime) -> list[tuple[int, str, int]]:
    """The platforms that did not take scores lately, each with its name and how many."""
    return [(row[0], row[1], row[2]) for row in session.execute(failed_grades_query(at - GRADE_MEMORY))]


@dataclass(frozen=True)
class ClosedTeamSetting:
    """A setting that names a closed team, and therefore does less than it says: of which kind, its id, that of the connection to
    which it belongs (0: none), and the name or address by which it is known."""

    kind: str
    id: int
    connection_id: int
    name: str


def settings_of_closed_teams(session: Session, viewer: Viewer) -> list[ClosedTeamSetting]:
    """Reports by mail of the viewer; for an administrator those of everybody, and what sends data elsewhere or adds people. Tokens
    of programs have a line of their own on Today; a course at a learning platform has the team of its platform instead."""
    return [ClosedTeamSetting(*row) for row in session.execute(_of_closed_teams(viewer))]


def _of_closed_teams(viewer: Viewer) -> CompoundSelect[Any]:
    closed = select(Team.id).where(Team.closed_at.is_not(None))

    def found(kind: str, name: Any, own: Any, *conditions: Any, connection: Any = None) -> Select[Any]:
        return select(literal(kind), own, literal(0) if connection is None else connection, name).where(*conditions)

    reports = found(
        "report", Person.name, ReportSubscription.id, ReportSubscription.ended_at.is_(None), Person.left_at.is_(None),
        ReportSubscription.team_id.in_(closed), Person.id == ReportSubscription.person_id,
    )  # fmt: skip
    if not viewer.administrator:
        return union_all(reports.where(ReportSubscription.person_id == viewer.id))
    hook, provider, platform, cmi5 = Webhook, IdentityProvider, LtiRegistration, Cmi5Platform
    tables = select(ProviderGroup.provider_id).where(ProviderGroup.team_id.in_(closed))
    rules = select(ScimGroupRule.group_id).where(ScimGroupRule.team_id.in_(closed), ScimGroupRule.ended_at.is_(None))
    adds_there = provider.makes_accounts & provider.team_id.in_(closed)
    adds_from = platform.team_id.in_(closed), platform.makes_accounts, platform.state == "on"
    return union_all(
        reports,
        found("webhook", hook.address, hook.id, hook.team_id.in_(closed), hook.ended_at.is_(None), hook.off_at.is_(None)),
        found("provider", provider.name, provider.id, provider.active, adds_there | provider.id.in_(tables)),
        found("platform", platform.name, platform.id, *adds_from),
        found("cmi5", cmi5.name, cmi5.id, cmi5.team_id.in_(closed), cmi5.makes_accounts, cmi5.active),
        found("group", ScimGroup.display_name, ScimGroup.id, ScimGroup.ended_at.is_(None), ScimGroup.id.in_(rules),
              connection=ScimGroup.connection_id),
    )  # fmt: skip


def names_to_tell(session: Session, viewer: Viewer, zone: str, today: date) -> list[str]:
    """The names of the people without an e-mail address to whom the viewer has to say something now, about which a mail would
    have left, those who are due first. Whoever sees everyone is given those of their own teams, and those whom no manager
    could tell. From the kept rows, which must be up to date, as far as they say that there is nothing."""
    hours = sending_hours(session, zone)
    if hours is None:
        return []
    settled = PersonStatus.state.in_((NOT_REQUIRED, PAUSED, UP_TO_DATE))
    needing = select(PersonStatus.person_id).where(~settled).union(select(InPersonNotice.person_id))
    among = set(session.execute(needing).scalars())
    if among and viewer.sees_everyone:
        managed = managed_people(session)
        others = set[int]().union(*(some - {one} for one, some in managed.items() if one != viewer.id))
        among -= others - managed.get(viewer.id, set())
    waiting = [one for one in people_to_tell(session, viewer, hours, today, among) if one.waits]
    names = names_told_apart(session, {one.id for one in waiting}) if waiting else {}
    return [names[one.id] for one in waiting]


@dataclass(frozen=True)
class TeamNeeds:
    """What the teams of a viewer need: training, a manager (only for those who may choose one), and a talk about what they
    get wrong. `seen` are the teams that the viewer sees (None: all)."""

    seen: frozenset[int] | None
    training: TrainingNeeds
    unmanaged: tuple[TeamWithoutManager, ...]
    due_to_talk: tuple[TeamPlace, ...]


def team_needs(session: Session, viewer: Viewer, today: date, may_choose_manager: bool) -> TeamNeeds:
    """What the teams of a viewer need today, from the rows that are kept, which must be up to date. At most six queries,
    however many teams and people there are."""
    open_teams = teams(session)
    tree = [TeamPlace(team.id, team.name, team.parent_id) for team in open_teams]
    parents = {team.id: team.parent for team in tree}
    cells = counted_cells(session)
    seen: set[int] | None = None
    if not viewer.sees_everyone:
        seen = _below(viewer.scope("see people").teams, parents)
    talks = viewer.scope("record talks")
    led = parents.keys() if talks.everyone else _below(talks.teams, parents)
    due = _groups_due_to_talk(session, parents, today) if led else []
    unmanaged: list[TeamWithoutManager] = []
    if may_choose_manager:
        unmanaged = teams_without_manager(session, viewer, (open_teams, [(cell.teams, cell.people) for cell in cells]))
    return TeamNeeds(
        None if seen is None else frozenset(seen),
        training_needs(cells, tree, seen),
        tuple(unmanaged),
        tuple(team for team in tree if team.id in due and team.id in led),
    )


def _below(teams_: Collection[int], parents: Mapping[int, int | None]) -> set[int]:
    """Those of these teams that are open, with all below them."""
    return set[int]().union(*(team_subtree(team, parents) for team in teams_ if team in parents))


def _groups_due_to_talk(session: Session, parents: dict[int, int | None], today: date) -> list[int]:
    published = published_mondays(session, today)
    return teams_due_to_talk(published, last_talk_days(session), parents, today) if published else []


def set_up_facts(session: Session, has_lead_contact: bool, today: date) -> SetUpFacts:
    """What has been done since the set-up. One query."""
    here = select(func.count(Person.id)).where(Person.left_at.is_(None))
    running = (
        select(func.count(func.distinct(RoleGrant.person_id)))
        .join(Person, Person.id == RoleGrant.person_id)
        .where(RoleGrant.role == "administrator", RoleGrant.until.is_(None), Person.left_at.is_(None))
        .where(has_password(Person.id))
    )
    newest = select(FirstStepsChoice.is_hidden).order_by(FirstStepsChoice.id.desc()).limit(1)
    row = session.execute(
        select(
            here.scalar_subquery(),
            exists().where(RoleGrant.role == "manager", RoleGrant.until.is_(None)),
            exists().where(Person.invited_at.is_not(None)),
            exists().where(OutboxMail.sent_at.is_not(None)),
            exists().where(Backup.verified_at.is_not(None)),
            running.scalar_subquery(),
            newest.scalar_subquery(),
            required_factors_missing(today),
        )
    ).one()
    people, has_manager, has_invited, has_sent_mail, has_verified_backup, number, hidden, without_factor = row
    return SetUpFacts(
        has_lead_contact,
        people,
        has_manager,
        has_invited,
        has_sent_mail,
        has_verified_backup,
        number,
        bool(hidden),
        without_factor,
    )
