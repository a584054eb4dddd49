"""What all addresses of the API share: their routes, their parameters, their answers and the log."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, TypeVar

from flask import Blueprint, Response, request
from pydantic import BaseModel

from course.api.queries.scope import PageRequest, PeopleScope, is_team_within
from course.api.rules.cursors import decode_cursor, encode_cursor
from course.api.rules.operations import OPERATIONS
from course.api.rules.parameters import ParameterError, Parameters, read_parameters, wrong_parameter
from course.api_tokens.access import current_token, log_read
from course.clock import now
from course.dates import civil_date
from course.translation import gettext as _
from course.web.access import requires_scope
from course.web.app_state import app_state
from course.web.bearer import problem_response
from course.web.security_headers import compress_response
from course.web.unit_of_work import db

pages = Blueprint("api", __name__)
BUSY_SECONDS = 30  # after which a program asks again while everything is worked out anew
JSON = "application/json"
T = TypeVar("T", bound=BaseModel)


class NotReadyError(Exception):
    """What was asked for is being worked out anew."""


class NotFoundError(Exception):
    """There is no such thing, or not for this token."""


def api_route(name: str) -> Callable[[Callable[..., tuple[BaseModel, int]]], Callable[..., Response]]:
    """Make a view of a function that returns an answer and the number of its rows. It is given the parameters of the
    operation of that name, and the id in the address if there is one."""
    operation = OPERATIONS[name]

    def make(read: Callable[..., tuple[BaseModel, int]]) -> Callable[..., Response]:
        @wraps(read)
        def view(**parts: int) -> Response:
            if request.accept_mimetypes.provided and not request.accept_mimetypes[JSON]:
                return problem_response(406, _("Only JSON is given"), _("Send Accept: application/json."))
            try:
                asked = read_parameters(operation.parameters or _NoParameters, request.args.to_dict(flat=False))
                answer, rows = read(asked, **parts)
            except ParameterError as error:
                mistakes = [mistake.model_dump() for mistake in error.mistakes]
                text = _("A parameter cannot be understood.")
                return problem_response(422, _("Check the parameters"), text, {"errors": mistakes})
            except NotFoundError:
                text = _("There is no such entry, or this token may not read it.")
                return problem_response(404, _("Not found"), text)
            except NotReadyError:
                text = _("The certification status of everyone is being worked out anew. Try again in half a minute.")
                response = problem_response(503, _("The course is busy"), text)
                response.headers["Retry-After"] = str(BUSY_SECONDS)
                return response
            log_read(name, rows, asked.filter_in_log if isinstance(asked, Parameters) else "")
            return _json_response(answer)

        path = operation.path.replace("{person_id}", "<int:person_id>")
        pages.get(f"/{path}", endpoint=name)(requires_scope(operation.scope)(view))
        return view

    return make


class _NoParameters(BaseModel):
    pass


def _json_response(answer: BaseModel) -> Response:
    content = answer.model_dump_json().encode()
    response = Response(content, content_type=JSON)
    response.set_etag(hashlib.blake2b(content, digest_size=12).hexdigest(), weak=True)
    response.headers["Cache-Control"] = "private, no-cache"
    response.make_conditional(request)
    if response.status_code == 200:
        compress_response(response)
    return response


def people_scope(team_id: int | None) -> PeopleScope:
    """The people about whom the token is, in a team if one was asked for. Raises ParameterError for a team that the token may
    not read."""
    limit = current_token().team_id
    if team_id is not None and not is_team_within(db(), team_id, limit):
        raise wrong_parameter("team")
    return PeopleScope(team_id if team_id is not None else limit, civil_date(now(), app_state().config.time_zone))


def page_request(kind: str, asked: Parameters) -> PageRequest:
    """The page that the parameters ask for, and one row more, which tells whether there is another page. Raises
    ParameterError for a cursor of another list."""
    return PageRequest(place_of(kind, asked.cursor), asked.limit + 1)


def place_of(kind: str, cursor: str | None) -> int:
    """The place in a cursor; the beginning without one. Raises ParameterError for one of another list."""
    try:
        return decode_cursor(kind, cursor) if cursor is not None else 0
    except ValueError as error:
        raise wrong_parameter("cursor") from error


def cut(kind: str, found: Sequence[T], asked: Parameters, place: Callable[[T], int]) -> dict[str, Any]:
    """The rows of a page and its cursor, from the rows that `page_request` asked for."""
    data = list(found[: asked.limit])
    return {"data": data, "next_cursor": encode_cursor(kind, place(data[-1])) if len(found) > asked.limit else None}
