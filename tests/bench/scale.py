"""How the team report grows: `python -m tests.bench.scale [--plot FILE.svg] [people …]`, by default 10,000, 100,000 and 1,000,000.

PostgreSQL, three years of history: everybody is in one of the teams of 250, did the course, and renewed it each year; of
twenty people one has not begun, three are in the middle of it, one let it lapse. The rows are made by the database itself.
A million people take about a quarter of an hour and ten gigabytes. With `--derived 20000` the history of the others is left
out and their rows are copies, so that only reading is measured, in a few minutes.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from flask import Flask
from sqlalchemy import Engine, text

from app import create_app
from course import schema_upgrade
from course.clock import now
from course.content.actions import archive
from course.content.loaded_course import library
from course.context import make_context
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
from tests.conftest import NOW, make_config
from tests.makers import make_person, sign_in
from tests.pages import Client
from tests.support.postgres import temporary_cluster

TEAM_SIZE = 250
TEAMS_PER_REGION = 25
FIRST_ID = 1000
REPEATS = 7

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
CERTIFICATES = """
insert into certificate (id, completion_id, person_id, number, name, course, organisation, edition, content_version,
  completed_on, valid_until, issued_at)
select c.id, c.id, e.person_id, lpad(c.id::text, 12, '0'), 'Person ' || e.person_id, 'Online abuse', 'Riverside', '1', '1',
  c.completed_at::date, c.completed_at::date + 365, c.completed_at
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
STEPS = (TEAMS, PEOPLE, MEMBERSHIPS, ENROLMENTS, PAGES, COMPLETIONS, CERTIFICATES)


@dataclass(frozen=True)
class Figure:
    """One measured number of a size of the organisation, printed as it is found; `unit` is ms, s or the like."""

    name: str
    value: float
    unit: str

    def __post_init__(self) -> None:
        print(f"  {self.name:<38} {self.value:12,.1f} {self.unit}", flush=True)


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
        for table in ("team", "person", "membership", "enrolment", "page_read", "completion", "certificate"):
            connection.execute(
                text(f"select setval(pg_get_serial_sequence('{table}', 'id'), (select max(id) from {table}))")
            )
    _vacuum(engine)


def copy_rows(engine: Engine, people: int, derived: int) -> None:
    """Make everybody beyond the first `derived` people without a history, and give them the rows of the others."""
    fill(engine, people, FIRST_ID + derived, FIRST_ID + people - 1, (PEOPLE, MEMBERSHIPS))
    with engine.begin() as connection:
        connection.execute(text(COPIES), {"first": FIRST_ID, "derived": FIRST_ID + derived - 1})
        connection.execute(text("delete from standing_count"))
        connection.execute(text(COUNTS))


def _vacuum(engine: Engine) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))


def seconds(action: Callable[[], object], times: int = 1) -> float:
    """The median of several."""
    found = []
    for _ in range(times):
        started = time.perf_counter()
        action()
        found.append(time.perf_counter() - started)
    return statistics.median(found)


def measure(people: int, derived: int) -> list[Figure]:
    """All figures of an organisation of that size, of whose people so many are derived and the others copied."""
    with temporary_cluster() as url:
        app = create_app(make_config(url))
        app.config["LOG_REQUESTS"] = False
        engine: Engine = app.extensions["course"].engine
        schema_upgrade.upgrade(engine)
        with app.app_context(), unit_of_work() as session:
            archive(session, app.extensions["course"].library, NOW)
            keeper = make_person(session, email="bench@example.org", role="administrator")
            learner = make_person(session, "Lee Learner", "lee@example.org")
        figures = [
            Figure("making the people", seconds(lambda: fill(engine, people, FIRST_ID, FIRST_ID + derived - 1)), "s")
        ]
        client, reader = sign_in(Client(app), keeper), sign_in(Client(app), learner)
        figures += _nightly(app)
        if derived < people:
            copy_rows(engine, people, derived)
        _vacuum(engine)
        figures += _pages(app, client, people)
        figures += _lesson(app, reader)
        figures.append(_csv(app, people))
        engine.dispose()
    return figures


def _nightly(app: Flask) -> list[Figure]:
    with app.app_context():
        built = seconds(lambda: catch_up(now()))
        night = seconds(lambda: catch_up(now() + timedelta(days=1)))
        checked = seconds(lambda: check_standings(now() + timedelta(days=1)))
        catch_up(now())
    return [
        Figure("deriving everybody at first", built, "s"),
        Figure("what a night changes", night, "s"),
        Figure("comparing a thousand", checked, "s"),
    ]


def _pages(app: Flask, client: Client, people: int) -> list[Figure]:
    def page(address: str) -> Callable[[], object]:
        return lambda: client.flask.get(address).get_data()

    def after_a_change(number: int) -> float:
        with app.app_context(), unit_of_work() as session:
            person = FIRST_ID + 1 + number * 100
            grant_extension(make_context(session, None, NOW), person, NOW.date() + timedelta(days=200), "ill")
        return seconds(page("/report"))

    figures = [Figure("report, the first page", 1000 * seconds(page("/report")), "ms")]
    changed = statistics.median(after_a_change(number) for number in range(REPEATS))
    figures.append(Figure("report after somebody did something", 1000 * changed, "ms"))
    region = 2 + max(1, people // TEAM_SIZE) // TEAMS_PER_REGION // 2
    for name, address in (
        ("report and team table", "/report"),
        ("report of a region", f"/report?team={region}"),
        ("overdue, page 20", "/report?status=overdue&page=20"),
        ("by name", "/report?sort=name"),
        ("search", "/report?q=person+10"),
    ):
        figures.append(Figure(name, 1000 * seconds(page(address), REPEATS), "ms"))
    return figures


def _lesson(app: Flask, reader: Client) -> list[Figure]:
    module = next(iter(app.extensions["course"].library.for_("school", "england").modules.values()))
    address = f"/module/{module.id}/{module.steps[0].id}"
    return [Figure("lesson page", 1000 * seconds(lambda: reader.flask.get(address).get_data(), 4 * REPEATS), "ms")]


def _csv(app: Flask, people: int) -> Figure:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    size = 0
    started = time.perf_counter()
    with app.test_request_context(), read_only_session(snapshot=True) as session:
        zone = str(app_state().config.time_zone)
        context = make_context(session, None, now())
        view = current_report_view(context, app_status_cache(), COMMAND_VIEWER, ReportFilter(), "Riverside", CURRENT)
        for portion in csv_stream(session, library(), view, zone, lambda *_: None):
            size += len(portion)
    took = time.perf_counter() - started
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"  CSV of {people:,}: {took:.1f} s, {size / 1e6:.1f} MB, memory grew by {grown:.0f} MiB", flush=True)
    return Figure("CSV", people / took, "rows/s")


def plot(found: dict[int, list[Figure]], names: tuple[str, ...]) -> str:
    """Milliseconds by the number of people as an SVG, both on a logarithmic scale."""
    sizes = sorted(found)
    width, height, left, top = 640, 360, 60, 20
    highest = max(figure.value for figures in found.values() for figure in figures if figure.name in names)

    def x(people: int) -> float:
        return left + (width - left - 180) * sizes.index(people) / max(1, len(sizes) - 1)

    def y(value: float) -> float:
        return top + (height - top - 40) * (1 - value / (1.1 * highest))

    colours = ("#0b5c6b", "#b3541e", "#4a4a4a", "#6a3d9a")
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">'
    ]
    parts.append(
        f'<title>Milliseconds by the number of people</title><rect width="{width}" height="{height}" fill="#fff"/>'
    )
    for value in (0, highest / 2, highest):
        parts.append(f'<path d="M{left} {y(value):.0f}H{width - 180}" stroke="#ccc"/>')
        parts.append(f'<text x="{left - 6}" y="{y(value) + 4:.0f}" text-anchor="end">{value:.0f} ms</text>')
    parts += [f'<text x="{x(size):.0f}" y="{height - 14}" text-anchor="middle">{size:,}</text>' for size in sizes]
    for name, colour in zip(names, colours, strict=False):
        values = [next(one.value for one in found[size] if one.name == name) for size in sizes]
        points = " ".join(f"{x(size):.0f},{y(value):.0f}" for size, value in zip(sizes, values, strict=True))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts.append(f'<text x="{width - 172}" y="{y(values[-1]) + 4:.0f}" fill="{colour}">{name}</text>')
    return "\n".join((*parts, "</svg>\n"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("people", nargs="*", type=int, default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--derived", type=int, help="derive so many people, and copy their rows for the others")
    parser.add_argument("--plot", type=Path, help="write the growth as an SVG")
    options = parser.parse_args()
    found: dict[int, list[Figure]] = {}
    for people in options.people:
        print(f"{people:,} people", flush=True)
        found[people] = measure(people, min(people, options.derived or people))
    print("| |" + "|".join(f" {people:,} " for people in found) + "|")
    print("|---" * (len(found) + 1) + "|")
    for place, figure in enumerate(next(iter(found.values()))):
        values = " | ".join(f"{figures[place].value:,.1f} {figure.unit}" for figures in found.values())
        print(f"| {figure.name} | {values} |")
    if options.plot:
        names = ("report and team table", "report of a region", "lesson page", "by name")
        options.plot.write_text(plot(found, names), encoding="utf-8")


if __name__ == "__main__":
    main()
