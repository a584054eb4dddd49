"""What tokens for programs leave in the audit log."""

from __future__ import annotations

from collections.abc import Callable

from tests.audit.world import World


def make_token(world: World) -> None:
    form = world.client.get("/system/tokens/make").fields()
    world.client.post("/system/tokens/make", form | {"name": "HR dashboard", "scopes": "status:read"})


def revoke_token(world: World) -> None:
    make_token(world)
    page = world.client.get("/system/tokens")
    action = next(a for form in page.all("form") if (a := form.get("action", "")).endswith("/revoke"))
    world.client.post(action, {})


PROGRAM_ACTIONS: dict[str, list[tuple[Callable[[World], object], list[str], str | None]]] = {
    "api_tokens.make": [(make_token, ["api.token_made"], "boss")],
    "api_tokens.revoke": [(revoke_token, ["api.token_made", "api.token_revoked"], "boss")],
}
