"""Whether a person has chosen a password, for the features above."""

from __future__ import annotations

from sqlalchemy import ColumnElement, exists
from sqlalchemy.orm import InstrumentedAttribute

from course.passwords.models import Credential


def has_password(person_id: ColumnElement[int] | InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """Whether a person has chosen a password, as a condition or a column of another query. `person_id` is the column of
    that query with the id of the person."""
    return exists().where(Credential.person_id == person_id)
