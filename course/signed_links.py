"""Signed links: addresses that let a person do one thing without signing in.

A token holds its data in readable form and is signed with the secret of the course, so nobody can make up another one. No
token expires by itself; a feature may let one run out or end it. Each kind of link has a salt of its own: a token of one
kind is none of another. Salts and formats stay as they are, because links in old mails and files must go on working.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Self, TypeVar

from itsdangerous import BadData, URLSafeSerializer


class SignedLink(ABC):
    """The data of one kind of signed link."""

    salt: ClassVar[str]

    @abstractmethod
    def content(self) -> object:
        """The data as JSON values."""

    @classmethod
    @abstractmethod
    def from_content(cls, content: Any) -> Self | None:
        """The link that has this content; None if no link of this kind can have it."""


@dataclass(frozen=True)
class CertificateLink(SignedLink):
    """Opens a person's own certificates, also after the person has left. The links of a person are numbered from 0: once
    one is ended, the next number is valid, and no other."""

    salt = "kept certificates"
    person_id: int
    number: int = 0

    def content(self) -> object:
        return [self.person_id, self.number] if self.number else self.person_id

    @classmethod
    def from_content(cls, content: Any) -> Self | None:
        parts = [content, 0] if isinstance(content, int) else content
        return cls(*parts) if _is_row(parts, int, int) else None


@dataclass(frozen=True)
class WalletAddress(SignedLink):
    """Opens the signed file of one certificate for a wallet. The links of a certificate are numbered from 0; which of them are
    valid is in the database."""

    salt = "wallet"
    certificate_id: int
    number: int

    def content(self) -> object:
        return [self.certificate_id, self.number]

    @classmethod
    def from_content(cls, content: Any) -> Self | None:
        return cls(*content) if _is_row(content, int, int) else None


@dataclass(frozen=True)
class MailChoiceLink(SignedLink):
    """Lets a person choose whether to get one kind of optional mail. A mail may be read late, so it never runs out."""

    salt = "mail-choice"
    person_id: int
    kind: str

    def content(self) -> object:
        return [self.person_id, self.kind]

    @classmethod
    def from_content(cls, content: Any) -> Self | None:
        return cls(*content) if _is_row(content, int, str) else None


@dataclass(frozen=True)
class BoosterLink(SignedLink):
    """Opens the five questions of one booster: an attempt. SQLite gives the number of a deleted attempt again, so the person to
    whom it was sent tells them apart: 0 in links of earlier versions, which do not say it."""

    salt = "booster"
    attempt_id: int
    person_id: int = 0

    def content(self) -> object:
        return [self.attempt_id, self.person_id] if self.person_id else self.attempt_id

    @classmethod
    def from_content(cls, content: Any) -> Self | None:
        parts = [content, 0] if isinstance(content, int) else content
        return cls(*parts) if _is_row(parts, int, int) else None


@dataclass(frozen=True)
class IntentionLink(SignedLink):
    """Answers whether the sentence came up that its writer was sent. SQLite gives the number of a deleted sentence again, so
    the moment of the mail tells them apart: microseconds since 1970, 0 in links of earlier versions, which do not say it."""

    salt = "intention"
    intention_id: int
    mailed_microsecond: int = 0

    def content(self) -> object:
        return [self.intention_id, self.mailed_microsecond] if self.mailed_microsecond else self.intention_id

    @classmethod
    def from_content(cls, content: Any) -> Self | None:
        parts = [content, 0] if isinstance(content, int) else content
        return cls(*parts) if _is_row(parts, int, int) else None


L = TypeVar("L", bound=SignedLink)


def sign_link(link: SignedLink, secret: str) -> str:
    """The token of a link, as it stands in the address."""
    return str(URLSafeSerializer(secret, salt=link.salt).dumps(link.content()))


def read_link(kind: type[L], token: str, secret: str) -> L | None:
    """The data of a token; None if `sign_link` did not make it from this kind of link with this secret."""
    try:
        content = URLSafeSerializer(secret, salt=kind.salt).loads(token)
    except (BadData, ValueError):
        return None
    return kind.from_content(content)


def _is_row(content: Any, *types: type) -> bool:
    """Whether the content is a list with one value of each of these types."""
    return (
        isinstance(content, list)
        and len(content) == len(types)
        and all(isinstance(value, kind) for value, kind in zip(content, types, strict=True))
    )
