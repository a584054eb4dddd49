"""Whether finishing a refresher would renew the certificate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from course.recertification.rules import CertificationFacts, CompletionFact, Policy, cycles
from course.recertification.rules.civil_dates import add_days
from course.recertification.rules.facts import REFRESHER


def would_renew(facts: CertificationFacts, policies: Sequence[Policy], on: date) -> bool:
    """Whether a refresher finished on that day counts by the recertification rules. Before the first policy version it
    counts."""
    refresher = CompletionFact(on, kind=REFRESHER)
    earlier_completions = (
        effective for c in facts.completions if c.day < on and (effective := _completion_before(c, on))
    )
    facts_with_refresher = replace(facts, completions=(*earlier_completions, refresher))
    return all(one.is_counted for one in cycles(facts_with_refresher, policies, on) if one.completion == refresher)


def _completion_before(completion: CompletionFact, on: date) -> CompletionFact | None:
    """The completion as it was at the beginning of that day; None if it was recorded on that day and revoked on the
    same day. A completion revoked on that day gives no ground for a renewal on that day, although a certificate issued
    before the revocation keeps its date. A renewal from an earlier day continues to count."""
    if completion.revoked != on:
        return completion
    return replace(completion, revoked=add_days(on, -1)) if completion.recorded_on < on else None
