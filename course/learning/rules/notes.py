"""Private notes: merging, so that no text is lost when two windows are open."""

from __future__ import annotations

import unicodedata

MAX_NOTE_LENGTH = 20_000  # characters


def _normalise_text(text: str) -> str:
    """The text with Unix line ends and without control characters, which no keyboard types and no database stores."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(sign for sign in lines if sign in "\n\t" or unicodedata.category(sign) not in ("Cc", "Cs")).strip()


def merge_note(stored: str, seen: str, sent: str) -> str:
    """The note to save. `seen` is the text that the window showed when it was opened, `sent` the text it sends back.

    An unchanged window changes nothing. If another window changed the note in between, the result has both texts.
    """
    stored, seen, sent = (_normalise_text(text) for text in (stored, seen, sent))
    if sent in (seen, stored):
        return stored
    if stored in (seen, ""):
        return sent
    if f"\n\n{stored}".endswith(f"\n\n{sent}"):
        return stored  # the same text comes again: a device that was offline did not hear that it had arrived
    return f"{stored}\n\n{sent}"
