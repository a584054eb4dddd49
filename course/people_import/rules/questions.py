"""What somebody has to decide before a list is applied: kinds of questions, their answers, and what was decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from course.translation import lazy_gettext as _

# Answers: the row is about that person, about somebody else, or right as it is; or it is left out, or its name is corrected.
SAME, OTHER, ACCEPT, SKIP, CORRECT = "same", "other", "right", "leave", "correct"
SPELLING = "spelling"  # the kind of the question whether names are corrected


@dataclass(frozen=True)
class QuestionKind:
    """A kind of question: its title, what to look at, and the words of each answer that it can have."""

    title: str
    words: str
    answers: Mapping[str, str]


_IDENTITY_ANSWERS = {SAME: _("The same person"), OTHER: _("Someone else"), SKIP: _("Leave out")}
_PLAUSIBILITY_ANSWERS = {ACCEPT: _("It is correct"), SKIP: _("Leave out")}
QUESTIONS: dict[str, QuestionKind] = {
    "number": QuestionKind(
        _("Another staff number"),
        _(
            "The name and address match but the staff number is different, for example after a change of payroll system."
        ),
        {SAME: _("Take the new number"), OTHER: _("Someone else"), SKIP: _("Leave out")},
    ),
    "zeros": QuestionKind(
        _("A staff number that a spreadsheet may have changed"),
        _("A spreadsheet removes zeros and changes long numbers. These may be people who are already here."),
        _IDENTITY_ANSWERS,
    ),
    "address": QuestionKind(
        _("A name that is already here with another address"),
        _("If it is the same person, their address changes and they keep their record."),
        _IDENTITY_ANSWERS,
    ),
    "name": QuestionKind(
        _("An address or staff number that is already here with another name"),
        _("It may be a new name, or several people may share an address or number."),
        _IDENTITY_ANSWERS,
    ),
    "twin": QuestionKind(
        _("A second entry with the same name"),
        _(
            "Check that these are different people. If they are not, leave the row out and correct the entry that is here."
        ),
        _PLAUSIBILITY_ANSWERS,
    ),
    SPELLING: QuestionKind(
        _("Names in capitals, without capitals, or with the last name first"),
        _(
            "Certificates show a name as it is stored here. To keep some names as they are written, decide about those rows "
            "below first."
        ),
        {CORRECT: _("Correct the name"), ACCEPT: _("Keep as written"), SKIP: _("Leave out")},
    ),
    "letters": QuestionKind(
        _("Letters that look wrong"),
        _("If they are, leave these rows out, save the list as “CSV UTF-8”, and upload it again."),
        _PLAUSIBILITY_ANSWERS,
    ),
    "alike": QuestionKind(
        _("Characters that look like others"),
        _("Searching by name would not find these people."),
        _PLAUSIBILITY_ANSWERS,
    ),
    "address-doubt": QuestionKind(
        _("E-mail addresses to check"),
        _("Invitations go to these addresses. Anyone who can read mail there could sign in as this person."),
        _PLAUSIBILITY_ANSWERS,
    ),
    "team": QuestionKind(
        _("New teams with nearly the name of another team"),
        _("If it is the same team, leave these rows out, write its name as it is here, and upload the list again."),
        _PLAUSIBILITY_ANSWERS,
    ),
    "no-letter": QuestionKind(_("Names without a letter"), _("Is it the right column?"), _PLAUSIBILITY_ANSWERS),
    "one-word": QuestionKind(_("Names of one word"), _("Is the last name in another column?"), _PLAUSIBILITY_ANSWERS),
    "capitals": QuestionKind(
        _("Names in capitals, or without capitals"),
        _("Certificates show a name as it is written in the list."),
        _PLAUSIBILITY_ANSWERS,
    ),
    "sign": QuestionKind(
        _("Names with a note or a symbol"),
        _("Certificates show a name as it is written in the list."),
        _PLAUSIBILITY_ANSWERS,
    ),
    "repeated": QuestionKind(
        _("Names that repeat something"),
        _("Is the full name in the last name column?"),
        _PLAUSIBILITY_ANSWERS,
    ),
    "order": QuestionKind(
        _("Names in another order"),
        _("Are the first and last names swapped?"),
        _PLAUSIBILITY_ANSWERS,
    ),
    "changed-number": QuestionKind(
        _("Staff numbers that a spreadsheet has changed"),
        _(
            "If it has, leave these rows out, format the column as text, type the numbers again, and upload the list again."
        ),
        _PLAUSIBILITY_ANSWERS,
    ),
    "comma": QuestionKind(
        _("Names with a comma"), _("Certificates show “Surname, Forename” as it is written."), _PLAUSIBILITY_ANSWERS
    ),
    "digit": QuestionKind(_("Names with a digit inside a word"), _("Is it an O or an l?"), _PLAUSIBILITY_ANSWERS),
}


def question_key(line: int, kind: str, person: int | None) -> str:
    """The key under which a decision is stored: it applies to this row, this question and this person only."""
    return f"{line}:{kind}:{person or ''}"


# The key of the decision about all names of a list that can be corrected. It is made for later lists of the same columns too.
_ALL_SPELLINGS = question_key(0, SPELLING, None)


def general_decisions(question: str, answer: str) -> dict[str, str]:
    """What an answer decides beyond the rows of today: how names are corrected, if it is about all of them."""
    return {_ALL_SPELLINGS: answer} if question == SPELLING and answer in (CORRECT, ACCEPT) else {}


def remembered_decisions(decisions: Mapping[str, str]) -> dict[str, str]:
    """Of the decisions about a list those that count for the next one with the same columns."""
    return {key: answer for key, answer in decisions.items() if key == _ALL_SPELLINGS}


def spelling_answer(decisions: Mapping[str, str]) -> str | None:
    """What was decided about all names of a list that can be corrected; None if nothing was."""
    return decisions.get(_ALL_SPELLINGS)
