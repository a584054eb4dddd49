"""What is known of answers, decisions and discussions, by subject."""

from __future__ import annotations

from course.analytics.queries.answers import (
    first_answers,
    first_choices,
    first_counted_moment,
    last_talk_days,
    person_histories,
    team_discussions,
)
from course.analytics.queries.item_answers import item_responses
from course.analytics.queries.published import (
    SCOPES,
    StoredRelease,
    is_release_due,
    item_figures_on,
    published_mondays,
    stored_releases,
    team_figures_on,
)
from course.analytics.queries.release_drafts import (
    FigureDraft,
    ReleaseDraft,
    item_statistics_before,
    pending_mondays,
    release_drafts,
)

__all__ = [
    "SCOPES",
    "FigureDraft",
    "ReleaseDraft",
    "StoredRelease",
    "first_answers",
    "first_choices",
    "first_counted_moment",
    "is_release_due",
    "item_figures_on",
    "item_responses",
    "item_statistics_before",
    "last_talk_days",
    "pending_mondays",
    "person_histories",
    "published_mondays",
    "release_drafts",
    "stored_releases",
    "team_discussions",
    "team_figures_on",
]
