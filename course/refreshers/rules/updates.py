"""Which marked changes are new to a person since they completed the course, and the due date of the update about them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from course.content.changes import MarkedChange
from course.content.schema import Block, Page
from course.recertification.rules.facts import IMPORTED, CompletionFact


@dataclass(frozen=True)
class ChangeBasis:
    """What a person's knowledge of the course rests on: when they began what they completed last (None if they
    completed nothing here), the day of an imported certificate (None if there is none), the marked changes that they have
    handled since, and those of pages that they read as they were before the change, whenever that was."""

    begun_at: datetime | None
    imported_on: date | None
    handled_changes: frozenset[tuple[str, str]] = frozenset()
    missed_changes: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True)
class PageReading:
    """That a page was read: in which version, and when."""

    version: str
    at: datetime


def is_read_as_before(reading: PageReading, taught: datetime, first_shown: Mapping[str, datetime]) -> bool:
    """Whether a page was read as it was before a change that was first taught at that moment: from a window or a device that had
    it from before, or while the change was taken back. `first_shown` says when each version of the page was first shown. A page
    that was only marked, and not reworded, is the same before and after."""
    shown = first_shown.get(reading.version)
    newest = max((at for at in first_shown.values() if at <= taught), default=None)
    return shown is not None and newest is not None and shown < newest


def brought_on(completions: Iterable[CompletionFact]) -> date | None:
    """The day of the newest certificate from elsewhere that was not withdrawn; None if there is none. Of each certificate the
    fact that was recorded last says whether it was."""
    newest = {(one.day, one.valid_until): one for one in completions if one.kind == IMPORTED}
    return max((one.day for one in newest.values() if one.revoked is None), default=None)


def open_changes(
    changes: Iterable[MarkedChange], shown: dict[tuple[str, str], datetime], basis: ChangeBasis
) -> tuple[MarkedChange, ...]:
    """The marked changes that are new to a person: first taught here since they began what they completed last, missed since,
    or dated after their imported certificate, and not handled since. Empty for a person who has completed nothing."""
    new_changes = []
    for marked in changes:
        if marked.key in basis.handled_changes or marked.key not in shown:
            continue
        if basis.begun_at is not None:
            if shown[marked.key] > basis.begun_at or marked.key in basis.missed_changes:
                new_changes.append(marked)
        elif basis.imported_on is not None and marked.change.date > basis.imported_on:
            new_changes.append(marked)
    return tuple(new_changes)


@dataclass(frozen=True)
class Update:
    """The changes that a person has to learn before their next refresher. The due date of the update, the last day in
    time, is the earliest due date of its changes."""

    changes: tuple[MarkedChange, ...]
    due: date

    @property
    def points(self) -> tuple[str, ...]:
        """The learning points of the changes, without repetition."""
        return tuple(dict.fromkeys(point for one in self.changes for point in one.points))

    @property
    def question_count(self) -> int:
        """How many questions it asks: one on each point, and each changed question."""
        questions = [one for one in self.changes if one.kind == "question"]
        open_points, more = set(self.points), 0
        for one in sorted(questions, key=lambda one: len(one.points)):
            point = next((point for point in one.points if point in open_points), None)
            open_points.discard(point or "")
            more += point is None
        return len(self.points) + more


def required_update(changes: Sequence[MarkedChange], asked_from: dict[tuple[str, str], date]) -> Update | None:
    """The update that these open changes require; None if none of them is urgent. `asked_from` has the day from which each
    change is asked of the person: on which it was first taught here, or on which they were certified after that."""
    urgent_changes = tuple(one for one in changes if one.change.update_days is not None)
    if not urgent_changes:
        return None
    return Update(
        urgent_changes,
        min(asked_from[one.key] + timedelta(days=one.change.update_days or 0) for one in urgent_changes),
    )


# One mail when the update opens, another so many days before its due date, and one each week after it.
DUE_SOON = timedelta(days=7)


def update_mail_step(update: Update, on: date) -> str:
    """The mail about an update that is due on a day: opened, soon, or late with the number of weeks. Each step is sent
    once."""
    if on > update.due:
        return f"late-{((on - update.due).days - 1) // 7}"
    return "soon" if on >= update.due - DUE_SOON else "opened"


@dataclass(frozen=True)
class PageDiffRow:
    """One row of a comparison of two page versions: the same block in both, a replaced block, or a block that is only
    in one of them (the other is None)."""

    before: Block | None
    after: Block | None
    is_unchanged: bool = False


def page_diff(before: Page, after: Page) -> tuple[PageDiffRow, ...]:
    """The blocks of two versions of a page, with corresponding blocks in one row. Prompts for a private note and the question
    are left out, because they are not instruction. The English texts are compared: that a translation has come since, or is out
    of date, changes nothing."""
    (old_texts, old), (new_texts, new) = _instruction(before), _instruction(after)
    matcher = difflib.SequenceMatcher(None, old_texts, new_texts, autojunk=False)
    rows: list[PageDiffRow] = []
    for operation, old_start, old_end, new_start, new_end in matcher.get_opcodes():
        if operation == "equal":
            pairs = zip(old[old_start:old_end], new[new_start:new_end], strict=True)
            rows += [PageDiffRow(*pair, is_unchanged=True) for pair in pairs]
            continue
        size = max(old_end - old_start, new_end - new_start)
        left = [*old[old_start:old_end], *[None] * (size - (old_end - old_start))]
        right = [*new[new_start:new_end], *[None] * (size - (new_end - new_start))]
        rows += [PageDiffRow(*pair) for pair in zip(left, right, strict=True)]
    return tuple(rows)


def _instruction(page: Page) -> tuple[list[tuple[str, ...]], list[Block]]:
    """What is compared of each block, and the blocks as they are shown."""
    pairs = zip(page.original.blocks, page.blocks, strict=True)  # a translation has the blocks of its original
    kept = [(one, shown) for one, shown in pairs if one.kind not in ("reflect", "question")]
    return [_visible_content(one) for one, _shown in kept], [shown for _one, shown in kept]


def _visible_content(block: Block) -> tuple[str, ...]:
    """The part of a block that a reader sees. A newer check of its sources does not make it a different block."""
    judge = block.judge.model_dump_json() if block.judge else ""
    return block.kind, block.html, block.svg or "", judge, block.question.version if block.question else ""
