"""Whether finishing a refresher would renew anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from course.refreshers.rules import Completion, Facts, Policy, cycles
from course.refreshers.rules.facts import REFRESHER


def counts(facts: Facts, policies: Sequence[Policy], on: date) -> bool:
    """Whether a refresher that is finished on that day counts, by the rule of recertification. Before there is a rule it
    does."""
    done = Completion(on, kind=REFRESHER)
    # What was revoked on this very day is no ground to renew on, though what was issued before it that day keeps its own.
    held = (c for c in facts.completions if c.day < on and (c.revoked is None or c.revoked > on))
    known = replace(facts, completions=(*held, done))
    return all(one.counts for one in cycles(known, policies, on) if one.completion == done)
