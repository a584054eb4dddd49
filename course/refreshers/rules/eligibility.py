"""Whether finishing a refresher would renew anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from course.recertification.rules import CertificationFacts, CompletionFact, Policy, cycles
from course.recertification.rules.civil_dates import add_days
from course.recertification.rules.facts import REFRESHER


def would_renew(facts: CertificationFacts, policies: Sequence[Policy], on: date) -> bool:
    """Whether a refresher that is finished on that day counts, by the rule of recertification. Before there is a rule it
    does."""
    done = CompletionFact(on, kind=REFRESHER)
    earlier = (found for c in facts.completions if c.day < on and (found := _completion_before(c, on)))
    known = replace(facts, completions=(*earlier, done))
    return all(one.is_counted for one in cycles(known, policies, on) if one.completion == done)


def _completion_before(completion: CompletionFact, on: date) -> CompletionFact | None:
    """A completion as it was at the beginning of that day. What is revoked on this very day is no ground to renew on,
    though what was issued before it that day keeps its own. What was renewed on it earlier goes on to count."""
    if completion.revoked != on:
        return completion
    return replace(completion, revoked=add_days(on, -1)) if completion.recorded_on < on else None
