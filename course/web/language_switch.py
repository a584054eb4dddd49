"""The links at the top of each page to the same page in other languages."""

from __future__ import annotations

from flask import Flask, current_app, g, request
from markupsafe import Markup

from course.web.expired_form import is_same_origin, sealed_entries
from course.web.request_language import language_links


def init(app: Flask) -> None:
    """Give the templates of pages that stand alone the function `plain_language_switch`."""
    app.jinja_env.globals["plain_language_switch"] = plain_language_switch


def language_switch(is_visitor: bool) -> Markup:
    """The links as HTML, in the language of the page; empty while only one language is offered. On a page that answers a form
    they are buttons, which take along what was entered. `is_visitor`: the page is read by somebody who is not signed in.

    A form that another site has sent came without the cookie of the session, so a button, which needs one, would begin a new
    session in its place."""
    is_own_form = request.method == "POST" and (g.get("csrf_valid", False) or is_same_origin())
    return _switch(language_links(is_visitor), is_own_form)


def plain_language_switch() -> Markup:
    """The links for a page that stands alone, such as an error page: they need neither a session nor the database."""
    return _switch(language_links(is_visitor=False), is_answer=False)


def _switch(links: tuple[tuple[str, str], ...], is_answer: bool) -> Markup:
    if not links:
        return Markup()
    template = current_app.jinja_env.get_template("frame/languages.html")
    html = template.render(links=links, is_answer=is_answer, entries=sealed_entries() if is_answer else "")
    return Markup(html)  # noqa: S704 (a template made it)
