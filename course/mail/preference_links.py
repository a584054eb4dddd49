"""Signed links with which somebody chooses what optional mail they get, without signing in."""

from __future__ import annotations

from itsdangerous import BadData, URLSafeSerializer

from course.mail.rules import OPTIONAL_MAIL

_SALT = "mail-choice"


def preference_token(secret: str, person_id: int, kind: str) -> str:
    """What stands in the link. It does not run out: a mail may be read late, and it lets nobody do anything else."""
    return str(URLSafeSerializer(secret, salt=_SALT).dumps([person_id, kind]))


def read_preference_token(secret: str, text: str) -> tuple[int, str] | None:
    """The person and the kind of mail that a link is about; None if it is not ours."""
    try:
        person_id, kind = URLSafeSerializer(secret, salt=_SALT).loads(text)
    except (BadData, ValueError, TypeError):
        return None
    return (int(person_id), kind) if kind in OPTIONAL_MAIL else None


def unsubscribe_headers(address: str) -> dict[str, str]:
    """The headers with which a mail program offers to stop such mail at one press (RFC 2369, RFC 8058)."""
    return {"List-Unsubscribe": f"<{address}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
