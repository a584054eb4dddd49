"""The shipped course without its marked changes: what a test expects of a refresher does not depend on this year's edits."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TypeVar

from course.content.library import Library
from course.content.schema import Module, Page, Question
from tests.support.courses import real_course

T = TypeVar("T", Page, Question)


def without_marked_changes(library: Library) -> Library:
    """The same course, with no page and no question marked as changed. Translations are left out: they name their original."""
    return _real_course_without_them() if library is real_course() else _without(library)


@cache
def _real_course_without_them() -> Library:
    return _without(real_course())


def _without(library: Library) -> Library:
    modules = {module.id: _unmarked_module(module) for module in library.modules.values()}
    return replace(library, modules=modules, translations={}, _variants={})


def _unmarked_module(module: Module) -> Module:
    pages = {page.id: _unmarked(page) for page in module.pages.values()}
    questions = tuple(_unmarked(question) for question in module.questions)
    return module.model_copy(update={"pages": pages, "questions": questions})


def _unmarked(content: T) -> T:
    return type(content).model_construct(**{**dict(content), "changes": ()}) if content.changes else content
