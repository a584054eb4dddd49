"""Reading the rows: counts, pages in each order, and all rows one after another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Row, Select, bindparam, case, func, or_, select
from sqlalchemy.orm import Session

from course.people.models import Person
from course.people.queries import recordable_condition
from course.people.rules import Viewer, name_key
from course.standings.models import PersonStatus, StandingCount, StandingsMark
from course.standings.rules import (
    GROUP_RANKS,
    GROUPS,
    LINE_COLUMNS,
    Cell,
    CountedCell,
    Standing,
    StandingsFilter,
    StatusLine,
    split_teams,
    stored_line,
    stored_teams,
)

MAX_SORTED = 200_000  # people of teams, or found, up to whom all of them are put in order for a page
# To read a row by way of an index takes so many times as long as to read it in its place in the table.
INDEX_COST = 4
STATEMENTS = 64  # statements of filters that are kept
STREAM_PORTION = 2000  # rows that are in memory at once while all of them are read
_ROWS = PersonStatus.metadata.tables[PersonStatus.__tablename__]
_COUNTS = PersonStatus.metadata.tables[StandingCount.__tablename__]
_COLUMNS = [_ROWS.c[name] for name in Standing.__slots__]
_CELLS_QUERY = select(*(_COUNTS.c[name] for name in Cell._fields), _COUNTS.c.people)
# The columns of each order, and whether the highest comes first.
_ORDER_COLUMNS = {
    "worst": ("group_rank", "due_order", "name_key", "person_id"),
    "name": ("name_key", "name", "person_id"),
    "due": ("due_order", "group_rank", "name_key", "person_id"),
    "start": ("-employment_start", "group_rank", "due_order", "name_key", "person_id"),
}


def _order_of(rows: FromClause, sort: str) -> list[ColumnElement[Any]]:
    return [rows.c[name[1:]].desc() if name.startswith("-") else rows.c[name] for name in _ORDER_COLUMNS[sort]]


_ORDERS = {sort: _order_of(_ROWS, sort) for sort in _ORDER_COLUMNS}


def _reads_all(wanted: StandingsFilter) -> bool:
    """Whether no index leads to the people who are looked for, so that each row has to be read."""
    return bool(wanted.search_text) and wanted.teams is None and not wanted.groups


def _conditions(wanted: StandingsFilter, as_stored: bool = False) -> list[ColumnElement[bool]]:
    """With `as_stored` the rows are read as they lie in the table: the indices of people who are employed cannot be used. For
    a search SQLite would take one of them, and jump from row to row."""
    is_employed = _ROWS.c.is_employed
    conditions: list[ColumnElement[bool]] = [case((is_employed, 1), else_=0) == 1 if as_stored else is_employed]
    if wanted.teams is not None:
        conditions.append(_ROWS.c.teams.in_(wanted.teams))
    if wanted.groups:
        conditions.append(_ROWS.c.group_rank.in_([GROUP_RANKS[group] for group in wanted.groups]))
    if wanted.pathway:
        conditions.append(_ROWS.c.pathway == wanted.pathway)
    if wanted.started_from is not None:
        conditions.append(_ROWS.c.employment_start >= wanted.started_from)
    if wanted.started_to is not None:
        conditions.append(_ROWS.c.employment_start <= wanted.started_to)
    if wanted.search_text:
        key, address = name_key(wanted.search_text), wanted.search_text.casefold()
        in_address = _ROWS.c.email.contains(address, autoescape=True)
        conditions.append(or_(_ROWS.c.name_key.contains(key, autoescape=True), in_address) if key else in_address)
    return conditions


@lru_cache(maxsize=STATEMENTS)
def _page_of(wanted: StandingsFilter, sorted_here: bool) -> Select[*tuple[Any, ...]]:
    """A page of the list. Its people are found in an index, and only their rows are read. With `sorted_here` all people
    of the teams are read from the index of teams, or all who are found, and put in order; without it the index of the
    order is read until the page is full. The database would have to guess which of the two is quicker, and does not know
    that a whole region may stand at the end of the order."""
    keys = [_ROWS.c[name.removeprefix("-")] for name in _ORDER_COLUMNS[wanted.sort]]
    found: Any = select(*keys).where(*_conditions(wanted, sorted_here and _reads_all(wanted)))
    order = _ORDERS[wanted.sort]
    if sorted_here:
        chosen = found.offset(0).subquery("chosen")
        order = _order_of(chosen, wanted.sort)
        found = select(chosen)
    places = found.order_by(*order).offset(bindparam("place")).limit(bindparam("number")).subquery("places")
    rows = select(*(_ROWS.c[name] for name in LINE_COLUMNS)).join(places, places.c.person_id == _ROWS.c.person_id)
    return rows.order_by(*_order_of(places, wanted.sort))


def standings_page(session: Session, wanted: StandingsFilter, place: range, of: int, on: date) -> list[StatusLine]:
    """The lines at these places of a list of so many, in its order, on a day on which the rows hold. One query."""
    # A page that is full after a small part of the order is found there sooner.
    is_rare = _reads_all(wanted) and place.stop * INDEX_COST > of
    statement = _page_of(wanted, (wanted.teams is not None or is_rare) and of <= MAX_SORTED)
    rows = session.connection().execute(statement, {"place": place.start, "number": len(place)})
    return [stored_line(on, row) for row in rows]


def all_lines(session: Session, wanted: StandingsFilter, on: date, in_portions: bool = False) -> Iterator[StatusLine]:
    """Every line of the list in its order. With `in_portions` they are read as they are asked for, so that the memory that
    they take is constant: the session has to read from one snapshot."""
    columns = select(*(_ROWS.c[name] for name in LINE_COLUMNS)).where(*_conditions(wanted))
    options = {"yield_per": STREAM_PORTION} if in_portions else {}
    for row in session.execute(columns.order_by(*_ORDERS[wanted.sort]), execution_options=options):
        yield stored_line(on, row)


def row_portions(
    session: Session, wanted: StandingsFilter, number: int, *beside: ColumnElement[Any]
) -> Iterator[Sequence[Row[*tuple[Any, ...]]]]:
    """The LINE_COLUMNS of every row of a list of so many, in its order, and these columns more: portions that are in memory
    one after another. The session has to read from one snapshot if they are more than one portion."""
    columns = select(*(_ROWS.c[name] for name in LINE_COLUMNS), *beside).where(*_conditions(wanted))
    options = {"yield_per": STREAM_PORTION} if number > STREAM_PORTION else {}
    rows = session.execute(columns.order_by(*_ORDERS[wanted.sort]), execution_options=options)
    return rows.partitions(STREAM_PORTION)


def row_person_id() -> ColumnElement[int]:
    """The person of a row, to refer to in the column beside."""
    return _ROWS.c.person_id


def standings_number(session: Session, wanted: StandingsFilter) -> int:
    """How many rows the list has."""
    return session.connection().execute(_number_of(wanted)).scalar_one()


@lru_cache(maxsize=STATEMENTS)
def _number_of(wanted: StandingsFilter) -> Select[int]:
    return select(func.count()).select_from(_ROWS).where(*_conditions(wanted, _reads_all(wanted)))


def listed_portion(session: Session, wanted: StandingsFilter, after: int, limit: int) -> list[int]:
    """The next people of the list by id, whatever its order."""
    rows = select(_ROWS.c.person_id).where(*_conditions(wanted), _ROWS.c.person_id > after)
    return list(session.execute(rows.order_by(_ROWS.c.person_id).limit(limit)).scalars())


@lru_cache(maxsize=STATEMENTS)
def _namesakes(wanted: StandingsFilter) -> Select[str]:
    rows = select(_ROWS.c.name_key).where(*_conditions(wanted), _ROWS.c.name_key.in_(bindparam("keys", expanding=True)))
    return rows.group_by(_ROWS.c.name_key).having(func.count() > 1)


def namesakes(session: Session, wanted: StandingsFilter, names: Iterable[str]) -> frozenset[str]:
    """Those of these names, as they are found, that several people in the list have."""
    keys = sorted({name_key(name) for name in names})
    return frozenset(session.connection().execute(_namesakes(wanted), {"keys": keys}).scalars())


def counted_cells(session: Session) -> list[CountedCell]:
    """How many people are in each cell. One query, with a few rows for each team."""
    rows: Any = session.connection().execute(_CELLS_QUERY)
    return [
        CountedCell(teams, split_teams(teams), GROUPS[rank], valid, late, people)
        for teams, rank, valid, late, people in rows
    ]


def counted_teams(session: Session, teams: Collection[int] | None) -> frozenset[str] | None:
    """The values of Standing.teams that name any of these teams (None: everybody), of those that anybody has."""
    if teams is None:
        return None
    return stored_teams(session.execute(select(StandingCount.teams).distinct()).scalars(), teams)


def total_cells(session: Session) -> list[CountedCell]:
    """As `counted_cells`, of everybody together and without the teams."""
    columns = StandingCount.group_rank, StandingCount.has_certificate, StandingCount.is_long_overdue
    rows = session.execute(select(*columns, func.sum(StandingCount.people)).group_by(*columns))
    return [CountedCell("", (), GROUPS[rank], valid, late, people) for rank, valid, late, people in rows]


@lru_cache(maxsize=STATEMENTS)
def recordable_ids(wanted: StandingsFilter, viewer: Viewer) -> Select[int]:
    """The people in the list about whom the viewer may record something, but not the viewer, in the order of the list,
    as part of another query."""
    statement = (
        select(_ROWS.c.person_id)
        .join(Person, Person.id == _ROWS.c.person_id)
        .where(*_conditions(wanted), Person.left_at.is_(None), recordable_condition(viewer), Person.id != viewer.id)
    )
    return statement.order_by(*_ORDERS[wanted.sort])


def stored_standings(session: Session, ids: Collection[int]) -> dict[int, Standing]:
    """The rows of these people, by person id."""
    rows = session.execute(select(*_COLUMNS).where(_ROWS.c.person_id.in_(ids)))
    return {row.person_id: Standing(*row) for row in rows}


def count_differences(session: Session) -> int:
    """The number of cells whose stored count is not the number of rows."""
    columns = [_ROWS.c[name] for name in Cell._fields]
    rows = session.execute(select(*columns, func.count()).where(_ROWS.c.is_employed).group_by(*columns))
    counted = Counter({tuple(row[:-1]): row[-1] for row in rows})
    stored = Counter(
        {
            tuple(row[:-1]): row[-1]
            for row in session.execute(
                select(*(getattr(StandingCount, name) for name in Cell._fields), StandingCount.people)
            )
        }
    )
    return sum(counted[cell] != stored[cell] for cell in counted.keys() | stored.keys())


def newest_check(session: Session) -> tuple[datetime, int, int] | None:
    """When rows were last compared with their facts, how many, and how many differed; None if that was never done."""
    row = session.execute(
        select(StandingsMark.checked_at, StandingsMark.checked_people, StandingsMark.differing_people)
    ).one_or_none()
    return None if row is None or row[0] is None else (row[0], row[1] or 0, row[2] or 0)
