"""The facts of one module, and what a person has done on one of its pages: a lesson page needs no others, and a person has
hundreds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BindParameter,
    CompoundSelect,
    Integer,
    Select,
    String,
    bindparam,
    case,
    exists,
    func,
    literal,
    select,
    union_all,
)

from course.db import RowSource
from course.learning.models import (
    Answer,
    Attempt,
    AttemptItem,
    AttemptOutcome,
    AttemptVoid,
    Enrolment,
    PageAnswer,
    PageRead,
    Reflection,
    RunOutcome,
    ScenarioRun,
    ScenarioRunVoid,
)
from course.learning.rules.progress import ProgressFacts

_Answer = Answer.__table__
_Attempt = Attempt.__table__
_AttemptItem = AttemptItem.__table__
_AttemptOutcome = AttemptOutcome.__table__
_AttemptVoid = AttemptVoid.__table__
_Enrolment = Enrolment.__table__
_PageAnswer = PageAnswer.__table__
_PageRead = PageRead.__table__
_Reflection = Reflection.__table__
_RunOutcome = RunOutcome.__table__
_ScenarioRun = ScenarioRun.__table__
_ScenarioRunVoid = ScenarioRunVoid.__table__
_PERSON: BindParameter[int] = bindparam("person", type_=Integer)
_STEPS: BindParameter[str] = bindparam("steps", type_=String)
_MODULE: BindParameter[str] = bindparam("module", type_=String)
_PAGE: BindParameter[str] = bindparam("page", type_=String)
# Whether attempts and runs count: they were not entered wrongly from paper.
_COUNTS = ~exists().where(_AttemptVoid.c.attempt_id == _Attempt.c.id)
_RUN_COUNTS = ~exists().where(_ScenarioRunVoid.c.run_id == _ScenarioRun.c.id)
_NONE, _ZERO = literal(""), literal(0)


def _module_facts_query() -> list[Select[*tuple[Any, ...]]]:
    """What the steps of a module rest on, in the newest enrolment: selects of (what, ref, point, 0, 0)."""
    enrolment = (
        select(func.max(_Enrolment.c.id))
        .where(_Enrolment.c.person_id == _PERSON, _Enrolment.c.kind == "initial")
        .scalar_subquery()
    )
    proven = func.min(case((_Answer.c.sureness == "guessing", 0), else_=1)).label("proven")
    # For each attempt the points of which every question is answered, and rightly; "proven" if none of them was guessed.
    checks = (
        select(_AttemptItem.c.point, proven)
        .select_from(_Attempt)
        .join(_AttemptItem, _AttemptItem.c.attempt_id == _Attempt.c.id)
        .outerjoin(_Answer, _Answer.c.item_id == _AttemptItem.c.id)
        .where(
            _Attempt.c.enrolment_id == enrolment,
            _Attempt.c.kind == "check",
            _Attempt.c.ref == _MODULE,
            _COUNTS,
        )
        .group_by(_Attempt.c.id, _AttemptItem.c.point)
        .having(func.min(case((_Answer.c.correct, 1), else_=0)) == 1)
        .subquery()
    )
    return [
        select(literal("page").label("what"), _PageRead.c.ref.label("ref"), _NONE.label("point"), _ZERO.label("number"),
               _ZERO.label("enrolment"))
        .where(_PageRead.c.enrolment_id == enrolment, _PageRead.c.ref.like(_STEPS)),
        select(literal("scenario"), _ScenarioRun.c.ref, _NONE, _ZERO, _ZERO)
        .join(_RunOutcome, _RunOutcome.c.run_id == _ScenarioRun.c.id)
        .where(_ScenarioRun.c.enrolment_id == enrolment, _ScenarioRun.c.ref.like(_STEPS), _RUN_COUNTS),
        select(literal("timeline"), _Attempt.c.ref, _NONE, _ZERO, _ZERO)
        .join(_AttemptOutcome, _AttemptOutcome.c.attempt_id == _Attempt.c.id)
        .where(_Attempt.c.enrolment_id == enrolment, _Attempt.c.kind == "timeline",
               _Attempt.c.ref.like(_STEPS), _COUNTS),
        # A row for each point, however many attempts there were.
        select(case((func.max(checks.c.proven) == 1, "proven"), else_="shown"), _MODULE, checks.c.point, _ZERO, _ZERO)
        .group_by(checks.c.point),
    ]  # fmt: skip


def _page_query() -> list[Select[*tuple[Any, ...]]]:
    """What a person has kept and answered on a page: selects of ("note", block, text, 0, 0) and of ("right" or "wrong",
    version of the question, "", index of the option, enrolment)."""
    return [
        select(literal("note"), _Reflection.c.block, _Reflection.c.text, _ZERO, _ZERO)
        .where(_Reflection.c.person_id == _PERSON, _Reflection.c.ref == _PAGE),
        select(case((_PageAnswer.c.correct, "right"), else_="wrong"), _PageAnswer.c.version, _NONE, _PageAnswer.c.chosen,
               _PageAnswer.c.enrolment_id)
        .join(_Enrolment, _Enrolment.c.id == _PageAnswer.c.enrolment_id)
        .where(_Enrolment.c.person_id == _PERSON, _PageAnswer.c.ref == _PAGE),
    ]  # fmt: skip


_MODULE_FACTS: CompoundSelect[*tuple[Any, ...]] = union_all(*_module_facts_query())
_PAGE_FACTS: CompoundSelect[*tuple[Any, ...]] = union_all(*_module_facts_query(), *_page_query())


@dataclass(frozen=True)
class ChosenOption:
    """The first answer of a person to the question of a page in one version: the index of the option, and whether it is
    right."""

    chosen: int
    correct: bool


@dataclass(frozen=True)
class PageFacts:
    """What a lesson page shows of its reader: the facts of its module, their notes on the page by block, and their answers to
    its question by version; the newest enrolment's answer, where the course was taken twice."""

    module: ProgressFacts
    notes: dict[str, str]
    answers: dict[str, ChosenOption]


def module_facts(session: RowSource, person_id: int, module_id: str) -> ProgressFacts:
    """The facts of `progress_facts` on which the progress in one module rests, and no others, in one query."""
    values = {"person": person_id, "module": module_id, "steps": f"{module_id}/%"}
    return _progress_facts(session.execute(_MODULE_FACTS, values).all())


def page_facts(session: RowSource, person_id: int, module_id: str, page: str) -> PageFacts:
    """What the person has done on a page of a module (`page` as in references: module/page) and in the module; one query."""
    values = {"person": person_id, "module": module_id, "steps": f"{module_id}/%", "page": page}
    rows = session.execute(_PAGE_FACTS, values).all()
    notes = {row[1]: row[2] for row in rows if row[0] == "note"}
    answered = sorted((row for row in rows if row[0] in ("right", "wrong")), key=lambda row: row[4])
    answers = {row[1]: ChosenOption(row[3], row[0] == "right") for row in answered}
    return PageFacts(_progress_facts(rows), notes, answers)


def _progress_facts(rows: Iterable[Any]) -> ProgressFacts:
    refs: dict[str, set[str]] = {"page": set(), "scenario": set(), "timeline": set()}
    shown, proven = set[tuple[str, str]](), set[tuple[str, str]]()
    for what, ref, point, *_ in rows:
        if what in refs:
            refs[what].add(ref)
        elif what in ("shown", "proven"):
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
