"""How the course grows: `python -m tests.bench.scale [--plot FILE.svg] [people …]`, by default 1,000 to 1,000,000.

PostgreSQL, three years of history: everybody is in one of the teams of 250, did the course, and renewed it each year; of
twenty people one has not begun, three are in the middle of it, one let it lapse; one in three was reminded. The rows are
made by the database itself. A million people take about a quarter of an hour and ten gigabytes. With `--derived 20000` the
history of the others is left out and their rows are copies, so that only reading is measured, in a few minutes; how long a
night would take for everybody is calculated then.
Times are medians. `--processor` measures processor time instead, of the course and the database together.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path

from flask import Flask
from sqlalchemy import Engine, text

from app import create_app
from course import schema_upgrade
from course.clock import now
from course.content.actions import archive
from course.content.library import Library
from course.content.loaded_course import library
from course.context import make_context
from course.learning.actions import NewAttempt, open_attempt
from course.learning.queries import attempt, attempts, enrolment_id
from course.learning.rules.drawing import QuestionHistory, draw_questions
from course.learning.rules.grading import option_order
from course.people.queries import person_by_email
from course.people.rules import COMMAND_VIEWER
from course.recertification.actions import grant_extension
from course.reports.app_status_cache import app_status_cache
from course.reports.report_files import csv_stream
from course.reports.report_view import current_report_view
from course.reports.rules import ReportFilter
from course.standings.jobs import catch_up, check_standings
from course.standings.rules import CURRENT
from course.web.app_state import app_state
from course.web.unit_of_work import read_only_session, unit_of_work
from tests.bench.growth import Figure, plot, table
from tests.bench.meter import Meter
from tests.conftest import NOW, make_config
from tests.makers import make_person, sign_in
from tests.pages import Client
from tests.support.postgres import temporary_cluster
from tests.walking import right_form

TEAM_SIZE = 250
TEAMS_PER_REGION = 25
FIRST_ID = 1000
CHECKED = "responding"  # the module whose check is answered
REPEATS = 7
STARTS = 3  # processes that are started for their first page; each signs in, which is limited

# People, teams of TEAM_SIZE in regions, and each year of their history. n is the person, k the year; the numbers are
# spread by a prime, so that the same people come out each time.
TEAMS = """
insert into team (id, name, parent_id, opened_at, open_key)
select n,
  case when n = 1 then 'Everybody' when n <= 1 + cast(:regions as integer) then 'Region ' || (n - 1) else 'Team ' || n end,
  case when n = 1 then null when n <= 1 + cast(:regions as integer) then 1 else 2 + n % cast(:regions as integer) end,
  cast(:begun as timestamptz), 'bench/' || n
from generate_series(1, 1 + cast(:regions as integer) + cast(:teams as integer)) n"""
PEOPLE = """
insert into person (id, name, name_key, email, created_at, left_at)
select n, 'Person ' || n, 'person ' || n, 'p' || n || '@example.org',
  cast(:now as timestamptz) - make_interval(days => 10 + cast(cast(n as bigint) * 7919 % 1085 as integer)),
  case when n % 50 = 7 then cast(:now as timestamptz) - make_interval(days => n % 9 + 1) end
from generate_series(cast(:first as integer), cast(:last as integer)) n"""
MEMBERSHIPS = """
insert into membership (person_id, team_id, since)
select id, 2 + cast(:regions as integer) + id % cast(:teams as integer), created_at
from person where id >= :first and left_at is null"""
ENROLMENTS = """
insert into enrolment (id, person_id, kind, opened_at)
select p.id * 4 + k, p.id, case when k = 0 then 'initial' else 'refresher' end,
  p.created_at + make_interval(days => p.id % 9 + k * 350)
from person p cross join generate_series(0, 2) k
where p.id >= :first and p.id % 20 <> 0 and (k = 0 or p.id % 20 > 4)
  and p.created_at + make_interval(days => p.id % 9 + k * 350) <= cast(:now as timestamptz)"""
PAGES = """
insert into page_read (enrolment_id, ref, version, read_at)
select e.id, 'risk-factors/page-' || page, '1', e.opened_at from enrolment e cross join generate_series(1, 5) page
where e.kind = 'initial' and e.person_id >= :first"""
COMPLETIONS = """
insert into completion (id, enrolment_id, completed_at, content_version, edition)
select id, id, opened_at, '1', '1' from enrolment e
where person_id >= :first and not (person_id % 20 between 1 and 3)
  and not (person_id % 20 = 5 and opened_at > cast(:now as timestamptz) - interval '40 days')"""
# Who renews does so fifteen or thirty days before the last valid day, and the next year counts from that day.
CERTIFICATES = """
insert into certificate (id, completion_id, person_id, number, name, course, organisation, edition, content_version,
  completed_on, valid_until, issued_at)
select c.id, c.id, e.person_id, lpad(c.id::text, 12, '0'), 'Person ' || e.person_id, 'Online abuse', 'Riverside', '1', '1',
  c.completed_at::date, (c.completed_at::date - e.id % 4 * 350 + (e.id % 4 + 1) * interval '1 year')::date, c.completed_at
from completion c join enrolment e on e.id = c.enrolment_id where e.person_id >= :first"""
# The rows of those who were derived, for everybody else: with --derived, where only reading is measured.
COPIES = """
insert into person_status (person_id, is_employed, name, name_key, email, teams, pathway, employment_start, state, group_rank,
  due, due_order, valid_until, started, course, modules_done, has_certificate, is_long_overdue, derived_on, changes_on)
select p.id, s.is_employed, p.name, p.name_key, p.email, m.team_id::text, s.pathway, s.employment_start, s.state, s.group_rank,
  s.due, s.due_order, s.valid_until, s.started, s.course, s.modules_done, s.has_certificate, s.is_long_overdue, s.derived_on,
  s.changes_on
from person p join membership m on m.person_id = p.id
join person_status s on s.person_id = :first + (p.id - :first) % (:derived - :first + 1)
where p.id > :derived and s.is_employed"""
COUNTS = """
insert into standing_count (teams, group_rank, has_certificate, is_long_overdue, people)
select teams, group_rank, has_certificate, is_long_overdue, count(*) from person_status where is_employed
group by 1, 2, 3, 4"""
REMINDERS = """
insert into reminder (key, kind, person_id, step, due, leaves_on, reason, named, made_at)
select 'bench/' || n || '/' || k, 'learner', n, 'before', cast(:now as date), cast(:now as date) - n % 60 - k * 365, 'due soon',
  '[]', cast(:now as timestamptz) - make_interval(days => n % 60 + k * 365)
from generate_series(cast(:first as integer), cast(:last as integer)) n cross join generate_series(0, 2) k where n % 3 = 0"""
STEPS = (TEAMS, PEOPLE, MEMBERSHIPS, ENROLMENTS, PAGES, COMPLETIONS, CERTIFICATES, REMINDERS)


def fill(engine: Engine, people: int, first: int, last: int, steps: tuple[str, ...] = STEPS) -> None:
    """Make people from one id to another with three years of history, in an organisation of so many."""
    teams = max(1, people // TEAM_SIZE)
    values = {
        "regions": max(1, teams // TEAMS_PER_REGION), "teams": teams, "begun": now() - timedelta(days=1200), "now": now(),
        "first": first, "last": last,
    }  # fmt: skip
    with engine.begin() as connection:
        connection.execute(text("update organisation set set_up_at = :begun"), values)
        for step in steps:
            connection.execute(text(step), {name: value for name, value in values.items() if f":{name}" in step})
        for table in (
            "team",
            "person",
            "membership",
            "enrolment",
            "page_read",
            "completion",
            "certificate",
            "reminder",
        ):
            connection.execute(
                text(f"select setval(pg_get_serial_sequence('{table}', 'id'), (select max(id) from {table}))")
            )
    _vacuum(engine)


def copy_rows(engine: Engine, people: int, derived: int) -> None:
    """Make everybody beyond the first `derived` people without a history, and give them the rows of the others."""
    fill(engine, people, FIRST_ID + derived, FIRST_ID + people - 1, (PEOPLE, MEMBERSHIPS, REMINDERS))
    with engine.begin() as connection:
        connection.execute(text(COPIES), {"first": FIRST_ID, "derived": FIRST_ID + derived - 1})
        connection.execute(text("delete from standing_count"))
        connection.execute(text(COUNTS))


def _vacuum(engine: Engine) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))


def measure(people: int, derived: int, processor: bool) -> list[Figure]:
    """All figures of an organisation of that size, of whose people so many are derived and the others copied."""
    with temporary_cluster() as url:
        app = create_app(make_config(url))
        app.config["LOG_REQUESTS"] = False
        engine: Engine = app.extensions["course"].engine
        meter = Meter(url, processor)
        schema_upgrade.upgrade(engine)
        with app.app_context(), unit_of_work() as session:
            archive(session, app.extensions["course"].library, NOW)
            keeper = make_person(session, email="bench@example.org", role="administrator")
            learner = make_person(session, "Lee Learner", "lee@example.org")
        figures = [
            Figure(
                "making the people", meter.seconds(lambda: fill(engine, people, FIRST_ID, FIRST_ID + derived - 1)), "s"
            )
        ]
        client, reader = sign_in(Client(app), keeper), sign_in(Client(app), learner)
        figures += _nightly(app, meter, people, derived)
        if derived < people:
            copy_rows(engine, people, derived)
        _vacuum(engine)
        figures += _first_pages(url, people, processor)
        figures += _pages(app, meter, client, people)
        figures += _learner(app, meter, reader, learner.id)
        figures.append(_csv(app, meter))
        engine.dispose()
    return figures


def _nightly(app: Flask, meter: Meter, people: int, derived: int) -> list[Figure]:
    """What is derived at first and in a night; for everybody it is calculated if only some were derived."""
    with app.app_context():
        built = meter.seconds(lambda: catch_up(now()))
        night = meter.seconds(lambda: catch_up(now() + timedelta(days=1)))
        checked = meter.seconds(lambda: check_standings(now() + timedelta(days=1)))
        catch_up(now())
    return [
        Figure("deriving everybody at first", built * people / derived, "s"),
        Figure("what a night changes", night * people / derived, "s"),
        Figure("comparing a thousand", checked, "s"),
    ]


def _region(people: int) -> str:
    """The report of a region: 25 teams, as far as there are so many."""
    return f"/report?team={2 + max(1, people // TEAM_SIZE) // TEAMS_PER_REGION // 2}"


def _first_pages(url: str, people: int, processor: bool) -> list[Figure]:
    """The first page of a process that has just started, the median of several."""
    figures = []
    for name, address in (
        ("report, first of a process", "/report"),
        ("region, first of a process", _region(people)),
    ):
        command = [sys.executable, "-m", "tests.bench.scale", "--first", url, address, *["--processor"] * processor]
        ran = [subprocess.run(command, check=True, capture_output=True, text=True, timeout=300) for _ in range(STARTS)]
        took = [float(one.stdout.split()[-1]) for one in ran]
        figures.append(Figure(name, statistics.median(took), "ms"))
    return figures


def first_page(url: str, address: str, processor: bool) -> float:
    """Milliseconds of the first page that this process makes, which opens its first connection as well."""
    app, meter = create_app(make_config(url)), Meter(url, processor)
    with app.app_context(), read_only_session() as session:
        keeper = person_by_email(session, "bench@example.org")
    client = sign_in(Client(app), keeper)  # type: ignore[arg-type]
    app.extensions["course"].engine.dispose()
    return 1000 * meter.seconds(lambda: client.flask.get(address).get_data())


def _pages(app: Flask, meter: Meter, client: Client, people: int) -> list[Figure]:
    def page(address: str) -> Callable[[], object]:
        return lambda: client.flask.get(address).get_data()

    def after_a_change(number: int) -> float:
        with app.app_context(), unit_of_work() as session:
            person = FIRST_ID + 1 + number * 100
            grant_extension(make_context(session, None, NOW), person, NOW.date() + timedelta(days=200), "ill")
        return meter.seconds(page("/report"))

    page("/report")()
    figures: list[Figure] = []
    changed = statistics.median(after_a_change(number) for number in range(REPEATS))
    figures.append(Figure("report after somebody did something", 1000 * changed, "ms"))
    for name, address in (
        ("report and team table", "/report"),
        ("report of a region", _region(people)),
        ("overdue, page 20", "/report?status=overdue&page=20"),
        ("by name", "/report?sort=name"),
        ("search", "/report?q=person+10"),
    ):
        figures.append(Figure(name, 1000 * meter.seconds(page(address), REPEATS), "ms"))
    return figures


def _learner(app: Flask, meter: Meter, reader: Client, person: int) -> list[Figure]:
    library = app.extensions["course"].library.for_("school", "england")
    module = next(iter(library.modules.values()))
    address = f"/module/{module.id}/{module.steps[0].id}"
    lesson = meter.seconds(lambda: reader.flask.get(address).get_data(), 8 * REPEATS)
    answers = [took for _ in range(REPEATS) for took in _answers(app, meter, library, reader, person)]
    return [
        Figure("lesson page", 1000 * lesson, "ms"),
        Figure("answer to a question", 1000 * statistics.median(answers), "ms"),
    ]


def _answers(app: Flask, meter: Meter, library: Library, reader: Client, person: int) -> list[float]:
    """The seconds of each answer of an attempt at a check, of which the last is left out: it ends the attempt as well."""
    module = library.modules[CHECKED]
    with app.app_context(), unit_of_work() as session:
        enrolment = enrolment_id(session, person) or 0
        earlier = [one for one in attempts(session, person, "check", CHECKED) if one.enrolment_id == enrolment]
        drawn = draw_questions(
            [(point, 1) for point in module.points], module.questions, QuestionHistory({}), len(earlier)
        )
        new = NewAttempt(enrolment, "check", CHECKED, len(earlier) + 1, 1)
        made = attempt(session, person, open_attempt(session, library, new, drawn, now()) or 0)
    if made is None:
        raise LookupError("no attempt was opened")
    token, taken = reader.token(), []
    begun = reader.flask.post(f"/module/{CHECKED}/check", data={"csrf_token": token})
    start = str(begun.headers["Location"]).rpartition("/")[0]
    for item in made.items:
        question = library.questions[item.question_id]
        form = right_form(question, option_order(question, made.seed, item.position))
        started = meter.now()
        told = reader.flask.post(f"{start}/{item.position}", data={**form, "sureness": "sure", "csrf_token": token})
        taken.append(meter.now() - started)
        if told.status_code not in (HTTPStatus.OK, HTTPStatus.SEE_OTHER):
            raise LookupError(f"an answer gave {told.status}")
    return taken[:-1]


def _csv(app: Flask, meter: Meter) -> Figure:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    size = 0
    started = meter.now()
    with app.test_request_context(), read_only_session(snapshot=True) as session:
        zone = str(app_state().config.time_zone)
        context = make_context(session, None, now())
        view = current_report_view(context, app_status_cache(), COMMAND_VIEWER, ReportFilter(), "Riverside", CURRENT)
        people = len(view.report.lines)
        for portion in csv_stream(session, library(), view, zone, lambda *_: None):
            size += len(portion)
    took = meter.now() - started
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"  CSV of {people:,}: {took:.1f} s, {size / 1e6:.1f} MB, memory grew by {grown:.0f} MiB", flush=True)
    return Figure("CSV", people / took, "rows/s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("people", nargs="*", type=int, default=[1_000, 10_000, 100_000, 1_000_000])
    parser.add_argument("--derived", type=int, help="derive so many people, and copy their rows for the others")
    parser.add_argument("--plot", type=Path, help="write the growth as an SVG")
    parser.add_argument("--processor", action="store_true", help="processor time instead of the time that passes")
    parser.add_argument("--first", nargs=2, metavar=("URL", "ADDRESS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.first:
        print(first_page(options.first[0], options.first[1], options.processor))
        return
    found: dict[int, list[Figure]] = {}
    for people in options.people:
        print(f"{people:,} people", flush=True)
        found[people] = measure(people, min(people, options.derived or people), options.processor)
    print(table(found))
    if options.plot:
        names = (
            "report, first of a process", "report and team table", "report of a region", "lesson page",
            "answer to a question",
        )  # fmt: skip
        options.plot.write_text(plot(found, names), encoding="utf-8")


if __name__ == "__main__":
    main()
