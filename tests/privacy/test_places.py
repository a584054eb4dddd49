"""The list of places is held against all tables: what is held about a person is in their download, or there is a reason."""

from __future__ import annotations

from sqlalchemy import Table

from course.db import Base
from course.models import MODEL_CLASSES
from course.privacy.queries.subject_data import TABLES
from course.privacy.rules.personal_data_map import (
    ACTOR_COLUMNS,
    INDIRECT_TABLES,
    NON_PERSONAL_TABLES,
    PERSONAL_DATA_TABLES,
    SECTIONS,
)

assert MODEL_CLASSES


def test_every_table_is_a_place_or_has_a_reason_why_not() -> None:
    lists = [set(PERSONAL_DATA_TABLES), set(INDIRECT_TABLES), set(NON_PERSONAL_TABLES)]
    assert set.union(*lists) == set(Base.metadata.tables)
    assert sum(map(len, lists)) == len(Base.metadata.tables), "a table stands in two lists"
    assert sum(len(section.places) for section in SECTIONS) == len(PERSONAL_DATA_TABLES)


def test_every_table_that_hangs_on_a_person_is_a_place() -> None:
    """By whatever way: a key to a person, or to a row that has one."""
    about = {"person"}
    while more := {t.name for t in Base.metadata.tables.values() if t.name not in about and _hangs_on(t, about)}:
        about |= more
    assert about <= set(PERSONAL_DATA_TABLES), about - set(PERSONAL_DATA_TABLES)


def _hangs_on(table: Table, about: set[str]) -> bool:
    return any(
        key.column.table.name in about and column.name not in ACTOR_COLUMNS
        for column in table.columns
        for key in column.foreign_keys
    )


def test_every_key_to_a_person_is_followed_or_says_who_did_it() -> None:
    for name, place in PERSONAL_DATA_TABLES.items():
        for column in TABLES[name].columns:
            if (
                any(key.column.table.name == "person" for key in column.foreign_keys)
                and column.name not in ACTOR_COLUMNS
            ):
                assert column.name in place.via, f"{name}.{column.name}"


def test_the_columns_that_are_named_are_there() -> None:
    for name, place in PERSONAL_DATA_TABLES.items():
        columns = set(TABLES[name].columns.keys())
        assert {one for one in place.shown if "." not in one} <= columns, name
        emptied = {one for values in place.wiped.values() for one in values}
        assert set(place.via) | set(place.secret) | emptied <= columns, name
        for shown in place.shown:
            table, _, column = shown.rpartition(".")
            assert not table or column in TABLES[table].columns, shown


def test_nothing_that_lets_somebody_in_is_in_a_download() -> None:
    for name, place in PERSONAL_DATA_TABLES.items():
        for column in [one.name for one in TABLES[name].columns]:
            telling = any(word in column for word in ("hash", "token", "session_key", "secret"))
            assert not telling or column in place.secret, f"{name}.{column}"


def test_what_is_wiped_can_be_emptied() -> None:
    for name, place in PERSONAL_DATA_TABLES.items():
        for values in place.wiped.values():
            for column, value in values.items():
                assert value is not None or TABLES[name].columns[column].nullable, f"{name}.{column}"
