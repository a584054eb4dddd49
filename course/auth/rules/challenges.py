"""Challenges of passkeys: what a device signs, so that an answer fits one question of this course, and no other. Pure.

A challenge is a signed text with its purpose and the moment at which it was made, so nothing is stored when a page shows one.
It is spent in the database when an answer to it is accepted.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Self

from course.signed_links import SignedLink, read_link, sign_link

ChallengePurpose = Literal["add", "sign-in", "second", "prove"]
CHALLENGE_LIFETIME = timedelta(minutes=10)


@dataclass(frozen=True)
class PasskeyChallenge(SignedLink):
    """A question to a passkey: what for, of whom (0: whoever signs in), at which second since 1970, and random text."""

    salt = "passkey challenge"
    purpose: str
    person_id: int
    made: int
    random: str

    def content(self) -> object:
        return [self.purpose, self.person_id, self.made, self.random]

    @classmethod
    def from_content(cls, content: Any) -> Self | None:
        match content:
            case [str(purpose), int(person_id), int(made), str(random)]:
                return cls(purpose, person_id, made, random)
            case _:
                return None


def new_challenge(purpose: ChallengePurpose, person_id: int, secret: str, at: datetime) -> str:
    """A fresh challenge as text; its characters are the bytes that the device signs."""
    return sign_link(PasskeyChallenge(purpose, person_id, int(at.timestamp()), secrets.token_urlsafe(16)), secret)


def is_challenge_good(text: str, purpose: ChallengePurpose, person_id: int, secret: str, at: datetime) -> bool:
    """Whether a challenge was made here for this purpose and person, a short while ago."""
    found = read_link(PasskeyChallenge, text, secret)
    if found is None or (found.purpose, found.person_id) != (purpose, person_id):
        return False
    return timedelta(seconds=-1) <= at - datetime.fromtimestamp(found.made, UTC) <= CHALLENGE_LIFETIME
