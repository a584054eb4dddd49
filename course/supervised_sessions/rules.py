"""Supervised sessions: which parts of the training they are about, when rooms and codes work, and who may be a witness."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from course.auth.rules import AttemptLimit
from course.pairs.rules import CODE_LENGTH as CODE_LENGTH
from course.pairs.rules import parse_code as parse_code
from course.text import search_key
from course.translation import lazy_gettext as _

PartKind = Literal["module", "final", "refresher"]
PART_KINDS: tuple[PartKind, ...] = ("module", "final", "refresher")
# A working day: a room that was forgotten in the evening is closed in the morning.
ROOM_LIFETIME = timedelta(hours=8)
# Long enough to read a lesson page without a press, short enough for a device that is left on a table.
IDLE_LIMIT = timedelta(minutes=15)
# What came of the answers stays on the screen for so long, and then the next person may come.
FINISHED_LIMIT = timedelta(minutes=3)
# Ten wrong codes of a million, with two hundred that are right: one room in five hundred opens to a guess. Right codes are not
# counted, so a whole school can sit down at once.
WRONG_CODES_PER_ROOM = AttemptLimit(10, timedelta(minutes=15))
WRONG_CODES_PER_NETWORK = AttemptLimit(60, timedelta(minutes=15))
PAPER_DAYS = 28  # after the day of the session, in which answers on paper can be entered
MAX_DAYS_AHEAD = 366
MAX_PEOPLE = 200  # who are expected in one session

# planned: before its day; today: its day; past: after it; closed: somebody ended it.
SessionState = Literal["planned", "today", "past", "closed"]
SCREEN, PAPER = "screen", "paper"


@dataclass(frozen=True)
class SessionDates:
    """When a session is held, and when somebody closed it (None: nobody has)."""

    held_on: date
    closed_at: datetime | None


def session_state(dates: SessionDates, today: date) -> SessionState:
    """The state of a session on a day. It ends by itself with its day."""
    if dates.closed_at is not None:
        return "closed"
    if today < dates.held_on:
        return "planned"
    return "today" if today == dates.held_on else "past"


def takes_people(state: SessionState) -> bool:
    """Whether people can still be added to a session, or taken off it."""
    return state in ("planned", "today")


def is_room_open(opened_at: datetime, closed_at: datetime | None, now: datetime) -> bool:
    """Whether codes work in a room that was opened at this moment: for ROOM_LIFETIME, unless its session was closed."""
    return closed_at is None and opened_at <= now < opened_at + ROOM_LIFETIME


def may_enter_paper(dates: SessionDates, today: date) -> bool:
    """Whether answers on paper can be entered: from the day of the session, for PAPER_DAYS, also after it was closed."""
    return dates.held_on <= today <= dates.held_on + timedelta(days=PAPER_DAYS)


def idle_limit(is_finished: bool) -> timedelta:
    """After how long without a press a device is free again."""
    return FINISHED_LIMIT if is_finished else IDLE_LIMIT


def code_in_groups(code: str) -> str:
    """A code as it is printed and read out: two groups of three digits."""
    return f"{code[:3]} {code[3:]}"


def day_mistake(held_on: date | None, today: date) -> str | None:
    """What is wrong with the day of a session that is being planned; None if nothing is."""
    if held_on is None or not today <= held_on <= today + timedelta(days=MAX_DAYS_AHEAD):
        return _("Choose today or a day within the next 12 months.")
    return None


def people_mistake(chosen: Collection[int], ticked: Collection[int], places: int = MAX_PEOPLE) -> str:
    """What is wrong with the people who were ticked; "" if nothing is.

    `chosen` are the ids of those of them who can be chosen, `places` is for how many the session has a place.
    """
    if not ticked:
        return _("Tick at least one person.")
    if set(chosen) != set(ticked):
        return _("Someone you ticked has left or is no longer in your team. Check who is ticked.")
    if len(chosen) > places:
        return _("A session is for 200 people or fewer. Plan another one for the others.")
    return ""


def is_same_name(one: str, other: str) -> bool:
    """Whether two names are spelt the same, but for accents, capitals and spaces."""
    return search_key(one) == search_key(other)


def witness_mistake(witness: str, entered_by: str, signed: Iterable[str]) -> str | None:
    """What is wrong with a witness to answers on paper; None if nothing is.

    `entered_by` is the name of whoever enters the answers, `signed` the names of those whose presence is recorded. Two people
    have to say that somebody was there: neither of them the person concerned, and not the same one twice.
    """
    if not search_key(witness):
        return _("Enter the name of the witness.")
    if is_same_name(witness, entered_by):
        return _("The witness cannot be you. Enter the name of someone else who was in the room.")
    if any(is_same_name(witness, name) for name in signed):
        return _("No one can be the witness for themselves. Record this person separately, with another witness.")
    return None


@dataclass(frozen=True)
class SupervisedMark:
    """That an answer, or every answer of an attempt, was given in a supervised session: which, on which day, and how (SCREEN or
    PAPER); `witness` and `entered_by` only for answers on paper."""

    session_id: int
    held_on: date
    way: str
    witness: str | None = None
    entered_by: str | None = None


def supervised_mark(answers: Sequence[SupervisedMark | None]) -> SupervisedMark | None:
    """The mark of an attempt from those of its answers, the newest last; None if one of them was given elsewhere (None).

    One answer at home is enough to take the mark away: it says that somebody saw the person answer. Of several sessions it names
    the newest; that a part was on paper is said in any case, because somebody vouches for it.
    """
    found = [one for one in answers if one is not None]
    if not found or len(found) < len(answers):
        return None
    paper = next((one for one in reversed(found) if one.way == PAPER), None)
    if paper is None:
        return found[-1]
    return SupervisedMark(found[-1].session_id, found[-1].held_on, PAPER, paper.witness, paper.entered_by)
