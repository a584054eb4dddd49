"""Every label of a status counts the same people wherever it is shown: tile, filter, list, summary, mail, pack, file."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from datetime import date, timedelta

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from course.clock import now
from course.content.library import Library
from course.dates import civil_date
from course.evidence.builder import IssuerContext, PackRequest, build_pack
from course.evidence.rules import tables
from course.mail.models import OutboxMail
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
from tests.reports.random_histories import DAYS, ZONE, Lives, Rules, Story, people, rules, ten_o_clock

pytestmark = pytest.mark.both_engines

Counts = dict[str, int]
TODAY = civil_date(now(), ZONE)
MONDAY = TODAY - timedelta(days=TODAY.weekday() + 7)  # a day on which mail leaves, when all of it had happened
while SendingHours(ReminderPolicy(), "england", ZONE).from_day(MONDAY) != MONDAY:
    MONDAY -= timedelta(weeks=1)
IN_MAIL = {word.lower(): word for word in STATUS_GROUPS.values()}
WORDS = re.compile(r"^(Overdue|Due (in|today)|In progress|Not started|Up to date|Paused|Not required)")


def plain(counts: Counter[str]) -> Counts:
    return {STATUS_GROUPS[group]: number for group in STATUS_GROUPS if (number := counts.get(group, 0))}


def by_the_rule(session: Session, ids: set[int], on: date) -> Counts:
    """From the standing of each, which is what the people themselves read."""
    policies = renewal.policies(session, ZONE)
    here = [one for one in renewal.people(session, ZONE, ids) if is_employed_on(one.facts, on)]
    found = [certification_status(one.facts, policies, on) for one in here]
    for now_ in found:
        assert (now_.group == "overdue") == (now_.due is not None and now_.state != "paused" and now_.due < on)
    return plain(Counter(one.group for one in found))


def tile_filter_list(client: Client, team: Team, on: date) -> tuple[Counts, Counts, Counts]:
    """What the page says in its tiles, how many each filter leaves, and what its lines say."""
    address = f"/report?team={team.id}&on={on}"
    page = client.get(address)
    tiles: Counts = {}
    for tile in page.tree.iterfind(".//li[@class]"):
        if "tile" in tile.get("class", "").split():
            number, word = words(tile).split(" ", 1)
            tiles[word] = int(number)
    filtered, listed = Counter[str](), Counter[str]()
    for group, word in STATUS_GROUPS.items():
        # Each person has one link on the page, so counting needs no parsing.
        shown = client.flask.get(f"{address}&status={group}").text.count('<td data-label="Progress">')
        if shown:
            filtered[word] = shown
    for row in page.tree.iterfind(".//tbody/tr/td/span[@class]"):
        said = WORDS.match(words(row))
        assert said, words(row)
        listed["Due soon" if said[1].startswith("Due") else said[1]] += 1
    return {word: number for word, number in tiles.items() if number}, dict(filtered), dict(listed)


def in_file(data: bytes, column: str) -> Counts:
    """How many rows of a file say what."""
    rows = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    found = Counter[str]()
    for row in rows:
        said = WORDS.match(row[column])
        found["Due soon" if said and said[1].startswith("Due") else said[1] if said else row[column]] += 1
    return dict(found)


def in_mail(session: Session, app: Flask, manager: Person, team: Team) -> tuple[Counts, str]:
    """What the report by mail says on MONDAY, and its subject."""
    with app.app_context():
        subscribe(session, manager.id, team.id, "week", MONDAY - timedelta(days=3), manager.id, ten_o_clock(MONDAY))
        session.execute(update(ReportSubscription).values(since=MONDAY - timedelta(days=3)))
        session.commit()
        assert send_scheduled_reports(ten_o_clock(MONDAY)) == 1
    mail = session.execute(select(OutboxMail).order_by(OutboxMail.id.desc()).limit(1)).scalar_one()
    lines = re.findall(r"^- (\d+) ([a-z ]+)$", mail.text, re.MULTILINE)
    return {IN_MAIL[word]: int(number) for number, word in lines if word in IN_MAIL}, mail.subject


def in_summary(session: Session, manager: Person) -> tuple[Counts, int]:
    """What the weekly summary says of everybody in the manager's teams on MONDAY, and how many it names."""
    when = sending_hours(session, ZONE)
    assert when is not None
    found = {one.id: one for one in reminder_candidates(session, when, MONDAY)}
    members = managed_people(session, [manager.id])[manager.id]
    told_ = build_digest([(i, found[i].name, found[i].standing) for i in members], when)
    return {IN_MAIL[label]: number for label, number in told_.counts}, len(told_.overdue)


def seen_by(session: Session, viewer: Viewer, team: Team, on: date) -> ReportView:
    return build_report_view(
        session, StatusCache(), viewer, ReportFilter(team.id, on=on), TODAY, ZONE, "Riverside Trust"
    )


def in_pack(session: Session, library: Library, seen: ReportView) -> Counts:
    """What the table of people in a pack says."""
    rows = report_rows(session, library, seen, seen.report.lines)
    every = [tables.PackPerson(one.line, one.teams, one.pathway, one.progress) for one in rows]
    data = csv_bytes(tables.people_table(every))
    assert in_file(data, "Status") == in_file(data, "In words")
    late = [row for row in csv.DictReader(io.StringIO(data.decode("utf-8-sig"))) if row["Days overdue"]]
    assert len(late) == in_file(data, "Status").get("Overdue", 0)
    return in_file(data, "Status")


def check(app: Flask, session: Session, client: Client, lives: Lives, versions: Rules, ago: int) -> None:
    manager, teams = Story(session, MONDAY - timedelta(days=1)).tell(lives, versions)
    viewer = viewers(session, [manager.id], TODAY)[manager.id]
    region, library = teams[0], app.extensions["course"].library
    sign_in(client, manager, PASSWORD)
    for on in (TODAY, MONDAY, TODAY - timedelta(days=ago)):
        seen = seen_by(session, viewer, region, on)
        counted = plain(Counter(seen.report.counts))
        assert by_the_rule(session, {line.id for line in seen.report.lines}, on) == counted
        assert tile_filter_list(client, region, on) == (counted, counted, counted), on
        wanted = {"team": str(region.id), "on": str(on)}
        assert in_file(client.post("/report/file/csv", wanted, 200).body, "Status") == counted
        assert in_pack(session, library, seen) == counted
        # The teams below have the same people in total.
        parts = [Counter(seen_by(session, viewer, team, on).report.counts) for team in teams[1:]]
        alone = Counter(line.group for line in seen.report.lines if region.id in line.teams)
        assert plain(sum(parts, alone)) == counted
    on_monday = plain(Counter(seen_by(session, viewer, region, MONDAY).report.counts))
    mailed, subject = in_mail(session, app, manager, region)
    assert mailed == on_monday
    late = on_monday.get("Overdue", 0)
    assert ("overdue: Region" in subject and str(late) in subject) if late else "overdue: Region" not in subject or (
        subject == "Nobody is overdue: Region"
    )  # fmt: skip
    summary, named = in_summary(session, manager)
    assert summary == {word: number for word, number in on_monday.items() if word != "Not required"}
    assert named == late


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
    manager, teams = Story(session, MONDAY).tell(RETURNED, [(600, 24, 30, "now", None)])
    viewer = viewers(session, [manager.id], TODAY)[manager.id]
    asked = PackRequest(teams[0].id, MONDAY, viewer, now())
    house = IssuerContext("Riverside Trust", ZONE, TODAY, "https://course.example.org/")
    made = build_pack(session, app.extensions["course"].library, StatusCache(), asked, house, lambda *_: None)
    counted = plain(Counter(seen_by(session, viewer, teams[0], MONDAY).report.counts))
    assert in_file(made.files["people.csv"], "Status") == counted


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # the test above runs on both engines
@settings(max_examples=8)
@given(people, rules, st.integers(1, DAYS))
def test_every_label_of_a_status_counts_the_same_people_everywhere(
    prepared: Flask, lives: Lives, versions: Rules, ago: int
) -> None:
    with undone(prepared) as app, app.extensions["course.sessions"].writing() as session:
        check(app, session, Client(app), lives, versions, ago)
