"""Private notes: nothing that was written is lost, even when two windows are open."""

from __future__ import annotations

import unicodedata

MAX_NOTE_LENGTH = 20_000  # characters


def _normalise_text(text: str) -> str:
    """What a text field holds, without the characters that no keyboard types and no database keeps."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(sign for sign in lines if sign in "\n\t" or unicodedata.category(sign) not in ("Cc", "Cs")).strip()


def merge_note(stored: str, seen: str, sent: str) -> str:
    """The note to keep. `seen` is what the window showed when it was opened, `sent` what it sends back.

    An unchanged window changes nothing. If the note was changed elsewhere in between, both are kept.
    """
    stored, seen, sent = (_normalise_text(text) for text in (stored, seen, sent))
    if sent in (seen, stored):
        return stored
    if stored in (seen, ""):
        return sent
    return f"{stored}\n\n{sent}"
