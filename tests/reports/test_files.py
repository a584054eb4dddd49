"""The report as CSV, Excel and PDF: what the page shows, and nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

from flask import Flask
from openpyxl import load_workbook
from pypdf import PdfReader
from sqlalchemy.orm import Session

from course.clock import now
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client
from tests.recall.makers import make_completed


def setting(app: Flask, session: Session, client: Client) -> None:
    library = app.extensions["course"].library.for_("school", "england")
    team = make_team(session, "Care")
    make_completed(session, library, timedelta(days=60), email="done@example.org").name = "Done Early"
    make_person(session, "=1+1", "odd@example.org", team=team, at=now())
    make_person(session, "Oyin Adébáyọ̀", "oyin@example.org", team=team, at=now())
    boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator", at=now())
    session.commit()
    sign_in(client, boss)


def test_a_file_holds_exactly_what_the_page_shows(app: Flask, session: Session, client: Client) -> None:
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


def test_a_manager_downloads_their_own_people_and_no_kind_of_file_is_made_up(session: Session, client: Client) -> None:
    team, other = make_team(session, "Care"), make_team(session, "Office")
    manager = make_person(session, "Priya Nair", "priya@example.org", "manager", team, at=now())
    make_person(session, "Far Away", "far@example.org", team=other, at=now())
    sign_in(client, manager)
    body = client.post("/report/file/csv", {"team": str(other.id)}, 200).body.decode("utf-8-sig")
    assert [row["Person"] for row in csv.DictReader(io.StringIO(body))] == ["Priya Nair"]
    client.post("/report/file/docx", {}, 404)
    client.post("/report/file/csv", {"on": "2999-01-01"}, 400)
