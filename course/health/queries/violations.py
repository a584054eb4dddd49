"""Rows that break a rule, each by one statement that finds none in a sound database. rules/examination says what they mean.

Only counts and the numbers of the first rows are read, so that it does not matter how many people there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from course.audit.models import AuditEntry
from course.certificates.models import Certificate, CertificateChange
from course.content.models import ContentVersion
from course.credentials.models import CredentialRevocation, KeyWithdrawal, SignedCredential, StatusList
from course.db import Base
from course.health.rules import CertificateDates, Violations
from course.health.rules.examination import EXAMPLES
from course.jobs.models import Job
from course.learning.models import (
    Answer,
    Attempt,
    AttemptItem,
    AttemptOutcome,
    Completion,
    Decision,
    Enrolment,
    PageRead,
    RunOutcome,
    ScenarioRun,
)
from course.mail.models import MailOutage, OutboxMail
from course.mail.queries import unknown_outcome, waits_for_rendering
from course.mail.rules import MAX_SERVER_WAIT
from course.pairs.models import PairMember, PairRun
from course.people.models import Person

LATE = timedelta(minutes=10)
FETCH_SIZE = 2000  # rows per fetch when all are read
# What each area is about: its rows are counted as what was looked at.
AREAS: Mapping[str, tuple[type[Base], ...]] = {
    "certificates": (Certificate, Completion),
    "learning": (Attempt, ScenarioRun, Completion),
    "content": (AttemptItem, ScenarioRun, PageRead),
    "outbox": (OutboxMail,),
    "jobs": (Job,),
}
Ids = Select[Any]


def _completion_without_certificate(_at: datetime) -> Ids:
    certified = exists().where(Certificate.completion_id == Completion.id)
    kinds = Enrolment.kind.in_(("initial", "refresher"))
    return select(Completion.id).join(Enrolment, Enrolment.id == Completion.enrolment_id).where(kinds, ~certified)


def _certificate_of_somebody_else(_at: datetime) -> Ids:
    return (
        select(Certificate.id)
        .join(Completion, Completion.id == Certificate.completion_id)
        .join(Enrolment, Enrolment.id == Completion.enrolment_id)
        .where(Enrolment.person_id != Certificate.person_id)
    )


def _replacement_not_recorded(_at: datetime) -> Ids:
    recorded = exists().where(CertificateChange.certificate_id == Certificate.replaces)
    return select(Certificate.id).where(Certificate.replaces.is_not(None), ~recorded)


def _replaced_by_nothing(_at: datetime) -> Ids:
    other = aliased(Certificate)
    replaced = exists().where(other.replaces == CertificateChange.certificate_id)
    return select(CertificateChange.certificate_id).where(CertificateChange.kind == "replaced", ~replaced)


def _revocation_not_published(_at: datetime) -> Ids:
    """Changed certificates whose signed file has no revocation, or none in the newest list of its number."""
    revoked = exists().where(CredentialRevocation.certificate_id == SignedCredential.certificate_id)
    published = (
        exists()
        .where(
            CredentialRevocation.certificate_id == SignedCredential.certificate_id,
            StatusList.number == SignedCredential.list_number,
            StatusList.signed_at >= CredentialRevocation.made_at,
        )
        .correlate(SignedCredential)
    )
    return (
        select(SignedCredential.certificate_id)
        .join(CertificateChange, CertificateChange.certificate_id == SignedCredential.certificate_id)
        .where(~revoked | ~published)
        .distinct()
    )


def _certificate_without_signature(_at: datetime) -> Ids:
    withdrawn = select(KeyWithdrawal.key_id)
    signed = exists().where(
        SignedCredential.certificate_id == Certificate.id, SignedCredential.key_id.not_in(withdrawn)
    )
    changed = exists().where(CertificateChange.certificate_id == Certificate.id)
    return select(Certificate.id).where(Certificate.name != "", ~changed, ~signed)


def _is_open() -> Any:
    """Whether an attempt has a question without an answer."""
    answered = exists().where(Answer.item_id == AttemptItem.id)
    return exists().where(AttemptItem.attempt_id == Attempt.id, ~answered)


def _outcome_without_all_answers(_at: datetime) -> Ids:
    has_items = exists().where(AttemptItem.attempt_id == Attempt.id)
    return select(Attempt.id).join(AttemptOutcome, AttemptOutcome.attempt_id == Attempt.id).where(has_items, _is_open())


def _answers_without_outcome(at: datetime) -> Ids:
    last = (
        select(func.max(Answer.answered_at))
        .join(AttemptItem, AttemptItem.id == Answer.item_id)
        .where(AttemptItem.attempt_id == Attempt.id)
        .correlate(Attempt)
        .scalar_subquery()
    )
    ended = exists().where(AttemptOutcome.attempt_id == Attempt.id)
    return select(Attempt.id).where(~ended, ~_is_open(), last < at - timedelta(hours=1))


def _ending_without_decision(_at: datetime) -> Ids:
    return select(RunOutcome.run_id).where(~exists().where(Decision.run_id == RunOutcome.run_id))


def _completion_without_passing(_at: datetime) -> Ids:
    # Erasure may leave the completion and take the attempts: there nothing can be said.
    tried = exists().where(Attempt.enrolment_id == Completion.enrolment_id, Attempt.kind == "final")
    passed = exists().where(
        Attempt.enrolment_id == Completion.enrolment_id,
        Attempt.kind == "final",
        AttemptOutcome.attempt_id == Attempt.id,
        AttemptOutcome.passed,
    )
    return (
        select(Completion.id)
        .join(Enrolment, Enrolment.id == Completion.enrolment_id)
        .where(Enrolment.kind == "initial", tried, ~passed)
    )


def _completion_before_enrolment(_at: datetime) -> Ids:
    return (
        select(Completion.id)
        .join(Enrolment, Enrolment.id == Completion.enrolment_id)
        .where(Completion.completed_at < Enrolment.opened_at)
    )


def _run_of_somebody_else(_at: datetime) -> Ids:
    return (
        select(PairRun.run_id)
        .join(PairMember, PairMember.id == PairRun.member_id)
        .join(ScenarioRun, ScenarioRun.id == PairRun.run_id)
        .join(Enrolment, Enrolment.id == ScenarioRun.enrolment_id)
        .where(Enrolment.person_id != PairMember.person_id)
    )


def _not_archived(kind: str, ref: InstrumentedAttribute[str], version: InstrumentedAttribute[str]) -> Any:
    return ~exists().where(ContentVersion.kind == kind, ContentVersion.ref == ref, ContentVersion.version == version)


def _question_not_archived(_at: datetime) -> Ids:
    missing = _not_archived("question", AttemptItem.question_id, AttemptItem.version)
    return select(AttemptItem.id).join(Answer, Answer.item_id == AttemptItem.id).where(missing)


def _story_not_archived(_at: datetime) -> Ids:
    return select(ScenarioRun.id).where(_not_archived("scenario", ScenarioRun.ref, ScenarioRun.version))


def _page_not_archived(_at: datetime) -> Ids:
    return select(PageRead.id).where(_not_archived("page", PageRead.ref, PageRead.version))


def _mail_stuck(at: datetime) -> Ids:
    """Due mail that was not tried although the mail server takes some."""
    away = exists().where(MailOutage.ended_at.is_(None))
    return select(OutboxMail.id).where(OutboxMail.next_try_at <= at - LATE, OutboxMail.tries == 0, ~away)


def _mail_server_away(_at: datetime) -> Ids:
    return select(MailOutage.id).where(MailOutage.ended_at.is_(None))


def _mail_not_written(at: datetime) -> Ids:
    return select(OutboxMail.id).where(*waits_for_rendering(), OutboxMail.queued_at <= at - LATE)


def _mail_for_ever(at: datetime) -> Ids:
    oldest = at - MAX_SERVER_WAIT - timedelta(days=1)
    return select(OutboxMail.id).where(OutboxMail.next_try_at.is_not(None), OutboxMail.queued_at < oldest)


def _mail_without_result(_at: datetime) -> Ids:
    return select(OutboxMail.id).where(*unknown_outcome())


def _mail_given_up(at: datetime) -> Ids:
    return select(OutboxMail.id).where(
        OutboxMail.next_try_at.is_(None),
        OutboxMail.sent_at.is_(None),
        OutboxMail.claimed_at.is_(None),
        OutboxMail.withheld.is_(None),
        OutboxMail.queued_at > at - timedelta(days=7),
    )


def _job_without_worker(at: datetime) -> Ids:
    return select(Job.id).where(Job.state == "running", Job.lease_until < at - LATE)


def _job_not_begun(at: datetime) -> Ids:
    return select(Job.id).where(Job.state == "waiting", Job.not_before < at - timedelta(hours=1))


def _job_failed(at: datetime) -> Ids:
    return select(Job.id).where(Job.state == "failed", Job.ended_at > at - timedelta(days=1))


STATEMENTS: Mapping[str, Callable[[datetime], Ids]] = {
    statement.__name__.lstrip("_"): statement
    for statement in (
        _completion_without_certificate, _certificate_of_somebody_else, _replacement_not_recorded, _replaced_by_nothing,
        _revocation_not_published, _certificate_without_signature, _outcome_without_all_answers, _answers_without_outcome,
        _ending_without_decision, _completion_without_passing, _completion_before_enrolment, _run_of_somebody_else,
        _question_not_archived, _story_not_archived, _page_not_archived, _mail_stuck, _mail_server_away, _mail_not_written,
        _mail_for_ever, _mail_without_result, _mail_given_up, _job_without_worker, _job_not_begun, _job_failed,
    )
}  # fmt: skip


def violations(session: Session, name: str, at: datetime) -> Violations:
    """The rows that break one of the rules of STATEMENTS at this moment."""
    return _violations(session, STATEMENTS[name](at))


def _violations(session: Session, statement: Ids) -> Violations:
    count = session.execute(select(func.count()).select_from(statement.subquery())).scalar_one()
    if not count:
        return Violations(0, ())
    first = statement.order_by(*statement.selected_columns).limit(EXAMPLES)
    return Violations(count, tuple(session.execute(first).scalars()))


def moments_ahead(session: Session, at: datetime) -> tuple[int, Violations]:
    """How many rows were looked at, and those of the audit log and of answers that are dated more than an hour ahead."""
    latest = at + timedelta(hours=1)
    entries = _violations(session, select(AuditEntry.number).where(AuditEntry.at > latest))
    answers = _violations(session, select(Answer.item_id).where(Answer.answered_at > latest))
    looked_at = count_rows(session, AuditEntry) + count_rows(session, Answer)
    return looked_at, Violations(entries.count + answers.count, entries.examples + answers.examples)


def certificate_dates(session: Session) -> Iterator[CertificateDates]:
    """The days of every certificate, read in parts: there may be more than fit into the memory."""
    statement = select(Certificate.id, Certificate.completed_on, Certificate.valid_until, Completion.completed_at).join(
        Completion, Completion.id == Certificate.completion_id
    )
    rows = session.execute(statement, execution_options={"yield_per": FETCH_SIZE})
    return (CertificateDates(*row) for row in rows)


def count_rows(session: Session, *tables: type[Base]) -> int:
    """How many rows these tables have."""
    return sum(session.execute(select(func.count()).select_from(table)).scalar_one() for table in tables)


def sample_of_people(session: Session, size: int) -> list[int]:
    """The numbers of at most `size` people from all over the list."""
    step = max(1, count_rows(session, Person) // size)
    statement = select(Person.id).where(Person.id % step == 0).order_by(Person.id).limit(size)
    return list(session.execute(statement).scalars())
