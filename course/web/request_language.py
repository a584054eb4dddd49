"""The language of a request: what the signed-in person chose, or else what the browser prefers, or else English."""

from __future__ import annotations

from flask import Flask, Response, g, request
from flask_login import current_user

from course.translation import SOURCE_LANGUAGE, current_language, languages, reset_language, set_language


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


def _begin() -> None:
    if len(languages()) > 1:
        g.language_before = set_language(_find_language)


def _find_language() -> str:
    person = current_user.person
    return preferred_language(person.language if person else None, list(request.accept_languages.values()), languages())


def _say_what_it_depends_on(response: Response) -> Response:
    if len(languages()) > 1 and response.mimetype == "text/html":
        response.headers.setdefault("Content-Language", current_language())
        response.vary.add("Accept-Language")
    return response


def _end(_error: BaseException | None) -> None:
    before = g.pop("language_before", None)
    if before is not None:
        reset_language(before)
