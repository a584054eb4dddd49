"""The lists of the API. Each view reads only, and knows nothing of the format of the answer."""

from __future__ import annotations

from pydantic import BaseModel

from course.api.queries import people as people_queries
from course.api.queries.events import EventFilter, events_after
from course.api.queries.proof import certificates_page, completions_page
from course.api.queries.scope import PageRequest
from course.api.queries.status import PastDay, past_status_page, status_page
from course.api.rules.answers import (
    CertificatesAnswer,
    CompletionsAnswer,
    EventsAnswer,
    PeopleAnswer,
    StatusAnswer,
    StatusItem,
    TeamsAnswer,
)
from course.api.rules.cursors import encode_cursor
from course.api.rules.parameters import (
    CertificatesParameters,
    CompletionsParameters,
    EventsParameters,
    PeopleParameters,
    StatusParameters,
    TeamsParameters,
    wrong_parameter,
)
from course.api.views.answering import (
    NotFoundError,
    NotReadyError,
    api_route,
    cut,
    page_request,
    people_scope,
    place_of,
)
from course.api_tokens.access import current_token
from course.clock import now
from course.reports.app_status_cache import app_status_cache
from course.reports.report_view import MAX_DERIVED
from course.standings.jobs import refresh_standings
from course.standings.queries.changes import people_count
from course.web.app_state import app_state
from course.web.unit_of_work import db, discard_request_state, read_from_replica

Answer = tuple[BaseModel, int]


@api_route("people")
def people(asked: PeopleParameters) -> Answer:
    scope, page = people_scope(asked.team), page_request("people", asked)
    found = people_queries.people_page(db(), scope, page, asked.changed_since)
    answer = PeopleAnswer(**cut("people", found, asked, lambda one: one.id))
    return answer, len(answer.data)


@api_route("person")
def person(_asked: BaseModel, person_id: int) -> Answer:
    found = people_queries.person(db(), people_scope(None), person_id)
    if found is None:
        raise NotFoundError
    return found, 1


@api_route("teams")
def teams(asked: TeamsParameters) -> Answer:
    found = people_queries.teams_page(db(), current_token().team_id, page_request("teams", asked))
    answer = TeamsAnswer(**cut("teams", found, asked, lambda one: one.id))
    return answer, len(answer.data)


@api_route("status")
def status(asked: StatusParameters) -> Answer:
    page, at = page_request("status", asked), now()
    scope = people_scope(asked.team)
    today, zone = scope.today, str(app_state().config.time_zone)
    if asked.as_at is not None and asked.as_at > today:
        raise wrong_parameter("as_at")
    on = asked.as_at or today
    found: list[StatusItem]
    is_current = on < today or refresh_standings(at).current
    # What was read before may be older than what the refresh found.
    discard_request_state()
    read_from_replica()
    if on == today and is_current:
        found = status_page(db(), scope.team_id, asked.state, page, today)
    elif on == today and people_count(db(), MAX_DERIVED + 1) > MAX_DERIVED:
        raise NotReadyError
    else:
        past = PastDay(on, today, zone, scope.team_id)
        found = past_status_page(db(), app_status_cache(), past, asked.state, page)
    answer = StatusAnswer(as_at=on, **cut("status", found, asked, lambda one: one.person_id))
    return answer, len(answer.data)


@api_route("completions")
def completions(asked: CompletionsParameters) -> Answer:
    scope, page = people_scope(asked.team), page_request("completions", asked)
    found = completions_page(db(), scope, page, asked.kind, asked.changed_since)
    answer = CompletionsAnswer(**cut("completions", found, asked, lambda one: one.id))
    return answer, len(answer.data)


@api_route("certificates")
def certificates(asked: CertificatesParameters) -> Answer:
    scope, page = people_scope(asked.team), page_request("certificates", asked)
    found = certificates_page(db(), scope, page, asked.state, asked.changed_since)
    answer = CertificatesAnswer(**cut("certificates", found, asked, lambda one: one.id))
    return answer, len(answer.data)


@api_route("events")
def events(asked: EventsParameters) -> Answer:
    wanted = EventFilter(people_scope(asked.team).team_id, asked.type, asked.since)
    found = events_after(db(), wanted, PageRequest(place_of("events", asked.cursor), asked.limit))
    answer = EventsAnswer(data=found.events, next_cursor=encode_cursor("events", found.place), has_more=found.has_more)
    return answer, len(answer.data)
