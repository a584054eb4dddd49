"""The report by mail: who gets it, once, in working hours, and its content when nothing is due."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from course.audit.models import AuditEntry
from course.clock import now
from course.context import make_context
from course.mail.actions import set_mail_preference
from course.mail.delivery import SenderSettings, deliver
from course.mail.models import OutboxMail
from course.mail.rules import SCHEDULED_REPORT
from course.operations.rules import MailCheckMessage
from course.organisation.models import Organisation
from course.people.actions import delegate, grant_role, record_departure
from course.people.models import Person, RoleGrant, Team
from course.reminders.jobs import queue_due_reminders
from course.scheduled_reports.actions import end_subscription, queue_report, subscribe
from course.scheduled_reports.jobs import send_scheduled_reports
from course.scheduled_reports.models import SentReport
from course.scheduled_reports.queries import subscriptions
from course.scheduled_reports.rules import period_containing
from course.training_records.models import RecordView
from course.translation import gettext, use_language
from course.web.unit_of_work import unit_of_work
from tests.makers import make_organisation, make_person, make_team, sign_in
from tests.pages import Client
from tests.refreshers.makers import complete
from tests.support.outbox import rendered_mails
from tests.support.smtp import Inbox, smtp_server

pytestmark = pytest.mark.both_engines

ADDED = datetime(2026, 3, 2, 9, tzinfo=UTC)
SUNDAY = datetime(2026, 11, 22, 10, tzinfo=UTC)
MONDAY = datetime(2026, 11, 23, 10, tzinfo=UTC)
WEEK = timedelta(weeks=1)


@pytest.fixture
def team(session: Session) -> Team:
    make_organisation(session)
    session.execute(update(Organisation).values(set_up_at=ADDED))
    return make_team(session, "Night staff")


@pytest.fixture
def boss(session: Session, team: Team) -> Person:
    return make_person(session, "Priya Nair", "priya@example.org", "manager", team, at=ADDED)


def mails(app: Flask, session: Session) -> list[OutboxMail]:
    return rendered_mails(app, session)


def want(session: Session, person: Person, team: Team | None, every: str = "week") -> None:
    subscribe(make_context(session, person.id, MONDAY - timedelta(days=3)), person.id, team.id if team else None, every)
    session.commit()


def sender_to(inbox: Inbox) -> SenderSettings:
    return SenderSettings(f"smtp://127.0.0.1:{inbox.port}", "course@example.org", "http://localhost", "Europe/London")


def test_the_report_is_sent_once_a_week_in_working_hours_and_states_the_changes(
    app: Flask, session: Session, team: Team, boss: Person
) -> None:
    sam = make_person(session, team=team, at=ADDED)
    want(session, boss, team)
    with app.app_context():
        assert send_scheduled_reports(SUNDAY) == 0
        assert send_scheduled_reports(MONDAY.replace(hour=3)) == 0
        assert send_scheduled_reports(MONDAY) == 1
        assert send_scheduled_reports(MONDAY) == send_scheduled_reports(MONDAY + timedelta(days=3)) == 0
        (mail,) = mails(app, session)
        assert (mail.recipient, mail.subject) == ("priya@example.org", "2 people are overdue: Night staff")
        assert "This is the status of the 2 people in Night staff on 23 November 2026" in " ".join(mail.text.split())
        assert "- Sam Okafor, due on 30 March 2026" in mail.text
        assert f"/report?team={team.id}" in mail.text
        assert mail.headers is not None
        assert "List-Unsubscribe" in mail.headers
        seen = session.execute(select(RecordView.person_id, RecordView.viewer_id)).all()
        assert [tuple(row) for row in seen] == [(sam.id, boss.id)], "one's own record is not told of"
        complete(session, app.extensions["course"].library.for_("school", "england"), sam, MONDAY)
        session.commit()
        assert send_scheduled_reports(MONDAY + 3 * WEEK) == 1
        assert [row.period for row in session.execute(select(SentReport)).scalars()] == ["2026-W48", "2026-W51"]
        later = mails(app, session)[-1]
        assert later.subject == "1 person is overdue: Night staff"
        assert "- 1 overdue (1 fewer than last time)" in later.text
        assert "- 1 up to date (1 more than last time)" in later.text


def test_one_of_two_workers_queues_the_report_and_the_audit_log_has_it(
    app: Flask, session: Session, team: Team, boss: Person
) -> None:
    want(session, boss, team)
    with app.app_context():
        (stale,) = subscriptions(session)
        assert send_scheduled_reports(MONDAY) == 1
    week = period_containing("week", MONDAY.date())
    assert not queue_report(make_context(session, None, MONDAY), stale, week, {}, [boss.id], MailCheckMessage("Priya"))
    session.commit()
    assert len(mails(app, session)) == 1
    entry = session.execute(select(AuditEntry).where(AuditEntry.what == "report.mailed")).scalar_one()
    assert (entry.subject_id, entry.actor_id) == (boss.id, None)


def test_a_report_with_nothing_due_says_so(app: Flask, session: Session, team: Team) -> None:
    head = make_person(session, "Alex Morgan", "alex@example.org", "administrator", at=ADDED)
    done = make_person(session, team=team, at=ADDED)
    complete(session, app.extensions["course"].library.for_("school", "england"), done, MONDAY - timedelta(days=30))
    want(session, head, team, "month")
    with app.app_context():
        assert send_scheduled_reports(MONDAY) == 0
        assert send_scheduled_reports(datetime(2026, 12, 1, 10, tzinfo=UTC)) == 1
    (mail,) = mails(app, session)
    assert mail.subject == "Nothing to do: Night staff"
    assert "There is nothing to do: no one in Night staff is overdue or due soon" in " ".join(mail.text.split())
    assert "Sam Okafor" not in mail.text


def test_a_person_who_no_longer_manages_the_team_gets_nothing_and_a_deputy_does(
    app: Flask, session: Session, team: Team, boss: Person
) -> None:
    kim = make_person(session, "Kim Else", "kim@example.org", at=ADDED)
    gone = make_person(session, "Gone Long", "gone@example.org", "manager", team, at=ADDED)
    quiet = make_person(session, "Quiet One", "quiet@example.org", "manager", team, at=ADDED)
    for one in (boss, kim, gone, quiet):
        want(session, one, team)
    delegate(make_context(session, boss.id, MONDAY - timedelta(days=3)), "kim@example.org", MONDAY.date(), "away")
    gone.left_at = ADDED
    set_mail_preference(session, quiet.id, SCHEDULED_REPORT, False, ADDED)
    session.commit()
    with app.app_context():
        assert send_scheduled_reports(MONDAY) == 2
        assert [mail.recipient for mail in rendered_mails(app, session, "bulletin:")] == [
            "kim@example.org",
            "priya@example.org",
        ]
        session.execute(update(RoleGrant).where(RoleGrant.person_id == boss.id).values(until=MONDAY))
        session.commit()
        assert send_scheduled_reports(MONDAY + WEEK) == 0


@pytest.mark.parametrize("case", ["left", "no manager", "opted out", "stopped", "as before"])
def test_a_report_that_waits_for_the_server_goes_only_to_who_may_still_have_it(
    app: Flask, session: Session, team: Team, boss: Person, case: str
) -> None:
    make_person(session, team=team, at=ADDED)
    want(session, boss, team)
    with app.app_context():
        assert send_scheduled_reports(MONDAY) == 1
    later = MONDAY + timedelta(hours=1)
    if case == "left":
        record_departure(make_context(session, None, later), boss.id, MONDAY.date(), "a new job")
    elif case == "no manager":
        session.execute(update(RoleGrant).where(RoleGrant.person_id == boss.id).values(until=later))
    elif case == "opted out":
        set_mail_preference(session, boss.id, SCHEDULED_REPORT, False, later)
    elif case == "stopped":
        end_subscription(make_context(session, boss.id, later), subscriptions(session)[0].id)
    session.commit()
    rendered_mails(app, session)
    with smtp_server() as inbox, app.app_context():
        assert deliver(unit_of_work, sender_to(inbox), MONDAY + timedelta(days=2)) == (case == "as before")
    session.expire_all()
    (mail,) = session.execute(select(OutboxMail).where(OutboxMail.key.startswith("bulletin:"))).scalars()
    assert (mail.withheld is None, mail.text, mail.next_try_at) == (case == "as before", "", None)


def test_a_manager_subscribes_and_unsubscribes_on_the_page(
    session: Session, client: Client, team: Team, boss: Person
) -> None:
    other = make_team(session, "Office")
    sign_in(client, boss)
    page = client.get(f"/report/mail?team={team.id}")
    own = {"csrf_token", "form_key"}
    entered = {name: value for name, value in page.fields().items() if name not in own}
    assert entered == {"team": str(team.id), "every": "week"}
    assert "Office" not in page.text
    client.post("/report/mail", {"team": str(other.id), "every": "week"}, 422)
    told = client.follow(client.post("/report/mail", {"team": str(team.id), "every": "month"}))
    assert "Saved. The first report is for" in told.text
    again = client.follow(client.post("/report/mail", {"team": str(team.id), "every": "month"}))
    assert "Priya Nair already gets this report." in again.text
    (end,) = [str(form.get("action")) for form in again.all("form") if str(form.get("action")).endswith("/end")]
    assert "Stopped." in client.follow(client.post(end, {})).text
    client.post(end, {}, 404)


def test_an_administrator_subscribes_people_who_may_see_the_team(
    app: Flask, session: Session, client: Client, team: Team, boss: Person
) -> None:
    head = make_person(session, "Alex Morgan", "alex@example.org", "administrator", at=now())
    sam = make_person(session, team=team, at=ADDED)
    other = make_team(session, "Office")
    sign_in(client, head)
    form = {"email": "priya@example.org", "team": str(other.id), "every": "week"}
    assert "Priya Nair does not manage this team." in client.post("/report/mail", form, 422).text
    assert "does not manage" in client.post("/report/mail", form | {"email": str(sam.email), "team": ""}, 422).text
    assert "No one who works here" in client.post("/report/mail", form | {"email": "x@example.org"}, 422).text
    page = client.follow(client.post("/report/mail", form | {"team": str(team.id)}))
    assert "Priya Nair" in page.text
    session.execute(update(RoleGrant).where(RoleGrant.person_id == boss.id).values(until=now()))
    session.commit()
    page = client.get("/report/mail")
    assert "They no longer manage this team." in page.text
    (end,) = [str(one.get("action")) for one in page.all("form") if str(one.get("action")).endswith("/end")]
    sign_in(Client(app), make_person(session, "Jo Else", "jo@example.org", "manager", other)).post(end, {}, 404)
    assert "Stopped." in client.follow(client.post(end, {})).text


def numbers_of(mail: OutboxMail) -> tuple[list[int], list[int], list[int]]:
    """The numbers of overdue people that the subject, the text and the HTML state."""
    said = r"(\d+) (?:overdue|person is overdue|people are overdue)"
    body = re.sub(r"<[^>]+>", " ", (mail.html or "").partition("</h1>")[2])
    subject, text, html = (re.findall(said, words) for words in (mail.subject, mail.text, body))
    return [*map(int, subject)], [*map(int, text)], [*map(int, html)]


def test_subject_and_both_parts_of_a_report_and_of_a_summary_count_the_same(
    app: Flask, session: Session, team: Team, boss: Person
) -> None:
    for number in range(25):
        make_person(session, f"Sam {number}", f"sam{number}@example.org", team=team, at=ADDED)
    want(session, boss, None)
    other = make_person(session, "Omar Lee", "omar@example.org", "manager", team, at=ADDED)
    make_person(session, "Newt New", "new@example.org", team=team, at=MONDAY - timedelta(days=3))
    with app.app_context():
        assert send_scheduled_reports(MONDAY) == 1
        queue_due_reminders(MONDAY, now)
    report, summary = (next(one for one in mails(app, session) if one.recipient == to and one.template in kind)
                       for to, kind in ((boss.email, {"scheduled_report"}), (other.email, {"digest_manager"})))  # fmt: skip
    for mail in (report, summary):
        subject, text, html = numbers_of(mail)
        assert set(subject) == {27}
        assert set(text) == {27}
        assert set(html) == {27}
    listed = {
        int(number) for number in re.findall(r"^- (\d+) (?:overdue|due in|with nothing)", summary.text, re.MULTILINE)
    }
    assert sum(listed) == 28, "what is counted adds up to all people"
    due = re.search(r"(\d+) due in the next (\d+) days", summary.subject)
    assert due is not None
    assert f"- {due[0]}" in summary.text
    for mail in (report, summary):
        for said in ("Riverside Trust", "whole course", "/forgotten"):
            assert said in mail.text, said


def weekly_mails(app: Flask, session: Session, person: Person) -> list[str | None]:
    """The templates of the weekly mails to a person."""
    kinds = ("digest_manager", "scheduled_report")
    return [one.template for one in mails(app, session) if one.recipient == person.email and one.template in kinds]


@pytest.mark.parametrize("summary_first", [True, False])
def test_a_manager_gets_one_weekly_mail_whichever_job_comes_first(
    app: Flask, session: Session, team: Team, boss: Person, summary_first: bool
) -> None:
    make_person(session, team=team, at=ADDED)
    want(session, boss, team)
    with app.app_context():
        if summary_first:
            queue_due_reminders(MONDAY, now)
        send_scheduled_reports(MONDAY)
        queue_due_reminders(MONDAY, now)
    assert weekly_mails(app, session, boss) == ["scheduled_report"]
    (report,) = rendered_mails(app, session, "bulletin:")
    assert "It takes the place of the weekly summary of your teams." in " ".join(report.text.split())


def test_a_manager_of_hr_gets_one_weekly_mail_as_well(app: Flask, session: Session, team: Team, boss: Person) -> None:
    make_person(session, team=team, at=ADDED)
    grant_role(make_context(session, None, ADDED), boss.id, "hr", None)
    want(session, boss, make_team(session, "Office"))
    with app.app_context():
        send_scheduled_reports(MONDAY)
        queue_due_reminders(MONDAY, now)
    assert weekly_mails(app, session, boss) == ["scheduled_report"]
    with smtp_server() as inbox, app.app_context():
        assert deliver(unit_of_work, sender_to(inbox), MONDAY + timedelta(days=2))
    (mail,) = rendered_mails(app, session, "bulletin:")
    assert mail.sent_at is not None


def test_a_report_of_one_team_names_who_is_overdue_in_the_other_teams_of_the_manager(
    app: Flask, session: Session, team: Team, boss: Person
) -> None:
    other, foreign = make_team(session, "Office"), make_team(session, "Elsewhere")
    grant_role(make_context(session, None, ADDED), boss.id, "manager", other.id)
    kim = make_person(session, "Kim Else", "kim@example.org", team=other, at=ADDED)
    make_person(session, "Una Known", "una@example.org", team=foreign, at=ADDED)
    want(session, boss, team)
    want(session, boss, other)
    with app.app_context():
        queue_due_reminders(MONDAY, now)
        assert send_scheduled_reports(MONDAY) == 2
    first, second = rendered_mails(app, session, "bulletin:")
    assert "In your other teams 1 person is overdue:" in first.text
    assert "- Kim Else, due on" in first.text
    assert "In your other teams" not in second.text, "it is said once"
    assert "Una Known" not in first.text + second.text
    assert weekly_mails(app, session, boss) == ["scheduled_report", "scheduled_report"]
    seen = session.execute(select(RecordView.person_id).where(RecordView.viewer_id == boss.id)).scalars().all()
    assert kim.id in seen


def test_what_the_summary_would_say_is_said_once_also_if_a_worker_died_between_two_reports(
    app: Flask, session: Session, team: Team, boss: Person
) -> None:
    other = make_team(session, "Office")
    grant_role(make_context(session, None, ADDED), boss.id, "manager", other.id)
    for name, place in (("Kim Else", other), ("Sam Okafor", team)):
        make_person(session, name, f"{name[:3].lower()}@example.org", team=place, at=ADDED)
    want(session, boss, team)
    with app.app_context():
        assert send_scheduled_reports(MONDAY) == 1
        want(session, boss, other)  # the report that the worker had not come to
        assert send_scheduled_reports(MONDAY + timedelta(minutes=10)) == 1
    first, second = rendered_mails(app, session, "bulletin:")
    for said in ("It takes the place of the weekly summary", "In your other teams"):
        assert said in " ".join(first.text.split())
        assert said not in " ".join(second.text.split())


def test_the_summary_comes_again_where_the_report_does_not(
    app: Flask, session: Session, team: Team, boss: Person
) -> None:
    make_person(session, team=team, at=ADDED)
    monthly = make_person(session, "Max Month", "max@example.org", "manager", team, at=ADDED)
    stopped = make_person(session, "Stella Stop", "stella@example.org", "manager", team, at=ADDED)
    late = make_person(session, "Lea Late", "lea@example.org", "manager", team, at=ADDED)
    blind = make_person(session, "Bea Blind", "bea@example.org", "manager", team, at=ADDED)
    want(session, monthly, team, "month")
    want(session, stopped, team)
    set_mail_preference(session, stopped.id, SCHEDULED_REPORT, False, ADDED)
    subscribe(make_context(session, late.id, MONDAY), late.id, team.id, "week")
    want(session, blind, make_team(session, "Elsewhere"))
    session.commit()
    with app.app_context():
        queue_due_reminders(MONDAY, now)
        send_scheduled_reports(MONDAY)
    for person in (boss, monthly, stopped, late, blind):
        assert weekly_mails(app, session, person) == ["digest_manager"], person.name


def test_the_report_compares_the_teams_below_worst_first_and_of_one_team_it_compares_nothing(
    app: Flask, session: Session, team: Team, boss: Person
) -> None:
    fern, elm = make_team(session, "Fern", team), make_team(session, "Elm", team)
    make_person(session, "Sam Okafor", "sam@example.org", team=fern, at=ADDED)
    make_person(session, "Jo Vale", "jo@example.org", team=elm, at=MONDAY - timedelta(days=10))
    leader = make_person(session, "Lee Marsh", "lee@example.org", "manager", elm, at=MONDAY - timedelta(days=10))
    want(session, boss, team)
    want(session, leader, elm)
    with app.app_context():
        assert send_scheduled_reports(MONDAY) == 2
        texts = {mail.recipient: mail.text for mail in mails(app, session) if "report" in mail.text}
    lines = [line for line in texts["priya@example.org"].splitlines() if "with a valid certificate" in line]
    assert [line.split(":")[0] for line in lines] == ["- Fern", "- Elm"]
    assert lines[0] == "- Fern: 1 overdue, 0 due soon, 0 of 1 with a valid certificate"
    assert "with a valid certificate" not in texts["lee@example.org"]


def test_a_report_names_the_people_of_no_team_below_in_the_language_of_its_reader(
    app: Flask, session: Session, team: Team, boss: Person
) -> None:
    make_person(session, "Sam Okafor", "sam@example.org", team=make_team(session, "Fern", team), at=ADDED)
    make_person(session, "Jo Vale", "jo@example.org", team=team, at=ADDED)
    boss.language = "cy"
    want(session, boss, team)
    with app.app_context():
        assert send_scheduled_reports(MONDAY) == 1
    (report,) = rendered_mails(app, session, "bulletin:")
    with use_language("cy"):
        directly = gettext("Directly in %(team)s", team="Night staff")
    assert f"- {directly}: " in report.text
    assert "Directly in" not in report.text
