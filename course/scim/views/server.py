"""What answers the requests of the protocol (RFC 7644): scim2-flask, for the connection whose token a request carries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import Response, g, request
from scim2_flask import ScimServer
from scim2_models import SCIMException
from scim2_server.handler import ScimHandler
from scim2_server.requests import ScimRequest
from scim2_server.routing import ROUTES
from scim2_server.service import ScimService
from werkzeug.exceptions import HTTPException

from course.api_tokens.access import current_token
from course.clock import now
from course.context import make_context
from course.scim.actions.connections import CallOutcome, record_call
from course.scim.queries.connections import connection_of_token
from course.scim.rules.attributes import split_operations
from course.scim.rules.problems import ProvisioningRefusedError
from course.scim.rules.resources import make_provider
from course.scim.views.addresses import service_address
from course.scim.views.storage import CourseStorage
from course.web.bearer import problem_response
from course.web.unit_of_work import WriteSession, db, write_if_free

_MAX_ID = 36  # characters of a resource id


class CourseScimServer(ScimServer):
    """The extension on our storage. Its routes stand in course/scim/views/protocol.py, and ask `serve` for an answer."""

    def __init__(self, name: str, prefix: str) -> None:
        provider = make_provider()
        service = ScimService(provider)
        super().__init__(CourseStorage(provider), provider, service=service, url_prefix=prefix, name=name)
        self.service = service
        self.handler = ScimHandler(service, self.storage)
        self._views = {route.name: self._make_view(route) for route in ROUTES}

    def read_request(self) -> ScimRequest:
        """The request; the addresses in its answer begin with PUBLIC_URL, never with the host that it claims."""
        return replace(super().read_request(), base_url=service_address())

    def read_body(self, scim_request: ScimRequest) -> bytes:
        """The body; of a PATCH in the form that the library applies."""
        body = super().read_body(scim_request)
        return split_operations(body) if scim_request.method == "PATCH" else body

    def serve(self, name: str, values: Mapping[str, str]) -> Response:
        """The answer to a request of the route `name`, or of none that there is; the call is noted."""
        connection = connection_of_token(db(), current_token().id)
        if connection is None:
            return problem_response(403, "", "This token belongs to no connection.")
        g.scim_connection, connection_id = connection.id, connection.id
        try:
            response: Response = self._views.get(name, self._fallback_view)(**values)
        except Exception as error:  # what it means is said by the handlers; here it is only noted
            status = error.code if isinstance(error, HTTPException) else self.service.error_of(error).status
            self._note(connection_id, values, status or 500)
            if isinstance(error, SCIMException):
                return self._handle_scim_exception(error)
            raise
        self._note(connection_id, values, response.status_code)
        return response

    def answer_to_refusal(self, error: HTTPException) -> Response:
        """What a program is told about a request that was refused on the way here."""
        return self._handle_http_exception(error)

    @staticmethod
    def _note(connection_id: int, values: Mapping[str, Any], status: int) -> None:
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
