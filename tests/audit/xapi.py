"""What the pages of the learning record store leave in the audit log. Nothing is sent: no worker looks for what is due."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select, update

from course.learning.models import Enrolment
from course.xapi.models import XapiEndpoint, XapiStatement
from tests.audit.world import World
from tests.conftest import NOW

ADDRESS = "/system/xapi"
CHOSEN = {
    "address": "https://lrs.example.org/xapi", "username": "course", "password": "blue-heron", "kinds": ["completed"],
    "actor": "account",
}  # fmt: skip


def _added(world: World) -> None:
    world.client.post(f"{ADDRESS}/store", CHOSEN)


def _changed(world: World) -> None:
    _added(world)
    for _ in range(2):
        world.client.post(f"{ADDRESS}/store", CHOSEN | {"password": "", "actor": "mail"})


def _pressed(*names: str) -> Callable[[World], None]:
    def press(world: World) -> None:
        _added(world)
        for name in names:
            world.client.post(f"{ADDRESS}/{name}", {})

    return press


def _tried(world: World) -> None:
    _added(world)
    world.session.execute(update(XapiEndpoint).values(not_before=NOW + timedelta(hours=1)))
    world.session.commit()
    world.client.post(f"{ADDRESS}/try", {})


def _repeated(world: World) -> None:
    _added(world)
    enrolment = world.session.execute(select(Enrolment).limit(1)).scalar_one()
    endpoint = world.session.execute(select(XapiEndpoint.id)).scalar_one()
    row = XapiStatement(
        endpoint_id=endpoint, person_id=enrolment.person_id, enrolment_id=enrolment.id, kind="completed", fact="1",
        mark="00000000-0000-5000-8000-000000000000", at=NOW, noted_at=NOW, status=400, failure="no",
    )  # fmt: skip
    world.session.add(row)
    world.session.commit()
    world.client.post(f"{ADDRESS}/statements/{row.id}/repeat", {})


XAPI_ACTIONS: dict[str, list[tuple[Callable[[World], object], list[str], str | None]]] = {
    "xapi.change": [(_added, ["xapi.added"], "boss"), (_changed, ["xapi.added", "xapi.changed"], "boss")],
    "xapi.pause": [(_pressed("pause", "pause"), ["xapi.added", "xapi.paused"], "boss")],
    "xapi.resume": [(_pressed("pause", "resume"), ["xapi.added", "xapi.paused", "xapi.resumed"], "boss")],
    "xapi.remove": [(_pressed("remove", "remove"), ["xapi.added", "xapi.removed"], "boss")],
    "xapi.try_now": [(_tried, ["xapi.added", "xapi.tried"], "boss")],
    "xapi.repeat_refused": [(_pressed("repeat"), ["xapi.added"], "boss")],
    "xapi.repeat": [(_repeated, ["xapi.added", "xapi.repeated"], "boss")],
}
