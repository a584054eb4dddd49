"""What has changed for somebody since they completed the course, and until when they are to learn of it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from course.content.changes import MarkedChange
from course.content.schema import Block, Page


@dataclass(frozen=True)
class ChangeBasis:
    """What somebody's knowledge rests on: when they began what they completed last (None if it was not here), the
    day of an imported certificate (None if there is none), and when they last dealt with each marked change."""

    begun_at: datetime | None
    imported_on: date | None
    handled_changes: frozenset[tuple[str, str]] = frozenset()


def open_changes(
    changes: Iterable[MarkedChange], shown: dict[tuple[str, str], datetime], basis: ChangeBasis
) -> tuple[MarkedChange, ...]:
    """The marked changes that are new to somebody: taught here since they began what they completed last, or dated
    after their certificate from elsewhere, and not dealt with since. Nothing for who has completed nothing."""
    found = []
    for one in changes:
        if one.key in basis.handled_changes or one.key not in shown:
            continue
        if basis.begun_at is not None:
            if shown[one.key] > basis.begun_at:
                found.append(one)
        elif basis.imported_on is not None and one.change.date > basis.imported_on:
            found.append(one)
    return tuple(found)


@dataclass(frozen=True)
class Update:
    """Changes that somebody is to learn of before their next refresher: the last day for it, included, is the
    earliest of theirs."""

    changes: tuple[MarkedChange, ...]
    due: date

    @property
    def points(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(point for one in self.changes for point in one.points))


def required_update(changes: Sequence[MarkedChange], shown: dict[tuple[str, str], date]) -> Update | None:
    """The update that these open changes ask for; `shown` has the day on which each was first taught here."""
    urgent = tuple(one for one in changes if one.change.update_days is not None)
    if not urgent:
        return None
    return Update(urgent, min(shown[one.key] + timedelta(days=one.change.update_days or 0) for one in urgent))


# A mail when the update opens, another so many days before its last day, and one each week after it.
DUE_SOON = timedelta(days=7)


def update_mail_step(found: Update, on: date) -> str:
    """Which mail about an update is due on a day: opened, soon, or how many weeks it is late. Each is sent once."""
    if on > found.due:
        return f"late-{((on - found.due).days - 1) // 7}"
    return "soon" if on >= found.due - DUE_SOON else "opened"


@dataclass(frozen=True)
class PageDiffRow:
    """One line of two versions side by side: the same block in both, one that was replaced, or one that is only in
    one of them (the other is None)."""

    before: Block | None
    after: Block | None

    @property
    def is_unchanged(self) -> bool:
        return self.before is not None and self.after is not None and self.before.html == self.after.html


def page_diff(before: Page, after: Page) -> tuple[PageDiffRow, ...]:
    """The blocks of two versions of a page, those that correspond in one row. Prompts for a private note are left
    out: they are no instruction."""
    old, new = (tuple(b for b in page.blocks if b.kind != "reflect") for page in (before, after))
    matcher = difflib.SequenceMatcher(
        None, [_visible_content(b) for b in old], [_visible_content(b) for b in new], autojunk=False
    )
    rows: list[PageDiffRow] = []
    for what, a, b, c, d in matcher.get_opcodes():
        if what == "equal":
            rows += [PageDiffRow(*pair) for pair in zip(old[a:b], new[c:d], strict=True)]
            continue
        size = max(b - a, d - c)
        left = [*old[a:b], *[None] * (size - (b - a))]
        right = [*new[c:d], *[None] * (size - (d - c))]
        rows += [PageDiffRow(*pair) for pair in zip(left, right, strict=True)]
    return tuple(rows)


def _visible_content(block: Block) -> tuple[str, str, str]:
    """What a reader sees of a block. Sources that were checked again do not make it another one."""
    return block.kind, block.html, block.svg or ""
