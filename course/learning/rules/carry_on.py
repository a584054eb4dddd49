"""What a learner does next: the one thing to which "Carry on" leads, and how much of it fits into five minutes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from course.content.library import SECONDS_PER_DECISION, SECONDS_PER_QUESTION
from course.learning.rules.progress import CHECK, CourseProgress, ModuleProgress, ProgressFacts, StepProgress

SHORT_BREAK_MINUTES = 5.0
# Kinds of open parts.
RUN, TIMELINE, FINAL, BOOSTER = "run", "timeline", "final", "booster"
# What the next thing can be besides the kinds of steps: a module whose content note comes first.
MODULE = "module"
_QUOTE = re.compile("“[^“”]{4,60}”")
_SENTENCE_END = re.compile(r"(?<=[.!?…])[”’]?\s+(?=[“‘A-Z0-9])")


@dataclass(frozen=True)
class OpenPart:
    """A scenario run or an attempt that was begun and is not finished.

    `kind` is run, check, timeline, final or booster; `ref` is module/step, a module, or another name. `done` counts the
    decisions or answers so far, `total` the questions (0 for a run). `active_at` is the moment of the newest decision or
    answer, or else of the opening.
    """

    kind: str
    id: int
    ref: str
    done: int
    total: int
    active_at: datetime


@dataclass(frozen=True)
class NextThing:
    """The next thing in a module: `kind` is module (its own page, before anything in it is begun), page, scenario, timeline
    or check. `open` is the run or attempt that is under way; None if it has to be begun, or is a page."""

    kind: str
    module: ModuleProgress
    step: StepProgress
    open: OpenPart | None = None


@dataclass(frozen=True)
class NextFinal:
    """The final assessment is next; `open` is the attempt that is under way, if there is one."""

    open: OpenPart | None = None


def open_step(progress: ModuleProgress, part: OpenPart) -> StepProgress | None:
    """The open step of this module to which an open part belongs; None if it belongs to none, or the step is done."""
    module, _, name = part.ref.partition("/")
    if module != progress.module.id or part.kind in (FINAL, BOOSTER):
        return None
    if part.kind == CHECK:
        name = CHECK
    elif part.kind == RUN:
        name = next((step.id for step in progress.module.steps if name in (step.id, *step.others)), name)
    return next((step for step in progress.steps if step.id == name and not step.done), None)


def next_in_module(
    progress: ModuleProgress, facts: ProgressFacts, parts: Iterable[OpenPart], note_first: bool = False
) -> NextThing | None:
    """The next thing in a module; None if the module is done.

    It is what the learner touched last, if that is under way; else the next step in order. With `note_first` a module
    that is not begun and has a content note begins with its own page, which shows the note.
    """
    if progress.done or progress.next is None:
        return None
    under_way = [(part, step) for part in parts if (step := open_step(progress, part)) is not None]
    under_way.sort(key=lambda pair: pair[0].active_at)
    touched = facts.touched.get(progress.module.id)
    if under_way and (touched is None or under_way[-1][0].active_at >= touched):
        part, step = under_way[-1]
        return NextThing(step.kind, progress, step, part)
    if note_first and not progress.started and not under_way and progress.module.content_note:
        return NextThing(MODULE, progress, progress.next)
    step = progress.next
    part_of_step = next((part for part, its_step in reversed(under_way) if its_step.id == step.id), None)
    return NextThing(step.kind, progress, step, part_of_step)


def next_in_course(
    progress: CourseProgress, facts: ProgressFacts, parts: Sequence[OpenPart]
) -> NextThing | NextFinal | None:
    """The next thing in the course; None if the course is complete. Once all modules are done it is the final
    assessment."""
    if progress.completed_at is not None:
        return None
    current = _current_module(progress, facts, parts)
    if current is not None:
        return next_in_module(current, facts, parts, note_first=True)
    finals = [part for part in parts if part.kind == FINAL]
    return NextFinal(max(finals, key=lambda part: part.active_at, default=None))


def _current_module(progress: CourseProgress, facts: ProgressFacts, parts: Sequence[OpenPart]) -> ModuleProgress | None:
    """The module with the newest activity, decisions and answers included, if it is not done; else that of `progress`."""
    moments: dict[str, datetime] = dict(facts.touched)
    for part in parts:
        module = part.ref.partition("/")[0]
        if module not in moments or part.active_at > moments[module]:
            moments[module] = part.active_at
    known = [module for module in progress.modules if module.module.id in moments]
    newest = max(known, key=lambda module: moments[module.module.id], default=None)
    return newest if newest is not None and not newest.done else progress.current


def newest_booster(parts: Iterable[OpenPart], since: datetime) -> OpenPart | None:
    """The newest booster of which a question was answered, and which was active since that moment; None if there is
    none. A booster that was only mailed asks for nothing."""
    begun = [part for part in parts if part.kind == BOOSTER and part.done and part.active_at >= since]
    return max(begun, key=lambda part: part.active_at, default=None)


@dataclass(frozen=True)
class Piece:
    """A piece of work that is not interrupted: `kind` is page, decision, timeline or question."""

    kind: str
    minutes: float


def pieces_ahead(
    thing: NextThing, minutes: Mapping[tuple[str, str], float], decisions: int, check_questions: int
) -> tuple[Piece, ...]:
    """The pieces that are left in the module of `thing`, in the order in which they come.

    `minutes` are those of each step by (module, step), `decisions` is how many are left in the run that is under way,
    `check_questions` how many questions a new check of this module asks.
    """
    steps = [thing.step, *(step for step in thing.module.steps if not step.done and step != thing.step)]
    pieces: list[Piece] = []
    for step in steps:
        part = thing.open if step == thing.step else None
        whole = minutes.get((step.module_id, step.id), 0.0)
        if step.kind == CHECK:
            count = part.total - part.done if part else check_questions
            pieces += [Piece("question", SECONDS_PER_QUESTION / 60)] * count
        elif step.kind == "scenario":
            count = decisions if part else round(whole * 60 / SECONDS_PER_DECISION)
            pieces += [Piece("decision", SECONDS_PER_DECISION / 60)] * count
        else:
            pieces.append(Piece(step.kind, whole))
    return tuple(pieces)


def short_portion(pieces: Sequence[Piece], minutes: float = SHORT_BREAK_MINUTES) -> tuple[Piece, ...]:
    """The first pieces that fit into so many minutes, in order; the first piece always."""
    portion: list[Piece] = []
    used = 0.0
    for piece in pieces:
        used += piece.minutes
        if portion and used > minutes:
            break
        portion.append(piece)
    return tuple(portion)


def portions(pieces: Sequence[Piece], minutes: float = SHORT_BREAK_MINUTES) -> int:
    """Into how many portions of so many minutes the pieces fall."""
    count, rest = 0, tuple(pieces)
    while rest:
        rest = rest[len(short_portion(rest, minutes)) :]
        count += 1
    return count


def piece_counts(pieces: Iterable[Piece]) -> dict[str, int]:
    """How many pieces there are of each kind, in the order in which the kinds first come."""
    counts: dict[str, int] = {}
    for piece in pieces:
        counts[piece.kind] = counts.get(piece.kind, 0) + 1
    return counts


@dataclass(frozen=True)
class OpeningLine:
    """What stands for a scene on another page: a short `line`, and a sentence `text` beside it (empty: none)."""

    line: str
    text: str = ""


def opening_line(text: str, longest: int = 90) -> OpeningLine | None:
    """The words that somebody says in a plain text, with the first sentence beside them; else the first sentence, if it
    has at most `longest` characters. None if neither is there."""
    text = " ".join(text.split())
    if not text:
        return None
    first = _SENTENCE_END.split(text, maxsplit=1)[0]
    quote = _QUOTE.search(text)
    if quote is None:
        return OpeningLine(first) if len(first) <= longest else None
    beside = first if quote.group() not in first and "“" not in first and len(first) <= 2 * longest else ""
    return OpeningLine(re.sub("[,.;:]”$", "”", quote.group()) if quote.group()[-2] in ",;:" else quote.group(), beside)
