"""How long others wait to write while a long list of people is applied: `python -m tests.bench.imports [ROWS] [postgresql]`.

Another process writes all the time, as people do who learn. Ends with 1 if it ever waited for a second. The baseline is
what the same write takes before the list is applied.
"""

from __future__ import annotations

import sys
import tempfile
import time
from contextlib import nullcontext
from datetime import UTC, datetime
from multiprocessing import get_context
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import func, select, update

from app import create_app
from course import schema_upgrade
from course.content.actions import archive
from course.context import make_context
from course.people.models import Person
from course.people_import import actions, jobs, queries
from course.people_import.rules.columns import guess_columns
from course.people_import.rules.parsing import parse_and_pack
from course.web.unit_of_work import read_only_session, unit_of_work
from tests.conftest import make_config
from tests.makers import make_organisation, make_person
from tests.support.postgres import temporary_cluster

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
ZONE = "Europe/London"
WRITER = "alex@example.org"
LIMIT = 1.0  # seconds


def main(rows: int, postgresql: bool) -> int:
    """Apply a list of so many people; returns the exit code."""
    with temporary_cluster() if postgresql else nullcontext(f"sqlite:///{Path(tempfile.mkdtemp()) / 'b.db'}") as url:
        app = create_app(make_config(url))
        schema_upgrade.upgrade(app.extensions["course"].engine)
        with app.app_context():
            with unit_of_work() as session:
                archive(session, app.extensions["course"].library, NOW)
                make_organisation(session)
                make_person(session, "Alex Morgan", WRITER, "administrator")
            import_id = _preview(rows)
            return _measure(app, import_id, rows)


def _preview(rows: int) -> int:
    """Upload a list and begin to apply it, as far as the press of the button goes."""
    lines = (
        f"p{n}@example.org,Person {_letters(n)},Site {n % 200},N{n},01/09/2020,{'01/05/2026' if n % 3 == 0 else ''}\n"
        for n in range(rows)
    )
    content = parse_and_pack(("Email,Name,Team,Employee ID,Start date,Completed on\n" + "".join(lines)).encode())
    with unit_of_work() as session:
        import_id = actions.store_upload(make_context(session, None, NOW), "list.csv", content)
    with read_only_session() as session:
        table = queries.stored_table(session, import_id)
        assert table is not None
        choices = queries.ImportChoices(guess_columns(table.headings, {}, (), table))
        jobs.build_preview(make_context(session, None, NOW), import_id, table, choices, False)
    with read_only_session() as session:
        found = queries.get_import(session, import_id)
        assert found is not None
        fingerprint = found.mark or ""
    with unit_of_work() as session:
        assert actions.begin_apply(make_context(session, None, NOW), import_id, fingerprint)
    return import_id


def _letters(number: int) -> str:
    """A name of letters alone, another for each number."""
    return "".join(chr(97 + number // 26**place % 26) for place in range(4)).capitalize()


def _measure(app: Flask, import_id: int, rows: int) -> int:
    context = get_context("fork")
    began, ended, waits = context.Event(), context.Event(), context.SimpleQueue()
    writer = context.Process(target=_write_meanwhile, args=(app, began, ended, waits))
    writer.start()
    time.sleep(2)
    began.set()
    started = time.monotonic()
    skipped = jobs.apply_import(import_id, ZONE, NOW)
    seconds = time.monotonic() - started
    ended.set()
    before, during = waits.get()
    writer.join()
    with read_only_session() as session:
        people = session.execute(select(func.count()).select_from(Person)).scalar_one()
    print(f"{people - 1:,} of {rows:,} people, {len(skipped)} skipped, in {seconds:.0f} s")
    print(f"a write before:     longest {max(before):.3f} s of {len(before):,}")
    print(f"a write meanwhile:  longest {max(during):.3f} s of {len(during):,}, {max(during) / max(before):.1f} times")
    return int(max(during) >= LIMIT or people != rows + 1)


def _write_meanwhile(app: Flask, began: Event, ended: Event, waits: Any) -> None:
    """Write again and again; put how long each write took, before and during the import."""
    app.extensions["course"].engine.dispose(close=False)
    before: list[float] = []
    during: list[float] = []
    with app.app_context():
        while not ended.is_set():
            started = time.monotonic()
            with unit_of_work() as session:
                session.execute(update(Person).where(Person.email == WRITER).values(staff_number=f"W{len(during)}"))
            (during if began.is_set() else before).append(time.monotonic() - started)
            time.sleep(0.01)
    waits.put((before, during))


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:] if word.isdigit()]
    sys.exit(main(numbers[0] if numbers else 50_000, "postgresql" in sys.argv))
