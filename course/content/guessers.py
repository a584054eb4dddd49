"""Guessers: what a person scores who knows something other than the learning point.

One knows a rule of thumb about reporting ("tell the lead now, and do not look, ask, delete, block, promise or wait"), one goes
by the words that are usual in the right options of the other modules, the rest by plain signs of a text. If such a person does
well, a pass does not show that the points were understood.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import fmean

from course.content.quality import FAIRNESS_MARGIN, distinctive_words, hedge_count, strip_markup
from course.content.schema import Module, Question, Scene

MAX_RULE_SHARE = 0.50
MAX_RULE_MODULE_SHARE = 0.60
MIN_SAMPLE = 20  # with fewer questions or scenes, shares mean nothing
MIN_WORD_COUNT = 4  # words that are rarer teach a guesser nothing


@dataclass(frozen=True)
class ChoiceTask:
    """One decision among texts: a question with one best answer, a part of a built answer, or a scene of a story.

    `right` holds the indices of the right texts.
    """

    kind: str  # question, part, scene
    id: str
    module: str
    points: tuple[str, ...]
    critical: bool
    stem: str
    texts: tuple[str, ...]
    right: frozenset[int]

    @property
    def chance(self) -> float:
        """The probability of being right by chance."""
        return len(self.right) / len(self.texts)


def choice_tasks(modules: Iterable[Module]) -> list[ChoiceTask]:
    """All decisions with one text to take: questions, parts of built answers, and scenes of stories."""
    return [task for module in modules for task in (*_question_tasks(module), *_scene_tasks(module))]


def _question_tasks(module: Module) -> Iterator[ChoiceTask]:
    for question in module.questions:
        if question.form == "one":
            yield _question_task(module, question, "question", range(len(question.options)))
        elif question.form in ("first-words", "record"):
            for group in question.groups:
                indices = [n for n, option in enumerate(question.options) if option.group == group]
                yield _question_task(module, question, "part", indices)


def _question_task(module: Module, question: Question, kind: str, indices: Sequence[int]) -> ChoiceTask:
    options = [question.options[n] for n in indices]
    right = frozenset(n for n, option in enumerate(options) if option.correct)
    texts = tuple(strip_markup(option.text) for option in options)
    return ChoiceTask(kind, question.id, module.id, question.points, False, strip_markup(question.stem), texts, right)


def _scene_tasks(module: Module) -> Iterator[ChoiceTask]:
    for scenario in module.scenarios.values():
        for scene in scenario.scenes:
            if scene.choices:
                yield _scene_task(module, f"{scenario.id}/{scene.id}", scene)


def _scene_task(module: Module, name: str, scene: Scene) -> ChoiceTask:
    right = frozenset(n for n, choice in enumerate(scene.choices) if choice.quality == "best")
    texts = tuple(strip_markup(choice.text) for choice in scene.choices)
    return ChoiceTask(
        "scene", name, module.id, scene.points, scene.critical, strip_markup(scene.text or ""), texts, right
    )


# --- The rule of thumb ---

_ROLES = r"lead|deputy|head|manager|police|999|social (?:care|worker|work)|designated officer|out-of-hours|supervisor"
_URGENCY = (
    r"now|today|tonight|at once|straight away|immediately|right away|this (?:morning|afternoon|evening)|within the hour"
)
_VOICE = (
    r"tells?|rings?|reports?|pass(?:es)? it on|hands? (?:it )?(?:on|over)|go(?:es)? to|walks? (?:over )?to|says? that"
    r"|by (?:voice|phone)|in person"
)
_LEFT_ALONE = (
    r"leav(?:e|es|ing)|as it is|nothing more|without|unopened|untouched|alone"
    r"|not (?:to )?(?:look|open|ask|touch|delete)"
)
_CARE = r"thank|listen|stay|with (?:her|him|them)|own words|not (?:her|his|your|their) fault|believe|calm"
_ACTS = (
    r"look(?:s|ing)?(?: at| through| up| for)?|open(?:s|ing)?|scroll\w*|check(?:s|ing)?|search(?:es|ing)?|finds? out"
    r"|read(?:s|ing)? (?:through|the|his|her|their)|ask(?:s|ing)?|question(?:s|ing)?|delet\w*|wip\w*|clear\w*|remov\w*"
    r"|block(?:s|ed|ing)?|promis\w*|keep(?:s|ing)?|confiscat\w*|takes? (?:the|his|her|their) (?:phone|tablet)"
    r"|photograph\w*|screenshot\w*|print\w*|copy|copies|forward\w*|sends?|sav(?:e|es)|collect\w*|gather\w*"
    r"|confront\w*|warn\w*|repl(?:y|ies)|answers?|reset\w*|reassur\w*"
)
_DELAY = (
    r"wait(?:s|ing)?|once|until|after|later|tomorrow|monday|next|first|before|unless|when(?:ever)?|end of|weekend"
    r"|in the morning|if (?:it|she|he|they)|only|then|sure|certain|proof|see (?:whether|if|how)|watch"
)
_OTHERS = r"mother|father|mum|dad|parents?|aunt|family|friends?|class|everyone|everybody|team|site|platform|app"
_RULE_OF_THUMB: tuple[tuple[re.Pattern[str], float], ...] = tuple(
    (re.compile(rf"\b(?:{words})\b", re.IGNORECASE), weight)
    for words, weight in (
        (_ROLES, 2.0), (_URGENCY, 1.5), (_VOICE, 1.5), (_LEFT_ALONE, 1.0), (_CARE, 1.0),
        (_ACTS, -1.5), (_DELAY, -1.0), (_OTHERS, -0.5),
    )
)  # fmt: skip


@lru_cache(maxsize=8192)
def rule_of_thumb_score(text: str) -> float:
    """How well a text fits the rule of thumb: roles, urgency and voice, against acts and delay. Each kind of word counts
    once."""
    return sum(weight for pattern, weight in _RULE_OF_THUMB if pattern.search(text))


# --- Plain signs of a text ---

_SENTENCE_END = re.compile(r"[.!?](?=[”’]?(?:\s|$))")
_REASON = re.compile(r"\b(so|since|because|before|until|if)\b", re.IGNORECASE)
_WORD = re.compile(r"[a-z]+(?:’[a-z]+)?")


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.lower()))


def _likeness(task: ChoiceTask) -> list[float]:
    """For each text how many of its words the other texts have as well, in relation to its own number of words."""
    words = [_words(text) for text in task.texts]
    return [sum(len(own & other) for other in words if other is not own) / (len(own) + 1) for own in words]


def _length_rank(task: ChoiceTask, from_shortest: int) -> list[float]:
    """1 for the text at this place in the order of lengths (negative: from the longest), 0 for the others."""
    order = sorted(range(len(task.texts)), key=lambda n: len(task.texts[n]))
    taken = order[from_shortest]
    return [float(n == taken) for n in range(len(task.texts))]


def _at_place(task: ChoiceTask, place: int) -> list[float]:
    """1 for the text at this place in the file (negative: from the end), 0 for the others. Scenes show this order."""
    taken = range(len(task.texts))[place]
    return [float(n == taken) for n in range(len(task.texts))]


def _each(sign: Callable[[str], float]) -> Callable[[ChoiceTask], list[float]]:
    return lambda task: [float(sign(text)) for text in task.texts]


def _stem_likeness(task: ChoiceTask) -> list[float]:
    stem = distinctive_words(task.stem)
    return [float(len(distinctive_words(text) & stem)) for text in task.texts]


def _opposite(sign: Callable[[ChoiceTask], list[float]]) -> Callable[[ChoiceTask], list[float]]:
    return lambda task: [-value for value in sign(task)]


_COMMAS = _each(lambda text: text.count(","))
_ANDS = _each(lambda text: len(re.findall(r"\band\b", text)))
_HEDGES = _each(hedge_count)
_REASONS = _each(lambda text: len(_REASON.findall(text)))
_SPEECH = _each(lambda text: "“" in text)
_SENTENCES = _each(lambda text: len(_SENTENCE_END.findall(text)))
_QUESTION = _each(lambda text: "?" in text)
_URGENT = re.compile(rf"\b(?:{_URGENCY})\b", re.IGNORECASE)
_HURRY = _each(lambda text: bool(_URGENT.search(text)))
# What one always takes, and the value of each text by which it is taken (the greatest).
PLAIN_SIGNS: dict[str, Callable[[ChoiceTask], list[float]]] = {
    "the first in the file": lambda task: _at_place(task, 0),
    "the second in the file": lambda task: _at_place(task, 1),
    "the last in the file": lambda task: _at_place(task, -1),
    "the longest": _each(len),
    "the second longest": lambda task: _length_rank(task, -2),
    "the second shortest": lambda task: _length_rank(task, 1),
    "the shortest": _opposite(_each(len)),
    "the one with most commas": _COMMAS,
    "the one with fewest commas": _opposite(_COMMAS),
    "the one with most 'and'": _ANDS,
    "the one with fewest 'and'": _opposite(_ANDS),
    "the most cautious": _HEDGES,
    "the least cautious": _opposite(_HEDGES),
    "the one with a reason or condition": _REASONS,
    "the one without a reason or condition": _opposite(_REASONS),
    "the one in quotation marks": _SPEECH,
    "the one without quotation marks": _opposite(_SPEECH),
    "the one with most sentences": _SENTENCES,
    "the one with fewest sentences": _opposite(_SENTENCES),
    "the one that asks something": _QUESTION,
    "the one that asks nothing": _opposite(_QUESTION),
    "the one with a word of urgency": _HURRY,
    "the one without a word of urgency": _opposite(_HURRY),
    "the one most like the stem": _stem_likeness,
    "the one least like the stem": _opposite(_stem_likeness),
    "the one most like the others": _likeness,
    "the one least like the others": _opposite(_likeness),
}


# --- Words learned from the other modules ---


def _learned_odds(tasks: Iterable[ChoiceTask]) -> Mapping[str, float]:
    """The log odds of each word to stand in a right text rather than in a wrong one (naive Bayes, one added to each
    count)."""
    right: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for task in tasks:
        for number, text in enumerate(task.texts):
            (right if number in task.right else wrong).update(_words(text))
    all_right, all_wrong = sum(right.values()) + 1, sum(wrong.values()) + 1
    return {
        word: math.log((right[word] + 1) / all_right) - math.log((wrong[word] + 1) / all_wrong)
        for word in sorted(right.keys() | wrong.keys())
        if right[word] + wrong[word] >= MIN_WORD_COUNT
    }


def learned_words_scores(tasks: Sequence[ChoiceTask]) -> dict[ChoiceTask, list[float]]:
    """For each task the value of its texts to a person who knows the answers of all other modules, but not the subject: the
    mean log odds of the words of a text."""
    scores: dict[ChoiceTask, list[float]] = {}
    for module in dict.fromkeys(task.module for task in tasks):
        odds = _learned_odds(task for task in tasks if task.module != module)
        for task in tasks:
            if task.module == module:
                scores[task] = [fmean([odds[w] for w in _words(text) if w in odds] or [0.0]) for text in task.texts]
    return scores


# --- Results ---


@dataclass(frozen=True)
class GuesserShare:
    """How often a guesser is right in `asked` tasks, and how often chance would be: shares of 1."""

    right: float
    chance: float
    asked: int


def share_right(tasks: Sequence[ChoiceTask], values: Callable[[ChoiceTask], Sequence[float]]) -> GuesserShare:
    """The share of tasks in which the text with the greatest value is right; by lot among equals."""
    if not tasks:
        return GuesserShare(0.0, 0.0, 0)
    right = chance = 0.0
    for task in tasks:
        of_texts = values(task)
        taken = [n for n, value in enumerate(of_texts) if value == max(of_texts)]
        right += len(task.right.intersection(taken)) / len(taken)
        chance += task.chance
    return GuesserShare(right / len(tasks), chance / len(tasks), len(tasks))


def rule_of_thumb(task: ChoiceTask) -> list[float]:
    """The values of the texts of a task to a person who knows the rule of thumb."""
    return [rule_of_thumb_score(text) for text in task.texts]


def tasks_by_point(tasks: Iterable[ChoiceTask]) -> dict[str, list[ChoiceTask]]:
    """The questions with one best answer, by learning point."""
    found: dict[str, list[ChoiceTask]] = {}
    for task in tasks:
        if task.kind == "question":
            for point in task.points:
                found.setdefault(point, []).append(task)
    return found


def guesser_problems(modules: Sequence[Module]) -> Iterator[tuple[str | None, str]]:
    """What a guesser does too well: each time the module (None: the whole course) and the message. A course with too few
    questions or scenes is not held to shares."""
    tasks = choice_tasks(modules)
    questions = [task for task in tasks if task.kind == "question"]
    scenes = [task for task in tasks if task.kind == "scene"]
    if len(questions) >= MIN_SAMPLE:
        yield from _rule_of_thumb_problems(questions)
    critical = [task for task in scenes if task.critical]
    if len(critical) >= MIN_SAMPLE:
        yield from _share_problem(critical, None, "critical decisions", MAX_RULE_SHARE)
    for of_kind, label in ((questions, "option of a question"), (scenes, "choice of a scene")):
        if len(of_kind) >= MIN_SAMPLE:
            yield from _plain_sign_problems(of_kind, label)


def _rule_of_thumb_problems(questions: Sequence[ChoiceTask]) -> Iterator[tuple[str | None, str]]:
    label = "questions with one best answer"
    yield from _share_problem(questions, None, label, MAX_RULE_SHARE)
    for module in dict.fromkeys(task.module for task in questions):
        of_module = [task for task in questions if task.module == module]
        yield from _share_problem(of_module, module, label, MAX_RULE_MODULE_SHARE)
    for point, of_point in tasks_by_point(questions).items():
        if share_right(of_point, rule_of_thumb).right == 1:
            yield of_point[0].module, f"the rule of thumb is right in all {len(of_point)} {label} on '{point}'"


def _share_problem(
    tasks: Sequence[ChoiceTask], module: str | None, label: str, most: float
) -> Iterator[tuple[str | None, str]]:
    found = share_right(tasks, rule_of_thumb)
    if found.right > most:
        yield module, f"the rule of thumb is right in {found.right:.0%} of {found.asked} {label}; at most {most:.0%}"


def _plain_sign_problems(tasks: Sequence[ChoiceTask], label: str) -> Iterator[tuple[str | None, str]]:
    for sign, values in PLAIN_SIGNS.items():
        found = share_right(tasks, values)
        if found.right > found.chance + FAIRNESS_MARGIN:
            yield (
                None,
                f"who always takes {sign} ({label}) is right in {found.right:.0%} of {found.asked}; chance is "
                f"{found.chance:.0%}, and at most {100 * FAIRNESS_MARGIN:.0f} points more are allowed",
            )
