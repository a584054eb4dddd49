"""The audit log: the hash chain of its entries, the faults of a broken chain, and the sentence for each event."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from course.dates import format_date
from course.translation import lazy_gettext as _

INITIAL_HASH = "0" * 64  # the previous hash of the first entry
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
CONNECTION = "connection"  # the detail that names the system that acted through a connection
REPRESENTED = "deputy_of"  # the detail that names the managers for whom a deputy acted, by id
EXCEPTIONS = "exceptions"  # the detail that names, by id, who may use a password although a provider is required
EventSubject = tuple[str, int]  # the subject of an event: its kind and its id


@dataclass(frozen=True)
class AuditEventKind:
    """One kind of audit event, declared in `events.py` of the feature that writes it.

    `name` is stored in the log and never changes; the part before its point is the category in EVENT_KINDS.
    `sentence` is what the log shows: {who} is the actor ("The course" for a command or a job), {whom} the subject, and
    other names in braces are details of the entry. `own` replaces it where actor and subject are the same person,
    `no_subject` where the subject is nobody that the course knows. `one` is the name of a detail and the sentence that
    replaces the others where that detail is 1: a sentence that counts.
    """

    name: str
    sentence: str
    own: str | None = None
    no_subject: str | None = None
    one: tuple[str, str] | None = None

    @property
    def category(self) -> str:
        return self.name.partition(".")[0]


# What the page of the audit log filters by: the category of an event, and its label.
EVENT_KINDS = {
    "provider": _("Identity providers"),
    "lti": _("Learning platforms"),
    "sign_in": _("Signing in and out"),
    "factor": _("Second step to sign in"),
    "password": _("Passwords"),
    "person": _("People"),
    "registration": _("Asking to join"),
    "role": _("Roles"),
    "team": _("Teams"),
    "talk": _("Talks of ten minutes"),
    "pathway": _("Pathways"),
    "calendar": _("Calendar feeds"),
    "scenario": _("Scenarios"),
    "supervised": _("Supervised sessions"),
    "certificate": _("Certificates"),
    "content": _("Course content"),
    "data": _("Data protection"),
    "scim": _("Provisioning (SCIM)"),
    "deputy": _("Deputies"),
    "evidence": _("Evidence packs"),
    "extension": _("Extensions"),
    "pause": _("Absences"),
    "reminder": _("Reminders sent on request"),
    "policy": _("The renewal rule"),
    "organisation": _("The organisation"),
    "contact": _("Contacts"),
    "issuer": _("Trusted issuers"),
    "set_up": _("Setting up"),
    "mail": _("Outgoing mail"),
    "backup": _("Backups"),
    "job": _("Background jobs"),
    "api": _("Programs that read"),
    "secret_key": _("The secret key"),
    "report": _("Reports"),
    "webhook": _("Webhooks"),
    "cmi5": _("Launches by cmi5"),
    "xapi": _("Learning record store (xAPI)"),
    "audit": _("This log"),
}


@dataclass(frozen=True)
class AuditLogEntry:
    """One stored entry. `details` is canonical JSON; `hash` covers all other fields."""

    number: int
    at: datetime
    actor_id: int | None
    what: str
    subject_kind: str | None
    subject_id: int | None
    details: str
    previous: str
    hash: str


def canonical_json(details: Mapping[str, Any]) -> str:
    """The details as JSON that is equal for equal values; days are written as YYYY-MM-DD."""
    return json.dumps(details, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_encode_date)


def _encode_date(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot stand in the log")


def entry_hash(
    number: int,
    at: datetime,
    actor_id: int | None,
    what: str,
    subject: EventSubject | None,
    details: str,
    previous: str,
) -> str:
    """The hash of an entry: SHA-256 over all its fields and the hash of the entry before, as 64 hexadecimal digits."""
    kind, subject_id = subject or (None, None)
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    parts = [number, moment, actor_id, what, kind, subject_id, details, previous]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def changed_values(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The differences: for each changed name the old value and the new one."""
    return {name: [before.get(name), value] for name, value in after.items() if before.get(name) != value}


def integrity_faults(entries: Iterable[AuditLogEntry], heads: Collection[tuple[int, str]] = ()) -> Iterator[str]:
    """The faults of the log, a sentence each; none if the log is as it was written.

    `entries` come in the order of their numbers. `heads` are number and hash of entries that were once the newest:
    without one nobody can see that the newest entries were removed, or that the whole log was rewritten.
    """
    number, previous, known_hashes = 0, INITIAL_HASH, dict(heads)
    for entry in entries:
        if entry.number != number + 1:
            yield _gap_sentence(number + 1, entry.number)
        elif entry.previous != previous:
            yield _(
                "Entry %(number)s does not follow entry %(number_2)s: one was changed, put in or removed.",
                number=entry.number,
                number_2=number,
            )
        if entry.hash != _expected_hash(entry):
            yield _("Entry %(number)s was changed: its words do not fit its hash.", number=entry.number)
        if entry.number in known_hashes and entry.hash != known_hashes[entry.number]:
            yield _(
                "Entry %(number)s is not the one that was once the newest: the log was written anew.",
                number=entry.number,
            )
        number, previous = entry.number, entry.hash
    newest = max(known_hashes, default=0)
    if newest > number:
        yield _(
            "The log ends with entry %(number)s, but there was an entry %(newest)s: the newest ones were removed.",
            number=number,
            newest=newest,
        )


def _expected_hash(entry: AuditLogEntry) -> str:
    subject = None if entry.subject_kind is None else (entry.subject_kind, entry.subject_id or 0)
    if (entry.subject_kind is None) != (entry.subject_id is None):
        return ""  # the course always writes both or neither
    return entry_hash(entry.number, entry.at, entry.actor_id, entry.what, subject, entry.details, entry.previous)


def _gap_sentence(expected: int, number: int) -> str:
    if number < expected:
        return _("Entry %(number)s was put in before the first one.", number=number)
    if number == expected + 1:
        return _("Entry %(expected)s is missing.", expected=expected)
    return _("Entries %(expected)s to %(number)s are missing.", expected=expected, number=number - 1)


class _SentenceValues(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "?"


def event_sentence(
    kind: AuditEventKind | str, who: str | None, whom: str | None, is_self: bool, details: Mapping[str, Any]
) -> str:
    """The sentence of an entry. `who` is the name of the actor, `whom` that of the subject; `own` if both are the
    same person."""
    if isinstance(kind, str):
        return kind
    singular = kind.one[1] if kind.one and details.get(kind.one[0]) == 1 else None
    template = (
        singular or (kind.own if is_self else None) or (kind.no_subject if whom is None else None) or kind.sentence
    )
    values = {name: _value_in_words(value) for name, value in details.items()}
    actor = who or values.get(CONNECTION) or _("The course")
    return str(template).format_map(_SentenceValues(values | {"who": str(actor), "whom": str(whom or _("someone"))}))


def details_in_words(details: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The details as pairs of name and value for display; a change shows the old value and the new one."""
    return [
        (name.replace("_", " ").replace("-", " ").capitalize(), _value_in_words(value))
        for name, value in details.items()
    ]


def _date_in_words(day: str) -> str:
    try:
        parsed = date.fromisoformat(day)
    except ValueError:
        return day  # typed by a person, and no valid day
    return format_date(parsed)


def _value_in_words(value: object) -> str:
    if isinstance(value, list) and len(value) == 2:
        return f"{_value_in_words(value[0])} → {_value_in_words(value[1])}"
    if isinstance(value, dict):
        return "; ".join(f"{name}: {_value_in_words(item)}" for name, item in value.items()) or "–"
    if isinstance(value, str) and _ISO_DATE.fullmatch(value):
        return _date_in_words(value)
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    return "–" if value in (None, "", []) else str(value)
