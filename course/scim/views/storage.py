"""The storage that scim2-server calls: each operation reads, or writes in one unit of work by our own actions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from flask import g, request
from scim2_models import (
    ForbiddenException,
    InvalidValueException,
    NotFoundException,
    PreconditionFailedException,
    Resource,
    ResourceType,
    ResponseParameters,
    SCIMException,
    ScimFilter,
    ScimProvider,
    SearchRequest,
    UniquenessException,
)
from scim2_server.storage import ScimStorage, SearchPage
from scim2_server.utils import parametrize

from course.clock import now
from course.context import Context, make_context
from course.scim.actions import service
from course.scim.queries import resources
from course.scim.queries.resources import ResourceFilter
from course.scim.rules.filters import equalities
from course.scim.rules.problem_details import PROBLEM_DETAILS
from course.scim.rules.problems import PROBLEMS, ProvisioningRefusedError
from course.scim.rules.resources import GROUP, USER
from course.web.input_guard import LARGEST_NUMBER
from course.web.unit_of_work import db, unit_of_work

_EXCEPTIONS: dict[str, type[SCIMException]] = {
    "conflict": UniquenessException,
    "forbidden": ForbiddenException,
    "invalid": InvalidValueException,
    "missing": NotFoundException,
}
# What a search can look for in the database: the attribute of a filter, and the field of ResourceFilter.
_LOOKED_UP = {
    USER: {"id": "id", "username": "user_name", "externalid": "external_id"},
    GROUP: {"id": "id", "externalid": "external_id", "members": "member", "members.value": "member"},
}


class CourseStorage(ScimStorage):
    """The users and groups of the connection that calls (`g.scim_connection`)."""

    def __init__(self, provider: ScimProvider) -> None:
        self._provider = provider

    @contextmanager
    def operation(self) -> Iterator[None]:
        """One operation: it reads as a page does; what changes something is one unit of work, in which the calls of one
        connection take turns."""
        if not _writes():
            yield
            return
        with _refusals(), unit_of_work() as session:
            g.scim_context = make_context(session, None, now())
            service.begin_call(g.scim_context, _connection_id())
            yield

    def get(
        self,
        resource_type: ResourceType,
        resource_id: str,
        *,
        response_parameters: ResponseParameters[Any] | None = None,
    ) -> Resource[Any]:
        """The resource; without the members of a group where the answer leaves them out."""
        payload = resources.resource_payload(
            db(), _connection_id(), _kind(resource_type), resource_id, _wants_members(response_parameters)
        )
        if payload is None:
            raise NotFoundException(detail=PROBLEM_DETAILS["unknown"])
        return self._resource(resource_type, payload)

    def search(
        self,
        resource_types: list[ResourceType],
        search_request: SearchRequest[Any],
        *,
        position: Any = None,  # noqa: ARG002 (cursors are not offered)
    ) -> SearchPage:
        """A page of users, then groups, in the order in which they came."""
        start = min(search_request.start_index_0 or 0, LARGEST_NUMBER)
        count = search_request.count or 0
        total, found = 0, list[Resource[Any]]()
        for resource_type in resource_types:
            page = max(0, start - total), max(0, count - len(found))
            matching, some = self._search_type(resource_type, search_request, page)
            total += matching
            found += some
        return SearchPage(total, found)

    def _search_type(
        self, resource_type: ResourceType, search_request: SearchRequest[Any], page: tuple[int, int]
    ) -> tuple[int, list[Resource[Any]]]:
        """How many of a type match, and those of the page (offset and limit)."""
        kind, wanted = _kind(resource_type), search_request.filter
        narrowed, connection = _narrowed(kind, wanted), _connection_id()
        with_members = _wants_members(search_request)
        if wanted is None:
            total = resources.count_resources(db(), connection, kind, narrowed)
            payloads = (
                resources.resource_payloads(db(), connection, kind, narrowed, page, with_members) if page[1] else []
            )
            return total, [self._resource(resource_type, one) for one in payloads]
        # The whole filter is applied to what the database found by its equalities: a filter about members needs them.
        payloads = resources.resource_payloads(db(), connection, kind, narrowed)
        bound = parametrize(ScimFilter, self._model(resource_type))(str(wanted))
        matching = [one for one in (self._resource(resource_type, payload) for payload in payloads) if bound.match(one)]
        return len(matching), matching[page[0] : page[0] + page[1]]

    def create(self, resource_type: ResourceType, resource: Resource[Any]) -> Resource[Any]:
        """A new user or group."""
        payload = service.create_resource(_context(), _connection_id(), _kind(resource_type), resource.model_dump())
        g.scim_resource = payload["id"]
        return self._resource(resource_type, payload)

    def update(
        self, resource_type: ResourceType, resource: Resource[Any], *, expected_version: str | None = None
    ) -> Resource[Any]:
        """The resource says something else from now on."""
        kind, resource_id = _kind(resource_type), str(resource.id)
        self._check_version(kind, resource_id, expected_version)
        values = resource.model_dump()
        # A replacement may say nothing of members. What the library writes down leaves empty lists out.
        if kind == GROUP and (request.method == "PATCH" or getattr(resource, "members", None) is not None):
            values.setdefault("members", [])
        payload = service.update_resource(_context(), _connection_id(), kind, resource_id, values)
        return self._resource(resource_type, payload)

    def delete(self, resource_type: ResourceType, resource_id: str, *, expected_version: str | None = None) -> None:
        """The resource is gone for the identity provider; the person has left, and their record stays."""
        kind = _kind(resource_type)
        self._check_version(kind, resource_id, expected_version)
        service.delete_resource(_context(), _connection_id(), kind, resource_id)

    def _check_version(self, kind: str, resource_id: str, expected: str | None) -> None:
        payload = resources.resource_payload(db(), _connection_id(), kind, resource_id)
        if payload is None:
            raise NotFoundException(detail=PROBLEM_DETAILS["unknown"])
        if expected is not None and payload["meta"]["version"] != expected:
            raise PreconditionFailedException

    def _resource(self, resource_type: ResourceType, payload: dict[str, Any]) -> Resource[Any]:
        return self._model(resource_type).model_validate(payload)

    def _model(self, resource_type: ResourceType) -> type[Resource[Any]]:
        return cast("type[Resource[Any]]", self._provider.model_for(resource_type))


def _writes() -> bool:
    return request.method in ("PUT", "PATCH", "DELETE") or (
        request.method == "POST" and not request.path.endswith("/.search")
    )


@contextmanager
def _refusals() -> Iterator[None]:
    """Say a refusal as the protocol does, and keep its reason for the list of calls."""
    try:
        yield
    except ProvisioningRefusedError as refused:
        g.scim_problem = refused
        raise _EXCEPTIONS[PROBLEMS[refused.code].refused](detail=PROBLEM_DETAILS[refused.code]) from refused


def _connection_id() -> int:
    return int(g.scim_connection)


def _context() -> Context:
    context: Context = g.scim_context
    return context


def _kind(resource_type: ResourceType) -> str:
    return str(resource_type.name)


def _wants_members(parameters: ResponseParameters[Any] | None) -> bool:
    """Whether the answer can hold the members of groups, which may be thousands."""
    if parameters is None:
        return True
    excluded = {str(one).lower() for one in parameters.excluded_attributes or ()}
    asked = [str(one).lower() for one in parameters.attributes or ()]
    return not any(one.endswith("members") for one in excluded) and (
        not asked or any("members" in one for one in asked)
    )


def _narrowed(kind: str, wanted: ScimFilter[Any] | None) -> ResourceFilter:
    """What of the filter the database can look for."""
    fields = {}
    for one in equalities(wanted.ast) if wanted is not None else ():
        if one.attribute in _LOOKED_UP[kind]:
            fields[_LOOKED_UP[kind][one.attribute]] = one.value
    return ResourceFilter(**fields)
