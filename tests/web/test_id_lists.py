"""Conditions for a list of ids."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.id_lists import is_in_ids
from course.people.models import Person
from tests.makers import make_person

pytestmark = pytest.mark.both_engines


def test_the_rows_of_a_list_are_found_and_of_an_empty_list_none(session: Session) -> None:
    ids = [make_person(session, email=f"listed-{n}@example.org").id for n in range(3)]
    found = select(Person.id).where(is_in_ids(Person.id), ~is_in_ids(Person.id, "others")).order_by(Person.id)
    assert session.execute(found, {"ids": ids[:2], "others": []}).scalars().all() == ids[:2]
    assert session.execute(found, {"ids": ids, "others": ids[1:]}).scalars().all() == ids[:1]
    assert session.execute(found, {"ids": [], "others": []}).scalars().all() == []


def test_a_list_is_one_value_of_a_statement_on_postgresql_and_found_by_an_index_on_sqlite(session: Session) -> None:
    dialect = session.get_bind().dialect
    written = str(select(Person.id).where(is_in_ids(Person.email)).compile(dialect=dialect))
    if dialect.name == "postgresql":
        assert written.endswith("person.email = ANY (%(ids)s::INTEGER[])")
    else:
        # With "= 1" behind it SQLite would look at every row.
        assert written.endswith("person.email IN (__[POSTCOMPILE_ids])")
