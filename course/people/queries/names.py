"""How people are found and ordered by name."""

from __future__ import annotations

from sqlalchemy import ColumnElement, false, or_

from course.people.models import Person
from course.people.rules import name_key, sign_in_key

# As people expect names to be ordered, and always the same.
BY_NAME = (Person.name_key, Person.name, Person.id)


def matches_words(words: str) -> ColumnElement[bool]:
    """Whether words stand in somebody's name, address or sign-in name, as part of another query."""
    login = sign_in_key(words)
    in_login = or_(
        Person.email.icontains(words, autoescape=True),
        Person.sign_in_key.contains(login, autoescape=True) if login else false(),
    )
    key = name_key(words)
    return or_(Person.name_key.contains(key, autoescape=True), in_login) if key else in_login
