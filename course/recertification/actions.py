"""Record the facts of recertification, each with author, date and reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.audit.rules import changed_values
from course.certificates.actions import issue_certificate
from course.certificates.events import CertificateRevoked
from course.context import Context, make_context
from course.credentials.actions import signing_settings
from course.db import Base, lock_row
from course.learning.events import CourseCompleted
from course.organisation.models import Organisation
from course.people.events import EarlierCertificate, PeopleMerged
from course.people.models import Person
from course.people.queries import merged_into
from course.recertification import queries
from course.recertification.models import MERGE_REASON, RenewalExtension, RenewalImport, RenewalPause, RenewalPolicy
from course.recertification.rules import CompletionFact, Policy, cycles
from course.recertification.rules.civil_dates import DATE_RANGE_MESSAGE, add_days, is_plausible_date
from course.recertification.rules.fact_impact import certificate_limit, extension_limit
from course.recertification.rules.facts import (
    IMPORTED,
    INITIAL,
    REFRESHER,
    CertificationFacts,
    ExternalCompletion,
    Pause,
)
from course.translation import lazy_gettext as _

# What is done with a certificate from elsewhere that states a later last day than the policy allows.
REFUSE = "refuse"  # it is not recorded, and the form or command says why
SHORTEN = "shorten"  # it counts as long as the policy allows
KEEP = "keep"  # it is one of our own, from a time of another policy

# The facts that can be withdrawn, by the name in the addresses of their pages.
FACT_MODELS: dict[str, type[Any]] = {
    "extension": RenewalExtension,
    "leave": RenewalPause,
    "certificate": RenewalImport,
}
WITHDRAWAL_EVENTS = {
    "extension": "extension.withdrawn",
    "leave": "pause.withdrawn",
    "certificate": "certificate.brought_withdrawn",
}


def certify(session: Session, event: CourseCompleted) -> None:
    """Issue the certificate for a completion, valid until the expiry that the recertification policy gives."""
    zone = signing_settings(session).zone
    lock_row(session, Person, event.person_id)  # whoever merges them or records facts about them waits, or has done so
    recorded_facts = queries.people(session, zone, [event.person_id])[0].facts
    completion = CompletionFact(event.on, kind=event.kind)
    earlier = tuple(c for c in recorded_facts.completions if c.day < event.on)
    facts = replace(recorded_facts, completions=(*earlier, completion))
    chain = cycles(facts, queries.policies(session, zone), event.on)
    issue_certificate(session, event, next((c.valid_until for c in chain if c.completion == completion), None))
    # An entry that was merged while its last answer was on the way: on PostgreSQL this waited for that.
    entry, into = event.person_id, merged_into(session, event.person_id)
    while into is not None:
        import_merged_certificates(session, PeopleMerged(entry, into, None, event.at))
        entry, into = into, merged_into(session, into)


def add_policy_version(context: Context, policy: Policy, reason: str) -> bool:
    """Add a policy version; it governs from the later of its day and today. Returns False, and does nothing, if the
    newest version is the same, with the same day and reason."""
    session = context.session
    values = asdict(policy) | {"recorded": context.today}
    # The lock makes two requests that save at the same time run one after the other.
    session.execute(select(Organisation.id).with_for_update())
    same_pathway = (
        RenewalPolicy.pathway.is_(None) if policy.pathway is None else RenewalPolicy.pathway == policy.pathway
    )
    newest = select(RenewalPolicy).where(same_pathway).order_by(RenewalPolicy.id.desc()).limit(1)
    newest_row = session.execute(newest).scalar_one_or_none()
    if newest_row is not None and _has_values(newest_row, values | {"reason": reason}):
        return False
    row = RenewalPolicy(**values, reason=reason, made_by=context.actor, made_at=context.now)
    session.add(row)
    session.flush()
    changed = changed_values({name: getattr(newest_row, name, None) for name in values}, values)
    record_event(context, "policy.changed", ("policy", row.id), {"reason": reason, **changed})
    return True


def _has_values(row: Base, values: Mapping[str, object]) -> bool:
    return all(getattr(row, name) == value for name, value in values.items())


def _already_recorded(session: Session, what: str, values: Mapping[str, object]) -> bool:
    """Whether an open fact about this person already has these values. Locks the person, so that another transaction
    that records facts about them waits."""
    person_id = values["person_id"]
    if not isinstance(person_id, int):
        raise TypeError("a fact is about a person")
    lock_row(session, Person, person_id)
    rows = (session.get_one(FACT_MODELS[what], fact_id) for fact_id in queries.open_facts(session, person_id)[what])
    return any(_has_values(row, values) for row in rows)


def grant_extension(context: Context, person_id: int, until: date, reason: str) -> bool:
    """Grant a person an extension until the end of that day. Returns False, and does nothing, if the same extension was
    recorded today already. Raises ValueError if the day has passed or is later than the policy allows."""
    session = context.session
    if until < context.today:
        raise ValueError("an extension ends today or later")
    _check_dates(context.today, until)
    lock_row(session, Person, person_id)  # the limit rests on facts that somebody may be withdrawing at this moment
    limit = extension_limit(*_facts_and_policies(session, person_id), context.today)
    if until > limit.latest:
        raise ValueError(limit.refusal)
    values = {"person_id": person_id, "recorded": context.today, "until": until, "reason": reason}
    if _already_recorded(session, "extension", values):
        return False
    session.add(RenewalExtension(**values, withdrawn=None, made_by=context.actor, made_at=context.now))
    session.flush()
    record_event(context, "extension.granted", ("person", person_id), {"until": until, "reason": reason})
    return True


def record_pause(context: Context, person_id: int, pause: Pause) -> bool:
    """Record a pause for a long leave, or a correction of a leave with the same first day. Returns False, and does
    nothing, if the same was recorded today already. Raises ValueError if the leave ends before it begins."""
    session = context.session
    if pause.until is not None and pause.until < pause.since:
        raise ValueError("a leave ends on its first day or later")
    _check_dates(context.today, pause.since, pause.until)
    values = {"person_id": person_id, "recorded": context.today, "since": pause.since, "until": pause.until}
    values |= {"re_enter_days": pause.re_enter_days, "reason": pause.reason}
    if _already_recorded(session, "leave", values):
        return False
    session.add(RenewalPause(**values, made_by=context.actor, made_at=context.now))
    session.flush()
    details = {"since": pause.since, "until": pause.until, "days_after_return": pause.re_enter_days}
    record_event(context, "pause.recorded", ("person", person_id), {**details, "reason": pause.reason})
    return True


def import_listed_certificate(session: Session, event: EarlierCertificate) -> None:
    """Record an earlier certificate from an imported list of people. A certificate that is known already changes
    nothing."""
    context = make_context(session, event.by, event.at)
    completion = ExternalCompletion(event.day, event.valid_until, event.issuer)
    import_completion(context, event.person_id, completion, _("From a list of people"), SHORTEN)


def import_merged_certificates(session: Session, event: PeopleMerged) -> None:
    """Record the completions of a merged duplicate entry, made here or imported, as earlier certificates of the
    remaining person. The certificates themselves stay as they were issued. What did not count for the merged entry,
    such as an earlier certificate that was too old, is left out."""
    context = make_context(session, event.by, event.at)
    chain = cycles(*_facts_and_policies(session, event.person_id), context.today)
    uncounted = {one.key for one in chain if not one.is_counted}
    for day, until, issuer, kind in queries.unrevoked_certificates(session, event.person_id):
        if (day, IMPORTED, until) in uncounted:
            continue
        completion = ExternalCompletion(day, until, issuer, kind)
        import_completion(context, event.into_id, completion, MERGE_REASON, KEEP)


def take_over_merged_time(session: Session, event: PeopleMerged) -> None:
    """Record the leaves and extensions of a merged duplicate entry that are not over for the remaining person too, who would
    be overdue on leave otherwise. What the remaining entry says of a leave with the same first day stays."""
    context = make_context(session, event.by, event.at)
    today, there = context.today, queries.open_facts(session, event.into_id)
    known = {session.get_one(RenewalPause, one).since for one in there["leave"]}
    merged = queries.open_facts(session, event.person_id)
    for leave in (session.get_one(RenewalPause, one) for one in sorted(merged["leave"])):
        if leave.since not in known and (leave.until is None or leave.until >= today):
            pause = Pause(leave.since, leave.until, leave.re_enter_days, leave.reason)
            record_pause(context, event.into_id, pause)
    latest = extension_limit(*_facts_and_policies(session, event.into_id), today).latest
    for extension in (session.get_one(RenewalExtension, one) for one in sorted(merged["extension"])):
        if extension.until >= today:
            grant_extension(context, event.into_id, min(extension.until, latest), extension.reason)


def withdraw_merged_certificate(session: Session, event: CertificateRevoked) -> None:
    """A certificate of a merged duplicate entry was revoked: withdraw the earlier certificate that was recorded for the
    remaining person because of it."""
    context = make_context(session, event.by, event.at)
    rows = session.execute(select(RenewalImport).where(RenewalImport.reason == MERGE_REASON).order_by(RenewalImport.id))
    for row in rows.scalars().all():
        is_merged_copy = row.person_id != event.person_id and row.issuer.endswith(
            tuple(f", {one}" for one in event.numbers)
        )
        if is_merged_copy and row.id in queries.open_facts(session, row.person_id)["certificate"]:
            withdraw_fact(context, row.person_id, "certificate", row.id, event.reason)


def import_completion(
    context: Context, person_id: int, completion: ExternalCompletion, reason: str, too_long: str = REFUSE
) -> bool:
    """Record a certificate from elsewhere. Returns False, and does nothing, if it is recorded already.

    `too_long` says what is done with a last valid day that is later than the policy allows (REFUSE, SHORTEN, KEEP).
    Whether the certificate counts is decided by the rules, not here. Raises ValueError for a day in the future, a last
    valid day that is not after it, or an unknown kind.
    """
    session, today, day = context.session, context.today, completion.day
    if day > today:
        raise ValueError("the day of completion is today or earlier")
    if completion.kind not in (INITIAL, REFRESHER):
        raise ValueError("a certificate is of the initial course or of a refresher")
    _check_dates(today, day, completion.valid_until)
    CompletionFact(day, today, IMPORTED, completion.valid_until)
    lock_row(session, Person, person_id)
    valid_until = _allowed_valid_until(context, person_id, completion, too_long)
    rows_of_day = (
        session.execute(
            select(RenewalImport)
            .where(RenewalImport.person_id == person_id, RenewalImport.day == day)
            .order_by(RenewalImport.id)
        )
        .scalars()
        .all()
    )
    same_rows = [row for row in rows_of_day if row.valid_until == valid_until]
    if same_rows and same_rows[-1].withdrawn is None:
        return False
    session.add(
        RenewalImport(
            person_id=person_id, recorded=today, day=day, valid_until=valid_until, issuer=completion.issuer,
            kind=completion.kind, proof=completion.proof, withdrawn=None, reason=reason, made_by=context.actor,
            made_at=context.now,
        )
    )  # fmt: skip
    session.flush()
    details = {"completed_on": day, "valid_until": valid_until, "issuer": completion.issuer, "reason": reason}
    record_event(context, "certificate.brought", ("person", person_id), details)
    return True


def _allowed_valid_until(
    context: Context, person_id: int, completion: ExternalCompletion, too_long: str
) -> date | None:
    """The last valid day with which an earlier certificate is recorded. Raises ValueError if it is later than the
    policy allows and is not to be shortened."""
    until = completion.valid_until
    if until is None or too_long == KEEP:
        return until
    limit = certificate_limit(completion.day, *_facts_and_policies(context.session, person_id), context.today)
    if until > limit.latest and too_long == REFUSE:
        raise ValueError(limit.refusal)
    return min(until, limit.latest)


def _facts_and_policies(session: Session, person_id: int) -> tuple[CertificationFacts, list[Policy]]:
    zone = signing_settings(session).zone
    return queries.people(session, zone, [person_id])[0].facts, queries.policies(session, zone)


def _check_dates(today: date, *days: date | None) -> None:
    if not all(day is None or is_plausible_date(day, today) for day in days):
        raise ValueError(DATE_RANGE_MESSAGE)


def withdraw_fact(context: Context, person_id: int, what: str, fact_id: int, reason: str) -> None:
    """Withdraw an extension, a leave or an earlier certificate from today on. The withdrawal is another row; the
    withdrawn row stays.

    Raises LookupError if this person has no such fact, or if it was withdrawn or replaced by a later row before.
    """
    session = context.session
    model = FACT_MODELS[what]
    lock_row(session, Person, person_id)
    row = session.get(model, fact_id)
    if row is None or row.person_id != person_id or fact_id not in queries.open_facts(session, person_id)[what]:
        raise LookupError(f"there is no open {what} {fact_id}")
    values = {column.name: getattr(row, column.name) for column in model.__table__.columns if column.name != "id"}
    values |= {"made_by": context.actor, "made_at": context.now}
    match what:
        case "extension":
            values |= {"withdrawn": context.today, "withdrawn_reason": reason}
        case "leave":
            # A row whose end is before its beginning says that the leave never took place.
            values |= {"until": add_days(row.since, -1), "recorded": context.today, "reason": reason}
        case _:
            values |= {"withdrawn": context.today, "recorded": context.today, "reason": reason, "proof": None}
    session.add(model(**values))
    session.flush()
    record_event(context, WITHDRAWAL_EVENTS[what], ("person", person_id), {"reason": reason})
