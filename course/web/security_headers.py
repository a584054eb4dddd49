"""Security headers, caching and compression. A browser may not keep a response that was made for a signed-in person."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, Response, after_this_request, request

from course.web.current import this_g, this_request

# Everything is loaded from the course itself; no inline script or style, no framing, no form that posts elsewhere.
CONTENT_SECURITY_POLICY = "; ".join((
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "font-src 'self'",
    "connect-src 'self'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'",
))  # fmt: skip
_POLICY_KEY = "course.security_policy"  # in the WSGI environment: the policy of this response, where it is another one

ADDRESS_HEADER = "Content-Location"  # of a response to a POST: the address of the page that it holds (see in_place.py)
MIN_COMPRESSED_BYTES = 1000  # compressing a smaller response gains nothing
WsgiApp = Callable[..., Iterable[bytes]]


def init(app: Flask, secure: bool) -> None:
    """Add the headers to every response; `secure` when people reach the course over https."""
    fixed = [
        ("Content-Security-Policy", CONTENT_SECURITY_POLICY),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "same-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Permissions-Policy", "camera=(), microphone=(), geolocation=()"),
    ]
    if secure:
        fixed.append(("Strict-Transport-Security", "max-age=31536000"))
    app.wsgi_app = _add_fixed_headers(app.wsgi_app, fixed)  # type: ignore[method-assign]

    @app.after_request
    def add(response: Response) -> Response:
        headers, environ = response.headers, this_request().environ
        if _is_personal_response() and not headers.get("Cache-Control", "").startswith("private, max-age"):
            # Neither kept on disk nor shown again by "Back" after signing out.
            headers["Cache-Control"] = "no-store"
        elif "Cache-Control" not in headers:
            headers.add("Cache-Control", "private, no-cache")
        is_page = environ["REQUEST_METHOD"] == "GET" or ADDRESS_HEADER in headers
        if is_page and response.status_code == 200 and response.mimetype == "text/html":
            if headers["Cache-Control"] != "no-store":
                fingerprint = hashlib.blake2b(response.get_data(), digest_size=12).hexdigest()
                # Weak, because the same page also goes out compressed.
                headers.add("ETag", f'W/"{fingerprint}"')
                if "HTTP_IF_NONE_MATCH" in environ:
                    response.make_conditional(request)
            if response.status_code == 200:
                compress_response(response)
        return response


def _is_personal_response() -> bool:
    """Whether the response was made for a signed-in person, or for the holder of a secret link."""
    kept = this_g()
    user = kept.get("_login_user")  # where Flask-Login keeps the user of this request, if a view asked for one
    signed_in = user is not None and user.is_authenticated
    return signed_in or kept.get("for_one_person", False) or "token" in (this_request().view_args or ())


def let_platform_in(frames: Iterable[str], forms: Iterable[str] = ()) -> None:
    """Let this response be shown in a frame of pages with these origins, and its forms post to these origins. For the few small
    pages that a learning platform shows (course/lti); no page of the course is ever framed."""
    around, to = " ".join(frames) or "'none'", " ".join(("'self'", *forms))
    policy = CONTENT_SECURITY_POLICY.replace("frame-ancestors 'none'", f"frame-ancestors {around}")
    request.environ[_POLICY_KEY] = policy.replace("form-action 'self'", f"form-action {to}")


def clear_browser_data(others_wait: bool = False) -> None:
    """Have the browser delete what it keeps of this site, at sign-out. Browsers do so over https only.

    `others_wait`: answers of another person wait on this device (see js/store.js). Then the scripts of the course, which
    told the server so, delete what belongs to the person who signs out, and nothing else."""

    @after_this_request
    def clear(response: Response) -> Response:
        response.headers["Clear-Site-Data"] = '"cache"' if others_wait else '"cache", "storage"'
        return response


def _add_fixed_headers(app: WsgiApp, fixed: list[tuple[str, str]]) -> WsgiApp:
    """Add the headers that are the same on every response, static files included."""

    def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            policy = environ.get(_POLICY_KEY)
            own = fixed if policy is None else [(fixed[0][0], policy), *fixed[1:]]
            return start_response(status, headers + own, *rest)

        return app(environ, start)

    return serve


def add_vary(response: Response, name: str) -> None:
    """Say that the response depends on a header of the request. Werkzeug's `vary` parses and writes the header anew each time,
    which takes as long as a query, and each page has three of them."""
    before = response.headers.get("Vary")
    if before is None:
        response.headers["Vary"] = name
    elif name.lower() not in before.lower().split(", "):
        response.headers["Vary"] = f"{before}, {name}"


def compress_response(response: Response, level: int = 1) -> None:
    """Compress a response for a browser that accepts gzip: a third of the bytes on a slow phone.

    A response to an address with a query is not compressed: a page that repeats words of the query beside a secret (its
    CSRF token) would tell by its length whether they are alike (the BREACH attack).
    """
    add_vary(response, "Accept-Encoding")
    request = this_request()
    if "gzip" not in request.environ.get("HTTP_ACCEPT_ENCODING", "") or request.query_string:
        return
    data = response.get_data()
    if len(data) > MIN_COMPRESSED_BYTES and request.accept_encodings.quality("gzip") > 0:
        response.set_data(gzip.compress(data, level, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
