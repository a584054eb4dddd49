"""Idempotency of forms: which requests count as the same press of a button."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import timedelta

# How long a form is recognised. A form that is sent again later is meant, or comes from a page whose session has ended.
FORM_RETENTION = timedelta(days=2)
FORM_KEY_FIELD = "form_key"  # the hidden field that each form carries
MAX_KEY_LENGTH = 64


def form_fingerprint(key: str, path: str, entered: Iterable[tuple[str, str]], files: Iterable[bytes]) -> str:
    """The fingerprint of one press (64 hexadecimal digits): a hash of the form's key, its path, and all fields and files.

    The fields count as well as the key: a form that was changed after going back in the browser is a new request.
    """
    digest = hashlib.sha256()
    for part in (key, path, *(text for pair in entered for text in pair)):
        data = part.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "big") + data)
    for file in files:
        digest.update(hashlib.sha256(file).digest())
    return digest.hexdigest()
