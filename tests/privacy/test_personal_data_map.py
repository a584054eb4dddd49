"""The personal-data map is compared with all tables: data about a person is exported, or the map gives a reason."""

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


def test_every_table_is_in_the_map_or_has_a_reason_why_not() -> None:
    lists = [set(PERSONAL_DATA_TABLES), set(INDIRECT_TABLES), set(NON_PERSONAL_TABLES)]
    assert set.union(*lists) == set(Base.metadata.tables)
    assert sum(map(len, lists)) == len(Base.metadata.tables), "a table stands in two lists"
    assert sum(len(section.tables) for section in SECTIONS) == len(PERSONAL_DATA_TABLES)


def test_every_table_that_refers_to_a_person_is_in_the_map() -> None:
    """Directly, or through a row that refers to a person."""
    about = {"person"}
    while more := {t.name for t in Base.metadata.tables.values() if t.name not in about and _refers_to(t, about)}:
        about |= more
    assert about <= set(PERSONAL_DATA_TABLES), about - set(PERSONAL_DATA_TABLES)


def _refers_to(table: Table, about: set[str]) -> bool:
    return any(
        key.column.table.name in about and column.name not in ACTOR_COLUMNS
        for column in table.columns
        for key in column.foreign_keys
    )


def test_every_foreign_key_to_a_person_is_followed_or_names_an_actor() -> None:
    for name, table_entry in PERSONAL_DATA_TABLES.items():
        for column in TABLES[name].columns:
            if (
                any(key.column.table.name == "person" for key in column.foreign_keys)
                and column.name not in ACTOR_COLUMNS
            ):
                assert column.name in table_entry.person_columns, f"{name}.{column.name}"


def test_the_columns_in_the_map_exist() -> None:
    for name, table_entry in PERSONAL_DATA_TABLES.items():
        columns = set(TABLES[name].columns.keys())
        assert {one for one in table_entry.display_columns if "." not in one} <= columns, name
        emptied = {one for values in table_entry.cleared_columns.values() for one in values}
        assert set(table_entry.person_columns) | set(table_entry.excluded_columns) | emptied <= columns, name
        for shown in table_entry.display_columns:
            table, _, column = shown.rpartition(".")
            assert not table or column in TABLES[table].columns, shown


def test_no_column_that_grants_access_is_exported() -> None:
    for name, table_entry in PERSONAL_DATA_TABLES.items():
        for column in [one.name for one in TABLES[name].columns]:
            grants_access = any(word in column for word in ("hash", "token", "session_key", "secret"))
            assert not grants_access or column in table_entry.excluded_columns, f"{name}.{column}"


def test_cleared_columns_accept_their_new_value() -> None:
    for name, table_entry in PERSONAL_DATA_TABLES.items():
        for values in table_entry.cleared_columns.values():
            for column, value in values.items():
                assert value is not None or TABLES[name].columns[column].nullable, f"{name}.{column}"
