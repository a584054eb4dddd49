"""What the pages of learning platforms (cmi5) leave in the audit log. Launches are in tests/cmi5."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select

from course.cmi5.models import Cmi5Account, Cmi5Platform, Cmi5Session, Cmi5Statement
from course.people.models import Person
from tests.audit.world import World
from tests.conftest import NOW

ADDRESS = "/system/cmi5"
PLATFORM = {"name": "Moodle", "hosts": "lms.example.org", "team": "", "active": "y"}


def _added(world: World) -> int:
    world.client.post(f"{ADDRESS}/platforms/add", PLATFORM)
    return world.session.execute(select(Cmi5Platform.id)).scalar_one()


def _changed(world: World) -> None:
    platform = _added(world)
    for _ in range(2):
        world.client.post(f"{ADDRESS}/platforms/{platform}", PLATFORM | {"makes_accounts": "y"})


def _session(world: World) -> int:
    """A session of the first person with a statement that was refused; the id of the statement."""
    person = world.session.execute(select(Person.id).order_by(Person.id).limit(1)).scalar_one()
    launch = Cmi5Session(
        platform_id=_added(world), person_id=person, registration="r", mark="s", activity_id="a",
        endpoint="https://lms.example.org/lrs", token=b"locked", actor={}, context={}, mode="Normal", return_address="",
        launched_at=NOW, used_at=NOW,
    )  # fmt: skip
    world.session.add(launch)
    world.session.flush()
    sent = Cmi5Statement(session_id=launch.id, verb="completed", mark="m", at=NOW, tries=1, status=400, failure="no")
    world.session.add(sent)
    world.session.commit()
    return sent.id


def _repeated(world: World) -> None:
    world.client.post(f"{ADDRESS}/statements/{_session(world)}/repeat", {})


def _unlinked(world: World) -> None:
    platform = _added(world)
    account = Cmi5Account(
        platform_id=platform, home_page="https://lms.example.org", name="u-17", person_id=world.sam.id, linked_at=NOW,
        last_used_at=NOW,
    )  # fmt: skip
    world.session.add(account)
    world.session.commit()
    for _time in range(2):
        world.client.post(f"{ADDRESS}/platforms/{platform}/accounts/{account.id}/unlink", {})


def _left(world: World) -> None:
    world.client.post("/cmi5/leave", {})


_ADDED = "cmi5.added"
CMI5_ACTIONS: dict[str, list[tuple[Callable[[World], object], list[str], str | None]]] = {
    "cmi5.add": [(_added, [_ADDED], "boss")],
    "cmi5.change": [(_changed, [_ADDED, "cmi5.changed"], "boss")],
    "cmi5.repeat": [(_repeated, [_ADDED, "cmi5.repeated"], "boss")],
    "cmi5.unlink": [(_unlinked, [_ADDED, "cmi5.unlinked", "sign_in.ended_elsewhere"], "boss")],
    # What a learner ends is not logged, as signing out is not.
    "cmi5.leave": [(_left, [], None)],
}
