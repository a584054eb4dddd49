"""A story on paper: how to read it, its numbered sections, how it ends, and its debrief."""

from __future__ import annotations

from collections.abc import Iterator

from course.content.endings import Ending, Passage
from course.content.messages import ScreenMessages
from course.content.paths import MAX_GAUGE
from course.content.schema import Choice, Scenario, Scene
from course.printed_modules.rules.ending_words import condition_clauses, condition_words
from course.printed_modules.rules.nodes import (
    Block,
    Blocks,
    Run,
    Runs,
    bold,
    box,
    bullets,
    cell,
    heading,
    inline,
    label_run,
    page_break,
    paragraph,
    prose,
    reference,
    sentence,
    table,
)
from course.printed_modules.rules.sections import EndingSection, Section, StorySections, sections_code, story_sections
from course.translation import gettext as _
from course.translation import ngettext


def section_key(scenario: Scenario, number: int) -> str:
    """The key of a section, to which the others lead."""
    return f"{scenario.id}-{number}"


def story_blocks(scenario: Scenario) -> Iterator[Block]:
    """The story up to its endings. Nothing here says which decision was better; the debrief is `debrief_blocks`."""
    sections = story_sections(scenario)
    yield page_break()
    yield heading(2, _("Story:") + " ", label_run(scenario.title), key=f"story-{scenario.id}", listed=True)
    yield from prose(scenario.intro)
    yield heading(3, _("How to read this story"))
    yield from _instructions(scenario)
    for section in sections.sections:
        yield heading(3, str(section.number), key=section_key(scenario, section.number))
        yield from _section(sections, section)
    yield page_break()
    yield heading(3, _("How the story ends"))
    yield paragraph(_("Read only the sections to which you were sent."))
    for gate in sections.gates:
        yield heading(4, str(gate.number), key=section_key(scenario, gate.number))
        yield from _gate(sections, gate)
    for ending in sections.endings:
        yield heading(4, str(ending.number), key=section_key(scenario, ending.number))
        yield from _ending(sections, ending)
    yield from _second_tries(sections)
    yield page_break()


def _instructions(scenario: Scenario) -> Iterator[Block]:
    lines = (
        _("Begin at section 1. At each decision choose for yourself, and turn to the number beside your choice."),
        _("Write down each number to which you turn, in order. Your numbers are the decisions that you took."),
        _("Do not read on from one section to the next: they are in no order."),
        _(
            "Where a section says that something goes up or down, change its mark below. It never goes above 5 or "
            "below 0."
        ),
    )
    yield bullets([paragraph(line)] for line in lines)
    marks = [str(value) for value in range(MAX_GAUGE + 1)]
    rows: list[list[Runs]] = [
        [[label_run(gauge.label)], *(cell(bold(_("start")) if mark == str(gauge.start) else " ") for mark in marks)]
        for gauge in scenario.gauges.values()
    ]
    yield table([[_("How things are")], *map(cell, marks)], rows, kind="card")
    yield paragraph(bold(_("My numbers:")), " " + "_" * 46)
    yield paragraph(_("Code of this story: %(code)s", code=sections_code(scenario)), kind="small")


def _turn_to(scenario: Scenario, number: int) -> Run:
    return reference(section_key(scenario, number), bold(_("Turn to %(number)s.", number=number).replace(" ", "\xa0")))


def _section(sections: StorySections, section: Section) -> Iterator[Block]:
    scenario = sections.scenario
    if section.choice is not None:
        yield paragraph(*inline(section.choice.consequence))
        yield from _messages(section.choice.messages)
        yield from _changes(scenario, section.choice)
    if section.scene is not None:
        yield from _scene(sections, section.scene)
    else:
        yield paragraph(_turn_to(scenario, section.turn_to))


def _changes(scenario: Scenario, choice: Choice) -> Iterator[Block]:
    """How the choice moves the gauges."""
    words: list[str] = []
    for name, change in choice.effects.items():
        label = scenario.gauges[name].label
        if change > 0:
            words.append(_("“%(gauge)s” goes up by %(number)s.", gauge=label, number=change))
        elif change < 0:
            words.append(_("“%(gauge)s” goes down by %(number)s.", gauge=label, number=-change))
    if words:
        yield paragraph(" ".join(words), kind="change")


def _scene(sections: StorySections, scene: Scene) -> Iterator[Block]:
    if scene.time:
        yield paragraph(label_run(scene.time), kind="label")
    yield from prose(scene.text)
    yield from _messages(scene.messages)
    yield paragraph(bold(label_run(scene.ask)), kind="lead")
    yield bullets([[paragraph(*_offered(sections, scene, choice))] for choice in scene.choices])


def _offered(sections: StorySections, scene: Scene, choice: Choice) -> list[Run]:
    limit = choice.try_again
    again = (
        [] if limit is None else [" " + ngettext("(You can do this once.)", "(You can do this %(num)s times.)", limit)]
    )
    number = sections.by_choice[f"{scene.id}/{choice.id}"]
    return [*sentence(inline(choice.text)), *again, " ", _turn_to(sections.scenario, number)]


def _messages(messages: ScreenMessages | None) -> Iterator[Block]:
    if messages is None:
        return
    lines: Blocks = []
    for one in messages.thread:
        at: list[Run] = [", ", label_run(one.at)] if one.at else []
        lines.append(paragraph(bold(label_run(one.sender), *at, ":"), " ", *inline(one.text)))
    yield box(_("Messages: %(on)s", on=str.__str__(messages.on)), lines, "messages")


def _gate(sections: StorySections, gate: Section) -> Iterator[Block]:
    if gate.scene is None:
        return
    yield paragraph(_("The story ends here, in one of several ways. Take the first line that is true for you."))
    items: list[Blocks] = []
    for ending in sections.endings_of(gate.scene):
        when, turn = gate.scene.possible_endings[ending.place].when, _turn_to(sections.scenario, ending.number)
        clauses = [] if when is None else condition_clauses(sections, gate.scene, when)
        if len(clauses) > 1:
            items.append(
                [paragraph(_("If all of these are true:"), " ", turn), bullets([paragraph(one)] for one in clauses)]
            )
        else:
            words = _("If %(condition)s:", condition=clauses[0]) if clauses else _("In all other cases:")
            items.append([paragraph(words, " ", turn)])
    yield bullets(items)


def _ending(sections: StorySections, ending: EndingSection) -> Iterator[Block]:
    found = ending.scene.possible_endings[ending.place]
    yield paragraph(bold(label_run(found.title)))
    yield from prose(found.text)
    yield from _passages(sections, ending.scene, found.passages)
    yield paragraph(_("The story has ended. Its debrief is at the back, after the answers."), kind="small")


def _passages(sections: StorySections, scene: Scene, passages: tuple[Passage, ...]) -> Iterator[Block]:
    for passage in passages:
        condition = condition_words(sections, scene, passage.when)
        yield box(_("Only if %(condition)s", condition=condition), prose(passage.text))


def _second_tries(sections: StorySections) -> Iterator[Block]:
    """What is to be decided once more before the debrief: a dangerous decision where much depends on it."""
    scenario = sections.scenario
    items = []
    for number, (scene_id, choice_id) in sorted(sections.decisions.items()):
        scene = scenario.by_id[scene_id]
        choice = scene.choice(choice_id)
        if scene.critical and choice is not None and choice.quality == "dangerous":
            at = sections.by_scene[scene_id]
            again = _("Decide again at section %(number)s.", number=at)
            items.append([paragraph(f"{number}: ", reference(section_key(scenario, at), again))])
    if not items:
        return
    yield heading(3, _("When your story has ended"))
    yield paragraph(
        _("Is one of these numbers among yours? Then go back once to the decision before it, choose something else, and read what "
          "comes of it. Write down the new number after the others. The ending stays as it is.")
    )  # fmt: skip
    yield bullets(items)


def debrief_blocks(scenario: Scenario) -> Iterator[Block]:
    """What each decision was worth, and why, with what is to be taken from each ending. It belongs behind the answers."""
    sections = story_sections(scenario)
    yield heading(3, _("Debrief:") + " ", label_run(scenario.title), key=f"debrief-{scenario.id}")
    for scene in scenario.scenes:
        if scene.choices:
            time: list[Run] = [label_run(scene.time), ". "] if scene.time else []
            yield paragraph(bold(*time, label_run(scene.ask)), kind="lead")
            yield bullets([_judged(sections, scene, choice) for choice in scene.choices])
    for ending in sections.endings:
        yield from _ending_debrief(sections, ending, ending.scene.possible_endings[ending.place])


def _judged(sections: StorySections, scene: Scene, choice: Choice) -> Blocks:
    grades = {"best": _("Recommended"), "fair": _("There is a safer way"), "poor": _("It makes things harder"),
              "dangerous": _("Dangerous")}  # fmt: skip
    number = sections.by_choice[f"{scene.id}/{choice.id}"]
    said = sentence(inline(choice.text))
    return [paragraph(bold(f"{number}. {grades[choice.quality]}."), " ", *said, " ", *inline(choice.reason))]


def _ending_debrief(sections: StorySections, ending: EndingSection, found: Ending) -> Iterator[Block]:
    outcome = {"good": _("A good outcome"), "mixed": _("A mixed outcome"), "poor": _("A poor outcome")}[found.end]
    yield paragraph(
        bold(_("If your story ended at %(number)s:", number=ending.number), " ", label_run(found.title)),
        f". {outcome}.",
    )
    yield from prose(found.debrief)
    yield from _passages(sections, ending.scene, found.debrief_passages)
    if found.why:
        yield paragraph(bold(_("What turned it")), " ", *inline(found.why))
