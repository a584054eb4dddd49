"""The text file in a pack: what the pack contains, and how it is verified."""

from __future__ import annotations

from course.credentials.rules.keys import Key, encode_multikey
from course.evidence.rules.pack import PackDescription
from course.web.template_filters import format_date

_TEXT = """EVIDENCE OF TRAINING

{organisation}
{team}
At the end of {day}. {people} people.
{course}, edition {edition}, content version {version}.

WHAT IS IN THIS PACK

evidence.pdf               Everything in one document, to read.
teams.csv                  Each team with all below it: how many had to train, and how many held a certificate.
people.csv                 Who belonged to it on that day, what each had to do, and their status.
overdue.csv                What was done about each person who was overdue: mails and what became of them,
                           extensions with their reasons, and talks of their team.
responsible.csv            Who was responsible on that day.
completions.csv            What they had completed by that day, with their certificates.
extensions-and-leaves.csv  Extra time, and leave. It does not say why someone is away.
policy.csv                 The versions of the renewal rule in force by then.
content.csv                What the course teaches, and newer facts with the day each was checked.
                           It says of each whether it is law, an official body, research or history.
                           This shows the course as it was when the pack was made.
frameworks.csv             What the course covers, by the headings of inspection frameworks. No inspectorate
                           has approved or endorsed it.
changes.csv                Every page, question and story published by that day.
wrong.csv                  What these people found hard, by learning point, up to the day in the document.
                           Groups of fewer than 5 people are not shown.
talks.csv                  The ten-minute team talks that were recorded.
log.csv                    How many log entries there were by then about these people and the rules, by kind.
manifest.json              The name, the size and the SHA-256 hash of every file.
manifest.sig               The signature of manifest.json.

The tables are in UTF-8 with commas. Text that a spreadsheet would read as a formula begins with a '.

The pack names people. Keep it as you keep other records of staff.

CHECK THAT NOTHING HAS CHANGED

In a browser: upload the ZIP file at {check}
The page says whether it is whole and whose it is, and keeps nothing.

On a computer with the course:

  flask evidence verify FILE.zip --issuer KEY

KEY is the file at {issuer} (or the key itself).
The key that signed this pack is

  {key}

Compare it with the key at the address above. Only then does the signature show who made the pack.

Other programs can check it too: manifest.sig is the Ed25519 signature (RFC 8032) of the bytes of
manifest.json, and the hashes in it are those that sha256sum prints.
"""


def readme(about: PackDescription, key: Key, check_url: str) -> bytes:
    """The text, with the address of the page that checks packs, in UTF-8 with the line ends (CRLF) that every editor shows."""
    text = _TEXT.format(
        organisation=about.organisation,
        team=about.team or "Everyone",
        day=format_date(about.day),
        people=about.people,
        course=about.course,
        edition=about.edition,
        version=about.content_version,
        check=check_url,
        issuer=key.issuer,
        key=encode_multikey(key.public_bytes),
    )
    return text.replace("\n", "\r\n").encode()
