"""The whole printed edition of a module: what it is made of, in the order in which it is read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import count

from course.content.library import Library
from course.content.rendering import capitalised
from course.content.schema import NATIONS, SETTINGS, Module, Question, Scenario
from course.content.supplements import HelpRoute
from course.dates import format_date
from course.printed_modules.rules.moments import timeline_code
from course.printed_modules.rules.nodes import (
    Block,
    Blocks,
    Runs,
    bold,
    bullets,
    cell,
    heading,
    inline,
    label_run,
    page_break,
    paragraph,
    reference,
    table,
    ticks,
)
from course.printed_modules.rules.page_part import HELP_KEY, judgement_blocks, page_blocks
from course.printed_modules.rules.question_part import NumberedQuestion, answer_blocks, question_blocks
from course.printed_modules.rules.sections import sections_code
from course.printed_modules.rules.story_part import debrief_blocks, story_blocks
from course.translation import current_language
from course.translation import gettext as _

ANSWERS_KEY = "answers"
SHEET_KEY = "attendance"
EMPTY_ROWS = 12  # on the attendance sheet of an edition that is for no session


@dataclass(frozen=True)
class PrintedContact:
    """Somebody to tell: what they are, their name, telephone number and address. Empty texts are not known."""

    label: str
    name: str = ""
    phone: str = ""
    email: str = ""


@dataclass(frozen=True)
class PrintedPlace:
    """A place with contacts of its own. `name` is empty where there is one place only."""

    name: str
    contacts: tuple[PrintedContact, ...]


@dataclass(frozen=True)
class AttendanceSheet:
    """The supervised session in which the edition is read: its number, day, place, and the names of who is expected."""

    session_id: int
    held_on: date
    place: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class EditionOptions:
    """What a printed edition is for. `with_bank`: also the questions from which checks and the assessment are drawn."""

    organisation: str
    printed_on: date
    places: tuple[PrintedPlace, ...] = ()
    attendance: AttendanceSheet | None = None
    with_bank: bool = False


def numbered_questions(module: Module, *, with_bank: bool) -> list[NumberedQuestion]:
    """The questions of the edition with their numbers, in the order in which they are printed: those of the pages and the
    timelines in the order of the steps, then those of the bank."""
    found: list[Question] = []
    for step in module.steps:
        if step.kind == "page":
            found += module.pages[step.id].questions
        elif step.kind == "timeline":
            found.append(module.timelines[step.id])
    if with_bank:
        found += module.questions
    return [NumberedQuestion(number, question) for number, question in zip(count(1), found, strict=False)]


def edition_blocks(library: Library, module: Module, options: EditionOptions) -> Blocks:
    """The edition of a module. `library` is the course in one pathway, nation and language, `module` one of its modules."""
    questions = numbered_questions(module, with_bank=options.with_bank)
    return [
        *_title(library, module, options),
        {"t": "contents", "label": _("Contents")},
        *_steps(module, {one.question.id: one for one in questions}),
        *(_bank(module, questions) if options.with_bank else ()),
        *_answers(module, questions),
        *worried_blocks(library, options.places),
        *_attendance(module, options),
    ]


def _title(library: Library, module: Module, options: EditionOptions) -> Iterator[Block]:
    yield paragraph(options.organisation, kind="label")
    yield heading(1, label_run(module.title))
    yield paragraph(*inline(module.summary), kind="lede")
    rows: list[tuple[str, Runs]] = [(_("Course"), [label_run(library.course.title)])]
    if library.pathway:
        rows.append((_("Pathway"), [str(SETTINGS[library.pathway])]))
    if library.nation:
        rows.append((_("Nation"), [str(NATIONS[library.nation])]))
    edition = _("%(edition)s, version %(version)s", edition=library.course.edition, version=library.version[:12])
    rows += [(_("Edition"), [edition]), (_("Printed on"), [format_date(options.printed_on)])]
    yield table([], [[[bold(name)], value] for name, value in rows], kind="facts", widths=["auto", "1fr"])
    if module.content_note:
        yield paragraph(bold(_("Before you begin.")), " ", *inline(module.content_note))
    worried = _("Are you worried about a child? Turn to the page “Worried about a child?” at any time.")
    yield paragraph(reference(HELP_KEY, bold(worried)))
    yield paragraph(_("Content changes. Use this edition soon after the day on which it was printed."), kind="small")
    yield paragraph(*inline(library.course.notice), kind="small")


def _steps(module: Module, numbered: dict[str, NumberedQuestion]) -> Iterator[Block]:
    yield page_break()
    for step in module.steps:
        if step.kind == "page":
            yield from page_blocks(module.pages[step.id], numbered)
        elif step.kind == "timeline":
            yield from _timeline(numbered[step.id])
        else:
            yield from story_blocks(module.scenarios[step.id])


def _timeline(one: NumberedQuestion) -> Iterator[Block]:
    yield heading(
        2, _("Timeline:") + " ", label_run(one.question.title or ""), key=f"timeline-{one.question.id}", listed=True
    )
    yield from question_blocks(one, level=3)
    yield paragraph(
        _("Mark the moments by yourself, before you read the answers at the back, and write down their numbers.")
    )
    yield paragraph(bold(_("My moments:")), " " + "_" * 34)
    yield paragraph(_("Code of this timeline: %(code)s", code=timeline_code(one.question)), kind="small")


def _bank(module: Module, questions: Iterable[NumberedQuestion]) -> Iterator[Block]:
    own = {question.id for question in module.questions}
    yield page_break()
    yield heading(2, _("Questions to practise"), listed=True)
    for one in questions:
        if one.question.id in own:
            yield from question_blocks(one, level=3)


def _answers(module: Module, questions: Iterable[NumberedQuestion]) -> Iterator[Block]:
    yield page_break()
    yield heading(2, _("Answers and debrief"), key=ANSWERS_KEY, listed=True)
    yield paragraph(
        _("Read this part only when you have answered the questions and reached the end of the story."), kind="lede"
    )
    for step in module.steps:
        if step.kind == "page":
            yield from judgement_blocks(module.pages[step.id])
    for one in questions:
        yield from answer_blocks(one)
    for step in module.steps:
        if step.kind == "scenario":
            yield from debrief_blocks(module.scenarios[step.id])
    if module.can_do:
        yield heading(3, _("What you can do now"))
        yield paragraph(*inline(module.can_do))
    if module.when_then:
        yield paragraph(label_run(module.when_then), "" if str(module.when_then).endswith("…") else " …")
        yield {"t": "lines", "count": 2}


def worried_blocks(library: Library, places: Iterable[PrintedPlace]) -> Iterator[Block]:
    """The page “Worried about a child?”, to which pages and titles refer."""
    yield page_break()
    yield heading(2, _("Worried about a child?"), key=HELP_KEY, listed=True)
    yield paragraph(_("Ring now, or go in person. You need not be sure."), kind="lede")
    for place in places:
        if place.name:
            yield heading(3, place.name)
        rows: list[list[Runs]] = [
            [[bold(one.label)], [one.name or _("not filled in yet")], [one.phone or one.email or " "]]
            for one in place.contacts
        ]
        yield table([[_("Who to tell")], [_("Name")], [_("How")]], rows, widths=["1fr", "1fr", "1fr"])
    yield heading(3, _("Step by step"))
    yield bullets(
        ([paragraph(bold(label_run(step.title), "."), " ", *inline(step.text))] for step in library.help.steps),
        kind="numbered",
    )
    yield heading(3, _("Do not"))
    yield bullets([paragraph(*inline(line))] for line in library.help.never)
    yield heading(3, _("Others who can help"))
    yield bullets(
        [paragraph(*_route(route))] for route in library.help.routes if library.nation in (None, *route.nations)
    )
    yield heading(3, _("Support for you"))
    yield bullets(
        [paragraph(bold(label_run(one.name), ": ", one.phone), ". ", label_run(capitalised(one.when)))]
        for one in library.help.support_in(current_language())
    )


def _route(route: HelpRoute) -> Runs:
    phone: Runs = [": ", route.phone] if route.phone else []
    note: Runs = [" ", *inline(route.note)] if route.note else []
    address: Runs = (
        [" ", {"href": route.address, "c": [route.address.removeprefix("https://")]}] if route.address else []
    )
    return [bold(label_run(route.name), *phone), ". ", label_run(route.when), ".", *note, *address]


def _attendance(module: Module, options: EditionOptions) -> Iterator[Block]:
    sheet = options.attendance
    stories = [module.scenarios[step.id] for step in module.steps if step.kind == "scenario"]
    timelines = [module.timelines[step.id] for step in module.steps if step.kind == "timeline"]
    yield page_break()
    yield heading(2, _("Attendance sheet"), key=SHEET_KEY, listed=True)
    yield paragraph(label_run(module.title), kind="lede")
    facts: list[tuple[str, str]] = [
        (_("Supervised session"), str(sheet.session_id) if sheet else ""),
        (_("Day"), format_date(sheet.held_on) if sheet else ""),
        (_("Place"), sheet.place if sheet else ""),
    ]
    yield table(
        [], [[[bold(name)], [value or "_" * 30]] for name, value in facts], kind="facts", widths=["auto", "1fr"]
    )
    own = [*_per_story(stories), *_per_timeline(timelines)]
    heads: list[Runs] = [[_("Name")], [_("Signature")], *own]
    rows: list[list[Runs]] = [
        [[name or " "], [" "], *(cell(" ") for _column in own)]
        for name in (sheet.names if sheet else ("",) * EMPTY_ROWS)
    ]
    widths = ["1.3fr", "1fr", *("1.6fr" for _story in stories), *("1.2fr" for _timeline in timelines)]
    yield table(heads, rows, kind="signing", widths=widths)
    yield ticks([[_("We read the pages of this module together")]])
    for words in (_("Witness, full name:"), _("Signature of the witness:"), _("Entered by, and day:")):
        yield paragraph(bold(words), " " + "_" * 34)
    yield paragraph(bold(_("What counts")))
    yield bullets([paragraph(line)] for line in proof_lines())


def _per_story(stories: Iterable[Scenario]) -> list[Runs]:
    return [[_("Story %(code)s: my numbers", code=sections_code(story))] for story in stories]


def _per_timeline(timelines: Iterable[Question]) -> list[Runs]:
    return [[_("Timeline %(code)s: my moments", code=timeline_code(timeline))] for timeline in timelines]


def proof_lines() -> tuple[str, ...]:
    """What paper proves in a supervised session and what it cannot, as the sheet and the form say it."""
    return (
        _("Pages: they count for everyone who signed, if you read them together and tick the box."),
        _(
            "Story: it counts for each person who wrote down their own numbers. A story that the group decided together "
            "counts for no one."
        ),
        _(
            "Check of the module and final assessment: print question sheets for the session. They are different for each "
            "person, and the answers stay in the course."
        ),
        _("Timeline: it counts for each person who wrote down the numbers of the moments that they marked themselves."),
        _("Questions in this edition: their answers are at the back, so they prove nothing."),
        _("The witness is neither the person concerned nor the person who enters the results."),
    )
