"""The numbers that new people and certificates get: none is given twice, also where a restore has brought the table back to
an earlier moment.

Signed links, files and programs outside of the course know people and certificates by their numbers. Whoever was given a
number after the backup was made must not be taken for the next who gets it.
"""

from __future__ import annotations

import secrets

from sqlalchemy import Connection, column, func, select, table, text
from sqlalchemy.orm import Session

HELD_NUMBERS = ("person", "certificate")  # the tables whose numbers are held outside of the database
GAP = 1_000_000  # more than any course gives between two backups
# Added at random: a backup that is restored a second time must not lead to the numbers that were given since the first.
_SPREAD = 3_000_000


def leave_gap(session: Session) -> None:
    """Give new people and certificates numbers far behind those that were given up to now."""
    connection = session.connection()
    for name in HELD_NUMBERS:
        raise_numbers(connection, name, last_number(connection, name) + GAP + secrets.randbelow(_SPREAD))


def last_number(connection: Connection, name: str) -> int:
    """The number of a table after which the next row gets its own."""
    newest = connection.execute(select(func.coalesce(func.max(table(name, column("id")).c.id), 0))).scalar_one()
    if connection.dialect.name == "sqlite":
        given = connection.execute(
            text("select max(seq) from sqlite_sequence where name = :name"), {"name": name}
        ).scalar()
    else:
        sequence = connection.execute(text("select pg_get_serial_sequence(:name, 'id')"), {"name": name}).scalar_one()
        given = connection.execute(text(f"select last_value from {sequence} where is_called")).scalar()  # noqa: S608
    return max(int(newest), int(given or 0))


def raise_numbers(connection: Connection, name: str, last: int) -> None:
    """Have the next row of a table get the number after `last`, which is not below any that was given."""
    values = {"name": name, "last": last}
    if connection.dialect.name == "postgresql":
        connection.execute(text("select setval(pg_get_serial_sequence(:name, 'id'), :last)"), values)
    elif not connection.execute(text("update sqlite_sequence set seq = :last where name = :name"), values).rowcount:
        connection.execute(text("insert into sqlite_sequence (name, seq) values (:name, :last)"), values)
