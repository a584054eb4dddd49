"""The addresses of the protocol (RFC 7644), served by scim2-flask for the connection whose token a request carries."""

from __future__ import annotations

from dataclasses import replace
from posixpath import dirname
from typing import Any

from flask import Response, g, request
from scim2_flask import ScimServer
from scim2_server.handler import ScimHandler
from scim2_server.requests import ScimRequest
from scim2_server.routing import Route
from scim2_server.service import ScimService
from werkzeug.exceptions import HTTPException

from course.api_tokens.access import current_token
from course.api_tokens.rules import SCIM_SCOPE
from course.clock import now
from course.context import make_context
from course.scim.actions.connections import CallOutcome, record_call
from course.scim.queries.connections import connection_of_token
from course.scim.rules.problems import ProvisioningRefusedError
from course.scim.rules.resources import make_provider
from course.scim.views.storage import CourseStorage
from course.web.access import requires_scope
from course.web.addresses import public_url_for
from course.web.bearer import SCIM_PATH, problem_response
from course.web.unit_of_work import WriteSession, db, write_if_free

PREFIX = f"{SCIM_PATH}v2"
_MAX_ID = 36  # characters of a resource id


def service_address() -> str:
    """The address that an identity provider is given: the one below which those of the protocol stand."""
    return dirname(public_url_for("scim_protocol.service_provider_config"))


class _CourseScimServer(ScimServer):
    """The extension with our access rule on each of its views. It is one for all applications: which connection is served,
    and in which database, is said by the request."""

    def __init__(self) -> None:
        provider = make_provider()
        service = ScimService(provider)
        super().__init__(CourseStorage(provider), provider, service=service, url_prefix=PREFIX, name="scim_protocol")
        self.service = service
        self.handler = ScimHandler(service, self.storage)

    def read_request(self) -> ScimRequest:
        """The request; the addresses in its answer begin with PUBLIC_URL, never with the host that it claims."""
        return replace(super().read_request(), base_url=service_address())

    def _make_view(self, route: Route) -> Any:
        view = super()._make_view(route)
        return requires_scope(SCIM_SCOPE)(lambda **values: self._serve(view, values))

    @requires_scope(SCIM_SCOPE)
    def _fallback_view(self, path: str) -> Response:
        """Every other address below the prefix asks for a token too."""
        return self._serve(super()._fallback_view, {"path": path})

    def _serve(self, view: Any, values: dict[str, str]) -> Response:
        connection = connection_of_token(db(), current_token().id)
        if connection is None:
            return problem_response(403, "", "This token belongs to no connection.")
        g.scim_connection, connection_id = connection.id, connection.id
        try:
            response: Response = view(**values)
        except Exception as error:  # what it means is said by the handlers; here it is only noted
            status = error.code if isinstance(error, HTTPException) else self.service.error_of(error).status
            self._note(connection_id, values, status or 500)
            raise
        self._note(connection_id, values, response.status_code)
        return response

    @staticmethod
    def _note(connection_id: int, values: dict[str, str], status: int) -> None:
        """Record the call, unless the database is busy: an identity provider must not wait for that."""
        refused: ProvisioningRefusedError | None = g.pop("scim_problem", None)
        kind = {"Users": "User", "Groups": "Group"}.get(values.get("resource_endpoint", ""), "")
        resource_id = values.get("resource_id") or g.pop("scim_resource", None)
        known = resource_id if resource_id and kind and len(resource_id) <= _MAX_ID else None
        outcome = CallOutcome(request.method, kind, known, status, refused.code if refused else None,
                              refused.person_id if refused else None)  # fmt: skip

        def write(session: WriteSession) -> None:
            record_call(make_context(session, None, now()), connection_id, outcome)

        write_if_free(write)


protocol = _CourseScimServer().create_blueprint()
