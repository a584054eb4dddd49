"""What a confirmed contact and the settings of a team leave in the audit log."""

from __future__ import annotations

from collections.abc import Callable

from tests.audit.world import World


def set_for_team(world: World, **changed: str) -> None:
    address = f"/organisation/team/{world.team.id}"
    world.client.post(address, world.client.get(address).fields() | changed)


def confirm_for_team(world: World) -> None:
    set_for_team(world, **{"lead-name": "Jo", "lead-phone": "01632 960101"})
    address = f"/organisation/team/{world.team.id}/contact/lead"
    world.client.post(address, world.client.get(address).fields())


TEAM_SETTINGS_ACTIONS: dict[str, list[tuple[Callable[[World], object], list[str], str | None]]] = {
    "organisation.team_settings": [
        (lambda w: set_for_team(w, title="Harbour School"), ["team.setting_changed"], "boss"),
        (lambda w: set_for_team(w, pathway="clubs"), ["team.setting_changed", "pathway.followed"], "boss"),
    ],
    "organisation.contact": [(World.confirm_one, ["contact.changed", "contact.confirmed"], "boss")],
    "organisation.team_contact": [(confirm_for_team, ["contact.changed", "contact.confirmed"], "boss")],
}
