"""The loaded course: read once at start, frozen, and read by every request."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, TypeVar

from click import ClickException

from course.content.changes import MarkedChange, marked_changes
from course.content.frameworks import Framework, SourceKinds
from course.content.loader import read_content
from course.content.reading_context import ReadingContext
from course.content.schema import (
    NATIONS,
    SETTINGS,
    WORDS_PER_MINUTE,
    Change,
    Course,
    LearningPoint,
    Module,
    Nation,
    Page,
    Question,
    Scenario,
    Setting,
    Source,
)
from course.content.schema_base import FrozenModel, content_digest
from course.content.supplements import Discussion, FurtherLearning, Help
from course.content.timelines import Timeline
from course.content.validation import validate_content
from course.content.variants import module_variant, page_variants
from course.content.yaml_source import Problem
from course.translation import SOURCE_LANGUAGE

M = TypeVar("M", bound=FrozenModel)
SECONDS_PER_QUESTION = 30
SECONDS_PER_DECISION = 30
SECONDS_PER_MOMENT = 15


class ContentError(ClickException):
    """The content has mistakes; `problems` lists them all. A command prints them and exits with 1."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("The content has mistakes:\n" + "\n".join(map(str, problems)))


class CourseLength(NamedTuple):
    """How many minutes the whole course takes, in how many modules, and how many minutes a refresher takes."""

    minutes: int
    modules: int
    refresher_minutes: float


@dataclass(frozen=True)
class Library:
    """Everything that is taught, by id. `modules` and `points` keep the order of their files.

    `origin` is the whole library if this one is the variant of a pathway and nation; None for the whole library.
    `english` is the original if this one is a translation: it has the same objects, ids and versions with other texts.
    `translations` are those of the original by language, and empty elsewhere.
    """

    course: Course
    help: Help
    points: dict[str, LearningPoint]
    sources: dict[str, Source]
    modules: dict[str, Module]
    further: tuple[FurtherLearning, ...] = ()
    discussions: dict[str, Discussion] = field(default_factory=dict)
    frameworks: tuple[Framework, ...] = ()
    source_kinds: SourceKinds = field(default_factory=SourceKinds)
    origin: Library | None = None
    pathway: Setting | None = None
    nation: Nation | None = None
    language: str = SOURCE_LANGUAGE
    english: Library | None = field(default=None, repr=False, compare=False)
    translations: dict[str, Library] = field(default_factory=dict, repr=False, compare=False)
    _variants: dict[tuple[Setting | None, Nation | None], Library] = field(default_factory=dict, repr=False)

    def in_language(self, language: str) -> Library:
        """The same course, or the same variant of it, in a language. Where nothing is translated it is in English."""
        whole = self.origin or self
        if language == whole.language:
            return self
        english = whole.english or whole
        found = english.translations.get(language, english)
        return found if self.origin is None else found.for_(self.pathway, self.nation)

    def for_(self, pathway: Setting | None, nation: Nation | None) -> Library:
        """The variant of the course for this pathway and nation, in the same language. Built once, then cached."""
        whole = self.origin or self
        key = (pathway, nation)
        if key not in whole._variants:
            modules = {module.id: module_variant(module, pathway, nation) for module in whole.modules.values()}
            whole._variants[key] = replace(
                whole,
                modules=modules,
                origin=whole,
                pathway=pathway,
                nation=nation,
                translations={},
                _variants={},
            )
        return whole._variants[key]

    @cached_property
    def questions(self) -> dict[str, Question]:
        """The question bank, without timelines. In a variant: the questions that fit its pathway, from which is drawn.
        A question that was drawn before is looked up in `answerable`."""
        return {question.id: question for module in self.modules.values() for question in module.questions}

    @cached_property
    def answerable(self) -> dict[str, Question]:
        """Questions, also those of pages, and timelines, of all pathways in a variant, too: a person's pathway may change
        after a question was drawn."""
        if self.origin:
            return self.origin.answerable
        timelines = {t.id: t for module in self.modules.values() for t in module.timelines.values()}
        return {**self.questions, **timelines, **self.page_questions}

    @cached_property
    def page_questions(self) -> dict[str, Question]:
        """What the pages ask about themselves. No check, assessment or refresher draws from them; boosters may."""
        pages = [page for module in self.modules.values() for page in module.pages.values()]
        return {question.id: question for page in pages for question in page.questions}

    @cached_property
    def page_question_refs(self) -> dict[str, str]:
        """For each question of a page the reference of the page: module/page."""
        pages = [(module.id, page) for module in self.modules.values() for page in module.pages.values()]
        return {question.id: f"{module}/{page.id}" for module, page in pages for question in page.questions}

    @cached_property
    def taught_points(self) -> tuple[str, ...]:
        """The learning points that the course's modules cover, in the order of the modules."""
        return tuple(dict.fromkeys(p for module in self.modules.values() for p in module.points))

    @cached_property
    def pages_by_point(self) -> dict[str, tuple[str, str]]:
        """For each point the page to read again, as (module id, page id): the first page in the module that covers the
        point and teaches it."""
        pages: dict[str, tuple[str, str]] = {}
        for module in self.modules.values():
            for step in module.steps:
                if step.kind == "page":
                    for point in set(module.pages[step.id].teaches) & set(module.points):
                        pages.setdefault(point, (module.id, step.id))
        return pages

    @cached_property
    def version(self) -> str:
        """The version of the whole course: it changes with anything that is taught in English."""
        original = self.english or self.origin
        if original:
            return original.version
        return content_digest({"course": self.course.model_dump(mode="json"), "parts": sorted(self.parts)})

    @cached_property
    def changes(self) -> tuple[MarkedChange, ...]:
        """The marked changes on this pathway, in the order of the course."""
        return tuple(marked_changes(self.modules.values()))

    @cached_property
    def parts(self) -> dict[tuple[str, str, str], Page | Question | Scenario | Change]:
        """Each page, question and scenario in every variant that a learner may see, and each marked change, by (kind,
        reference, version). In a translation they are translated, under the versions of their originals."""
        if self.origin:
            return self.origin.parts
        parts: dict[tuple[str, str, str], Page | Question | Scenario | Change] = {}
        for module in self.modules.values():
            for page in module.pages.values():
                for variant in page_variants(page):
                    parts["page", f"{module.id}/{page.id}", variant.version] = variant
            for scenario in module.scenarios.values():
                parts["scenario", f"{module.id}/{scenario.id}", scenario.version] = scenario
        for question in self.answerable.values():
            parts["question", question.id, question.version] = question
        for marked in self.changes:
            parts["change", *marked.key] = marked.change
        return parts

    def is_critical(self, question: Question) -> bool:
        """Whether a wrong answer would put a child at risk: as its author decided, otherwise by its points."""
        if question.critical is not None:
            return question.critical
        return any(self.points[point].safety_critical for point in question.points)

    @cached_property
    def step_minutes(self) -> dict[tuple[str, str], float]:
        """The minutes that each step takes, by (module id, step id): WORDS_PER_MINUTE, and the seconds at the top."""
        minutes: dict[tuple[str, str], float] = {}
        for module in self.modules.values():
            for page in module.pages.values():
                minutes[module.id, page.id] = page.words / WORDS_PER_MINUTE
            for scenario in module.scenarios.values():
                minutes[module.id, scenario.id] = (len(scenario.recommended) - 1) * SECONDS_PER_DECISION / 60
            for timeline in module.timelines.values():
                minutes[module.id, timeline.id] = len(timeline.options) * SECONDS_PER_MOMENT / 60
            minutes[module.id, "check"] = self.check_minutes(module.points)
        return minutes

    def final_questions(self, point: str) -> int:
        """How many questions one attempt at the final assessment asks on a point."""
        critical = self.points[point].safety_critical
        return self.course.final_per_critical_point if critical else self.course.final_per_point

    def check_counts(self, points: tuple[str, ...]) -> list[tuple[str, int]]:
        """How many questions a check asks of each point: one, and further ones, safety-critical points
        first, until there are `check_questions` or `check_per_point` of each."""
        counts = dict.fromkeys(points, 1)
        for _ in range(self.course.check_per_point - 1):
            for point in sorted(points, key=lambda p: not self.points[p].safety_critical):
                if sum(counts.values()) < self.course.check_questions:
                    counts[point] += 1
        return list(counts.items())

    @cached_property
    def minutes(self) -> int:
        """The minutes that the whole course takes on this pathway, with the final assessment."""
        asked = sum(map(self.final_questions, self.taught_points))
        return round(sum(map(self.module_minutes, self.modules)) + asked * SECONDS_PER_QUESTION / 60)

    @cached_property
    def module_titles(self) -> tuple[str, ...]:
        """The titles of the modules that are taught, in their order."""
        return tuple(str(module.title) for module in self.modules.values())

    def check_minutes(self, points: tuple[str, ...]) -> float:
        """The minutes that a check of these points takes."""
        return sum(count for _, count in self.check_counts(points)) * SECONDS_PER_QUESTION / 60

    def check_size(self, module: Module) -> int:
        """How many questions the check of a module asks."""
        return sum(count for _, count in self.check_counts(module.points))

    @property
    def refresher_minutes(self) -> float:
        """The minutes that a refresher takes, as far as what must be in it allows."""
        return self.minutes * self.course.refresher_share / 100

    @cached_property
    def usual_length(self) -> CourseLength:
        """How long the course is on a usual pathway, for texts that are the same for everybody."""
        usual = self.for_("school", "england")
        return CourseLength(usual.minutes, len(self.modules), usual.refresher_minutes)

    def module_minutes(self, module_id: str) -> float:
        """The minutes that the module takes, with its check."""
        steps = [*(step.id for step in self.modules[module_id].steps), "check"]
        return sum(self.step_minutes[module_id, step] for step in steps)


def load_library(root: Path) -> Library:
    """Load and validate the folder. Raises ContentError with every mistake if there is any."""
    reading = read_content(root)
    problems = validate_content(reading)
    if problems or reading.course is None or reading.help is None:
        raise ContentError(problems)
    sources = {source.id: source for source in reading.sources}
    library = Library(
        course=reading.course,
        help=reading.help,
        points={point.id: point for point in reading.points},
        sources=sources,
        modules={module.id: _embed_sources(module, sources) for module in reading.modules},
        further=tuple(reading.further),
        discussions=reading.discussions,
        frameworks=tuple(reading.frameworks),
        source_kinds=reading.source_kinds,
    )
    for language in reading.translations.languages:
        library.translations[language] = _translate(library, language, reading.translations.objects.get(language, {}))
    problems = _duration_problems(library, reading)
    if problems:
        raise ContentError(problems)
    return library


def _duration_problems(library: Library, reading: ReadingContext) -> list[Problem]:
    """The modules that take longer than the course allows, with the pathway and nation on which they take longest."""
    limit = library.course.module_minutes
    if limit is None:
        return []
    problems = []
    for module_id in library.modules:
        minutes, pathway = max(
            (library.for_(pathway, nation).module_minutes(module_id), f"{pathway}, {nation}")
            for pathway in SETTINGS
            for nation in NATIONS
        )
        if minutes > limit:
            message = f"the module takes {minutes:.1f} minutes ({pathway}); course.yaml allows {limit}"
            problems.append(reading.place("module", module_id).problem(message, "steps"))
    return problems


def _embed_sources(module: Module, sources: dict[str, Source]) -> Module:
    """The module with the sources of each update in its blocks: learners see them, so they are part of the version."""
    pages = {page.id: _cite(page, sources) for page in module.pages.values()}
    return module.model_copy(update={"pages": pages})


def _cite(page: Page, sources: dict[str, Source]) -> Page:
    blocks = (
        block.model_copy(update={"cited": tuple(sources[source] for source in block.sources)}) for block in page.blocks
    )
    return page.model_copy(update={"blocks": tuple(blocks)})


def _translate(english: Library, language: str, objects: dict[tuple[str, ...], FrozenModel]) -> Library:
    """The library in a language. `objects` are the translations by kind and id; what has none is shared with English."""

    def text_of(original: M, *key: str) -> M:
        found = objects.get(key, original)
        return found if isinstance(found, type(original)) else original

    sources = {source.id: text_of(source, "source", source.id) for source in english.sources.values()}

    def page_of(original: Page, module_id: str) -> Page:
        found = text_of(original, "page", module_id, original.id)
        return found if found is original else _cite(found, sources).translation_of(original)

    def timeline_of(original: Question, module_id: str) -> Question:
        found = objects.get(("timeline", module_id, original.id))
        if not isinstance(found, Timeline):
            return original
        # The days are counted from the English dates.
        return found.question([moment.day for moment in original.options]).translation_of(original)

    def module_of(original: Module) -> Module:
        name = original.id
        words = text_of(original, "module", name)
        pages = {page.id: page_of(page, name) for page in original.pages.values()}
        scenarios = {s.id: text_of(s, "scenario", name, s.id) for s in original.scenarios.values()}
        timelines = {t.id: timeline_of(t, name) for t in original.timelines.values()}
        titles = {id_: page.title for id_, page in pages.items()}
        titles |= {id_: scenario.title for id_, scenario in scenarios.items()}
        titles |= {id_: timeline.title or "" for id_, timeline in timelines.items()}
        steps = tuple(step.model_copy(update={"title": titles[step.id]}) for step in original.steps)
        questions = tuple(text_of(question, "question", question.id) for question in original.questions)
        return original.model_copy(
            update={"title": words.title, "summary": words.summary, "content_note": words.content_note, "can_do": words.can_do,
                    "when_then": words.when_then, "steps": steps,
                    "pages": pages, "scenarios": scenarios, "timelines": timelines, "questions": questions}
        )  # fmt: skip

    return replace(
        english,
        course=text_of(english.course, "course"),
        help=text_of(english.help, "help"),
        points={point.id: text_of(point, "point", point.id) for point in english.points.values()},
        sources=sources,
        modules={module.id: module_of(module) for module in english.modules.values()},
        further=tuple(text_of(row, "further", row.id) for row in english.further),
        frameworks=tuple(text_of(row, "framework", row.id) for row in english.frameworks),
        discussions={name: text_of(sheet, "discussion", name) for name, sheet in english.discussions.items()},
        language=language,
        english=english,
        translations={},
        _variants={},
    )
