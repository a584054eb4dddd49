"""The pages of certificates: the holder's own, the check by number, the links that open them, and what wallets take."""

from __future__ import annotations

from course.certificates.views import certificates, wallet
from course.certificates.views.page_context import (
    certificate_link,
    certificate_links,
    certified_modules,
    check_address,
    checks,
    pages,
    pathway_name,
    wallet_links,
)

__all__ = [
    "certificate_link",
    "certificate_links",
    "certificates",
    "certified_modules",
    "check_address",
    "checks",
    "pages",
    "pathway_name",
    "wallet",
    "wallet_links",
]
