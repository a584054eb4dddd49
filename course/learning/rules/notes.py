"""Private notes: nothing that was written is lost, even when two windows are open."""

from __future__ import annotations

LONGEST = 5000


def merged(stored: str, seen: str, sent: str) -> str:
    """The note to keep. `seen` is what the window showed when it was opened, `sent` what it sends back.

    An unchanged window changes nothing. If the note was changed elsewhere in between, both are kept.
    """
    stored, seen, sent = (text.replace("\r\n", "\n").strip() for text in (stored, seen, sent))
    if sent in (seen, stored):
        return stored
    if stored in (seen, ""):
        return sent
    return f"{stored}\n\n{sent}"
