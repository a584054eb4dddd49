"""Which of the two forms of a sentence is said: the one for the person, or the one about the person for somebody else.

Each form is a message of its own, because in other languages more than the pronoun differs between them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Pronouns(Enum):
    """The pronouns with which a sentence names the person it is about."""

    YOU = "you"
    THEY = "they"


LEARNER_PRONOUNS = Pronouns.YOU  # read by the person
MANAGER_PRONOUNS = Pronouns.THEY  # read by a manager or an administrator


@dataclass(frozen=True)
class Wording:
    """A message in its two forms. Each is a LazyText, and takes the same values."""

    you: str
    they: str

    def say(self, pronouns: Pronouns, **values: object) -> str:
        """The message with these pronouns and values, as a LazyText."""
        return (self.you if pronouns is Pronouns.YOU else self.they) % values
