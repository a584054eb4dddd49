"""What a fact about one person would do, said before it is saved, and how far it may reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from course.recertification.rules.civil_dates import add_days, add_months, count, words
from course.recertification.rules.explanations import TO_OTHERS, Voice, cycle_reason
from course.recertification.rules.facts import Completion, Extension, Facts, Pause
from course.recertification.rules.pathway_policy import of_person
from course.recertification.rules.policy import Policy, at_or_first
from course.recertification.rules.status_view import Standing, standing
from course.recertification.rules.validity_chain import cycles

Fact = Extension | Pause | Completion


@dataclass(frozen=True)
class Effect:
    """The standing on the day without and with the fact. `surprise` says what holds instead of what was entered;
    empty if it holds as it was entered."""

    before: Standing
    after: Standing
    surprise: str = ""


def with_fact(facts: Facts, fact: Fact) -> Facts:
    """The facts with one more, written down last."""
    if isinstance(fact, Extension):
        return replace(facts, extensions=(*facts.extensions, fact))
    if isinstance(fact, Pause):
        return replace(facts, pauses=(*facts.pauses, fact))
    return replace(facts, completions=(*facts.completions, fact))


def effect(facts: Facts, policies: Sequence[Policy], fact: Fact, today: date, voice: Voice = TO_OTHERS) -> Effect:
    """What one more fact, written down today, does; said about the person, or to them if they enter it."""
    whole = with_fact(facts, fact)
    before, after = standing(facts, policies, today), standing(whole, policies, today)
    if isinstance(fact, Extension):
        said = _of_day(f"You entered {words(fact.until)}.", fact.until, before, after, voice)
    elif isinstance(fact, Pause):
        said = _of_leave(fact, before, after, voice) if after.due != before.due else ""
    else:
        said = _of_certificate(fact, whole, policies, today, voice)
    return Effect(before, after, said)


def _of_day(said: str, meant: date, before: Standing, after: Standing, voice: Voice) -> str:
    """What holds instead of the day that was meant; `said` names what was entered."""
    if after.due is None or after.due == meant:
        return ""
    if after.due == before.due:
        return f"{said} That changes nothing: {voice.you} have until {words(after.due)} already."
    return f"{said} The course will be due by {words(after.due)}."


def _of_leave(leave: Pause, before: Standing, after: Standing, voice: Voice) -> str:
    """That another day holds than the last day away with the days after it. Of those only the numbers were entered."""
    if leave.until is None:
        return ""
    last = f"You entered {words(leave.until)} as the last day away"
    back, days = add_days(leave.until, leave.re_enter_days), count(leave.re_enter_days, "day")
    said = f"{last} and {days} after that, which is {words(back)}." if leave.re_enter_days else f"{last}."
    return _of_day(said, back, before, after, voice)


def _of_certificate(fact: Completion, whole: Facts, policies: Sequence[Policy], today: date, voice: Voice) -> str:
    """That a certificate does not count, or has ended already."""
    cycle = next((one for one in cycles(whole, policies, today) if one.key == fact.key), None)
    if cycle is None:
        return ""
    if not cycle.counts:
        return f"It will not count, because {cycle_reason(cycle, voice)}."
    if cycle.valid_until is not None and cycle.valid_until < today:
        return f"It was valid up to and including {words(cycle.valid_until)}, and has ended."
    return ""


@dataclass(frozen=True)
class Reach:
    """How far a day may reach: at most `months`, one period of the rule, beyond the day on which it rests."""

    rests_on: date
    months: int

    @property
    def latest(self) -> date:
        return add_months(self.rests_on, self.months)

    @property
    def refusal(self) -> str:
        """Why a later day is refused, and what to enter."""
        return (
            f"Enter {words(self.latest)} or an earlier day. By the rule of renewal it reaches at most "
            f"{count(self.months, 'month')} beyond {words(self.rests_on)}."
        )


def reach_of_extension(facts: Facts, policies: Sequence[Policy], today: date) -> Reach:
    """More time rests on the day on which the course is due without any, or on today if that has passed."""
    due = standing(replace(facts, extensions=()), policies, today).due if policies else None
    return Reach(max(due or today, today), _longest(facts, policies, today))


def reach_of_certificate(day: date, facts: Facts, policies: Sequence[Policy], today: date) -> Reach:
    """The last day that an earlier certificate states rests on the day of its completion."""
    return Reach(day, _longest(facts, policies, today))


def _longest(facts: Facts, policies: Sequence[Policy], today: date) -> int:
    rules = of_person(policies, facts.known(today).pathways)
    return (at_or_first(rules, today) if rules else Policy(today)).longest_months
