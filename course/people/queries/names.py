"""How people are found and ordered by name."""

from __future__ import annotations

from sqlalchemy import ColumnElement, or_

from course.people.models import Person
from course.people.rules import name_key

# As people expect names to be ordered, and always the same.
BY_NAME = (Person.name_key, Person.name, Person.id)


def matches_words(words: str) -> ColumnElement[bool]:
    """Whether words stand in somebody's name or address, as part of another query."""
    email = Person.email.icontains(words, autoescape=True)
    key = name_key(words)
    return or_(Person.name_key.contains(key, autoescape=True), email) if key else email
