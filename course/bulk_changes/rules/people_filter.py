"""Which people a list shows: the filter in its address."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode

from course.people_import.rules.date_formats import read_filter_day
from course.text import normalise_line
from course.translation import lazy_gettext as _

NO_TEAM = "none"
ROLE_FILTERS = {
    "learner": _("Learner only"),
    "manager": _("Manager"),
    "hr": _("HR"),
    "auditor": _("Auditor"),
    "administrator": _("Administrator"),
}
INVITATION_FILTERS = {
    "no": _("Not invited yet"),
    "yes": _("Invited, no password yet"),
    "no-email": _("No e-mail address"),
    "failed": _("An e-mail did not arrive"),
}
SIGNED_IN_FILTERS = {"yes": _("Has signed in"), "no": _("Never signed in")}
PEOPLE_ORDERS = {"name": _("By name"), "new": _("Newest first")}


@dataclass(frozen=True)
class PeopleFilter:
    """The filter of the list of people; an empty value means everyone. `team` is the id of a team, with all below it, or
    NO_TEAM; `group` is a group of the certification status; `started_from` is the earliest first day, `invited_until` the
    latest day of the newest invitation."""

    words: str = ""
    team: str = ""
    role: str = ""
    pathway: str = ""
    group: str = ""
    invitation: str = ""
    signed_in: str = ""
    started_from: date | None = None
    invited_until: date | None = None
    order: str = "name"

    @property
    def query_parameters(self) -> dict[str, str]:
        """The filter as the fields of its form, without empty ones."""
        every = {
            "q": self.words,
            "team": self.team,
            "role": self.role,
            "pathway": self.pathway,
            "status": self.group,
            "invited": self.invitation,
            "signed-in": self.signed_in,
            "invited_until": self.invited_until.isoformat() if self.invited_until else "",
            "from": self.started_from.isoformat() if self.started_from else "",
            "sort": "" if self.order == "name" else self.order,
        }
        return {name: value for name, value in every.items() if value}

    def address(self, **other: object) -> str:
        """The filter as a query string, with these parameters replaced; without `page` it starts at the first page."""
        every = {**self.query_parameters, **other}
        return urlencode({name: value for name, value in every.items() if value not in (None, "")})

    @property
    def is_narrowed(self) -> bool:
        """Whether the filter leaves anybody out."""
        return bool(self.query_parameters.keys() - {"sort"})

    @property
    def needs_standings(self) -> bool:
        """Whether it asks for what the kept standings say."""
        return bool(self.group or self.started_from)


def parse_people_filter(
    arguments: Mapping[str, str], groups: Collection[str], pathways: Collection[str]
) -> tuple[PeopleFilter, list[tuple[str, str]]]:
    """The filter in a query string, and the field and a sentence for each value that could not be understood."""
    mistakes: list[tuple[str, str]] = []

    def one_of(name: str, known: Collection[str]) -> str:
        return arguments[name] if arguments.get(name) in known else ""

    team = arguments.get("team", "")
    found = PeopleFilter(
        words=normalise_line(arguments.get("q", ""))[:200],
        team=team if team == NO_TEAM or re.fullmatch(r"[0-9]{1,9}", team) else "",
        role=one_of("role", ROLE_FILTERS),
        pathway=one_of("pathway", pathways),
        group=one_of("status", groups),
        invitation=one_of("invited", INVITATION_FILTERS),
        signed_in=one_of("signed-in", SIGNED_IN_FILTERS),
        started_from=read_filter_day(arguments, "from", _("Started on or after"), mistakes),
        invited_until=read_filter_day(arguments, "invited_until", _("Invited on or before"), mistakes),
        order=one_of("sort", PEOPLE_ORDERS) or "name",
    )
    return found, mistakes


def end_of_invitation_day(day: date) -> datetime:
    """The moment before which somebody was invited who was invited on this day or earlier. A day ends in UTC here: an hour
    is nothing to people who had days to sign in."""
    return datetime.combine(day + timedelta(days=1), time(), UTC)
