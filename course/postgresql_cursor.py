"""The cursor of connections to PostgreSQL. Imported only where one is opened: the driver needs 5 MiB."""

from __future__ import annotations

from typing import Any

from psycopg import Cursor


class LightCursor(Cursor[Any]):
    """A cursor that describes a result by the names and types of its columns, all that SQLAlchemy asks of it. That of psycopg
    makes an object of ten attributes for each column of each result, which takes as long as reading the rows of a page."""

    @property
    def description(self) -> Any:
        """For each column seven values as PEP 249 has them: its name, the number of its type, and five times None; None where
        nothing was returned."""
        result = self.pgresult
        if result is None or not result.nfields:
            return super().description
        return [(_name(result.fname(index)), result.ftype(index), *_UNKNOWN) for index in range(result.nfields)]


_UNKNOWN = (None,) * 5


def _name(raw: bytes | None) -> str:
    return (raw or b"").decode()
