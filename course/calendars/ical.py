"""A feed as iCalendar (RFC 5545, with the properties of RFC 7986 that calendars read)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from icalendar import Calendar, Timezone, vText
from icalendar import Event as VEvent

from course.calendars.rules import CalendarEvent

PRODUCT_ID = "-//Online abuse: learning from case reviews//Calendar feed//EN"
REFRESH_INTERVAL = timedelta(hours=12)


def ical(events: Iterable[CalendarEvent], name: str, address: str) -> bytes:
    """The feed under that name; each event leads to `address`. The same events give the same bytes."""
    calendar = Calendar()
    calendar.add("prodid", PRODUCT_ID)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    for property_name in ("name", "x-wr-calname"):
        calendar.add(property_name, vText(name))
    calendar.add("refresh-interval", REFRESH_INTERVAL, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT12H")
    for event in events:
        calendar.add_component(_build_event(event, address))
    if not calendar.subcomponents:
        # A calendar must hold something (RFC 5545, 3.6): some programs refuse an empty one.
        calendar.add_component(Timezone.from_tzid("UTC"))
    return bytes(calendar.to_ical())


def _build_event(event: CalendarEvent, address: str) -> VEvent:
    made = VEvent()
    made.add("uid", event.uid)
    made.add("dtstamp", event.changed)
    made.add("last-modified", event.changed)
    made.add("sequence", event.sequence)
    made.add("dtstart", event.day)
    made.add("dtend", event.day + timedelta(days=1))
    made.add("summary", event.title)
    made.add("description", event.note)
    made.add("url", address)
    # The day stays free, and nothing rings: reminders come by mail.
    made.add("transp", "TRANSPARENT")
    return made
