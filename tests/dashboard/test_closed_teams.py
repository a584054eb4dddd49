"""What Today says of settings that name a team which was closed."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from course.clock import now
from course.cmi5.models import Cmi5Platform
from course.identity_providers.models import IdentityProvider
from course.lti.models import LtiRegistration
from course.people.models import Team
from course.scim.models import ScimConnection, ScimGroup, ScimGroupRule
from course.webhooks.models import Webhook
from tests.dashboard.test_today import lines
from tests.makers import make_organisation, make_person, make_team, sign_in
from tests.pages import Client


def _newest(session: Session, model: type[Any]) -> int:
    return int(session.execute(select(func.max(model.id))).scalar_one())


@pytest.mark.both_engines
def test_settings_that_name_a_closed_team_are_named_to_whoever_can_choose_another_one(
    session: Session, client: Client
) -> None:
    make_organisation(session)
    brook, meadow = make_team(session, "Brook Academy"), make_team(session, "Meadow School")
    team = str(brook.id)
    manager = make_person(session, "Mona Field", "mona@example.org", "manager", meadow)
    admin = sign_in(client, make_person(session, "Ada Vale", "ada@example.org", "administrator"))
    platform = {"team": team, "makes_accounts": "y", "active": "y"}
    address = "https://id.example.org"
    admin.post("/system/webhooks/add", {"address": f"{address}/secret", "kinds": ["overdue"], "team": team})
    admin.post("/report/mail", {"email": "mona@example.org", "team": str(meadow.id), "every": "month"})
    admin.post("/providers/new", platform | {
        "kind": "openid", "name": "Riverside ID", "discovery": address, "client_id": "c", "scopes": "openid",
        "domains": "example.org", "group": ["staff"], "group_team": [team], "group_role": [""], "group_pathway": [""],
    })  # fmt: skip
    admin.post("/platforms/new", platform | {
        "name": "Moodle", "issuer": address, "client_id": "c", "deployments": "1",
        **{f"{one}_address": f"{address}/{one}" for one in ("login", "token", "keys")},
    })  # fmt: skip
    admin.post(f"/platforms/{_newest(session, LtiRegistration)}/on", {})
    admin.post("/system/cmi5/platforms/add", platform | {"name": "Ilias", "hosts": "m.example.org"})
    connection = ScimConnection(name="Entra", owns_administrators=False, made_at=now())
    session.add(connection)
    session.flush()
    group = ScimGroup(
        resource_id="g", connection_id=connection.id, display_name="Cooks", created_at=now(), changed_at=now()
    )
    session.add(group)
    session.flush()
    session.add(ScimGroupRule(group_id=group.id, kind="team", team_id=brook.id, made_at=now()))
    session.commit()
    assert not [title for title in lines(admin.get("/today")) if "closed team" in title]
    session.execute(update(Team).where(Team.id.in_([brook.id, meadow.id])).values(closed_at=now()))
    session.commit()
    found = lines(admin.get("/today"))["6 settings name a closed team"]
    assert found == [
        "/report/mail",
        f"/system/webhooks/{_newest(session, Webhook)}/change",
        f"/providers/{_newest(session, IdentityProvider)}",
        f"/platforms/{_newest(session, LtiRegistration)}/change",
        f"/system/cmi5/platforms/{_newest(session, Cmi5Platform)}",
        f"/system/scim/{connection.id}/groups/{group.id}",
    ]
    assert "Stopped Its team is closed." in admin.get("/system/webhooks").text
    assert lines(sign_in(client, manager).get("/today"))["1 setting names a closed team"] == ["/report/mail"]
    assert "Its team is closed." in client.get("/report/mail").text
