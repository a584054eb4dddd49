"""A changed page beside the version in which it was read, whatever was taught when it was opened."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from course.clock import now
from course.content.actions import archive
from course.content.library import Library
from course.content.models import ContentVersion
from course.content.rendering import BlockHtml, InlineText
from course.content.schema import Change, Nation, Page, Setting
from course.context import make_context
from course.learning.models import Enrolment, PageRead
from course.people.actions import choose_pathway
from course.refreshers import actions
from tests.makers import make_organisation, make_person, sign_in
from tests.pages import Client
from tests.refreshers.makers import complete, make_completed
from tests.refreshers.refresher_steps import REF, Teach, begin_on_page, record_page_read, with_changed_page
from tests.support.days import ZONE, this_day


def test_what_stayed_the_same_at_the_top_of_a_changed_page_is_folded_away(
    app: Flask, session: Session, client: Client, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = make_completed(session, library)
    record_page_read(session, library, person)
    course = app.extensions["course"].library
    for place in (1, -1):  # the second block of the page, and its last one
        changed = with_changed_page(course, None, place=place)
        archive(session, changed, now())
        session.commit()
        monkeypatch.setitem(app.extensions, "course", replace(app.extensions["course"], library=changed))
        sign_in(client, person)
        page = client.get(begin_on_page(client))
        assert "Something new holds today." in page.text
        folds = [one for one in page.all("details") if one.get("class") == "same"]
        assert len(folds) == (2 if place == 1 else 1)


@pytest.mark.both_engines
@pytest.mark.parametrize(
    ("begun", "read", "words", "is_open"),
    [
        (40, 20, "old", True),  # it was open, or kept on a device, while the course was brought up to date
        (20, 10, "old", True),  # the change was taken back, and what applied before was taught again for a while
        (40, 20, "new", False),
        (20, 10, "new", False),
        (40, 35, "old", True),
        (40, 20, "same", False),  # the author marked it later, and changed no word since they read it
        (40, 35, "same", False),
    ],
)
def test_a_change_is_new_to_whoever_read_the_page_as_it_was_before_also_if_they_read_it_later(
    session: Session, library: Library, begun: int, read: int, words: str, is_open: bool
) -> None:
    def ago(days: int) -> datetime:
        return now() - timedelta(days=days)

    module, _, name = REF.partition("/")
    changed = with_changed_page(library, 28, place=None if words == "same" else 0)
    archive(session, changed, ago(30))
    reader = changed.for_("school", "england")
    person = make_person(session, at=ago(50))
    enrolment = session.execute(select(Enrolment.id).where(Enrolment.person_id == person.id)).scalar_one()
    version = (library if words == "old" else reader).modules[module].pages[name].version
    session.add(PageRead(enrolment_id=enrolment, ref="responding/who-to-tell", version="v", read_at=ago(begun)))
    session.add(PageRead(enrolment_id=enrolment, ref=REF, version=version, read_at=ago(read)))
    complete(session, reader, person, ago(5))
    session.commit()
    # What was archived with the database is older than all of this.
    first_shown = update(ContentVersion).where(ContentVersion.first_shown_at > ago(30) + timedelta(seconds=1))
    session.execute(first_shown.values(first_shown_at=ago(60)))
    session.commit()
    found = actions.update_for(session, reader, person.id, None, ZONE)
    assert (found is not None) == is_open


LAW = "responding/what-the-law-asks"


@pytest.mark.both_engines
@pytest.mark.parametrize(
    ("ref", "changed_for", "pathway", "nation", "is_open"),
    [
        (REF, "residential", "school", "england", False),
        (REF, "residential", "residential", "england", True),
        (LAW, "wales", "school", "england", False),
        (LAW, "wales", "school", "wales", True),
    ],
)
def test_what_changed_for_another_pathway_or_nation_is_new_only_to_its_readers(
    session: Session, library: Library, ref: str, changed_for: str, pathway: Setting, nation: Nation, is_open: bool
) -> None:
    course = library.origin or library
    module, _, name = ref.partition("/")
    blocks = course.modules[module].pages[name].blocks
    make_organisation(session, nation=nation)
    person = make_completed(session, library, ago=timedelta(days=90))
    choose_pathway(make_context(session, None, now()), [person.id], pathway, "work")
    version = course.for_(pathway, nation).modules[module].pages[name].version
    enrolment = session.execute(select(Enrolment.id).where(Enrolment.person_id == person.id)).scalar_one()
    session.add(PageRead(enrolment_id=enrolment, ref=ref, version=version, read_at=now() - timedelta(days=91)))
    place = next(n for n, one in enumerate(blocks) if changed_for in one.audience)
    changed = with_changed_page(course, 28, place=place, ref=ref)
    archive(session, changed, now())
    session.commit()
    found = actions.update_for(session, changed.for_(pathway, nation), person.id, None, ZONE)
    mailed = [one.update for one in actions.updates_due(session, changed, ZONE, this_day())]
    assert (found is not None, mailed) == (is_open, [found] if is_open else [])


def test_what_was_changed_back_is_new_to_whoever_has_read_the_change_since(
    session: Session, client: Client, library: Library, teach: Teach
) -> None:
    person = make_completed(session, library, ago=timedelta(days=90))
    record_page_read(session, library, person)
    sign_in(client, person)
    teach(28)
    where = client.post("/refresher/update", {}).location
    client.post(where, {})
    course = library.origin or library
    changed_back = with_changed_page(course, 14, place=None)
    archive(session, changed_back, now())
    session.commit()
    reader = changed_back.for_("school", "england")
    found = actions.update_for(session, reader, person.id, None, ZONE)
    assert found is not None
    assert [one.change.update_days for one in found.changes] == [14]


def test_a_changed_page_that_was_opened_before_another_edit_is_compared_with_what_was_read(
    app: Flask, session: Session, client: Client, library: Library, teach: Teach, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(client, make_completed(session, library, ago=timedelta(days=90)))
    once = teach(28)
    where = client.post("/refresher/update", {}).location
    (button,) = [one for one in client.get(where).all("button") if one.get("name") == "then"]
    module_id, _, name = REF.partition("/")
    course = once.origin or once
    module = course.modules[module_id]
    page = module.pages[name]
    block = page.blocks[0].model_copy(update={"html": BlockHtml("<p>It was taken back.</p>")})
    second = Change(date=this_day(), reason=InlineText("The rule is the old one."), update_days=28)
    marks = {"blocks": (block, *page.blocks[1:]), "changes": (*page.changes, second)}
    module = module.model_copy(
        update={"pages": {**module.pages, name: Page.model_construct(**{**dict(page), **marks})}}
    )
    twice = replace(course, modules={**course.modules, module_id: module}, _variants={})
    archive(session, twice, now())
    session.commit()
    monkeypatch.setitem(app.extensions, "course", replace(app.extensions["course"], library=twice))
    client.post(where, {"then": button.get("value", "")})
    again = client.get(client.post("/refresher/update", {}).location).text
    assert "It was taken back." in again.split("As you read it before")[0]
    assert "Something new holds today." in again.split("As you read it before")[1]
