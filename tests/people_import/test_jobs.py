"""The jobs of a list: its preview when it is long, and going on with what another worker has begun. On both engines."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from course.clock import now
from course.context import make_context
from course.jobs.actions import cancel_job, claim_job, enqueue
from course.jobs.models import Job
from course.jobs.rules import Claim
from course.people.models import Person
from course.people_import import actions, jobs, queries, views
from course.people_import.jobs import IMPORT, PREVIEW, import_key
from course.people_import.models import PeopleImport
from course.people_import.rules.parsing import parse_and_pack
from course.server.jobs import REGISTRY
from course.web.unit_of_work import read_only_session, unit_of_work
from tests.conftest import NOW
from tests.makers import make_organisation, make_person, sign_in
from tests.pages import Client
from tests.people_import.lists import ZONE, look
from tests.support.jobs import run_waiting_jobs
from tests.support.rows import count

LIST = "Email,Name,Team,Site\n" + "".join(f"p{n}@example.org,Person {'ABCDEFGH'[n]},North,South\n" for n in range(6))
LONG_AGO = timedelta(minutes=10)


@contextmanager
def writing(app: Flask) -> Iterator[Session]:
    """A unit of work. A context of the application must not be open while a page is asked for."""
    with app.app_context(), unit_of_work() as session:
        yield session


@contextmanager
def reading(app: Flask) -> Iterator[Session]:
    with app.app_context(), read_only_session() as session:
        yield session


def resume(app: Flask) -> list[int]:
    with app.app_context():
        return jobs.resume_interrupted(now())


@pytest.fixture
def office(committed: Flask) -> Flask:
    """An organisation, on a database that really commits."""
    with writing(committed) as session:
        make_organisation(session)
    return committed


@pytest.fixture
def client(office: Flask, monkeypatch: pytest.MonkeyPatch) -> Client:
    """An administrator, for whom a list of four rows is long."""
    monkeypatch.setattr(views, "MAX_ROWS_AT_ONCE", 3)
    with writing(office) as session:
        boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator")
    return sign_in(Client(office), boss)


def upload(office: Flask) -> int:
    with writing(office) as session:
        return actions.store_upload(make_context(session, None, now()), "staff.csv", parse_and_pack(LIST.encode()))


def import_jobs(office: Flask, kind: str) -> list[Job]:
    with reading(office) as session:
        return list(session.execute(select(Job).where(Job.kind == kind).order_by(Job.id)).scalars())


def claim_and_die(office: Flask) -> Claim:
    """What is left of a worker that claimed a job ten minutes ago and was killed."""
    with writing(office) as session:
        claimed = claim_job(session, "general", REGISTRY.of_lane("general"), "killed", now() - LONG_AGO)
        assert claimed is not None
        return claimed.claim


def begin_import(office: Flask) -> int:
    """A list that somebody has asked to be applied ten minutes ago, with its job."""
    with writing(office) as session:
        import_id, plan = look(session, LIST)
    with writing(office) as session:
        context = make_context(session, None, now() - LONG_AGO)
        assert actions.begin_apply(context, import_id, plan.fingerprint)
        assert enqueue(context, IMPORT, {"import_id": import_id}, import_key(import_id))
    return import_id


def write_some(office: Flask, import_id: int) -> None:
    """Write the first portion of a list, as the worker did that was killed."""
    with reading(office) as session:
        table = queries.stored_table(session, import_id)
        assert table is not None
        draft = queries.draft_import(session, table, queries.import_choices(session, import_id, table), ZONE, NOW)
    with writing(office) as session:
        actions.start_writing(session, import_id, draft.journal, now() - LONG_AGO)
    with writing(office) as session:
        steps, _ = queries.stored_journal(session, import_id)
        context = make_context(session, None, now() - LONG_AGO)
        assert actions.apply_portion(context, import_id, steps[:2], {}, lambda: True) == 2


@pytest.mark.parametrize("written", [False, True])
def test_the_job_of_a_list_whose_worker_was_killed_goes_on_and_says_so(office: Flask, written: bool) -> None:
    import_id = begin_import(office)
    claim_and_die(office)
    if written:
        write_some(office, import_id)
    (job,) = import_jobs(office, IMPORT.name)
    assert (job.state, job.attempts) == ("running", 1)
    assert resume(office) == [], "its job is there already"
    run_waiting_jobs(office)
    (job,) = import_jobs(office, IMPORT.name)
    assert (job.state, job.attempts, job.failure, job.stage) == ("done", 2, None, "Ready")
    with reading(office) as session:
        assert count(session, Person) == 6
        assert session.get_one(PeopleImport, import_id).applied_at is not None


def test_a_list_whose_worker_died_at_each_attempt_gets_a_job_of_its_own_again(office: Flask) -> None:
    import_id = begin_import(office)
    claim_and_die(office)
    write_some(office, import_id)
    with writing(office) as session:
        session.execute(update(Job).values(attempts=IMPORT.attempts, state="failed", ended_at=now()))
    assert resume(office) == [import_id]
    assert resume(office) == []
    assert [job.state for job in import_jobs(office, IMPORT.name)] == ["failed", "waiting"]
    run_waiting_jobs(office)
    assert [job.state for job in import_jobs(office, IMPORT.name)] == ["failed", "done"]
    with reading(office) as session:
        assert count(session, Person) == 6


def test_a_long_list_is_previewed_by_one_job_however_often_the_button_is_pressed(office: Flask, client: Client) -> None:
    import_id = upload(office)
    address = f"/people/import/{import_id}"
    form = client.get(f"{address}/columns").fields() | {"csrf_token": client.token(), "team": "2"}
    for _ in range(25):
        assert client.flask.post(f"{address}/columns", data=form).status_code == 303
    assert len(import_jobs(office, PREVIEW.name)) == 1
    page = client.get(address)
    assert "Making the preview" in page.text
    assert "Check progress" in page.text
    assert page.all("section")[0].get("data-wait") is not None
    run_waiting_jobs(office)
    assert [job.state for job in import_jobs(office, PREVIEW.name)] == ["done"]
    page = client.get(address)
    assert "Nothing has changed yet." in page.text
    assert "North" in page.text
    client.post(f"{address}/apply", page.fields() | {"mark": mark(office, import_id)})
    assert "Applied on" in client.get(address).text


def mark(office: Flask, import_id: int) -> str:
    with reading(office) as session:
        return session.get_one(PeopleImport, import_id).mark or ""


def test_the_preview_is_that_of_the_newest_choices_also_while_it_is_made(
    office: Flask, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_id = upload(office)
    address = f"/people/import/{import_id}/columns"
    form = client.get(address).fields() | {"csrf_token": client.token(), "team": "2"}
    assert client.flask.post(address, data=form).status_code == 303
    drafted: list[queries.ImportDraft] = []
    draft = queries.draft_import

    def draft_while_somebody_changes_the_columns(*arguments: object) -> queries.ImportDraft:
        made = draft(*arguments)  # type: ignore[arg-type]
        if not drafted:
            with ThreadPoolExecutor(1) as other:
                changed = form | {"team": "3", "form_key": "again"}
                status = other.submit(lambda: client.flask.post(address, data=changed).status_code).result()
            assert status == 303
        drafted.append(made)
        return made

    monkeypatch.setattr(queries, "draft_import", draft_while_somebody_changes_the_columns)
    run_waiting_jobs(office)
    assert [job.state for job in import_jobs(office, PREVIEW.name)] == ["done"]
    assert len(drafted) == 2
    assert mark(office, import_id) == drafted[1].plan.fingerprint
    assert ("South",) in tuple(drafted[1].plan.new_teams)


def test_what_was_chosen_is_kept_when_the_preview_is_not_made(office: Flask, client: Client) -> None:
    import_id = upload(office)
    address = f"/people/import/{import_id}"
    form = client.get(f"{address}/columns").fields() | {"csrf_token": client.token(), "team": "3", "invites": "y"}
    assert client.flask.post(f"{address}/columns", data=form).status_code == 303
    (job,) = import_jobs(office, PREVIEW.name)
    with writing(office) as session:
        assert cancel_job(session, job.id, now())
    page = client.follow(client.flask_page(address))
    assert "There is no previewIt was cancelled." in page.text
    fields = page.fields()
    assert (fields["team"], fields["invites"]) == ("3", "y")


def test_a_short_list_is_previewed_at_once(office: Flask, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "MAX_ROWS_AT_ONCE", 6)
    import_id = upload(office)
    address = f"/people/import/{import_id}"
    form = client.get(f"{address}/columns").fields() | {"csrf_token": client.token()}
    assert client.flask.post(f"{address}/columns", data=form).status_code == 303
    assert import_jobs(office, PREVIEW.name) == []
    assert "Nothing has changed yet." in client.get(address).text


def test_a_decision_about_a_long_list_is_kept_and_previewed_by_a_job(office: Flask, client: Client) -> None:
    with writing(office) as session:
        make_person(session, "Person A", "other@example.org", "learner")
    import_id = upload(office)
    address = f"/people/import/{import_id}"
    client.post(f"{address}/columns", client.get(f"{address}/columns").fields())
    client.post(f"{address}/again", {})
    assert [job.state for job in import_jobs(office, PREVIEW.name)] == ["done", "done"]
    assert "Nothing has changed yet." in client.get(address).text


def keep(session: Session, import_id: int, team: int) -> bool:
    table = queries.stored_table(session, import_id)
    assert table is not None
    choices = queries.ImportChoices({"email": 0, "name": 1, "team": team})
    return actions.keep_preview_of_choices(session, import_id, table, choices, queries.PackedPreview("{}", "f"))


def test_a_preview_of_other_choices_is_not_stored(office: Flask) -> None:
    import_id = upload(office)
    with writing(office) as session:
        table = queries.stored_table(session, import_id)
        assert table is not None
        chosen = queries.ImportChoices({"email": 0, "name": 1, "team": 2})
        assert actions.store_choices(session, import_id, table, chosen)
        assert not keep(session, import_id, 3)
        assert session.get_one(PeopleImport, import_id).mark is None
        assert keep(session, import_id, 2)
        assert session.get_one(PeopleImport, import_id).mark == "f"
