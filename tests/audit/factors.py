"""What second factors and sign-in sessions leave in the audit log: an action for each POST endpoint, the events, and the actor."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select

from course.auth import actions as auth
from course.auth.models import Passkey
from course.auth.passkey_checks import NewPasskey
from course.auth.rules import FACTORS_PER_PERSON
from course.clock import now
from course.context import make_context
from tests.audit.codes import CODE_ACTIONS
from tests.audit.providers import PROVIDER_ACTIONS
from tests.audit.world import World
from tests.auth.factor_helpers import add_app, code_at, make_codes
from tests.makers import PASSWORD
from tests.pages import Client

SECOND = "/sign-in/second-step"


def remove_passkey(world: World) -> None:
    made = NewPasskey("AAAA", b"key", 0, is_synced=False)
    auth.add_passkey(make_context(world.session, world.boss.id, now()), made, "Phone", "challenge")
    world.session.commit()
    number = world.session.execute(select(Passkey.id)).scalar_one()
    world.session.commit()
    world.post(f"/me/second-factor/passkeys/{number}/remove")


def remove_app(world: World) -> None:
    add_app(world.client)
    world.post("/me/second-factor/app/remove")


def make_recovery_codes(world: World) -> None:
    add_app(world.client)
    world.post("/me/second-factor/codes", 200)


def first_step(world: World) -> Client:
    """A browser in which the administrator has given the password."""
    browser, email = Client(world.app), str(world.boss.email)
    world.session.commit()  # its transaction must not keep the request waiting
    browser.post("/sign-in", {"email": email, "password": PASSWORD})
    return browser


def take_second_step(world: World) -> None:
    seed = add_app(world.client)
    browser = first_step(world)
    browser.post(SECOND, {"code": code_at(seed, 0)})


def use_recovery_code(world: World) -> None:
    add_app(world.client)
    code = make_codes(world.client)[0]
    browser = first_step(world)
    browser.post(SECOND, {"code": code})


def guess(world: World, times: int) -> None:
    add_app(world.client)
    browser = first_step(world)
    for number in range(times):
        browser.post(SECOND, {"code": f"{number:06}"}, 422)


def reset(world: World) -> None:
    add_app(world.client)
    world.post(f"/people/{world.boss.id}/sign-in", reason="lost the phone")


def end_session_elsewhere(world: World) -> None:
    first_step(world)
    page = world.client.get("/me/sessions")
    other = next(one.get("value", "") for one in page.all("input") if one.get("name") == "session")
    world.post("/me/sessions/end", session=other)


def change_policy(world: World) -> None:
    world.post("/system/second-factor", required="yes", days="14")
    world.post("/system/second-factor", required="no", days="14")


FACTOR_ACTIONS: dict[str, list[tuple[Callable[[World], object], list[str], str | None]]] = {
    "auth.add_passkey": [(lambda w: w.post("/me/second-factor/passkeys", 422, name="Phone", answer="{}"), [], "boss")],
    "auth.remove_passkey": [(remove_passkey, ["factor.passkey_added", "factor.passkey_removed"], "boss")],
    "auth.app": [(lambda w: add_app(w.client), ["factor.app_added"], "boss")],
    "auth.remove_app": [(remove_app, ["factor.app_added", "factor.app_removed"], "boss")],
    "auth.recovery_codes": [(make_recovery_codes, ["factor.app_added", "factor.codes_made"], "boss")],
    "auth.second_step": [
        (take_second_step, ["factor.app_added", "sign_in.entered"], "boss"),
        (use_recovery_code, ["factor.app_added", "factor.codes_made", "factor.code_used", "sign_in.entered"], "boss"),
    ],
    "auth.passkey_sign_in": [(lambda w: Client(w.app).post("/sign-in/passkey", {"answer": "{}"}), [], None)],
    "auth.prove": [(lambda w: w.post("/me/proof", password=PASSWORD), [], "boss")],
    "auth.person_sign_in": [(reset, ["factor.app_added", "factor.reset"], "boss")],
    "auth.end_person_sessions": [
        (lambda w: w.post(f"/people/{w.sam.id}/sign-in/end"), ["sign_in.ended_elsewhere"], "boss"),
    ],
    "auth.end_session": [
        (end_session_elsewhere, ["sign_in.entered", "sign_in.ended_elsewhere"], "boss"),
        (lambda w: w.post("/me/sessions/end", session="0"), [], "boss"),
    ],
    "auth.end_other_sessions": [(lambda w: w.post("/me/sessions/end-others"), ["sign_in.ended_elsewhere"], "boss")],
    "auth.factor_policy": [(change_policy, ["factor.required", "factor.not_required"], "boss")],
}  # fmt: skip
SIGN_IN_ACTIONS = {**CODE_ACTIONS, **FACTOR_ACTIONS, **PROVIDER_ACTIONS}
REFUSALS = ["factor.refused"] * FACTORS_PER_PERSON.count + ["factor.locked"]
