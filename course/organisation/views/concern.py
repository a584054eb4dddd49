"""The page "Worried about a child?", the card for the first hour, and the numbers for a phone.

They need no sign-in, no set-up and no database, write nothing, and are not logged. Whoever is signed in sees the numbers of
their own sites; everyone else those of the organisation, or of the site that they choose.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from flask import Response, g, render_template, request
from flask_login import current_user

from course.clock import now
from course.content.loaded_course import library
from course.content.schema import NATIONS
from course.content.supplements import HelpRoute
from course.dates import civil_date, format_date
from course.organisation.header_footer import build_page_frame
from course.organisation.queries import OrganisationView
from course.organisation.request_organisation import (
    current_organisation,
    last_read_organisation,
    reader_organisation,
    remember_organisation,
)
from course.organisation.rules.call_card import CallEntry, PhoneEntry, months_unconfirmed
from course.organisation.rules.call_card import address_book as address_book_file
from course.organisation.rules.contacts import CONTACT_KINDS
from course.organisation.rules.sites import Site
from course.organisation.views.blueprint import contact_labels, pages
from course.people.rules import Viewer
from course.translation import gettext as _
from course.web.access import public
from course.web.app_state import app_state
from course.web.phone_links import dial_string
from course.web.query_deadline import read_with_deadline

SITE_ARGUMENT = "site"  # in the address: a site that somebody chose, or each of several


@dataclass(frozen=True)
class HelpReading:
    """What the help pages show: the reader, the organisation as a whole and as the reader has it (`own`), as of when, and
    whether it was read now: without an answer of the database it is the organisation as it was last read, and the reader is
    unknown. `chosen` are the sites that the address names; `is_gone` says that it names one that is no site any more.
    """

    reader: Viewer | None
    whole: OrganisationView | None
    own: OrganisationView | None
    as_of: datetime | None
    is_current: bool
    chosen: tuple[int, ...] = ()
    is_gone: bool = False

    @cached_property
    def shown(self) -> OrganisationView | None:
        """The organisation as it is shown."""
        return self.whole.for_teams(self.chosen) if self.whole and self.chosen else self.own

    @property
    def places(self) -> tuple[Site, ...]:
        """The sites whose numbers are shown; the organisation itself if these are none."""
        if self.shown is None:
            return ()
        return self.shown.sites or (self.shown.as_site,)


@dataclass(frozen=True)
class CallGroup:
    """The numbers of one place: its name, empty while all have the same ones; the entries in the order in which they are
    rung, each with the months since it was confirmed if these are many; the labels of what nobody has filled in."""

    name: str
    entries: tuple[tuple[CallEntry, int | None], ...]
    missing: tuple[str, ...]


@pages.get("/concern")
@public
def concern() -> str:
    """Show "Worried about a child?"."""
    return _help_page("organisation/concern.html")


@pages.get("/first-hour")
@public
def first_hour() -> str:
    """Show the card for the first hour, to be printed: what to do, who to ring, and what to leave."""
    return _help_page("organisation/first_hour.html")


@pages.get("/concern/numbers.vcf")
@public
def address_book() -> Response:
    """The numbers of "Worried about a child?" for the address book of a phone."""
    read = _read_contacts()
    title = read.whole.name if read.whole else library().course.title
    vcards = b""
    for place in read.places:
        own = [PhoneEntry(f"{c.label}: {c.name}" if c.name else c.label, c.dial,
                          _("Checked %(day)s", day=format_date(c.confirmed_on)))
               for c in _call_entries(place) if c.dial]  # fmt: skip
        vcards += address_book_file(own, place.name)
    national = [PhoneEntry(str(route.name), dial, str(route.when)) for route in _routes(read.places)
                if (dial := dial_string(route.phone or ""))]  # fmt: skip
    response = Response(vcards + address_book_file(national, title), mimetype="text/vcard")
    response.headers["Content-Disposition"] = 'attachment; filename="worried-about-a-child.vcf"'
    # What is shown while the database does not answer is not kept as if it were current.
    response.headers["Cache-Control"] = "private, no-cache" if read.is_current else "no-store"
    return response


def _read_contacts() -> HelpReading:
    read = read_with_deadline(lambda: (current_user.person, current_organisation(), reader_organisation(), now()))
    if read is None:
        whole, as_of = last_read_organisation()
        found = HelpReading(None, whole, whole, as_of, False)
    else:
        remember_organisation(read[1], read[3])
        found = HelpReading(*read, True)
    named = [text for text in request.args.getlist(SITE_ARGUMENT) if text]
    if not named or found.whole is None:
        return found
    known = {str(site): site for site in found.whole.directory.site_ids}
    chosen = tuple(known[text] for text in dict.fromkeys(named) if text in known)
    return replace(found, chosen=chosen, is_gone=len(chosen) < len(set(named)))


def _call_entries(place: Site) -> list[CallEntry]:
    """The contacts that are filled in, in the order in which they are rung."""
    labels, zone = contact_labels(place), app_state().config.time_zone
    found = [(kind, place.contacts.get(kind)) for kind in CONTACT_KINDS]
    return [
        CallEntry(kind, str(labels[kind]), contact.name, contact.phone, dial_string(contact.phone), contact.email,
                  civil_date(contact.confirmed_at, zone))
        for kind, contact in found if contact is not None
    ]  # fmt: skip


def _call_group(place: Site, is_named: bool) -> CallGroup:
    entries, today = _call_entries(place), civil_date(now(), app_state().config.time_zone)
    kinds = {entry.kind for entry in entries}
    return CallGroup(
        place.name if is_named else "",
        tuple((entry, months_unconfirmed(entry.confirmed_on, today)) for entry in entries),
        tuple(label for kind, label in contact_labels(place).items() if kind not in kinds),
    )


def _routes(places: Iterable[Site]) -> list[HelpRoute]:
    """The services of the nations of these places; those of all nations while there is no organisation."""
    nations = {place.nation for place in places} or set(NATIONS)
    return [route for route in library().help.routes if nations.intersection(route.nations)]


def _help_page(template: str) -> str:
    """Render a page with the current contacts, or with those last read if the database does not answer."""
    g.here = "concern"
    # Before anything else that the page is made of: the reader's language is in the database too.
    read = _read_contacts()
    sites = read.whole.all_sites if read.whole else ()
    # Whoever is signed in and looks at the numbers of another site is at home in their own all the same.
    g.site = build_page_frame(read.reader, read.own if read.reader else read.shown)
    g.for_one_person = read.reader is not None
    return render_template(
        template,
        course=library().course,
        help=library().help,
        ours=read.shown,
        groups=[_call_group(place, bool(sites)) for place in read.places]
        or [CallGroup("", (), tuple(CONTACT_KINDS.values()))],
        sites=sites,
        chosen=read.chosen,
        site_is_gone=read.is_gone,
        # Named in the address of the other pages, so that they show the same numbers.
        site_argument={SITE_ARGUMENT: read.chosen} if read.chosen else {},
        whole_name=read.whole.name if read.whole else "",
        routes=_routes(read.places),
        # A route names its nations where they are not all the same for the reader.
        nations=NATIONS if len({place.nation for place in read.places}) != 1 else {},
        read_now=read.is_current,
        as_of=read.as_of,
    )
