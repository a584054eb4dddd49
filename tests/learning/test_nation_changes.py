"""The nation of a team changes while somebody is in the middle of a module: what they did stays, and they go on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.certificates.actions import issue_certificate
from course.certificates.models import Certificate
from course.context import make_context
from course.learning import queries
from course.learning.events import CourseCompleted
from course.learning.models import Completion, PageRead
from course.people.actions import join_team, set_team_setting
from tests.conftest import NOW
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client
from tests.supervised_sessions.makers import make_hall
from tests.walking import Learner

PAGE = "/module/responding/what-the-law-asks"
OF_ENGLAND, OF_WALES = "In England", "In Wales"


@pytest.mark.both_engines
def test_who_is_in_the_middle_of_a_module_finishes_what_they_began_and_reads_on_in_the_new_nation(
    app: Flask, session: Session, client: Client
) -> None:
    home = make_team(session, "Bryn House")
    person, neighbour = make_person(session, team=home), make_person(session, "Ann Lee", "ann@example.org")
    sign_in(client, person)
    learner = Learner(app, client, person.id)
    module = learner.library.modules["responding"]
    assert OF_ENGLAND in client.get(PAGE).text
    learner.read(module)
    read = session.execute(select(func.count()).select_from(PageRead)).scalar_one()
    begun = client.post("/module/responding/check", {}).location
    attempt = queries.attempts(session, person.id)[-1]
    set_team_setting(make_context(session, None, NOW + timedelta(days=1)), home.id, "nation", "wales")
    session.commit()
    page = client.get(PAGE)
    assert OF_WALES in page.text
    assert OF_ENGLAND not in page.text
    # The attempt goes on with its questions, and every page stays read.
    assert client.post("/module/responding/check", {}).location == begun
    assert "question" in client.get(begun).html
    learner.answer_all(client.post("/module/responding/check", {}))
    session.expire_all()
    after = queries.attempts(session, person.id)[-1]
    assert (after.id, [item.question_id for item in after.items]) == (
        attempt.id,
        [one.question_id for one in attempt.items],
    )
    assert after.finished_at is not None
    assert session.execute(select(func.count()).select_from(PageRead)).scalar_one() == read
    # What was read stays as it was read.
    read_id = next(
        one.id for one in queries.pages_read(session, person.id) if one.ref == "responding/what-the-law-asks"
    )
    assert OF_ENGLAND in client.get(f"/record/page/{read_id}").text
    # A person of another team reads what they read before, and a move is a change for its person alone.
    other = sign_in(Client(app), neighbour)
    assert OF_ENGLAND in other.get(PAGE).text
    join_team(make_context(session, None, NOW + timedelta(days=2)), neighbour.id, home.id, False)
    session.commit()
    assert OF_WALES in other.get(PAGE).text


@pytest.mark.both_engines
def test_pages_that_a_group_read_on_paper_are_those_of_the_nation_of_each_persons_team(
    app: Flask, session: Session
) -> None:
    hall = make_hall(app, session)
    set_team_setting(make_context(session, None, NOW), hall.team.id, "nation", "wales")
    session.commit()
    manager = hall.manager()
    address = hall.plan("module:responding", manager)
    assert manager.get(f"/paper/responding?session={address.rpartition('/')[2]}").fields()["nation"] == "wales"
    form = {"person": [str(hall.sam.id)], "witness": "Lee Ward", "read_together": "y"}
    manager.post(f"{address}/attendance", form)
    read_id = next(
        one.id for one in queries.pages_read(session, hall.sam.id) if one.ref == "responding/what-the-law-asks"
    )
    session.commit()
    page = sign_in(Client(app), hall.sam).get(f"/record/page/{read_id}")
    assert OF_WALES in page.text
    assert OF_ENGLAND not in page.text


@pytest.mark.both_engines
def test_a_certificate_has_the_title_of_its_day_whatever_the_team_is_called_later(
    session: Session, client: Client
) -> None:
    school = make_team(session, "Oakfield")
    person = make_person(session, team=school)
    set_team_setting(make_context(session, None, NOW), school.id, "title", "Oakfield Primary School")
    completion = Completion(
        enrolment_id=queries.enrolment_id(session, person.id), completed_at=NOW, content_version="v", edition="0.3"
    )
    session.add(completion)
    session.flush()
    event = CourseCompleted(
        completion.id, person.id, "initial", NOW, NOW.date(), "Online abuse", "0.3", "v1", 12, "school",
        170, (),
    )  # fmt: skip
    issue_certificate(session, event)
    session.commit()
    issued = session.execute(select(Certificate)).scalar_one()
    assert issued.organisation == "Oakfield Primary School"
    set_team_setting(make_context(session, None, NOW + timedelta(days=1)), school.id, "title", "Oakfield Academy")
    session.commit()
    session.expire_all()
    assert session.execute(select(Certificate.organisation)).scalar_one() == "Oakfield Primary School"
    assert "Oakfield Primary School" in client.get(f"/verify/{issued.number}").text
