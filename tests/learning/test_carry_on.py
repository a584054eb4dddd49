"""The one next thing: where "Carry on" leads, in every state of a course."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from course.learning.rules.carry_on import (
    NextFinal,
    NextThing,
    OpeningLine,
    OpenPart,
    Piece,
    newest_booster,
    next_in_course,
    next_in_module,
    opening_line,
    piece_counts,
    pieces_ahead,
    portions,
    short_portion,
)
from course.learning.rules.progress import ProgressFacts, module_progress, progress
from tests.support.courses import real_course

LIBRARY = real_course().for_("residential", "england")
MODULE = LIBRARY.modules["secret-contact"]
FIRST, SECOND = (step.id for step in MODULE.steps[:2])
TIMELINE = next(step.id for step in MODULE.steps if step.kind == "timeline")
STORY = MODULE.steps[-1]
NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)


def at(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


def part(kind: str, name: str = "", minutes: int = 0, number: int = 7, done: int = 2, total: int = 8) -> OpenPart:
    ref = f"secret-contact/{name}" if name else "secret-contact"
    return OpenPart(kind, number, ref, done, 0 if kind == "run" else total, at(minutes))


def facts(*pages: str, touched: int | None = None, **more: object) -> ProgressFacts:
    last = {"secret-contact": at(touched)} if touched is not None else {}
    refs = frozenset(f"secret-contact/{page}" for page in pages)
    return ProgressFacts(pages=refs, last_module="secret-contact" if last else None, touched=last, **more)  # type: ignore[arg-type]


RUN, CHECK = part("run", STORY.id), part("check")
# What was done, what is open, and the next thing: its kind, its step, and whether it resumes the open part.
IN_MODULE = [
    ("nothing yet", facts(), [], ("page", FIRST, None)),
    ("a page was read", facts(FIRST, touched=0), [], ("page", SECOND, None)),
    ("a story was begun last", facts(FIRST, touched=0), [part("run", STORY.id, 5)], ("scenario", STORY.id, 7)),
    ("a story of another pathway", facts(FIRST, touched=0), [part("run", STORY.others[0], 5)], ("scenario", STORY.id, 7)),
    ("a page was read after that", facts(FIRST, touched=9), [part("run", STORY.id, 5)], ("page", SECOND, None)),
    ("the check was taken first", facts(touched=0), [part("check", minutes=3)], ("check", "check", 7)),
    ("two tabs: the newest counts", facts(touched=0), [part("run", STORY.id, 5), part("check", minutes=6, number=8)],
     ("check", "check", 8)),
    ("the same moment", facts(touched=5), [part("timeline", TIMELINE, 5)], ("timeline", TIMELINE, 7)),
    ("of another module", facts(FIRST, touched=0), [OpenPart("check", 7, "responding", 1, 8, at(9))], ("page", SECOND, None)),
    ("practice of a done step", facts(FIRST, touched=0, timelines=frozenset({f"secret-contact/{TIMELINE}"})),
     [part("timeline", TIMELINE, 9)], ("page", SECOND, None)),
    ("only the story is left", facts(*MODULE.pages, touched=9, timelines=frozenset({f"secret-contact/{TIMELINE}"})),
     [part("run", STORY.id, 5)], ("scenario", STORY.id, 7)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("done", "parts", "expected"), [row[1:] for row in IN_MODULE], ids=[row[0] for row in IN_MODULE]
)
def test_the_next_thing_is_what_was_touched_last_or_else_the_next_step(
    done: ProgressFacts, parts: list[OpenPart], expected: tuple[str, str, int | None]
) -> None:
    found = next_in_module(module_progress(LIBRARY, MODULE, done), done, parts)
    assert isinstance(found, NextThing)
    assert (found.kind, found.step.id, found.open.id if found.open else None) == expected


def test_a_module_that_is_done_has_no_next_thing() -> None:
    done = facts(
        *MODULE.pages,
        shown=frozenset(("secret-contact", point) for point in MODULE.points),
        timelines=frozenset({f"secret-contact/{TIMELINE}"}),
        scenarios=frozenset({f"secret-contact/{STORY.id}"}),
    )
    assert next_in_module(module_progress(LIBRARY, MODULE, done), done, [CHECK, RUN]) is None


def all_modules(**more: object) -> ProgressFacts:
    steps = [(module, step) for module in LIBRARY.modules.values() for step in module.steps]
    by_kind = {kind: frozenset(f"{module.id}/{step.id}" for module, step in steps if step.kind == kind)
               for kind in ("page", "scenario", "timeline")}  # fmt: skip
    shown = frozenset((module.id, point) for module in LIBRARY.modules.values() for point in module.points)
    return ProgressFacts(by_kind["page"], by_kind["scenario"], by_kind["timeline"], shown, **more)  # type: ignore[arg-type]


def next_thing(done: ProgressFacts, parts: list[OpenPart]) -> tuple[str, str] | str | None:
    found = next_in_course(progress(LIBRARY, done), done, parts)
    if isinstance(found, NextFinal):
        return f"final {found.open.id}" if found.open else "final"
    return (found.kind, found.module.module.id) if found else None


FIRST_MODULE = next(iter(LIBRARY.modules))
IN_COURSE = [
    ("the first visit begins with the page of the module", ProgressFacts(), [], ("module", FIRST_MODULE)),
    ("a module in the middle", facts(FIRST, touched=0), [], ("page", "secret-contact")),
    ("a decision elsewhere is newer", facts(FIRST, touched=0), [OpenPart("run", 3, "responding/friday-afternoon", 1, 0, at(2))],
     ("scenario", "responding")),
    ("all modules are done", all_modules(), [], "final"),
    ("the assessment is open", all_modules(), [OpenPart("final", 9, "course", 5, 50, at(1))], "final 9"),
    ("the newest of two", all_modules(),
     [OpenPart("final", 9, "course", 5, 50, at(3)), OpenPart("final", 8, "course", 1, 50, at(1))],
     "final 9"),
    ("the course is complete", all_modules(final_passed=True, completed_at=NOON), [CHECK], None),
    ("a module that is no longer taught", ProgressFacts(last_module="gone", touched={"gone": NOON}), [], ("module", FIRST_MODULE)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("done", "parts", "expected"), [row[1:] for row in IN_COURSE], ids=[row[0] for row in IN_COURSE]
)
def test_the_course_leads_to_one_thing(done: ProgressFacts, parts: list[OpenPart], expected: object) -> None:
    assert next_thing(done, parts) == expected


def test_a_finished_module_leads_to_the_page_of_the_next_one() -> None:
    second = list(LIBRARY.modules)[1]
    done = all_modules(touched={FIRST_MODULE: NOON}, last_module=FIRST_MODULE)
    only_first = ProgressFacts(
        frozenset(ref for ref in done.pages if ref.startswith(FIRST_MODULE)),
        frozenset(ref for ref in done.scenarios if ref.startswith(FIRST_MODULE)),
        frozenset(ref for ref in done.timelines if ref.startswith(FIRST_MODULE)),
        frozenset(pair for pair in done.shown if pair[0] == FIRST_MODULE),
        last_module=FIRST_MODULE,
        touched={FIRST_MODULE: NOON},
    )
    assert next_thing(only_first, []) == ("module", second)


def test_a_booster_asks_for_something_only_once_it_is_begun() -> None:
    untouched = OpenPart("booster", 1, "course", 0, 5, at(5))
    begun = OpenPart("booster", 2, "course", 1, 5, at(3))
    assert newest_booster([untouched, begun, CHECK], at(0)) == begun
    assert newest_booster([untouched], at(0)) is None
    assert newest_booster([begun], at(4)) is None


def pieces_of(done: ProgressFacts, parts: list[OpenPart], decisions: int = 0) -> tuple[Piece, ...]:
    thing = next_in_module(module_progress(LIBRARY, MODULE, done), done, parts)
    assert thing is not None
    return pieces_ahead(thing, LIBRARY.step_minutes, decisions, LIBRARY.check_size(MODULE))


def test_what_is_left_counts_the_open_part_from_where_it_stopped() -> None:
    whole = piece_counts(pieces_of(facts(), []))
    assert list(whole) == ["page", "timeline", "decision", "question"]
    assert whole["page"] == len(MODULE.pages)
    in_story = pieces_of(facts(FIRST, touched=0), [part("run", STORY.id, 5)], decisions=3)
    assert in_story[0].kind == "decision"
    assert piece_counts(in_story)["decision"] == 3
    in_check = pieces_of(facts(touched=0), [part("check", minutes=3, done=6, total=8)])
    assert piece_counts(in_check)["question"] == 2


PORTIONS = [
    ([2.0, 2.0, 2.0], 2, 2),
    ([9.0, 1.0], 1, 2),  # a piece is not cut
    ([0.5] * 11, 10, 2),
    ([4.0, 2.0, 0.5], 1, 2),  # the order stays, even if a later piece would fit
    ([], 0, 0),
]


@pytest.mark.parametrize(("minutes", "first", "count"), PORTIONS)
def test_five_minutes_hold_whole_pieces_and_always_one(minutes: list[float], first: int, count: int) -> None:
    pieces = [Piece("page", one) for one in minutes]
    assert len(short_portion(pieces)) == first
    assert portions(pieces) == count


LINES = [
    ("She turns the phone over. “Let me just delete it.” You wait.",
     OpeningLine("“Let me just delete it.”", "She turns the phone over.")),
    ("“Nan never hurt anyone,” he signs. It is late.", OpeningLine("“Nan never hurt anyone”")),
    ("It is Friday. Nobody is in.", OpeningLine("It is Friday.")),
    ("A long sentence " + "that goes on " * 8 + "and ends. Short.", None),
    ("  ", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), LINES)
def test_a_scene_is_known_by_what_is_said_in_it_or_by_its_first_sentence(
    text: str, expected: OpeningLine | None
) -> None:
    assert opening_line(text) == expected
