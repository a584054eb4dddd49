"""What is done to many people together, and to teams, roles and last days that are to come, with the events it leaves."""

from __future__ import annotations

from collections.abc import Callable

from tests.audit.world import World

MANY_PEOPLE: dict[str, list[tuple[Callable[[World], object], list[str], str | None]]] = {
    "people.leave_team": [(World.leave_team, ["team.left"], "boss")],
    "people.grant_role": [
        (lambda w: w.post(f"/people/{w.sam.id}/role", role="administrator", team=""), ["role.granted"], "boss"),
    ],
    "people.revoke_role": [(World.revoke_role, ["role.granted", "role.ended"], "boss")],
    "people.withdraw_planned_departure": [
        (World.withdraw_last_day, ["person.departure_planned", "person.departure_withdrawn"], "boss"),
        (lambda w: w.post(f"/people/{w.kim.id}/leave/withdraw"), [], "boss"),
    ],
    "bulk_changes.choose": [(lambda w: w.together("move"), [], "boss")],
    "bulk_changes.change": [(lambda w: w.together("move", team=str(w.team.id), how="move"), [], "boss")],
    "bulk_changes.apply": [
        (lambda w: w.together("move", 1, team=str(w.team.id), how="move"), ["team.joined"], "boss"),
        (lambda w: w.together("remind", 1), ["reminder.asked"] * 2, "boss"),
    ],
    "bulk_changes.undo": [
        (lambda w: w.together("move", 2, team=str(w.team.id), how="move"), ["team.joined", "team.left"], "boss"),
        (lambda w: w.together("invite", 2), ["person.invited", "person.invitation_withdrawn"], "boss"),
        (
            lambda w: w.together("leave", 2, last_day=w.today),
            [
                "person.left",
                "team.left",
                "person.left",
                "person.departure_corrected",
                "team.joined",
                "person.departure_corrected",
                "person.invited",
            ],
            "boss",
        ),
    ],
    "teams.choose_manager": [
        (
            lambda w: w.post(f"/teams/{w.team.id}/managers", person="", other="sam@example.org"),
            ["role.granted"],
            "boss",
        ),
        (lambda w: w.post(f"/teams/{w.team.id}/managers", 422, person="", other=""), [], "boss"),
    ],
    "teams.end_manager": [
        (World.end_manager, ["role.granted", "role.ended"], "boss"),
        (lambda w: w.post(f"/teams/{w.team.id}/managers/99/end"), [], "boss"),
    ],
}
