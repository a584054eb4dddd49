"""The language of a request: what the signed-in person chose, or else what was chosen in this browser, or else what the
browser prefers, or else English."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from flask import Flask, Response, g, redirect, request, session
from flask_login import current_user
from werkzeug.wrappers import Response as WsgiResponse

from course.translation import SOURCE_LANGUAGE, current_language, languages, reset_language, set_language

LANGUAGE_KEY = "language"  # in the session of a browser, and in an address


def init(app: Flask) -> None:
    """Find the language when a request first needs it, and say in each page on what it depends."""
    app.before_request(_begin)
    app.after_request(_say_what_it_depends_on)
    app.teardown_request(_end)


def preferred_language(chosen: str | None, accepted: list[str], offered: tuple[str, ...]) -> str:
    """The language out of `offered` for a person who chose `chosen` (None: nothing yet), in a browser that accepts these
    languages, best first. A browser that asks for cy-GB is given cy."""
    by_name = {language.lower(): language for language in offered}
    wanted = [name.lower() for name in (chosen, *accepted) if name]
    for name in wanted:
        found = by_name.get(name) or by_name.get(name.partition("-")[0])
        if found is not None:
            return found
    return SOURCE_LANGUAGE


def language_links() -> tuple[tuple[str, str], ...]:
    """The languages in which the page of this request can be shown besides its own, each with an address that chooses it."""
    if request.endpoint is None or len(languages()) == 1:
        return ()
    others = (language for language in languages() if language != current_language())
    return tuple((language, _same_page({**_other_arguments(), LANGUAGE_KEY: [language]})) for language in others)


def _begin() -> WsgiResponse | None:
    if len(languages()) == 1:
        return None
    g.language_before = set_language(_find_language)
    chosen = request.args.get(LANGUAGE_KEY)
    # Of pages for people who are signed in, some have an argument of this name that means something else.
    if chosen is None or request.method != "GET" or request.endpoint is None or current_user.person is not None:
        return None
    if chosen in languages():
        session[LANGUAGE_KEY] = chosen
    return redirect(_same_page(_other_arguments()), 303)


def _other_arguments() -> dict[str, list[str]]:
    return {name: values for name, values in request.args.to_dict(flat=False).items() if name != LANGUAGE_KEY}


def _same_page(arguments: dict[str, list[str]]) -> str:
    """The address of the page of this request with these arguments: a path of this site, whatever was asked for."""
    path = "/" + quote(request.path.lstrip("/\\"))
    return f"{path}?{urlencode(arguments, doseq=True)}" if arguments else path


def _find_language() -> str:
    person = current_user.person
    chosen = (person.language if person else None) or session.get(LANGUAGE_KEY)
    return preferred_language(chosen, list(request.accept_languages.values()), languages())


def _say_what_it_depends_on(response: Response) -> Response:
    if len(languages()) > 1 and response.mimetype == "text/html":
        response.headers.setdefault("Content-Language", current_language())
        response.vary.add("Accept-Language")
    return response


def _end(_error: BaseException | None) -> None:
    before = g.pop("language_before", None)
    if before is not None:
        reset_language(before)
