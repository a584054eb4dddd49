"""The report as CSV, Excel and PDF: the content of the page, and nothing that a spreadsheet would execute."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from openpyxl import load_workbook
from pypdf import PdfReader
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.audit.models import AuditEntry
from course.certificates.actions import revoke
from course.certificates.models import Certificate
from course.clock import now
from course.context import make_context
from course.dates import format_date
from course.exports.actions import delete_old_files
from course.exports.models import Download
from course.jobs.models import Job
from course.people.actions import change_identity, erase_address, merge_people, set_teams
from course.people.models import Person, PersonChange, Team
from course.people.rules import PersonIdentity
from course.recertification.actions import import_completion
from course.recertification.rules.facts import ExternalCompletion
from course.reports import report_files
from course.reports.report_files import REPORT_FORMATS
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client
from tests.reports.makers import setting
from tests.support.days import this_day
from tests.support.pseudo_language import offered, pseudo

pytestmark = pytest.mark.both_engines


def test_a_file_contains_exactly_what_the_page_shows(app: Flask, session: Session, client: Client) -> None:
    setting(app, session, client)
    page = client.get("/report?status=not-started&sort=name")
    form = page.fields()
    assert form["status"] == "not-started"
    body = client.post("/report/file/csv", form, 200).body.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(body)))
    assert [row["Person"] for row in rows] == ["'=1+1", "Alex Morgan", "Oyin Adébáyọ̀"]
    assert rows[2]["Team"] == "Care"
    assert rows[2]["Status"] == "Not started"
    book = load_workbook(io.BytesIO(client.post("/report/file/xlsx", form, 200).body))
    sheet = list(book["People"].iter_rows(values_only=True))
    assert [row[0] for row in sheet] == ["Person", "=1+1", "Alex Morgan", "Oyin Adébáyọ̀"]
    assert book["People"]["A2"].data_type == "s"
    about = " ".join(str(row[0]) for row in book["About this report"].iter_rows(values_only=True))
    assert "1 of 4 hold a valid certificate" in about
    assert "The list has 3 of them, by status: Not started" in about
    paper = PdfReader(io.BytesIO(client.post("/report/file/pdf", form, 200).body))
    words = " ".join(page.extract_text() for page in paper.pages)
    assert "Alex Morgan" in words
    assert "Done Early" not in words
    assert "1 of 4 hold a valid certificate" in words
    root = paper.trailer["/Root"].get_object()
    assert root["/MarkInfo"]["/Marked"]  # type: ignore[index]


def test_a_file_says_the_status_as_a_code_and_whose_certificate_it_is(
    app: Flask, session: Session, client: Client
) -> None:
    setting(app, session, client)
    done = session.execute(select(Person).where(Person.email == "done@example.org")).scalar_one()
    nursery = make_team(session, "Nursery", session.execute(select(Team)).scalar_one())
    set_teams(make_context(session, None, now()), done.id, [nursery.id])
    done.staff_number = "0042"
    certificate = session.execute(select(Certificate)).scalar_one()
    # A shorter certificate of another organisation does not take the place of the one to which the last day belongs.
    brought = ExternalCompletion(
        certificate.completed_on + timedelta(days=5), this_day() + timedelta(days=9), "Harbour Trust"
    )
    import_completion(make_context(session, None, now()), done.id, brought, "seen")
    session.commit()
    body = client.post("/report/file/csv", {}, 200).body.decode("utf-8-sig")
    rows = {row["Person"]: row for row in csv.DictReader(io.StringIO(body))}
    row = rows["Done Early"]
    assert (row["Status code"], rows["Alex Morgan"]["Status code"]) == ("up-to-date", "not-yet-due")
    assert (row["Team"], row["Team path"], row["Staff number"]) == ("Nursery", "Care > Nursery", "0042")
    assert (row["Completed on"], row["Certificate number"]) == (str(certificate.completed_on), certificate.number)
    assert row["Certificate valid until"] == str(certificate.valid_until)
    assert (rows["Alex Morgan"]["Completed on"], rows["Alex Morgan"]["Certificate number"]) == ("", "")
    assert row["In a supervised session on"] == ""
    session.execute(update(Certificate).values(supervised_on=certificate.completed_on))
    session.commit()
    body = client.post("/report/file/csv", {}, 200).body.decode("utf-8-sig")
    (row,) = [row for row in csv.DictReader(io.StringIO(body)) if row["Person"] == "Done Early"]
    assert row["In a supervised session on"] == str(certificate.completed_on)
    book = load_workbook(io.BytesIO(client.post("/report/file/xlsx", {}, 200).body))
    headings, *lines = book["People"].iter_rows(values_only=True)
    line = dict(zip(headings, next(one for one in lines if one[0] == "Done Early"), strict=True))
    assert line["Completed on"] == datetime.combine(certificate.completed_on, time())
    assert {str(key): str(value or "") for key, value in line.items() if key in ("Status code", "Staff number")} == {
        "Status code": "up-to-date", "Staff number": "0042",
    }  # fmt: skip


def test_a_file_of_a_past_day_has_the_staff_number_the_job_role_and_the_certificate_of_then(
    app: Flask, session: Session, client: Client
) -> None:
    setting(app, session, client)
    done = session.execute(select(Person).where(Person.email == "done@example.org")).scalar_one()
    done.staff_number, done.job_role = "old 1", "Teaching assistant"
    number = session.execute(select(Certificate.number)).scalar_one()
    context = make_context(session, None, now())
    change_identity(context, done.id, PersonIdentity(done.name, done.email, "new 2", None, "Teacher"), "payroll")
    revoke(context, number, "a mistake")
    session.commit()
    for on, expected in (
        (this_day(), ("new 2", "", "", "Teacher")),
        (this_day() - timedelta(days=1), ("old 1", number, "up-to-date", "Teaching assistant")),
    ):
        body = client.post("/report/file/csv", {"on": str(on)}, 200).body.decode("utf-8-sig")
        rows = {row["E-mail"]: row for row in csv.DictReader(io.StringIO(body))}
        found = rows["done@example.org"]
        shown = found["Staff number"], found["Certificate number"], found["Status code"]
        assert shown[:2] == expected[:2]
        assert found["Job role"] == expected[3]
        book = load_workbook(io.BytesIO(client.post("/report/file/xlsx", {"on": str(on)}, 200).body))
        headings, *lines = book["People"].iter_rows(values_only=True)
        line = dict(zip(headings, next(one for one in lines if one[1] == "done@example.org"), strict=True))
        assert (line["Staff number"], line["Job role"]) == (expected[0], expected[3])
        assert headings[3:5] == ("Team path", "Job role")
        assert (shown[2] == "up-to-date") == (expected[2] == "up-to-date")


def test_the_document_compares_teams_and_tells_people_of_one_name_apart(
    app: Flask, session: Session, client: Client
) -> None:
    setting(app, session, client)
    make_team(session, "Office")
    make_person(session, "ALEX MORGAN", "other@example.org", at=now())
    session.commit()
    paper = PdfReader(io.BytesIO(client.post("/report/file/pdf", {}, 200).body))
    words = " ".join(" ".join(page.extract_text() for page in paper.pages).split())
    assert "Team Required Valid Valid per cent Overdue Due soon Not started" in words
    assert "Care 2 0 0 % 0 0 2 In no team 3 1 33 % 0 0 2 All together 5 1 20 % 0 0 4" in words
    assert "Alex Morgan (alex@example.org)" in words
    assert "ALEX MORGAN (other@example.org)" in words
    assert "Oyin Adébáyọ̀ (" not in words
    assert f"Riverside Trust, {format_date(this_day())} Page 1" in words
    assert "Riverside Trust: Riverside Trust" not in words


def test_an_excel_file_has_bold_frozen_headings_and_filters_and_prints_one_page_wide(
    app: Flask, session: Session, client: Client
) -> None:
    setting(app, session, client)
    make_team(session, "Office")
    session.commit()
    book: Any = load_workbook(io.BytesIO(client.post("/report/file/xlsx", {}, 200).body))
    assert book.sheetnames == ["People", "Teams", "Twelve months", "About this report"]
    for name, last in (("People", f"Q{5}"), ("Teams", "N4"), ("Twelve months", None)):
        sheet = book[name]
        assert all(cell.font.bold for cell in sheet[1]), name
        assert not sheet["A2"].font.bold
        assert (sheet.freeze_panes, sheet.print_title_rows) == ("A2", "$1:$1")
        assert sheet.auto_filter.ref == (f"A1:{last}" if last else sheet.dimensions)
        page_set_up = sheet.sheet_properties.pageSetUpPr
        assert page_set_up is not None
        assert (page_set_up.fitToPage, sheet.page_setup.fitToWidth) == (True, 1)
        assert (str(sheet.page_setup.fitToHeight), sheet.page_setup.orientation) == ("0", "landscape")
    assert book["About this report"].auto_filter.ref is None
    assert not book["About this report"]["A1"].font.bold
    assert book["People"]["G1"].value == "Pathway"
    days: list[Any] = [row[0] for row in book["Twelve months"].iter_rows(min_row=2, values_only=True)]
    assert days[0] == datetime.combine(this_day(), time())
    assert {day.weekday() for day in days[1:]} == {0}


def test_teams_can_be_downloaded_as_a_file_of_their_own(app: Flask, session: Session, client: Client) -> None:
    setting(app, session, client)
    make_team(session, "Office")
    session.commit()
    page = client.get("/report")
    assert 'formaction="/report/teams/file"' in page.html
    body = client.post("/report/teams/file", page.fields(), 200).body.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(body)))
    assert [(row["Team"], row["People"], row["Valid"]) for row in rows] == [
        ("Care", "2", "0"), ("In no team", "2", "1"), ("All together", "4", "1"),
    ]  # fmt: skip
    assert (rows[-1]["Valid per cent"], rows[-1][str(this_day())]) == ("25", "25")
    kinds = select(AuditEntry.what).order_by(AuditEntry.number.desc())
    assert session.execute(kinds).scalars().first() == "report.teams_exported"
    client.post("/report/teams/file", {"on": "2999-01-01"}, 400)


def test_a_manager_downloads_their_own_people_and_an_unknown_format_is_refused(
    session: Session, client: Client
) -> None:
    team, other = make_team(session, "Care"), make_team(session, "Office")
    manager = make_person(session, "Priya Nair", "priya@example.org", "manager", team, at=now())
    make_person(session, "Far Away", "far@example.org", team=other, at=now())
    sign_in(client, manager)
    body = client.post("/report/file/csv", {"team": str(other.id)}, 200).body.decode("utf-8-sig")
    assert [row["Person"] for row in csv.DictReader(io.StringIO(body))] == ["Priya Nair"]
    client.post("/report/file/docx", {}, 404)
    client.post("/report/file/csv", {"on": "2999-01-01"}, 400)


def test_a_file_of_many_people_is_made_in_the_background(
    app: Flask, session: Session, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting(app, session, client)
    monkeypatch.setitem(REPORT_FORMATS, "xlsx", replace(REPORT_FORMATS["xlsx"], max_immediate=2))
    page = client.follow(client.post("/report/file/xlsx", {"status": "not-started", "sort": "name"}))
    assert "The file is ready" in page.text, page.text
    assert "3 people." in page.text
    assert "The report as Excel" in page.h1
    assert '<a href="/report?status=not-started&amp;sort=name">' in page.html
    address = str(page.all("form")[-1].get("action"))
    job = session.execute(select(Job).where(Job.kind == "report.file")).scalar_one()
    assert (job.state, job.arguments) == ("done", {})  # the words that were searched for may be a name
    book = load_workbook(io.BytesIO(client.post(address, {}, 200).body))
    names = [row[0] for row in book["People"].iter_rows(values_only=True)]
    assert names == ["Person", "=1+1", "Alex Morgan", "Oyin Adébáyọ̀"]
    other = sign_in(Client(app), make_person(session, "Jo Else", "jo@example.org", "administrator"))
    other.get(address.removesuffix("/download"), 404)
    other.post(address, {}, 404)
    client.get(address.removesuffix("/download").replace("/report/made", "/evidence"), 404)


def test_a_long_list_as_pdf_is_typeset_in_parts_with_continuous_page_numbers(
    app: Flask, session: Session, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting(app, session, client)
    monkeypatch.setattr(report_files, "PDF_BATCH_SIZE", 2)
    paper = PdfReader(io.BytesIO(client.post("/report/file/pdf", {"sort": "name"}, 200).body))
    texts = [" ".join(page.extract_text().split()) for page in paper.pages]
    assert [text.count("Riverside Trust: team report") for text in texts] == [1, 0]
    assert ["Page 1" in texts[0], "Page 2" in texts[1]] == [True, True]
    assert ["=1+1" in texts[0], "Done Early" in texts[1]] == [True, True]
    assert paper.metadata is not None
    assert paper.metadata.title == "Team report: Riverside Trust"


def test_a_command_writes_the_report_to_a_file_and_prints_the_progress(
    app: Flask, session: Session, client: Client, tmp_path: Path
) -> None:
    setting(app, session, client)
    run, file = app.test_cli_runner(), tmp_path / "report.csv"
    made = run.invoke(args=["report", "export", "--status", "not-started", "--sort", "name", "--output", str(file)])
    assert made.exit_code == 0, made.output
    assert "Writing the file: 0 of 3 …" in made.output
    rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig"))))
    assert [row["Person"] for row in rows] == ["'=1+1", "Alex Morgan", "Oyin Adébáyọ̀"]
    assert file.stat().st_mode & 0o077 == 0
    assert (
        session.execute(select(AuditEntry.what).order_by(AuditEntry.number.desc())).scalars().first()
        == "report.exported"
    )
    for wrong, words in (
        (["--output", str(file)], "is there already"),
        (["--output", str(tmp_path / "report.docx")], "has to end in"),
        (["--on", "2999-01-01", "--output", str(tmp_path / "b.csv")], "has not come yet"),
        (["--team", "999", "--output", str(tmp_path / "b.csv")], "There was no such team"),
    ):
        refused = run.invoke(args=["report", "export", *wrong])
        assert refused.exit_code == 1
        assert words in refused.output


def test_a_file_of_a_past_day_has_the_address_of_then_when_it_has_changed_or_an_entry_was_merged(
    session: Session, client: Client
) -> None:
    past = now() - timedelta(days=10)
    boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator", at=past)
    kim = make_person(session, "Kim Else", "kim@example.org", at=past)
    twin = make_person(session, "Kim Else", "kim.else@example.org", at=past)
    moved = make_person(session, "Sam Marsh", "sam@example.org", at=past)
    session.commit()
    sign_in(client, boss)

    def addresses() -> list[tuple[str, str]]:
        body = client.post("/report/file/csv", {"on": str(this_day(-5)), "sort": "name"}, 200).body.decode("utf-8-sig")
        return [(row["Person"], row["E-mail"]) for row in csv.DictReader(io.StringIO(body))]

    before = addresses()
    assert len(before) == 4
    context = make_context(session, boss.id, now())
    assert merge_people(context, twin.id, kim.id, True, "the same person") is None
    change_identity(context, moved.id, PersonIdentity("Sam Marsh", "sam@example.com"), "a new domain")
    session.commit()
    assert addresses() == before
    erase_address(session, moved.id, "erased@erased.invalid")
    session.execute(update(PersonChange).where(PersonChange.person_id == moved.id).values(email=""))
    record_event(make_context(session, None, now()), "data.erased", ("person", moved.id), {"what": "mail", "rows": 2})
    session.commit()
    assert dict(addresses())["Sam Marsh"] == "erased@erased.invalid"


@pytest.mark.parametrize("max_immediate", [1_000, 1], ids=["at once", "in the background"])
def test_a_file_is_in_the_language_in_which_it_was_asked_for(
    app: Flask, session: Session, client: Client, monkeypatch: pytest.MonkeyPatch, max_immediate: int
) -> None:
    setting(app, session, client)
    with offered() as language:
        client.post("/me/language", {"language": language})
        for kind in ("csv", "xlsx", "pdf"):
            monkeypatch.setitem(REPORT_FORMATS, kind, replace(REPORT_FORMATS[kind], max_immediate=max_immediate))
        found = {kind: downloaded(client, kind, max_immediate > 1) for kind in ("csv", "xlsx", "pdf")}
    book = load_workbook(io.BytesIO(found["xlsx"]))
    headings = [pseudo(words) for words in ("Person", "Team")]
    assert str(book[pseudo("People")]["A1"].value) == headings[0]
    csv_headings = next(csv.reader(io.StringIO(found["csv"].decode("utf-8-sig"))))
    assert [csv_headings[0], csv_headings[2]] == headings
    paper = PdfReader(io.BytesIO(found["pdf"]))
    words = " ".join(" ".join(page.extract_text() for page in paper.pages).split())
    assert pseudo("Progress").partition(" ")[0] in words
    assert "Alex Morgan" in words


def downloaded(client: Client, kind: str, at_once: bool) -> bytes:
    """The report as a file, which is made at once, or asked for first."""
    if at_once:
        return client.post(f"/report/file/{kind}", {}, 200).body
    page = client.follow(client.post(f"/report/file/{kind}", {}))
    return client.post(str(page.all("form")[-1].get("action")), {}, 200).body


def test_the_words_that_a_file_was_asked_for_with_go_with_the_file(session: Session) -> None:
    """They may be a name or an address, of somebody of whom everything else has been erased since."""
    boss, at = make_person(session, "Alex Morgan", "alex@example.org", "administrator"), now()
    fresh, old, failed = (
        Download(
            kind="csv", made_by=boss.id, made_at=at - timedelta(hours=hours), day=this_day(), asked="q=zebulon", people=1,
            content=content,
        )
        for hours, content in ((1, b"x"), (25, b"x"), (25, None))
    )  # fmt: skip
    session.add_all([fresh, old, failed])
    session.flush()
    delete_old_files(session, at)
    session.commit()
    session.expire_all()
    assert [(one.asked, one.content) for one in (fresh, old, failed)] == [("q=zebulon", b"x"), ("", None), ("", None)]
