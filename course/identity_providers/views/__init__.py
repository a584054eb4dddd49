"""Pages to sign in through identity providers, to link accounts there, and to set providers up."""

from __future__ import annotations

from course.identity_providers.views import accounts, saml, saml_settings, settings, sign_in
from course.identity_providers.views.page_context import pages

__all__ = ["accounts", "pages", "saml", "saml_settings", "settings", "sign_in"]
