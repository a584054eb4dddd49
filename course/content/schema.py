"""The schema of the course content, as frozen objects. They know neither people nor the database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from functools import cached_property
from typing import Any, Literal

from pydantic import Field

from course.content.endings import Ending, Outcome
from course.content.judgement import Judge
from course.content.messages import ScreenMessages
from course.content.rendering import BlockHtml, InlineText, Prose
from course.content.schema_base import (
    CoercedLabel,
    CoercedText,
    FrozenModel,
    Id,
    KeyLabel,
    Label,
    VersionedModel,
    content_digest,
)
from course.translation import lazy_gettext as _

Form = Literal["one", "all", "order", "sort", "first-words", "record", "timeline"]
PART_FORMS: tuple[Form, ...] = ("first-words", "record")  # an answer has one option of each of `groups`, in their order
Quality = Literal["best", "fair", "poor", "dangerous"]
# What a choice does with evidence of abuse. Each act has one grade in all scenarios: see course/content/acts.
Act = Literal["views-image", "searches-device", "copies-evidence", "forwards-evidence", "asks-for-evidence", "keeps-image",
              "deletes-evidence", "resets-device", "switches-off-device", "reports-to-site-first",
              "answers-online-contact"]  # fmt: skip
Motif = Literal["lamp", "reading-lamp", "two-shadows", "two-toothbrushes", "phone-and-thread", "falling-picture",
                "gate-and-lamp", "two-mugs", "receiver"]  # fmt: skip
Nation = Literal["england", "wales", "scotland", "northern-ireland"]
Setting = Literal["school", "residential", "social-work", "early-years", "clubs", "leaders"]
SETTINGS: dict[Setting, str] = {
    "school": _("School or college"), "residential": _("Residential or foster care"),
    "social-work": _("Social work and health"), "early-years": _("Early years"),
    "clubs": _("Clubs and volunteers"), "leaders": _("Leaders"),
}  # fmt: skip
NATIONS: dict[Nation, str] = {
    "england": _("England"), "wales": _("Wales"), "scotland": _("Scotland"), "northern-ireland": _("Northern Ireland"),
}  # fmt: skip
SECTIONS = {
    "background": _("Background"), "reasons-for-review": _("Reasons why the reviews were held"),
    "risk-factors": _("Risk factors"), "policy": _("Learning for policy makers"), "practice": _("Learning for practice"),
}  # fmt: skip
ContactKind = Literal["lead", "deputy", "out-of-hours", "social-care"]
WORDS_PER_MINUTE = 200
# What is asked where an author asks nothing: words of the interface.
DEFAULT_ASK = _("What do you do now?")


class LearningPoint(FrozenModel):
    """A learning point of the briefing, in the words of the reviews (`found`); `today` where that is no longer the
    instruction."""

    id: Id
    section: str
    lines: CoercedText
    title: Label
    found: InlineText
    today: InlineText | None = None
    safety_critical: bool = False


class Source(FrozenModel):
    """The source of a fact that is newer than the briefing, with its confidence and the day of its last check."""

    id: Id
    title: str
    publisher: str
    date: CoercedText
    says: InlineText
    status: Literal["confirmed", "known", "open"]
    checked: dt.date
    confidence: Literal["high", "medium", "low"] | None = None
    check_by: dt.date | None = None
    owner: str | None = None
    address: str | None = Field(default=None, pattern=r"^https?://")


class Change(VersionedModel):
    """A material change, as its author marks it on a page or a question: since when, and why.

    Every refresher shows it to people who completed the course before. With `update_days` an update is open to them
    earlier: for that number of days after this installation first taught the change, or after they were certified if that
    was later.
    """

    date: dt.date
    reason: InlineText
    update_days: int | None = Field(default=None, ge=7, le=365)

    def visible_content(self) -> dict[str, Any]:
        """All fields: the version of a mark changes with each of them."""
        return self.model_dump(mode="json")


class Option(FrozenModel):
    """One option to choose, place or mark, and why it is right or wrong. `does`: what it does, in a few words.

    A moment of a timeline has a `date` in words, its `day` (days after the first moment), the `risk` to the child from 0 to
    5, and whether somebody `acted`.
    """

    text: InlineText
    reason: InlineText
    correct: bool = False
    group: str | None = None
    # Left out where it is not set: the versions of questions that are older than this field stay.
    does: Label | None = Field(default=None, exclude_if=lambda value: value is None)
    date: Label | None = None
    day: int | None = Field(default=None, exclude_if=lambda value: value is None)
    risk: int | None = Field(default=None, exclude_if=lambda value: value is None)
    acted: bool = Field(default=False, exclude_if=lambda value: not value)
    points: tuple[Id, ...] = ()


class Question(VersionedModel):
    """A question of any form (a timeline: of dated moments). It plays in the work of `settings`; empty: in anybody's."""

    id: Id
    form: Form = "one"
    points: tuple[Id, ...] = Field(min_length=1)
    settings: tuple[Setting, ...] = ()
    stem: InlineText
    options: tuple[Option, ...] = Field(min_length=3)
    groups: tuple[KeyLabel, ...] = ()
    critical: bool | None = None
    title: Label | None = None
    intro: Prose | None = None
    changes: tuple[Change, ...] = ()

    @property
    def has_parts(self) -> bool:
        return self.form in PART_FORMS

    def group_named(self, name: str) -> str:
        """The group of this name, as an answer stores it, in the words of this question; the name itself if it has gone."""
        return next((group for group in self.groups if group == name), name)

    def options_by_part(self, order: Iterable[int]) -> list[list[int]]:
        """For each group the indices of its options, in the order of `order`; options that are not in it are left out."""
        return [[index for index in order if self.options[index].group == group] for group in self.groups]

    def visible_content(self) -> dict[str, Any]:
        """The fields that a learner sees, from which the version is made."""
        return self.model_dump(include={"form", "stem", "options", "groups", "title", "intro"}, mode="json")


class Gauge(FrozenModel):
    """A value from 0 to 5 that the choices of a scenario raise and lower."""

    label: Label
    start: int = Field(default=3, ge=0, le=5)


class Choice(FrozenModel):
    """A choice in a scene, its consequence, and the reason why it is good or bad. `to` is the next scene.

    `acts` says what the choice does with evidence (None: the author does not say; empty: nothing, for the reason in
    `no_act`). Both are for the content check only: learners do not see them, so they are no part of the version.
    """

    id: Id
    text: InlineText
    quality: Quality
    consequence: InlineText
    reason: InlineText
    to: Id
    effects: dict[str, int] = Field(default_factory=dict)
    try_again: int | None = Field(default=None, ge=1, le=3)
    # Left out where there are none: the versions of scenarios that are older than this field stay.
    messages: ScreenMessages | None = Field(default=None, exclude_if=lambda value: value is None)
    acts: tuple[Act, ...] | None = Field(default=None, exclude=True)
    no_act: str | None = Field(default=None, min_length=10, exclude=True)


class Scene(FrozenModel):
    """A scene of a scenario: it asks for a decision, or it is an ending: a single one (`end`), or one of several (`endings`)
    of which a path earns one."""

    id: Id
    text: Prose | None = None
    messages: ScreenMessages | None = Field(default=None, exclude_if=lambda value: value is None)
    time: CoercedLabel | None = None
    title: Label | None = None
    ask: Label = str.__str__(DEFAULT_ASK)
    critical: bool = False
    points: tuple[Id, ...] = ()
    choices: tuple[Choice, ...] = ()
    end: Outcome | None = None
    debrief: Prose | None = None
    why: InlineText | None = None
    endings: tuple[Ending, ...] = ()

    def choice(self, choice_id: str) -> Choice | None:
        return next((c for c in self.choices if c.id == choice_id), None)

    @property
    def best(self) -> Choice:
        """The recommended choice, the first of two good ways. The content check makes sure that there is one."""
        return next(c for c in self.choices if c.quality == "best")

    @property
    def is_ending(self) -> bool:
        return self.end is not None or bool(self.endings)

    @property
    def possible_endings(self) -> tuple[Ending, ...]:
        """The endings of the scene, the first that a path has earned being shown. A single one has the scene's id."""
        if self.endings or self.end is None:
            return self.endings
        return (
            # Constructed, not validated again: that would render the texts twice and forget their language.
            Ending.model_construct(
                id=self.id, end=self.end, title=self.title or "", text=self.text or Prose(""),
                debrief=self.debrief or Prose(""), why=self.why,
            ),
        )  # fmt: skip


class Scenario(VersionedModel):
    """A scenario: a graph of scenes with decisions. `settings` are the pathways whose work it shows, `near` those whose
    work is similar."""

    id: Id
    title: Label
    settings: tuple[Setting, ...] = Field(min_length=1)
    near: tuple[Setting, ...] = ()
    points: tuple[Id, ...] = Field(min_length=1)
    intro: Prose
    gauges: dict[str, Gauge] = Field(min_length=1, max_length=3)
    start: Id
    scenes: tuple[Scene, ...] = Field(min_length=2)

    @cached_property
    def by_id(self) -> dict[str, Scene]:
        return {scene.id: scene for scene in self.scenes}

    @cached_property
    def recommended(self) -> tuple[Scene, ...]:
        """The scenes on the recommended path, the ending included."""
        path = [self.by_id[self.start]]
        while not path[-1].is_ending and len(path) <= len(self.scenes):
            path.append(self.by_id[path[-1].best.to])
        return tuple(path)

    def visible_content(self) -> dict[str, Any]:
        """The fields that a learner sees, from which the version is made."""
        content = self.model_dump(include={"title", "intro", "gauges", "start", "scenes"}, mode="json")
        for scene in content["scenes"]:
            # Without endings of the newer kind a scenario has the version that it had before there were any.
            for name in ("why", "endings"):
                if not scene[name]:
                    del scene[name]
        return content


class Block(FrozenModel):
    """A part of a page: its HTML, and what its kind needs. `audience`: the pathways (kind setting) or nations (kind nation)
    that read it. `fold`: off the main road, it opens when asked."""

    kind: Literal["text", "reviews", "since", "practice", "reflect", "key", "diagram", "history", "setting", "nation",
                  "chat", "route", "compare", "hours", "spread", "judge", "question", "more"]  # fmt: skip
    html: BlockHtml
    audience: tuple[Setting | Nation, ...] = ()
    lines: str | None = None
    sources: tuple[str, ...] = ()
    cited: tuple[Source, ...] = ()
    contacts: tuple[ContactKind, ...] = ()
    id: str | None = None
    title: Label | None = None
    svg: BlockHtml | None = None
    words: int = 0
    # Left out where they are not set, so that older pages keep their versions.
    fold: bool = Field(default=False, exclude_if=lambda value: not value)
    judge: Judge | None = Field(default=None, exclude_if=lambda value: value is None)
    question: Question | None = Field(default=None, exclude_if=lambda value: value is None)

    @property
    def judge_group(self) -> str:
        """A name for the judgement that differs between two versions of a page: a refresher shows both."""
        return f"judge-{content_digest([self.html, self.judge and self.judge.model_dump()])[:8]}"


class Page(VersionedModel):
    """A lesson page. `pathways` gives the pathways that read it; empty means all."""

    id: Id
    title: Label
    teaches: tuple[Id, ...] = Field(min_length=1)
    content_note: InlineText | None = None
    pathways: tuple[Setting, ...] = ()
    blocks: tuple[Block, ...] = ()
    changes: tuple[Change, ...] = ()

    @property
    def words(self) -> int:
        return sum(block.words for block in self.blocks)

    @property
    def questions(self) -> tuple[Question, ...]:
        """What the page asks about itself: one question, or none."""
        return tuple(block.question for block in self.blocks if block.question)

    def visible_content(self) -> dict[str, Any]:
        """The fields that a learner sees, from which the version is made."""
        return self.model_dump(include={"title", "content_note", "blocks"}, mode="json")


class Step(FrozenModel):
    """A step of a module. `others` are the scenarios that count as well: each pathway gets the nearest one."""

    id: Id
    kind: Literal["page", "scenario", "timeline"]
    title: str
    others: tuple[Id, ...] = ()


class Module(FrozenModel):
    """A module of the course: its steps in order, with the objects of its folder by id.

    `can_do` says at its end what the reader can do now, `when_then` is the beginning of the sentence that the reader may
    write there for themselves.
    `motif` is the drawing of the module (see templates/components/motif.html). It is no part of what a version teaches.
    """

    id: Id
    title: Label
    summary: InlineText
    points: tuple[Id, ...] = Field(min_length=1)
    content_note: InlineText | None = None
    can_do: InlineText | None = None
    when_then: Label | None = None
    motif: Motif = Field(default="lamp", exclude=True)
    steps: tuple[Step, ...] = Field(min_length=1)
    pages: dict[str, Page] = Field(default_factory=dict)
    scenarios: dict[str, Scenario] = Field(default_factory=dict)
    timelines: dict[str, Question] = Field(default_factory=dict)
    questions: tuple[Question, ...] = ()

    def step(self, step_id: str) -> Step | None:
        """The step of this id, or a scenario of this id that counts for a step; None if there is neither."""
        step = next((s for s in self.steps if s.id == step_id), None)
        if step is None and any(step_id in s.others for s in self.steps):
            return Step(id=step_id, kind="scenario", title=self.scenarios[step_id].title)
        return step


class Course(FrozenModel):
    """course.yaml: the settings of the course.

    The check of a module asks each of its points once, and then again up to `check_questions` in all and
    `check_per_point` each. A refresher takes `refresher_share` per cent of the course's time. The numbers from
    `questions_per_point` to `own_setting_modules` are minimums of the content check, `module_minutes` is the most that
    a module may take on any pathway, and `sentence_words` bounds the median sentence of a page. With `earned_endings` the
    check holds the endings of every scenario against all paths that lead to them (see course/content/paths).
    With `phone_drawings` it refuses a drawing that no phone can show, with `lesson_pages` a page that does not open with a
    judgement, ask one question and end with its key, or shows more than `page_words` at first.
    `beat_words` bounds what is read between two decisions of a scenario (see course/content/beats).
    A certificate states `title` and `edition`, and has room for so much.
    """

    title: Label = Field(max_length=200)
    edition: CoercedText = Field(max_length=20)
    reviewed: dt.date
    modules: tuple[Id, ...] = Field(min_length=1)
    pass_mark: int = Field(default=80, ge=50, le=100)
    check_questions: int = Field(default=8, ge=1, le=20)
    check_per_point: int = Field(default=2, ge=1, le=4)
    final_per_point: int = Field(default=1, ge=1, le=3)
    final_per_critical_point: int = Field(default=2, ge=1, le=3)
    valid_months: int = Field(default=12, ge=1, le=60)
    refresher_share: int = Field(default=25, ge=5, le=100)
    facts_months: int = Field(default=12, ge=1, le=36)
    facts_owner: str = "The person who keeps the course"  # not translated: for authors
    questions_per_point: int = Field(default=1, ge=1)
    questions_per_critical_point: int = Field(default=1, ge=1)
    forms_per_point: int = Field(default=1, ge=1, le=7)
    own_setting_modules: int = Field(default=0, ge=0)
    module_minutes: int | None = Field(default=None, ge=1, exclude=True)
    sentence_words: tuple[int, int] = Field(default=(1, 18), exclude=True)
    earned_endings: bool = Field(default=False, exclude=True)
    phone_drawings: bool = Field(default=False, exclude=True)
    lesson_pages: bool = Field(default=False, exclude=True)
    page_words: int = Field(default=260, ge=100, exclude=True)
    beat_words: int | None = Field(default=None, ge=40, exclude=True)
    notice: InlineText
