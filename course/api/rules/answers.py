"""The answers of the API as Pydantic models: the document that describes them is made from these classes.

A field that is here stays, with its meaning: programs depend on it. New fields may be added.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from course.recertification.rules.certification_status import STATES

Id = Annotated[int, Field(ge=1, description="A number that never changes and is never given to another.")]
PersonId = Annotated[int, Field(ge=1, description="The id of the person, as people have it.")]
TeamIds = Annotated[list[int], Field(description="The ids of the teams, in ascending order.")]
State = Literal[STATES]  # type: ignore[valid-type]
CompletionKind = Literal["initial", "refresher", "update"]  # an update ends without a completion: no row has it
CertificateState = Literal["issued", "replaced", "revoked"]
EventType = Literal[
    "joined", "returned", "left", "merged", "changed", "team_joined", "team_left", "completed", "certified",
    "certificate_replaced", "certificate_revoked", "expired",
]  # fmt: skip


class ApiModel(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PersonItem(ApiModel):
    """Somebody who works here now."""

    id: Id
    name: str
    email: Annotated[str | None, Field(description="Null for people without an e-mail address.")]
    staff_number: str | None
    job_role: Annotated[str | None, Field(description="The job as the organisation calls it.")]
    team_ids: TeamIds
    added_at: datetime
    changed_at: Annotated[datetime, Field(description="When one of these fields changed last.")]


class TeamItem(ApiModel):
    """A team that is open."""

    id: Id
    name: str
    parent_id: Annotated[
        int | None, Field(description="The team above it. Null at the top of what the token may read.")
    ]


class StatusItem(ApiModel):
    """The certification status of somebody on a day, as it was known on that day."""

    person_id: PersonId
    state: Annotated[State, Field(description="See “States” in docs/api.md.")]
    due: Annotated[date | None, Field(description="The day by which the training is due.")]
    days_overdue: Annotated[int, Field(ge=0)]
    valid_until: Annotated[date | None, Field(description="The last day on which the certificate is valid.")]
    has_valid_certificate: bool
    next_course: Annotated[Literal["initial", "refresher"], Field(description="The course that is needed next.")]
    pathway: str
    employment_start: Annotated[date | None, Field(description="The first day of work here.")]
    team_ids: TeamIds


class CompletionItem(ApiModel):
    """Somebody completed the course or a refresher. Nothing that was completed is ever changed."""

    id: Id
    person_id: PersonId
    kind: CompletionKind
    completed_at: datetime
    edition: Annotated[str, Field(description="The edition of the course.")]


class CertificateItem(ApiModel):
    """A certificate of this course."""

    id: Id
    number: Annotated[str, Field(description="The number that is printed on it.")]
    person_id: PersonId
    kind: Literal["initial", "refresher"]
    completed_on: date
    valid_until: date
    issued_at: datetime
    state: Annotated[CertificateState, Field(description="Whether it was replaced by another one, or revoked.")]
    changed_at: Annotated[datetime, Field(description="When it was issued, replaced or revoked.")]


class EventItem(ApiModel):
    """Something that happened to somebody. Fields that do not belong to the type are null."""

    id: Id
    type: EventType
    at: Annotated[datetime, Field(description="When it was recorded.")]
    person_id: PersonId
    day: Annotated[
        date | None,
        Field(
            description="completed: the day; certified and expired: the last valid day; left: the last day of work; "
            "returned: the first."
        ),
    ]
    certificate_number: str | None
    into_person_id: Annotated[
        int | None, Field(description="merged: the entry that stays. person_id is not used any more.")
    ]
    team: Annotated[str | None, Field(description="team_joined and team_left: the name of the team at that time.")]


_NextCursor = Annotated[str | None, Field(description="Send it as cursor for the next page. Null on the last page.")]


class PeopleAnswer(ApiModel):
    data: list[PersonItem]
    next_cursor: _NextCursor


class TeamsAnswer(ApiModel):
    data: list[TeamItem]
    next_cursor: _NextCursor


class StatusAnswer(ApiModel):
    as_at: Annotated[date, Field(description="The day of which the answer speaks.")]
    data: list[StatusItem]
    next_cursor: _NextCursor


class CompletionsAnswer(ApiModel):
    data: list[CompletionItem]
    next_cursor: _NextCursor


class CertificatesAnswer(ApiModel):
    data: list[CertificateItem]
    next_cursor: _NextCursor


class EventsAnswer(ApiModel):
    data: list[EventItem]
    next_cursor: Annotated[
        str, Field(description="Keep it, and send it as cursor the next time: also when there is nothing more now.")
    ]
    has_more: Annotated[bool, Field(description="Whether more has happened than this page holds.")]


class ParameterMistake(ApiModel):
    parameter: str
    detail: str


class ProblemDetails(ApiModel):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: Annotated[list[ParameterMistake], Field(description="Which parameters are wrong.")] = []
