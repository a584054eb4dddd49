"""How many rows a table has."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session


def count(session: Session, model: type) -> int:
    """The number of rows in the table of `model`."""
    return session.execute(select(func.count()).select_from(model)).scalar_one()
