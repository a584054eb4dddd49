"""The addresses of the API: each with its scope, its parameters and its answer. Routes and document are made from this."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel

from course.api.rules import answers, parameters


@dataclass(frozen=True)
class Operation:
    """An address that is read: the part of it after /api/v1/, what it gives, the scope that it needs, its parameters, and its
    answer. `is_one` says that it gives one thing, by the id at the end of the address."""

    name: str
    path: str
    summary: str
    scope: str
    parameters: type[BaseModel] | None
    answer: type[BaseModel]
    is_one: bool = False


OPERATIONS: Mapping[str, Operation] = {
    one.name: one
    for one in (
        Operation(
            "people", "people", "People who work here now, by id.", "people:read", parameters.PeopleParameters,
            answers.PeopleAnswer,
        ),
        Operation(
            "person", "people/{person_id}", "One person who works here now.", "people:read", None, answers.PersonItem, True
        ),
        Operation("teams", "teams", "Open teams, by id.", "teams:read", parameters.TeamsParameters, answers.TeamsAnswer),
        Operation(
            "status", "status", "The certification status of everyone who works here, now or at the end of a past day, "
            "by the id of the person.", "status:read", parameters.StatusParameters, answers.StatusAnswer,
        ),
        Operation(
            "completions", "completions", "Who completed the course or a refresher, of people who work here now; by id.",
            "completions:read", parameters.CompletionsParameters, answers.CompletionsAnswer,
        ),
        Operation(
            "certificates", "certificates", "Certificates of people who work here now, by id.", "certificates:read",
            parameters.CertificatesParameters, answers.CertificatesAnswer,
        ),
        Operation(
            "events", "events", "What happened to people, in the order in which it was recorded. Ask with the cursor of the "
            "last answer: nothing is left out, and nothing comes twice.", "events:read", parameters.EventsParameters,
            answers.EventsAnswer,
        ),
    )
}  # fmt: skip
