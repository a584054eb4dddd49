"""What a learner's own record says about attempts and stories that belong to supervised sessions, or that count for nothing."""

from __future__ import annotations

from collections.abc import Collection

from course.learning.views.record import ATTEMPT_NOTES, RUN_NOTES
from course.supervised_sessions import queries
from course.supervised_sessions.rules import PAPER, SupervisedMark
from course.translation import gettext as _
from course.web.template_filters import format_date
from course.web.unit_of_work import db


def _attempt_notes(attempts: Collection[int]) -> dict[int, str]:
    notes = {number: _mark_words(mark) for number, mark in queries.supervised_marks(db(), attempts).items()}
    return notes | dict.fromkeys(queries.void_attempts(db(), attempts), _void_words())


def _run_notes(runs: Collection[int]) -> dict[int, str]:
    notes = {number: _mark_words(mark) for number, mark in queries.story_marks(db(), runs).items()}
    return notes | dict.fromkeys(queries.void_runs(db(), runs), _void_words())


def _void_words() -> str:
    return _("Entered wrongly from paper: it counts for nothing")


def _mark_words(mark: SupervisedMark) -> str:
    day = format_date(mark.held_on)
    if mark.way == PAPER:
        return _(
            "Supervised session %(number)s on %(day)s, on paper, witnessed by %(witness)s, entered by %(entered_by)s",
            number=mark.session_id, day=day, witness=mark.witness, entered_by=mark.entered_by,
        )  # fmt: skip
    return _("Supervised session %(number)s on %(day)s, on a device", number=mark.session_id, day=day)


ATTEMPT_NOTES.append(_attempt_notes)
RUN_NOTES.append(_run_notes)
