"""The header and footer of every page, cached in memory by everything on which they depend."""

from __future__ import annotations

from datetime import date
from email.utils import parseaddr
from functools import lru_cache

from flask import current_app
from markupsafe import Markup

from course.content.loaded_course import library
from course.content.supplements import SupportService
from course.organisation.queries import OrganisationView
from course.organisation.request_organisation import reader_organisation
from course.organisation.rules.colours import style_sheet_name
from course.people.rules import Viewer
from course.translation import CHECKED_LANGUAGES, current_language
from course.web.addresses import mounted_at
from course.web.app_state import PageFrame, app_state
from course.web.current import this_g, this_user
from course.web.language_switch import language_switch
from course.web.night_shift import is_night_shift

_LANGUAGES_HERE = Markup("<!-- languages -->")  # where the links to other languages go in a cached header


def page_frame() -> PageFrame:
    """The frame of this request's page."""
    kept = this_g()
    frame: PageFrame | None = kept.get("site")
    if frame is None:
        # The person first: the same query loads the version that tells whether the cached organisation is current.
        # In the room of a supervised session pages have no menu, and this browser keeps nothing for whoever sits there.
        user = this_user()
        person: Viewer | None = user.person if user.sitting is None else None
        kept.site = frame = build_page_frame(person, reader_organisation())
    return frame


def build_page_frame(person: Viewer | None, organisation: OrganisationView | None) -> PageFrame:
    """The frame of a page for this reader in this organisation."""
    course, section = library().course, this_g().get("here", "")
    name = organisation.name if organisation else course.title
    logo = organisation.logo if organisation else None
    sheet = style_sheet_name(organisation.colour) if organisation and organisation.colour else None
    language = current_language()
    support = library().help.support_in(language)
    shown_as = language, mounted_at()
    footer = _render_footer(course.title, course.edition, course.reviewed, support, _corrections(language), shown_as)
    sites = " ".join(str(site.team_id) for site in organisation.sites) if organisation else ""
    end = footer + _render_end(person is not None, sites, shown_as)
    head = _render_head(person is not None and is_night_shift(), sheet, mounted_at())
    before, _, after = _header_for(name, logo, person, section, shown_as).partition(_LANGUAGES_HERE)
    header = Markup(f"{before}{language_switch(person is None)}{after}")  # noqa: S704 (templates made them)
    return PageFrame(name, person, course.title, head, header, end, organisation is not None)


def _header_for(name: str, logo: str | None, person: Viewer | None, section: str, shown_as: tuple[str, str]) -> str:
    reader = person.name if person else None
    permissions = person.permissions if person else frozenset()
    return _render_header(name, logo, reader, permissions, section, shown_as)


# These are kept by everything in them. `_shown_as`: the language, and the path below which the application is mounted, on which
# all addresses depend.
@lru_cache(maxsize=32)
def _render_head(night: bool, colours: str | None, _mounted_at: str) -> Markup:
    template = current_app.jinja_env.get_template("frame/head.html")
    return Markup(template.render(night=night, colours=colours))  # noqa: S704 (a template made it)


@lru_cache(maxsize=2048)
def _render_header(
    name: str,
    logo: str | None,
    reader: str | None,
    permissions: frozenset[str],
    section: str,
    _shown_as: tuple[str, str],
) -> str:
    template = current_app.jinja_env.get_template("frame/header.html")
    html = template.render(name=name, logo=logo, person=reader, permissions=permissions, here=section,
                           initials=initials(reader or ""), languages_here=_LANGUAGES_HERE)  # fmt: skip
    return str(html)


@lru_cache(maxsize=8)
def _render_footer(
    title: str,
    edition: str,
    reviewed: date,
    support: tuple[SupportService, ...],
    corrections: str,
    shown_as: tuple[str, str],
) -> Markup:
    template = current_app.jinja_env.get_template("frame/footer.html")
    html = template.render(title=title, edition=edition, reviewed=reviewed, support=support, corrections=corrections,
                           language=shown_as[0])  # fmt: skip
    return Markup(html)  # noqa: S704 (a template made it)


def corrections_address() -> str:
    """Where readers report mistakes of a translation: a mail address, or one with https://."""
    config = app_state().config
    return str(config.language_corrections or parseaddr(config.mail_from)[1])


def _corrections(language: str) -> str:
    """Where readers report mistakes of a language that nobody who speaks it has checked, as the address of a link; empty for
    other languages."""
    if language in CHECKED_LANGUAGES:
        return ""
    address = corrections_address()
    return address if address.startswith("https://") else f"mailto:{address}"


# Its address of the service worker and the others depend on the path below which the application is mounted. `sites` are
# those whose numbers the device keeps for when there is no network.
@lru_cache(maxsize=512)
def _render_end(signed_in: bool, sites: str, _shown_as: tuple[str, str]) -> Markup:
    template = current_app.jinja_env.get_template("frame/end.html")
    return Markup(template.render(person=signed_in, sites=sites))  # noqa: S704 (a template made it)


def initials(name: str) -> str:
    """The first letters of a name's first and last word, in capitals; one letter for a name of one word."""
    words = name.split()
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()
