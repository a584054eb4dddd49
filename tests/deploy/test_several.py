"""Several machines as docs/running.md sets them up: HAProxy, two web hosts, PgBouncer, PostgreSQL, with the samples of deploy/."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.engine import make_url

from course.learning import queries
from course.learning.rules.grading import option_order
from course.people.queries import person_by_email
from course.web.unit_of_work import read_only_session, unit_of_work
from tests.conftest import PEOPLES_PASSWORD, make_app, new_database
from tests.deploy.machine import ROOT, Server, Visitor, fetch, make_certificate, program, wait_until
from tests.deploy.test_proxies import Place, haproxy, replaced
from tests.faults.course_process import Starter
from tests.makers import make_person
from tests.support.packages import find_or_install
from tests.support.ports import free_port
from tests.walking import right_form

SAMPLE = ROOT / "deploy" / "pgbouncer.ini"
EMAIL = "sam@example.org"
PASSWORD = "only-on-loopback-4711"


@dataclass
class Afternoon:
    """Two web hosts behind one address, an application that looks into their database past PgBouncer, and somebody."""

    app: Flask
    hosts: list[Server]
    visitor: Visitor


@pytest.fixture
def pgbouncer(postgres_url: str, archived_database: str) -> Iterator[tuple[str, str]]:
    """The address of a database with the content, and that of PgBouncer in front of it."""
    direct = new_database(postgres_url, "several", archived_database)
    url, port = make_url(direct), free_port()
    socket_folder = Path(str(url.query["host"]))
    folder = Path(tempfile.mkdtemp(prefix="test-pgbouncer-"))
    owner = socket_folder.stat()
    users = folder / "userlist.txt"
    users.write_text(f'"{url.username}" "{PASSWORD}"\n')
    words = replaced(
        SAMPLE.read_text(encoding="utf-8"),
        (
            "host=10.0.0.21 port=5432 dbname=course",
            f"host={socket_folder} port={url.query.get('port', '5432')} dbname={url.database}",
        ),
        ("listen_port = 6432", f"listen_port = {port}"),
        ("/etc/pgbouncer/userlist.txt", str(users)),
    )
    (folder / "pgbouncer.ini").write_text(words)
    for path in (folder, *folder.iterdir()):
        shutil.chown(path, owner.st_uid, owner.st_gid)
    try:
        # It does not run as root; the owner of the database's folder may enter that.
        with program([find_or_install("pgbouncer"), "pgbouncer.ini"], folder, port, user=owner.st_uid):
            yield direct, f"postgresql://{url.username}:{PASSWORD}@127.0.0.1:{port}/course?pgbouncer=true"
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def afternoon(pgbouncer: tuple[str, str], tmp_path: Path, starting: Starter) -> Iterator[Afternoon]:
    direct, shared = pgbouncer
    app = make_app(direct)
    with app.app_context(), unit_of_work() as session:
        make_person(session, email=EMAIL)
    place = Place(tmp_path, free_port(), free_port(), free_port(), *make_certificate(tmp_path), second=free_port())
    settings = {
        "PUBLIC_URL": f"https://localhost:{place.https}", "TRUSTED_PROXIES": "1", "PROCESSES": "1",
        "BACKUP_FOLDER": str(tmp_path),
    }  # fmt: skip
    first, second = (
        Server(shared, tmp_path, {**settings, "PORT": str(port)}, starting=starting)
        for port in (place.course, place.second)
    )
    with first, second, haproxy(place):
        visitor = Visitor(settings["PUBLIC_URL"], place.certificate)
        assert wait_until(lambda: visitor.get("/sign-in").status == 200), "HAProxy has seen that a host is ready"
        yield Afternoon(app, [first, second], visitor)
    app.extensions["course"].engine.dispose()


def answer_a_check(afternoon: Afternoon, between: Iterator[None]) -> str:
    """Sign in, begin a check and answer it; something may happen between two answers. Returns the page of the result."""
    sam = afternoon.visitor
    assert sam.sign_in(EMAIL, PEOPLES_PASSWORD).status == 303
    token = sam.token("/me")
    address = sam.post("/module/responding/check", {"csrf_token": token}).headers["location"]
    with afternoon.app.app_context(), read_only_session() as session:
        person = person_by_email(session, EMAIL)
        assert person is not None
        attempt = queries.attempt(session, person.id, int(re.findall(r"\d+", address)[0]))
    assert attempt is not None
    library = afternoon.app.extensions["course"].library.for_("school", "england")
    for item in attempt.items:
        question = library.questions[item.question_id]
        form = right_form(question, option_order(question, attempt.seed, item.position))
        path = f"/attempt/{attempt.id}/{item.position}"
        assert sam.post(path, {**form, "sure": "sure", "csrf_token": token}).status in (200, 303)
        next(between, None)
    result = sam.get(f"/attempt/{attempt.id}")
    assert result.status == 200
    return result.text


def requests_of(server: Server) -> int:
    """How many requests the log of a web host has."""
    return sum('"event": "request"' in line for line in server.log.read_text(encoding="utf-8").splitlines())


def test_somebody_answers_on_two_hosts_behind_one_address_while_one_of_them_stops(afternoon: Afternoon) -> None:
    first, second = afternoon.hosts

    def happenings() -> Iterator[None]:
        yield
        yield
        assert min(requests_of(first), requests_of(second)) > 2, "both hosts serve the same person"
        first.stop()
        yield

    found = answer_a_check(afternoon, happenings())
    assert "Every point is right" in found, found[:3000]
    assert first.returncode == 0
    # The host that is left has a worker, so all is well; the one that is gone is noticed by HAProxy.
    assert json.loads(fetch(f"{second.address}/health/ready").body)["status"] in ("ready", "attention")
    assert wait_until(lambda: afternoon.visitor.get("/me").status == 200, 10)

    made = second.flask("backup", "create")
    assert made.returncode == 0, made.stdout
    assert "read back and whole" in made.stdout, "pg_dump goes through PgBouncer as well"
    looked = second.flask("doctor", "--json")
    assert looked.returncode == 0, looked.stdout + looked.stderr
