"""Measure the course against a bare Flask application in the same run, and print a table.

Both are served by the same server (waitress, as `make run` does) and asked over HTTP on loopback, one
request at a time on a kept-open connection; the two take turns, and medians are compared. SQLite. Then the race of both
engines (tests/bench/race).
"""

from __future__ import annotations

import gc
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import typst
from flask import Flask
from sqlalchemy import event
from waitress.server import create_server

from app import create_app
from course import schema_upgrade
from course.certificates.pdf import certificate_pdf
from course.content.actions import archive
from course.content.library import load_library
from course.learning import queries
from course.learning.rules.grading import option_order
from course.web.unit_of_work import unit_of_work
from tests.bench import race
from tests.bench.baseline import make_baseline
from tests.bench.browser import ROOT, Browser, attempt_of
from tests.certificates.sheets import PRINTED
from tests.conftest import NOW, make_config
from tests.makers import PASSWORD, make_person
from tests.walking import right_form

LESSON = "/module/secret-contact/when-contact-goes-wrong"
ROUNDS = 400
ANSWERS = 120
PDFS = 200
CREDENTIAL = b'{"type": ["VerifiableCredential"], "padding": "' + b"x" * 4000 + b'"}'


def serve(app: Flask) -> int:
    """Serve in a thread of this process; returns the port."""
    server = create_server(app, host="127.0.0.1", port=0, threads=4)
    threading.Thread(target=server.run, daemon=True).start()
    return int(server.effective_port)


def prepared(folder: Path) -> tuple[Flask, int]:
    """The course on a fresh database with one learner; returns the app and their id."""
    app = create_app(make_config(f"sqlite:///{folder / 'course.db'}"))
    app.config["LOG_REQUESTS"] = False
    schema_upgrade.upgrade(app.extensions["course"].engine)
    with app.app_context(), unit_of_work() as session:
        archive(session, app.extensions["course"].library, NOW)
        person = make_person(session, email="bench@example.org").id
    return app, person


def timed(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return (time.perf_counter() - started) * 1000


def pages(course: Browser, bare: Browser) -> tuple[float, float]:
    """Median milliseconds of a lesson page: ours, bare."""
    ours: list[float] = []
    theirs: list[float] = []
    for round_ in range(ROUNDS + 50):
        one, other = timed(lambda: course.send("GET", LESSON)), timed(lambda: bare.send("GET", "/page"))
        if round_ >= 50:
            ours.append(one)
            theirs.append(other)
    return statistics.median(ours), statistics.median(theirs)


def answers(app: Flask, person: int, course: Browser, bare: Browser) -> tuple[float, float]:
    """Median milliseconds of an answer that is durable on disk: ours, bare."""
    ours: list[float] = []
    theirs: list[float] = []
    library = app.extensions["course"].library.for_("school", "england")
    token = course.token("/me")
    while len(ours) < ANSWERS:
        address = course.send("POST", "/module/responding/check", {"csrf_token": token})[1].rpartition("/")[0]
        address, attempt_id = attempt_of(address)
        with app.app_context(), unit_of_work() as session:
            attempt = queries.attempt(session, person, attempt_id)
        if attempt is None:
            raise LookupError(address)
        for item in attempt.items:
            question = library.questions[item.question_id]
            form = right_form(question, option_order(question, attempt.seed, item.position))
            sent: dict[str, object] = {**form, "sure": "sure", "csrf_token": token}
            path = f"{address}/{item.position}"
            ours.append(timed(lambda p=path, f=sent: course.send("POST", p, f)))  # type: ignore[misc]
            theirs.append(timed(lambda: bare.send("POST", "/answer", {"answer": "[1]"})))
    return statistics.median(ours[5:]), statistics.median(theirs[5:])


def statements(app: Flask, course: Browser) -> int:
    """How many statements a lesson page sends to the database, as SQLite itself counts them."""
    seen: list[str] = []
    engine = app.extensions["course"].engine
    listener = lambda connection, *_: connection.set_trace_callback(seen.append)  # noqa: E731
    event.listen(engine, "checkout", listener)
    course.send("GET", LESSON)
    event.remove(engine, "checkout", listener)
    return len([s for s in seen if not s.startswith(("BEGIN", "ROLLBACK"))])


def weight(course: Browser) -> tuple[float, float, int]:
    """KB of HTML, CSS and JS that a browser transfers on the first view of a lesson page and after it (the
    heaviest of all lesson pages), and how many requests the first view takes."""
    library = load_library(ROOT / "modules")
    pages = [f"/module/{module.id}/{page}" for module in library.modules.values() for page in module.pages]
    heaviest = max(pages, key=lambda page: len(course.send("GET", page, compressed=True)[2]))
    html = course.send("GET", heaviest)[2]
    sent = len(course.send("GET", heaviest, compressed=True)[2])
    files = set(re.findall(rb'(?:href|src)="(/static/[^"]+\.(?:css|js))"', html))
    total = sent + sum(len(course.send("GET", name.decode(), compressed=True)[2]) for name in files)
    images = set(re.findall(rb'(?:href|src)="(/static/[^"]+\.(?:svg|png|woff2))"', html))
    return total / 1000, sent / 1000, 1 + len(files) + len(images)


def certificates() -> tuple[float, float]:
    """Certificates as PDF in a second on one core, and for comparison pages with nothing but a name, untagged and
    not made to be kept; the two take turns. No certificate is made twice."""
    with tempfile.TemporaryDirectory() as name:
        page = Path(name) / "page.typ"
        page.write_text("#sys.inputs.name", encoding="utf-8")
        bare = typst.Compiler(page, ignore_system_fonts=True)
        ours: list[float] = []
        theirs: list[float] = []
        for place in range(PDFS):
            sheet = replace(PRINTED, name=f"Sam Okafor {place}", verify_url=f"{PRINTED.verify_url}-{place}")
            ours.append(timed(lambda: certificate_pdf(sheet, CREDENTIAL)))  # noqa: B023 - called at once
            inputs = {"name": sheet.name}
            theirs.append(timed(lambda: bare.compile(format="pdf", sys_inputs=inputs)))  # noqa: B023
    return 1000 / statistics.median(ours), 1000 / statistics.median(theirs)


def ready(code: str) -> float:
    """Seconds from nothing until a new interpreter has run this, without what it needs to end."""
    started = time.perf_counter()
    with subprocess.Popen([sys.executable, "-c", f"{code}; print(1, flush=True)"], stdout=subprocess.PIPE) as done:
        assert done.stdout is not None
        said = done.stdout.readline()
        taken = time.perf_counter() - started
    assert (said, done.returncode) == (b"1\n", 0)
    return taken


def start_up() -> float:
    """Until there is an application with the whole course loaded; the best of three."""
    return min(ready("from app import create_app; create_app()") for _ in range(3))


def bare_start_up() -> float:
    return min(ready("import flask; flask.Flask('x')") for _ in range(3))


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        app, person = prepared(folder)
        course = Browser(serve(app))
        token = course.token("/sign-in")
        course.send("POST", "/sign-in", {"csrf_token": token, "email": "bench@example.org", "password": PASSWORD})
        status, _, html = course.send("GET", LESSON)
        if status != 200:
            raise SystemExit(f"The lesson page gave {status}.")
        bare = Browser(serve(make_baseline(folder, html.decode())))
        gc.collect()
        gc.freeze()
        lesson, lesson_bare = pages(course, bare)
        answer, answer_bare = answers(app, person, course, bare)
        first, later, requests = weight(course)
        queries_made = statements(app, course)
    made, made_bare = certificates()
    rows = [
        ("lesson page", f"{lesson:.2f} ms", f"{lesson_bare:.2f} ms", f"{lesson / lesson_bare:.2f}×",
         "≤ 2×", lesson / lesson_bare <= 2),
        ("answer, durable on disk", f"{answer:.2f} ms", f"{answer_bare:.2f} ms", f"{answer / answer_bare:.2f}×",
         "≤ 2.5×", answer / answer_bare <= 2.5),
        ("certificates as PDF", f"{made:.0f} / s", f"{made_bare:.0f} / s", f"{made_bare / made:.2f}×",
         "≥ 60 / s", made >= 60),
        ("start-up", f"{(start := start_up()):.2f} s", f"{bare_start_up():.2f} s", "", "< 1.5 s", start < 1.5),
        ("queries of a lesson page", str(queries_made), "0", "", "≤ 4", queries_made <= 4),
        ("first view, as transferred", f"{first:.1f} KB", "", "", "≤ 40 KB", first <= 40),
        ("next view, as transferred", f"{later:.1f} KB", "", "", "≤ 10 KB", later <= 10),
        ("requests of the first view", str(requests), "", "", "", True),
    ]  # fmt: skip
    print(f"{'':<30}{'ours':>12}{'bare Flask':>14}{'ratio':>9}{'target':>10}")
    for title, ours, baseline, ratio, target, met in rows:
        print(f"{title:<30}{ours:>12}{baseline:>14}{ratio:>9}{target:>10}{'' if met else '   missed'}")
    print(f"\nCertificates: {PDFS} different ones, compared with a Typst page of one line without any standard.")
    print(f"One client at a time, {ROUNDS} pages and {ANSWERS} answers, medians.")
    print(f"Python {sys.version.split()[0]}, SQLite WAL, synchronous=FULL, both served by waitress.")
    race.main(["sqlite", "postgresql"])


if __name__ == "__main__":
    main()
