"""The lines of the page "Today", and those about settings that name a closed team and about grades that did not arrive."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from flask import url_for

from course.dashboard.queries import ClosedTeamSetting, settings_of_closed_teams, untaken_grades
from course.dashboard.rules import TeamNeed
from course.people.rules import Viewer
from course.translation import gettext as _
from course.translation import ngettext
from course.web.unit_of_work import db

LISTED_SETTINGS = 8  # of very many a few are enough to begin with


@dataclass(frozen=True)
class TodayLink:
    """Where something can be seen or done."""

    label: str
    address: str


@dataclass(frozen=True)
class TodayLine:
    """One thing that needs the reader: what, why it matters, and where to see and to do it. `teams` are the teams that it
    is about, `unlisted` how many more there are."""

    title: str
    text: str
    links: tuple[TodayLink, ...]
    is_urgent: bool = False
    teams: tuple[TeamNeed, ...] = ()
    unlisted: int = 0


def closed_team_lines(viewer: Viewer) -> list[TodayLine]:
    """What names a team that was closed since, with the pages on which another one is chosen."""
    found = settings_of_closed_teams(db(), viewer)
    if not found:
        return []
    title = ngettext("%(num)s setting names a closed team", "%(num)s settings name a closed team", len(found))
    text = _(
        "Nothing is sent about a closed team, and a group or platform brings no one into it. Choose another team, or end what is "
        "no longer needed."
    )
    links = dict.fromkeys(map(_link, found))
    return [TodayLine(title, text, tuple(links)[:LISTED_SETTINGS], is_urgent=True)]


def untaken_grade_lines(at: datetime) -> list[TodayLine]:
    """Scores that a learning platform did not take and that are not tried again by themselves: there somebody has not done the
    course, and here they have."""
    found = untaken_grades(db(), at)
    number = sum(count for _id, _name, count in found)
    if not number:
        return []
    title = ngettext(
        "%(num)s grade was not taken by a learning platform",
        "%(num)s grades were not taken by a learning platform",
        number,
    )
    text = _("They are not sent again by themselves. See what the platform answered, then send them again.")
    links = [TodayLink(name, url_for("lti_services.grades", registration_id=one)) for one, name, _count in found]
    return [TodayLine(title, text, tuple(links), is_urgent=True)]


def _link(setting: ClosedTeamSetting) -> TodayLink:
    if setting.kind == "report":
        return TodayLink(_("Team report by e-mail"), url_for("scheduled_reports.overview"))
    if setting.kind == "webhook":
        host = urlsplit(setting.name).netloc  # the rest of an address may be secret
        return TodayLink(_("Webhook to %(host)s", host=host), url_for("webhooks.change", webhook_id=setting.id))
    if setting.kind == "provider":
        return TodayLink(setting.name, url_for("identity_providers.change_provider", provider_id=setting.id))
    if setting.kind == "platform":
        return TodayLink(setting.name, url_for("lti.change_platform", registration_id=setting.id))
    if setting.kind == "cmi5":
        return TodayLink(setting.name, url_for("cmi5.change", platform_id=setting.id))
    address = url_for("scim.group", connection_id=setting.connection_id, group_id=setting.id)
    return TodayLink(setting.name, address)
