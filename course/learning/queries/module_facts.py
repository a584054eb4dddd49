"""The facts of one module: a lesson page needs no others, and a person has hundreds."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BindParameter, CompoundSelect, Integer, String, bindparam, case, func, literal, select, union_all

from course.db import RowSource
from course.learning.models import (
    Answer,
    Attempt,
    AttemptItem,
    AttemptOutcome,
    Enrolment,
    PageRead,
    RunOutcome,
    ScenarioRun,
)
from course.learning.rules.progress import ProgressFacts

_Answer = Answer.__table__
_Attempt = Attempt.__table__
_AttemptItem = AttemptItem.__table__
_AttemptOutcome = AttemptOutcome.__table__
_Enrolment = Enrolment.__table__
_PageRead = PageRead.__table__
_RunOutcome = RunOutcome.__table__
_ScenarioRun = ScenarioRun.__table__
_PERSON: BindParameter[int] = bindparam("person", type_=Integer)
_STEPS: BindParameter[str] = bindparam("steps", type_=String)
_MODULE: BindParameter[str] = bindparam("module", type_=String)


def _module_facts_query() -> CompoundSelect[*tuple[Any, ...]]:
    """One statement for what the steps of a module rest on, in the newest enrolment: rows of (what, ref, point)."""
    none = literal("")
    enrolment = (
        select(func.max(_Enrolment.c.id))
        .where(_Enrolment.c.person_id == _PERSON, _Enrolment.c.kind == "initial")
        .scalar_subquery()
    )
    proven = func.min(case((_Answer.c.sureness == "guessing", 0), else_=1)) == 1
    return union_all(
        select(literal("page").label("what"), _PageRead.c.ref.label("ref"), none.label("point"))
        .where(_PageRead.c.enrolment_id == enrolment, _PageRead.c.ref.like(_STEPS)),
        select(literal("scenario"), _ScenarioRun.c.ref, none)
        .join(_RunOutcome, _RunOutcome.c.run_id == _ScenarioRun.c.id)
        .where(_ScenarioRun.c.enrolment_id == enrolment, _ScenarioRun.c.ref.like(_STEPS)),
        select(literal("timeline"), _Attempt.c.ref, none)
        .join(_AttemptOutcome, _AttemptOutcome.c.attempt_id == _Attempt.c.id)
        .where(_Attempt.c.enrolment_id == enrolment, _Attempt.c.kind == "timeline",
               _Attempt.c.ref.like(_STEPS)),
        select(case((proven, "proven"), else_="shown"), _Attempt.c.ref, _AttemptItem.c.point)
        .join(_AttemptItem, _AttemptItem.c.attempt_id == _Attempt.c.id)
        .outerjoin(_Answer, _Answer.c.item_id == _AttemptItem.c.id)
        .where(_Attempt.c.enrolment_id == enrolment, _Attempt.c.kind == "check", _Attempt.c.ref == _MODULE)
        .group_by(_Attempt.c.id, _Attempt.c.ref, _AttemptItem.c.point)
        .having(func.count(_Answer.c.item_id) == func.count(_AttemptItem.c.id))
        .having(func.min(case((_Answer.c.correct, 1), else_=0)) == 1),
    )  # fmt: skip


_MODULE_FACTS_STATEMENT = _module_facts_query()


def module_facts(session: RowSource, person_id: int, module_id: str) -> ProgressFacts:
    """The facts of `progress_facts` on which the progress in one module rests, and no others, in one query."""
    refs: dict[str, set[str]] = {"page": set(), "scenario": set(), "timeline": set()}
    shown, proven = set[tuple[str, str]](), set[tuple[str, str]]()
    values = {"person": person_id, "module": module_id, "steps": f"{module_id}/%"}
    for what, ref, point in session.execute(_MODULE_FACTS_STATEMENT, values):
        if what in refs:
            refs[what].add(ref)
        else:
            shown.add((ref, point))
            if what == "proven":
                proven.add((ref, point))
    return ProgressFacts(
        frozenset(refs["page"]),
        frozenset(refs["scenario"]),
        frozenset(refs["timeline"]),
        frozenset(shown),
        frozenset(proven),
    )
