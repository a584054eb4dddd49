"""Plausibility of the values that a list would write: names, staff numbers, addresses and teams."""

from __future__ import annotations

import re

from course.people_import.rules.character_damage import decoding_damage, digit_in_name, lookalike_character
from course.people_import.rules.matching import ImportQuestion, RowData
from course.people_import.rules.name_matching import capitalised_words
from course.people_import.rules.values import is_spreadsheet_number

# A remark beside a name, such as “(on leave)”, or a sign of a list.
_SIGN = re.compile(r"[()\[\]{}<>*/\\=+_:;@#|]|\s[-–]\s")


def implausible_values(
    row_data: RowData, new_name: bool, new_number: bool, new_teams: tuple[tuple[str, ...], ...]
) -> list[ImportQuestion]:
    """The questions about implausible values of a row that writes a name or a staff number, or adds teams."""
    found: list[ImportQuestion] = []
    name = row_data.name or ""
    texts = [name] if new_name and name else []
    texts += [part for path in new_teams for part in path]
    for text in texts:
        if words := decoding_damage(text):
            found.append(ImportQuestion("letters", words))
    number = row_data.staff_number or ""
    for words in (*map(lookalike_character, (*texts, row_data.email)), lookalike_character(number, latin=True)):
        if words:
            found.append(ImportQuestion("alike", words))
    if new_number and is_spreadsheet_number(number):
        found.append(ImportQuestion("changed-number", f"“{number}” is how a spreadsheet writes another number."))
    if new_name and name:
        found += _odd_name(name)
    return list({one.kind: one for one in reversed(found)}.values())[::-1]


def _odd_name(name: str) -> list[ImportQuestion]:
    """The questions about a name as a whole."""
    if not any(sign.isalpha() for sign in name):
        return [ImportQuestion("no-letter", f"“{name}” has no letter.")]
    found = []
    if words := digit_in_name(name):
        found.append(ImportQuestion("digit", words))
    if "," in name:
        found.append(ImportQuestion("comma", f"“{name}” has a comma."))
    if len(name.split()) == 1 and name.lower() != name.upper():  # others, such as Chinese names, are one word
        found.append(ImportQuestion("one-word", f"“{name}” is one word."))
    if shouted := capitalised_words(name):
        found.append(ImportQuestion("capitals", f"“{' '.join(shouted)}” is in capitals."))
    elif name == name.lower() != name.upper():
        found.append(ImportQuestion("capitals", f"“{name}” has no capital letter."))
    if sign := _SIGN.search(name):
        found.append(ImportQuestion("sign", f"“{name}” has a “{sign[0].strip()}” in it."))
    parts = name.casefold().split()
    if len(parts) > 2 and (parts[-1] == parts[-2] or parts[: len(parts) // 2] * 2 == parts):
        found.append(ImportQuestion("repeated", f"“{name}” says something twice."))
    return found
