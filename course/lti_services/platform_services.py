"""Asks a platform for a column, for members, and sends it a score: with a token, which is renewed once if it is refused."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from course.lti.actions.platform_token import access_token
from course.lti.platform_client import PlatformConnection
from course.lti.queries import GradeLink
from course.lti.rules.problems import LtiError, LtiProblem
from course.lti.rules.registration import is_platform_address
from course.lti_services.rules.problems import GradeError, GradeProblem, lti_problem, status_problem
from course.lti_services.rules.scores import (
    ITEM_SCOPE,
    ITEM_TYPE,
    ITEMS_TYPE,
    SCORE_SCOPE,
    SCORE_TYPE,
    Score,
    item_search_address,
    new_item_body,
    score_body,
    scores_address,
)
from course.outgoing_request import ServerAnswer

MAX_WAIT = timedelta(hours=24)
_MAX_COLUMN_ADDRESS = 1000


def ask_service(
    connection: PlatformConnection,
    scopes: Collection[str],
    method: str,
    address: str,
    headers: Mapping[str, str],
    body: Mapping[str, Any] | None = None,
) -> ServerAnswer:
    """The answer of a service of a platform. A token that it refuses (401) is renewed once. Raises LtiError."""
    data = json.dumps(body).encode() if body is not None else None
    answer = None
    for fresh in (False, True):
        token = access_token(connection, scopes, fresh)
        answer = connection.network.send(method, address, {**headers, "Authorization": f"Bearer {token}"}, data)
        if answer.status != 401:
            break
    if answer is None:
        raise AssertionError("it was asked at least once")
    return answer


def send_score(connection: PlatformConnection, column: str, score: Score, subject: str, stamp: datetime) -> None:
    """Send a score that carries the moment `stamp`. Raises GradeError."""
    headers = {"Content-Type": SCORE_TYPE}
    _ask(connection, [SCORE_SCOPE], "POST", scores_address(column), headers, score_body(score, subject, stamp))


def find_or_make_column(connection: PlatformConnection, link: GradeLink) -> str:
    """The address of the column of a link: the one that is there, or a new one. Raises GradeError."""
    scopes = [ITEM_SCOPE, SCORE_SCOPE]
    asked = {"Accept": ITEMS_TYPE}
    found = _ask(connection, scopes, "GET", item_search_address(link.line_items, link.resource_link), asked)
    for one in _json(found, list):
        # Platforms that do not know the filter list every column.
        if isinstance(one, dict) and one.get("resourceLinkId") == link.resource_link:
            return _column_address(one)
    headers = {"Content-Type": ITEM_TYPE, "Accept": ITEM_TYPE}
    body = new_item_body(link.resource_link, link.title, link.module or link.opens)
    return _column_address(_json(_ask(connection, scopes, "POST", link.line_items, headers, body), dict))


def _column_address(item: Mapping[str, Any]) -> str:
    address = item.get("id")
    if not isinstance(address, str) or not is_platform_address(address, _MAX_COLUMN_ADDRESS):
        raise GradeError(GradeProblem.UNREADABLE, "a column without an address")
    return address


def _json(answer: ServerAnswer, kind: type) -> Any:
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise GradeError(GradeProblem.UNREADABLE, "no JSON") from error
    if not isinstance(found, kind):
        raise GradeError(GradeProblem.UNREADABLE, "not what was asked for")
    return found


def _ask(
    connection: PlatformConnection,
    scopes: Collection[str],
    method: str,
    address: str,
    headers: Mapping[str, str],
    body: Mapping[str, Any] | None = None,
) -> ServerAnswer:
    """An answer that is fine. Raises GradeError."""
    try:
        answer = ask_service(connection, scopes, method, address, headers, body)
    except LtiError as error:
        problem = lti_problem(error.problem)
        if error.problem == LtiProblem.UNREACHABLE and error.status is not None and error.status >= 500:
            problem = GradeProblem.SERVER
        raise GradeError(problem, error.detail) from error
    refused = status_problem(answer.status)
    if refused is not None:
        raise GradeError(refused, f"{answer.status} {readable(answer.body)}".strip(), retry_after(answer))
    return answer


def readable(body: bytes) -> str:
    """The beginning of an answer as text in one line."""
    text = body[:1000].decode("utf-8", "replace")
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())[:200]


def retry_after(answer: ServerAnswer) -> timedelta | None:
    """How long the platform asks to be left alone, at most a day; None if it does not say so in seconds."""
    seconds = answer.headers.get("retry-after", "")
    return min(MAX_WAIT, timedelta(seconds=int(seconds))) if seconds.isdecimal() and len(seconds) < 9 else None
