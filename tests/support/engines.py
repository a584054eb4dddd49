"""Which lines of the course ask the database, and on which engine: what asks SQLite in a test asks PostgreSQL in another.

Most tests run on SQLite alone; those marked `both_engines` run on PostgreSQL too. `--both-engines` runs all on both.
`--through-pgbouncer` reaches PostgreSQL through PgBouncer in transaction mode (see tests/support/pooler.py).
`--compare-engines`, for whole runs, fails a run in which a line of the course asked only SQLite.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

ROOT = Path(__file__).resolve().parents[2]
ENGINES = ("sqlite", "postgresql")
COURSE = f"{ROOT / 'course'}/"
# SQL is written below these (see the import contracts in pyproject.toml); what they cause is only a commit or a flush.
WITHOUT_SQL = re.compile(r"/(views|commands|jobs|access)(/|\.py)")
# A statement belongs to the line that wanted it, not to what every statement passes through.
PASSED_THROUGH = (f"{COURSE}db.py", f"{COURSE}web/unit_of_work.py")
# What runs on SQLite by its nature, files of it and the demonstration; and what tests/upgrades does on databases of its own.
ONLY_SQLITE = ("sqlite_file.py", "demo/", "schema_upgrade/")
OF_SQLITE_ITSELF = re.compile(r"pragma|sqlite_", re.IGNORECASE)


class Comparison:
    """The lines that asked each engine, in this process and in those that it was told of."""

    def __init__(self) -> None:
        self.asked: dict[str, set[str]] = {engine: set() for engine in ENGINES}
        event.listen(Engine, "before_cursor_execute", self._note)

    def _note(self, connection: Any, _cursor: object, statement: str, *_: object) -> None:
        if OF_SQLITE_ITSELF.search(statement):
            return
        frame = sys._getframe(1)
        while frame is not None:
            file = frame.f_code.co_filename
            if file.startswith(COURSE) and file not in PASSED_THROUGH:
                self.asked[connection.dialect.name].add(f"{file[len(COURSE) :]}:{frame.f_lineno}")
                return
            frame = frame.f_back  # type: ignore[assignment]

    def only_sqlite(self) -> list[str]:
        """The lines, as file:line, that asked SQLite and not PostgreSQL."""
        missing = self.asked["sqlite"] - self.asked["postgresql"]
        return sorted(line for line in missing if not line.startswith(ONLY_SQLITE) and WITHOUT_SQL.search(line) is None)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:  # noqa: ARG002 (the hook's own)
        for engine, lines in getattr(node, "workeroutput", {}).get("asked", {}).items():
            self.asked[engine] |= set(lines)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        output = getattr(session.config, "workeroutput", None)
        if output is not None:
            output["asked"] = {engine: sorted(lines) for engine, lines in self.asked.items()}
        elif self.only_sqlite() and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if missing := self.only_sqlite():
            terminalreporter.section("Lines that asked SQLite and never PostgreSQL: mark a test `both_engines`")
            terminalreporter.write_line("\n".join(missing))


def add_options(parser: pytest.Parser) -> None:
    parser.addoption("--both-engines", action="store_true", help="run every test on SQLite and on PostgreSQL")
    parser.addoption("--through-pgbouncer", action="store_true", help="reach PostgreSQL through PgBouncer")
    parser.addoption("--compare-engines", action="store_true", help="fail if a line of the course asked SQLite alone")


def choose_engines(metafunc: pytest.Metafunc) -> None:
    """SQLite, or both engines where the test is marked so; a test that names its engine itself has that one."""
    itself = any("database_url" in mark.args[0] for mark in metafunc.definition.iter_markers("parametrize"))
    if "database_url" in metafunc.fixturenames and not itself:
        both = metafunc.config.getoption("--both-engines") or metafunc.definition.get_closest_marker("both_engines")
        metafunc.parametrize("database_url", ENGINES if both else ENGINES[:1], indirect=True, scope="session")
