"""Where everybody stands whom the viewer may see: how many in each state, and who, the most urgent first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flask import g, render_template, request
from flask_login import current_user

from course.people.queries import ids_visible_to
from course.refreshers import queries
from course.refreshers.rules import Standing, standing
from course.refreshers.views.frame import pages, today, zone
from course.web.access import Permission, may
from course.web.forms import number_in_address
from course.web.session import db

PAGE = 50
# In the order of their urgency.
STATES = {
    "expired": "Expired",
    "overdue": "Overdue",
    "due-soon": "Due soon",
    "in-progress": "In progress",
    "not-yet-due": "Not yet due",
    "up-to-date": "Up to date",
    "paused": "Away",
    "not-required": "Not required",
}


@dataclass(frozen=True)
class Line:
    """One person with where they stand."""

    id: int
    name: str
    stands: Standing

    @property
    def urgency(self) -> tuple[int, date, str]:
        return list(STATES).index(self.stands.state), self.stands.due or date.max, self.name


@pages.get("/people")
@may(Permission.SEE_PEOPLE)
def everybody() -> str:
    """Counts and people; `?state=` shows those of one state, `?q=` those with these letters in their name."""
    g.here = "people"
    rules, day = queries.policies(db(), zone()), today()
    ids = ids_visible_to(db(), current_user.person)
    lines = [
        Line(one.id, one.name, standing(one.facts, rules, day))
        for one in (queries.people(db(), zone(), ids) if rules else [])
    ]
    counts = {state: sum(line.stands.state == state for line in lines) for state in STATES}
    state, words = request.args.get("state", ""), request.args.get("q", "").strip()[:200]
    state = state if state in STATES else ""
    shown = sorted(
        (
            line
            for line in lines
            if (not state or line.stands.state == state) and words.casefold() in line.name.casefold()
        ),
        key=lambda line: line.urgency,
    )
    page = min(number_in_address("page") or 1, max(1, -(-len(shown) // PAGE)))
    return render_template(
        "refreshers/everybody.html",
        counts=counts,
        states=STATES,
        state=state,
        words=words,
        total=len(lines),
        found=len(shown),
        lines=shown[(page - 1) * PAGE : page * PAGE],
        page=page,
        last=max(1, -(-len(shown) // PAGE)),
    )
