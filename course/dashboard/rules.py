"""What "My training" says about time and offers once the course is done; which teams "Today" lists, which talks are due,
and the first steps after the set-up; the mails to deputies and new managers. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from course.mail.rules import MailMessage
from course.people.rules import team_subtree
from course.standings.rules import Counted
from course.text import sort_key
from course.translation import lazy_gettext as _

# A pace in minutes a week that somebody can keep in mind, and beyond which none is called enough.
_PACES = (10, 15, 20, 30, 45, 60, 90, 120)
_SHORTEST_WITH_A_PACE = 14  # days: below two weeks a weekly pace helps nobody
DAYS_IN_WEEK = 7
# So many days after their newest invitation somebody is listed who has not signed in: they have had time for it, and the
# link works for some days yet.
INVITATION_PATIENCE = timedelta(days=3)

AHEAD, TODAY, OVERDUE, PAUSED, VALID, OPEN_END = "ahead", "today", "overdue", "paused", "valid", "open end"
WHOLE_COURSE, REFRESHER, UPDATE, BOOSTER, CERTIFICATE = "whole course", "refresher", "update", "booster", "certificate"


@dataclass(frozen=True)
class DueNote:
    """What the page says about time: `kind` is ahead, today, overdue, paused, valid (the certificate is) or open end
    (nothing is due). `days` counts to `day`, or since it; `pace` is how many minutes a week are enough (None: no weekly
    pace is)."""

    kind: str
    day: date | None = None
    days: int = 0
    pace: int | None = None


def due_note(
    state: str | None, due: date | None, valid_until: date | None, on: date, minutes_left: float, is_complete: bool
) -> DueNote:
    """The note about time on the day `on`.

    `state`, `due` and `valid_until` are those of the certification status (None before the set-up), `minutes_left` is how
    long the course takes from here; `is_complete` says that nothing of it is asked for now.
    """
    if state == "paused":
        return DueNote(PAUSED)
    if is_complete and valid_until is not None and valid_until >= on:
        return DueNote(VALID, valid_until, (valid_until - on).days)
    if due is None or state == "not-required":
        return DueNote(OPEN_END)
    days = (due - on).days
    if days < 0:
        return DueNote(OVERDUE, due, -days)
    if days == 0:
        return DueNote(TODAY, due)
    return DueNote(AHEAD, due, days, weekly_pace(minutes_left, days))


def weekly_pace(minutes_left: float, days: int) -> int | None:
    """How many minutes a week are enough to do `minutes_left` within so many days, rounded up to a pace that one can keep
    in mind; None if there is nothing left, if the time is short, or if it would be more than two hours a week."""
    if minutes_left <= 0 or days < _SHORTEST_WITH_A_PACE:
        return None
    exact = minutes_left * DAYS_IN_WEEK / days
    return next((pace for pace in _PACES if pace >= exact), None)


def offer_after_course(*, whole_course: bool, refresher_due: bool, update_open: bool, booster_begun: bool) -> str:
    """The one thing that the page offers to somebody who has completed the course: what keeps the certificate comes first."""
    if whole_course:
        return WHOLE_COURSE
    if refresher_due:
        return REFRESHER
    if update_open:
        return UPDATE
    return BOOSTER if booster_begun else CERTIFICATE


MAX_LISTED_TEAMS = 8  # teams that "Today" lists; the report has the others
OVERDUE_GROUP, DUE_SOON_GROUP = "overdue", "due-soon"
TALK_INTERVAL = timedelta(days=90)  # about a school term between two talks of a team about what it gets wrong


@dataclass(frozen=True)
class TeamPlace:
    """A team in the tree: `parent` is the team above it, None at the top."""

    id: int
    name: str
    parent: int | None


@dataclass(frozen=True)
class TeamNeed:
    """How many people of a team and of all below it are overdue or due soon. `is_itself` counts only those who are in the
    team and in none below it; `team` is None for people who are in no team."""

    team: int | None
    name: str
    overdue: int
    due_soon: int
    is_itself: bool = False


@dataclass(frozen=True)
class TrainingNeeds:
    """What the viewer's teams need. `overdue` and `due_soon` count each person once; `teams` are those with anybody, worst
    first."""

    overdue: int = 0
    due_soon: int = 0
    teams: tuple[TeamNeed, ...] = ()


def training_needs(
    cells: Iterable[Counted], teams: Sequence[TeamPlace], included: Collection[int] | None
) -> TrainingNeeds:
    """Who is overdue or due soon, by team. `teams` are the open teams, `included` those that the viewer sees with all below
    them (None: everybody).

    The teams are those at the top of what the viewer sees; if that is one team, those directly below it, and the team
    itself for the people who are in none of them. A person in two teams counts in both, and once in the sum.
    """
    counted = [cell for cell in cells if cell.group in (OVERDUE_GROUP, DUE_SOON_GROUP)]
    seen = {team.id: team for team in teams if included is None or team.id in included}
    parents = {team.id: team.parent if team.parent in seen else None for team in seen.values()}
    children: dict[int | None, list[int]] = {}
    for team, parent in parents.items():
        children.setdefault(parent, []).append(team)
    level, itself = children.get(None, []), None
    if len(level) == 1 and children.get(level[0]):
        itself, level = level[0], children[level[0]]
    groups: list[tuple[int | None, str, frozenset[int], bool]] = [
        (team, seen[team].name, frozenset(team_subtree(team, parents)), False) for team in level
    ]
    if itself is not None:
        groups.append((itself, seen[itself].name, frozenset({itself}), True))
    below = frozenset().union(*(members for _team, _name, members, is_itself in groups if not is_itself))
    needs = []
    for place, name, members, is_itself in groups:
        own = [
            cell
            for cell in counted
            if not members.isdisjoint(cell.teams) and (not is_itself or below.isdisjoint(cell.teams))
        ]
        needs.append(TeamNeed(place, name, *_numbers(own), is_itself))
    if included is None:
        needs.append(TeamNeed(None, "", *_numbers(cell for cell in counted if not cell.teams)))
    everybody = counted if included is None else [cell for cell in counted if not seen.keys().isdisjoint(cell.teams)]
    listed = sorted(
        (need for need in needs if need.overdue or need.due_soon),
        key=lambda need: (-need.overdue, -need.due_soon, *sort_key(need.name), need.is_itself),
    )
    return TrainingNeeds(*_numbers(everybody), tuple(listed))


def _numbers(cells: Iterable[Counted]) -> tuple[int, int]:
    """How many are overdue, and how many are due soon."""
    overdue = due_soon = 0
    for cell in cells:
        if cell.group == OVERDUE_GROUP:
            overdue += cell.people
        else:
            due_soon += cell.people
    return overdue, due_soon


def teams_due_to_talk(
    published: Collection[int], talks: Mapping[int, date], parents: Mapping[int, int | None], today: date
) -> list[int]:
    """The teams with published results that have not talked about any of them for TALK_INTERVAL. A talk of a team above
    counts, and one of the whole organisation (0) for every team. `talks` gives each group's last talk."""
    since = today - TALK_INTERVAL

    def has_talked(team: int) -> bool:
        place: int | None = team
        while place is not None:
            if talks.get(place, date.min) >= since:
                return True
            place = parents.get(place)
        return talks.get(0, date.min) >= since

    return [team for team in published if team and not has_talked(team)]


CONTACTS, PEOPLE, MANAGERS, INVITATIONS, MAIL, BACKUP, ADMINISTRATOR = (
    "contacts", "people", "managers", "invitations", "mail", "backup", "administrator",
)  # fmt: skip


@dataclass(frozen=True)
class SetUpFacts:
    """What has been done since the set-up, as facts of the database say. `is_hidden`: the list was put away;
    `without_factor`: so many people have no second factor although one is required of them."""

    has_lead_contact: bool
    people: int
    has_manager: bool
    has_invited: bool
    has_sent_mail: bool
    has_verified_backup: bool
    administrators: int
    is_hidden: bool = False
    without_factor: int = 0


def last_patient_day(today: date) -> date:
    """Whoever was invited on this day or earlier, and has not signed in by `today`, may need a word in person."""
    return today - INVITATION_PATIENCE


def first_steps(facts: SetUpFacts) -> dict[str, bool]:
    """The steps after the set-up in their order, and whether each is done."""
    return {
        CONTACTS: facts.has_lead_contact,
        PEOPLE: facts.people > 1,
        MANAGERS: facts.has_manager,
        MAIL: facts.has_sent_mail,
        INVITATIONS: facts.has_invited,
        BACKUP: facts.has_verified_backup,
        ADMINISTRATOR: facts.administrators > 1,
    }


@dataclass(frozen=True)
class DeputyMessage(MailMessage):
    """Somebody stands in for the manager `manager` of these teams, up to and including the day `until`."""

    template = "deputy"
    label = _("Standing in")
    name: str
    organisation: str
    manager: str
    teams: tuple[str, ...]
    until: date


@dataclass(frozen=True)
class NewManagerMessage(MailMessage):
    """Somebody manages a team from now on; `by` is who said so, if a person did."""

    template = "new_manager"
    label = _("You manage a team")
    name: str
    organisation: str
    team: str
    by: str
