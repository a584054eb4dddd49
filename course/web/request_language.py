"""The language of a request: what the signed-in person chose, or else what was chosen in this browser, or else the first
language of the organisation if it is not English, or else what the browser prefers, or else English."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote, urlencode

from flask import Flask, Response, redirect, request, session
from flask_login import current_user
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response as WsgiResponse

from course.translation import SOURCE_LANGUAGE, current_language, languages, reset_language, set_language
from course.web.addresses import url_for
from course.web.current import this_app, this_g, this_request, this_session, this_user
from course.web.proxy_checks import SLASHES, split_address
from course.web.security_headers import add_vary

LANGUAGE_HEADER = "Course-Language"  # of a program that wants a page for everybody in this language
LANGUAGE_KEY = "language"  # in the session of a browser, and in an address
# In the session of a browser whose language nobody chose here: another system, from which somebody came, speaks it with them.
FROM_LAUNCH_KEY = "language_of_launch"
# Where the feature of the organisation puts the function that returns its first language, if one was set.
FIRST_LANGUAGE = "course.first_language"


def init(app: Flask) -> None:
    """Find the language when a request first needs it, and say in each page on what it depends."""
    app.before_request(_begin)
    app.after_request(_say_what_it_depends_on)
    app.teardown_request(_end)


def preferred_language(chosen: str | None, accepted: list[str], offered: tuple[str, ...]) -> str:
    """The language out of `offered` for a person who chose `chosen` (None: nothing yet), in a browser that accepts these
    languages, best first. A browser that asks for cy-GB is given cy."""
    found = (offered_language(name, offered) for name in (chosen, *accepted))
    return next(filter(None, found), SOURCE_LANGUAGE)


def offered_language(name: str | None, offered: tuple[str, ...] | None = None) -> str | None:
    """The language out of `offered`, by default all that the course has, which a tag means: cy for cy-GB; None if it is none."""
    by_name = {language.lower(): language for language in offered or languages()}
    wanted = (name or "").lower().replace("_", "-")  # some systems write cy_GB
    return by_name.get(wanted) or by_name.get(wanted.partition("-")[0])


def speak_as_elsewhere(name: str | None, keep: bool = False) -> None:
    """Speak the language that another system uses with its user, in this request and, with `keep`, in this browser; unless one
    was chosen here. English says nothing: it is what systems use wherever nobody has changed it."""
    if keep:
        forget_launch_language()
    found = offered_language(name)
    if found in (None, SOURCE_LANGUAGE) or session.get(LANGUAGE_KEY) in languages():
        return
    if keep:
        session[LANGUAGE_KEY], session[FROM_LAUNCH_KEY] = found, True
    person = current_user.person
    if person is None or person.language is None:
        set_language(str(found))


def forget_launch_language() -> None:
    """Whoever came from another system has gone, or somebody else comes: the language of that system goes with them. One that
    was chosen in this browser stays."""
    if session.pop(FROM_LAUNCH_KEY, None):
        session.pop(LANGUAGE_KEY, None)


def keep_chosen_language(language: str) -> None:
    """Speak a language in this browser that somebody chose in it."""
    session[LANGUAGE_KEY] = language
    session.pop(FROM_LAUNCH_KEY, None)


def clear_all_but_language(is_launch: bool = False) -> None:
    """Clear the session of this browser except for its language. That of another system stays only in a launch."""
    if not is_launch:
        forget_launch_language()
    kept = {key: session[key] for key in (LANGUAGE_KEY, FROM_LAUNCH_KEY) if key in session}
    session.clear()
    session.update(kept)


def language_links(is_visitor: bool) -> tuple[tuple[str, str], ...]:
    """The languages in which the page of this request can be shown besides its own, each with an address that chooses it.

    For visitors of a page it is the address of the page itself, so that a link to a page can name its language. Everywhere
    else it is that of `auth.choose_language_here`, which stores the choice and leads back.
    """
    if len(languages()) == 1:
        return ()
    others = [language for language in languages() if language != current_language()]
    if is_visitor and request.method == "GET" and request.endpoint is not None:
        return tuple((language, _same_page({**_other_arguments(), LANGUAGE_KEY: [language]})) for language in others)
    back = _page_to_go_back_to()
    query = urlencode({"next": back})
    return tuple(
        (language, f"{url_for('auth.choose_language_here', language=language)}?{query}") for language in others
    )


def is_own_link() -> bool:
    """Whether this request comes from a link that somebody followed on a page of the course, or from an address that they
    typed: not from another site, and not from a browser that fetches pages ahead. As the browser says; old ones do not."""
    came_from = request.headers.get("Sec-Fetch-Site", "none")
    return came_from in ("same-origin", "none") and "prefetch" not in request.headers.get("Sec-Purpose", "")


def _page_to_go_back_to() -> str:
    """The page of this request, or of the form that it sends, as a path of this site."""
    request = this_request()
    rule = request.url_rule
    if request.method in ("GET", "HEAD") or (rule is not None and "GET" in (rule.methods or ())):
        return _same_page(request.args.to_dict(flat=False))
    came_from = split_address(request.headers.get("Referer", ""))
    if came_from.netloc != request.host:
        return url_for("dashboard.home")
    path = f"/{came_from.path.lstrip(SLASHES)}"
    return f"{path}?{came_from.query}" if came_from.query else path


def _begin() -> WsgiResponse | None:
    if len(languages()) == 1:
        return None
    request = this_request()
    this_g().language_before = set_language(_find_language)
    chosen = request.args.get(LANGUAGE_KEY) if request.query_string else None
    # Of pages for people who are signed in, some have an argument of this name that means something else.
    if chosen is None or request.method != "GET" or request.endpoint is None or current_user.person is not None:
        return None
    if chosen in languages():
        keep_chosen_language(chosen)
    return redirect(_same_page(_other_arguments()), 303)


def _other_arguments() -> dict[str, list[str]]:
    return {name: values for name, values in request.args.to_dict(flat=False).items() if name != LANGUAGE_KEY}


def _same_page(arguments: dict[str, list[str]]) -> str:
    """The address of the page of this request with these arguments: a path of this site, whatever was asked for."""
    request = this_request()
    path = f"{request.script_root}/{quote(request.path.lstrip(SLASHES))}"
    return f"{path}?{urlencode(arguments, doseq=True)}" if arguments else path


def _find_language() -> str:
    request = this_request()
    try:
        person = this_user().person
    except SQLAlchemyError:
        person = None  # the page that says so has words too
    # The service worker keeps the pages for everybody in each language, and asks for them without a cookie.
    asked = request.headers.get(LANGUAGE_HEADER) if person is None else None
    chosen = (person.language if person else None) or this_session().get(LANGUAGE_KEY) or offered_language(asked)
    if chosen in languages():
        return str(chosen)
    find_first: Callable[[], str | None] = this_app().extensions.get(FIRST_LANGUAGE, lambda: None)
    first = find_first()
    # Browsers ask for English wherever nobody has changed that, so a first language comes before what they ask for.
    chosen = first if first != SOURCE_LANGUAGE else None
    return preferred_language(chosen, list(request.accept_languages.values()), languages())


def _say_what_it_depends_on(response: Response) -> Response:
    if len(languages()) > 1 and response.mimetype == "text/html":
        response.headers.setdefault("Content-Language", current_language())
        add_vary(response, "Accept-Language")
    return response


def _end(_error: BaseException | None) -> None:
    before = this_g().pop("language_before", None)
    if before is not None:
        reset_language(before)
