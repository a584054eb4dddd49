"""Working a list out and applying it: what takes long happens before each unit of work."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from course.people.jobs import invitation
from course.people_import import actions, queries
from course.people_import.rules.table import Table
from course.web.sandbox import SandboxLimits
from course.web.unit_of_work import WriteSession, read_only_session, unit_of_work

PARSE_LIMITS = SandboxLimits(seconds=20, memory=768, result=24)  # for reading one list


def build_preview(
    reading: WriteSession, import_id: int, table: Table, made: queries.ImportChoices, zone: str, at: datetime,
    invites: bool | None = None,
) -> None:  # fmt: skip
    """Work out what a list would do, and then keep it."""
    draft = queries.draft_import(reading, table, made, zone, at)
    with unit_of_work() as session:
        actions.keep_preview(session, import_id, table, draft, made, invites)


def apply_import(
    import_id: int, zone: str, by: int | None, at: datetime, tell: actions.ProgressCallback
) -> list[actions.ImportInvitee]:
    """Do what was previewed: it is worked out once more, and written in one unit of work. If somebody changes people or
    teams between the two, it is worked out again. Raises StaleError and LookupError."""
    for left in (2, 1, 0):
        with read_only_session() as reading:
            table = queries.stored_table(reading, import_id)
            if table is None:
                raise LookupError(actions.FILE_DELETED)
            draft = queries.draft_import(reading, table, queries.import_choices(reading, import_id, table), zone, at)
        try:
            with unit_of_work() as session:
                return actions.apply_plan(session, import_id, draft, zone, by, at, tell)
        except actions.ConcurrentChangeError:
            if not left:
                raise
    return []


def mail_invitations(invitees: Sequence[actions.ImportInvitee], sender: str, by: int | None, at: datetime) -> None:
    """Mail them, some at a time: the mails are written before each unit of work."""
    for some in actions.invitation_batches(invitees):
        letters = {person_id: invitation(name, sender) for person_id, name in some}
        with unit_of_work() as session:
            actions.invite_people(session, some, letters, by, at)
