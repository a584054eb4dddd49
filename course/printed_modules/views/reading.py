"""Reading what somebody wrote down on paper: the code of a story or a timeline, and the numbers."""

from __future__ import annotations

from dataclasses import dataclass

from course.content.library import Library
from course.content.schema import Choice, Module, Option, Question, Scenario, Scene
from course.printed_modules import queries
from course.printed_modules.actions import PaperStory, PaperTimeline
from course.printed_modules.rules.moments import read_moments
from course.printed_modules.rules.sections import RoadMistake, read_road, road_mistake, story_sections
from course.translation import gettext as _
from course.web.unit_of_work import db


@dataclass(frozen=True)
class ReadStory:
    """A story that was read off a form: its reference, the version that was printed, and the decisions with their numbers."""

    ref: str
    scenario: Scenario
    decisions: tuple[tuple[int, Scene, Choice], ...]


@dataclass(frozen=True)
class ReadTimeline:
    """A timeline that was read off a form: its reference, the version that was printed, and the indices that were marked."""

    ref: str
    timeline: Question
    marked: tuple[int, ...]

    @property
    def moments(self) -> list[tuple[int, Option]]:
        """The moments that were marked, with their numbers."""
        return [(index + 1, self.timeline.options[index]) for index in self.marked]


@dataclass(frozen=True)
class PaperMistake:
    """What is wrong with what was written down, in words: with the code (`at_code`), or with the numbers."""

    words: str
    at_code: bool = False


def read_story(course: Library, module: Module, code: str, numbers: str) -> ReadStory | PaperMistake:
    """The story and the decisions that a code and numbers say."""
    story = queries.story_of_code(db(), course, module, code)
    if story is None:
        words = _("No story of this module has this code. It is below “How to read this story”, and on the sheet.")
        return PaperMistake(words, at_code=True)
    return read_road_of(*story, numbers)


def read_road_of(ref: str, scenario: Scenario, numbers: str) -> ReadStory | PaperMistake:
    """The decisions that numbers say in a story whose code was found."""
    road = read_road(story_sections(scenario), numbers)
    if road is None:
        return PaperMistake(_("Enter the numbers with commas between them, for example 14, 3, 27."))
    if road.wrong is not None:
        return PaperMistake(
            _("There is no section %(number)s in this story. Look at the paper again.", number=road.wrong)
        )
    mistake = road_mistake(scenario, road)
    if mistake is not None:
        return PaperMistake(_mistake_words(mistake))
    decisions = []
    for number, scene_id, choice_id in road.decisions:
        scene = scenario.by_id[scene_id]
        choice = scene.choice(choice_id)
        if choice is not None:
            decisions.append((number, scene, choice))
    return ReadStory(ref, scenario, tuple(decisions))


def _mistake_words(mistake: RoadMistake) -> str:
    if mistake.kind == "follows":
        return _(
            "No one can come to %(number)s there: a number before it is missing or wrong. Look at the paper again.",
            number=mistake.number,
        )
    if mistake.kind == "long":
        return _("The story had ended before %(number)s. Leave out what follows its end.", number=mistake.number)
    if mistake.kind == "again":
        return _(
            "The decision at %(number)s has to be taken again, as the paper says after the end. The person adds "
            "that number first.",
            number=mistake.number,
        )
    return _("The numbers stop before the story ends. The person reads on to an ending first.")


def read_timeline(course: Library, module: Module, code: str, numbers: str) -> ReadTimeline | PaperMistake:
    """The timeline and the moments that a code and numbers say."""
    found = queries.timeline_of_code(db(), course, module, code)
    if found is None:
        words = _("No timeline of this module has this code. It is below the timeline, and on the sheet.")
        return PaperMistake(words, at_code=True)
    ref, timeline = found
    marked = read_moments(timeline, numbers)
    if marked is None:
        return PaperMistake(_("Enter the numbers of the moments with commas between them, for example 2, 5."))
    if marked.wrong is not None:
        return PaperMistake(
            _("There is no moment %(number)s in this timeline. Look at the paper again.", number=marked.wrong)
        )
    return ReadTimeline(ref, timeline, marked.indices)


def paper_story(module: Module, read: ReadStory) -> PaperStory:
    """What is entered of a story, with what counts for the same step of the module."""
    name = read.scenario.id
    step = next((each for each in module.steps if name in (each.id, *each.others)), None)
    same = frozenset(f"{module.id}/{each}" for each in ((step.id, *step.others) if step else (name,)))
    decisions = [(scene.id, choice.id) for _number, scene, choice in read.decisions]
    return PaperStory(read.ref, read.scenario, same, decisions)


def paper_timeline(read: ReadTimeline) -> PaperTimeline:
    """What is entered of a timeline."""
    return PaperTimeline(read.ref, read.timeline, read.marked)
