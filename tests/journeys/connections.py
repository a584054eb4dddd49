"""Pages of signing in and of other systems that the walks over administrators' pages look at, and something to see on each."""

from __future__ import annotations

import re

from flask import Flask
from sqlalchemy import select

from course.clock import now
from course.lti.models import LtiContext, LtiDeployment
from course.scim.models import ScimGroup
from tests.audit.cmi5 import PLATFORM as CMI5_PLATFORM
from tests.audit.platforms import PLATFORM
from tests.audit.providers import SAML, SETTINGS
from tests.audit.xapi import CHOSEN
from tests.makers import PASSWORD
from tests.pages import Client
from tests.scim.connected import connect
from tests.webhooks.makers import add_by_hand

CONNECTED_PAGES = {
    "question_exchange.look": "/content/questions/look",
    "question_exchange.overview": "/content/questions",
    "webhooks.overview": "/system/webhooks",
    "webhooks.add": "/system/webhooks/add",
    "webhooks.change": "/system/webhooks/{webhook}/change",
    "webhooks.show": "/system/webhooks/{webhook}",
    "cmi5.overview": "/system/cmi5",
    "cmi5.add": "/system/cmi5/platforms/add",
    "cmi5.change": "/system/cmi5/platforms/{cmi5}",
    "cmi5.accounts": "/system/cmi5/platforms/{cmi5}/accounts",
    "xapi.overview": "/system/xapi",
    "xapi.change": "/system/xapi/store",
    "api_tokens.make": "/system/tokens/make",
    "api_tokens.overview": "/system/tokens",
    "api_tokens.reads": "/system/tokens/{token}",
    "auth.factor_policy": "/system/second-factor",
    "auth.person_sign_in": "/people/{late}/sign-in",
    "identity_providers.person_accounts": "/people/{late}/accounts",
    "identity_providers.list_providers": "/providers",
    "identity_providers.add_provider": "/providers/new",
    "identity_providers.change_provider": "/providers/{provider}",
    "identity_providers.add_saml_provider": "/providers/saml/new",
    "identity_providers.change_saml_provider": "/providers/saml/{saml}",
    "import_folder.overview": "/people/import/folder",
    "lti.list_platforms": "/platforms",
    "lti.add_platform": "/platforms/new",
    "lti.show_platform": "/platforms/{platform}",
    "lti.change_platform": "/platforms/{platform}/change",
    "lti_services.grades": "/platforms/{platform}/grades",
    "lti_services.members": "/platforms/{platform}/courses/{context}/people",
    "lti.person_platforms": "/people/{late}/platforms",
    "scorm.packages": "/system/scorm",
    "scim.connections": "/system/scim",
    "scim.connection": "/system/scim/{scim}",
    "scim.end": "/system/scim/{scim}/end",
    "scim.group": "/system/scim/{scim}/groups/{group}",
}


def connect_systems(app: Flask, administrator: str) -> dict[str, int]:
    """A webhook, two providers that nobody can sign in with yet, a platform, and a SCIM connection with a person in a group."""
    client = Client(app)
    found = {"webhook": add_by_hand(client, administrator)}
    client.post("/sign-in", {"email": administrator, "password": PASSWORD})
    for name, path, form in (
        ("provider", "/providers/new", SETTINGS), ("saml", "/providers/saml/new", SAML), ("platform", "/platforms/new", PLATFORM),
    ):  # fmt: skip
        place = client.post(path, {key: value for key, value in form.items() if key != "active"}).location
        found[name] = int(re.findall(r"[0-9]+", place)[-1])
    client.post("/system/xapi/store", CHOSEN)
    client.post("/system/cmi5/platforms/add", CMI5_PLATFORM)
    found["cmi5"] = 1
    with app.app_context(), app.extensions["course.sessions"].writing() as session:
        deployment = session.execute(select(LtiDeployment.id)).scalars().first()
        context = LtiContext(
            deployment_id=deployment, context="c-1", title="Safeguarding 2026", members_address="https://lms.example.org/members",
            first_seen_at=now(), last_seen_at=now(),
        )  # fmt: skip
        session.add(context)
        session.flush()
        found["context"] = context.id
        provider = connect(app, session)
        provider.group("Teachers", str(provider.create("mia.okoro@demo.example")["id"]))
        found |= {"scim": provider.connection_id, "group": session.execute(select(ScimGroup.id)).scalar_one()}
    return found
