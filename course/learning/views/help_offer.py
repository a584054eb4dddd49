"""The offer of help by a person, on pages that say that a learner did not pass. The feature of help requests makes it."""

from __future__ import annotations

from collections.abc import Callable

# One entry. The feature above registers its own, because it may import this one only.
HELP_OFFER_SOURCES: list[Callable[[], object]] = []


def help_offer() -> object | None:
    """The help offer of the reader, as help_requests/offer.html shows it."""
    return next((source() for source in HELP_OFFER_SOURCES), None)
