"""A provider with SAML in the course, and what a browser does to sign in with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from course.clock import now
from course.context import make_context
from course.identity_providers import actions
from course.identity_providers.rules.saml_settings import SamlSettings
from tests.conftest import SECRET
from tests.identity_providers.saml_provider import SamlIdentityProvider, encoded, state_of
from tests.pages import Client, Page


def saml_details(**changed: Any) -> actions.ProviderDetails:
    """What an administrator enters besides the metadata."""
    usual = actions.ProviderDetails(
        "saml", "Riverside ID", "", "", None, "", ("example.org",), (), "", False, None, False, False, True, ()
    )
    return replace(usual, **changed)


def set_up_saml(session: Session, idp: SamlIdentityProvider, **changed: Any) -> int:
    """A provider that people can sign in with; its number."""
    saml = SamlSettings("" if changed.get("discovery") else idp.metadata)
    number = actions.add_saml_provider(make_context(session, None, now()), saml_details(**changed), saml, SECRET)
    session.commit()
    return number


def service_of(client: Client, number: int) -> str:
    """The metadata of the course, as the provider reads them."""
    response = client.flask.get(f"/sign-in/with/{number}/saml/metadata")
    assert response.mimetype == "application/samlmetadata+xml"
    return response.get_data(as_text=True)


def bring(client: Client, number: int, fields: dict[str, str], same_site: bool = True) -> Page:
    """Bring an answer as a browser does that comes from this site, or from another one: then without its cookies."""
    browser = client.flask if same_site else client.app.test_client()
    return Page(browser.post(f"/sign-in/with/{number}/saml", data=fields))


def sign_in_with_saml(client: Client, idp: SamlIdentityProvider, number: int, begun: str = "", **changed: Any) -> Page:
    """Sign in as a browser does, over the page between; what comes of it. `begun`: where the provider has been asked already."""
    begun = begun or client.get(f"/sign-in/with/{number}", 303).location
    answer = encoded(idp.answer(begun, service_of(client, number), **changed))
    between = bring(client, number, {"SAMLResponse": answer, "RelayState": state_of(begun)}, same_site=False)
    assert (between.status, between.h1) == (200, "Signing in")
    assert "Set-Cookie" not in between.headers, between.headers.getlist("Set-Cookie")
    assert between.fields() == {"SAMLResponse": answer, "RelayState": state_of(begun), "here": "1"}
    return bring(client, number, between.fields())
