"""Reads every page as several people, in a process that others have used and in one that is new, and compares.

Run as a process of its own, `python -m tests.support.readers PLAN`, because it has to begin with nothing kept in memory.
PLAN is a JSON file: {"states": [database file, …], "people": [[what the cookie says or null, …] for each state],
"addresses": […], "work": where the database is copied to}. It prints what differs, a line for each page.
"""

from __future__ import annotations

import json
import multiprocessing
import re
import shutil
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

from flask import Flask

from app import create_app
from course.clock import now
from course.translation import register_catalogue
from tests.conftest import make_config
from tests.support.pseudo_language import LANGUAGE, PseudoCatalogue

# What is another one in each process and minute without being anybody's.
CHANGES = re.compile(
    rb'(?<=name="csrf_token" value=")[^"]*|(?<="token":")[^"]*|(?<=name="form_key" value=")[^"]*'
    rb'|(?<=name="sheet" value=")[^"]*'
    # A seed for an authenticator app, its picture, and the same sealed in the form; the challenge of a passkey.
    rb'|(?<=name="key" type="hidden" value=")[^"]*|(?<=translate="no">)[A-Z2-7 ]+|(?<=class="qrline" stroke="#000" d=")[^"]*'
    rb'|(?<=data-challenge=")[^"]*'
    rb"|nonce=[^\"]*|[0-9]{1,2}[.:][0-9]{2}(?:am|pm|:[0-9]{2})?|[0-9]+ seconds|[0-9.]+ [kMG]B free"
)
_fork = multiprocessing.get_context("fork")
Task = tuple[str, str | None, bool]  # the database, what the cookie says, and whether to read backwards


def read(app: Flask, work: Path, addresses: list[str], task: Task) -> dict[str, bytes]:
    """What somebody is sent for each address, from a database that is as it was before anybody looked."""
    state, user, backwards = task
    app.extensions["course"].engine.dispose()
    for old in work.parent.glob(f"{work.name}-*"):
        old.unlink()
    shutil.copy(state, work)
    client = app.test_client()
    if user is not None:
        with client.session_transaction() as session:
            session["_user_id"], session["_fresh"] = user, True
            session["proved"] = int(now().timestamp())
    found = {}
    for address in reversed(addresses) if backwards else addresses:
        answer = client.get(address)
        if answer.status_code in (
            302,
            303,
        ):  # what it says is shown by the page that it leads to, which is not read next
            with client.session_transaction() as session:
                session.pop("_flashes", None)
        head = f"{answer.status} {answer.headers.get('Location', '')} {answer.headers.get('Content-Disposition', '')}\n"
        found[address] = head.encode() + CHANGES.sub(b"", answer.get_data())
    return found


def serve(app: Flask, work: Path, addresses: list[str], pipe: Connection) -> None:
    """Read for each task that arrives, until there is none."""
    while (task := pipe.recv()) is not None:
        pipe.send(read(app, work, addresses, task))


def worker(app: Flask, work: Path, addresses: list[str]) -> Callable[[Task | None], dict[str, bytes]]:
    """A process that begins as this one is now. Ask it for what somebody reads; None ends it."""
    here, there = _fork.Pipe()
    process = _fork.Process(target=serve, args=(app, work, addresses, there))
    process.start()

    def ask(task: Task | None) -> dict[str, bytes]:
        here.send(task)
        if task is not None:
            return here.recv()  # type: ignore[no-any-return]
        process.join()
        return {}

    return ask


def main(plan: Path) -> None:
    told = json.loads(plan.read_text(encoding="utf-8"))
    work, addresses = Path(told["work"]), told["addresses"]
    app = create_app(make_config(f"sqlite:///{work}"))
    app.config["LOG_REQUESTS"] = False
    # One of the readers reads in another language.
    register_catalogue(LANGUAGE, PseudoCatalogue())
    used = worker(app, work, addresses)
    for state, people in zip(told["states"], told["people"], strict=True):
        for number, user in enumerate(people):
            after_others = used((state, user, False))
            new = worker(app, work, addresses)
            alone = new((state, user, True))
            new(None)
            for address in addresses:
                if after_others[address] != alone[address]:
                    print(f"{Path(state).name}, person {number}: {address}")
                    print(_first_difference(after_others[address], alone[address]))
    used(None)


def _first_difference(one: bytes, other: bytes) -> str:
    place = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return f"    after others {one[place - 40 : place + 80]!r}\n    alone        {other[place - 40 : place + 80]!r}"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
