"""Random facts and policies in any order and number, each well formed in itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import strategies as st

from course.recertification.rules import (
    CertificationFacts,
    CompletionFact,
    EmploymentFact,
    Extension,
    PathwayFact,
    Pause,
    Policy,
    Requirement,
    StartFact,
)

FIRST, LAST = date(2019, 1, 1), date(2030, 12, 31)
days = st.dates(FIRST, LAST)
lengths = st.integers(0, 900)
delays = st.one_of(st.just(0), st.integers(0, 500))


def after(day: date, number: int) -> date:
    return day + timedelta(days=number)


@st.composite
def policies(draw: st.DrawFn, latest: date = LAST, pathway: str | None = None) -> Policy:
    period, minimum = draw(st.integers(1, 36)), draw(st.integers(1, 18))
    kind = draw(st.sampled_from(["anniversary", "anniversary", "fixed", *(["general"] if pathway else [])]))
    month = draw(st.integers(1, 12))
    since = draw(st.dates(FIRST, latest))
    return Policy(
        since,
        period_months=period,
        window_days=draw(st.integers(1, min(90, 28 * (minimum if kind == "fixed" else period) - 1))),
        lapse_months=draw(st.integers(0, 24)),
        starter_days=draw(st.integers(0, 90)),
        minimum_days=draw(st.integers(0, 30)),
        kind=kind,
        fixed_day=draw(st.integers(1, 29 if month == 2 else 30)),
        fixed_month=month,
        minimum_months=minimum,
        import_age_months=draw(st.one_of(st.none(), st.integers(1, 48))),
        applies=draw(st.sampled_from(["now", "from the next renewal"])),
        recorded=draw(st.one_of(st.none(), st.dates(FIRST, latest))),
        pathway=pathway,
    )


NAMES = ("school", "clubs")
general_policies = st.lists(policies(), min_size=1, max_size=4).map(tuple)
pathway_policies = st.lists(st.sampled_from(NAMES).flatmap(lambda name: policies(pathway=name)), max_size=3)
several_policies = st.tuples(general_policies, pathway_policies).map(lambda both: (*both[0], *both[1]))


@st.composite
def completions(draw: st.DrawFn) -> CompletionFact:
    day = draw(days)
    kind = draw(st.sampled_from(["initial", "refresher", "refresher", "imported"]))
    until = after(day, draw(st.integers(1, 1200))) if kind == "imported" and draw(st.booleans()) else None
    recorded = after(day, draw(delays))
    revoked = draw(st.one_of(st.none(), st.none(), st.integers(0, 900).map(lambda n: after(recorded, n))))
    return CompletionFact(day, recorded, kind, until, revoked)


@st.composite
def employments(draw: st.DrawFn) -> EmploymentFact:
    start = draw(days)
    end = draw(st.one_of(st.none(), st.integers(-1, 1500).map(lambda n: after(start, n))))
    return EmploymentFact(start, end, draw(st.one_of(st.none(), days)))


@st.composite
def requirements(draw: st.DrawFn) -> Requirement:
    since = draw(days)
    until = draw(st.one_of(st.none(), st.integers(-1, 1500).map(lambda n: after(since, n))))
    reason = draw(st.sampled_from(["staff", "volunteer", "youth leader"]))
    return Requirement(since, until, reason, draw(st.one_of(st.none(), days)))


@st.composite
def pauses(draw: st.DrawFn) -> Pause:
    since = draw(days)
    until = draw(st.one_of(st.none(), st.integers(-1, 500).map(lambda n: after(since, n))))
    return Pause(since, until, draw(st.integers(0, 60)), "long leave", draw(st.one_of(st.none(), days)))


@st.composite
def extensions(draw: st.DrawFn) -> Extension:
    recorded = draw(days)
    withdrawn = draw(st.one_of(st.none(), st.integers(0, 400).map(lambda n: after(recorded, n))))
    return Extension(recorded, after(recorded, draw(st.integers(-30, 600))), "more time", withdrawn)


pathways = st.builds(PathwayFact, days, st.sampled_from([*NAMES, "leaders"]))
started = st.builds(StartFact, days, st.one_of(st.none(), days))


def _some(of: st.SearchStrategy[object], most: int) -> st.SearchStrategy[object]:
    return st.lists(of, max_size=most).map(tuple)


histories: st.SearchStrategy[CertificationFacts] = st.builds(
    CertificationFacts,
    employments=_some(employments(), 3),
    requirements=st.lists(requirements(), min_size=1, max_size=3).map(tuple),
    completions=_some(completions(), 6),
    extensions=_some(extensions(), 2),
    pauses=_some(pauses(), 2),
    started=_some(started, 2),
    pathways=_some(pathways, 4),
)


def since(facts: CertificationFacts, day: date) -> CertificationFacts:
    """The same facts, recorded after that day: what took effect earlier was only written down later."""
    low = after(day, 1)
    return CertificationFacts(
        tuple(replace(e, recorded=max(e.recorded_on, low)) for e in facts.employments),
        tuple(replace(r, recorded=max(r.recorded_on, low)) for r in facts.requirements),
        tuple(
            replace(c, recorded=max(c.recorded_on, low), revoked=max(c.revoked, low) if c.revoked else None)
            for c in facts.completions
        ),
        tuple(
            replace(e, recorded=max(e.recorded, low), withdrawn=max(e.withdrawn, low) if e.withdrawn else None)
            for e in facts.extensions
        ),
        tuple(replace(p, recorded=max(p.recorded_on, low)) for p in facts.pauses),
        tuple(replace(s, recorded=max(s.recorded_on, low)) for s in facts.started),
        tuple(replace(p, since=max(p.since, low)) for p in facts.pathways),
    )
