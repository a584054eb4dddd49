"""What `flask doctor` says: what must hold in every database, what is wrong where it does not, and what to do. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

EXAMINED_EACH = timedelta(days=1)
EXAMINATION_LATE = 2 * EXAMINED_EACH  # since then the nightly examination must have been done
EXAMPLES = 5  # numbers of rows that a sentence names


@dataclass(frozen=True)
class Finding:
    """Something that is not as it should be, and what to do about it. What is no `is_fault` needs a look, but breaks nothing."""

    words: str
    advice: str
    is_fault: bool = True


@dataclass(frozen=True)
class Examination:
    """One part of the database or of the server: how much was looked at, and what was found."""

    area: str
    looked_at: int
    findings: tuple[Finding, ...]

    @property
    def is_sound(self) -> bool:
        """Whether there is no fault."""
        return not any(finding.is_fault for finding in self.findings)


@dataclass(frozen=True)
class Violations:
    """How many rows break a rule, and the numbers of the first of them."""

    count: int
    examples: tuple[object, ...]


@dataclass(frozen=True)
class Sentence:
    """What is said about rows that break a rule. `rows` is what the numbers in brackets are the numbers of."""

    area: str
    words: str
    rows: str
    advice: str
    is_fault: bool = True


_REPORT = "Report this, with the output of 'flask doctor --json'. No record needs to be entered anew meanwhile."
_SIGN = "Run 'flask credentials sign-missing'."
# By the names of the statements in queries/violations.
SENTENCES: Mapping[str, Sentence] = {
    "completion_without_certificate": Sentence(
        "certificates", "{count} completions have no certificate", "completion", "Run 'flask refreshers guard'. " + _REPORT
    ),
    "certificate_of_somebody_else": Sentence(
        "certificates", "{count} certificates belong to another person than the completion", "certificate", _REPORT
    ),
    "replacement_not_recorded": Sentence(
        "certificates", "{count} certificates replace one that still counts", "certificate", _REPORT
    ),
    "replaced_by_nothing": Sentence(
        "certificates", "{count} certificates are marked as replaced, but nothing replaces them", "certificate",
        "Issue each again: 'flask certificates reissue NUMBER'. " + _REPORT,
    ),
    "revocation_not_published": Sentence(
        "certificates", "{count} certificates were revoked, and those who check the signed file are not told", "certificate",
        "Run 'flask credentials rotate --reason …', which signs the lists anew; see that SECRET_KEY is the right one.",
    ),
    "certificate_without_signature": Sentence(
        "certificates", "{count} certificates have no signed file", "certificate", _SIGN, is_fault=False
    ),
    "outcome_without_all_answers": Sentence(
        "learning", "{count} sets of questions have a result, although not every question was answered", "attempt", _REPORT
    ),
    "answers_without_outcome": Sentence(
        "learning", "{count} sets of questions were answered to their end and have no result", "attempt", _REPORT
    ),
    "ending_without_decision": Sentence(
        "learning", "{count} stories have an ending, but nobody decided anything in them", "run", _REPORT
    ),
    "completion_without_passing": Sentence(
        "learning", "{count} people have completed the course without passing its assessment", "completion", _REPORT
    ),
    "completion_before_enrolment": Sentence(
        "learning", "{count} completions are older than the enrolment", "completion",
        "The clock of the server was wrong for a while. " + _REPORT,
    ),
    "run_of_somebody_else": Sentence(
        "learning", "{count} stories of a pair belong to somebody who is not in it", "run", _REPORT
    ),
    "question_not_archived": Sentence(
        "content", "{count} answered questions are no longer known in the version in which they were asked", "attempt item",
        "Put the content back that was taught then, and start the course once: it archives what it finds.",
    ),
    "story_not_archived": Sentence(
        "content", "{count} stories are no longer known in the version in which they were taken", "run",
        "Put the content back that was taught then, and start the course once: it archives what it finds.",
    ),
    "page_not_archived": Sentence(
        "content", "{count} pages that were read are no longer known in that version", "page read",
        "Put the content back that was taught then, and start the course once: it archives what it finds.",
    ),
    "mail_stuck": Sentence(
        "outbox", "{count} mails have been due for more than ten minutes, and none of them was tried", "mail",
        "See that 'flask serve' or 'flask worker' runs, and what 'flask mail list' says.",
    ),
    "mail_server_away": Sentence(
        "outbox", "{count} mail servers take no mail at the moment", "outage",
        "The page System says since when and why. Mail waits for a week and leaves by itself.", is_fault=False,
    ),
    "mail_not_written": Sentence(
        "outbox", "{count} mails have waited for more than ten minutes to be written", "mail",
        "See that 'flask serve' or 'flask worker' runs, and look into its log for what it says of these mails.",
    ),
    "mail_for_ever": Sentence(
        "outbox", "{count} mails have been tried for longer than any mail is", "mail",
        "See 'flask mail list'. A clock that was wrong can cause it. " + _REPORT,
    ),
    "mail_without_result": Sentence(
        "outbox", "of {count} mails nobody can know whether they left", "mail",
        "The page Outgoing mail lists them: ask whoever should have got them, and say there what they said.", is_fault=False,
    ),
    "mail_given_up": Sentence(
        "outbox", "{count} mails of the last week were given up", "mail",
        "The page Outgoing mail says why, and sends them again.", is_fault=False,
    ),
    "job_without_worker": Sentence(
        "jobs", "{count} jobs are marked as running, but whoever ran them was lost more than ten minutes ago", "job",
        "See that 'flask serve' or 'flask worker' runs: it takes them up by itself.",
    ),
    "job_not_begun": Sentence(
        "jobs", "{count} jobs have waited for more than an hour", "job",
        "See that 'flask serve' or 'flask worker' runs, and what 'flask jobs list --state running' says.",
    ),
    "job_failed": Sentence(
        "jobs", "{count} jobs failed within the last day", "job", "See 'flask jobs list --state failed'.", is_fault=False
    ),
}  # fmt: skip
AHEAD = Sentence(
    "clock", "{count} rows are dated more than an hour ahead", "row",
    "The clock of this server is wrong, or was. Set it by a time server (NTP). Nothing is lost; what was dated wrongly stays so.",
)  # fmt: skip


def violation_finding(sentence: Sentence, found: Violations) -> Finding | None:
    """What is said about the rows that break a rule; None if there are none."""
    if not found.count:
        return None
    named = ", ".join(map(str, found.examples[:EXAMPLES]))
    more = ", …" if found.count > len(found.examples[:EXAMPLES]) else ""
    words = sentence.words.format(count=f"{found.count:,}")
    return Finding(f"{words} ({sentence.rows} {named}{more}).", sentence.advice, sentence.is_fault)


@dataclass(frozen=True)
class CertificateDates:
    """The days of a certificate, and the moment of the completion that it certifies."""

    certificate_id: int
    completed_on: date
    valid_until: date
    completed_at: datetime


def certificate_mistake(dates: CertificateDates) -> str | None:
    """What cannot be right about the days of a certificate; None if they can be. A day begins at different moments in
    different zones, so a day more or less is none."""
    if abs(dates.completed_on - dates.completed_at.date()) > timedelta(days=1):
        return f"Certificate {dates.certificate_id} names another day than that of its completion."
    if dates.valid_until < dates.completed_on:
        return f"Certificate {dates.certificate_id} ends before it begins."
    return None


def examination_lines(examinations: Sequence[Examination]) -> Iterator[str]:
    """What is printed for people: a line for each part, and below it what was found and what to do."""
    for one in examinations:
        mark = "ok   " if not one.findings else "note " if one.is_sound else "FAULT"
        yield f"{mark} {one.area} ({one.looked_at:,} looked at)"
        for finding in one.findings:
            yield f"      {'' if finding.is_fault else 'Note: '}{finding.words}"
            yield f"      What to do: {finding.advice}"


@dataclass(frozen=True)
class NightlyResult:
    """What the newest nightly examination found, and when it ended: `faults` and `notes`, each with what to do. It is `late`
    if it should have been done again since then."""

    at: datetime
    faults: tuple[Finding, ...]
    notes: tuple[Finding, ...]
    late: bool

    @property
    def is_fine(self) -> bool:
        """Whether nobody needs to look at once."""
        return not (self.faults or self.late)


def examinations_to_json(examined: Sequence[Examination]) -> dict[str, Any]:
    """What was found, as it is kept."""
    return {"examined": [asdict(one) for one in examined]}


def nightly_result(
    ended_at: datetime, kept: Mapping[str, Any], at: datetime, settled: Collection[str] = ()
) -> NightlyResult:
    """What was found, from its kept form, as it is told at a moment. Notes about areas that are `settled`, which means that
    they are known to be in order by now, are left out."""
    findings = [
        finding
        for one in kept["examined"]
        for finding in (Finding(**each) for each in one["findings"])
        if finding.is_fault or one["area"] not in settled
    ]
    return NightlyResult(
        ended_at,
        tuple(finding for finding in findings if finding.is_fault),
        tuple(finding for finding in findings if not finding.is_fault),
        at - ended_at > EXAMINATION_LATE,
    )
