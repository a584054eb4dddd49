"""The SCIM resources that the course serves: users and groups, with the attributes that it needs and no others.

Identity providers send far more, such as telephone numbers and home addresses. What is not declared here is ignored and
never stored.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field
from scim2_models import (
    AuthenticationScheme,
    Bulk,
    CaseExact,
    ChangePassword,
    ComplexAttribute,
    Email,
    ETag,
    Extension,
    Filter,
    Mutability,
    Patch,
    Reference,
    Required,
    Resource,
    ResourceType,
    ScimPolicy,
    ScimProvider,
    ServiceProviderConfig,
    Sort,
    Uniqueness,
)
from scim2_models import EnterpriseUser as FullEnterpriseUser
from scim2_models import Group as FullGroup
from scim2_models import User as FullUser
from scim2_models.resources.resource import AnyExtension

MAX_RESULTS = 200  # resources in one answer to a search
USER, GROUP = "User", "Group"  # names of resource types


class UserName(ComplexAttribute):
    """The parts of a name."""

    formatted: str | None = None
    family_name: str | None = None
    given_name: str | None = None


class User(Resource[AnyExtension]):
    """A user of the identity provider: what it says about one person."""

    __schema__ = FullUser.__schema__

    user_name: Annotated[str | None, Uniqueness.server, Required.true] = None
    name: UserName | None = None
    Name: ClassVar[type[ComplexAttribute]] = UserName
    display_name: str | None = None
    title: str | None = None
    active: bool | None = None
    emails: list[Email] | None = None
    Emails: ClassVar[type[ComplexAttribute]] = Email


class EnterpriseUser(Extension):
    """What the extension for enterprises adds. The manager is left out: who manages which team is decided here or by groups,
    and each identity provider sends it in another form."""

    __schema__ = FullEnterpriseUser.__schema__

    employee_number: str | None = None
    department: str | None = None


class Member(ComplexAttribute):
    """A user in a group."""

    value: Annotated[str | None, Mutability.immutable, CaseExact.true] = None
    ref: Annotated[Reference[User] | None, Mutability.immutable] = Field(  # type: ignore[type-arg]
        None, serialization_alias="$ref", validation_alias="$ref"
    )
    type: Annotated[str | None, Mutability.immutable] = Field(None, examples=["User"])


class Group(Resource[Any]):
    """A group of the identity provider."""

    __schema__ = FullGroup.__schema__

    display_name: Annotated[str | None, Required.true] = None
    members: list[Member] | None = None
    Members: ClassVar[type[ComplexAttribute]] = Member


def make_provider() -> ScimProvider:
    """The description of the service. The policy accepts what Microsoft Entra and Okta send beside the standard: unknown
    attributes, a `remove` that carries its members in its value, and a filtered path whose entry is not there yet."""
    config = ServiceProviderConfig(
        patch=Patch(supported=True),
        bulk=Bulk(supported=False, max_operations=0, max_payload_size=0),
        filter=Filter(supported=True, max_results=MAX_RESULTS),
        change_password=ChangePassword(supported=False),
        sort=Sort(supported=False),
        etag=ETag(supported=True),
        authentication_schemes=[
            AuthenticationScheme(
                type=AuthenticationScheme.Type.oauthbearertoken,
                name="Bearer token",
                description="A token that an administrator makes on the page of the connection.",
                primary=True,
            )
        ],
    )
    policy = ScimPolicy(
        unknown=ScimPolicy.Unknown.ignore,
        remove_value_as_filter=ScimPolicy.RemoveValue.apply,
        unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
    )
    types = [ResourceType.from_resource(User[EnterpriseUser]), ResourceType.from_resource(Group)]
    return ScimProvider(models=[User, EnterpriseUser, Group], resource_types=types, config=config, policy=policy)
