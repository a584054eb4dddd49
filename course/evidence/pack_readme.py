"""The text file in a pack: what the pack contains, and how it is verified."""

from __future__ import annotations

from course.credentials.rules.keys import Key, encode_multikey
from course.evidence.rules.pack import PackDescription
from course.web.template_filters import format_date

_TEXT = """EVIDENCE OF TRAINING

{organisation}
{team}
As at the end of {day}. {people} people.
{course}, edition {edition}, content version {version}.

WHAT IS IN THIS PACK

evidence.pdf               Everything in one document, for a person to read.
people.csv                 Who belonged to it on that day, what was required of each, and how each stood.
completions.csv            What they had completed by that day, with their certificates.
extensions-and-leaves.csv  Time that they were given, and long leaves. Why somebody is away is not said.
policy.csv                 The versions of the rule of renewal that were in force by then.
content.csv                What the course teaches, and the newer facts with the day on which each was checked.
                           This is as the course was when the pack was made.
changes.csv                Every page, question and story that had been put in force by that day.
wrong.csv                  What these people had got wrong, by learning point, up to the day that the document names.
                           No group of fewer than five people is told of.
talks.csv                  The talks of ten minutes that teams had had about it, as was written down for them.
log.csv                    How many entries the log held by then about these people and about the rules, by deed.
manifest.json              The name, the size and the SHA-256 hash of every file.
manifest.sig               The signature of manifest.json.

The tables are in UTF-8 with commas. A text that a spreadsheet would take for a formula begins with a '.

The pack names people. Keep it as you keep other records of staff.

IS IT AS IT WAS MADE?

On a computer with the course:

  flask evidence verify FILE.zip --issuer KEY

KEY is the file at {issuer} (or the key itself).
The key that signed this pack is

  {key}

Compare it with the one that the address above shows: only then does the signature show who made the pack.

Any other program can check it as well: manifest.sig is the Ed25519 signature (RFC 8032) of the bytes of
manifest.json, and the hashes in it are those that sha256sum prints.
"""


def readme(about: PackDescription, key: Key) -> bytes:
    """The text, in UTF-8 with the line ends (CRLF) that every editor shows."""
    text = _TEXT.format(
        organisation=about.organisation,
        team=about.team or "Everyone",
        day=format_date(about.day),
        people=about.people,
        course=about.course,
        edition=about.edition,
        version=about.content_version,
        issuer=key.issuer,
        key=encode_multikey(key.public_bytes),
    )
    return text.replace("\n", "\r\n").encode()
