"""The addresses of the protocol (RFC 7644), and the access rule of each. What answers is made with the first request: its
libraries take as long to import as a third of the course, and most processes never serve one."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from flask import Blueprint, Response
from werkzeug.exceptions import HTTPException

from course.api_tokens.rules import SCIM_SCOPE
from course.web.access import requires_scope
from course.web.bearer import SCIM_PATH

if TYPE_CHECKING:
    from course.scim.views.server import CourseScimServer

NAME = "scim_protocol"
PREFIX = f"{SCIM_PATH}v2"
FALLBACK = "fallback"
# The name of each route, its method and its rule, as scim2-flask has them: tests/scim compares the two.
ROUTES = (
    ("service_provider_config", "GET", "/ServiceProviderConfig"),
    ("resource_types", "GET", "/ResourceTypes"),
    ("resource_type", "GET", "/ResourceTypes/<resource_id>"),
    ("schemas", "GET", "/Schemas"),
    ("schema", "GET", "/Schemas/<resource_id>"),
    ("bulk", "POST", "/Bulk"),
    ("me_query", "GET", "/Me"),
    ("me_replace", "PUT", "/Me"),
    ("me_patch", "PATCH", "/Me"),
    ("me_delete", "DELETE", "/Me"),
    ("me_create", "POST", "/Me"),
    ("search_root", "GET", "/"),
    ("search_root_with_body", "POST", "/.search"),
    ("search_with_body", "POST", "/<resource_endpoint>/.search"),
    ("search", "GET", "/<resource_endpoint>"),
    ("create", "POST", "/<resource_endpoint>"),
    ("query", "GET", "/<resource_endpoint>/<resource_id>"),
    ("replace", "PUT", "/<resource_endpoint>/<resource_id>"),
    ("patch", "PATCH", "/<resource_endpoint>/<resource_id>"),
    ("delete", "DELETE", "/<resource_endpoint>/<resource_id>"),
)
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@cache
def protocol_server() -> CourseScimServer:
    """What answers the protocol's requests, made once in a process. It is one for all applications: which connection is
    served, and in which database, is said by the request."""
    from course.scim.views.server import CourseScimServer  # noqa: PLC0415 (the module's docstring says why)

    return CourseScimServer(NAME, PREFIX)


def _view(name: str) -> Callable[..., Response]:
    def view(**values: str) -> Response:
        return protocol_server().serve(name, values)

    return requires_scope(SCIM_SCOPE)(view)


def _refused(error: HTTPException) -> Response:
    return protocol_server().answer_to_refusal(error)


def _blueprint() -> Blueprint:
    made = Blueprint(NAME, __name__, url_prefix=PREFIX)
    made.register_error_handler(HTTPException, _refused)
    for name, method, rule in ROUTES:
        made.add_url_rule(rule, name, _view(name), methods=[method])
    # Every other address below the prefix asks for a token too.
    other = _view(FALLBACK)
    made.add_url_rule("/", FALLBACK, other, methods=_METHODS, defaults={"path": ""})
    made.add_url_rule("/<path:path>", FALLBACK, other, methods=_METHODS)
    return made


protocol = _blueprint()
