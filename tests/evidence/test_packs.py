"""Packs on their pages and by command: whom they name, as at which day, and who may download them."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from course.analytics.actions import DiscussionEntry, record_discussion
from course.analytics.rules.suppression import monday_of
from course.clock import now
from course.content.fact_reviews import reviews_by_status
from course.context import make_context
from course.credentials.actions import rotate_key
from course.credentials.queries import keys
from course.dates import civil_date, start_of_day
from course.evidence.builder import PackRequest
from course.evidence.jobs import PACK, produce_pack
from course.evidence.rules.pack import verify_pack
from course.exports.actions import delete_old_files, request_file, store_file
from course.exports.models import Download
from course.exports.rules import RETENTION_PERIODS, FileRequest
from course.jobs.actions import claim_job, report_progress
from course.jobs.rules import JobRun
from course.organisation.models import Organisation
from course.people.actions import change_identity, change_team, grant_role, record_departure
from course.people.models import Membership, Person, Team
from course.people.rules import COMMAND_VIEWER, PersonIdentity
from course.recertification.actions import grant_extension
from course.recertification.models import RenewalExtension, RenewalPause
from course.reports.status_cache import StatusCache
from course.web.template_filters import format_date
from tests.analytics.answering import answer, publish
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client
from tests.refreshers.makers import make_completed
from tests.support.days import this_day

ZONE = "Europe/London"
PAST = now() - timedelta(days=500)
Files = dict[str, bytes]


def make_pack(client: Client, team: object, on: object) -> Files:
    """Request a pack on the page, and download it. The whole ZIP file is under the key ""."""
    page = client.follow(client.post("/evidence", {"team": str(team or ""), "on": str(on)}))
    assert "The pack is ready" in page.text
    data = client.post(f"{page.all('form')[-1].get('action')}", {}, 200).body
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {"": data, **{name: archive.read(name) for name in archive.namelist()}}


def table(files: Files, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(files[name].decode("utf-8-sig"), newline="")))


def pdf_text(files: Files) -> str:
    pages = PdfReader(io.BytesIO(files["evidence.pdf"])).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def make_history(app: Flask, session: Session) -> tuple[Person, Team, Team]:
    """An organisation with a history: one person completed the course, one has left since, one is in another team."""
    boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator", at=PAST)
    session.execute(update(Organisation).values(set_up_at=PAST))
    elm, oak = make_team(session, "Elm"), make_team(session, "Oak")
    elm.opened_at = oak.opened_at = PAST
    session.commit()
    library = app.extensions["course"].library.for_("school", "england")
    make_completed(session, library, timedelta(days=100), email="done@example.org").name = "=Done Early"
    leaver = make_person(session, "Gone Long", "gone@example.org", team=elm, at=PAST)
    kim = make_person(session, "Kim 李 محمد", "kim@example.org", team=elm, at=PAST)
    make_person(session, "Far Away", "far@example.org", team=oak, at=PAST)
    granted_at = PAST + timedelta(days=3)
    leave_values = {
        "recorded": civil_date(granted_at, ZONE),
        "until": civil_date(granted_at, ZONE),
        "reason": "was ill",
        "made_at": granted_at,
    }
    session.add(RenewalExtension(person_id=kim.id, made_by=boss.id, **leave_values))
    session.add(RenewalPause(person_id=kim.id, since=this_day(-30), re_enter_days=7, **{**leave_values, "until": None}))
    left_at = now() - timedelta(days=20)
    record_departure(make_context(session, boss.id, left_at), leaver.id, civil_date(left_at, ZONE), "moved")
    session.commit()
    return boss, elm, oak


def test_a_pack_says_whose_certificates_are_not_among_those_who_had_to_train(
    app: Flask, session: Session, client: Client
) -> None:
    """Otherwise 1 held a certificate, and 0 of those who had to train did, which looks like a mistake."""
    boss, _, _ = make_history(app, session)
    done = session.execute(select(Person.id).where(Person.name == "=Done Early")).scalar_one()
    leave = {"recorded": this_day(-40), "since": this_day(-40), "until": None, "re_enter_days": 7, "reason": "ill"}
    session.add(RenewalPause(person_id=done, made_by=boss.id, made_at=now() - timedelta(days=40), **leave))
    session.commit()
    sign_in(client, boss)
    text = pdf_text(make_pack(client, None, this_day(-30)))
    assert "1 held a valid certificate, 1 of whom did not have to train on that day." in text
    assert "rounded, but only all of them are 100 %, and only none of them are 0 %" in text


def test_a_pack_shows_the_facts_of_its_day_and_is_signed(app: Flask, session: Session, client: Client) -> None:
    boss, elm, _ = make_history(app, session)
    sign_in(client, boss)
    files = make_pack(client, None, this_day(-30))
    assert verify_pack(files[""], keys(session)).is_valid
    rows = {row["Person"]: row for row in table(files, "people.csv")}
    assert set(rows) == {"'=Done Early", "Gone Long", "Kim 李 محمد", "Far Away", "Alex Morgan"}
    assert rows["'=Done Early"]["Valid certificate"] == "Yes"
    assert rows["Gone Long"]["Required"] == "Yes"
    assert rows["Gone Long"]["Team"] == "Elm"
    (done,) = table(files, "completions.csv")
    assert (done["Person"], done["Completed"]) == ("'=Done Early", "The whole course")
    assert [(row["What"], row["Reason"]) for row in table(files, "extensions-and-leaves.csv")] == [
        ("Extension", "was ill"),
        ("Leave", ""),
    ]
    assert len(table(files, "policy.csv")) == 1
    assert {row["Learning point"] for row in table(files, "content.csv")} == set(
        app.extensions["course"].library.points
    )
    listed = json.loads(files["manifest.json"])
    assert (listed["day"], listed["people"], listed["organisation"]) == (
        this_day(-30).isoformat(),
        5,
        "Riverside Trust",
    )
    text = pdf_text(files)
    for words in (
        "5 people belonged to it",
        "1 held a valid certificate",
        "=Done Early",
        "fewer than 5 people",
        "Who was responsible",
        "Teams compared",
        "What was done about each overdue person",
        "no inspectorate has looked at the course",
    ):
        assert words in text
    library = app.extensions["course"].library
    taught, waiting = reviews_by_status(library.sources, library.course)
    assert f"The authors could not confirm {len(waiting)} facts" in " ".join(text.split())
    assert ("No fact was overdue" in " ".join(text.split())) == (not any(one.is_overdue(this_day()) for one in taught))
    assert "Gone Long" not in {row["Person"] for row in table(make_pack(client, None, this_day()), "people.csv")}
    assert len(table(make_pack(client, elm.id, this_day(-30)), "people.csv")) == 2


def test_managers_get_packs_of_their_teams_only_and_nobody_sees_packs_of_others(
    app: Flask, session: Session, client: Client
) -> None:
    boss, elm, oak = make_history(app, session)
    manager = make_person(session, "Priya Nair", "priya@example.org", "manager", elm, at=PAST)
    sign_in(client, manager)
    assert "Oak" not in client.get("/evidence").text
    client.post("/evidence", {"team": str(oak.id), "on": str(this_day(-30))}, 404)
    client.post("/evidence", {"team": "", "on": str(this_day(-30))}, 404)
    names = {row["Person"] for row in table(make_pack(client, elm.id, this_day(-30)), "people.csv")}
    assert names == {"Gone Long", "Kim 李 محمد", "Priya Nair"}
    pack = session.execute(select(Download.id)).scalar_one()
    other = sign_in(Client(app), boss)
    other.get(f"/evidence/{pack}", 404)
    other.post(f"/evidence/{pack}/download", {}, 404)
    assert f"/evidence/{pack}" not in other.get("/evidence").html


def test_the_role_of_an_auditor_is_in_the_pack_of_today_until_its_last_day(session: Session, client: Client) -> None:
    boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator", at=PAST)
    auditor = make_person(session, "Ines Reed", "ines@example.org", at=PAST)
    ended = make_person(session, "Otto Late", "otto@example.org", at=PAST)
    context = make_context(session, boss.id, now() - timedelta(days=100))
    for person, last_day in ((auditor, this_day()), (ended, this_day(-1))):
        assert grant_role(context, person.id, "auditor", None, last_day) is None
    session.commit()
    sign_in(client, boss)
    rows = {
        row["Person"]: row["Role in the course"] for row in table(make_pack(client, None, this_day()), "people.csv")
    }
    assert "uditor" in rows["Ines Reed"]
    assert rows["Otto Late"] == "Learner"


def test_who_was_responsible_on_a_day_stays_the_same_when_they_are_renamed_or_are_found_to_have_left(
    app: Flask, session: Session
) -> None:
    boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator", at=PAST)
    make_person(session, "Ash Reed", "ash@example.org", "administrator", at=PAST)
    elm = make_team(session, "Elm")
    elm.opened_at = PAST
    priya = make_person(session, "Priya Nair", "priya@example.org", "manager", elm, at=PAST)
    omar = make_person(session, "Omar Finch", "omar@example.org", "manager", elm, at=PAST)
    context = make_context(session, None, now())
    grant_extension(make_context(session, boss.id, now() - timedelta(days=20)), priya.id, this_day(40), "was ill")
    request = PackRequest(None, this_day(-5), COMMAND_VIEWER, now())

    def responsible() -> tuple[object, ...]:
        session.commit()
        with app.app_context():
            pack = produce_pack(request, StatusCache(), lambda *_: None)
        with zipfile.ZipFile(io.BytesIO(pack)) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
        roles = [(row["Person"], row["Role in the course"]) for row in table(files, "people.csv")]
        return (
            [(row["Team"], row["Managed by"]) for row in table(files, "teams.csv")],
            [row["Name"] for row in table(files, "responsible.csv")],
            [row["By"] for row in table(files, "extensions-and-leaves.csv")],
            sorted(roles),
        )

    before = responsible()
    change_identity(context, priya.id, PersonIdentity("Priya Shah", "priya@example.org", None), "married")
    change_identity(context, boss.id, PersonIdentity("Alex Marsh", "alex@example.org", None), "married")
    change_team(context, elm.id, "Elm House", None, "a new house")
    assert record_departure(context, omar.id, this_day(-10), "moved") is None
    assert responsible() == before
    assert "Omar Finch, Priya Nair" in str(before)
    assert before[2] == ["Alex Morgan"]


@pytest.mark.both_engines
def test_a_future_day_and_a_team_that_did_not_exist_are_refused_with_a_message(
    app: Flask, session: Session, client: Client
) -> None:
    boss, _, _ = make_history(app, session)
    young = make_team(session, "Young")
    young.opened_at = now()
    session.commit()
    sign_in(client, boss)
    page = client.post("/evidence", {"team": "", "on": str(this_day() + timedelta(days=1))}, 422)
    assert "Enter today or a day in the past" in page.text
    page = client.post("/evidence", {"team": str(young.id), "on": str(this_day(-30))}, 422)
    assert "This team did not exist on that day" in page.text
    assert not session.execute(select(Download.id)).all()
    assert client.get(f"/report?team={young.id}").html.count(f"/evidence?team={young.id}&amp;on={this_day()}") == 1
    assert client.get(f"/evidence?team={young.id}&on={this_day(-30)}").fields()["on"] == str(this_day(-30))


@pytest.mark.both_engines
def test_the_progress_of_a_pack_is_shown_until_its_file_is_removed(session: Session, client: Client) -> None:
    boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator")
    number = request_file(make_context(session, boss.id, now()), PACK, FileRequest("evidence", None, this_day(), ""))
    claimed = claim_job(session, "general", [PACK], "test", now())
    assert claimed is not None
    report_progress(session, claimed.claim, "Reading", 1, 6)
    session.commit()
    pack = session.get_one(Download, number)
    sign_in(client, boss)
    address = f"/evidence/{pack.id}"
    page = client.get(address)
    assert "Making the pack" in page.text
    assert "1 of 6" in page.text
    client.post(f"{address}/download", {}, 404)
    run = JobRun(PACK, claimed.claim, {}, boss.id, now(), lambda *_: None, now)
    store_file(session, run, b"zip", 1, now())
    session.commit()
    assert client.post(f"{address}/download", {}, 200).body == b"zip"
    delete_old_files(session, now())
    assert session.execute(select(Download.content)).scalar_one() == b"zip"
    pack.made_at = now() - RETENTION_PERIODS["evidence"]
    delete_old_files(session, now())
    session.commit()
    session.expire_all()
    assert pack.content is None
    assert "The pack was removed" in client.get(address).text
    client.post(f"{address}/download", {}, 404)


@pytest.mark.both_engines
def test_commands_make_a_pack_and_verify_it_after_key_rotation(app: Flask, session: Session, tmp_path: Path) -> None:
    _, elm, _ = make_history(app, session)
    file, run = tmp_path / "a.zip", app.test_cli_runner()
    made = run.invoke(
        args=["evidence", "make", "--on", str(this_day(-30)), "--team", str(elm.id), "--output", str(file)]
    )
    assert made.exit_code == 0, made.output
    assert "5 of 6: Setting the document" in made.output
    assert run.invoke(args=["evidence", "make", "--output", str(file)]).exit_code == 1
    far = ["evidence", "make", "--team", "99999", "--output", str(tmp_path / "b.zip")]
    assert "There was no such team on that day." in run.invoke(args=far).output
    rotate_key(session, "new year", now())
    session.commit()
    right = run.invoke(args=["evidence", "verify", str(file)])
    assert (right.exit_code, "the key is the issuer’s" in right.output) == (0, True), right.output
    profile = tmp_path / "issuer.json"
    profile.write_bytes(Client(app).get("/issuer", headers={"Accept": "application/json"}).body)
    assert run.invoke(args=["evidence", "verify", str(file), "--issuer", str(profile)]).exit_code == 0
    stranger = "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
    assert run.invoke(args=["evidence", "verify", str(file), "--issuer", stranger]).exit_code == 1
    assert "no Ed25519 key" in run.invoke(args=["evidence", "verify", str(file), "--issuer", "nonsense"]).output
    file.write_bytes(file.read_bytes().replace(b"people.csv", b"people.cvs"))
    wrong = run.invoke(args=["evidence", "verify", str(file)])
    assert (wrong.exit_code, "people.cvs was added" in wrong.output) == (1, True)


@pytest.mark.parametrize("known", [True, False])
def test_the_command_says_when_the_key_is_unknown(
    app: Flask, session: Session, fresh_app: Flask, tmp_path: Path, known: bool
) -> None:
    make_person(session)
    file = tmp_path / "a.zip"
    app.test_cli_runner().invoke(args=["evidence", "make", "--output", str(file)])
    found = (app if known else fresh_app).test_cli_runner().invoke(args=["evidence", "verify", str(file)])
    assert found.exit_code == (0 if known else 2), found.output


@pytest.mark.both_engines
def test_results_and_discussions_in_a_pack_are_those_of_its_day(app: Flask, session: Session, client: Client) -> None:
    """The results are those of the team members of that day, as on the last Monday on which disclosure control
    released them; the discussions are those known then."""
    boss, elm, _ = make_history(app, session)
    library = app.extensions["course"].library
    question = next(one for one in library.questions.values() if one.form == "one")
    right = next(index for index, option in enumerate(question.options) if option.correct)
    monday = monday_of(this_day(-30))
    done = session.execute(select(Person.id).where(Person.email == "done@example.org")).scalar_one()
    session.add(Membership(person_id=done, team_id=elm.id, since=PAST))
    for number in range(9):
        person = make_person(session, f"P {number}", f"p{number}@example.org", team=elm, password=None, at=PAST)
        # Five people and one team member answered in time; then one of the five left, and four more people answered.
        late = timedelta(days=1 if number > 4 else -3)
        answer(session, person, question, 0 if number else right, at=start_of_day(monday, ZONE) + late)
        if number == 4:
            left = start_of_day(monday, ZONE) + timedelta(days=2)
            assert record_departure(make_context(session, boss.id, left), person.id, left.date(), "moved") is None
    for day, point in (
        (this_day(-30), "encourage-talk"),
        (this_day(-30) + timedelta(days=1), "posing-as-young-people"),
    ):
        discussion = DiscussionEntry(elm.id, point, "A title", day, 5, "Ask twice.")
        held_at = start_of_day(day, ZONE) + timedelta(hours=9)
        assert record_discussion(make_context(session, boss.id, held_at), discussion) is None
    session.commit()
    publish(app)
    sign_in(client, boss)
    granted_at, today = make_pack(client, elm.id, this_day(-30)), make_pack(client, elm.id, this_day())
    (row,) = [row for row in table(granted_at, "wrong.csv") if row["Learning point"] == question.points[0]]
    assert row["People"] == "6"
    assert row["Discussion sheet"].endswith(f"/insight/team/{elm.id}/talk/{question.points[0]}")
    (row,) = [row for row in table(today, "wrong.csv") if row["Learning point"] == question.points[0]]
    assert row["People"] == "9"
    assert [row["Held on"] for row in table(granted_at, "talks.csv")] == [str(this_day(-30))]
    assert len(table(today, "talks.csv")) == 2
    text = " ".join(
        " ".join(page.extract_text() for page in PdfReader(io.BytesIO(granted_at["evidence.pdf"])).pages).split()
    )
    assert f"each person’s first answer to each question, up to {format_date(monday - timedelta(days=1))}" in text
    assert "Ask twice." in text


def test_figures_that_were_published_late_are_not_in_the_pack_of_an_earlier_day(
    app: Flask, session: Session, client: Client
) -> None:
    boss, elm, _ = make_history(app, session)
    question = next(one for one in app.extensions["course"].library.questions.values() if one.form == "one")
    monday = monday_of(this_day(-30))
    for number in range(10):
        person = make_person(session, f"P {number}", f"p{number}@example.org", team=elm, password=None, at=PAST)
        days = timedelta(days=1 if number > 4 else -3)
        answer(session, person, question, 0, at=start_of_day(monday, ZONE) + days)
    publish(app, start_of_day(monday, ZONE) + timedelta(hours=1))
    publish(app)  # the worker was away for weeks
    sign_in(client, boss)
    packs = [make_pack(client, elm.id, day) for day in (monday + timedelta(days=8), this_day())]
    assert [{row["People"] for row in table(pack, "wrong.csv")} for pack in packs] == [{"5"}, {"10"}]


def test_a_managers_pack_has_discussions_of_all_teams_above_and_of_none_beside(
    session: Session, client: Client
) -> None:
    boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator", at=PAST)
    top = make_team(session, "Riverside")
    middle = make_team(session, "Schools", top)
    elm, oak = make_team(session, "Elm", middle), make_team(session, "Oak", middle)
    for team, words in ((top, "top"), (middle, "middle"), (elm, "elm"), (oak, "oak")):
        discussion = DiscussionEntry(team.id, "encourage-talk", "A title", this_day(), 5, words)
        assert record_discussion(make_context(session, boss.id, now()), discussion) is None
    session.commit()
    sign_in(client, make_person(session, "Robin Vale", "robin@example.org", "manager", elm))
    discussions = table(make_pack(client, elm.id, this_day()), "talks.csv")
    assert {row["What was agreed"] for row in discussions} == {"top", "middle", "elm"}
