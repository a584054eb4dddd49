"""What a fact about one person would do, said before it is saved, and how far it may reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from course.recertification.rules.civil_dates import add_days, add_months, long_date, pluralise
from course.recertification.rules.explanations import MANAGER_PRONOUNS, Pronouns, cycle_reason
from course.recertification.rules.facts import CertificationFacts, CompletionFact, Extension, Pause
from course.recertification.rules.pathway_policy import policies_for_person
from course.recertification.rules.policy import Policy, policy_or_first
from course.recertification.rules.status_view import CertificationStatus, certification_status
from course.recertification.rules.validity_chain import cycles

RecordableFact = Extension | Pause | CompletionFact


@dataclass(frozen=True)
class FactImpact:
    """The standing on the day without and with the fact. `surprise` says what holds instead of what was entered;
    empty if it holds as it was entered."""

    before: CertificationStatus
    after: CertificationStatus
    warning: str = ""


def with_fact(facts: CertificationFacts, fact: RecordableFact) -> CertificationFacts:
    """The facts with one more, written down last."""
    if isinstance(fact, Extension):
        return replace(facts, extensions=(*facts.extensions, fact))
    if isinstance(fact, Pause):
        return replace(facts, pauses=(*facts.pauses, fact))
    return replace(facts, completions=(*facts.completions, fact))


def fact_impact(
    facts: CertificationFacts,
    policies: Sequence[Policy],
    fact: RecordableFact,
    today: date,
    voice: Pronouns = MANAGER_PRONOUNS,
) -> FactImpact:
    """What one more fact, written down today, does; said about the person, or to them if they enter it."""
    whole = with_fact(facts, fact)
    before, after = certification_status(facts, policies, today), certification_status(whole, policies, today)
    if isinstance(fact, Extension):
        said = _date_difference(f"You entered {long_date(fact.until)}.", fact.until, before, after, voice)
    elif isinstance(fact, Pause):
        said = _leave_difference(fact, before, after, voice) if after.due != before.due else ""
    else:
        said = _certificate_difference(fact, whole, policies, today, voice)
    return FactImpact(before, after, said)


def _date_difference(
    said: str, meant: date, before: CertificationStatus, after: CertificationStatus, voice: Pronouns
) -> str:
    """What holds instead of the day that was meant; `said` names what was entered."""
    if after.due is None or after.due == meant:
        return ""
    if after.due == before.due:
        return f"{said} That changes nothing: {voice.subject} have until {long_date(after.due)} already."
    return f"{said} The course will be due by {long_date(after.due)}."


def _leave_difference(leave: Pause, before: CertificationStatus, after: CertificationStatus, voice: Pronouns) -> str:
    """That another day holds than the last day away with the days after it. Of those only the numbers were entered."""
    if leave.until is None:
        return ""
    last = f"You entered {long_date(leave.until)} as the last day away"
    back, days = add_days(leave.until, leave.re_enter_days), pluralise(leave.re_enter_days, "day")
    said = f"{last} and {days} after that, which is {long_date(back)}." if leave.re_enter_days else f"{last}."
    return _date_difference(said, back, before, after, voice)


def _certificate_difference(
    fact: CompletionFact, whole: CertificationFacts, policies: Sequence[Policy], today: date, voice: Pronouns
) -> str:
    """That a certificate does not count, or has ended already."""
    cycle = next((one for one in cycles(whole, policies, today) if one.key == fact.key), None)
    if cycle is None:
        return ""
    if not cycle.is_counted:
        return f"It will not count, because {cycle_reason(cycle, voice)}."
    if cycle.valid_until is not None and cycle.valid_until < today:
        return f"It was valid up to and including {long_date(cycle.valid_until)}, and has ended."
    return ""


@dataclass(frozen=True)
class DateLimit:
    """How far a day may reach: at most `months`, one period of the rule, beyond the day on which it rests."""

    base_date: date
    months: int

    @property
    def latest(self) -> date:
        return add_months(self.base_date, self.months)

    @property
    def refusal(self) -> str:
        """Why a later day is refused, and what to enter."""
        return (
            f"Enter {long_date(self.latest)} or an earlier day. By the rule of renewal it reaches at most "
            f"{pluralise(self.months, 'month')} beyond {long_date(self.base_date)}."
        )


def extension_limit(facts: CertificationFacts, policies: Sequence[Policy], today: date) -> DateLimit:
    """More time rests on the day on which the course is due without any, or on today if that has passed."""
    due = certification_status(replace(facts, extensions=()), policies, today).due if policies else None
    return DateLimit(max(due or today, today), _longest_validity_months(facts, policies, today))


def certificate_limit(day: date, facts: CertificationFacts, policies: Sequence[Policy], today: date) -> DateLimit:
    """The last day that an earlier certificate states rests on the day of its completion."""
    return DateLimit(day, _longest_validity_months(facts, policies, today))


def _longest_validity_months(facts: CertificationFacts, policies: Sequence[Policy], today: date) -> int:
    rules = policies_for_person(policies, facts.as_of(today).pathways)
    return (policy_or_first(rules, today) if rules else Policy(today)).longest_months
