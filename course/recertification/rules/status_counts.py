"""How many people are in a group of certification statuses, in words."""

from __future__ import annotations

from course.translation import lazy_gettext as _

_COUNTS = {
    "overdue": _("%(number)s overdue"),
    "due-soon": _("%(number)s due soon"),
    "in-progress": _("%(number)s in progress"),
    "not-started": _("%(number)s not started"),
    "up-to-date": _("%(number)s up to date"),
    "paused": _("%(number)s paused"),
    "not-required": _("%(number)s not required"),
}


def status_count(group: str, number: int) -> str:
    """A number of people and the group in which they are (see STATUS_GROUPS), such as 3 overdue. Raises KeyError for an
    unknown group."""
    return _COUNTS[group] % {"number": number}
