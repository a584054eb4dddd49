"""Whether a database may become the demonstration's."""

from __future__ import annotations

from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import DBAPIError

NOT_SET_UP = "a course that was started for real and is not set up yet"


def database_owner(engine: Engine) -> str | None:
    """Whose database it is, whatever its revision: the name of its organisation, or that `flask serve` has
    already offered to set it up. None if nobody has begun with it."""
    try:
        return _read_owner(engine)
    except DBAPIError:
        return None  # Whoever migrates it says better why it cannot be used.


def _read_owner(engine: Engine) -> str | None:
    with engine.execution_options(writes=False).connect() as connection:
        tables = inspect(connection).get_table_names()
        # Written out, and not with the models: the database may be older than they are.
        if "organisation" in tables:
            name = connection.execute(text("select name from organisation order by id")).scalar()
            if name is not None:
                return str(name)
        if "audit_entry" in tables:
            offered = text("select 1 from audit_entry where what = 'set_up.link_made'")
            if connection.execute(offered).first() is not None:
                return NOT_SET_UP
    return None
