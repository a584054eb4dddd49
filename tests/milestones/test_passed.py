"""Passing is the certificate: the page after the last answer, telling a manager, and what comes next."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.audit.models import AuditEntry
from course.certificates.models import Certificate
from course.clock import now
from course.content.library import Library
from course.context import make_context
from course.learning import actions, queries
from course.learning.rules.grading import SubmittedAnswer
from course.organisation.actions import set_signatory
from course.organisation.queries import signatory
from course.people.models import Membership
from tests.learning.finishing import answer_but_last, make_nearly_complete
from tests.learning.givens import wrong
from tests.makers import make_person, make_team, sign_in
from tests.milestones.makers import make_module_done
from tests.pages import Client
from tests.refreshers.makers import make_completed
from tests.support.outbox import rendered_mails

pytestmark = pytest.mark.both_engines


@pytest.fixture
def library(app: Flask) -> Library:
    found: Library = app.extensions["course"].library.for_("school", "england")
    return found


def test_the_last_right_answer_leads_to_the_certificate_itself(
    session: Session, client: Client, library: Library
) -> None:
    person = make_person(session)
    for module in library.modules.values():
        make_module_done(session, library, person.id, module, now())
    attempt = actions.begin_final(make_context(session, person.id, now()), library)
    address, form = answer_but_last(session, library, person.id, attempt, now())
    session.commit()
    sign_in(client, person)
    page = client.follow(client.post(address, form))
    assert page.h1 == "You have passed, Sam"
    assert f"{len(library.taught_points)} of {len(library.taught_points)} points." in page.text
    (sheet,) = [one for one in page.all("article") if one.get("class") == "cert"]
    shown = " ".join("".join(sheet.itertext()).split())
    for words in ("Riverside Trust", "Sam Okafor", "Online abuse: learning from case reviews", "Valid to the end of"):
        assert words in shown
    lights = [one for one in page.all("ol") if one.get("class") == "lights"]
    assert [str(m.title) for m in library.modules.values()] == ["".join(li.itertext()) for li in lights[0]]
    links = {link.get("href") for link in page.all("a")}
    number = session.execute(select(Certificate.number)).scalar_one()
    assert {f"/certificate/{number}.pdf", f"/certificate/{number}.json"} <= links


def test_a_point_that_was_wrong_in_the_end_is_named_with_its_page(
    session: Session, client: Client, library: Library
) -> None:
    """Somebody passed with 42 of 43 points, and the page did not say which one to read again."""
    person = make_person(session)
    for module in library.modules.values():
        make_module_done(session, library, person.id, module, now())
    context = make_context(session, person.id, now())
    attempt = queries.attempt(session, person.id, actions.begin_final(context, library))
    assert attempt is not None
    missed = next(item for item in attempt.items if not library.points[item.point].safety_critical)
    given = SubmittedAnswer(wrong(library.answerable[missed.question_id]), "sure")
    actions.submit_answer(context, library, attempt, missed.position, given)
    address, form = answer_but_last(session, library, person.id, attempt.id, now())
    session.commit()
    sign_in(client, person)
    page = client.follow(client.post(address, form))
    assert page.h1 == "You have passed, Sam"
    links = {link.get("href"): "".join(link.itertext()) for link in page.all("a")}
    assert links["/module/" + "/".join(library.pages_by_point[missed.point])] == library.points[missed.point].title


def test_the_last_step_of_a_module_leads_to_the_certificate_too(
    session: Session, client: Client, library: Library
) -> None:
    person = make_person(session)
    last = make_nearly_complete(session, library, person.id, now())
    session.commit()
    sign_in(client, person)
    client.post(*last.answer)
    client.post(*last.decision)
    page = client.get(f"{last.decision[0]}/debrief")
    assert "/certificate/passed" in {link.get("href") for link in page.all("a")}


def test_without_a_certificate_there_is_nothing_to_show(session: Session, client: Client) -> None:
    sign_in(client, make_person(session))
    assert client.get("/certificate/passed", 303).location == "/certificate"
    assert client.post("/certificate/passed/manager", {}).location == "/certificate"


def test_a_manager_is_told_once_and_hears_nothing_of_answers(
    app: Flask, session: Session, client: Client, library: Library
) -> None:
    person = make_completed(session, library, timedelta(days=1))
    team = make_team(session)
    make_person(session, "Ann Hill", "ann@example.org", "manager", team=team)
    session.add(Membership(person_id=person.id, team_id=team.id, since=now()))
    session.commit()
    sign_in(client, person)
    assert "Ann Hill will get an e-mail" in client.get("/certificate/passed").text
    page = client.follow(client.post("/certificate/passed/manager", {}))
    assert "Sent to Ann Hill." in page.text
    assert "You sent this to Ann Hill." in page.text
    page = client.follow(client.post("/certificate/passed/manager", {}))
    assert "Ann Hill had this mail before." in page.text
    (mail,) = rendered_mails(app, session, "passed:")
    assert mail.recipient == "ann@example.org"
    text = " ".join(mail.text.split())
    assert "Sam Okafor has completed" in text
    assert "/verify/" in text
    for secret in ("score", "attempt", "point", "%", "question"):
        assert secret not in text.lower()
    entries = session.execute(select(AuditEntry.what).where(AuditEntry.what == "certificate.manager_notified"))
    assert len(entries.scalars().all()) == 1


def test_without_a_manager_nobody_is_told(app: Flask, session: Session, client: Client, library: Library) -> None:
    person = make_completed(session, library, timedelta(days=1))
    sign_in(client, person)
    assert "Tell my manager" not in client.get("/certificate/passed").text
    page = client.follow(client.post("/certificate/passed/manager", {}))
    assert "No manager is named for your team, so nothing was sent." in page.text
    assert rendered_mails(app, session, "passed:") == []


def test_a_certificate_keeps_who_signed_it_and_older_ones_name_nobody(
    session: Session, client: Client, library: Library
) -> None:
    boss = make_person(session, "Alex Morgan", "boss@example.org", "administrator")
    before = make_completed(session, library, timedelta(days=2), email="before@example.org")
    set_signatory(make_context(session, boss.id, now()), " Helen Marsh ", "Head of Safeguarding")
    assert (signatory(session).name, signatory(session).role) == ("Helen Marsh", "Head of Safeguarding")
    person = make_completed(session, library, timedelta(days=1))
    set_signatory(make_context(session, boss.id, now()), "Somebody Else", "Chair")
    session.commit()
    rows = select(Certificate.person_id, Certificate.signatory_name, Certificate.signatory_role)
    found = {row[0]: tuple(row[1:]) for row in session.execute(rows)}
    assert found == {before.id: ("", ""), person.id: ("Helen Marsh", "Head of Safeguarding")}
    assert "Signed by" in sign_in(client, person).get("/certificate/passed").text
    whats = session.execute(select(AuditEntry.what)).scalars().all()
    assert whats.count("organisation.signatory_changed") == 2
    set_signatory(make_context(session, boss.id, now()), "", "Chair")
    assert (signatory(session).name, signatory(session).role) == ("", "")


def test_a_certificate_names_the_modules_and_an_older_one_what_it_named(
    session: Session, client: Client, library: Library
) -> None:
    person = make_completed(session, library, timedelta(days=1))
    number = session.execute(select(Certificate.number)).scalar_one()
    sign_in(client, person)
    assert "Looked-after children and secret contact" in client.get(f"/certificate/{number}").text
    row = session.execute(select(Certificate)).scalar_one()
    row.sections = "Background\nPolicy"
    session.commit()
    page = client.get(f"/certificate/{number}")
    assert not [one for one in page.all("ol") if one.get("class") == "lights"]
