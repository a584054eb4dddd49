"""The log of what was done: how its entries are chained, what breaks the chain, and what each entry says in words."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

INITIAL_HASH = "0" * 64  # what the first entry follows
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
EventSubject = tuple[str, int]  # what a deed was done to: its kind and its id

# Each deed, and the sentence for it. Without an actor {who} is "The course": a command on the server, or what
# happens by itself. {whom} is the subject; other names in braces are details of the entry.
EVENT_SENTENCES = {
    "audit.exported": "{who} downloaded {rows} entries of this log",
    "backup.made": "{who} made a backup",
    "backup.restored": "{who} restored a backup",
    "calendar.ended": "{who} ended the calendar feed of {whom}",
    "calendar.made": "{who} made a calendar feed for {whom}",
    "certificate.brought": "{who} wrote down an earlier certificate of {whom}, of {completed_on}",
    "certificate.brought_withdrawn": "{who} took back an earlier certificate of {whom}",
    "certificate.found": "{whom} had finished on {finished} without a certificate: it was issued now",
    "certificate.issued": "{who} issued certificate {number} to {whom}",
    "certificate.link_ended": "{who} ended link {number} to the certificates of {whom}",
    "certificate.replaced": "{who} replaced certificate {number} of {whom} by {by}",
    "certificate.revoked": "{who} revoked certificate {number} of {whom}",
    "contact.changed": "{who} changed a contact: {contact}",
    "contact.confirmed": "{who} confirmed a contact: {contact}",
    "data.downloaded": "{who} downloaded all that is held about {whom}",
    "data.erased": "What was kept of {whom} was erased: {what}",
    "data.erasure_asked": "{who} asked for what is kept of {whom} to be erased",
    "data.schedule_changed": "{who} changed how long data is kept",
    "contact.entrusted": "{who} chose who looks after a contact, and how often: {contact}",
    "deputy.ended": "{who} took back that {whom} stands in for them",
    "deputy.named": "{who} named {whom} as their deputy until {until}",
    "evidence.downloaded": "{who} downloaded an evidence pack as at {day}, of {people} people",
    "evidence.made": "{who} made an evidence pack as at {day}, of {people} people",
    "extension.granted": "{who} gave {whom} time until {until}",
    "extension.withdrawn": "{who} took back the time that {whom} was given",
    "issuer.ended": "{who} ended trust in the certificates of {issuer}",
    "issuer.trusted": "{who} trusts the certificates of {issuer}",
    "mail.address_cleared": "{who} had mail sent to {whom} again, whose address had refused it",
    "mail.addresses_cleared": "{who} had mail sent again to {addresses} addresses that had refused it",
    "mail.all_retried": "{who} had {mails} mails sent again",
    "job.cancelled": "{who} cancelled a job: {kind}",
    "job.repeated": "{who} had a job done once more: {kind}",
    "mail.confirmed": "{who} wrote down that a mail has arrived of which that was not known",
    "mail.retried": "{who} had a mail sent again",
    "mail.tested": "{who} sent a test mail",
    "organisation.changed": "{who} changed the organisation’s settings",
    "organisation.look_changed": "{who} changed the logo or the colour of the pages",
    "organisation.set_up": "{who} set the organisation up",
    "password.link_sent": "Somebody asked for a link with which {whom} can choose a new password",
    "password.set": "{who} set the password of {whom}",
    "pathway.chosen": "{who} chose a pathway for {whom}",
    "pause.recorded": "{who} recorded a leave of {whom}",
    "pause.withdrawn": "{who} took back a leave of {whom}",
    "person.added": "{who} added {whom}",
    "person.changed": "{who} corrected what is known of {whom}: {changed}",
    "person.help_asked": "{who} asked for help with the course",
    "person.imported": "{who} applied a list of people: {rows} rows",
    "person.invited": "{who} invited {whom}",
    "person.left": "{who} wrote down that {whom} has left, with {last_day} as the last day",
    "person.list_downloaded": "{who} downloaded what a list of people did: {rows} rows",
    "person.merged": "{who} merged a second entry of {whom}",
    "person.returned": "{who} wrote down that {whom} is back from {first_day} on",
    "policy.changed": "{who} changed the rule of renewal",
    "policy.reminders_changed": "{who} changed who is reminded, and when",
    "registration.asked": "Somebody asked to be let into the team {whom}",
    "registration.link_made": "{who} made a link for joining the team {whom}",
    "registration.link_revoked": "{who} revoked a link for joining the team {whom}",
    "registration.refused": "{who} did not let somebody into the team {whom}",
    "reminder.asked": "{who} reminded {whom}",
    "reminder.taken_back": "{who} took a reminder to {whom} back",
    "report.mail_set": "{who} let {whom} have the report by mail",
    "report.mail_stopped": "{who} stopped the report by mail to {whom}",
    "report.mailed": "{whom} was sent the report by mail, which names {people} people",
    "report.exported": "{who} downloaded the report of {people} people, as at {on}",
    "role.ended": "{who} took a role from {whom}: {role}",
    "role.granted": "{who} made {whom} {role}",
    "secret_key.changed": "{who} accepted another secret key: {reason}",
    "set_up.link_made": "{who} made a link with which the course can be set up",
    "sign_in.entered": "{whom} signed in",
    "sign_in.locked": "Too many wrong passwords for {whom}: signing in was stopped for a while",
    "sign_in.refused": "Somebody tried to sign in as {whom} with a wrong password",
    "sign_in.ended": "{whom} signed out",
    "talk.held": "{who} wrote down a talk of ten minutes of {team}, on {day}: {about}",
    "talk.taken_back": "{who} took back that {team} had a talk of ten minutes on {day}: {about}",
    "team.added": "{who} added the team {whom}",
    "team.changed": "{who} renamed or moved the team {whom}",
    "team.closed": "{who} closed the team {whom}",
    "team.joined": "{who} put {whom} into the team {team}",
    "team.left": "{who} took {whom} out of the team {team}",
    "team.merged": "{who} merged the team {whom} into {into}",
}
# What one can look for: the part of a deed's name before its point, and the words for it.
EVENT_KINDS = {
    "sign_in": "Signing in and out",
    "password": "Passwords",
    "person": "People",
    "registration": "Asking to join",
    "role": "Roles",
    "team": "Teams",
    "talk": "Talks of ten minutes",
    "pathway": "Pathways",
    "calendar": "Calendar feeds",
    "certificate": "Certificates",
    "data": "Data protection",
    "deputy": "Deputies",
    "evidence": "Evidence packs",
    "extension": "Extensions",
    "pause": "Leaves",
    "reminder": "Reminders that somebody asked for",
    "policy": "The rule of renewal",
    "organisation": "The organisation",
    "contact": "Contacts",
    "issuer": "Trusted issuers",
    "set_up": "Setting up",
    "mail": "Outgoing mail",
    "backup": "Backups",
    "job": "Background jobs",
    "secret_key": "The secret key",
    "report": "Reports",
    "audit": "This log",
}
# Where somebody does it to themselves, or the subject is nobody that the course knows.
SELF_SENTENCES = {
    "calendar.ended": "{who} ended their calendar feed",
    "calendar.made": "{who} made a calendar feed",
    "data.downloaded": "{who} downloaded all that is held about them",
    "password.set": "{who} chose a password",
    "report.mail_set": "{who} asked for the report by mail",
    "report.mail_stopped": "{who} stopped getting the report by mail",
    "pathway.chosen": "{who} chose a pathway for themselves",
}
NO_SUBJECT_SENTENCES = {
    "sign_in.locked": "Too many tries to sign in with an address that nobody has: they were stopped for a while",
    "sign_in.refused": "Somebody tried to sign in with an address that nobody has",
}


def events_of_kind(kind: str) -> tuple[str, ...]:
    """The deeds of a kind; none for a kind that does not exist."""
    return tuple(what for what in EVENT_SENTENCES if what.partition(".")[0] == kind)


@dataclass(frozen=True)
class AuditLogEntry:
    """One entry as it is stored. `details` is canonical JSON; `hash` covers all the rest."""

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
    """Details as JSON that is the same for the same values; days are written as YYYY-MM-DD."""
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
    """The hash of an entry: SHA-256 over all that it says and the hash of the one before, 64 hexadecimal digits."""
    kind, subject_id = subject or (None, None)
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    parts = [number, moment, actor_id, what, kind, subject_id, details, previous]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def changed_values(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    """What differs: for each name what was there and what is there now."""
    return {name: [before.get(name), value] for name, value in after.items() if before.get(name) != value}


def integrity_faults(entries: Iterable[AuditLogEntry], heads: Collection[tuple[int, str]] = ()) -> Iterator[str]:
    """What is wrong with the log, a sentence each; nothing if it is as it was written.

    `entries` come in the order of their numbers. `heads` are the number and hash of what was once the newest entry:
    without one, nobody can see that the newest ones were removed, or that all of it was written anew.
    """
    number, previous, marks = 0, INITIAL_HASH, dict(heads)
    for entry in entries:
        if entry.number != number + 1:
            yield _gap_sentence(number + 1, entry.number)
        elif entry.previous != previous:
            yield f"Entry {entry.number} does not follow entry {number}: one was changed, put in or removed."
        if entry.hash != _expected_hash(entry):
            yield f"Entry {entry.number} was changed: its words do not fit its hash."
        if entry.number in marks and entry.hash != marks[entry.number]:
            yield f"Entry {entry.number} is not the one that was once the newest: the log was written anew."
        number, previous = entry.number, entry.hash
    newest = max(marks, default=0)
    if newest > number:
        yield f"The log ends with entry {number}, but there was an entry {newest}: the newest ones were removed."


def _expected_hash(entry: AuditLogEntry) -> str:
    subject = None if entry.subject_kind is None else (entry.subject_kind, entry.subject_id or 0)
    if (entry.subject_kind is None) != (entry.subject_id is None):
        return ""  # the course never writes one without the other
    return entry_hash(entry.number, entry.at, entry.actor_id, entry.what, subject, entry.details, entry.previous)


def _gap_sentence(expected: int, number: int) -> str:
    if number < expected:
        return f"Entry {number} was put in before the first one."
    missing = f"Entry {expected} is" if number == expected + 1 else f"Entries {expected} to {number - 1} are"
    return f"{missing} missing."


class _SentenceValues(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "?"


def event_sentence(what: str, who: str | None, whom: str | None, own: bool, details: Mapping[str, Any]) -> str:
    """What an entry says. `who` did it to `whom`, by name; `own` if they are the same person."""
    words = (
        (SELF_SENTENCES.get(what) if own else None)
        or (NO_SUBJECT_SENTENCES.get(what) if whom is None else None)
        or EVENT_SENTENCES.get(what, what)
    )
    names = {name: _value_in_words(value) for name, value in details.items()}
    return words.format_map(_SentenceValues(names | {"who": who or "The course", "whom": whom or "somebody"}))


def details_in_words(details: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The details in words, a name and a value each; a change says what was there before."""
    return [
        (name.replace("_", " ").replace("-", " ").capitalize(), _value_in_words(value))
        for name, value in details.items()
    ]


def _date_in_words(day: str) -> str:
    try:
        found = date.fromisoformat(day)
    except ValueError:
        return day  # somebody wrote it, and it is none
    return f"{found.day} {found:%B %Y}"


def _value_in_words(value: object) -> str:
    if isinstance(value, list) and len(value) == 2:
        return f"{_value_in_words(value[0])} → {_value_in_words(value[1])}"
    if isinstance(value, dict):
        return "; ".join(f"{name}: {_value_in_words(one)}" for name, one in value.items()) or "–"
    if isinstance(value, str) and _ISO_DATE.fullmatch(value):
        return _date_in_words(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "–" if value in (None, "", []) else str(value)
