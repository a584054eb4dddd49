"""Every migration, up and down, on both engines, over a database in which every table has rows.

Whoever adds a migration adds nothing here, unless it changes rows on purpose: that is named in CHANGES, with the reason.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest
from sqlalchemy import Engine

from course import schema_upgrade
from course.schema_upgrade.queries import known_revisions
from course.schema_upgrade.rules import COURSE_TABLES
from tests.upgrades.comparing import Change, Guards, Row, Tables, contents, described, differences, triggers
from tests.upgrades.filling import LEFT_ALONE, Filler


def without(before: Tables, table: str, *, gone: Any) -> list[Row]:
    return [row for row in before[table] if not gone(row)]


def only_the_whole_course(before: Tables) -> Tables:
    """The rows that a schema without refreshers, updates and boosters can hold."""
    after = dict(before)
    after["enrolment"] = without(before, "enrolment", gone=lambda row: row["kind"] in ("refresher", "update"))
    after["attempt"] = without(before, "attempt", gone=lambda row: row["kind"] in ("refresher", "update", "booster"))
    parents = (
        ("attempt", "enrolment_id", "enrolment", "id"),
        ("completion", "enrolment_id", "enrolment", "id"),
        ("page_read", "enrolment_id", "enrolment", "id"),
        ("scenario_run", "enrolment_id", "enrolment", "id"),
        ("attempt_item", "attempt_id", "attempt", "id"),
        ("attempt_outcome", "attempt_id", "attempt", "id"),
        ("answer", "item_id", "attempt_item", "id"),
        ("decision", "run_id", "scenario_run", "id"),
        ("run_outcome", "run_id", "scenario_run", "id"),
        ("certificate", "completion_id", "completion", "id"),
    )
    for child, column, parent, key in parents:
        there = {row[key] for row in after[parent]}
        after[child] = [row for row in after[child] if row[column] in there]
    while True:
        there = {row["id"] for row in after["certificate"]} | {None}
        held = [row for row in after["certificate"] if row["replaces"] in there]
        if held == after["certificate"]:
            break
        after["certificate"] = held
    after["certificate_change"] = [row for row in before["certificate_change"] if row["certificate_id"] in there]
    return after


def each_once(before: Tables) -> Tables:
    """A deputy who was named twice stays named once, and no file is being made while the program is replaced."""
    same = ("manager_id", "deputy_id", "until")
    still = [row for row in before["deputy"] if row["ended_at"] is None]
    first = {row["id"] for row in still if not any(
        one["id"] < row["id"] and all(one[name] == row[name] for name in same) for one in still
    )}  # fmt: skip
    return {
        "deputy": [
            row if row["ended_at"] is not None or row["id"] in first else {**row, "ended_at": row["made_at"]}
            for row in before["deputy"]
        ],
        "download": [
            row if row["finished_at"] is not None else {**row, "finished_at": row["made_at"], "failure": CUT_OFF}
            for row in before["download"]
        ],
    }


def rendered_only(before: Tables) -> Tables:
    """A mail that is not rendered is given up: an older program would send it without text."""
    given_up = {"next_try_at": None, "failure": NOT_WRITTEN}
    return {
        "outbox_mail": [
            row if row["template_values"] is None or row["next_try_at"] is None else {**row, **given_up}
            for row in before["outbox_mail"]
        ]
    }


NOT_WRITTEN = "It was not written before the program was replaced by an older one, which cannot write it."
CUT_OFF = "The course was stopped while it was made. Ask for it again."


def one_open_of_each(before: Tables) -> Tables:
    """Of two memberships or roles that last and say the same the later one has ended when it began."""
    after = Tables()
    for table, columns in (("membership", ("person_id", "team_id")), ("role_grant", ("person_id", "role", "team_id"))):
        seen: set[tuple[Any, ...]] = set()
        rows = []
        for row in sorted(before[table], key=lambda one: int(one["id"])):
            key = tuple(row[name] for name in columns)
            again = row["until"] is None and key in seen
            rows.append({**row, "until": row["since"]} if again else row)
            seen |= {key} if row["until"] is None else set()
        after[table] = rows
    return after


def an_address_for_everybody(before: Tables) -> Tables:
    """The older program needs an address of each person: one that takes no mail stands in the place of none."""
    return {
        "person": [
            row if row["email"] is not None else {**row, "email": f"person-{row['id']}@no-address.invalid"}
            for row in before["person"]
        ],
        "person_change": [row if row["email"] is not None else {**row, "email": ""} for row in before["person_change"]],
        "sign_in_token": without(before, "sign_in_token", gone=lambda row: row["purpose"] == "code"),
    }


def saml_switched_off(before: Tables) -> Tables:
    """Without the table of its settings nobody can sign in with it; what refers to it stays."""
    return {
        "identity_provider": [
            row if row["kind"] != "saml" else {**row, "kind": "openid", "active": type(row["active"])(0)}
            for row in before["identity_provider"]
        ]
    }


def one_sheet_of_each_attempt(before: Tables) -> Tables:
    """The second sheet of an attempt goes, with what says that its answers were supervised. The answers stay."""
    later = {row["id"] for row in before["supervised_sheet"] if row["number"] > 1}
    sittings = {row["sitting_id"] for row in before["supervised_entry"] if row["sheet_id"] in later}
    return {
        "supervised_sheet": without(before, "supervised_sheet", gone=lambda row: row["id"] in later),
        "supervised_entry": without(before, "supervised_entry", gone=lambda row: row["sheet_id"] in later),
        "supervised_answer": without(before, "supervised_answer", gone=lambda row: row["sitting_id"] in sittings),
    }


# By the revision that is gone to, and the direction.
CHANGES = {
    ("0070", "up"): Change(
        "Rows that lack what was recorded while they were derived are derived anew, from the first person on.",
        lambda before: {
            "standings_mark": [{**row, "cursor": 0, "version": row["version"] + 1} for row in before["standings_mark"]]
        },
    ),
    ("0064", "down"): Change("The older schema knows one sheet of each attempt.", one_sheet_of_each_attempt),
    ("0066", "down"): Change(
        "The older program cannot take a statement back.",
        lambda before: {"xapi_statement": without(before, "xapi_statement", gone=lambda row: row["kind"] == "void")},
    ),
    ("0057", "down"): Change("The older program knows no SAML: such a provider is switched off.", saml_switched_off),
    ("0045", "down"): Change("The older schema has no person without an address.", an_address_for_everybody),
    ("0003", "down"): Change(
        "Before certificates could be issued anew there was one for each completion, the first.",
        lambda before: {"certificate": without(before, "certificate", gone=lambda row: row["replaces"] is not None)},
    ),
    ("0005", "down"): Change("Before refreshers there was only the whole course.", only_the_whole_course),
    ("0009", "down"): Change(
        "Without its column, a rule for one pathway would be one for everybody.",
        lambda before: {
            "renewal_policy": without(before, "renewal_policy", gone=lambda row: row["pathway"] is not None)
        },
    ),
    ("0026", "up"): Change("What is done once stands once.", each_once),
    ("0026", "down"): Change(
        "The older program knows no doubt: it writes to a doubted address, as to one that was cleared.",
        lambda before: {
            "address_fault": [
                {**row, "kind": "cleared"} if row["kind"] == "doubted" else row for row in before["address_fault"]
            ]
        },
    ),
    ("0029", "up"): Change("What lasts is there once.", one_open_of_each),
    ("0033", "down"): Change("An older program cannot render a mail.", rendered_only),
    ("0043", "down"): Change(
        "To an older program the contact of one school would be that of everyone, and a way back to the usual pathway is none.",
        lambda before: {
            "contact": without(before, "contact", gone=lambda row: row["team_id"] is not None),
            "pathway_choice": [
                {**row, "pathway": row["pathway"] or before["organisation"][0]["pathway"]}
                for row in before["pathway_choice"]
            ],
        },
    ),
    ("0047", "down"): Change(
        "The older schema knows neither HR nor auditors.",
        lambda before: {"role_grant": without(before, "role_grant", gone=lambda row: row["role"] in ("hr", "auditor"))},
    ),
    ("0050", "down"): Change(
        "The older schema knows no mail to administrators about managers without an address.",
        lambda before: {"reminder": without(before, "reminder", gone=lambda row: row["kind"] == "administrator")},
    ),
    ("0018", "down"): Change(
        "The older schema knows no reminder that somebody asked for.",
        lambda before: {"reminder": without(before, "reminder", gone=lambda row: row["kind"] == "asked")},
    ),
}


def brought_up(before: Tables) -> Tables:
    """What must be there after all migrations, of what was there before: the same, but for what they change on purpose."""
    after = defaultdict(list, before)
    for (_, direction), change in sorted(CHANGES.items()):
        if direction == "up":
            after.update({name: rows for name, rows in change.rows(after).items() if name in before})
    return dict(after)


@pytest.mark.long(15)
def test_every_migration_carries_the_rows_of_every_table_up_and_down(engine: Engine) -> None:
    revisions, filler = known_revisions(), Filler()
    schemas: list[dict[str, Any]] = []
    held, guards = Tables(), Guards()
    for number, revision in enumerate(revisions):
        held, _ = step(engine, revision, "up", held, guards)
        with engine.begin() as connection:
            schemas.append(described(connection))
            # At the end once more into every table, so that what is older also hangs on what is newer.
            missed = filler.fill(connection, schemas[-1], every=number == len(revisions) - 1)
            held, guards = {**held, **contents(connection, filler.filled)}, triggers(connection)
        assert not missed, revision
        every_table_has_rows(held)
    for revision, schema in zip([*reversed(revisions[:-1]), "base"], [*reversed(schemas[:-1]), {}], strict=True):
        held, guards = step(engine, revision, "down", held, guards)
        with engine.connect() as connection:
            assert described(connection) == schema, revision
        every_table_has_rows(held)
    schema_upgrade.upgrade(engine)
    with engine.connect() as connection:
        assert described(connection) == schemas[-1]


def step(engine: Engine, revision: str, direction: str, before: Tables, guards: Guards) -> tuple[Tables, Guards]:
    """Migrate, and compare what was there before with what is there after; gives the latter."""
    (schema_upgrade.upgrade if direction == "up" else schema_upgrade.downgrade)(engine, revision)
    with engine.connect() as connection:
        after, now = contents(connection), triggers(connection)
    assert not differences(before, after, CHANGES.get((revision, direction))), (revision, direction)
    kept = {table: found for table, found in guards.items() if table in after}
    assert {table: now.get(table) for table in kept} == kept, (revision, direction)
    # By these the program tells its own databases from others.
    assert set(after) >= COURSE_TABLES or revision == "base"
    return after, now


def every_table_has_rows(held: Tables) -> None:
    assert not {name for name, rows in held.items() if not rows} - LEFT_ALONE
