"""Every label of a status counts the same people wherever it is shown: legend, filter, list, summary, mail, pack, file."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from datetime import date, timedelta
from functools import cache

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from course.clock import now
from course.content.library import Library
from course.context import make_context
from course.evidence.builder import IssuerContext, PackRequest, build_pack
from course.evidence.rules import tables
from course.people.models import Person, Team
from course.people.queries import viewers
from course.people.rules import Viewer
from course.recertification import queries as renewal
from course.recertification.rules import certification_status
from course.recertification.rules.explanations import STATUS_GROUPS
from course.reminders.queries import managed_people, reminder_candidates, sending_hours
from course.reminders.rules import ReminderPolicy, SendingHours, build_digest
from course.reports.report_view import ReportView, build_report_view, report_rows
from course.reports.rules import ReportFilter, is_employed_on
from course.reports.status_cache import StatusCache
from course.scheduled_reports.actions import subscribe
from course.scheduled_reports.jobs import send_scheduled_reports
from course.scheduled_reports.models import ReportSubscription
from course.web.spreadsheet import csv_bytes
from tests.conftest import undone
from tests.makers import PASSWORD, sign_in
from tests.pages import Client, words
from tests.reports.random_histories import DAYS, ZONE, HistoryRecorder, Lives, Rules, people, rules, ten_o_clock
from tests.support.days import this_day
from tests.support.outbox import rendered_mails

pytestmark = pytest.mark.both_engines

Counts = dict[str, int]
IN_MAIL = {word.lower(): word for word in STATUS_GROUPS.values()}
WORDS = re.compile(r"^([0-9]+ days? overdue$|Due (in|today)|In progress|Not started|Up to date|Paused|Not required)")


def monday() -> date:
    """A day on which mail leaves, when all of it had happened."""
    return _monday_before(this_day())


@cache
def _monday_before(today: date) -> date:
    found = today - timedelta(days=today.weekday() + 7)
    while SendingHours(ReminderPolicy(), "england", ZONE).next_business_day(found) != found:
        found -= timedelta(weeks=1)
    return found


def counted_as(label: str) -> str:
    """The group that a label with a number of days belongs to; any other label is its group."""
    return "Due soon" if label.startswith("Due") else "Overdue" if label.endswith("overdue") else label


def plain(counts: Counter[str]) -> Counts:
    return {STATUS_GROUPS[group]: number for group in STATUS_GROUPS if (number := counts.get(group, 0))}


def status_counts(session: Session, ids: set[int], on: date) -> Counts:
    """The counts from the certification status of each person, which is what the people themselves read."""
    policies = renewal.policies(session, ZONE)
    employed = [one for one in renewal.people(session, ZONE, ids) if is_employed_on(one.facts, on)]
    statuses = [certification_status(one.facts, policies, on) for one in employed]
    for status in statuses:
        assert (status.group == "overdue") == (status.due is not None and status.state != "paused" and status.due < on)
    return plain(Counter(one.group for one in statuses))


def page_counts(client: Client, team: Team, on: date) -> tuple[Counts, Counts, Counts]:
    """The counts on the page: in its legend, after each filter, and in the labels of its lines."""
    address = f"/report?team={team.id}&on={on}"
    page = client.get(address)
    legend: Counts = {}
    for entry in page.tree.iterfind(".//ul[@class='legend']/li"):
        number, word = words(entry).split(" ", 1)
        legend[word.capitalize()] = int(number)
    for tab in page.tree.iterfind(".//nav[@class='tabs']/a"):
        word, _, number = words(tab).rpartition(" ")
        assert int(number) == (legend.get(word, 0) if word != "Everyone" else sum(legend.values())), words(tab)
    filtered, listed = Counter[str](), Counter[str]()
    for group, word in STATUS_GROUPS.items():
        # Each person has one link on the page, so counting needs no parsing.
        filtered_count = client.flask.get(f"{address}&status={group}").text.count(' data-name="Progress">')
        if filtered_count:
            filtered[word] = filtered_count
    for row in page.tree.iterfind(".//tbody/tr/td/span[@class]"):
        label = WORDS.match(words(row))
        assert label, words(row)
        listed[counted_as(label[1])] += 1
    return {word: number for word, number in legend.items() if number}, dict(filtered), dict(listed)


def file_counts(data: bytes, column: str) -> Counts:
    """The number of rows of a file for each label."""
    rows = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    counted = Counter[str]()
    for row in rows:
        label = WORDS.match(row[column])
        counted[counted_as(label[1]) if label else row[column]] += 1
    return dict(counted)


def mail_counts(session: Session, app: Flask, manager: Person, team: Team) -> tuple[Counts, str]:
    """The counts in the report by mail on that Monday, and its subject."""
    with app.app_context():
        subscribe(
            make_context(session, manager.id, ten_o_clock(monday() - timedelta(days=3))), manager.id, team.id, "week"
        )
        session.execute(update(ReportSubscription).values(since=monday() - timedelta(days=3)))
        session.commit()
        assert send_scheduled_reports(ten_o_clock(monday())) == 1
    mail = rendered_mails(app, session)[-1]
    lines = re.findall(r"^- (\d+) ([a-z ]+)$", mail.text, re.MULTILINE)
    return {IN_MAIL[word]: int(number) for number, word in lines if word in IN_MAIL}, mail.subject


def summary_counts(session: Session, manager: Person) -> tuple[Counts, int]:
    """The counts in the weekly summary of everybody in the manager's teams on that Monday, and the number of people it
    names."""
    hours = sending_hours(session, ZONE)
    assert hours is not None
    candidates = {one.id: one for one in reminder_candidates(session, hours, monday())}
    members = managed_people(session, [manager.id])[manager.id]
    digest = build_digest([(i, candidates[i].name, candidates[i].status) for i in members], hours)
    return {IN_MAIL[label]: number for label, number in digest.counts}, len(digest.overdue)


def report_for(session: Session, viewer: Viewer, team: Team, on: date) -> ReportView:
    context = make_context(session, viewer.id, now())
    return build_report_view(context, StatusCache(), viewer, ReportFilter(team.id, on=on), "Riverside Trust")


def pack_counts(session: Session, library: Library, view: ReportView) -> Counts:
    """The counts in the table of people in an evidence pack."""
    rows = report_rows(session, library, view, view.report.lines)
    listed = [tables.PackPerson(one.line, one.teams, one.pathway, one.progress) for one in rows]
    data = csv_bytes(tables.people_table(listed))
    assert file_counts(data, "Status") == file_counts(data, "In words")
    overdue_rows = [row for row in csv.DictReader(io.StringIO(data.decode("utf-8-sig"))) if row["Days overdue"]]
    assert len(overdue_rows) == file_counts(data, "Status").get("Overdue", 0)
    return file_counts(data, "Status")


def check(app: Flask, session: Session, client: Client, lives: Lives, versions: Rules, ago: int) -> None:
    manager, teams = HistoryRecorder(session, monday() - timedelta(days=1)).record(lives, versions)
    viewer = viewers(session, [manager.id], this_day())[manager.id]
    region, library = teams[0], app.extensions["course"].library
    sign_in(client, manager, PASSWORD)
    for on in (this_day(), monday(), this_day() - timedelta(days=ago)):
        view = report_for(session, viewer, region, on)
        counted = plain(Counter(view.report.counts))
        assert status_counts(session, {line.id for line in view.report.lines}, on) == counted
        assert page_counts(client, region, on) == (counted, counted, counted), on
        if on < this_day():
            certified = StatusCache().certified_counts(session, ZONE, [on], view.included)
            assert certified == [(view.report.total, view.report.certified_count)], on
        form = {"team": str(region.id), "on": str(on)}
        assert file_counts(client.post("/report/file/csv", form, 200).body, "Status") == counted
        assert pack_counts(session, library, view) == counted
        # The teams below have the same people in total.
        parts = [Counter(report_for(session, viewer, team, on).report.counts) for team in teams[1:]]
        alone = Counter(line.group for line in view.report.lines if region.id in line.teams)
        assert plain(sum(parts, alone)) == counted
    on_monday = plain(Counter(report_for(session, viewer, region, monday()).report.counts))
    mailed, subject = mail_counts(session, app, manager, region)
    assert mailed == on_monday
    overdue = on_monday.get("Overdue", 0)
    assert ("overdue: Region" in subject and str(overdue) in subject) if overdue else "overdue: Region" not in subject or (
        subject == "No one is overdue: Region"
    )  # fmt: skip
    summary, named = summary_counts(session, manager)
    assert summary == {word: number for word, number in on_monday.items() if word != "Not required"}
    assert named == overdue


# A returner with an expired certificate and time left, beside people of every other status.
RETURNED: Lives = [
    (0, [("course", 10, 1), ("left", 300, 1), ("back", 850, 30)]),
    (0, [("course", 10, 1), ("more time", 880, 60)]),
    (0, [("course", 10, 1), ("refresher", 370, 1), ("leave", 880, 60)]),
    (885, []),
    (0, []),
]


def test_a_returner_with_time_left_is_overdue_nowhere(app: Flask, session: Session, client: Client) -> None:
    check(app, session, client, RETURNED, [], 30)
    back = session.execute(select(Person).where(Person.email == "p0@example.org")).scalar_one()
    one = renewal.people(session, ZONE, [back.id])[0]
    first = one.facts.employments[-1].start
    now_ = certification_status(one.facts, renewal.policies(session, ZONE), first)
    assert (now_.overdue_days, now_.group) == (0, "due-soon")


def test_an_evidence_pack_has_the_same_counts(app: Flask, session: Session) -> None:
    manager, teams = HistoryRecorder(session, monday()).record(RETURNED, [(600, 24, 30, "now", None)])
    viewer = viewers(session, [manager.id], this_day())[manager.id]
    asked = PackRequest(teams[0].id, monday(), viewer, now())
    house = IssuerContext("Riverside Trust", ZONE, this_day(), lambda _group, _point: "")
    made = build_pack(session, app.extensions["course"].library, StatusCache(), asked, house, lambda *_: None)
    counted = plain(Counter(report_for(session, viewer, teams[0], monday()).report.counts))
    assert file_counts(made.files["people.csv"], "Status") == counted


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # the test above runs on both engines
@settings(max_examples=8)
@given(people, rules, st.integers(1, DAYS))
def test_every_label_of_a_status_counts_the_same_people_everywhere(
    prepared: Flask, lives: Lives, versions: Rules, ago: int
) -> None:
    with undone(prepared) as app, app.extensions["course.sessions"].writing() as session:
        check(app, session, Client(app), lives, versions, ago)
