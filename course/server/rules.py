"""When a worker counts as gone, which secret key a database belongs to, and whether two programs run alike."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import timedelta
from typing import Literal

HEARTBEAT_INTERVAL = timedelta(minutes=1)
# A long round of mail comes between two beats; only after this has somebody to look.
SILENT_AFTER = timedelta(minutes=15)
WORKER_RETENTION = timedelta(days=30)

# The key of today against the database: never used yet, the one it is used with, or another.
KeyState = Literal["new", "same", "other"]
WRONG_KEY_WARNING = (
    "SECRET_KEY is not the key that this database was used with. Certificates cannot be signed, and links in mails "
    "that were sent before do not work. Set the former SECRET_KEY again, or put the former file instance/secret-key "
    "back from your backup, and restart. Only if it is lost: flask system accept-key"
)


def key_fingerprint(secret: str) -> str:
    """What tells a secret key from others and does not give it away."""
    return hmac.new(secret.encode(), b"course: which secret key this is", hashlib.sha256).hexdigest()


def key_state(secret: str, stored: str | None, signing_key_opens: bool | None) -> KeyState:
    """Whether the key fits the database: by the `stored` fingerprint, or, in a database that has none yet, by
    whether the signing key opens (None: there is no signing key)."""
    if stored is not None:
        return "same" if hmac.compare_digest(stored, key_fingerprint(secret)) else "other"
    return "other" if signing_key_opens is False else "new"


def comparable_settings(secret: str, plain: Mapping[str, str], hidden: Mapping[str, str]) -> dict[str, str]:
    """The settings that programs on one database must share, for comparing. Of `hidden` values only a hash is left."""
    digests = {
        name: hmac.new(secret.encode(), value.encode(), hashlib.sha256).hexdigest()[:16]
        for name, value in hidden.items()
    }
    return {**plain, **digests, "SECRET_KEY": key_fingerprint(secret)[:16]}


def differing_settings(own: Mapping[str, str], other: Mapping[str, str], hidden: frozenset[str]) -> list[str]:
    """The settings in which two programs differ. Hashes made with two keys say nothing."""
    names = sorted(name for name in own.keys() & other.keys() if own[name] != other[name])
    return [name for name in names if name not in hidden] if "SECRET_KEY" in names else names
