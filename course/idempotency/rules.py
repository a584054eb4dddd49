"""What makes two requests the same press of a button."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import timedelta

# How long a form is recognised. Whoever sends it again after that means it, or has a page that no longer works anyway.
FORM_RETENTION = timedelta(days=2)
FORM_KEY_FIELD = "form_key"  # the hidden field that each form carries
MAX_KEY_LENGTH = 64


def form_fingerprint(key: str, path: str, entered: Iterable[tuple[str, str]], files: Iterable[bytes]) -> str:
    """Stands for one press: the key of the form, where it went, and all that was in it.

    A form that was changed after the way back is another deed, so what was entered counts as well as the key.
    """
    digest = hashlib.sha256()
    for part in (key, path, *(text for pair in entered for text in pair)):
        data = part.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "big") + data)
    for file in files:
        digest.update(hashlib.sha256(file).digest())
    return digest.hexdigest()
