"""The refresher as a unit of its own, from the launch to the renewed certificate, as the platform sees it."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.certificates.models import Certificate
from course.clock import now
from course.cmi5.jobs import end_idle_sessions, send_session_statements
from course.cmi5.models import Cmi5Account
from course.content.schema import Question
from course.people.models import Person
from tests.cmi5.platform import FakePlatform
from tests.pages import Client, Page
from tests.refreshers.makers import make_completed
from tests.refreshers.refresher_steps import answer_all, begin_on_page, finish_scenario
from tests.xapi.ralph.running import faults


def _send(app: Flask, later: timedelta = timedelta()) -> int:
    with app.app_context():
        end_idle_sessions(now() + later)
        return send_session_statements(lambda: now() + later)


def _arrive(client: Client, platform: FakePlatform, **data: object) -> Page:
    return client.follow(client.follow(client.get(platform.launch(unit="refresher", **data), 303), 303))  # type: ignore[arg-type]


def _known_learner(app: Flask, session: Session, platform: FakePlatform) -> Person:
    """Somebody whose certificate ends soon, and whom the platform knows."""
    library = app.extensions["course"].library.for_("school", "england")
    person = make_completed(session, library)
    session.add(
        Cmi5Account(
            platform_id=platform.id, home_page="https://lms.example.org", name="u-17", person_id=person.id,
            linked_at=now(), last_used_at=now(), ended_at=None, ended_by=None,
        )
    )  # fmt: skip
    session.commit()
    return person


def _certificates(session: Session) -> int:
    session.expire_all()
    return session.execute(select(func.count()).select_from(Certificate)).scalar_one()


def test_a_refresher_is_told_when_it_is_done_over_two_sessions_and_an_earlier_one_never_is(
    app: Flask, client: Client, session: Session, platform: FakePlatform
) -> None:
    person = _known_learner(app, session, platform)
    before = _certificates(session)
    page = _arrive(client, platform, masteryScore=1.0)
    assert page.h1 == "My refresher"
    _send(app)
    # The certificate that is valid says nothing of a refresher; neither does one that is only begun.
    assert platform.launches[0].verbs == ["initialized"]
    begin_on_page(client)
    finish_scenario(app, client, person, session)
    assert _send(app) == 0
    # Two hours later the session has ended by itself; the refresher goes on in another one of the same registration.
    _send(app, timedelta(hours=3))
    assert platform.launches[0].verbs == ["initialized", "terminated"]
    _arrive(client, platform, registration=platform.launches[0].registration, masteryScore=1.0)
    missed: set[str] = set()

    def second_time(question: Question) -> bool:
        """Three points are missed once; a refresher asks them again with another question."""
        is_missed = len(missed) < 3 and not missed & set(question.points)
        missed.update(question.points if is_missed else ())
        return not is_missed

    answer_all(app, client, person, second_time)
    assert _certificates(session) == before + 1
    _send(app)
    client.post("/cmi5/leave", {}, 200)
    _send(app)
    second = platform.launches[1]
    assert second.verbs in (
        ["initialized", "passed", "completed", "terminated"],
        ["initialized", "completed", "passed", "terminated"],
    )
    passed = next(one for one in second.statements if one["verb"]["id"].endswith("/passed"))
    # What was missed was asked again, and was right in the end.
    assert missed
    assert passed["result"]["score"]["scaled"] == 1
    assert passed["object"]["id"] == platform.activity
    # Who is given it again, a minute after, is not told as done by what was done before.
    platform.activity = "https://lms.example.org/activities/52"
    _arrive(client, platform)
    client.post("/cmi5/leave", {}, 200)
    _send(app)
    assert platform.launches[2].verbs == ["initialized", "terminated"]
    assert platform.refused == []
    statements = [one for launch in platform.launches for one in launch.statements]
    broken = {**passed, "result": {"score": {"scaled": 1.5}}}
    assert {one.partition(":")[0] for one in faults([*statements, broken])} == {str(len(statements))}
