"""Parsing the two blocks of a lesson page that ask something: the judgement that opens it, and its question.

::: judge ask="Has this contact harmed Noah?"        ::: question id=noah point=harms-of-secret-contact
The case.                                            The stem.

- **Yes** The reply.                                 - [ ] **An option.** Its reason.
- **No** The reply.                                  - [x] **An option.** Its reason.
:::                                                  :::
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from course.content.figures import Report
from course.content.rendering import link_targets
from course.content.yaml_source import RawBlock

ASK_KINDS = ("judge", "question")
CASE_WORDS = (15, 55)
JUDGE_ANSWERS = (2, 3)
LABEL_WORDS = 8
REPLY_WORDS = 35
QUESTION_OPTIONS = 3
REASON_WORDS = 30
_ENTRY = re.compile(r"^- (?:\[(?P<mark>[^\]]*)\]\s*)?(?P<text>.*)$")
_BOLD = re.compile(r"^\*\*(?P<bold>.+?)\*\*\s*(?P<rest>.*)$", re.DOTALL)


@dataclass(frozen=True)
class AskedEntry:
    """A line of the list in a block that asks: its bold words, what follows them, whether it is marked as right (None: it has
    no box), and its line in the block, from 1."""

    bold: str
    rest: str
    is_right: bool | None
    line: int


@dataclass(frozen=True)
class AskedBlock:
    """A block that asks: `text` is the case or the stem, `ask` the question of a judgement, empty elsewhere."""

    kind: str
    text: str
    ask: str
    entries: tuple[AskedEntry, ...]

    @property
    def path_words(self) -> int:
        """The words that everybody reads, and of the replies or reasons one: the longest reply, or the right reason."""
        rests = [_count(entry.rest) for entry in self.entries if self.kind == "judge" or entry.is_right]
        shown = (self.text, self.ask, *(entry.bold for entry in self.entries))
        return sum(map(_count, shown)) + max(rests, default=0)

    def fields(self, attributes: dict[str, str]) -> dict[str, Any]:
        """The fields `judge` or `question` of a block, as their models take them."""
        if self.kind == "judge":
            answers = [{"label": entry.bold, "reply": entry.rest} for entry in self.entries]
            return {"judge": {"ask": self.ask, "answers": answers}}
        options = [{"text": e.bold, "reason": e.rest, "correct": bool(e.is_right)} for e in self.entries]
        asked = {"id": attributes.get("id"), "points": [attributes.get("point")]}
        return {"question": {**asked, "stem": self.text, "options": options}}

    def text_fields(self) -> dict[str, Any]:
        """The texts of these fields, as a translation gives them."""
        if self.kind == "judge":
            return self.fields({})
        options = [{"text": entry.bold, "reason": entry.rest} for entry in self.entries]
        return {"question": {"stem": self.text, "options": options}}


def read_asked(block: RawBlock, report: Report, *, is_translation: bool = False) -> AskedBlock | None:
    """Parse a block that asks; None, with each mistake reported, if it has one. The words of a translation are not counted:
    other languages need more of them."""
    mistakes: list[str] = []

    def refuse(message: str, line: int = 0) -> None:
        mistakes.append(message)
        report(message, line)

    text, rows = _split(block.text)
    if not text:
        refuse("the judgement has no case: tell it before the answers" if block.kind == "judge" else "it asks nothing")
    if not block.attributes.get("ask", "").strip() and block.kind == "judge":
        refuse("a block 'judge' needs 'ask='")
    for _, line in link_targets(block.text):
        refuse(f"a block '{block.kind}' has no links; put the link into the text below", line + 1)
    entries = [entry for row, line in rows if (entry := _entry(block.kind, row, line, refuse))]
    if not mistakes:
        _check_entries(block.kind, entries, refuse)
    if not mistakes and not is_translation:
        _check_lengths(block.kind, text, entries, refuse)
    return None if mistakes else AskedBlock(block.kind, text, block.attributes.get("ask", "").strip(), tuple(entries))


def _split(text: str) -> tuple[str, list[tuple[str, int]]]:
    """The text before the list, and the entries of the list with their lines. A long entry goes on in the next line."""
    before: list[str] = []
    rows: list[tuple[str, int]] = []
    for number, row in enumerate(text.splitlines(), 1):
        if row.startswith("- "):
            rows.append((row, number))
        elif rows:
            rows[-1] = (f"{rows[-1][0]} {row.strip()}".rstrip(), rows[-1][1])
        else:
            before.append(row)
    return "\n".join(before).strip(), rows


def _entry(kind: str, row: str, line: int, refuse: Report) -> AskedEntry | None:
    found = _ENTRY.match(row)
    bold = _BOLD.match(found["text"].strip()) if found else None
    if found is None or bold is None or not bold["rest"].strip():
        written = "- **A few words** What there is to say." if kind == "judge" else "- [ ] **The option.** Its reason."
        refuse(f"each answer is written as '{written}'", line)
        return None
    mark = found["mark"]
    if (mark is not None) != (kind == "question") or (mark or "").strip() not in ("", "x"):
        refuse(
            "an option of a question begins with '- [ ]', the right one with '- [x]'; no other answer has a box", line
        )
        return None
    return AskedEntry(bold["bold"].strip(), bold["rest"].strip(), None if mark is None else mark.strip() == "x", line)


def _check_entries(kind: str, entries: list[AskedEntry], refuse: Report) -> None:
    """Too few answers, too many or two that are the same; and a question without its one right option."""
    if kind == "judge" and not JUDGE_ANSWERS[0] <= len(entries) <= JUDGE_ANSWERS[1]:
        refuse(f"a judgement has two or three answers; here are {len(entries)}")
    if kind == "question" and len(entries) != QUESTION_OPTIONS:
        refuse(f"the question of a page has {QUESTION_OPTIONS} options; here are {len(entries)}")
    right = sum(bool(entry.is_right) for entry in entries)
    if kind == "question" and right != 1:
        refuse(f"exactly one option is right, and has '[x]'; here {right} are")
    if len({entry.bold for entry in entries}) < len(entries):
        refuse("two answers have the same words")


def _check_lengths(kind: str, text: str, entries: list[AskedEntry], refuse: Report) -> None:
    fewest, most = CASE_WORDS
    if kind == "judge" and not fewest <= _count(text) <= most:
        refuse(f"the case has {_count(text)} words; {fewest} to {most} are expected")
    most, name = (REPLY_WORDS, "reply") if kind == "judge" else (REASON_WORDS, "reason")
    for entry in entries:
        if kind == "judge" and _count(entry.bold) > LABEL_WORDS:
            refuse(f"the words on a button are at most {LABEL_WORDS}; here are {_count(entry.bold)}", entry.line)
        if _count(entry.rest) > most:
            refuse(f"a {name} has at most {most} words; this one has {_count(entry.rest)}", entry.line)


def _count(text: str) -> int:
    return len(text.split())
