"""A store that a course sends to, and what a test asks of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask
from jsonschema_rs import Draft202012Validator
from sqlalchemy.orm import Session

from course.clock import now
from course.context import make_context
from course.web.unit_of_work import unit_of_work
from course.xapi import actions
from course.xapi.actions import EndpointSettings
from course.xapi.jobs import find_modules, send_waiting
from course.xapi.rules import KIND_LABELS
from tests.conftest import SECRET
from tests.webhooks.receiver import Taken

SCHEMA = Path(actions.__file__).parents[1] / "statement.schema.json"


@cache
def _validators() -> tuple[Draft202012Validator, dict[str, Draft202012Validator]]:
    """The whole schema, and each of its kinds alone."""
    schema = json.loads(SCHEMA.read_text())
    kinds = {one["title"]: Draft202012Validator({**one, "$defs": schema["$defs"]}) for one in schema["oneOf"]}
    return Draft202012Validator(schema), kinds


def kind_of(statement: dict[str, Any]) -> str:
    """The one kind of the schema that a statement fits; fails with what is wrong if it fits none."""
    whole, kinds = _validators()
    assert [f"{one.instance_path}: {one.message}" for one in whole.iter_errors(statement)] == []
    found = [kind for kind, one in kinds.items() if one.is_valid(statement)]
    assert len(found) == 1
    return found[0]


def store_settings(
    address: str, kinds: tuple[str, ...] = tuple(KIND_LABELS), actor: str = "account"
) -> EndpointSettings:
    return EndpointSettings(address, "course", "blue-heron", kinds, actor)


def connect(app: Flask, boss: int, address: str, at: datetime | None = None, **chosen: Any) -> None:
    """Connect a store, a minute ago if no moment is given."""
    with app.app_context(), unit_of_work() as session:
        context = make_context(session, boss, at or now() - timedelta(minutes=1))
        assert actions.save_endpoint(context, store_settings(address, **chosen), SECRET)


@dataclass
class Store:
    """A learning record store that refuses as the standard says: all statements of a request or none. `bad` decides which it
    does not understand."""

    bad: Callable[[dict[str, Any]], bool] = lambda _statement: False
    known: dict[str, dict[str, Any]] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)

    def answer(self, taken: Taken) -> tuple[int, dict[str, str], bytes]:
        assert taken.headers["x-experience-api-version"] == "1.0.3"
        assert taken.headers["authorization"] == "Basic Y291cnNlOmJsdWUtaGVyb24="
        assert taken.path == "/events/statements"
        sent = json.loads(taken.body)
        self.sizes.append(len(sent))
        if any(self.bad(one) for one in sent):
            return 400, {}, b"that is no statement"
        if any(one["id"] in self.known for one in sent):
            return 409, {}, b"known"
        for one in sent:
            self.known[one["id"]] = one
            self.order.append(one["id"])
        return 200, {}, json.dumps([one["id"] for one in sent]).encode()


def send(app: Flask, at: datetime | None = None) -> int:
    """What the jobs do now."""
    with app.app_context():
        find_modules()
        return send_waiting(lambda: at or now())


def refresh(session: Session) -> None:
    session.commit()
    session.expire_all()
