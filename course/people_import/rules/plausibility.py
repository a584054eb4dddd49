"""Whether what a list would write makes sense: names and teams as people have them."""

from __future__ import annotations

import re

from course.people_import.rules.character_damage import badly_decoded, digit_inside, look_alike
from course.people_import.rules.matching import Question, Wanted
from course.people_import.rules.name_matching import in_capitals
from course.people_import.rules.values import spreadsheet_number

# A remark beside a name, such as “(on leave)”, or a sign of a list.
_SIGN = re.compile(r"[()\[\]{}<>*/\\=+_:;@#|]|\s[-–]\s")


def doubts(wanted: Wanted, new_name: bool, new_number: bool, new_teams: tuple[tuple[str, ...], ...]) -> list[Question]:
    """What is odd about a row that writes a name or a staff number, or adds teams."""
    found: list[Question] = []
    name = wanted.name or ""
    texts = [name] if new_name and name else []
    texts += [part for path in new_teams for part in path]
    for text in texts:
        if words := badly_decoded(text):
            found.append(Question("letters", words))
    number = wanted.staff_number or ""
    for words in (*map(look_alike, (*texts, wanted.email)), look_alike(number, latin=True)):
        if words:
            found.append(Question("alike", words))
    if new_number and spreadsheet_number(number):
        found.append(Question("changed-number", f"“{number}” is how a spreadsheet writes another number."))
    if new_name and name:
        found += _shape(name)
    return list({one.kind: one for one in reversed(found)}.values())[::-1]


def _shape(name: str) -> list[Question]:
    """What is odd about a name as a whole."""
    if not any(sign.isalpha() for sign in name):
        return [Question("no-letter", f"“{name}” has no letter.")]
    found = []
    if words := digit_inside(name):
        found.append(Question("digit", words))
    if "," in name:
        found.append(Question("comma", f"“{name}” has a comma."))
    if len(name.split()) == 1 and name.lower() != name.upper():  # others, such as Chinese names, are one word
        found.append(Question("one-word", f"“{name}” is one word."))
    if shouted := in_capitals(name):
        found.append(Question("capitals", f"“{' '.join(shouted)}” is in capitals."))
    elif name == name.lower() != name.upper():
        found.append(Question("capitals", f"“{name}” has no capital letter."))
    if sign := _SIGN.search(name):
        found.append(Question("sign", f"“{name}” has a “{sign[0].strip()}” in it."))
    parts = name.casefold().split()
    if len(parts) > 2 and (parts[-1] == parts[-2] or parts[: len(parts) // 2] * 2 == parts):
        found.append(Question("repeated", f"“{name}” says something twice."))
    return found
