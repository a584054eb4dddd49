"""The report as a file while its figures are behind, or are being derived anew."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from flask import Flask
from openpyxl import load_workbook
from pypdf import PdfReader
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.clock import now
from course.context import make_context
from course.people.models import Person
from course.people.queries import viewers
from course.reports import report_view, views
from course.reports.app_status_cache import app_status_cache
from course.reports.jobs import ReportRequest, build_report_file
from course.reports.report_view import current_report_view
from course.reports.rules import ReportFilter
from course.standings import jobs as standings_jobs
from course.standings.rules import CURRENT, Freshness
from tests.pages import Client
from tests.reports.makers import setting
from tests.support.days import this_day

pytestmark = pytest.mark.both_engines


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_file_has_the_people_of_the_page_while_everybody_is_being_derived_anew(
    app: Flask, session: Session, client: Client, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    setting(app, session, client)
    monkeypatch.setattr(standings_jobs, "MAX_WHILE_READING", 1)
    shown = client.get("/report?sort=name")
    assert "Oyin Adébáyọ̀" in shown.text
    data = client.post(f"/report/file/{kind}", shown.fields(), 200).body
    if kind == "csv":
        names = [row["Person"] for row in csv.DictReader(io.StringIO(data.decode("utf-8-sig")))]
    else:
        names = [str(row[0].value) for row in list(load_workbook(io.BytesIO(data))["People"].rows)[1:]]
    assert [name.lstrip("'") for name in names] == ["=1+1", "Alex Morgan", "Done Early", "Oyin Adébáyọ̀"]


@pytest.mark.parametrize("kind", ["csv", "xlsx", "teams"])
@pytest.mark.parametrize(
    ("freshness", "said"),
    [
        (Freshness(False, datetime(2026, 6, 20, 8, 30, tzinfo=UTC)), "-as-of-2026-06-20-0930"),
        (Freshness(False, None, True), "-not-complete"),
        (CURRENT, ""),
    ],
)
def test_the_name_of_a_file_says_that_its_figures_are_behind(
    app: Flask,
    session: Session,
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    freshness: Freshness,
    said: str,
) -> None:
    """A CSV file has rows only, for programs: its name is where somebody finds it."""
    setting(app, session, client)
    client.get("/report")
    monkeypatch.setattr(views, "refresh_standings", lambda _at: freshness)
    monkeypatch.setattr(report_view, "MAX_DERIVED", 1)
    answer = client.post("/report/teams/file" if kind == "teams" else f"/report/file/{kind}", {}, 200)
    name = f"teams-{this_day()}{said}.csv" if kind == "teams" else f"report-{this_day()}{said}.{kind}"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'


@pytest.mark.parametrize("kind", ["xlsx", "pdf"])
@pytest.mark.parametrize(
    ("freshness", "said"),
    [
        (
            Freshness(False, datetime(2026, 11, 20, 9, 30, tzinfo=UTC)),
            "The figures are those of 20 November 2026, 9.30am.",
        ),
        (Freshness(False, None, True), "The figures are being worked out again, so this file is not complete."),
        (CURRENT, ""),
    ],
)
def test_a_file_says_of_which_moment_its_figures_are_if_they_are_behind(
    app: Flask, session: Session, client: Client, kind: str, freshness: Freshness, said: str
) -> None:
    setting(app, session, client)
    client.get("/report")
    alex = session.execute(select(Person.id).where(Person.email == "alex@example.org")).scalar_one()
    viewer = viewers(session, [alex], this_day())[alex]
    with app.test_request_context():
        asked = ReportRequest(kind, ReportFilter(), viewer, now())
        context = make_context(session, alex, now())
        view = current_report_view(context, app_status_cache(), viewer, ReportFilter(), "Riverside Trust", CURRENT)
        view = replace(view, freshness=freshness)
        data = build_report_file(session, app_status_cache(), asked, lambda *_: None, view).data
    if kind == "xlsx":
        book = load_workbook(io.BytesIO(data))
        words = " ".join(str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row)
    else:
        words = " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages).split())
    assert (said or "Made on") in words
    assert ("The figures are" in words) == bool(said)
