"""Lists of people for tests: uploading, previewing and applying them without pages."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from course.context import Context, make_context
from course.people_import import actions, queries
from course.people_import.rules.columns import guess_columns
from course.people_import.rules.parsing import parse_and_pack
from course.people_import.rules.planning import ImportPlan
from tests.conftest import NOW

ZONE = "Europe/London"
HEAD = "Email,Name,Team,Employee ID,Start date,Leaving date,Pathway,Course role,Completed on\n"
ANN = "ann@example.org,Ann Lee,North > House 3,N1,01/09/2020,,Clubs and volunteers,manager,01/05/2026\n"
BO = "bo@example.org,Bo Lee,North,N2,,,,,\n"


def look(session: Session, text: str, invites: bool = False, base: int | None = None) -> tuple[int, ImportPlan]:
    """Upload a list and preview it."""
    import_id = actions.store_upload(make_context(session, None, NOW), "staff.csv", parse_and_pack(text.encode()))
    table = queries.stored_table(session, import_id)
    assert table is not None
    return import_id, choose(session, import_id, guess_columns(table.headings, {}, (), table), base, invites)


def choose(
    session: Session, import_id: int, columns: dict[str, int], base: int | None = None, invites: bool = False,
    decisions: Mapping[str, str] | None = None,
) -> ImportPlan:  # fmt: skip
    """Preview a list with these columns."""
    table = queries.stored_table(session, import_id)
    assert table is not None
    choices = queries.ImportChoices(columns, base, decisions or {})
    draft = queries.draft_import(session, table, choices, ZONE, NOW)
    assert actions.keep_preview(session, import_id, table, choices, draft.preview, invites)
    session.commit()
    return draft.plan


def carry_out(session: Session, import_id: int) -> list[actions.ImportInvitee]:
    """Apply a list that was begun, in one portion."""
    table = queries.stored_table(session, import_id)
    if table is None:
        raise LookupError
    draft = queries.draft_import(session, table, queries.import_choices(session, import_id, table), ZONE, NOW)
    start(session, import_id, draft)
    steps, _ = queries.stored_journal(session, import_id)
    assert actions.apply_portion(Context(session, None, NOW, ZONE), import_id, steps, {}, lambda: False) == len(steps)
    preview, skipped = queries.preview_and_skipped(session, import_id)
    assert not skipped
    actions.finish_apply(session, import_id, preview, {"rows": len(steps)}, NOW)
    return queries.import_invitees(session, import_id)[0]


def start(session: Session, import_id: int, draft: queries.ImportDraft) -> None:
    """Store the journal of what was worked out."""
    actions.start_writing(session, import_id, draft.journal, NOW)


def do(session: Session, import_id: int, plan: ImportPlan) -> None:
    assert actions.begin_apply(make_context(session, None, NOW), import_id, plan.fingerprint)
    for batch in actions.invitation_batches(carry_out(session, import_id)):
        actions.invite_people(make_context(session, None, NOW), batch, "Alex Morgan")
    session.commit()


def run(session: Session, text: str, invites: bool = False) -> list[str]:
    """Apply a list; what its rows did."""
    import_id, plan = look(session, text, invites)
    do(session, import_id, plan)
    return [line.kind for line in plan.lines]
