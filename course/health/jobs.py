"""The nightly examination: what `flask doctor` looks at, done by a worker, and kept for the page Health."""

from __future__ import annotations

import stat
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from course.audit import queries as audit
from course.audit.rules import integrity_faults
from course.backups.queries import newest_backups
from course.backups.rules import is_backup_overdue
from course.dates import civil_date
from course.health import queries
from course.health.disk import disk_health
from course.health.rules import (
    EXAMINED_EACH,
    SENTENCES,
    Examination,
    Finding,
    certificate_mistake,
    disk_word,
    examinations_to_json,
    violation_finding,
)
from course.health.rules.examination import AHEAD, EXAMPLES
from course.import_folder.jobs import import_folder_fault
from course.jobs.actions import keep_outcome
from course.jobs.rules import JobKind, JobRun
from course.recertification import queries as renewal
from course.recertification.rules.policy_impact import missing_due_date_reason
from course.schema_upgrade import newest_revision
from course.server.queries import secret_key_state, signing_key_opens
from course.server.rules import WRONG_KEY_WARNING
from course.sqlite_file import SIDECAR_SUFFIXES, sidecar_path
from course.standings.queries.rows import newest_check
from course.translation import lazy_gettext
from course.web.app_state import app_state
from course.web.database_check import database_path
from course.web.unit_of_work import WriteSession, read_only_session, unit_of_work

SAMPLE = 200  # people whose certification status is derived
CHECK_DUE = timedelta(days=3)
MAX_LISTED = 20  # findings of one kind that are said one by one


def _listed(words: Iterator[str], advice: str) -> tuple[Finding, ...]:
    """A finding for each sentence, but not for more than MAX_LISTED."""
    found = [Finding(one, advice) for one in islice(words, MAX_LISTED)]
    if next(words, None) is not None:
        found.append(Finding("There are more.", advice))
    return tuple(found)


def _database(session: WriteSession, at: datetime) -> Examination:
    health = queries.database_health(session, app_state().config.secret_key, at)
    found = []
    if health.revision != newest_revision():
        advice = "Start the course: 'flask serve' brings the database up to date. An older program must not use it."
        found.append(Finding(f"The schema is {health.revision}; this program has {newest_revision()}.", advice))
    damage = queries.database_damage(session)
    if damage is not None:
        found.append(
            Finding(
                f"{database_path()} is damaged: {damage}.",
                "Stop the course, keep the files as they are, and restore the newest backup.",
            )
        )
    return Examination("database", 1, tuple(found))


def _references(session: WriteSession, _at: datetime) -> Examination:
    looked_at, dangling = queries.dangling_references(session)
    advice = "Restore the newest backup in which 'flask doctor' finds none, or report this with --json."
    words = (
        f"{count:,} rows of {table} refer to a row of {parent} that is missing." for table, parent, count in dangling
    )
    return Examination("references", looked_at, _listed(words, advice))


def _counters(session: WriteSession, _at: datetime) -> Examination:
    looked_at, behind = queries.counters_behind(session)
    words = (f"The counter of {table} is behind its highest number, {highest}." for table, highest in behind)
    advice = "In psql, for each table: select setval(pg_get_serial_sequence('TABLE', 'id'), HIGHEST NUMBER);"
    return Examination("counters", looked_at, _listed(words, advice))


def _rows(area: str) -> Callable[[WriteSession, datetime], Examination]:
    """The examination of an area by the rules of SENTENCES."""

    def examine(session: WriteSession, at: datetime) -> Examination:
        found = [
            finding
            for name, sentence in SENTENCES.items()
            if sentence.area == area and (finding := violation_finding(sentence, queries.violations(session, name, at)))
        ]
        if area == "certificates":
            mistakes = (words for one in queries.certificate_dates(session) if (words := certificate_mistake(one)))
            found += _listed(mistakes, "Issue it again: 'flask certificates reissue NUMBER'. Report this with --json.")
        return Examination(area, queries.count_rows(session, *queries.AREAS[area]), tuple(found))

    return examine


def _standings(session: WriteSession, at: datetime) -> Examination:
    """Derive the certification status of a sample of people, and whether their next cycle will happen."""
    zone = app_state().config.time_zone
    policies, today = renewal.policies(session, zone), civil_date(at, zone)
    ids, found = queries.sample_of_people(session, SAMPLE), []
    for person in renewal.people(session, zone, ids):
        try:
            why = missing_due_date_reason(person.facts, policies, today)
        except (ValueError, LookupError, ArithmeticError) as error:
            advice = "Report this, with what 'flask refreshers standing E-MAIL' says of this person."
            found.append(Finding(f"The status of person {person.id} cannot be derived ({error}).", advice))
            continue
        if why:
            advice = "Run 'flask refreshers guard', which lists everybody of whom this is so."
            found.append(Finding(f"Person {person.id}: {why}", advice, is_fault=False))
    return Examination("standings", len(ids), tuple(found[:EXAMPLES]))


def _kept_rows(session: WriteSession, at: datetime) -> Examination:
    """The newest comparison of the rows that reports read with the records. It is made each day by a worker, because it may
    bring rows up to date first, and this command changes nothing."""
    newest = newest_check(session)
    if newest is None:
        words, advice = "The rows that reports read have not been compared yet.", "A running worker does so each day."
        return Examination("kept rows", 0, (Finding(words, advice, is_fault=False),))
    checked_at, people, differing = newest
    found = []
    if differing:
        words = f"Of {people:,} people {differing:,} were kept otherwise than they are, on {checked_at:%Y-%m-%d}."
        found.append(Finding(words, "Run 'flask standings check --all', then 'flask standings rebuild'. Report this."))
    if at - checked_at > CHECK_DUE:
        words = f"The rows that reports read were last compared on {checked_at:%Y-%m-%d}."
        found.append(Finding(words, "Look whether a worker runs: 'flask jobs list'.", is_fault=False))
    return Examination("kept rows", people, tuple(found))


def _audit(session: WriteSession, _at: datetime) -> Examination:
    recorded, (number, _hash) = audit.recorded_head(session), audit.log_head(session)
    heads = [recorded] if recorded and recorded[0] else []
    words = integrity_faults(audit.all_entries(session), heads)
    advice = "Run 'flask audit verify', and compare with the newest backup in which the log is whole."
    found = _listed(iter(words), advice)
    if recorded is None:
        found = (Finding("The note of the newest entry was removed.", advice), *found)
    return Examination("audit", number, found)


def _clock(session: WriteSession, at: datetime) -> Examination:
    looked_at, ahead = queries.moments_ahead(session, at)
    finding = violation_finding(AHEAD, ahead)
    return Examination("clock", looked_at, (finding,) if finding else ())


def _key(session: WriteSession, _at: datetime) -> Examination:
    secret = app_state().config.secret_key
    wrong = secret_key_state(session, secret) == "other"
    found = []
    if wrong:
        found.append(Finding("SECRET_KEY is not the one of this database.", WRONG_KEY_WARNING))
    elif signing_key_opens(session, secret) is False:
        advice = "Run 'flask credentials rotate --reason …': certificates are signed with a new key from then on."
        found.append(Finding("The key that signs certificates does not open with SECRET_KEY.", advice))
    return Examination("key", 1, tuple(found))


def _backups(session: WriteSession, at: datetime) -> Examination:
    _newest, verified = newest_backups(session)
    found = []
    if is_backup_overdue(verified.at if verified else None, at):
        words = "There is no backup that was verified."
        if verified:
            words = f"The newest backup that was verified is of {verified.at:%Y-%m-%d %H:%M} (UTC)."
        found.append(Finding(words, "Run 'flask backup create FILE', and set BACKUP_FOLDER.", is_fault=False))
    return Examination("backups", 1 if verified else 0, tuple(found))


def _files(_session: WriteSession, _at: datetime) -> Examination:
    """Who may read the files that hold names, answers and keys, and whether there is room for more."""
    database, disk = database_path(), disk_health()
    root = Path(__file__).resolve().parents[2]
    files = [root / ".env", root / "instance" / "secret-key"]
    if database is not None:
        files += [database, *(sidecar_path(database, ending) for ending in SIDECAR_SUFFIXES)]
    there = [file for file in files if file.exists()]
    # On Windows this says nothing: who may read a file stands elsewhere.
    open_files = [file for file in there if sys.platform != "win32" and stat.S_IMODE(file.stat().st_mode) & 0o077]
    found = [Finding(f"Others on this machine can use {file}.", f"Run: chmod 600 {file}") for file in open_files]
    fault = import_folder_fault()
    if fault is not None:
        found.append(
            Finding(fault, "Lists wait in the folder until then, and are taken by themselves in the next night.")
        )
    for name, free in (("the database", disk.database), ("backups", disk.backups)):
        word = disk_word(free)
        if word != "ok":
            advice = "Make room: delete copies that are kept elsewhere, or move the folder to a larger disk."
            found.append(Finding(f"The disk for {name}: {word}.", advice, is_fault=word == "full"))
    return Examination("files", len(there), tuple(found))


EXAMINERS: tuple[Callable[[WriteSession, datetime], Examination], ...] = (
    _database, _references, _counters, *(_rows(area) for area in queries.AREAS), _standings, _kept_rows, _audit, _clock, _key,
    _backups, _files,
)  # fmt: skip


def examine(at: datetime) -> Iterator[Examination]:
    """Look through everything, one part after the other; each part in a session of its own, which only reads."""
    for examiner in EXAMINERS:
        with read_only_session(snapshot=True) as session:
            yield examiner(session, at)


def _examine_at_night(run: JobRun) -> None:
    """Look through everything and keep what was found with the job. Nothing else is changed."""
    found = []
    for one in examine(run.at):
        found.append(one)
        run.progress(one.area, len(found), len(EXAMINERS))
    with unit_of_work() as session:
        keep_outcome(session, run.claim, examinations_to_json(found))


NIGHTLY_EXAMINATION = JobKind(
    "health.examine", lazy_gettext("Check of the records"), _examine_at_night, every=EXAMINED_EACH
)
JOBS = (NIGHTLY_EXAMINATION,)
