"""Marked changes: the changed page beside the version that was read, in a refresher or in an update."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from course.certificates.actions import revoke
from course.certificates.models import Certificate
from course.clock import now
from course.content.actions import archive
from course.content.library import Library
from course.content.models import ContentVersion
from course.content.rendering import InlineText
from course.content.schema import Change, Page, Question
from course.context import make_context
from course.dates import civil_date
from course.learning.models import Enrolment, PageRead
from course.learning.queries import attempt
from course.people.models import Person
from course.recertification.actions import add_policy_version, import_completion, withdraw_fact
from course.recertification.queries import open_facts
from course.recertification.rules import Policy
from course.recertification.rules.facts import ExternalCompletion
from course.refreshers import actions, queries
from course.refreshers.actions.completion import required_minutes
from tests.makers import make_person, sign_in
from tests.pages import Client
from tests.refreshers.makers import complete, make_completed
from tests.refreshers.refresher_steps import (
    REF,
    Teach,
    answer_all,
    begin_on_page,
    finish_scenario,
    record_page_read,
    with_changed_page,
)
from tests.support.days import this_day


@pytest.mark.both_engines
def test_a_refresher_shows_a_changed_page_beside_what_was_read(
    app: Flask, session: Session, client: Client, library: Library, teach: Teach
) -> None:
    person = make_completed(session, library)
    record_page_read(session, library, person)
    teach(None)
    sign_in(client, person)
    assert "1 change" in client.get("/refresher").text
    where = begin_on_page(client)
    assert where == "/refresher/refresher/change/1"
    page = client.get(where)
    for words in ("The rule is another one.", "As you read it", "Something new holds today.", "The same as before"):
        assert words in page.text
    assert client.post(where, {}).location == "/refresher/story"
    finish_scenario(app, client, person, session)
    answer_all(app, client, person)
    assert session.execute(select(func.count()).select_from(Certificate)).scalar() == 2
    assert "1 change" not in client.get("/refresher").text


def test_an_update_asks_those_certified_before_and_only_about_what_changed(
    app: Flask, session: Session, client: Client, library: Library, teach: Teach
) -> None:
    person = make_completed(session, library, ago=timedelta(days=90))
    anew: Library = teach(28)
    sign_in(client, person)
    assert "has changed" in client.get("/").text
    assert "The rule is another one." in client.get("/refresher/update").text
    where = client.post("/refresher/update", {}).location
    assert "You did not read this page before" in client.get(where).text
    onward = client.post(where, {}).location
    found = queries.newest_refresher(session, person.id, "update")
    assert found is not None
    assert onward == f"/attempt/{found.attempt_id}"
    marked = next(one for one in anew.changes if one.ref == REF)
    items = attempt(session, person.id, found.attempt_id)
    assert items is not None
    assert {item.point for item in items.items} == set(marked.points)
    answer_all(app, client, person)
    ended = client.get("/refresher/update")
    assert ended.h1 == "You are up to date"
    assert "Your certificate keeps its date" in ended.text
    assert "See what has changed" not in client.get("/").text
    # The certificate keeps its date, and there is no second one.
    assert session.execute(select(func.count()).select_from(Certificate)).scalar() == 1


def test_an_update_about_two_questions_on_one_point_asks_both_and_says_so(
    app: Flask, session: Session, client: Client, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = make_completed(session, library, ago=timedelta(days=90))
    course = app.extensions["course"].library
    module = course.modules["secret-contact"]
    alike = [one for one in library.modules["secret-contact"].questions if one.points == (module.points[0],)][:2]
    change = Change(date=this_day(), reason=InlineText("The rule is another one."), update_days=28)
    marked = {one.id: Question.model_construct(**{**dict(one), "changes": (change,)}) for one in alike}
    questions = tuple(marked.get(one.id, one) for one in module.questions)
    modules = {**course.modules, module.id: module.model_copy(update={"questions": questions})}
    changed = replace(course, modules=modules, _variants={})
    monkeypatch.setitem(app.extensions, "course", replace(app.extensions["course"], library=changed))
    archive(session, changed, now())
    session.commit()
    sign_in(client, person)
    assert "answer 2 questions" in client.get("/refresher/update").text
    client.post("/refresher/update", {})
    found = queries.newest_refresher(session, person.id, "update")
    assert found is not None
    items = attempt(session, person.id, found.attempt_id)
    assert items is not None
    assert {item.question_id for item in items.items} == set(marked)
    answer_all(app, client, person)
    assert client.get("/refresher/update").h1 == "You are up to date"


def test_a_page_with_two_marks_is_read_once_with_both_reasons_and_counts_once(
    app: Flask, session: Session, client: Client, library: Library, teach: Teach, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = make_completed(session, library)
    once: Library = teach(None)
    module_id, _, page_id = REF.partition("/")
    module = (once.origin or once).modules[module_id]
    page = module.pages[page_id]
    second = Change(date=this_day(), reason=InlineText("The second reason."))
    twice = Page.model_construct(**{**dict(page), "changes": (*page.changes, second)})
    modules = {
        **(once.origin or once).modules,
        module_id: module.model_copy(update={"pages": {**module.pages, page_id: twice}}),
    }
    changed = replace(once.origin or once, modules=modules, _variants={})
    archive(session, changed, now())
    session.commit()
    reader = changed.for_("school", "england")
    alone, both = (
        actions.compose_refresher(session, course, person.id, None, now()).plan.minutes for course in (once, reader)
    )
    assert alone == both, "about so long"
    monkeypatch.setitem(app.extensions, "course", replace(app.extensions["course"], library=changed))
    sign_in(client, person)
    where = begin_on_page(client)
    assert all(reason in client.get(where).text for reason in ("The rule is another one.", "The second reason."))
    found = queries.newest_refresher(session, person.id, "refresher")
    assert found is not None
    assert sum(part.kind == "change" for part in found.parts) == 2
    one_mark = replace(found, parts=tuple(part for part in found.parts if part.position != 2))
    assert required_minutes(reader, found) == required_minutes(reader, one_mark), "the minutes on the certificate"
    assert client.post(where, {}).location == "/refresher/story"


def test_a_change_without_a_due_date_waits_for_the_refresher(
    session: Session, client: Client, library: Library, teach: Teach
) -> None:
    sign_in(client, make_completed(session, library, ago=timedelta(days=90)))
    teach(None)
    assert "See what has changed" not in client.get("/").text
    assert client.post("/refresher/update", {}).location == "/refresher/update"


def test_a_person_who_completed_the_course_after_the_change_has_no_update(session: Session, teach: Teach) -> None:
    person = make_person(session)
    anew: Library = teach(28)
    # Enrolled before the change, but the page was read in its present version.
    read_now = PageRead(enrolment_id=1, ref=REF, version="v", read_at=now() + timedelta(minutes=1))
    read_now.enrolment_id = session.execute(select(Enrolment.id).where(Enrolment.person_id == person.id)).scalar_one()
    session.add(read_now)
    complete(session, anew, person, now() + timedelta(minutes=2))
    session.commit()
    assert actions.update_for(session, anew, person.id, None, "Europe/London") is None


@pytest.mark.both_engines
def test_what_changed_before_a_person_took_the_first_step_is_not_new_to_them(session: Session, teach: Teach) -> None:
    """They were added, and so enrolled, long before. The check showed what the page teaches, so they did not read it."""
    person = make_person(session)
    anew: Library = teach(28)
    complete(session, anew, person, now() + timedelta(minutes=2))
    session.commit()
    assert actions.update_for(session, anew, person.id, None, "Europe/London") is None
    early = make_person(session, "Kim Hill", "kim@example.org")
    enrolment = session.execute(select(Enrolment.id).where(Enrolment.person_id == early.id)).scalar_one()
    first = now() - timedelta(days=1)
    session.add(PageRead(enrolment_id=enrolment, ref="responding/who-to-tell", version="v", read_at=first))
    complete(session, anew, early, now() + timedelta(minutes=2))
    session.commit()
    assert actions.update_for(session, anew, early.id, None, "Europe/London") is not None, "begun before the change"


@pytest.mark.both_engines
def test_who_brought_a_certificate_from_elsewhere_is_mailed_about_an_update_too(session: Session, teach: Teach) -> None:
    person, today = make_person(session, at=now() - timedelta(days=20)), civil_date(now(), "Europe/London")
    for days in (400, 60):
        brought = ExternalCompletion(today - timedelta(days=days), None, "Another trust", "initial")
        import_completion(make_context(session, None, now()), person.id, brought, "They brought it.")
    make_person(session, "Kim Hill", "kim@example.org", at=now() - timedelta(days=20))  # has only begun
    anew: Library = teach(28)
    due = actions.updates_due(session, anew, "Europe/London", today)
    assert [(one.person.person_id, one.mail_step) for one in due] == [(person.id, "opened")]
    assert due[0].update == actions.update_for(session, anew, person.id, today - timedelta(days=60), "Europe/London"), (
        "as on their pages"
    )
    for one in open_facts(session, person.id)["certificate"]:
        withdraw_fact(make_context(session, None, now()), person.id, "certificate", one, "It was somebody else's.")
    assert actions.updates_due(session, anew, "Europe/London", today) == []


@pytest.mark.both_engines
def test_nobody_has_an_update_that_was_due_before_they_were_certified(session: Session, library: Library) -> None:
    """The change is 90 days old, and one has 28 days for it: from the completion of a course that was begun before it, or from
    the day on which a certificate from elsewhere was recorded."""
    changed, today = with_changed_page(library, 28), civil_date(now(), "Europe/London")

    def ago(days: int) -> datetime:
        return datetime.combine(today - timedelta(days=days), time(12), UTC)

    archive(session, changed, ago(90))
    reader = changed.for_("school", "england")
    late = make_person(session, at=ago(120))
    enrolment = session.execute(select(Enrolment.id).where(Enrolment.person_id == late.id)).scalar_one()
    session.add(PageRead(enrolment_id=enrolment, ref="responding/who-to-tell", version="v", read_at=ago(100)))
    complete(session, reader, late, ago(10))
    earlier = make_person(session, "Kim Hill", "kim@example.org", at=ago(200))
    complete(session, reader, earlier, ago(150))
    new = make_person(session, "Jo Park", "jo@example.org", at=ago(5))
    brought = ExternalCompletion(today - timedelta(days=200), None, "Another trust", "initial")
    import_completion(make_context(session, None, ago(3)), new.id, brought, "They brought it.")
    for person, imported_on, days in ((late, None, 18), (earlier, None, -62), (new, brought.day, 25)):
        found = actions.update_for(session, reader, person.id, imported_on, "Europe/London")
        assert found is not None
        assert (found.due - today).days == days, person.name


def test_case_24_a_refresher_ends_on_the_version_it_began_with_and_what_changed_since_stays_open(
    app: Flask, session: Session, client: Client, library: Library, teach: Teach
) -> None:
    person = make_completed(session, library)
    record_page_read(session, library, person)
    sign_in(client, person)
    begin_on_page(client)
    found = queries.newest_refresher(session, person.id, "refresher")
    assert found is not None
    asked = attempt(session, person.id, found.attempt_id)
    assert asked is not None
    anew = teach(28)
    finish_scenario(app, client, person, session)
    answer_all(app, client, person)
    session.expire_all()
    done = queries.newest_refresher(session, person.id, "refresher")
    assert done is not None
    assert done.completed_at is not None
    assert [part.kind for part in done.parts if part.kind == "change"] == []
    after = attempt(session, person.id, found.attempt_id)
    assert after is not None
    assert [item.version for item in after.items] == [item.version for item in asked.items]
    left = actions.update_for(session, anew, person.id, None, "Europe/London")
    assert left is not None
    assert [one.ref for one in left.changes] == [REF]


def revoke_it(session: Session, person: Person) -> None:
    number = session.execute(select(Certificate.number).where(Certificate.person_id == person.id)).scalar_one()
    revoke(make_context(session, None, now()), number, "a mistake")


def open_the_window(session: Session, _person: Person) -> None:
    today = this_day()
    add_policy_version(make_context(session, None, now()), Policy(today, window_days=300, applies="now"), "sooner")


def do_nothing(_session: Session, _person: Person) -> None:
    """The update stays as it is."""


@pytest.mark.both_engines
@pytest.mark.parametrize(
    ("happens", "said", "link"),
    [
        (do_nothing, "Carry on", ""),
        (revoke_it, "You need the whole course now, and what changed is part of it.", "Go to the course"),
        (open_the_window, "It is time for your refresher, and what changed is part of it.", "Go to my refresher"),
    ],
)
def test_an_update_that_is_no_longer_needed_says_why_and_asks_nothing_more(
    session: Session, client: Client, library: Library, teach: Teach,
    happens: Callable[[Session, Person], None], said: str, link: str,
) -> None:  # fmt: skip
    person = make_completed(session, library, ago=timedelta(days=90))
    teach(28)
    sign_in(client, person)
    where = client.post("/refresher/update", {}).location
    found = queries.newest_refresher(session, person.id, "update")
    assert found is not None
    happens(session, person)
    session.commit()
    page = client.get("/refresher/update")
    assert said in page.text
    if not link:
        assert client.get(where).status == 200
        return
    assert "The update that you began is not needed any more." in page.text
    assert link in page.text
    assert "See what has changed" not in client.get("/").text
    for path in (where, f"/attempt/{found.attempt_id}"):
        assert client.get(path, 303).location == "/refresher/update"
    assert client.post(where, {}).location == "/refresher/update"
    reads = select(func.count()).select_from(PageRead).where(PageRead.enrolment_id == found.id)
    assert session.execute(reads).scalar() == 0


@pytest.mark.both_engines
def test_an_overdue_update_does_not_ask_for_it_by_the_past_due_date(
    session: Session, client: Client, library: Library, teach: Teach
) -> None:
    sign_in(client, make_completed(session, library, ago=timedelta(days=90)))
    teach(28)
    assert "Finish by" in client.get("/").text
    assert "Please look at it by" in client.get("/refresher/update").text
    session.execute(update(ContentVersion).values(first_shown_at=now() - timedelta(days=40)))
    session.commit()
    page = client.get("/refresher/update").text
    assert "You were asked to look at it by" in page
    assert "Please look at it by" not in page
    home = client.get("/").text
    assert "It was due on" in home
    assert "Finish by" not in home


def test_an_update_after_an_earlier_certificate_was_withdrawn_leads_to_the_course(
    session: Session, client: Client, teach: Teach
) -> None:
    person, today, at = make_person(session), this_day(), now()
    import_completion(
        make_context(session, None, at),
        person.id,
        ExternalCompletion(today - timedelta(days=90), None, "A", "initial"),
        "seen",
    )
    session.commit()
    teach(28)
    sign_in(client, person)
    client.post("/refresher/update", {})
    assert "Carry on" in client.get("/refresher/update").text
    (brought,) = open_facts(session, person.id)["certificate"]
    withdraw_fact(make_context(session, None, at), person.id, "certificate", brought, "not hers")
    session.commit()
    page = client.get("/refresher/update")
    assert "You need the whole course now" in page.text
    assert "Nothing has changed" not in page.text
