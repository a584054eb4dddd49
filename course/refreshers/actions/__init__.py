"""Refreshers, updates and boosters: their composition, attempts and completion, and the mail about them."""

from __future__ import annotations

from course.refreshers.actions.attempts import (
    begin_refresher,
    begin_scenario_run,
    begin_update,
    prefer_changed_questions,
    record_changed_page_read,
    record_page_reread,
    refresher_under_way,
    restart_course,
    resumable_refresher,
    scenario_ref,
)
from course.refreshers.actions.completion import (
    RecoveredCompletion,
    complete_refresher,
    recover_completion,
    renews_certificate,
)
from course.refreshers.actions.composition import (
    REFRESHER,
    UPDATE,
    RefresherComposition,
    changes_for,
    compose_refresher,
    page_minutes,
    page_of,
    person_memory_estimates,
    scenario_candidates,
    update_for,
)
from course.refreshers.actions.own_booster import start_five
from course.refreshers.actions.paper import PaperReading, ReadingOutcome, enter_reading, prepare_refresher_sheet
from course.refreshers.actions.short_course_mail import (
    boosters_due,
    forget_notices_taken_back,
    queue_booster,
    queue_update_mail,
    recheck_booster,
    recheck_update,
    updates_due,
)

__all__ = [
    "REFRESHER",
    "UPDATE",
    "PaperReading",
    "ReadingOutcome",
    "RecoveredCompletion",
    "RefresherComposition",
    "begin_refresher",
    "begin_scenario_run",
    "begin_update",
    "boosters_due",
    "changes_for",
    "complete_refresher",
    "compose_refresher",
    "enter_reading",
    "forget_notices_taken_back",
    "page_minutes",
    "page_of",
    "person_memory_estimates",
    "prefer_changed_questions",
    "prepare_refresher_sheet",
    "queue_booster",
    "queue_update_mail",
    "recheck_booster",
    "recheck_update",
    "record_changed_page_read",
    "record_page_reread",
    "recover_completion",
    "refresher_under_way",
    "renews_certificate",
    "restart_course",
    "resumable_refresher",
    "scenario_candidates",
    "scenario_ref",
    "start_five",
    "update_for",
    "updates_due",
]
