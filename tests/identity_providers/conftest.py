"""Providers on loopback for these tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.identity_providers.fake_provider import FakeProvider, FakeProviders, fake_providers
from tests.identity_providers.saml_provider import SamlIdentityProvider


@pytest.fixture(scope="session")
def fakes() -> Iterator[FakeProviders]:
    """The server of fake providers of this run."""
    with fake_providers() as server:
        yield server


@pytest.fixture
def fake(fakes: FakeProviders) -> FakeProvider:
    """A provider of this test alone."""
    return fakes.new()


@pytest.fixture(scope="session")
def saml_provider(tmp_path_factory: pytest.TempPathFactory) -> SamlIdentityProvider:
    """A provider with SAML. A test that changes its key uses one of its own."""
    return SamlIdentityProvider(tmp_path_factory.mktemp("saml"))
