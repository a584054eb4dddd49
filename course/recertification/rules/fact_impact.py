"""The impact of a new fact about one person, shown before it is saved, and the limits of its dates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from course.recertification.rules.civil_dates import add_days, add_months, long_date
from course.recertification.rules.cycle_reasons import cycle_reason
from course.recertification.rules.facts import CertificationFacts, CompletionFact, Extension, Pause
from course.recertification.rules.pathway_policy import policies_for_person
from course.recertification.rules.policy import Policy, policy_or_first
from course.recertification.rules.status_view import CertificationStatus, certification_status
from course.recertification.rules.validity_chain import cycles
from course.recertification.rules.wording import MANAGER_PRONOUNS, Pronouns, Wording
from course.translation import lazy_gettext as _
from course.translation import lazy_ngettext, lazy_sentences

_CHANGES_NOTHING = Wording(
    _("That changes nothing: you have until %(due)s already."),
    _("That changes nothing: they have until %(due)s already."),
)
RecordableFact = Extension | Pause | CompletionFact


@dataclass(frozen=True)
class FactImpact:
    """The certification status on the day without and with the fact. `warning` says what will apply instead of what was
    entered; empty if the fact applies as entered."""

    before: CertificationStatus
    after: CertificationStatus
    warning: str = ""


def with_fact(facts: CertificationFacts, fact: RecordableFact) -> CertificationFacts:
    """The facts with one more, recorded last."""
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
    pronouns: Pronouns = MANAGER_PRONOUNS,
) -> FactImpact:
    """The impact of one more fact, recorded today. The warning is written about the person, or to them if they enter
    the fact themselves."""
    facts_with_fact = with_fact(facts, fact)
    before, after = certification_status(facts, policies, today), certification_status(facts_with_fact, policies, today)
    if isinstance(fact, Extension):
        warning = _date_difference(
            _("You entered %(until)s.", until=long_date(fact.until)), fact.until, before, after, pronouns
        )
    elif isinstance(fact, Pause):
        warning = _leave_difference(fact, before, after, pronouns) if after.due != before.due else ""
    else:
        warning = _certificate_difference(fact, facts_with_fact, policies, today, pronouns)
    return FactImpact(before, after, warning)


def _date_difference(
    entered: str, meant: date, before: CertificationStatus, after: CertificationStatus, pronouns: Pronouns
) -> str:
    """The warning that another due date applies than the one that was meant; `entered` names what was entered. Empty if
    the due date is the one that was meant."""
    if after.due is None or after.due == meant:
        return ""
    due = long_date(after.due)
    if after.due == before.due:
        return lazy_sentences([entered, _CHANGES_NOTHING.say(pronouns, due=due)])
    return lazy_sentences([entered, _("The course will be due by %(due)s.", due=due)])


def _leave_difference(pause: Pause, before: CertificationStatus, after: CertificationStatus, pronouns: Pronouns) -> str:
    """The warning that another due date applies than the last day of the leave with the days after it, which were
    entered only as a number."""
    if pause.until is None:
        return ""
    return_due = add_days(pause.until, pause.re_enter_days)
    entered = (
        lazy_ngettext(
            "You entered %(until)s as the last day away and %(num)s day after that, which is %(return_due)s.",
            "You entered %(until)s as the last day away and %(num)s days after that, which is %(return_due)s.",
            pause.re_enter_days,
            until=long_date(pause.until),
            return_due=long_date(return_due),
        )
        if pause.re_enter_days
        else _("You entered %(until)s as the last day away.", until=long_date(pause.until))
    )
    return _date_difference(entered, return_due, before, after, pronouns)


def _certificate_difference(
    fact: CompletionFact,
    facts_with_fact: CertificationFacts,
    policies: Sequence[Policy],
    today: date,
    pronouns: Pronouns,
) -> str:
    """The warning that a certificate does not count, or has expired already."""
    cycle = next((one for one in cycles(facts_with_fact, policies, today) if one.key == fact.key), None)
    if cycle is None:
        return ""
    if not cycle.is_counted:
        return _("It will not count, because %(cycle)s.", cycle=cycle_reason(cycle, pronouns))
    if cycle.valid_until is not None and cycle.valid_until < today:
        return _(
            "It was valid up to and including %(valid_until)s, and has ended.", valid_until=long_date(cycle.valid_until)
        )
    return ""


@dataclass(frozen=True)
class DateLimit:
    """The latest date that may be entered: at most `months`, the longest validity under the policy, after the base
    date."""

    base_date: date
    months: int

    @property
    def latest(self) -> date:
        return add_months(self.base_date, self.months)

    @property
    def refusal(self) -> str:
        """The message that refuses a later date and says what to enter."""
        return lazy_ngettext(
            "Enter %(latest)s or an earlier day. Under the renewal rule it reaches at most %(num)s month beyond %(base)s.",
            "Enter %(latest)s or an earlier day. Under the renewal rule it reaches at most %(num)s months beyond %(base)s.",
            self.months,
            latest=long_date(self.latest),
            base=long_date(self.base_date),
        )


def extension_limit(facts: CertificationFacts, policies: Sequence[Policy], today: date) -> DateLimit:
    """The limit of an extension, counted from the due date without any extension, or from today if that date has
    passed."""
    due = certification_status(replace(facts, extensions=()), policies, today).due if policies else None
    return DateLimit(max(due or today, today), _longest_validity_months(facts, policies, today))


def certificate_limit(day: date, facts: CertificationFacts, policies: Sequence[Policy], today: date) -> DateLimit:
    """The limit of the last valid day that an earlier certificate states, counted from the day of its completion."""
    return DateLimit(day, _longest_validity_months(facts, policies, today))


def _longest_validity_months(facts: CertificationFacts, policies: Sequence[Policy], today: date) -> int:
    person_policies = policies_for_person(policies, facts.as_of(today).pathways)
    return (policy_or_first(person_policies, today) if person_policies else Policy(today)).longest_months
