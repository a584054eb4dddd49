"""Render a feed as iCalendar (RFC 5545, with the properties of RFC 7986 that calendar programs read)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING

from course.calendars.rules import CalendarEvent

if TYPE_CHECKING:
    from icalendar import Event as VEvent

PRODUCT_ID = "-//Online abuse: learning from case reviews//Calendar feed//EN"  # not translated: an identifier
REFRESH_INTERVAL = timedelta(hours=12)


def ical(events: Iterable[CalendarEvent], name: str, address: str) -> bytes:
    """The feed with that name as iCalendar bytes; each event links to `address`. The same events give the same bytes."""
    from icalendar import Calendar, Timezone, vText  # noqa: PLC0415 (it needs 2 MiB, and few processes make a feed)

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
        # RFC 5545, 3.6 requires at least one component, and some programs refuse an empty calendar.
        calendar.add_component(Timezone.from_tzid("UTC"))
    return bytes(calendar.to_ical())


def _build_event(event: CalendarEvent, address: str) -> VEvent:
    from icalendar import Event  # noqa: PLC0415 (see above)

    component = Event()
    component.add("uid", event.uid)
    component.add("dtstamp", event.changed)
    component.add("last-modified", event.changed)
    component.add("sequence", event.sequence)
    component.add("dtstart", event.day)
    component.add("dtend", event.day + timedelta(days=1))
    component.add("summary", event.title)
    component.add("description", event.note)
    component.add("url", address)
    # The event does not block the day and has no alarm, because reminders come by mail.
    component.add("transp", "TRANSPARENT")
    return component
