"""What one-time codes leave in the audit log: an action for each POST endpoint, the events, and the actor."""

from __future__ import annotations

from collections.abc import Callable

from course.auth import actions as auth
from course.clock import now
from course.context import make_context
from tests.audit.world import NEW, World
from tests.pages import Client


def use_code(world: World) -> None:
    context = make_context(world.session, world.kim.id, now())
    issued = auth.issue_code(context, world.kim.id, world.app.config["SECRET_KEY"])
    assert issued is not None
    world.session.commit()
    form = {"login": str(world.kim.email), "code": issued.code, "password": NEW}
    Client(world.app).post("/code", form)


def guess_code(world: World, times: int) -> None:
    world.session.commit()  # its transaction must not keep the request waiting
    for _ in range(times):
        Client(world.app).post("/code", {"login": "nobody-there", "code": "0" * 12, "password": NEW}, 422)


CODE_ACTIONS: dict[str, list[tuple[Callable[[World], object], list[str], str | None]]] = {
    "auth.person_code": [(lambda w: w.post(f"/people/{w.sam.id}/code", 200, sheet="s"), ["sign_in.code_made"], "boss")],
    "auth.codes": [(lambda w: w.post("/people/codes", person="1"), [], "boss")],
    "auth.redeem_code": [
        (use_code, ["sign_in.code_made", "sign_in.code_used", "password.set", "sign_in.entered"], "kim"),
        (lambda w: guess_code(w, 1), ["sign_in.code_refused"], None),
        (lambda w: guess_code(w, 6), ["sign_in.code_refused"] * 6 + ["sign_in.code_locked"], None),
    ],
    "auth.add_own_address": [(lambda w: w.post("/me/address", address="new@example.org"), [], "boss")],
    "auth.confirm_own_address": [(lambda w: w.post("/me/address/no-such-token", 410), [], "boss")],
}
