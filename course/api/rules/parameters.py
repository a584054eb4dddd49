"""The parameters of the API, and what to say about one that cannot be understood."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Any, TypeVar, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from course.api.rules.answers import CertificateState, CompletionKind, EventType, ParameterMistake, State
from course.translation import lazy_gettext as _

MAX_LIMIT, DEFAULT_LIMIT = 500, 100
FIRST_YEAR, LAST_YEAR = 2000, 2199  # other years are mistakes
P = TypeVar("P", bound=BaseModel)
_ONE_OF = _("Give one of these: %(values)s.")
# What a parameter has to be, for an answer with status 422.
EXPECTED: Mapping[str, str] = {
    "limit": _("Give a whole number from 1 to 500."),
    "cursor": _("Give the next_cursor of an earlier answer from this address, unchanged."),
    "team": _("Give the id of a team that this token may read, as in /teams."),
    "changed_since": _("Give a date and time with a time zone, such as 2026-09-01T00:00:00Z."),
    "since": _("Give a date and time with a time zone, such as 2026-09-01T00:00:00Z."),
    "as_at": _("Give today or a day in the past, such as 2026-09-01."),
    "state": _ONE_OF,
    "kind": _ONE_OF,
    "type": _ONE_OF,
}
UNKNOWN_PARAMETER = _("This address has no such parameter.")
REPEATED_PARAMETER = _("Give this parameter once.")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}:[0-9]{2})"
)


class ParameterError(ValueError):
    """Parameters that cannot be understood, each with what it has to be."""

    def __init__(self, mistakes: Sequence[ParameterMistake]) -> None:
        super().__init__(", ".join(mistake.parameter for mistake in mistakes))
        self.mistakes = tuple(mistakes)


def _read_number(text: object) -> object:
    if isinstance(text, str) and not re.fullmatch(r"[0-9]{1,10}", text, re.ASCII):
        raise ValueError(text)
    return text


def _read_day(text: object) -> object:
    if isinstance(text, str):
        if not _DAY.fullmatch(text):
            raise ValueError(text)
        text = date.fromisoformat(text)
    if isinstance(text, date) and not FIRST_YEAR <= text.year <= LAST_YEAR:
        raise ValueError(str(text))
    return text


def _read_moment(text: object) -> object:
    if not isinstance(text, str):
        return text
    text = text.replace(" ", "+")  # what becomes of a plus sign in an address
    if not _MOMENT.fullmatch(text) or not FIRST_YEAR <= int(text[:4]) <= LAST_YEAR:
        raise ValueError(text)
    return datetime.fromisoformat(text).astimezone(UTC)


WholeNumber = Annotated[int, Field(ge=1, le=2**31 - 1), BeforeValidator(_read_number)]
Day = Annotated[date, BeforeValidator(_read_day)]
Moment = Annotated[datetime, BeforeValidator(_read_moment)]
_TEAM = Field(default=None, description="Only people who are in this team, or in one below it.")


class Parameters(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    limit: Annotated[
        int,
        Field(ge=1, le=MAX_LIMIT, description="How many rows a page has at most."),
        BeforeValidator(_read_number),
    ] = DEFAULT_LIMIT
    cursor: Annotated[
        str | None, Field(max_length=100, description="The next_cursor of the page before; without it the first page.")
    ] = None

    @property
    def filter_in_log(self) -> str:
        """The filter as the log keeps it. Where a program asks again from where it was before, that it does so is kept and
        not from when, so that it is one entry a day."""
        said = self.model_dump(mode="json", exclude={"limit", "cursor"}, exclude_none=True)
        return "&".join(
            name if name in ("changed_since", "since") else f"{name}={value}" for name, value in said.items()
        )


class TeamsParameters(Parameters):
    pass


class PeopleParameters(Parameters):
    team: WholeNumber | None = _TEAM
    changed_since: Moment | None = Field(default=None, description="Only people of whom a field changed then or later.")


class StatusParameters(Parameters):
    team: WholeNumber | None = _TEAM
    state: State | None = Field(default=None, description="Only people in this state.")
    as_at: Day | None = Field(
        default=None, description="The status at the end of this day, as it was known then; without it the status now."
    )


class CompletionsParameters(Parameters):
    team: WholeNumber | None = _TEAM
    kind: CompletionKind | None = Field(default=None, description="Only completions of this kind; an update has none.")
    changed_since: Moment | None = Field(default=None, description="Only what was completed then or later.")


class CertificatesParameters(Parameters):
    team: WholeNumber | None = _TEAM
    state: CertificateState | None = Field(default=None, description="Only certificates in this state.")
    changed_since: Moment | None = Field(
        default=None, description="Only certificates that were issued, replaced or revoked then or later."
    )


class EventsParameters(Parameters):
    team: WholeNumber | None = Field(
        default=None, description="Only events about people who were then in this team, or in one below it."
    )
    type: EventType | None = Field(default=None, description="Only events of this type.")
    since: Moment | None = Field(default=None, description="Only events that were recorded then or later.")


def read_parameters(model: type[P], given: Mapping[str, Sequence[str]]) -> P:
    """The parameters of a query. Raises ParameterError, which names every one that is wrong."""
    mistakes = {name: REPEATED_PARAMETER for name, values in given.items() if len(values) > 1}
    mistakes |= {name: UNKNOWN_PARAMETER for name in given if name not in model.model_fields}
    values: dict[str, Any] = {name: values[0] for name, values in given.items() if name not in mistakes}
    try:
        found = model.model_validate(values)
    except ValidationError as error:
        names = [str(one["loc"][0]) for one in error.errors()]
        mistakes |= {name: _expected(model, name) for name in names}
    if mistakes:
        raise ParameterError([_mistake(name, text) for name, text in mistakes.items()])
    return found


def _expected(model: type[BaseModel], name: str) -> str:
    """What a parameter of an address has to be, with the values of which it is one."""
    values = (str(value) for kind in get_args(model.model_fields[name].annotation) for value in get_args(kind))
    return str(EXPECTED[name]) % {"values": ", ".join(values)}


def wrong_parameter(name: str) -> ParameterError:
    """The error for a parameter that has the right form, and means nothing here."""
    return ParameterError([_mistake(name, EXPECTED[name])])


def _mistake(name: str, text: str) -> ParameterMistake:
    return ParameterMistake(parameter=name[:100], detail=str(text))
