"""Steps of a learner through a refresher, and a marked change of the course."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.clock import now
from course.content.library import Library
from course.content.rendering import BlockHtml, InlineText
from course.content.schema import Change, Page
from course.learning.models import Enrolment, PageRead
from course.people.models import Person
from course.refreshers import queries
from tests.pages import Client
from tests.support.days import this_day
from tests.walking import Learner, Right, always

Teach = Callable[[int | None], Library]


def begin_on_page(client: Client) -> str:
    """Begin the refresher on its page; returns the address of its first part."""
    return client.post("/refresher", {}).location


def finish_scenario(app: Flask, client: Client, person: Person, session: Session) -> None:
    """Finish the scenario of the refresher, always by the recommended choice."""
    refresher = queries.newest_refresher(session, person.id, "refresher")
    assert refresher is not None
    ref = next(part.ref for part in refresher.parts if part.kind == "scenario")
    module, _, name = ref.partition("/")
    scenario = app.extensions["course"].library.modules[module].scenarios[name]
    run = client.post("/refresher/story", {}).location
    scene = scenario.by_id[scenario.start]
    for step in range(1, 20):
        client.post(run, {"step": str(step), "choice": scene.best.id})
        scene = scenario.by_id[scene.best.to]
        if scene.is_ending:
            return
    raise AssertionError("the story does not end")


def answer_all(app: Flask, client: Client, person: Person, right: Right = always) -> None:
    learner = Learner(app, client, person.id)
    with learner.session() as session:
        refresher = queries.newest_refresher(session, person.id, "refresher") or queries.newest_refresher(
            session, person.id, "update"
        )
    assert refresher is not None
    page = client.flask_page(f"/attempt/{refresher.attempt_id}")
    page.location = f"/attempt/{refresher.attempt_id}"
    learner.answer_all(page, right)


# A marked change: the same course, with one page reworded and marked as changed.
REF = "secret-contact/a-phone-changes-everything"


def with_changed_page(library: Library, update_days: int | None, *, place: int | None = 0, ref: str = REF) -> Library:
    """The course with the first block of one page replaced, or the one in another place (None: none), and the page marked as
    changed."""
    module_id, _, page_id = ref.partition("/")
    course = library.origin or library
    module = course.modules[module_id]
    page = module.pages[page_id]
    blocks = list(page.blocks)
    if place is not None:
        blocks[place] = blocks[place].model_copy(update={"html": BlockHtml("<p>Something new holds today.</p>")})
    change = Change(date=this_day(), reason=InlineText("The rule is another one."), update_days=update_days)
    changed_page = Page.model_construct(**{**dict(page), "blocks": tuple(blocks), "changes": (change,)})
    modules = {
        **course.modules,
        module_id: module.model_copy(update={"pages": {**module.pages, page_id: changed_page}}),
    }
    return replace(course, modules=modules, _variants={})


def with_translated_reason(library: Library, language: str, reason: str) -> Library:
    """The course with a translation that gives the reason of its marked change in another language."""
    module_id, _, page_id = REF.partition("/")
    module = library.modules[module_id]
    page = module.pages[page_id]
    changes = tuple(
        Change.model_construct(**{**dict(one), "reason": InlineText(reason)}).translation_of(one)
        for one in page.changes
    )
    translated_page = Page.model_construct(**{**dict(page), "changes": changes}).translation_of(page)
    translated = module.model_copy(update={"pages": {**module.pages, page_id: translated_page}})
    modules = {**library.modules, module_id: translated}
    other = replace(library, modules=modules, language=language, english=library, translations={}, _variants={})
    return replace(library, translations={language: other}, _variants={})


def record_page_read(session: Session, library: Library, person: Person) -> None:
    """Record that the person read the page in its version before the change."""
    module, _, name = REF.partition("/")
    enrolment = session.execute(select(Enrolment.id).where(Enrolment.person_id == person.id)).scalar_one()
    version = library.modules[module].pages[name].version
    session.add(PageRead(enrolment_id=enrolment, ref=REF, version=version, read_at=now() - timedelta(days=349)))
    session.commit()
