"""What learning platforms leave in the audit log. What they send themselves is in tests/lti."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select

from course.clock import now
from course.cmi5.models import Cmi5Account, Cmi5Platform
from course.lti.models import LtiLink, LtiRegistration
from course.lti.rules.sealed import AccountLinking, linking_cookie
from tests.audit.cmi5 import ADDRESS as CMI5_ADDRESS
from tests.audit.cmi5 import PLATFORM as CMI5_PLATFORM
from tests.audit.world import World
from tests.conftest import SECRET
from tests.lti.making import add_platform_with_account

PLATFORM = {
    "name": "Riverside Moodle", "issuer": "https://moodle.example.org", "client_id": "tool-7", "deployments": "1",
    "login_address": "https://moodle.example.org/mod/lti/auth.php", "team": "",
    "token_address": "https://moodle.example.org/mod/lti/token.php",
    "keys_address": "https://moodle.example.org/mod/lti/certs.php",
}  # fmt: skip
# Posts and events of the protocol, which the tests of the feature look at.
PROTOCOL_POSTS = tuple(
    f"lti_protocol.{name}" for name in ("login", "launch", "enter", "begin_linking", "choose", "register")
)
PROTOCOL_EVENTS = ("lti.launch_refused", "lti.registered_itself")


def _added(world: World) -> str:
    """Register a platform by hand; the address of its page."""
    world.client.post("/platforms/new", PLATFORM)
    return f"/platforms/{world.session.execute(select(LtiRegistration.id)).scalar_one()}"


def _change(world: World) -> None:
    address = _added(world)
    for _time in range(2):
        world.client.post(f"{address}/change", PLATFORM | {"deployments": "1\n2", "makes_accounts": "y"})


def _then(world: World, *what: str) -> None:
    address = _added(world)
    for one in what:
        world.client.post(f"{address}/{one}", {})


def _test(world: World) -> None:
    """Nothing listens there: the page says so."""
    nowhere = dict.fromkeys(("login_address", "token_address", "keys_address"), "http://127.0.0.1:1/")
    world.client.post("/platforms/new", PLATFORM | nowhere)
    number = world.session.execute(select(LtiRegistration.id)).scalar_one()
    world.client.post(f"/platforms/{number}/test", {}, 200)


def _set_teams(world: World) -> None:
    number, context, _account = add_platform_with_account(world.session, world.sam.id, world.boss.id)
    for _time in range(2):
        world.client.post(f"/platforms/{number}/teams", {f"team-{context}": str(world.team.id)})


def _unlink(world: World) -> None:
    _number, _context, account = add_platform_with_account(world.session, world.sam.id, world.boss.id)
    for _time in range(2):
        world.client.post(f"/people/{world.sam.id}/platforms/{account}/unlink", {})


def _unlink_own(world: World) -> None:
    _number, _context, account = add_platform_with_account(world.session, world.boss.id, world.boss.id)
    for _time in range(2):
        world.client.post(f"/me/platforms/{account}/unlink", {})


def _unlink_own_cmi5(world: World) -> None:
    world.client.post(f"{CMI5_ADDRESS}/platforms/add", CMI5_PLATFORM)
    account = Cmi5Account(
        platform_id=world.session.execute(select(Cmi5Platform.id)).scalar_one(), home_page="https://lms.example.org",
        name="u-17", person_id=world.boss.id, linked_at=now(), last_used_at=now(),
    )  # fmt: skip
    world.session.add(account)
    world.session.commit()
    for _time in range(2):
        world.client.post(f"/me/platforms/cmi5/{account.id}/unlink", {})


def _linking(world: World) -> str:
    """A linking that the browser of this person began, of an account that is linked to nobody."""
    number, _context, _account = add_platform_with_account(world.session, world.sam.id, world.boss.id)
    link = world.session.execute(select(LtiLink.id)).scalar_one()
    linking = AccountLinking(int(now().timestamp()), number, "user-9", "", "Sam O.", True, link, "/", "binding-7")
    sealed = linking.seal(SECRET)
    world.client.flask.set_cookie(linking_cookie(sealed), "binding-7", path="/link-account")
    return sealed


def _link_own(world: World) -> None:
    sealed = _linking(world)
    for _time in range(2):
        world.client.post("/link-account", {"linking": sealed, "form_key": f"key-{_time}"})


PLATFORM_ACTIONS: dict[str, list[tuple[Callable[[World], object], list[str], str | None]]] = {
    "lti.invite": [(lambda w: w.post("/platforms/invitation"), ["lti.invited"], "boss")],
    "lti.add_platform": [(_added, ["lti.added"], "boss")],
    "lti.change_platform": [(_change, ["lti.added", "lti.changed"], "boss")],
    "lti.switch_on": [(lambda w: _then(w, "on", "on"), ["lti.added", "lti.switched_on"], "boss")],
    "lti.switch_off": [
        (lambda w: _then(w, "on", "off"), ["lti.added", "lti.switched_on", "lti.switched_off"], "boss"),
    ],
    "lti.replace_key": [(lambda w: _then(w, "key"), ["lti.added", "lti.key_replaced"], "boss")],
    "lti.test_platform": [(_test, ["lti.added"], "boss")],
    "lti.set_teams": [(_set_teams, ["lti.added", "lti.linked", "lti.teams_set"], "boss")],
    "lti.confirm_linking": [(_link_own, ["lti.added", "lti.linked", "lti.linked"], "boss")],
    "lti.sign_in_as_owner": [
        (
            lambda w: w.client.post("/link-account/someone-else", {"linking": _linking(w)}),
            ["lti.added", "lti.linked", "sign_in.ended"],
            "boss",
        )
    ],
    "lti.unlink_own": [
        (_unlink_own, ["lti.added", "lti.linked", "lti.unlinked", "sign_in.ended_elsewhere"], "boss"),
    ],
    "lti.unlink_own_cmi5": [(_unlink_own_cmi5, ["cmi5.added", "cmi5.unlinked", "sign_in.ended_elsewhere"], "boss")],
    "lti.unlink": [
        (_unlink, ["lti.added", "lti.linked", "lti.unlinked", "sign_in.ended_elsewhere"], "boss"),
    ],
}  # fmt: skip
