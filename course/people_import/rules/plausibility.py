"""Plausibility of the values that a list would write: names, staff numbers, addresses and teams."""

from __future__ import annotations

import re
from dataclasses import dataclass

from course.people_import.rules.address_doubts import address_doubt
from course.people_import.rules.character_damage import decoding_damage, digit_in_name, lookalike_character
from course.people_import.rules.matching import ImportQuestion, RowData
from course.people_import.rules.name_matching import capitalised_words
from course.people_import.rules.values import is_spreadsheet_number
from course.translation import lazy_gettext as _

# A remark beside a name, such as “(on leave)”, “née Fox” and TA, a word or a whole name between quotation marks, two people
# together, a number, a sign of a list, or a dash or stop in place of a name.
_SIGN = re.compile(
    r"[()\[\]{}<>*/\\=+_:;@#|&%^~$!\"“”«»，；]|\s[-–]\s|(?<!\S)['‘’](?=[^'‘’]+['‘’](?!\S))"
    r"|(?<!\S)[-–—.](?!\S)|(?<=[^\W\d_]{2} )TA$|(?<=\s)(?:née|nee|né|formerly|aka|and|geb\.)(?=\s)|(?<=\s)\d+$"
)
# What stands in place of a name where a post has nobody, an account is for trying, or an entry is no longer in use.
_NOBODY = re.compile(
    r"\b(?:vacant|vacancy|(?-i:TBC|TBA|FNU|LNU)|dummy|do not use|no (?:first|last|fore|sur) ?name|a\.? ?n\.? other|new starter"
    r"|test (?:user|account|person|staff|teacher|manager|learner)|(?:supply|cover) teacher"
    r"|(?:agency|bank|relief) (?:worker|staff|carer|nurse|teacher))\b|^(?:tbc|tba|unknown|z{2,})\s|\b(?:swydd wag)\b",
    re.IGNORECASE,
)
# A title with the last name only: whoever wrote it left out the first name. Major, Prince and Dean are first names as well.
_TITLE_ALONE = re.compile(
    r"(?:mr|mrs|ms|miss|mx|dr|prof|professor|rev|revd|rev['’]d|reverend|cllr|mme|mlle|herr|frau)\.?(?=\s\S+$)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class NewValues:
    """Which values a row would write: a name, an address, a staff number, and the paths of teams that it adds."""

    name: bool
    email: bool
    number: bool
    teams: tuple[tuple[str, ...], ...]


def implausible_values(row_data: RowData, new: NewValues) -> list[ImportQuestion]:
    """The questions about implausible values of a row among those that it would write."""
    found: list[ImportQuestion] = []
    name = row_data.name or ""
    texts = [name] if new.name and name else []
    texts += [part for path in new.teams for part in path]
    for text in texts:
        if words := decoding_damage(text):
            found.append(ImportQuestion("letters", words))
    number = row_data.staff_number or ""
    for words in (*map(lookalike_character, (*texts, row_data.email)), lookalike_character(number, latin=True)):
        if words:
            found.append(ImportQuestion("alike", words))
    if new.number and is_spreadsheet_number(number):
        found.append(
            ImportQuestion(
                "changed-number", _("“%(number)s” is how a spreadsheet writes another number.", number=number)
            )
        )
    if new.email and (words := address_doubt(row_data.email, name)):
        found.append(ImportQuestion("address-doubt", words))
    if new.name and name:
        found += _odd_name(name)
    return list({one.kind: one for one in reversed(found)}.values())[::-1]


def _odd_name(name: str) -> list[ImportQuestion]:
    """The questions about a name as a whole."""
    if not any(sign.isalpha() for sign in name):
        return [ImportQuestion("no-letter", _("“%(name)s” has no letter.", name=name))]
    found = []
    if words := digit_in_name(name):
        found.append(ImportQuestion("digit", words))
    if "," in name:
        found.append(ImportQuestion("comma", _("“%(name)s” has a comma.", name=name)))
    if len(name.split()) == 1 and name.lower() != name.upper():  # others, such as Chinese names, are one word
        found.append(ImportQuestion("one-word", _("“%(name)s” is one word.", name=name)))
    if shouted := capitalised_words(name):
        found.append(ImportQuestion("capitals", _("“%(name)s” is in capitals.", name=" ".join(shouted))))
    elif name == name.lower() != name.upper():
        found.append(ImportQuestion("capitals", _("“%(name)s” has no capital letter.", name=name)))
    if sign := _SIGN.search(name) or _NOBODY.search(name) or _TITLE_ALONE.match(name):
        found.append(ImportQuestion("sign", _("“%(name)s” has a “%(sign)s” in it.", name=name, sign=sign[0].strip())))
    parts = name.casefold().split()
    if len(parts) > 2 and (parts[-1] == parts[-2] or parts[: len(parts) // 2] * 2 == parts):
        found.append(ImportQuestion("repeated", _("“%(name)s” repeats something.", name=name)))
    return found
