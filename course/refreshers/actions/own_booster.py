"""A booster that a learner begins: five questions now, on what they are likeliest to forget."""

from __future__ import annotations

import secrets

from course.content.library import Library
from course.context import Context
from course.db import lock_row
from course.learning import queries as learning
from course.learning.actions import NewAttempt, open_attempt
from course.learning.models import Enrolment
from course.learning.queries import OWN_BOOSTER
from course.learning.rules.drawing import draw_questions
from course.learning.rules.progress import progress
from course.refreshers import queries
from course.refreshers.actions.booster_questions import booster_bank
from course.refreshers.rules.boosters import points_to_ask
from course.refreshers.rules.memory_model import memory_estimates


def start_five(context: Context, library: Library) -> int | None:
    """Resume the open booster that the learner who acts began, or begin one. Returns the id of its attempt; None as long
    as neither the course nor a module of it was ever done. It moves none of the boosters that are mailed."""
    session, person_id = context.session, context.person_id
    enrolment = learning.enrolment_id(session, person_id)
    if enrolment is None:
        return None
    # Of two presses at once one waits here, and then finds the attempt of the other.
    lock_row(session, Enrolment, enrolment)
    earlier = [
        one for one in learning.attempts(session, person_id, "booster", OWN_BOOSTER) if one.enrolment_id == enrolment
    ]
    if earlier and earlier[-1].finished_at is None:
        return earlier[-1].id
    facts = learning.progress_facts(session, person_id)
    taught = list(library.taught_points)
    if queries.last_completed_begun_at(session, person_id) is None:
        taught = [p for module in progress(library, facts).modules if module.done for p in module.module.points]
    bank = booster_bank(session, library, person_id, context.now)
    estimate = memory_estimates(bank.memory, taught, context.now)
    points = points_to_ask(estimate, taught, bank.memory, bank.missed)
    if not points:
        return None
    seed = secrets.randbelow(2**31)
    # Until the final assessment is passed, the questions that nobody has seen are left to it.
    spare = None if facts.final_passed else dict.fromkeys(points, 0)
    drawn = draw_questions([(point, 1) for point in points], bank.questions, bank.history, seed, spare=spare)
    return open_attempt(
        session, library, NewAttempt(enrolment, "booster", OWN_BOOSTER, len(earlier) + 1, seed), drawn, context.now
    )
