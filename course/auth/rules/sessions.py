"""Sign-in sessions: how finely their use is recorded, how long they are listed, and what a device is called. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from course.auth.rules.links import SESSION_LIFETIME
from course.dates import civil_date, start_of_day
from course.translation import lazy_gettext as _

USE_RESOLUTION = timedelta(minutes=15)
SESSION_RETENTION = SESSION_LIFETIME + timedelta(hours=1)  # after the last recorded use; no cookie lives so long
DEVICE_RETENTION = timedelta(days=400)  # as long as browsers keep a cookie at most
_LONGEST = 1000  # characters of a User-Agent that are looked at
# The first that fits counts: Edge, Opera and Samsung's browser call themselves Chrome too, and Chrome calls itself Safari.
_BROWSERS = (
    ("Edge", r"Edg(e|A|iOS)?/"),  # not translated: a name
    ("Opera", r"OPR/|Opera"),  # not translated: a name
    ("Samsung Internet", r"SamsungBrowser/"),  # not translated: a name
    ("Firefox", r"Firefox/|FxiOS/"),  # not translated: a name
    ("Chrome", r"Chrome/|CriOS/|Chromium/"),  # not translated: a name
    ("Safari", r"Safari/"),  # not translated: a name
)
_SYSTEMS = (
    ("iPhone", r"iPhone"),
    ("iPad", r"iPad"),
    ("Android", r"Android"),  # not translated: a name
    ("ChromeOS", r"CrOS"),  # not translated: a name
    ("Windows", r"Windows"),  # not translated: a name
    ("Mac", r"Macintosh|Mac OS X"),  # not translated: a name
    ("Linux", r"Linux|X11"),  # not translated: a name
)


@dataclass(frozen=True)
class DayMoment:
    """A moment, its calendar day where the course is, and the moment at which that day began."""

    at: datetime
    today: date
    midnight: datetime


def day_moment(at: datetime, zone: str) -> DayMoment:
    """The moment with its day for people in `zone` (an IANA name)."""
    today = civil_date(at, zone)
    return DayMoment(at, today, start_of_day(today, zone))


def device_name(user_agent: str) -> str:
    """What a browser says that it is, in a few words: "Chrome on Android". A browser may say anything, so this is for people
    who know their own devices, and decides nothing. Empty if nothing is recognised; at most 40 characters."""
    shown = user_agent[:_LONGEST]
    browser = next((name for name, pattern in _BROWSERS if re.search(pattern, shown)), "")
    system = next((name for name, pattern in _SYSTEMS if re.search(pattern, shown)), "")
    return f"{browser} on {system}" if browser and system else browser or system


def device_label(device: str) -> str:
    """The words for a device on pages and in mails."""
    browser, on, system = device.partition(" on ")
    if not device:
        return _("A browser that does not say what it is")
    return _("%(browser)s on %(system)s", browser=browser, system=system) if on else device
