"""Signing in and out through a provider that others wrote (oidc-provider of npm), in a browser."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from course.clock import now
from course.context import make_context
from course.identity_providers.actions import ProviderDetails, add_provider
from course.identity_providers.rules.groups import GroupRow
from course.people.actions import add_team
from course.web.unit_of_work import unit_of_work
from tests.conftest import SECRET, make_app
from tests.identity_providers.fake_provider import CLIENT_ID, CLIENT_SECRET
from tests.identity_providers.real_provider import real_provider
from tests.makers import make_organisation
from tests.support.serving import served

pytestmark = pytest.mark.long(10)


def test_the_first_sign_in_makes_an_account_and_signing_out_ends_both_sessions(
    browser: Browser, tmp_path: Path, archived_file: Path
) -> None:
    behind: dict[str, Any] = {}
    # The course has to know its own address, which is known when it is served.
    with served(lambda environ, start: behind["app"](environ, start)) as address:
        app = behind["app"] = make_app(
            f"sqlite:///{shutil.copy(archived_file, tmp_path / 'course.db')}", PUBLIC_URL=address
        )
        with real_provider(address, range(1, 2)) as provider:
            with app.app_context(), unit_of_work() as session:
                make_organisation(session)
                context = make_context(session, None, now())
                leads = add_team(context, "Leads", None)
                add_provider(context, ProviderDetails(
                    "openid", "Riverside ID", f"{provider.issuer}/.well-known/openid-configuration", CLIENT_ID, CLIENT_SECRET,
                    "openid email profile", (), (), "groups", True, None, False, True, True,
                    (GroupRow("leads", leads.id, "manager", None),),
                ), SECRET)  # fmt: skip
            context_of_browser = browser.new_context(base_url=address)
            page = context_of_browser.new_page()
            page.goto("/sign-in?next=/me")
            page.get_by_role("link", name="Sign in with Riverside ID").click()
            page.locator("[name=login]").fill("ada")
            page.locator("[name=password]").fill("any")
            page.locator("button[type=submit]").click()
            expect(page.get_by_role("heading", name="Ada Brook")).to_be_visible()
            expect(page.get_by_text("Manager of Leads").first).to_be_visible()
            page.get_by_role("button", name="Sign out").click()
            # The page of the provider, which asks whether to sign out there too.
            page.wait_for_url(f"{provider.issuer}/**")
            page.locator("button", has_text="Yes").click()
            expect(page.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()
            assert page.url == f"{address}/sign-in"
            # Signed out there as well: it asks who it is. An address that is not verified signs nobody in.
            page.get_by_role("link", name="Sign in with Riverside ID").click()
            page.locator("[name=login]").fill("eve")
            page.locator("[name=password]").fill("any")
            page.locator("button[type=submit]").click()
            expect(page.get_by_text("has not confirmed that your e-mail address is yours")).to_be_visible()
            context_of_browser.close()
