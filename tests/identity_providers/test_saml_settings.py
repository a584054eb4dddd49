"""Setting up a provider with SAML, and testing it."""

from __future__ import annotations

import json
import re
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.audit.models import AuditEntry
from course.clock import now
from course.context import make_context
from course.encryption import unlock_secret
from course.identity_providers import actions, saml_client
from course.identity_providers.models import IdentityProvider, SamlProvider
from course.identity_providers.queries import providers, saml_settings
from course.identity_providers.rules.saml_settings import SamlSettings, signing_key_purpose
from tests.conftest import SECRET
from tests.identity_providers.fake_provider import FakeProvider
from tests.identity_providers.making import another
from tests.identity_providers.saml_browser import saml_details, service_of, set_up_saml, sign_in_with_saml
from tests.identity_providers.saml_provider import SamlIdentityProvider
from tests.makers import make_person, sign_in
from tests.pages import Client


@pytest.fixture
def admin(client: Client, session: Session) -> Client:
    """The browser of an administrator."""
    return sign_in(client, make_person(session, "Ann Min", "ann@example.org", "administrator"))


def _form(idp: SamlIdentityProvider, **changed: str) -> dict[str, str]:
    return {
        "name": "Riverside ID",
        "metadata_xml": idp.metadata,
        "domains": "example.org",
        "team": "",
        "active": "y",
    } | changed


def test_a_provider_is_set_up_tested_and_gets_a_signing_key_on_its_page(
    admin: Client, session: Session, saml_provider: SamlIdentityProvider
) -> None:
    page = admin.follow(admin.post("/providers/saml/new", _form(saml_provider)))
    (made,) = providers(session)
    assert f"http://127.0.0.1:8000/sign-in/with/{made.id}/saml/metadata" in page.text
    tested = admin.post(f"/providers/saml/{made.id}/test", {}, 200)
    assert "The provider calls itself https://saml.example/idp" in tested.text
    assert "Check this" not in tested.text
    assert "<md:KeyDescriptor" not in service_of(admin, made.id)
    admin.post(f"/providers/saml/{made.id}/key", {"key": "new"})
    assert '<md:KeyDescriptor use="signing">' in service_of(admin, made.id)
    session.expire_all()
    locked = session.get_one(SamlProvider, made.id).signing_key_locked
    assert locked is not None
    assert b"PRIVATE KEY" not in locked
    assert b"PRIVATE KEY" in unlock_secret(locked, SECRET, signing_key_purpose(made.id))
    make_person(session)
    other = another(admin.app)
    assert sign_in_with_saml(other, saml_provider, made.id).status == 303  # the provider now asks for signed requests
    admin.post(f"/providers/saml/{made.id}/key", {"key": ""})
    assert "<md:KeyDescriptor" not in service_of(admin, made.id)
    # Saved again as it is: nothing is logged.
    page = admin.get(f"/providers/saml/{made.id}")
    admin.post(f"/providers/saml/{made.id}", page.fields())
    admin.post(f"/providers/saml/{made.id}", page.fields() | {"email_attribute": "post"})
    rows = select(AuditEntry.details).where(AuditEntry.what == "provider.changed").order_by(AuditEntry.number)
    changes = [json.loads(one)["changed"] for one in session.execute(rows).scalars()]
    assert changes == ["signing_key", "signing_key", "email_attribute"]
    assert saml_settings(session, made.id).attributes.email == "post"
    assert admin.get(f"/providers/{made.id}", 303).location == f"/providers/saml/{made.id}"


def test_what_decides_a_sign_in_asks_for_another_one_before_the_provider_can_be_required(
    session: Session, saml_provider: SamlIdentityProvider
) -> None:
    number = set_up_saml(session, saml_provider)
    later = now() + timedelta(hours=1)
    saml = SamlSettings(saml_provider.metadata.replace("saml.example/sso", "saml.example/other"))
    actions.change_saml_provider(make_context(session, None, later), number, saml_details(), saml, SECRET)
    assert session.get_one(IdentityProvider, number).changed_at == later


WRONG_FORMS: list[tuple[dict[str, str], str]] = [
    ({"metadata_xml": ""}, "Enter the metadata address, or paste the metadata"),
    ({"discovery": "https://id.example/metadata"}, "Not both."),
    ({"metadata_xml": "", "discovery": "ftp://id.example"}, "begins with https://"),
    ({"metadata_xml": "", "discovery": "https://[id.example"}, "begins with https://"),
    ({"metadata_xml": "<html>"}, "This is not the SAML metadata"),
    ({"metadata_xml": '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'}, "This is not the SAML metadata"),
    ({"metadata_xml": '<?xml version="1.0" encoding="nothing"?><x/>'}, "This is not the SAML metadata"),
    ({"name": ""}, "Enter what people call it"),
    ({"domains": "gmail.com"}, "Anyone can get an address at gmail.com"),
    ({"email_attribute": "x" * 101}, "at most 100 characters"),
]


@pytest.mark.parametrize(("changed", "words"), WRONG_FORMS)
def test_what_is_wrong_is_said_and_nothing_that_was_entered_is_lost(
    changed: dict[str, str], words: str, admin: Client, session: Session, saml_provider: SamlIdentityProvider
) -> None:
    page = admin.post("/providers/saml/new", _form(saml_provider, subject_attribute="kept in the form") | changed, 422)
    assert words in page.text
    assert "kept in the form" in page.html
    assert providers(session) == []


@pytest.mark.parametrize(
    ("pattern", "by", "words"),
    [
        ("entityID=", "other=", "do not say entityID"),
        ("HTTP-Redirect", "HTTP-POST", "do not say SingleSignOnService"),
        ("https://saml.example/sso", "javascript:alert(1)", "do not say SingleSignOnService"),
        ("<ns2:X509Certificate>MII", "<ns2:X509Certificate>AAA", "no certificate for signatures"),
        ('use="signing"', 'use="encryption"', "no certificate for signatures"),
        ("IDPSSODescriptor", "SPSSODescriptor", "This is not the SAML metadata"),
    ],
)
def test_metadata_with_which_nobody_could_sign_in_are_refused(
    pattern: str, by: str, words: str, admin: Client, saml_provider: SamlIdentityProvider
) -> None:
    broken = re.sub(re.escape(pattern), by, saml_provider.metadata)
    assert words in admin.post("/providers/saml/new", _form(saml_provider, metadata_xml=broken), 422).text


def test_the_test_says_what_is_wrong_at_the_provider(
    admin: Client, session: Session, saml_provider: SamlIdentityProvider, fake: FakeProvider
) -> None:
    number = set_up_saml(
        session, saml_provider, domains=(), discovery=f"{fake.issuer}/.well-known/openid-configuration"
    )
    fake.raw = saml_provider.metadata.replace('Signed="false"', 'Signed="true"').encode()
    page = admin.post(f"/providers/saml/{number}/test", {}, 200)
    assert "accepts only signed requests" in page.text
    assert "No domains are named." in page.text
    fake.raw = b"<html>"
    assert "This is not the SAML metadata" in admin.post(f"/providers/saml/{number}/test", {}, 200).text
    fake.down = True
    assert "cannot be reached" in admin.post(f"/providers/saml/{number}/test", {}, 200).text
    row = session.get_one(SamlProvider, number)
    row.signing_key_locked = b"of another secret key"
    session.commit()
    assert "The signing key cannot be read" in admin.post(f"/providers/saml/{number}/test", {}, 200).text


def test_without_the_program_for_saml_the_page_says_how_to_install_it_and_all_else_works(
    admin: Client, session: Session, saml_provider: SamlIdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = set_up_saml(session, saml_provider)
    monkeypatch.setitem(sys.modules, "onelogin", None)  # as if it were not there
    assert "deploy/requirements-saml.txt" in admin.get(f"/providers/saml/{number}").text
    assert "is not installed" in admin.post(f"/providers/saml/{number}/test", {}, 200).text
    assert another(admin.app).get(f"/sign-in/with/{number}", 403).h1 == "You are not signed in"


def test_nothing_of_the_course_needs_the_program_for_saml_before_an_answer_arrives() -> None:
    package = Path(saml_client.__file__).parents[1]
    at_once = re.compile(r"^(from|import) (onelogin|lxml|xmlsec)", re.MULTILINE)
    files = sorted(package.rglob("*.py"))
    assert Path(saml_client.__file__) in files
    assert [path.name for path in files if at_once.search(path.read_text(encoding="utf-8"))] == []


def test_the_program_for_saml_is_installed_in_the_versions_that_are_tested_here() -> None:
    root = Path(saml_client.__file__).parents[2]
    pins = re.compile(r"^([a-z0-9-]+==\S+)((?: \\\n    --hash=\S+)+)", re.MULTILINE)
    extra = dict(pins.findall((root / "deploy" / "requirements-saml.txt").read_text(encoding="utf-8")))
    tested = dict(pins.findall((root / "tests" / "requirements.txt").read_text(encoding="utf-8")))
    assert {pin.partition("==")[0] for pin in extra} == {"isodate", "lxml", "python3-saml", "xmlsec"}
    assert extra.items() <= tested.items()
