"""A database with a row about somebody in every table, and every address that leads to a page of it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, text, update
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from course.clock import now
from course.content.library import Library
from course.content.schema import NATIONS, SETTINGS
from course.context import make_context
from course.db import Base
from course.learning.actions import begin_check, begin_run, begin_timeline, record_page_read
from course.pairs.actions import open_pair
from course.people.models import Person
from course.recertification.views.people import FACT_KINDS
from tests.conftest import NOW
from tests.makers import make_person
from tests.privacy.filling import fill

MOST = 4  # addresses of one route, apart from the steps of modules
LIST = b"Full name,E-mail\nMaria Field,maria@example.org\nJo Vale,jo@example.org\n"


def fill_world(session: Session) -> tuple[Person, Person, Person]:
    """A learner who is in every table (person 1), somebody with a role of each kind, and their numbers from 1 on."""
    learner = make_person(session, "Zebulon Marsh", "zebulon@example.org")
    fill(session, learner)
    tables = Base.metadata.tables
    # What a page reads as a document of its own has to be one.
    session.execute(update(tables["people_import"]).values(content=LIST, columns=None, preview=None, decisions=None))
    session.execute(update(tables["signing_key"]).values(locked=b"x" * 64))
    session.execute(update(tables["outbox_mail"]).values(sent_at=None, failure=None))
    # With a second factor a password would not be enough to read the pages.
    for factor in ("passkey", "authenticator"):
        session.execute(delete(tables[factor]))
    session.commit()
    manager = make_person(session, "Mona Field", "manager@example.org", role="manager")
    administrator = make_person(session, "Ada Vale", "admin@example.org", role="administrator")
    return learner, manager, administrator


def values(session: Session, library: Library) -> dict[str, Sequence[str]]:
    """What may be written for each part of an address that is no number. A part that is missing here has to be added."""
    numbers = session.execute(text("select number from certificate")).scalars().all()
    logos = session.execute(text("select logo_sha256 from organisation_look")).scalars().all()
    return {
        "kind": ["lead", "deputy", "initial", "refresher", "booster", "update"],
        "language": ["en"],
        "module_id": list(library.modules),
        "name": ["css/site.css"],
        "nation": list(NATIONS),
        "number": numbers or ["K7QM-2FXA-9TRC"],
        "pathway": list(SETTINGS),
        "path": ["nothing"],
        "point": list(library.points)[:2],
        "resource_endpoint": ["Users"],
        "resource_id": ["nothing"],
        "scope": ["own", "team"],
        "sha256": [logo for logo in logos if logo] or ["0" * 64],
        "sheet": ["0f4c5c"],
        "step_id": ["check"],
        "token": ["no-such-token"],
        "unit": ["course"],
        "what": list(FACT_KINDS),
    }


def addresses(app: Flask, session: Session, methods: Iterable[str] = ("GET",)) -> Iterator[tuple[Rule, str]]:
    """Addresses of every route that takes one of the methods. All steps of all modules are among them."""
    library: Library = app.extensions["course"].library
    known = values(session, library)
    for rule in app.url_map.iter_rules():
        if not set(methods) & (rule.methods or set()):
            continue
        if rule.endpoint == "learning.step":
            for module in library.modules.values():
                for step in dict.fromkeys([*module.pages, *module.scenarios, *module.timelines, "check"]):
                    yield rule, f"/module/{module.id}/{step}"
            continue
        parts = re.findall(r"<(?:(\w+)(?:\([^)]*\))?:)?(\w+)>", rule.rule)
        choices = [("1", "2") if kind == "int" else known[name] for kind, name in parts]
        for chosen in itertools.islice(itertools.product(*choices), MOST):
            address = rule.rule
            for (_, name), value in zip(parts, chosen, strict=True):
                address = re.sub(rf"<(?:[^<>]+:)?{name}>", value, address)
            yield rule, address


def begin_everything(session: Session, library: Library, person_id: int) -> None:
    """A check, a timeline, a scenario alone and for two, and a page of the first module, so that their pages can be read."""
    module = next(iter(library.modules.values()))
    context = make_context(session, person_id, NOW)
    begin_check(context, library, module)
    timeline, scenario = next(iter(module.timelines.values())), next(iter(module.scenarios.values()))
    begin_timeline(context, library, f"{module.id}/{timeline.id}", timeline)
    begin_run(context, f"{module.id}/{scenario.id}", scenario)
    open_pair(context, f"{module.id}/{scenario.id}", scenario)
    record_page_read(context, module, next(iter(module.pages.values())))


def client_of(app: Flask, person_id: int, session_key: str) -> FlaskClient:
    """A browser in which a person has signed in."""
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"], cookie["_fresh"] = f"{person_id}:{session_key}:nonce", True
        cookie["proved"] = int(now().timestamp())
    return client
