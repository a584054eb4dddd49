"""Checks of the way by which requests arrive: the address, the proxy, and whether the browser keeps cookies.

A fault there has no other symptom than a form that is refused, or a sign-in page that comes back empty.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import SplitResult, urlencode, urlsplit

from flask import Flask, current_app, request
from werkzeug.wrappers import Request

from course.translation import lazy_gettext as _
from course.web.current import this_app, this_request

_LOG = logging.getLogger("course")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_PORTS = {"http": 80, "https": 443}
COOKIE_TEST_PARAMETER = "cookies"  # in the address of the sign-in page: a cookie was set before


@dataclass(frozen=True)
class RequestAddress:
    """The address by which a request arrived. `host` and `scheme` are as the course sees them, behind the proxies that it
    trusts; `is_forwarded` says that a proxy added its headers; `origin` is the address of the page as the browser knows
    it."""

    scheme: str
    host: str
    is_forwarded: bool
    origin: str = ""


@dataclass(frozen=True)
class ProxyFault:
    """A mismatch between the settings of the proxy and those of the course: its `kind`, and a `message` that says what to
    do."""

    kind: str
    message: str


@lru_cache(maxsize=256)
def proxy_faults(public_url: str, trusted: int, arrival: RequestAddress) -> tuple[ProxyFault, ...]:
    """The mismatches between PUBLIC_URL, TRUSTED_PROXIES and the way by which a request arrived; at most two."""
    public = urlsplit(public_url)
    faults = []
    if trusted == 0 and arrival.is_forwarded:
        faults.append(ProxyFault("untrusted", (
            _("A proxy in front of the course sends X-Forwarded headers, but TRUSTED_PROXIES is 0. So all requests seem to come "
            "from one address, and the wrong passwords of a few people stop all others from signing in. "
            "Set TRUSTED_PROXIES to the number of proxies, usually 1.")
        )))  # fmt: skip
    elif trusted and not arrival.is_forwarded:
        faults.append(ProxyFault("no proxy", (
            f"TRUSTED_PROXIES is {trusted}, but this request has no X-Forwarded headers. Either the server can be reached past "
            "its proxy, where anyone can claim any address, or the proxy does not send them. "
            "Let only the proxy reach HOST and PORT, or set TRUSTED_PROXIES=0."
        )))  # fmt: skip
    elif public.scheme == "https" and arrival.scheme != "https" and arrival.is_forwarded:
        faults.append(ProxyFault("scheme", (
            "PUBLIC_URL begins with https, but the proxy does not say that people come by https. "
            "Have it send X-Forwarded-Proto (nginx: proxy_set_header X-Forwarded-Proto $scheme;)."
        )))  # fmt: skip
    elif public.scheme == "https" and arrival.scheme != "https":
        faults.append(ProxyFault("no https", (
            _("PUBLIC_URL begins with https, but this request came by http and without the headers of a proxy. If there is a "
            "proxy, have it send X-Forwarded-For and X-Forwarded-Proto, and set TRUSTED_PROXIES=1. "
            "If there is none, people must not use this address: it is not encrypted.")
        )))  # fmt: skip
    if not _is_same_server(public, split_address(f"{arrival.scheme}://{arrival.host}")):
        faults.append(_host_fault(public, arrival))
    return tuple(faults)


def _host_fault(public: SplitResult, arrival: RequestAddress) -> ProxyFault:
    origin = split_address(arrival.origin)
    if arrival.is_forwarded or (origin.netloc and _is_same_server(public, origin)):
        return ProxyFault("host", (
            _("The proxy passes on %(host)s as the host, but PUBLIC_URL is %(geturl)s. Forms are refused that "
    "way. Have it pass on the Host that it gets (nginx: proxy_set_header Host $http_host; Apache: "
    "ProxyPreserveHost On).", host=arrival.host, geturl=public.geturl())
        ))  # fmt: skip
    return ProxyFault("address", (
        _("This request came by %(host)s, but PUBLIC_URL is %(geturl)s, where all links in mails lead. "
    "Use that address, or set PUBLIC_URL to the one that people type.", host=arrival.host, geturl=public.geturl())
    ))  # fmt: skip


def _is_same_server(public: SplitResult, seen: SplitResult) -> bool:
    """Whether two addresses mean one server. Behind a proxy the scheme may differ; all names of this machine are the same."""
    try:
        ports = [address.port or _PORTS.get(address.scheme) for address in (public, seen)]
        if seen.port is None:
            ports[1] = _PORTS.get(public.scheme)
    except ValueError:
        return False
    if public.hostname in _LOOPBACK and seen.hostname in _LOOPBACK:
        return True
    return public.hostname == seen.hostname and ports[0] == ports[1]


SLASHES = "/\\"  # two at the beginning of a path would name another site


def split_address(address: str) -> SplitResult:
    """The parts of an address that a browser sent; empty parts for text that is no address."""
    try:
        return urlsplit(address)
    except ValueError:
        return urlsplit("")


def request_address(source: Request) -> RequestAddress:
    """The address by which a request arrived."""
    environ = source.environ
    names = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST", "HTTP_FORWARDED")
    page = split_address(source.headers.get("Origin") or source.headers.get("Referer") or "")
    return RequestAddress(
        source.scheme, source.host, any(name in environ for name in names), f"{page.scheme}://{page.netloc}"
    )


def current_proxy_faults() -> tuple[ProxyFault, ...]:
    """The mismatches of the request that is being answered."""
    config = this_app().extensions["course"].config
    return proxy_faults(config.public_url, config.trusted_proxies, request_address(this_request()))


def init(app: Flask) -> None:
    """Log each kind of mismatch once, when a real browser meets it."""
    logged_kinds: set[str] = set()

    @app.before_request
    def log_faults() -> None:
        # Monitoring and scanners, which send neither a form nor a cookie, are not real browsers.
        if this_request().method != "POST" and not has_course_cookie():
            return
        for fault in current_proxy_faults():
            if fault.kind not in logged_kinds:
                logged_kinds.add(fault.kind)
                _LOG.warning("%s See the page System.", fault.message)


def is_course_address(address: str) -> bool:
    """Whether an address is one of the course: by the host that the course sees, or by PUBLIC_URL, for a proxy that passes
    its own host."""
    config = current_app.extensions["course"].config
    return split_address(address).netloc in {request.host, urlsplit(config.public_url).netloc} - {""}


def has_course_cookie() -> bool:
    """Whether this request brought the cookie of the course."""
    return this_app().config["SESSION_COOKIE_NAME"] in this_request().cookies


def cookie_test_address() -> str:
    """The address of the form's page, with the parameter that says that the browser was sent a cookie."""
    return f"{request.path}?{urlencode({**request.args, COOKIE_TEST_PARAMETER: 'tried'})}"


def browser_refuses_cookies() -> bool:
    """Whether the browser was sent a cookie a moment ago and has not kept it."""
    return COOKIE_TEST_PARAMETER in request.args and request.endpoint == "auth.sign_in" and not has_course_cookie()


def csrf_refusal_reason(reason: str) -> str | None:
    """Why this form is refused each time that it is sent, in words for the person who sent it; None if the form was only
    open for too long. `reason` is the message of the CSRF check."""
    config = current_app.extensions["course"].config
    messages = {fault.kind: fault.message for fault in current_proxy_faults()}
    by_http = split_address(request_address(request).origin).scheme == "http"
    if config.secure and not has_course_cookie() and by_http:
        return _(
            "You opened the course by an address that is not encrypted. Open %(public_url)s instead.",
            public_url=config.public_url,
        )
    if "referrer header is missing" in reason:
        return _(
            "Your browser does not say from which page a form comes, so the course cannot tell it from a forged one. "
            "Allow the Referer header for this address, or use another browser."
        )
    other = messages.get("host") or messages.get("address")
    if config.secure and other and ("referrer" in reason or not has_course_cookie()):
        return _(
            "The course is at %(public_url)s. Open it there. If you did, tell the person who runs the server: %(other)s",
            public_url=config.public_url,
            other=other,
        )
    return None
