"""Providers on loopback for these tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from course.identity_providers import provider_client, saml_client
from tests.identity_providers.fake_provider import FakeProvider, FakeProviders, fake_providers
from tests.identity_providers.saml_provider import SamlIdentityProvider


@pytest.fixture(scope="session")
def fakes() -> Iterator[FakeProviders]:
    """The server of fake providers of this run."""
    with fake_providers() as server:
        yield server


@pytest.fixture(autouse=True)
def nothing_known_of_providers() -> None:
    """What a process keeps of providers is thrown away once it is much, which must not happen in the middle of a test."""
    provider_client._kept.clear()
    saml_client._kept.clear()


@pytest.fixture
def fake(fakes: FakeProviders) -> FakeProvider:
    """A provider of this test alone."""
    return fakes.new()


@pytest.fixture(scope="session")
def saml_provider(tmp_path_factory: pytest.TempPathFactory) -> SamlIdentityProvider:
    """A provider with SAML. A test that changes its key uses one of its own."""
    return SamlIdentityProvider(tmp_path_factory.mktemp("saml"))
