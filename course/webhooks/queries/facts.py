"""What the kept certification statuses say that no event says yet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from course.recertification.rules.explanations import GROUP_OF_STATE
from course.standings.models import PersonStatus
from course.standings.rules import GROUP_RANKS
from course.webhooks.models import WebhookEvent
from course.webhooks.rules import TIMED_STATES, PersonFact, status_facts

_RANKS = sorted({GROUP_RANKS[GROUP_OF_STATE[state]] for state in TIMED_STATES})


class StatusRow(NamedTuple):
    """The part of a kept certification status (course/standings) from which events are found."""

    person_id: int
    state: str
    due: date | None
    valid_until: date | None


def next_status_rows(session: Session, after: int, limit: int) -> list[StatusRow]:
    """The next people who are due soon, overdue or expired, in the order of their ids after the id `after`."""
    columns = PersonStatus.person_id, PersonStatus.state, PersonStatus.due, PersonStatus.valid_until
    rows = select(*columns).where(
        PersonStatus.is_employed, PersonStatus.group_rank.in_(_RANKS), PersonStatus.person_id > after
    )
    return [StatusRow(*row) for row in session.execute(rows.order_by(PersonStatus.person_id).limit(limit))]


def new_status_facts(session: Session, rows: Sequence[StatusRow]) -> list[PersonFact]:
    """What these rows say that is not an event yet. One query."""
    facts = [fact for row in rows for fact in status_facts(*row)]
    columns = WebhookEvent.person_id, WebhookEvent.kind, WebhookEvent.fact
    known = {
        tuple(row)
        for row in session.execute(
            select(*columns).where(WebhookEvent.person_id.in_({fact.person_id for fact in facts}))
        )
    }
    return [fact for fact in facts if (fact.person_id, fact.kind, fact.key) not in known]
