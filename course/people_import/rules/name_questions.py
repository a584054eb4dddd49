"""The question about a name whose correction is offered, and what its answer makes of the name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from course.people_import.rules.matching import ImportQuestion
from course.people_import.rules.name_correction import corrected_name
from course.people_import.rules.questions import ACCEPT, CORRECT, SPELLING, question_key, spelling_answer
from course.translation import lazy_gettext as _

_COVERED = frozenset({"capitals", "comma"})  # the kinds of question that this one stands for


@dataclass(frozen=True)
class NameSpelling:
    """The name of a row after the decision about its correction. Without a decision the name is as written and `question`
    asks for one; `is_kept` says that a name stays as it is written although a correction was offered."""

    name: str = ""
    notes: tuple[str, ...] = ()
    question: ImportQuestion | None = None
    is_kept: bool = False

    def first_asked(self, others: Sequence[ImportQuestion]) -> list[ImportQuestion]:
        """The questions about a row: this one first, and of the others those that it does not answer."""
        if self.question is None and not self.is_kept:
            return list(others)
        rest = [one for one in others if one.kind not in _COVERED]
        return [self.question, *rest] if self.question else rest


def settle_spelling(name: str, line: int, decisions: Mapping[str, str]) -> NameSpelling:
    """The name of the row at `line` after the decisions, of which one about that row counts before one about the list."""
    corrected = corrected_name(name)
    if corrected is None:
        return NameSpelling(name)
    answer = decisions.get(question_key(line, SPELLING, None)) or spelling_answer(decisions)
    if answer == CORRECT:
        words = _("The name in the list, “%(name)s”, is corrected to “%(corrected)s”.", name=name, corrected=corrected)
        return NameSpelling(corrected, (words,))
    if answer == ACCEPT:
        return NameSpelling(name, is_kept=True)
    words = _("“%(name)s” would be corrected to “%(corrected)s”.", name=name, corrected=corrected)
    return NameSpelling(name, question=ImportQuestion(SPELLING, words))
