"""The answer to a platform that asked what a link shall open (LTI Deep Linking 2.0)."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from course.lti.rules.launch import CLAIM, DEEP_LINKING_CLAIM, VERSION
from course.lti.rules.registration import PlatformSettings
from course.lti.rules.sealed import ContentRequest
from course.lti.rules.targets import LinkTarget

ANSWER_LIFETIME = 300  # seconds
FULL_SCORE = 100


def content_answer(
    settings: PlatformSettings,
    request: ContentRequest,
    title: str,
    target: LinkTarget,
    launch_address: str,
    at: datetime,
) -> dict[str, Any]:
    """The claims of the answer: one link to the course, with a column for grades if the platform takes one."""
    item: dict[str, Any] = {
        "type": "ltiResourceLink", "title": title, "url": launch_address, "custom": target.parameters(),
        "window": {"targetName": "_blank"},
    }  # fmt: skip
    if request.takes_line_item:
        item["lineItem"] = {"scoreMaximum": FULL_SCORE, "label": title, "resourceId": target.choice}
    seconds = int(at.timestamp())
    claims: dict[str, Any] = {
        "iss": settings.client_id, "aud": [settings.issuer], "iat": seconds, "exp": seconds + ANSWER_LIFETIME,
        "nonce": secrets.token_urlsafe(18), "azp": settings.issuer, f"{CLAIM}deployment_id": request.deployment,
        f"{CLAIM}message_type": "LtiDeepLinkingResponse", f"{CLAIM}version": VERSION,
        f"{DEEP_LINKING_CLAIM}content_items": [item],
    }  # fmt: skip
    if request.data:
        claims[f"{DEEP_LINKING_CLAIM}data"] = request.data
    return claims
