"""The least that a Flask application can do for the same result: what ours is measured against."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

from flask import Flask, redirect, render_template, request
from werkzeug.wrappers import Response


def make_baseline(folder: Path, html: str) -> Flask:
    """A bare application with two routes.

    GET /page renders a template that is the finished HTML of a lesson page; POST /answer makes one
    durable insert into SQLite (WAL, synchronous=FULL, a connection for each thread) and redirects.
    """
    templates = folder / "templates"
    templates.mkdir()
    (templates / "page.html").write_text("{% raw %}" + html + "{% endraw %}", encoding="utf-8")
    app = Flask("baseline", root_path=str(folder))
    local = threading.local()
    database = str(folder / "baseline.db")

    def connection() -> sqlite3.Connection:
        if not hasattr(local, "connection"):
            local.connection = sqlite3.connect(database, isolation_level=None, timeout=15)
            local.connection.execute("PRAGMA journal_mode=WAL")
            local.connection.execute("PRAGMA synchronous=FULL")
        return local.connection  # type: ignore[no-any-return]

    connection().execute("CREATE TABLE IF NOT EXISTS answer (id INTEGER PRIMARY KEY, given TEXT)")

    @app.get("/page")
    def page() -> str:
        return render_template("page.html")

    @app.post("/answer")
    def answer() -> Response:
        connection().execute("INSERT INTO answer (given) VALUES (?)", (request.form["answer"],))
        return redirect("/page", 303)

    return app
