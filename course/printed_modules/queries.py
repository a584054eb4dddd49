"""Finding the story or the timeline that was printed: in the version that is taught now, or in an earlier one."""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from course.content.library import Library
from course.content.models import ContentVersion
from course.content.queries import ARCHIVE_KINDS, part_in_version
from course.content.schema import Module, Question, Scenario
from course.printed_modules.rules.sections import CODE_LENGTH, is_code

S = TypeVar("S", Question, Scenario)


def story_of_code(session: Session, library: Library, module: Module, code: str) -> tuple[str, Scenario] | None:
    """The reference and the story of a module that carries this code on paper, in the version that was printed; None if there
    is none."""
    wanted = code.strip().lower()
    if not is_code(wanted):
        return None
    for scenario in module.scenarios.values():
        if scenario.version.startswith(wanted):
            return f"{module.id}/{scenario.id}", scenario
    return _archived(session, library, Scenario, [f"{module.id}/{name}" for name in module.scenarios], wanted)


def story_of_refs(session: Session, library: Library, refs: Collection[str], code: str) -> tuple[str, Scenario] | None:
    """The reference and the story among these (module/story) that carries this code on paper, also if it is no longer taught."""
    wanted = code.strip().lower()
    if not is_code(wanted):
        return None
    for ref in refs:
        module_id, _slash, name = ref.partition("/")
        module = library.modules.get(module_id)
        if module is not None and name in module.scenarios and module.scenarios[name].version.startswith(wanted):
            return ref, module.scenarios[name]
    return _archived(session, library, Scenario, refs, wanted)


def timeline_of_code(session: Session, library: Library, module: Module, code: str) -> tuple[str, Question] | None:
    """The reference module/timeline and the timeline of a module that carries this code on paper, as `story_of_code`."""
    wanted = code.strip().lower()
    if not is_code(wanted):
        return None
    for timeline in module.timelines.values():
        if timeline.version.startswith(wanted):
            return f"{module.id}/{timeline.id}", timeline
    found = _archived(session, library, Question, list(module.timelines), wanted)
    return (f"{module.id}/{found[0]}", found[1]) if found else None


def _archived(
    session: Session, library: Library, model: type[S], refs: Collection[str], code: str
) -> tuple[str, S] | None:
    rows = session.execute(
        select(ContentVersion.ref, ContentVersion.version)
        .where(
            ContentVersion.kind == ARCHIVE_KINDS[model],
            ContentVersion.ref.in_(refs),
            ContentVersion.version.between(code, code + "g" * CODE_LENGTH),
        )
        .order_by(ContentVersion.first_shown_at.desc())
    )
    for ref, version in rows:
        if version.startswith(code):
            found = part_in_version(session, library, model, ref, version)
            return (ref, found) if found is not None else None
    return None
