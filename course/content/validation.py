"""Validation across files: ids exist, scenarios can reach an ending, every option is explained."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from course.content.acts import act_problems
from course.content.beats import beat_problems
from course.content.coverage import coverage_problems
from course.content.ending_checks import ending_scene_problems, recommended_ending_problems
from course.content.framework_checks import framework_problems, source_kind_problems
from course.content.page_checks import block_words, lesson_problems
from course.content.reading_context import ReadingContext
from course.content.schema import PART_FORMS, LearningPoint, Module, Question, Scenario, Scene
from course.content.term_checks import avoided_term_problems, term_problems
from course.content.text_fields import texts
from course.content.yaml_source import Problem, YamlDocument, YamlLocation

# How many groups a question of these forms has, at least and at most.
GROUP_COUNTS = {"sort": (2, 3), "first-words": (2, 4), "record": (2, 5)}
MIN_DECISIONS = 6
MAX_DECISIONS = 12


def validate_content(reading: ReadingContext) -> list[Problem]:
    """Every mistake in the content, sorted by place; an empty list means that the content may be taught."""
    problems = list(reading.problems)
    problems += _citation_problems(reading)
    problems += _link_problems(reading)
    problems += _timeline_id_problems(reading)
    for module in reading.modules:
        problems += _module_problems(reading, module)
        for question in module.questions:
            problems += _question_problems(reading, question, reading.place("question", question.id))
        for timeline in module.timelines.values():
            problems += _timeline_problems(reading, timeline, reading.place("timeline", module.id, timeline.id))
        for scenario in module.scenarios.values():
            problems += _scenario_problems(reading, scenario, reading.place("scenario", module.id, scenario.id))
    problems += term_problems(reading)
    problems += framework_problems(reading)
    problems += source_kind_problems(reading)
    problems += lesson_problems(reading)
    problems += coverage_problems(reading)
    return sorted(set(problems))


def _unknown_point_problems(
    reading: ReadingContext, ids: Iterable[str], place: YamlLocation, *path: str | int
) -> Iterator[Problem]:
    known = {point.id for point in reading.points}
    for point in ids:
        if point not in known:
            yield place.problem(f"unknown learning point '{point}'", *path)


def _citation_problems(reading: ReadingContext) -> Iterator[Problem]:
    sources = {source.id: source for source in reading.sources}
    cited = list(reading.citations)
    if reading.help:
        place = reading.place("help")
        cited += [(route.source, place.problem("", "routes", n)) for n, route in enumerate(reading.help.routes)]
        cited += [(entry.source, place.problem("", "support", n)) for n, entry in enumerate(reading.help.support)]
    for source_id, at in cited:
        source = sources.get(source_id)
        if source is None:
            yield Problem(at.file, at.line, f"unknown source '{source_id}'")
        elif source.status == "open":
            yield Problem(
                at.file,
                at.line,
                f"the source '{source_id}' is open: nobody could confirm it, so it is not taught",
            )


def _link_problems(reading: ReadingContext) -> Iterator[Problem]:
    pages = {f"{module.id}/{step.id}" for module in reading.modules for step in module.steps}
    restricted = {
        f"{module.id}/{page.id}" for module in reading.modules for page in module.pages.values() if page.pathways
    }
    for target, at in reading.page_links:
        if target not in pages:
            yield Problem(at.file, at.line, f"the link 'page:{target}' leads to nothing")
        elif target in restricted and f"/{target.replace('/', '/pages/')}." not in f"/{at.file}":
            yield Problem(at.file, at.line, f"not everybody can open the page that 'page:{target}' leads to")


def _timeline_id_problems(reading: ReadingContext) -> Iterator[Problem]:
    """Timelines with the id of a question or of another timeline: timelines are answered like questions."""
    questions = {q.id for module in reading.modules for q in module.questions}
    seen: set[str] = set()
    for module in reading.modules:
        for timeline in module.timelines:
            if timeline in questions or timeline in seen:
                yield reading.place("timeline", module.id, timeline).problem(f"the id '{timeline}' is taken already")
            seen.add(timeline)


def _module_problems(reading: ReadingContext, module: Module) -> Iterator[Problem]:
    place = reading.place("module", module.id)
    yield from _unknown_point_problems(reading, module.points, place, "points")
    for page in module.pages.values():
        at = reading.place("page", module.id, page.id)
        yield from _unknown_point_problems(reading, page.teaches, at, "teaches")
        notes = [block.id for block in page.blocks if block.kind == "reflect"]
        for duplicate in {note for note in notes if notes.count(note) > 1}:
            yield at.problem(f"two reflect blocks have the id '{duplicate}'")
        for block in page.blocks:
            if block.kind != "history":
                yield from avoided_term_problems(block_words(block), at.problem)


def _question_problems(reading: ReadingContext, question: Question, place: YamlLocation) -> Iterator[Problem]:
    yield from _unknown_point_problems(reading, question.points, place, "points")
    yield from avoided_term_problems(question.stem, place.problem, "stem")
    yield from avoided_term_problems(question.intro or "", place.problem, "intro")
    if len(set(question.settings)) < len(question.settings):
        yield place.problem("a pathway stands here twice", "settings")
    texts = [option.text for option in question.options]
    for number, option in enumerate(question.options):
        words = f"{option.text} {option.reason} {option.does or ''}"
        yield from avoided_term_problems(words, place.problem, "options", number)
        if texts.count(option.text) > 1:
            yield place.problem("this option stands here twice", "options", number)
        if (option.does is not None) != (question.has_parts):
            yield place.problem(
                f"'does' is missing: each option of the form '{question.form}' says in a few words what it does"
                if option.does is None
                else f"only an option of the forms {', '.join(PART_FORMS)} has 'does'",
                "options",
                number,
            )
    yield from _group_problems(question, place)
    if question.has_parts:
        yield from _part_problems(question, place)
    right = sum(option.correct for option in question.options)
    if question.form == "one" and right != 1:
        yield place.problem(
            f"exactly one option is correct in a question of the form 'one'; here {right} are", "options"
        )
    if question.form == "all" and not 0 < right < len(texts):
        yield place.problem("some options are correct and some are not in a question of the form 'all'", "options")
    if question.form == "order" and right:
        yield place.problem(
            "a question of the form 'order' is written in the right order, without 'correct'", "options"
        )


def question_mistakes(points: Iterable[LearningPoint], question: Question) -> list[str]:
    """What is wrong with a question that stands in no file of the course yet, in words."""
    reading = ReadingContext(Path(), points=list(points))
    found = _question_problems(reading, question, YamlLocation(YamlDocument("")))
    return list(dict.fromkeys(problem.message for problem in found))


def _group_problems(question: Question, place: YamlLocation) -> Iterator[Problem]:
    """Groups of a question whose form has none, too few or too many, and options of no group."""
    if question.form not in GROUP_COUNTS:
        message = f"only a question of the forms {', '.join(GROUP_COUNTS)} has groups"
        if question.groups:
            yield place.problem(message, "groups")
        for number, option in enumerate(question.options):
            if option.group is not None:
                yield place.problem(message, "options", number, "group")
        return
    fewest, most = GROUP_COUNTS[question.form]
    if not fewest <= len(question.groups) <= most:
        yield place.problem(
            f"a question of the form '{question.form}' has {fewest} to {most} groups; here {len(question.groups)} are",
            "groups",
        )
    for group in {group for group in question.groups if question.groups.count(group) > 1}:
        yield place.problem(f"the group '{group}' stands here twice", "groups")
    for number, option in enumerate(question.options):
        if option.group not in question.groups:
            yield place.problem(
                f"the group '{option.group}' is not one of {', '.join(question.groups)}", "options", number
            )


def _part_problems(question: Question, place: YamlLocation) -> Iterator[Problem]:
    """Flaws of a question whose answer is put together from parts: each part needs two or three options, right and wrong
    ones, and each option says what it does."""
    if question.form == "record" and question.intro is None:
        yield place.problem("'intro' is missing: a question of the form 'record' tells first what is to be recorded")
    for group in question.groups:
        options = [option for option in question.options if option.group == group]
        if not 2 <= len(options) <= 3:
            yield place.problem(f"the part '{group}' has two or three options; here {len(options)} are", "options")
        if options and not 0 < sum(option.correct for option in options) < len(options):
            yield place.problem(f"in the part '{group}' some options are correct and some are not", "options")


def _timeline_problems(reading: ReadingContext, timeline: Question, place: YamlLocation) -> Iterator[Problem]:
    yield from _unknown_point_problems(reading, timeline.points, place, "points")
    for number, moment in enumerate(timeline.options):
        yield from _unknown_point_problems(reading, moment.points, place, "moments", number, "points")
        yield from avoided_term_problems(f"{moment.text} {moment.reason}", place.problem, "moments", number)
        if moment.day is None:
            message = "a date begins with a day and a month, as in '6 September', and is not before the one above it"
            yield place.problem(message, "moments", number, "date")
        if moment.acted and moment.correct:
            yield place.problem("somebody acted, or the chance was missed: not both", "moments", number, "acted")
    missed = sum(moment.correct for moment in timeline.options)
    if not 0 < missed < len(timeline.options):
        yield place.problem("some moments are missed chances and some are not", "moments")


def _scenario_problems(reading: ReadingContext, scenario: Scenario, place: YamlLocation) -> Iterator[Problem]:
    yield from _unknown_point_problems(reading, scenario.points, place, "points")
    ids = [scene.id for scene in scenario.scenes]
    for number, scene in enumerate(scenario.scenes):
        if ids.index(scene.id) != number:
            yield place.problem(f"the scene '{scene.id}' stands here twice", "scenes", number)
        yield from _scene_problems(reading, scenario, scene, place, number)
    if scenario.start not in ids:
        yield place.problem(f"the scene '{scenario.start}' does not exist", "start")
    elif all(c.to in ids for scene in scenario.scenes for c in scene.choices):
        yield from _scenario_graph_problems(scenario, place)
        if reading.course and reading.course.beat_words:
            yield from beat_problems(scenario, place, reading.course.beat_words)


def _scene_problems(
    reading: ReadingContext, scenario: Scenario, scene: Scene, place: YamlLocation, number: int
) -> Iterator[Problem]:
    at = ("scenes", number)
    yield from _unknown_point_problems(reading, scene.points, place, *at, "points")
    words = " ".join(filter(None, (scene.text, scene.title, scene.ask, scene.debrief, scene.why)))
    yield from avoided_term_problems(words, place.problem, *at)
    for position, ending in enumerate(scene.endings):
        shown = " ".join(text for _, text in texts(ending))
        yield from avoided_term_problems(shown, place.problem, *at, "endings", position)
    if scene.is_ending:
        if scene.messages:
            yield place.problem(f"the scene '{scene.id}' is an end: it has no messages", *at, "messages")
        yield from ending_scene_problems(scenario, scene, place, number)
        return
    said = " ".join(message.text for message in scene.messages.thread) if scene.messages else ""
    yield from avoided_term_problems(said, place.problem, *at, "messages")
    if not scene.text:
        yield place.problem(f"the scene '{scene.id}' has no text", *at)
    if len(scene.choices) < 2:
        yield place.problem(f"the scene '{scene.id}' needs at least two choices or an end", *at)
    if not scene.points:
        yield place.problem(f"the decision '{scene.id}' names no learning point", *at)
    qualities = [choice.quality for choice in scene.choices]
    if scene.choices and not _has_recommended(scene):
        message = f"one choice of '{scene.id}' is best, or two of three or more; here {qualities.count('best')} are"
        yield place.problem(message, *at)
    if scene.critical != ("dangerous" in qualities):
        yield place.problem(f"'{scene.id}': a critical decision has a dangerous choice, and no other has one", *at)
    yield from _choice_problems(scenario, scene, place, at)


def _has_recommended(scene: Scene) -> bool:
    """Whether the scene has one best choice, or two good ways, and a choice that is not best."""
    best = sum(choice.quality == "best" for choice in scene.choices)
    return 1 <= best <= 2 and best < len(scene.choices)


def _choice_problems(
    scenario: Scenario, scene: Scene, place: YamlLocation, at: tuple[str | int, ...]
) -> Iterator[Problem]:
    names = [choice.id for choice in scene.choices]
    for position, choice in enumerate(scene.choices):
        where = (*at, "choices", position)
        shown = " ".join(text for _, text in texts(choice))
        yield from avoided_term_problems(shown, place.problem, *where)
        for key, message in act_problems(choice):
            yield place.problem(message, *where, key)
        if names.index(choice.id) != position:
            yield place.problem(f"the choice '{choice.id}' stands here twice", *where)
        if choice.to not in scenario.by_id:
            yield place.problem(f"the scene '{choice.to}' does not exist", *where, "to")
        for gauge in choice.effects:
            if gauge not in scenario.gauges:
                yield place.problem(f"the gauge '{gauge}' does not exist", *where, "effects", gauge)
        if choice.try_again and choice.quality == "best" and scene.best.to == scenario.start:
            yield place.problem("the best choice may not lead back to the start", *where)


def _scenario_graph_problems(scenario: Scenario, place: YamlLocation) -> Iterator[Problem]:
    """Scenes that cannot be reached or cannot reach an ending, loops, and flaws of the recommended path."""
    numbers = {scene.id: number for number, scene in enumerate(scenario.scenes)}
    onward = {s.id: {c.to for c in s.choices} for s in scenario.scenes}
    free = {s.id: {c.to for c in s.choices if not c.try_again} for s in scenario.scenes}
    reached = _reachable_scenes({scenario.start}, onward)
    back: dict[str, set[str]] = {scene: set() for scene in onward}
    for scene, targets in free.items():
        for target in targets:
            back[target].add(scene)
    ending = _reachable_scenes({scene.id for scene in scenario.scenes if scene.is_ending}, back)
    for scene in onward:
        if scene not in reached:
            yield place.problem(f"the scene '{scene}' cannot be reached", "scenes", numbers[scene])
        if scene not in ending:
            yield place.problem(f"the scene '{scene}' cannot reach an end", "scenes", numbers[scene])
        if any(scene in _reachable_scenes({target}, free) for target in free[scene]):
            yield place.problem(
                f"the scene '{scene}' lies on a loop: a way back needs 'try_again' with its limit",
                "scenes",
                numbers[scene],
            )
    if not all(_has_recommended(scene) for scene in scenario.scenes if not scene.is_ending):
        return
    path = scenario.recommended
    if path[-1].is_ending:
        yield from recommended_ending_problems(scenario, place)
    if len(path) - 1 < MIN_DECISIONS:
        yield place.problem(
            f"the recommended path has {len(path) - 1} decisions; at least {MIN_DECISIONS} are needed",
            "start",
        )
    if len(path) - 1 > MAX_DECISIONS:
        yield place.problem(
            f"the recommended path has {len(path) - 1} decisions; {MAX_DECISIONS} are the most that people bear",
            "start",
        )
    if sum(len(scene.possible_endings) for scene in scenario.scenes) < 3:
        yield place.problem("at least three endings are needed", "scenes")
    if not any(scene.critical for scene in scenario.scenes):
        yield place.problem("at least one decision must be critical", "scenes")


def _reachable_scenes(start: set[str], edges: dict[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    pending = list(start)
    while pending:
        scene = pending.pop()
        if scene not in reached:
            reached.add(scene)
            pending += edges.get(scene, ())
    return reached
