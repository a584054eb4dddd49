"""The one button "Carry on", in words and with its address: the same on My training and on the page of a module."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from course.content.library import SECONDS_PER_DECISION, SECONDS_PER_QUESTION
from course.content.queries import part_in_version
from course.content.rendering import label_html, mark_language, text_language
from course.content.schema import Module, Scenario, Scene
from course.learning import queries
from course.learning.actions import final_result
from course.learning.queries.open_parts import open_parts
from course.learning.reader_course import reader_library
from course.learning.rules.branching import decisions_ahead, run_state
from course.learning.rules.carry_on import (
    MODULE,
    SHORT_BREAK_MINUTES,
    NextFinal,
    NextThing,
    OpenPart,
    next_in_course,
    next_in_module,
    opening_line,
    piece_counts,
    pieces_ahead,
    portions,
    short_portion,
)
from course.learning.rules.progress import (
    CHECK,
    CourseProgress,
    ModuleProgress,
    ProgressFacts,
    module_progress,
    progress,
)
from course.learning.views.assessment_size import assessment_minutes, assessment_questions
from course.learning.views.page_context import reader_id, step_address
from course.translation import gettext as _
from course.translation import ngettext
from course.web.addresses import url_for
from course.web.template_filters import format_minutes, format_names
from course.web.unit_of_work import db, row_source


@dataclass(frozen=True)
class CarryOn:
    """The one button: `label` and `address`, and whether a press begins something (a form that is sent) or opens what is
    there (a link). `line` is what it is about, in large letters, `text` a sentence beside it, `after` what comes then.

    `minutes` is how long the thing takes, `module_minutes` how long the module takes from here, `portion` what fits into
    five minutes and `portions` how many such portions the module has left. `module` is None for what is in no module;
    `step_id` is its step. `whole_module` says that the module is not begun (then `after` lists all of it), `resumes` that
    a run or an attempt is under way. `motif` is the drawing beside it.
    """

    label: Markup
    address: str
    begins: bool
    line: Markup
    text: Markup
    after: str
    minutes: float
    module: Module | None = None
    number: int = 0
    module_minutes: float = 0
    portion: str = ""
    portions: int = 0
    step_id: str = ""
    whole_module: bool = False
    resumes: bool = False
    motif: str = "lamp"


@dataclass(frozen=True)
class ReaderCourse:
    """Where the reader is in the course: `progress`, the `parts` that are open, the one button (None: the course is
    complete), and the minutes of the final assessment from here."""

    progress: CourseProgress
    parts: Sequence[OpenPart]
    carry_on: CarryOn | None
    final_minutes: float


def reader_course() -> ReaderCourse:
    """The reader's progress with the one button. At most five queries."""
    facts = queries.progress_facts(row_source(), reader_id())
    parts = open_parts(row_source(), reader_id())
    state = progress(reader_library(), facts)
    thing = next_in_course(state, facts, parts)
    if isinstance(thing, NextFinal):
        carry_on = _final_in_words(thing.open, len(state.modules))
        return ReaderCourse(state, parts, carry_on, carry_on.minutes)
    minutes = 0.0 if state.completed_at is not None else assessment_minutes(None)
    return ReaderCourse(state, parts, _in_words(thing) if thing is not None else None, minutes)


def module_carry_on(module: Module) -> tuple[ModuleProgress, CarryOn | None]:
    """The reader's progress in one module, and the one button there; None if the module is done."""
    facts: ProgressFacts = queries.progress_facts(row_source(), reader_id())
    state = module_progress(reader_library(), module, facts)
    thing = next_in_module(state, facts, open_parts(row_source(), reader_id()))
    return state, _in_words(thing) if thing is not None else None


@dataclass(frozen=True)
class _StoryPlace:
    """Where a run stands: the scene, the number of the next decision, and how many are left with it."""

    scenario: Scenario
    scene: Scene | None
    number: int
    left: int
    repairing: bool


def _story_place(run_id: int) -> _StoryPlace | None:
    run = queries.run(db(), reader_id(), run_id)
    scenario = part_in_version(db(), reader_library(), Scenario, run.ref, run.version) if run else None
    if run is None or scenario is None:
        return None
    state = run_state(scenario, run.decisions, has_outcome=run.has_outcome)
    repairing = state.ending is not None
    ahead = decisions_ahead(scenario, state.scene) if state.scene is not None else 0
    left = len(state.scenes_to_repair) if repairing else ahead
    return _StoryPlace(scenario, state.scene, len(state.path) + 1, left, repairing)


def _in_words(thing: NextThing) -> CarryOn:
    place = _story_place(thing.open.id) if thing.open is not None and thing.kind == "scenario" else None
    module, library = thing.module.module, reader_library()
    questions = sum(count for _point, count in library.check_counts(thing.module.missed_points))
    pieces = pieces_ahead(thing, library.step_minutes, place.left if place else 0, questions)
    now = _pieces_of_step(thing, len(pieces), place, questions)
    label, line, text = _step_in_words(thing, place, questions)
    return CarryOn(
        label,
        *_address(thing),
        line,
        text,
        _counts_in_words(piece_counts(pieces if thing.kind == MODULE else pieces[now:])),
        sum(piece.minutes for piece in pieces[:now]),
        module,
        thing.module.number,
        sum(piece.minutes for piece in pieces),
        _counts_in_words(piece_counts(short_portion(pieces))),
        portions(pieces),
        thing.step.id,
        thing.kind == MODULE,
        thing.open is not None,
        module.motif,
    )


def story_carry_on(run_id: int) -> CarryOn | None:
    """The button of a run that is under way in a short course; None if its scenario is not known any more."""
    place = _story_place(run_id)
    if place is None:
        return None
    line, text = _scene_in_words(place)
    label = _label(True, _story_position(label_html(place.scenario.title), place))
    minutes = place.left * SECONDS_PER_DECISION / 60
    return CarryOn(label, url_for("learning.run", run_id=run_id), False, line, text, "", minutes)


def _pieces_of_step(thing: NextThing, total: int, place: _StoryPlace | None, questions: int) -> int:
    """How many of the pieces ahead belong to the next thing itself; of a module that is not begun all do."""
    if thing.kind == MODULE:
        return total
    if thing.kind == CHECK:
        return thing.open.total - thing.open.done if thing.open else questions
    if thing.kind == "scenario":
        minutes = reader_library().step_minutes.get((thing.step.module_id, thing.step.id), 0.0)
        return place.left if place else round(minutes * 60 / SECONDS_PER_DECISION)
    return 1


def _address(thing: NextThing) -> tuple[str, bool]:
    """The address of the one button, and whether it begins something there."""
    if thing.kind == MODULE:
        # The card says what the module is for; its first page begins with what it speaks of.
        return step_address(thing.step), thing.step.kind != "page"
    if thing.open is not None and thing.kind == "scenario":
        return url_for("learning.run", run_id=thing.open.id), False
    if thing.open is not None:
        return url_for("learning.attempt", attempt_id=thing.open.id), False
    return step_address(thing.step), thing.kind != "page"


def _label(begun: bool, what: str | Markup) -> Markup:
    return Markup("{}: {}").format(_("Carry on") if begun else _("Start"), what)


def _step_in_words(thing: NextThing, place: _StoryPlace | None, questions: int) -> tuple[Markup, Markup, Markup]:
    """The words of the button, the line above it, and the sentence beside that."""
    module, step = thing.module, thing.step
    title, begun = label_html(step.title), module.started or thing.open is not None
    if thing.kind == MODULE:
        what = _("module %(number)s of %(count)s", number=module.number, count=len(reader_library().modules))
        return _label(False, what), label_html(module.module.title), escape(module.module.summary)
    if thing.kind == CHECK:
        size = thing.open.total if thing.open else questions
        what = (
            position_in_words(thing.open)
            if thing.open
            else ngettext("%(num)s question on this module", "%(num)s questions on this module", size)
        )
        # Whoever takes the check first, or with a story still open, has more to do after it.
        is_last = all(one.done for one in module.steps if one.id != step.id)
        text = (
            _("The last step of this module. Stop at any question, and carry on later.")
            if is_last
            else _("You can stop at any question and carry on later.")
        )
        return _label(begun, what), title, escape(text)
    if place is not None:
        line, text = _scene_in_words(place)
        return _label(True, _story_position(label_html(place.scenario.title), place)), line, text
    if thing.kind == "scenario":
        story = reader_library().modules[step.module_id].scenarios.get(step.id)
        opening = opening_line(_plain(story.intro)) if story else None
        text = _in_language(escape(opening.line), story.intro) if story and opening else Markup("")
        return _label(begun, title), escape(_("A story with decisions")), text
    if thing.kind == "timeline":
        about = escape(_("A timeline: where could an adult have acted?"))
        return _label(begun, title), label_html(module.module.title), about
    return _label(begun, title), _page_line(module.module, step.id), Markup("")


def _page_line(module: Module, page_id: str) -> Markup:
    """The first sentence of a page, if it is short; else the title of the module."""
    page = module.pages[page_id]
    html = page.blocks[0].html if page.blocks else ""
    opening = opening_line(_plain(html)) if html else None
    return _in_language(escape(opening.line), html) if opening else label_html(module.title)


def _plain(text: str) -> str:
    """A text of the course without its markup."""
    return Markup(getattr(text, "html", text)).striptags()  # noqa: S704 (only to take the markup away)


def _in_language(html: Markup, source: str) -> Markup:
    return Markup(mark_language(str(html), text_language(source)))  # noqa: S704 (escaped by the caller)


def _scene_in_words(place: _StoryPlace) -> tuple[Markup, Markup]:
    begun = place.number > 1
    stopped = escape(
        _("You stopped here, in the middle of the story.") if begun else _("You stopped at the first decision.")
    )
    if place.repairing:
        return label_html(place.scenario.title), escape(_("The story is over. There is one decision to try again."))
    scene_text = place.scene.text if place.scene is not None else None
    opening = opening_line(_plain(scene_text)) if scene_text else None
    if opening is None or not scene_text:
        return label_html(place.scenario.title), stopped
    text = Markup("{} {}").format(_in_language(escape(opening.text), scene_text), stopped) if opening.text else stopped
    return _in_language(escape(opening.line), scene_text), text


def _story_position(title: Markup, place: _StoryPlace) -> Markup:
    if place.repairing:
        return escape(_("%(story)s, one decision to try again")) % {"story": title}
    words = escape(_("%(story)s, decision %(number)s of about %(count)s"))
    return words % {"story": title, "number": place.number, "count": place.number - 1 + place.left}


def position_in_words(part: OpenPart) -> str:
    """Question 6 of 50, about 22 minutes."""
    minutes = format_minutes((part.total - part.done) * SECONDS_PER_QUESTION / 60)
    return _(
        "question %(number)s of %(count)s, about %(minutes)s", number=part.done + 1, count=part.total, minutes=minutes
    )


def _final_in_words(part: OpenPart | None, modules: int) -> CarryOn:
    """The button of the final assessment: the open attempt, or a new one on what is not right yet."""
    text = ngettext("The module is done.", "All %(num)s modules are done.", modules)
    if part is not None:
        what, left = position_in_words(part), part.total - part.done
    else:
        verdict = final_result(db(), reader_library(), reader_id())
        left = assessment_questions(verdict)
        minutes = format_minutes(left * SECONDS_PER_QUESTION / 60)
        what = ngettext("%(num)s question, about %(minutes)s", "%(num)s questions, about %(minutes)s", left,
                        minutes=minutes)  # fmt: skip
        if verdict is not None and not verdict.passed:
            text = ngettext(
                "Your last try left %(num)s point open. The next one asks only that.",
                "Your last try left %(num)s points open. The next one asks only those.",
                len(verdict.missed),
            )
    text += " " + _("You can stop at any question and carry on later.")
    return CarryOn(
        _label(part is not None, what),
        url_for("learning.attempt", attempt_id=part.id) if part else url_for("learning.begin_assessment"),
        part is None,
        escape(_("Final assessment")),
        escape(text),
        "",
        left * SECONDS_PER_QUESTION / 60,
        portion=_counts_in_words({"question": min(left, int(SHORT_BREAK_MINUTES * 60 / SECONDS_PER_QUESTION))}),
        motif="ribbon",
        portions=math.ceil(left * SECONDS_PER_QUESTION / 60 / SHORT_BREAK_MINUTES),
    )


def _counts_in_words(counts: dict[str, int]) -> str:
    """2 pages, 1 timeline and 8 questions."""
    words = {
        "page": lambda n: ngettext("%(num)s page", "%(num)s pages", n),
        "decision": lambda n: ngettext("%(num)s decision", "%(num)s decisions", n),
        "timeline": lambda n: ngettext("%(num)s timeline", "%(num)s timelines", n),
        "question": lambda n: ngettext("%(num)s question", "%(num)s questions", n),
    }
    return format_names(words[kind](count) for kind, count in counts.items()) if counts else ""
