"""Random facts and policies in any order and number, each well formed in itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from functools import cache

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
NAMES = ("school", "clubs")
delays = st.one_of(st.just(0), st.integers(0, 500))


def after(day: date, number: int) -> date:
    return day + timedelta(days=number)


# A strategy that is made in a composite is made, and checked, for each value that is drawn: so all of them are made once,
# here. A day is one number: `st.dates` draws three.
integers = cache(st.integers)
sampled = cache(st.sampled_from)


@cache
def days_until(latest: date) -> st.SearchStrategy[date]:
    return st.integers(0, (latest - FIRST).days).map(lambda number: after(FIRST, number))


@cache
def perhaps(least: int, most: int) -> st.SearchStrategy[int | None]:
    """Nothing, or a number."""
    return st.one_of(st.none(), st.integers(least, most))


@cache
def perhaps_a_day(latest: date = LAST) -> st.SearchStrategy[date | None]:
    return st.one_of(st.none(), days_until(latest))


days = days_until(LAST)
rarely = st.one_of(st.none(), st.none(), st.integers(0, 900))


def perhaps_after(day: date, number: int | None) -> date | None:
    return None if number is None else after(day, number)


@st.composite
def policies(draw: st.DrawFn, latest: date = LAST, pathway: str | None = None) -> Policy:
    period, minimum = draw(integers(1, 36)), draw(integers(1, 18))
    kind = draw(sampled(("anniversary", "anniversary", "fixed", *(("general",) if pathway else ()))))
    month = draw(integers(1, 12))
    since = draw(days_until(latest))
    return Policy(
        since,
        period_months=period,
        window_days=draw(integers(1, min(90, 28 * (minimum if kind == "fixed" else period) - 1))),
        lapse_months=draw(integers(0, 24)),
        starter_days=draw(integers(0, 90)),
        minimum_days=draw(integers(0, 30)),
        kind=kind,
        fixed_day=draw(integers(1, 29 if month == 2 else 30)),
        fixed_month=month,
        minimum_months=minimum,
        import_age_months=draw(perhaps(1, 48)),
        applies=draw(sampled(("now", "from the next renewal"))),
        recorded=draw(perhaps_a_day(latest)),
        pathway=pathway,
    )


general_policies = st.lists(policies(), min_size=1, max_size=4).map(tuple)
pathway_policies = st.lists(st.one_of(*(policies(pathway=name) for name in NAMES)), max_size=3)
several_policies = st.tuples(general_policies, pathway_policies).map(lambda both: (*both[0], *both[1]))


@st.composite
def completions(draw: st.DrawFn) -> CompletionFact:
    day = draw(days)
    kind = draw(sampled(("initial", "refresher", "refresher", "imported")))
    until = perhaps_after(day, draw(perhaps(1, 1200))) if kind == "imported" else None
    recorded = after(day, draw(delays))
    return CompletionFact(day, recorded, kind, until, perhaps_after(recorded, draw(rarely)))


@st.composite
def employments(draw: st.DrawFn) -> EmploymentFact:
    start = draw(days)
    return EmploymentFact(start, perhaps_after(start, draw(perhaps(-1, 1500))), draw(perhaps_a_day()))


@st.composite
def requirements(draw: st.DrawFn) -> Requirement:
    since = draw(days)
    until = perhaps_after(since, draw(perhaps(-1, 1500)))
    return Requirement(since, until, draw(sampled(("staff", "volunteer", "youth leader"))), draw(perhaps_a_day()))


@st.composite
def pauses(draw: st.DrawFn) -> Pause:
    since = draw(days)
    until = perhaps_after(since, draw(perhaps(-1, 500)))
    return Pause(since, until, draw(integers(0, 60)), "long leave", draw(perhaps_a_day()))


@st.composite
def extensions(draw: st.DrawFn) -> Extension:
    recorded = draw(days)
    withdrawn = perhaps_after(recorded, draw(perhaps(0, 400)))
    return Extension(recorded, after(recorded, draw(integers(-30, 600))), "more time", withdrawn)


pathways = st.builds(PathwayFact, days, st.sampled_from([*NAMES, "leaders"]))
started = st.builds(StartFact, days, perhaps_a_day())


def _some(strategy: st.SearchStrategy[object], limit: int) -> st.SearchStrategy[object]:
    return st.lists(strategy, max_size=limit).map(tuple)


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


def recorded_after(facts: CertificationFacts, day: date) -> CertificationFacts:
    """The same facts, recorded after that day, although they took effect earlier."""
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
