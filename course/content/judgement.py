"""The judgement that opens a lesson page: a case, what is asked about it, and for each answer what there is to say.

Nobody is marked: the answer is the reader's own, and it is not kept.
"""

from __future__ import annotations

from course.content.rendering import InlineText
from course.content.schema_base import FrozenModel, Label


class JudgeAnswer(FrozenModel):
    """An answer to the judgement: the few words on its button, and the reply to those who press it."""

    label: Label
    reply: InlineText


class Judge(FrozenModel):
    """What a lesson page asks first. Its case is the text of the block."""

    ask: Label
    answers: tuple[JudgeAnswer, ...]
