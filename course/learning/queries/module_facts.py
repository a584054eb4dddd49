"""The facts of one module, and what a person has done on one of its pages: a lesson page needs no others, and a person has
hundreds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Integer,
    Select,
    String,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal_column,
    select,
    union_all,
)

from course.db import RowSource, dialect_name
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
_MODULE: BindParameter[str] = bindparam("module", type_=String)
_PAGE: BindParameter[str] = bindparam("page", type_=String)
# Whether attempts and runs count: they were not entered wrongly from paper.
_COUNTS = ~exists().where(_AttemptVoid.c.attempt_id == _Attempt.c.id)
_RUN_COUNTS = ~exists().where(_ScenarioRunVoid.c.run_id == _ScenarioRun.c.id)
_ZERO: ColumnElement[int] = literal_column("0", Integer)
_ONE: ColumnElement[int] = literal_column("1", Integer)


def _word(value: str) -> ColumnElement[str]:
    """A word of this module as part of the statement: each value that is handed over costs time at every page."""
    return literal_column(f"'{value}'", String)


_NONE = _word("")


def _is_step(ref: ColumnElement[str], dialect: str) -> ColumnElement[bool]:
    """Whether a reference begins with the module and a slash. SQLite compares bytes, so that an index gives the references
    between the slash and the character after it; in PostgreSQL what lies between two words depends on its language."""
    if dialect == "sqlite":
        return and_(ref >= bindparam("steps", type_=String), ref < bindparam("after_steps", type_=String))
    return ref.like(bindparam("steps", type_=String))


def _step_values(dialect: str, module_id: str) -> dict[str, str]:
    pattern = f"{module_id}/%"
    # The character after the slash is a nought.
    return {"steps": pattern[:-1], "after_steps": f"{module_id}0"} if dialect == "sqlite" else {"steps": pattern}


def _module_facts_query(dialect: str) -> list[Select[*tuple[Any, ...]]]:
    """What the steps of a module rest on, in the newest enrolment: selects of (what, ref, point, 0, 0)."""
    enrolment = (
        select(func.max(_Enrolment.c.id))
        .where(_Enrolment.c.person_id == _PERSON, _Enrolment.c.kind == _word("initial"))
        .scalar_subquery()
    )
    proven = func.min(case((_Answer.c.sureness == _word("guessing"), _ZERO), else_=_ONE)).label("proven")
    # For each attempt the points of which every question is answered, and rightly; "proven" if none of them was guessed.
    checks = (
        select(_AttemptItem.c.point, proven)
        .select_from(_Attempt)
        .join(_AttemptItem, _AttemptItem.c.attempt_id == _Attempt.c.id)
        .outerjoin(_Answer, _Answer.c.item_id == _AttemptItem.c.id)
        .where(
            _Attempt.c.enrolment_id == enrolment,
            _Attempt.c.kind == _word("check"),
            _Attempt.c.ref == _MODULE,
            _COUNTS,
        )
        .group_by(_Attempt.c.id, _AttemptItem.c.point)
        .having(func.min(case((_Answer.c.correct, _ONE), else_=_ZERO)) == _ONE)
        .subquery()
    )
    return [
        select(_word("page").label("what"), _PageRead.c.ref.label("ref"), _NONE.label("point"), _ZERO.label("number"),
               _ZERO.label("enrolment"))
        .where(_PageRead.c.enrolment_id == enrolment, _is_step(_PageRead.c.ref, dialect)),
        select(_word("scenario"), _ScenarioRun.c.ref, _NONE, _ZERO, _ZERO)
        .join(_RunOutcome, _RunOutcome.c.run_id == _ScenarioRun.c.id)
        .where(_ScenarioRun.c.enrolment_id == enrolment, _is_step(_ScenarioRun.c.ref, dialect), _RUN_COUNTS),
        select(_word("timeline"), _Attempt.c.ref, _NONE, _ZERO, _ZERO)
        .join(_AttemptOutcome, _AttemptOutcome.c.attempt_id == _Attempt.c.id)
        .where(_Attempt.c.enrolment_id == enrolment, _Attempt.c.kind == _word("timeline"),
               _is_step(_Attempt.c.ref, dialect), _COUNTS),
        # A row for each point, however many attempts there were.
        select(case((func.max(checks.c.proven) == _ONE, _word("proven")), else_=_word("shown")), _MODULE, checks.c.point,
               _ZERO, _ZERO)
        .group_by(checks.c.point),
    ]  # fmt: skip


def _page_query() -> list[Select[*tuple[Any, ...]]]:
    """What a person has kept and answered on a page: selects of ("note", block, text, 0, 0) and of ("right" or "wrong",
    version of the question, "", index of the option, enrolment)."""
    return [
        select(_word("note"), _Reflection.c.block, _Reflection.c.text, _ZERO, _ZERO)
        .where(_Reflection.c.person_id == _PERSON, _Reflection.c.ref == _PAGE),
        select(case((_PageAnswer.c.correct, _word("right")), else_=_word("wrong")), _PageAnswer.c.version, _NONE,
               _PageAnswer.c.chosen, _PageAnswer.c.enrolment_id)
        .join(_Enrolment, _Enrolment.c.id == _PageAnswer.c.enrolment_id)
        .where(_Enrolment.c.person_id == _PERSON, _PageAnswer.c.ref == _PAGE),
    ]  # fmt: skip


@cache
def _module_statement(dialect: str) -> CompoundSelect[*tuple[Any, ...]]:
    return union_all(*_module_facts_query(dialect))


@cache
def _page_statement(dialect: str) -> CompoundSelect[*tuple[Any, ...]]:
    return union_all(*_module_facts_query(dialect), *_page_query())


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
    dialect = dialect_name(session)
    values = {"person": person_id, "module": module_id, **_step_values(dialect, module_id)}
    return _progress_facts(session.execute(_module_statement(dialect), values).all())


def page_facts(session: RowSource, person_id: int, module_id: str, page: str) -> PageFacts:
    """What the person has done on a page of a module (`page` as in references: module/page) and in the module; one query."""
    dialect = dialect_name(session)
    values = {"person": person_id, "module": module_id, "page": page, **_step_values(dialect, module_id)}
    rows = session.execute(_page_statement(dialect), values).all()
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
