"""The storage that scim2-server calls: each operation reads, or writes in one unit of work by our own actions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

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
    SearchRequest,
    UniquenessException,
)
from scim2_server.storage import ScimStorage, SearchPage

from course.clock import now
from course.context import Context, make_context
from course.scim.actions.connections import connection_context, lock_connection
from course.scim.actions.groups import create_group, end_group, replace_group
from course.scim.actions.users import create_user, end_user, replace_user
from course.scim.models import ScimConnection, ScimGroup, ScimUser
from course.scim.queries import resources
from course.scim.queries.resources import ResourceFilter
from course.scim.rules.attributes import is_storable_text, read_user
from course.scim.rules.filters import equalities
from course.scim.rules.problems import PROBLEMS, ProvisioningRefused
from course.scim.rules.resources import USER
from course.web.unit_of_work import db, unit_of_work

_EXCEPTIONS: dict[str, type[SCIMException]] = {
    "conflict": UniquenessException,
    "forbidden": ForbiddenException,
    "invalid": InvalidValueException,
    "missing": NotFoundException,
}
