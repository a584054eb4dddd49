"""The team report on its page: which people it has, for which viewer, and on which day."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import literal, select, update
from sqlalchemy.orm import Session

from course.clock import now
from course.content.schema import SETTINGS
from course.context import make_context
from course.dates import civil_date, format_date
from course.learning.actions import open_enrolment, record_page_read
from course.learning.rules.progress import ProgressFacts
from course.mail.actions import suppress_address
from course.mail.models import OutboxMail
from course.organisation.models import Organisation
from course.people import actions as staff
from course.people import actions as teams
from course.people.actions import end_employment, set_teams
from course.people.rules import COMMAND_VIEWER
from course.recertification.actions import record_pause
from course.recertification.rules.facts import Pause
from course.reminders.models import Reminder
from course.reports import status_cache
from course.reports.queries import last_reminder_of, last_reminders
from course.reports.report_view import build_report_view, last_twelve_months, modules_done, team_trend
from course.reports.rules import ReportFilter
from course.reports.status_cache import END_OF_TIME, StatusCache
from course.server.jobs import SERVER_TASKS
from course.standings.queries.changes import next_members
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client
from tests.refreshers.makers import LONG_AGO, complete, make_completed
from tests.reports.makers import ZONE, cached_lines
from tests.support.asked import asked
from tests.support.days import this_day

PAST = now() - timedelta(days=500)


def people(html: str) -> list[str]:
    return [
        re.sub("<[^>]+>", "", part.split(">", 1)[1].split("</b>")[0])
        for part in html.split("<tbody>")[-1].split('<tr role="row"><th role="rowheader"')[1:]
    ]


def test_case_14_a_person_who_never_signed_in_is_in_the_report_and_the_most_urgent_come_first(
    app: Flask, session: Session, client: Client
) -> None:
    library = app.extensions["course"].library.for_("school", "england")
    make_completed(session, library, timedelta(days=60), email="done@example.org").name = "Done Early"
    make_completed(session, library, timedelta(days=400), email="late@example.org").name = "Long Ago"
    make_person(session, "New Here", "new@example.org", password=None, at=now())
    boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator", at=now())
    session.commit()
    sign_in(client, boss)
    page = client.get("/report")
    assert people(page.html) == ["Long Ago", "Alex Morgan", "New Here", "Done Early"]
    assert f"Riverside Trust, today, {format_date(this_day())} 1 of 4 people hold a valid certificate" in page.text
    assert people(client.get("/report?status=up-to-date").html) == ["Done Early"]
    assert people(client.get("/report?status=not-started&q=NEW").html) == ["New Here"]
    assert "No one matches this." in client.get("/report?status=paused").text
    assert len(people(client.get("/report?status=nonsense&page=99").html)) == 4


def test_a_manager_sees_their_teams_with_all_below_and_cannot_ask_for_others(session: Session, client: Client) -> None:
    top = make_team(session, "Care")
    below = make_team(session, "Night staff", top)
    other = make_team(session, "Office")
    manager = make_person(session, "Priya Nair", "priya@example.org", "manager", top, at=now())
    make_person(session, "Kim Else", "kim@example.org", team=below, at=now())
    make_person(session, "Far Away", "far@example.org", team=other, at=now())
    sign_in(client, manager)
    page = client.get("/report")
    assert people(page.html) == ["Kim Else", "Priya Nair"]
    assert f"Care, today, {format_date(this_day())} 0 of 2 people hold" in page.text, "it may be printed"
    assert "Office" not in page.text
    assert people(client.get(f"/report?team={below.id}").html) == ["Kim Else"]
    page = client.get(f"/report?team={other.id}")
    assert people(page.html) == ["Kim Else", "Priya Nair"]
    assert "This team is not in the report" in page.text


def test_a_team_that_a_manager_does_not_see_is_named_nowhere_in_their_report(session: Session, client: Client) -> None:
    top = make_team(session, "Trust")
    care, office = make_team(session, "Care", top), make_team(session, "Head office", top)
    manager = make_person(session, "Priya Nair", "priya@example.org", "manager", care, at=PAST)
    both = make_person(session, "Kim Else", "kim@example.org", team=care, at=PAST)
    set_teams(make_context(session, manager.id, PAST), both.id, [care.id, office.id])
    session.commit()
    sign_in(client, manager)
    yesterday = civil_date(now(), ZONE) - timedelta(days=1)
    for address in ("/report", f"/report?on={yesterday}", f"/report?team={care.id}", "/report/teams"):
        page = client.get(address)
        assert ("Care" in page.text, "Head office" in page.text, "Trust" in page.text.replace("Riverside Trust", "")) == (
            True, False, False,
        ), address  # fmt: skip
    for kept in ({}, {"on": str(yesterday)}):
        body = client.post("/report/file/csv", kept, 200).body.decode("utf-8-sig")
        line = next(line for line in body.splitlines() if "Kim Else" in line)
        assert line.split(",")[2:4] == ["Care", "Care"], kept
        assert "Head office" not in body
    sign_in(client, make_person(session, "Alex Morgan", "alex@example.org", "administrator", at=PAST))
    assert "Care, Head office" in client.get("/report").text


def test_a_past_day_is_shown_with_the_people_names_teams_and_status_of_that_day(
    app: Flask, session: Session, client: Client
) -> None:
    library = app.extensions["course"].library.for_("school", "england")
    boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator", at=PAST)
    session.execute(update(Organisation).values(set_up_at=PAST))
    team = make_team(session, "Elm")
    team.opened_at = PAST
    gone = make_person(session, "Gone Long", "gone@example.org", team=team, at=PAST)
    kim = make_person(session, "Kim Else", "kim@example.org", team=team, at=PAST)
    complete(session, library, kim, now() - LONG_AGO)
    today = civil_date(now(), ZONE)
    lately = now() - timedelta(days=20)
    end_employment(make_context(session, boss.id, lately), gone.id, civil_date(lately, ZONE), "moved")
    staff.correct_identity(
        make_context(session, boss.id, now()), kim.id, "Kim Other", "kim@example.org", None, "married"
    )
    teams.change_team(make_context(session, boss.id, now()), team.id, "Oak", None, "new house")
    session.commit()
    sign_in(client, boss)
    page = client.get("/report?sort=name")
    assert people(page.html) == ["Alex Morgan", "Kim Other"]
    assert "Oak" in page.text
    assert "Elm" not in page.text
    page = client.get(f"/report?on={today - timedelta(days=30)}&sort=name")
    assert people(page.html) == ["Alex Morgan", "Gone Long", "Kim Else"]
    linked = [person.id for person in (boss, gone, kim) if f'href="/report/people/{person.id}?' in page.html]
    assert linked == [boss.id, kim.id], "who has left has no page"
    assert "Elm" in page.text
    assert "Oak" not in page.text
    assert "1 of 3 people hold a valid certificate" in page.text
    assert "0 of 3 people hold" in client.get(f"/report?on={today - LONG_AGO - timedelta(days=10)}").text
    assert "No one was in" in client.get("/report?on=2020-01-01").text
    refused = client.get(f"/report?on={today + timedelta(days=1)}&sort=name", status=422)
    assert "enter today or a day in the past" in refused.text
    assert people(refused.html) == ["Alex Morgan", "Kim Other"]


def test_a_departure_recorded_late_changes_no_earlier_day(session: Session, client: Client) -> None:
    boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator", at=PAST)
    gone = make_person(session, "Gone Long", "gone@example.org", at=PAST)
    today = civil_date(now(), ZONE)
    end_employment(
        make_context(session, boss.id, now() - timedelta(days=5)), gone.id, today - timedelta(days=20), "moved"
    )
    session.commit()
    sign_in(client, boss)
    there = [people(client.get(f"/report?sort=name&on={today - timedelta(days=days)}").html) for days in (6, 5)]
    assert there == [["Alex Morgan", "Gone Long"], ["Alex Morgan"]]
    assert people(client.get("/report").html) == ["Alex Morgan"]


def test_today_is_derived_again_when_it_has_become_a_past_day(session: Session) -> None:
    boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator", at=PAST)
    kim = make_person(session, "Kim Else", "kim@example.org", at=PAST)
    session.commit()
    book, today = StatusCache(), civil_date(now(), ZONE)
    book.day(session, ZONE, today, today)
    tomorrow = now() + timedelta(days=1)
    staff.correct_identity(
        make_context(session, boss.id, tomorrow), kim.id, "Kim Other", "kim@example.org", None, "married"
    )
    session.commit()
    names = [line.name for line in book.day(session, ZONE, today, civil_date(tomorrow, ZONE)).lines]
    assert sorted(names) == ["Alex Morgan", "Kim Else"]


@pytest.mark.both_engines
def test_progress_and_completions_are_in_the_report_at_once(app: Flask, session: Session, client: Client) -> None:
    library = app.extensions["course"].library.for_("school", "england")
    boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator", at=now())
    sam = make_person(session, at=now())
    sign_in(client, boss)
    assert "Not started" in client.get("/report?q=Sam").text
    module = next(iter(library.modules.values()))
    sign_in(Client(app), sam).post(f"/module/{module.id}/{module.steps[0].id}", {"then": "next"})
    assert "0 of 8 modules" in client.get("/report?q=Sam").text
    assert cached_lines(app, session) == cached_lines(app, session, StatusCache())
    complete(session, library, sam, now())
    session.commit()
    assert "Completed" in client.get("/report?q=Sam").text
    assert cached_lines(app, session) == cached_lines(app, session, StatusCache())


def test_the_report_shows_the_progress_of_people_who_are_overdue_or_away(
    app: Flask, session: Session, client: Client
) -> None:
    library = app.extensions["course"].library.for_("school", "england")
    boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator", at=PAST)
    session.execute(update(Organisation).values(set_up_at=PAST))
    sam = make_person(session, at=PAST)
    back = make_completed(session, library, timedelta(days=380), email="back@example.org")
    lapsed = make_completed(session, library, timedelta(days=800), email="lapsed@example.org")
    module = next(iter(library.modules.values()))
    record_page_read(make_context(session, sam.id, now()), module, next(iter(module.pages.values())))
    for person in (back, lapsed):
        open_enrolment(session, person.id, "refresher", now())
    session.commit()
    sign_in(client, boss)

    def told_of(email: str) -> list[str]:
        row = client.get(f"/report?q={email}").html.split("<tbody>")[-1]
        return [re.sub("<[^>]+>", "", cell) for cell in re.findall("<t[hd][^>]*>(.*?)</t[hd]>", row)][2:4]

    overdue = told_of("sam@example.org")
    assert re.fullmatch(r"[0-9]+ days? overdue", overdue[0])
    assert overdue[1] == "0 of 8 modules"
    assert told_of("back@example.org")[1] == "Refresher started"
    assert told_of("lapsed@example.org")[1] == "Whole course needed"
    record_pause(make_context(session, boss.id, now()), sam.id, Pause(civil_date(now(), ZONE), None, 7, "ill"))
    session.commit()
    assert told_of("sam@example.org") == ["Paused", "0 of 8 modules"]


def test_finished_modules_are_counted_as_each_pathway_reads_them(app: Flask) -> None:
    course = app.extensions["course"].library
    counted = {}
    for pathway in SETTINGS:
        modules = course.for_(pathway, "england").modules.values()
        pages, scenarios, timelines = (
            frozenset(f"{one.id}/{step.id}" for one in modules for step in one.steps if step.kind == kind)
            for kind in ("page", "scenario", "timeline")
        )
        shown = frozenset((one.id, point) for one in modules for point in one.points)
        counted[pathway] = modules_done(course, pathway, ProgressFacts(pages, scenarios, timelines, shown))
    assert counted == dict.fromkeys(SETTINGS, len(course.modules))


def test_after_many_changes_everybody_is_read_again(
    app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_person(session)
    cached_lines(app, session)
    monkeypatch.setattr(status_cache, "MAX_INCREMENTAL", 2)
    for number in range(3):
        make_person(session, f"Kim {number}", f"kim{number}@example.org")
    lines = cached_lines(app, session)
    assert len(lines[0][0]) == 4
    assert lines == cached_lines(app, session, StatusCache())


def test_a_past_day_of_many_people_is_derived_in_portions_and_not_kept(
    app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    team = make_team(session, "Care")
    for number in range(5):
        make_person(session, f"Kim {number}", f"kim{number}@example.org", team=team, at=PAST)
    kept = cached_lines(app, session, StatusCache())
    monkeypatch.setattr(status_cache, "MAX_KEPT_PEOPLE", 4)
    monkeypatch.setattr(status_cache, "PORTION", 2)
    cache = StatusCache()
    assert cached_lines(app, session, cache) == kept
    assert cache._snapshot is None


def test_a_past_day_of_a_region_of_many_people_is_derived_from_its_people_alone(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    region = make_team(session, "North")
    care, office = make_team(session, "Care", region), make_team(session, "Office")
    people = [
        make_person(session, f"Kim {number}", f"kim{number}@example.org", team=(care, office)[number % 2], at=PAST)
        for number in range(6)
    ]
    set_teams(make_context(session, None, now()), people[0].id, [office.id])  # was in the region on that day
    session.commit()
    assert next_members(session, {care.id}, 0, 2) == [people[0].id, people[2].id]
    assert next_members(session, {care.id}, people[2].id, 2) == [people[4].id]
    viewer, on = COMMAND_VIEWER, civil_date(now(), ZONE) - timedelta(days=2)
    for wanted in (ReportFilter(region.id, on=on), ReportFilter(office.id, on=on), ReportFilter(on=on)):
        context = make_context(session, None, now())
        kept = build_report_view(context, StatusCache(), viewer, wanted, "Everyone")
        with monkeypatch.context() as few:
            few.setattr(status_cache, "MAX_KEPT_PEOPLE", 4)
            few.setattr(status_cache, "PORTION", 2)
            apart = build_report_view(context, StatusCache(), viewer, wanted, "Everyone")
            months = last_twelve_months(context, StatusCache(), apart)
            trend = team_trend(context, StatusCache(), apart)
        assert apart.report == kept.report
        assert apart.report.total == (6 if wanted.team is None else 3)
        assert apart.team_table(trend) == kept.team_table(team_trend(context, StatusCache(), kept))
        assert len(apart.team_table(trend).total.trend) == 53
        assert months == last_twelve_months(context, StatusCache(), kept)
        assert set(apart.day_lines) == set(kept.report.lines), "others are not derived"


def test_the_report_of_the_day_is_derived_before_it_is_requested(app: Flask, session: Session, client: Client) -> None:
    sign_in(client, make_person(session, "Alex Morgan", "alex@example.org", "administrator"))
    session.commit()
    with app.app_context():
        for job in SERVER_TASKS:
            job.run(now())
    with asked(app) as queries:
        assert "Alex Morgan" in client.get("/report").text
    assert len(queries) <= 12
    read_facts = [
        query
        for query in queries
        if re.search(r"FROM (employment|renewal_policy|pathway_choice \\w|membership)", query)
    ]
    assert read_facts == [], "rows are read, and facts are not"


def test_everybody_on_the_list_with_something_to_do_is_reminded_together_and_all_reminders_withdrawn(
    app: Flask, session: Session, client: Client
) -> None:
    team, other = make_team(session, "Night staff"), make_team(session, "Office")
    boss = make_person(session, "Priya Nair", "priya@example.org", "manager", team, at=PAST)
    library = app.extensions["course"].library.for_("school", "england")
    for name in ("Ann Hill", "Bo Lee", "Cy Vale"):
        make_person(session, name, f"{name.split()[0].lower()}@example.org", team=team, at=PAST)
    make_person(session, "Far Away", "far@example.org", team=other, at=PAST)
    done = make_person(session, "Di Shaw", "di@example.org", team=team, at=PAST)
    complete(session, library, done, now() - timedelta(days=60))
    suppress_address(session, "bo@example.org", "refused", "550 5.1.1", now())
    no_mail = make_person(session, "Jo Reed", "jo@example.org", team=team, at=PAST)
    no_mail.email, no_mail.sign_in_name, no_mail.sign_in_key = None, "jo", "jo"
    session.commit()
    sign_in(client, boss)
    address = f"/report/remind?team={team.id}"
    assert f'href="{address}">Remind 2 people<' in client.get(f"/report?team={team.id}").html, "as many as can get mail"
    page = client.get(address)
    assert page.h1 == "Remind 2 people"
    assert "<li>Ann Hill</li><li>Cy Vale</li>" in page.html
    assert "Bo Lee: E-mails to their address fail" in page.text
    assert "Enter a short reason" in client.post(address, {"reason": " "}, 422).text
    told = client.follow(client.post(address, {"reason": "Inspection on Monday."}))
    assert (told.h1, told.text.count("Waiting")) == ("2 reminders you sent", 2)
    (end,) = [form.get("action") for form in told.all("form") if str(form.get("action")).endswith("/end")]
    assert sign_in(Client(app), done).get(str(end).removesuffix("/end"), 403).status == 403
    again = client.follow(client.post(address, {"reason": "Inspection on Monday."}))
    assert "No one was reminded" in again.text
    assert again.h1 == "No one to remind"
    assert again.title.startswith("No one to remind")
    back = client.follow(client.post(str(end), {}))
    assert "2 cancelled." in back.text
    assert "Waiting" not in back.text
    assert "Nothing was cancelled" in client.follow(client.post(str(end), {})).text
    client.get(f"{address}&on=2026-01-01", 404)
    cells = re.findall('data-label="Last reminder"[^>]*>(.*?)<', client.get("/report").html)
    assert set(cells) == {"–"}, "what was taken back is no reminder"
    client.get("/report/reminded/99", 404)


def test_a_reminder_of_a_past_day_stays_in_its_report_when_it_is_withdrawn_later(session: Session) -> None:
    sam = make_person(session, at=PAST)
    made, withdrawn = now() - timedelta(days=5), now() - timedelta(days=3)
    reminder = {"kind": "asked", "step": "asked", "leaves_on": civil_date(made, ZONE), "reason": "", "named": []}
    session.add(Reminder(key="asked:1", person_id=sam.id, made_at=made, **reminder))
    session.add(
        OutboxMail(key="asked:1", mark="m", recipient="sam@example.org", subject="", text="", queued_at=made,
                   withheld="Cancelled.", given_up_at=withdrawn)
    )  # fmt: skip
    session.flush()
    before, after = withdrawn - timedelta(days=1), withdrawn + timedelta(days=1)
    assert last_reminders(session, [sam.id], before) == {sam.id: made}
    assert last_reminders(session, None, after) == last_reminders(session, [sam.id], END_OF_TIME) == {}
    assert session.execute(select(last_reminder_of(literal(sam.id), before))).scalar() == made
    assert session.execute(select(last_reminder_of(literal(sam.id), END_OF_TIME))).scalar() is None
