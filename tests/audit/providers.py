"""What identity providers leave in the audit log: an action for each POST endpoint, the events, and the actor."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import update

from course.clock import now
from course.context import make_context
from course.identity_providers import actions
from course.identity_providers.models import IdentityLink
from course.identity_providers.queries import links_of, providers
from course.identity_providers.rules.identity import ProviderIdentity
from course.identity_providers.rules.saml_request import make_signing_key
from course.identity_providers.rules.saml_settings import SamlSettings
from tests.audit.world import World
from tests.conftest import SECRET
from tests.pages import Client

SETTINGS = {
    "kind": "openid", "name": "Riverside ID", "discovery": "https://id.example", "client_id": "course", "team": "",
    "scopes": "openid email", "groups_claim": "groups", "active": "y",
}  # fmt: skip
SAML = {"name": "Riverside ID", "discovery": "https://127.0.0.1:1/metadata", "team": "", "active": "y"}
ADDED, LINKED = ["provider.added"], ["provider.added", "provider.linked"]


def add_provider(world: World) -> int:
    details = actions.ProviderDetails(
        "openid", "Riverside ID", "https://127.0.0.1:1/.well-known/openid-configuration", "course", None, "openid", (),
        (), "groups", False, None, False, False, True, (),
    )  # fmt: skip
    number = actions.add_provider(make_context(world.session, world.boss.id, now()), details, SECRET)
    world.session.commit()
    return number


def save_saml_provider(world: World, number: str = "new", **more: str) -> None:
    world.client.post(f"/providers/saml/{number}", SAML | more)


def add_saml_provider(world: World) -> int:
    save_saml_provider(world)
    number = max(one.id for one in providers(world.session))
    world.session.commit()
    return number


def change_saml_provider(world: World) -> None:
    number = str(add_saml_provider(world))
    for _time in range(2):
        save_saml_provider(world, number, name_attribute="name")


def try_saml_provider(world: World) -> None:
    world.post(f"/providers/saml/{add_saml_provider(world)}/test", 200)


def make_and_remove_key(world: World) -> None:
    number = add_saml_provider(world)
    for key in ("new", "", ""):
        world.post(f"/providers/saml/{number}/key", key=key)


def bring_answers(world: World) -> None:
    """Anyone can bring an answer to no request: it is refused, and the log does not fill up with it. One to a request of this
    browser is in the log."""
    certificate = "".join(make_signing_key("idp", now())[1].splitlines()[1:-1])
    metadata = (
        '<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://saml.example"><IDPSSODescriptor '
        'protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><KeyDescriptor><X509Certificate '
        f'xmlns="http://www.w3.org/2000/09/xmldsig#">{certificate}</X509Certificate></KeyDescriptor><SingleSignOnService '
        'Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://saml.example/sso"/>'
        "</IDPSSODescriptor></EntityDescriptor>"
    )
    details = actions.ProviderDetails(
        "saml", "Riverside ID", "", "", None, "", (), (), "", False, None, False, False, True, ()
    )
    context = make_context(world.session, None, now())
    number = actions.add_saml_provider(context, details, SamlSettings(metadata), SECRET)
    world.session.commit()
    world.post(f"/sign-in/with/{number}/saml", SAMLResponse="x", RelayState="x", here="1")
    stranger = Client(world.client.app)
    begun = stranger.get(f"/sign-in/with/{number}", 303).location
    state = parse_qs(urlsplit(begun).query)["RelayState"][0]
    stranger.post(f"/sign-in/with/{number}/saml", {"SAMLResponse": "x", "RelayState": state, "here": "1"}, 403)


def link(world: World, person_id: int) -> int:
    """A provider, with an account there that is linked to somebody; the number of the link."""
    number = add_provider(world)
    context = make_context(world.session, world.boss.id, now())
    identity = ProviderIdentity("https://id.example", "1")
    assert actions.add_link(context, number, identity, person_id, "person")
    world.session.commit()
    found = links_of(world.session, person_id)[0].id
    world.session.commit()
    return found


def change_provider(world: World) -> None:
    number = add_provider(world)
    world.post(f"/providers/{number}", 303, **SETTINGS)
    world.post(f"/providers/{number}", 303, **SETTINGS)


def try_provider(world: World) -> None:
    world.post(f"/providers/{add_provider(world)}/test", 200)


def require_and_lift(world: World) -> None:
    link(world, world.boss.id)
    world.session.execute(update(IdentityLink).values(last_used_at=now()))
    world.session.commit()
    number = links_of(world.session, world.boss.id)[0].provider_id
    world.session.commit()
    world.post("/providers/require", provider=str(number), exceptions=str(world.boss.id))
    world.post("/providers/require/end")
    world.post("/providers/require/end")


def unlink_somebody(world: World) -> None:
    number = link(world, world.sam.id)
    world.post(f"/people/{world.sam.id}/accounts/{number}/unlink")
    world.post(f"/people/{world.sam.id}/accounts/{number}/unlink")


PROVIDER_ACTIONS: dict[str, list[tuple[Callable[[World], object], list[str], str | None]]] = {
    "identity_providers.add_provider": [(lambda w: w.post("/providers/new", 303, **SETTINGS), ADDED, "boss")],
    "identity_providers.change_provider": [(change_provider, [*ADDED, "provider.changed"], "boss")],
    "identity_providers.test_provider": [(try_provider, ADDED, "boss")],
    "identity_providers.add_saml_provider": [(save_saml_provider, ADDED, "boss")],
    "identity_providers.change_saml_provider": [(change_saml_provider, [*ADDED, "provider.changed"], "boss")],
    "identity_providers.test_saml_provider": [(try_saml_provider, ADDED, "boss")],
    "identity_providers.change_signing_key": [
        (make_and_remove_key, [*ADDED, "provider.changed", "provider.changed"], "boss"),
    ],
    "identity_providers.saml_answer": [(bring_answers, [*ADDED, "sign_in.provider_refused"], None)],
    "identity_providers.require_provider": [
        (require_and_lift, [*LINKED, "provider.required", "provider.not_required"], "boss"),
    ],
    "identity_providers.lift_requirement": [(lambda w: w.post("/providers/require/end"), [], "boss")],
    "identity_providers.link_account": [
        (lambda w: w.post(f"/me/accounts/add/{add_provider(w)}", 424), ADDED, "boss"),
    ],
    "identity_providers.confirm": [
        (lambda w: w.post(f"/sign-in/with/{add_provider(w)}/confirm", 424), ADDED, "boss"),
    ],
    "identity_providers.unlink": [
        (lambda w: w.post(f"/me/accounts/{link(w, w.boss.id)}/unlink"), [*LINKED, "provider.unlinked"], "boss"),
    ],
    "identity_providers.unlink_person": [
        (unlink_somebody, [*LINKED, "provider.unlinked", "sign_in.ended_elsewhere"], "boss"),
    ],
}  # fmt: skip
