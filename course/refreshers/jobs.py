"""Boosters, mails about updates, and completions that were not recorded: for the regular jobs and for the commands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from course.content.loaded_course import library
from course.dates import civil_date
from course.jobs.rules import JobKind, JobRun
from course.organisation.queries import organisation_of
from course.people.queries import mail_recipient
from course.people.rules import first_name
from course.refreshers import actions, queries
from course.refreshers.actions import RecoveredCompletion
from course.refreshers.actions.short_course_mail import DueUpdateMail
from course.refreshers.queries import CertifiedLearner
from course.refreshers.rules.messages import UpdateMessage
from course.translation import SOURCE_LANGUAGE
from course.translation import lazy_gettext as _
from course.web.app_state import app_state
from course.web.unit_of_work import read_only_session, unit_of_work

HOUR = timedelta(hours=1)


def find_due_boosters(day: date) -> Sequence[CertifiedLearner]:
    """The people to whom a booster is due on that day."""
    with read_only_session() as session:
        return actions.boosters_due(session, library(), app_state().config.time_zone, day)


def send_boosters(day: date, at: datetime) -> int:
    """Queue the boosters that are due on that day; returns the number queued. `at` is the current time."""
    zone, count = app_state().config.time_zone, 0
    for learner in find_due_boosters(day):
        with unit_of_work() as session:
            count += actions.queue_booster(session, library(), learner, zone, at)
    return count


def find_due_updates(day: date) -> Sequence[DueUpdateMail]:
    """The mails about updates that are due on that day."""
    with read_only_session() as session:
        return actions.updates_due(session, library(), app_state().config.time_zone, day)


def send_updates(day: date, at: datetime) -> int:
    """Queue the mails about updates that are due on that day; returns the number queued. `at` is the current time."""
    zone, count, found = app_state().config.time_zone, 0, find_due_updates(day)
    with unit_of_work() as session:
        actions.forget_notices_taken_back(session, found)
    for due in found:
        message = _update_message(due, day, _organisation_name(due.person.person_id))
        with unit_of_work() as session:
            count += actions.queue_update_mail(session, due, message, zone, at)
    return count


def _update_message(due: DueUpdateMail, day: date, organisation_name: str) -> UpdateMessage:
    """The mail that names what has changed for one person."""
    return UpdateMessage(
        name=first_name(due.person.name),
        organisation=organisation_name,
        changes=_reasons(due),
        due=due.update.due,
        late=day > due.update.due,
    )


def _reasons(due: DueUpdateMail) -> tuple[str, ...]:
    """Why the author marked each change, in the language of the mail. A note about somebody without an address is in English:
    others read it out."""
    english, language = library(), SOURCE_LANGUAGE
    if due.person.email is not None and due.person.takes_mail:
        with read_only_session() as session:
            language = mail_recipient(session, due.person.email).language or SOURCE_LANGUAGE
    translated = english.in_language(language).for_(due.person.pathway, english.nation)
    reasons = {one.version: one.change.reason for one in translated.changes}
    return tuple(reasons.get(one.version, one.change.reason) for one in due.update.changes)


def _organisation_name(person_id: int) -> str:
    with read_only_session() as session:
        own_organisation = organisation_of(session, person_id)
    return own_organisation.name if own_organisation else ""


def recover_completions(at: datetime) -> list[RecoveredCompletion]:
    """Complete every course and refresher that was finished and never completed; returns what was completed. Safe to
    run again, or twice at the same time."""
    with read_only_session() as session:
        candidates = queries.unrecorded_completions(session)
    recovered = []
    for candidate in candidates:
        with unit_of_work() as session:
            if (completion := actions.recover_completion(session, library(), candidate, at)) is not None:
                recovered.append(completion)
    return recovered


def _today(run: JobRun) -> date:
    return civil_date(run.at, app_state().config.time_zone)


JOBS = (
    JobKind("refreshers.updates", _("Mails about updates"), lambda run: send_updates(_today(run), run.at), every=HOUR),
    JobKind("refreshers.boosters", _("Boosters"), lambda run: send_boosters(_today(run), run.at), every=HOUR),
    JobKind(
        "refreshers.recover",
        _("Completions that were not recorded"),
        lambda run: recover_completions(run.at),
        every=HOUR,
    ),
)
