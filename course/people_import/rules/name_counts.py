"""How often each name exists already and would be added by a list, and the question about two people of one name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from course.people_import.rules.matching import ImportQuestion, KnownPerson, PeopleDirectory
from course.people_import.rules.name_matching import name_words
from course.translation import lazy_gettext as _
from course.translation import lazy_ngettext


class NameCounts:
    """How often each name exists already and would be added. Two people can have one name, but a duplicate entry is more likely."""

    def __init__(self, directory: PeopleDirectory, new_names: Iterable[str]) -> None:
        self._directory = directory
        self._new: dict[frozenset[str], int] = defaultdict(int)
        for name in new_names:
            self._new[name_words(name)] += 1

    def twin_question(self, name: str) -> ImportQuestion | None:
        here = [one for one in self._directory.by_name(name) if one.left is None]
        if here:
            return ImportQuestion("twin", _is_here(here[0]))
        left = self._directory.by_name(name)
        if left and left[0].left is not None:
            one = left[0]
            return ImportQuestion(
                "twin",
                _(
                    "%(name)s (%(email)s) left on %(day)s. Is this the same person?",
                    name=one.name,
                    email=one.label,
                    day=one.left,
                ),
            )
        times = self._new[name_words(name)]
        if times < 2:
            return None
        adds = lazy_ngettext(
            "The list adds %(num)s person of this name.", "The list adds %(num)s people of this name.", times
        )
        return ImportQuestion("twin", adds)


def _is_here(person: KnownPerson) -> str:
    if not person.staff_number or person.staff_number == person.label:
        return _("%(name)s (%(email)s) is already here.", name=person.name, email=person.label)
    return _(
        "%(name)s (%(email)s, staff number %(number)s) is already here.",
        name=person.name,
        email=person.label,
        number=person.staff_number,
    )
