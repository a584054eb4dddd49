"""The links at the top of each page to the same page in other languages."""

from __future__ import annotations

from functools import lru_cache

from flask import Flask, current_app
from markupsafe import Markup, escape

from course.translation import current_language
from course.web.current import this_g, this_request
from course.web.expired_form import is_same_origin, sealed_entries
from course.web.request_language import language_links

_ADDRESS = "address-of-the-page"  # where an address goes in what is kept


def init(app: Flask) -> None:
    """Give the templates of pages that stand alone the function `plain_language_switch`."""
    app.jinja_env.globals["plain_language_switch"] = plain_language_switch


def language_switch(is_visitor: bool) -> Markup:
    """The links as HTML, in the language of the page; empty while only one language is offered. On a page that answers a form
    they are buttons, which take along what was entered. `is_visitor`: the page is read by somebody who is not signed in.

    A form that another site has sent came without the cookie of the session, so a button, which needs one, would begin a new
    session in its place."""
    is_own_form = this_request().method == "POST" and (this_g().get("csrf_valid", False) or is_same_origin())
    return _switch(language_links(is_visitor), is_own_form)


def plain_language_switch() -> Markup:
    """The links for a page that stands alone, such as an error page: they need neither a session nor the database."""
    return _switch(language_links(is_visitor=False), is_answer=False)


def _switch(links: tuple[tuple[str, str], ...], is_answer: bool) -> Markup:
    if not links:
        return Markup()
    if is_answer:
        return Markup(_render(links, sealed_entries()))  # noqa: S704 (a template made it)
    # The addresses are other ones on each page, and all the rest is the same.
    html, rest = "", _render_links(tuple(language for language, _ in links), current_language())
    for _, address in links:
        before, _, rest = rest.partition(_ADDRESS)
        html += before + str(escape(address))
    return Markup(html + rest)  # noqa: S704 (a template made it)


@lru_cache(maxsize=32)
def _render_links(others: tuple[str, ...], _language: str) -> str:
    return _render(tuple((language, _ADDRESS) for language in others), None)


def _render(links: tuple[tuple[str, str], ...], entries: str | None) -> str:
    template = current_app.jinja_env.get_template("frame/languages.html")
    return template.render(links=links, is_answer=entries is not None, entries=entries)
