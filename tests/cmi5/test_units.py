"""Modules and the refresher as units of their own, and the accounts of a platform."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from lxml import etree
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from course.audit.models import AuditEntry
from course.clock import now
from course.cmi5.jobs import end_idle_sessions, find_complete_modules, send_session_statements
from course.cmi5.models import Cmi5Account, Cmi5Platform
from course.content.library import Library
from course.people.models import Person
from tests.cmi5.platform import FakePlatform
from tests.cmi5.test_rules import broken_rules
from tests.makers import PASSWORD, set_password
from tests.pages import Client, Page
from tests.walking import Learner, never


def _send(app: Flask, later: timedelta = timedelta()) -> int:
    with app.app_context():
        find_complete_modules(now() + later)
        end_idle_sessions(now() + later)
        return send_session_statements(lambda: now() + later)


def _arrive(client: Client, path: str) -> Page:
    return client.follow(client.follow(client.get(path, 303), 303))


def _learner(app: Flask, client: Client, session: Session, course: Library) -> Learner:
    person = session.execute(select(Cmi5Account.person_id).order_by(Cmi5Account.id.desc())).scalars().first()
    found = Learner(app, client, person or 0)
    found.library = course.for_("school", "england")
    return found


def test_a_module_is_told_in_its_own_session_when_it_is_complete_and_the_course_in_another(
    app: Flask, client: Client, session: Session, sample_course: Library, platform: FakePlatform
) -> None:
    module = next(iter(sample_course.for_("school", "england").modules.values()))
    path = platform.launch(unit=f"module-{module.id}", moveOn="Completed")
    page = _arrive(client, path)
    assert "We report there when you complete this module." in page.text
    assert page.h1 == module.title
    client.get("/cmi5/launch/module-none?x", 404)
    learner = _learner(app, client, session, sample_course)
    learner.read(module)
    for scenario in module.scenarios:
        learner.scenario(module, scenario)
    learner.timeline(module)
    learner.check(module, never)
    assert _send(app) == 0  # neither complete nor passed
    learner.check(module)
    _send(app)
    (made,) = platform.launches
    assert sorted(made.verbs) == ["completed", "initialized", "passed"]
    client.post("/cmi5/leave", {}, 200)
    _send(app)
    assert made.verbs[-1] == "terminated"
    # A module that was complete before is told at once; the whole course, and the refresher, are not.
    for unit in (f"module-{module.id}", "course", "refresher"):
        platform.activity = f"https://lms.example.org/activities/{unit}"
        _arrive(client, platform.launch(unit=unit))
        _send(app)
        client.post("/cmi5/leave", {}, 200)
        _send(app)
    assert [sorted(one.verbs) for one in platform.launches[1:]] == [
        ["completed", "initialized", "passed", "terminated"], ["initialized", "terminated"], ["initialized", "terminated"],
    ]  # fmt: skip
    assert platform.refused == []


def test_a_check_that_is_failed_is_told_at_the_end_and_what_ended_last_is_not_missed(
    app: Flask, client: Client, session: Session, sample_course: Library, platform: FakePlatform
) -> None:
    module = next(iter(sample_course.for_("school", "england").modules.values()))
    _arrive(client, platform.launch(unit=f"module-{module.id}"))
    learner = _learner(app, client, session, sample_course)
    learner.check(module, never)
    client.post("/cmi5/leave", {}, 200)
    _arrive(client, platform.launch(unit=f"module-{module.id}"))
    learner.module(module)
    # No job has looked yet: leaving looks once more.
    client.post("/cmi5/leave", {}, 200)
    _send(app)
    assert [sorted(one.verbs) for one in platform.launches] == [
        ["failed", "initialized", "terminated"], ["completed", "initialized", "passed", "terminated"],
    ]  # fmt: skip
    assert platform.refused == []


def test_an_administrator_chooses_the_units_and_sees_and_unlinks_accounts(
    app: Flask, client: Client, session: Session, platform: FakePlatform
) -> None:
    _arrive(client, platform.launch())
    admin = Client(app)
    admin.post("/sign-in", {"email": "alex@example.org", "password": PASSWORD})
    document = admin.flask.get("/system/cmi5/cmi5.xml?part=modules&part=refresher&part=other").data
    assert broken_rules(document) == []
    addresses = [one.text.rpartition("/")[2] for one in etree.fromstring(document).iter("{*}url") if one.text]
    modules = app.extensions["course"].library.modules
    assert addresses == ["refresher", *(f"module-{one}" for one in modules)]
    overview = admin.get("/system/cmi5")
    assert "1 account" in overview.text
    page = admin.get(f"/system/cmi5/platforms/{platform.id}/accounts")
    assert "Robin Field" in page.text
    assert "u-17" in page.text
    account, person = session.execute(select(Cmi5Account.id, Cmi5Account.person_id)).one()
    shown = admin.follow(admin.post(f"/system/cmi5/platforms/{platform.id}/accounts/{account}/unlink", page.fields(0)))
    assert "no longer linked" in shown.text
    assert not client.is_signed_in()
    assert client.get("/", 303).location.startswith("/sign-in")
    entries = select(AuditEntry.subject_id).where(AuditEntry.what == "cmi5.unlinked")
    assert session.execute(entries).scalars().all() == [person]
    _send(app)
    assert platform.launches[-1].verbs == ["initialized", "terminated"]
    # The account is unknown now: its next launch is another person, or nobody.
    session.execute(update(Cmi5Platform).values(makes_accounts=False))
    session.commit()
    assert "There is no account for you" in Client(app).get(platform.launch(), 403).text
    session.execute(update(Cmi5Platform).values(makes_accounts=True))
    session.commit()
    _arrive(Client(app), platform.launch())
    session.expire_all()
    people = select(Cmi5Account.person_id).where(Cmi5Account.ended_at.is_(None))
    assert session.execute(people).scalar_one() != person
    assert len(session.execute(select(Person.id).where(Person.name == "Robin Field")).all()) == 2
    assert Client(app).get(f"/system/cmi5/platforms/{platform.id}/accounts", 303).location.startswith("/sign-in")


def test_who_unlinks_their_own_account_ends_the_session_from_there_and_the_platform_hears_so(
    app: Flask, client: Client, session: Session, platform: FakePlatform
) -> None:
    _arrive(client, platform.launch())
    account, person = session.execute(select(Cmi5Account.id, Cmi5Account.person_id)).one()
    at_home = Client(app)
    set_password(session, person, PASSWORD)
    session.execute(update(Person).where(Person.id == person).values(email="robin@example.org"))
    session.commit()
    at_home.post("/sign-in", {"email": "robin@example.org", "password": PASSWORD})
    page = at_home.get("/me/platforms")
    assert "Only an administrator can bring together" in page.text
    at_home.post(f"/me/platforms/cmi5/{account}/unlink", {})
    assert "no longer linked to you" in at_home.get("/me/platforms").text
    assert at_home.is_signed_in()
    assert not client.is_signed_in()
    _send(app)
    assert platform.launches[-1].verbs == ["initialized", "terminated"]
    entries = select(AuditEntry.actor_id, AuditEntry.subject_id).where(AuditEntry.what == "cmi5.unlinked")
    assert session.execute(entries).all() == [(person, person)]
