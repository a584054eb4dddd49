"""The least that a Flask application can do for the same result: what ours is measured against.

`python -m tests.bench.baseline FOLDER PORT DATABASE` serves it as a process of its own, with the page in FOLDER/page.html;
DATABASE is the address of a PostgreSQL database, or `sqlite` for a file in FOLDER.
"""

from __future__ import annotations

import sqlite3
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
from flask import Flask, redirect, render_template, request
from sqlalchemy.engine import make_url
from waitress import serve
from werkzeug.wrappers import Response

CREATE = "CREATE TABLE IF NOT EXISTS bare_answer (id {key} PRIMARY KEY, given TEXT)"


def make_baseline(folder: Path, html: str, postgresql: str | None = None) -> Flask:
    """A bare application with two routes.

    GET /page renders a template that is the finished HTML of a lesson page; POST /answer makes one durable insert into
    SQLite (WAL, synchronous=FULL) or into the PostgreSQL database of this address, with a connection for each thread, and
    redirects.
    """
    templates = folder / "templates"
    templates.mkdir(exist_ok=True)
    (templates / "page.html").write_text("{% raw %}" + html + "{% endraw %}", encoding="utf-8")
    app = Flask("baseline", root_path=str(folder))
    insert = _inserter(folder / "baseline.db") if postgresql is None else _postgresql_inserter(postgresql)

    @app.get("/page")
    def page() -> str:
        return render_template("page.html")

    @app.post("/answer")
    def answer() -> Response:
        insert(request.form["answer"])
        return redirect("/page", 303)

    return app


def _inserter(file: Path) -> Callable[[str], object]:
    local = threading.local()

    def connection() -> sqlite3.Connection:
        if not hasattr(local, "connection"):
            local.connection = sqlite3.connect(file, isolation_level=None, timeout=15)
            local.connection.execute("PRAGMA journal_mode=WAL")
            local.connection.execute("PRAGMA synchronous=FULL")
        return local.connection  # type: ignore[no-any-return]

    connection().execute(CREATE.format(key="INTEGER"))
    return lambda given: connection().execute("INSERT INTO bare_answer (given) VALUES (?)", (given,))


def _postgresql_inserter(url: str) -> Callable[[str], object]:
    local, address = threading.local(), make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)

    def connection() -> Any:
        if not hasattr(local, "connection"):
            local.connection = psycopg.connect(address, autocommit=True)
        return local.connection

    connection().execute(CREATE.format(key="bigint GENERATED ALWAYS AS IDENTITY"))
    return lambda given: connection().execute("INSERT INTO bare_answer (given) VALUES (%s)", (given,))


if __name__ == "__main__":
    place, port, database = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    shown = (place / "page.html").read_text(encoding="utf-8")
    serve(
        make_baseline(place, shown, None if database == "sqlite" else database), host="127.0.0.1", port=port, threads=8
    )
