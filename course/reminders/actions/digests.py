"""The weekly digests: to managers, to administrators about managers without an address, and to safeguarding leads."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlalchemy.orm import Session

from course.events import publish
from course.mail.queries import opted_out_people
from course.mail.rules import DIGEST
from course.organisation.queries import OrganisationView, lead_of_teams, organisation
from course.people.queries import teams_of_people
from course.recertification.rules.certification_status import NOT_REQUIRED, PAUSED
from course.reminders import queries
from course.reminders.actions.planning import PlannedReminder, SendingPlan
from course.reminders.events import DigestsPlanned
from course.reminders.queries import ADMINISTRATOR, LEAD, MANAGER, ReminderCandidate, recipient_key
from course.reminders.queries.in_person import in_person_messages
from course.reminders.rules import Digest, NameToTell, SendingHours, UnreachedManager, build_digest, digest_day
from course.reminders.rules.unreached import who_hears_of_managers

WEEKLY = "weekly"


def digest_reminders(plan: SendingPlan) -> Iterator[PlannedReminder]:
    """The digests of this week that nobody has received yet, if their day has come."""
    yield from _team_digests(plan)
    yield from _lead_digests(plan)


def is_digest_due(hours: SendingHours, send_on: date) -> bool:
    """Whether the day of the digest of this week has come where mail leaves on these days."""
    due_day = digest_day(send_on, hours)
    return due_day is not None and send_on >= due_day


def _week(day: date) -> tuple[date, date]:
    monday = day - timedelta(days=day.weekday())
    return monday, monday + timedelta(days=6)


def _team_digests(plan: SendingPlan) -> Iterator[PlannedReminder]:
    """The digests to managers, and those to administrators who get no mail as managers."""
    for day, nations in sorted(plan.days().items()):
        if not any(is_digest_due(hours, day) for hours in nations):
            continue
        recipients = queries.digest_recipients(plan.session, *_week(day))
        weekly = weekly_digests(plan, day)
        for person_id, digest in weekly.managers.items():
            if person_id in weekly.replaced or recipient_key(MANAGER, person_id, "") in recipients:
                continue
            soon = f"{digest.due_soon} with a day in the next {digest.due_soon_days} days"
            yield from _planned_digest(
                plan,
                MANAGER,
                person_id,
                digest,
                day,
                f"{len(digest.overdue)} overdue, and {soon}",  # not translated: the reason in the log
            )
        for person_id, digest in weekly.administrators.items():
            if recipient_key(ADMINISTRATOR, person_id, "") not in recipients:
                reason = f"{len(digest.to_tell)} to tell in person, {len(digest.unreached)} managers without an address"
                yield from _planned_digest(plan, ADMINISTRATOR, person_id, digest, day, reason)


def _planned_digest(
    plan: SendingPlan, kind: str, person_id: int, digest: Digest, day: date, reason: str
) -> Iterator[PlannedReminder]:
    """The digest of one person if there is anything to do, its day has come, and their mail leaves on that day."""
    send_at, send_on = plan.leaves_to(person_id)
    person, hours = plan.people_on(day)[person_id], plan.own_hours.of(person_id)
    if digest.is_needed and person.email is not None and send_on == day and is_digest_due(hours, day):
        key = f"summary:{person_id}:{send_on}" if kind == MANAGER else f"summary:{kind}:{person_id}:{send_on}"
        yield PlannedReminder(
            key, kind, person_id, person.name, person.email, WEEKLY, None, send_at, send_on, reason, digest
        )


@dataclass(frozen=True)
class WeeklyDigests:
    """What the weekly mails say, by recipient: to managers, of whom those in `replaced` get it with their weekly report, and to
    administrators who get no mail as managers."""

    managers: Mapping[int, Digest]
    administrators: Mapping[int, Digest]
    replaced: Collection[int]


def weekly_digests(plan: SendingPlan, on: date) -> WeeklyDigests:
    """The digests of the week of that day, for everybody who gets one: also those that have left, and those that say that
    nothing is to be done.

    Each manager is told of the people in their teams. If one of them has no address, the nearest manager above hears what
    waits there, or else the administrators do; who is in nobody's list is named to the administrators.
    """
    session, people = plan.session, plan.people_on(on)
    managed = queries.managed_people(session)
    opted_out = opted_out_people(session, DIGEST)
    weekly = DigestsPlanned(managed.keys(), _week(on)[0], on)
    publish(session, weekly)
    reached = [
        one
        for one in managed
        if receives_digest(people[one], on) and (one in weekly.replaced or one not in opted_out)
    ]  # fmt: skip
    names = _names_to_tell(session, people, plan.usual.zone)
    digests = {one: _team_digest(managed[one], people, plan.usual, names, one) for one in managed}
    unreached = {
        one: _unreached_manager(people[one], digests[one])
        for one in managed
        if not people[one].takes_mail and people[one].status.state not in (PAUSED, NOT_REQUIRED)
    }
    waiting = {one: manager for one, manager in unreached.items() if manager.is_waited_for}
    teams, parents = queries.managed_teams(session)
    told, untold = who_hears_of_managers(teams, parents, waiting, reached)
    found = {
        one: replace(digests[one], unreached=_by_name(waiting[other] for other in told.get(one, ()))) for one in reached
    }
    covered = set[int]().union(*(managed[one] - {one} for one in reached))
    rest = tuple(one for person, some in names.items() if person not in covered for one in some)
    others: dict[int, Digest] = {}
    for one in queries.administrators(session):
        own = found.get(one, Digest((), (), 0, 1, plan.usual.policy.before[0]))
        known = {name.person_id for name in own.to_tell}
        digest = replace(
            own,
            to_tell=_by_day((*own.to_tell, *(name for name in rest if name.person_id not in known | {one}))),
            unreached=_by_name({*own.unreached, *(waiting[other] for other in untold if other != one)}),
        )
        if one in found:
            found[one] = digest
        elif people[one].takes_mail and people[one].joined_on < on:
            others[one] = digest
    return WeeklyDigests(found, others, weekly.replaced)


def receives_digest(manager: ReminderCandidate, day: date) -> bool:
    """Whether a manager gets a digest: not without an address, not on the day of the invitation, and not during a leave."""
    return manager.takes_mail and manager.joined_on < day and manager.status.state not in (PAUSED, NOT_REQUIRED)


def _names_to_tell(
    session: Session, people: Mapping[int, ReminderCandidate], zone: str
) -> dict[int, tuple[NameToTell, ...]]:
    """What is to be told to each person without an address now, about which a mail would have left, and was not told."""
    found = {}
    for person, messages in in_person_messages(session, people.values(), zone).items():
        one = people[person]
        some = tuple(
            NameToTell(
                person, one.name, message.task, message.due, message.overdue_days, message.lines, not one.has_password
            )
            for message in messages
            if message.waits
        )
        if some:
            found[person] = some
    return found


def _team_digest(
    members: set[int], people: Mapping[int, ReminderCandidate], hours: SendingHours,
    names: Mapping[int, tuple[NameToTell, ...]], manager: int,
) -> Digest:  # fmt: skip
    digest = _digest_of(members, people, hours)
    to_tell = (one for person in members if person != manager for one in names.get(person, ()))
    return replace(digest, to_tell=_by_day(to_tell))


def _digest_of(
    members: Iterable[int], people: Mapping[int, ReminderCandidate], hours: SendingHours, overdue_from: int = 1
) -> Digest:
    return build_digest(((one, people[one].name, people[one].status) for one in members), hours, overdue_from)


def _unreached_manager(manager: ReminderCandidate, digest: Digest) -> UnreachedManager:
    to_tell = len({one.person_id for one in digest.to_tell})
    return UnreachedManager(
        manager.id, manager.name, digest.person_count, len(digest.overdue), digest.due_soon, to_tell
    )


def _by_day(names: Iterable[NameToTell]) -> tuple[NameToTell, ...]:
    return tuple(sorted(names, key=lambda one: (one.due or date.max, one.name.casefold(), one.person_id, one.task)))


def _by_name(managers: Iterable[UnreachedManager]) -> tuple[UnreachedManager, ...]:
    return tuple(sorted(managers, key=lambda one: (one.name.casefold(), one.person_id)))


def _lead_digests(plan: SendingPlan) -> Iterator[PlannedReminder]:
    """The lists of people long overdue: of everybody for the organisation's lead, and of the people of a site for its own."""
    ours = organisation(plan.session)
    if ours is None:
        return
    lead = ours.contacts.get("lead")
    yield from _lead_digest(plan, ours, None, None)
    site_leads = {
        team: own.contacts["lead"]
        for team, own in ours.directory.settings.items()
        if "lead" in own.contacts and own.contacts["lead"].email
    }
    # A lead of the organisation who is that of a site as well has all names already.
    wanted = {team for team, one in site_leads.items() if lead is None or one.email != lead.email}
    if not wanted:
        return
    everybody = plan.people_on(plan.leaves(plan.usual)[1])
    members: dict[int, set[int]] = {team: set() for team in wanted}
    for person, teams in teams_of_people(plan.session, list(everybody)).items():
        for site in lead_of_teams(teams, ours):
            if site in members:
                members[site].add(person)
    for team in sorted(wanted):
        yield from _lead_digest(plan, ours, team, members[team])


def _lead_digest(
    plan: SendingPlan, ours: OrganisationView, team: int | None, members: set[int] | None
) -> Iterator[PlannedReminder]:
    """The list for the lead of a site, or without a team for that of the organisation, if it is due and names anybody."""
    own = ours if team is None else ours.for_teams([team])
    lead, hours = own.contacts.get("lead"), replace(plan.usual, nation=own.nation)
    send_at, send_on = plan.leaves(hours)
    step = WEEKLY if team is None else f"site {team}"
    if lead is None or not lead.email or not is_digest_due(hours, send_on):
        return
    if recipient_key(LEAD, None, step) in queries.digest_recipients(plan.session, *_week(send_on)):
        return
    people = plan.people_on(send_on)
    days = plan.usual.policy.lead_days
    digest = _digest_of([one for one in people if members is None or one in members], people, plan.usual, days)
    if digest.overdue:
        key = f"summary:lead:{send_on}" if team is None else f"summary:lead:{team}:{send_on}"
        yield PlannedReminder(
            key, LEAD, None, lead.name, lead.email, step, None, send_at, send_on,
            f"{len(digest.overdue)} overdue for {days} days or more", digest, "" if team is None else own.name,
        )  # fmt: skip
