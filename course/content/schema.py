"""The schema of the course content, as frozen objects. They know neither people nor the database."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr

from course.content.rendering import BlockHtml, InlineText, Prose
from course.translation import lazy_gettext as _

Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=60)]
# YAML parses 999 or 116123 as a number, but a telephone number and a range of lines are texts.
CoercedText = Annotated[str, BeforeValidator(lambda value: str(value) if isinstance(value, int) else value)]
# Marks a plain text that is shown, and so can be translated; InlineText and Prose are shown by nature.
SHOWN = "shown"
Label = Annotated[str, SHOWN]
CoercedLabel = Annotated[CoercedText, SHOWN]
# A shown text that an answer repeats: its translation stays equal to the original (see rendering.TranslatedGroup).
SHOWN_KEY = "shown key"
KeyLabel = Annotated[str, SHOWN_KEY]
Form = Literal["one", "all", "order", "sort", "timeline"]
Quality = Literal["best", "fair", "poor", "dangerous"]
# What a choice does with evidence of abuse. Each act has one grade in all scenarios: see course/content/acts.
Act = Literal["views-image", "searches-device", "copies-evidence", "forwards-evidence", "asks-for-evidence", "keeps-image",
              "deletes-evidence", "resets-device", "switches-off-device", "reports-to-site-first",
              "answers-online-contact"]  # fmt: skip
Outcome = Literal["good", "mixed", "poor"]
Nation = Literal["england", "wales", "scotland", "northern-ireland"]
Setting = Literal["school", "residential", "social-work", "early-years", "clubs", "leaders"]
SETTINGS: dict[Setting, str] = {
    "school": _("School or college"),
    "residential": _("Residential or foster care"),
    "social-work": _("Social work and health"),
    "early-years": _("Early years"),
    "clubs": _("Clubs and volunteers"),
    "leaders": _("Leaders"),
}
NATIONS: dict[Nation, str] = {
    "england": _("England"),
    "wales": _("Wales"),
    "scotland": _("Scotland"),
    "northern-ireland": _("Northern Ireland"),
}
SECTIONS = {
    "background": _("Background"),
    "reasons-for-review": _("Reasons why the reviews were held"),
    "risk-factors": _("Risk factors"),
    "policy": _("Learning for policy makers"),
    "practice": _("Learning for practice"),
}
ContactKind = Literal["lead", "deputy", "out-of-hours", "social-care"]
WORDS_PER_MINUTE = 200
# What is asked where an author asks nothing: words of the interface, translated by its catalogues.
DEFAULT_ASK = _("What do you do now?")
DEFAULT_TASK = _("Mark each moment at which an adult could have acted.")


class FrozenModel(BaseModel):
    """The base of all content models: frozen, and an unknown key is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid", ignored_types=(cached_property,))


class VersionedModel(FrozenModel):
    """A content model that answers and archives refer to by version. A translation has the version of its original."""

    _original: Self | None = PrivateAttr(default=None)

    @property
    def original(self) -> Self:
        """The English original of a translation; the object itself if it is no translation."""
        return self if self._original is None else self._original

    def translation_of(self, original: Self) -> Self:
        """Mark this new object as the translation of `original`, and return it."""
        self._original = original
        return self

    def visible_content(self) -> dict[str, Any]:
        """The fields that a learner sees, from which the version is made."""
        raise NotImplementedError("each kind of content says what a learner sees")

    @cached_property
    def version(self) -> str:
        return content_digest(self.original.visible_content())

    @cached_property
    def shown_version(self) -> str:
        """The version of the words that are shown: that of a translation differs from its original's, and with its texts."""
        if self.original is self:
            return self.version
        return content_digest({"translation_of": self.version, **self.visible_content()})


def content_digest(content: Any) -> str:
    """A version: a hash of 20 characters, equal for equal content."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:20]


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
    earlier: for that number of days after this installation first taught the change.
    """

    date: dt.date
    reason: InlineText
    update_days: int | None = Field(default=None, ge=7, le=365)

    def visible_content(self) -> dict[str, Any]:
        """All fields: the version of a mark changes with each of them."""
        return self.model_dump(mode="json")


class Option(FrozenModel):
    """One option to choose, place or mark, and the reason why it is right or wrong."""

    text: InlineText
    reason: InlineText
    correct: bool = False
    group: str | None = None
    date: Label | None = None
    points: tuple[Id, ...] = ()


class Question(VersionedModel):
    """A question of any form. A timeline is one whose options are dated moments."""

    id: Id
    form: Form = "one"
    points: tuple[Id, ...] = Field(min_length=1)
    stem: InlineText
    options: tuple[Option, ...] = Field(min_length=3)
    groups: tuple[KeyLabel, ...] = ()
    critical: bool | None = None
    title: Label | None = None
    intro: Prose | None = None
    changes: tuple[Change, ...] = ()

    def group_named(self, name: str) -> str:
        """The group of this name, as an answer stores it, in the words of this question; the name itself if it has gone."""
        return next((group for group in self.groups if group == name), name)

    def visible_content(self) -> dict[str, Any]:
        """The fields that a learner sees, from which the version is made."""
        return self.model_dump(include={"form", "stem", "options", "groups", "title", "intro"}, mode="json")


class Moment(FrozenModel):
    """A dated moment of a timeline; `missed` if an adult could have acted."""

    date: CoercedLabel
    text: InlineText
    reason: InlineText
    missed: bool = False
    points: tuple[Id, ...] = ()


class Timeline(FrozenModel):
    """A missed-opportunities timeline as its author writes it; learners get it as a `Question`."""

    id: Id
    title: Label
    points: tuple[Id, ...] = Field(min_length=1)
    intro: Prose
    task: InlineText = Field(default_factory=lambda: InlineText(str.__str__(DEFAULT_TASK)))
    moments: tuple[Moment, ...] = Field(min_length=4)

    def question(self) -> Question:
        """The timeline as a question, so that it is answered, graded and stored like any other."""
        # Constructed, not validated again: that would render the texts twice and forget their language.
        options = tuple(
            Option.model_construct(text=m.text, reason=m.reason, correct=m.missed, date=m.date, points=m.points)
            for m in self.moments
        )
        return Question.model_construct(
            id=self.id, form="timeline", points=self.points, stem=self.task, options=options,
            critical=False, title=self.title, intro=self.intro)  # fmt: skip


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
    effects: dict[str, int] = {}
    try_again: int | None = Field(default=None, ge=1, le=3)
    acts: tuple[Act, ...] | None = Field(default=None, exclude=True)
    no_act: str | None = Field(default=None, min_length=10, exclude=True)


class Scene(FrozenModel):
    """A scene of a scenario: it asks for a decision, or it is an ending (`end`)."""

    id: Id
    text: Prose
    time: CoercedLabel | None = None
    title: Label | None = None
    ask: Label = str.__str__(DEFAULT_ASK)
    critical: bool = False
    points: tuple[Id, ...] = ()
    choices: tuple[Choice, ...] = ()
    end: Outcome | None = None
    debrief: Prose | None = None

    def choice(self, choice_id: str) -> Choice | None:
        return next((c for c in self.choices if c.id == choice_id), None)

    @property
    def best(self) -> Choice:
        """The recommended choice. The content check makes sure that there is exactly one."""
        return next(c for c in self.choices if c.quality == "best")


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
        while not path[-1].end and len(path) <= len(self.scenes):
            path.append(self.by_id[path[-1].best.to])
        return tuple(path)

    def visible_content(self) -> dict[str, Any]:
        """The fields that a learner sees, from which the version is made."""
        return self.model_dump(include={"title", "intro", "gauges", "start", "scenes"}, mode="json")


class Block(FrozenModel):
    """A part of a page: its rendered HTML, and the fields that its kind needs. `audience` gives the pathways (kind
    setting) or nations (kind nation) that read it."""

    kind: Literal["text", "reviews", "since", "practice", "reflect", "key", "diagram", "history", "setting", "nation"]
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

    def visible_content(self) -> dict[str, Any]:
        """The fields that a learner sees, from which the version is made."""
        return self.model_dump(include={"title", "content_note", "blocks"}, mode="json")


class Step(FrozenModel):
    """A step of a module. `others` are the scenarios that count as well: each pathway gets the one nearest to its
    work."""

    id: Id
    kind: Literal["page", "scenario", "timeline"]
    title: str
    others: tuple[Id, ...] = ()


class Module(FrozenModel):
    """A module of the course: its steps in order, with the objects of its folder by id."""

    id: Id
    title: Label
    summary: InlineText
    points: tuple[Id, ...] = Field(min_length=1)
    content_note: InlineText | None = None
    steps: tuple[Step, ...] = Field(min_length=1)
    pages: dict[str, Page] = {}
    scenarios: dict[str, Scenario] = {}
    timelines: dict[str, Question] = {}
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
    a module may take on any pathway, and `sentence_words` bounds the median sentence of a page.
    """

    title: Label
    edition: CoercedText
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
    forms_per_point: int = Field(default=1, ge=1, le=5)
    own_setting_modules: int = Field(default=0, ge=0)
    module_minutes: int | None = Field(default=None, ge=1)
    sentence_words: tuple[int, int] = (1, 18)
    notice: InlineText
