"""The learning record store, what waits to be sent to it, and the facts of which statements are made."""

from __future__ import annotations

from course.xapi.queries.endpoint import EndpointView, current_endpoint, failing_endpoint_query, store_exists
from course.xapi.queries.facts import Learnt, Look, is_begun_before, learnt_at, looks, statement_actors, statement_facts
from course.xapi.queries.statements import (
    DueStatement,
    StatementView,
    WaitingCounts,
    due_statements,
    has_due_statement,
    has_look,
    latest_statements,
    waiting_counts,
)

__all__ = [
    "DueStatement",
    "EndpointView",
    "Learnt",
    "Look",
    "StatementView",
    "WaitingCounts",
    "current_endpoint",
    "due_statements",
    "failing_endpoint_query",
    "has_due_statement",
    "has_look",
    "is_begun_before",
    "latest_statements",
    "learnt_at",
    "looks",
    "statement_actors",
    "statement_facts",
    "store_exists",
    "waiting_counts",
]
