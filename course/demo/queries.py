"""Whether a database may be used for the demonstration."""

from __future__ import annotations

from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import DBAPIError

NOT_SET_UP = "a course that was started for real and is not set up yet"


def database_owner(engine: Engine) -> str | None:
    """The owner of a database of any schema revision: the name of its organisation, or NOT_SET_UP if `flask serve` has
    created a set-up link already. None if the database is unused."""
    try:
        return _read_owner(engine)
    except DBAPIError:
        return None  # The migration that follows reports better why the database cannot be used.


def _read_owner(engine: Engine) -> str | None:
    with engine.execution_options(writes=False).connect() as connection:
        tables = inspect(connection).get_table_names()
        # Literal SQL, without the models: the schema may be older than they are.
        if "organisation" in tables:
            name = connection.execute(text("select name from organisation order by id")).scalar()
            if name is not None:
                return str(name)
        if "audit_entry" in tables:
            link_created = text("select 1 from audit_entry where what = 'set_up.link_made'")
            if connection.execute(link_created).first() is not None:
                return NOT_SET_UP
    return None
