"""A client that fetches pages as a browser without JavaScript would, and checks each of them as a page."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

import html5lib
from flask import Flask, session
from flask.ctx import RequestContext
from flask.sessions import SecureCookieSessionInterface
from flask_login import current_user

from course.web.csrf import CSRF_FIELD, csrf_token
from tests.support.accessible import faults
from tests.support.jobs import run_waiting_jobs

# The pages that were found to be right, without what differs each time and says nothing about the page.
RIGHT: set[bytes] = set()
ONLY_THIS_TIME = re.compile(
    r'(?<=name="csrf_token" value=")[\w.-]+|(?<="token":")[\w.-]+|(?<=name="form_key" value=")[\w-]+'
)
Values = Mapping[str, str | Sequence[str]]


class Page:
    """A response, and its HTML if it has any."""

    def __init__(self, response: Any) -> None:
        self.status: int = response.status_code
        self.headers = response.headers
        self.location: str = response.headers.get("Location", "")
        self.body: bytes = response.get_data()
        self.html: str = self.body.decode() if response.mimetype == "text/html" else ""
        self._parsed: tuple[ElementTree.Element, list[str]] | None = None

    @property
    def tree(self) -> ElementTree.Element:
        """The parsed page."""
        return self._parse()[0]

    @property
    def errors(self) -> list[str]:
        """What is not valid HTML in it, by html5lib's codes."""
        return self._parse()[1]

    def _parse(self) -> tuple[ElementTree.Element, list[str]]:
        """The tree and the errors; parsing takes longer than making the page, so it is done once."""
        if self._parsed is None:
            parser = html5lib.HTMLParser(strict=False, namespaceHTMLElements=False)
            tree = parser.parse(self.html)
            self._parsed = tree, [code for _, code, _ in parser.errors]
        return self._parsed

    def all(self, tag: str) -> list[ElementTree.Element]:
        return list(self.tree.iter(tag))

    @property
    def text(self) -> str:
        """The words of the page, with single spaces."""
        return words(self.tree.find("body"))

    @property
    def h1(self) -> str:
        return words(self.tree.find(".//h1"))

    @property
    def title(self) -> str:
        return words(self.tree.find(".//title"))

    def fields(self, number: int | None = None) -> dict[str, str]:
        """What a form would send if nothing were touched; by default the page's last form that posts."""
        forms = [form for form in self.all("form") if form.get("method", "").lower() == "post"]
        form = forms[-1 if number is None else number]
        found: dict[str, str] = {}
        for field in form.iter():
            name = field.get("name")
            if not name or field.tag == "button":
                continue
            if field.tag == "input" and (
                field.get("type") not in ("radio", "checkbox") or field.get("checked") is not None
            ):
                found[name] = field.get("value", "")
            elif field.tag == "textarea":
                found[name] = field.text or ""
            elif field.tag == "select":
                chosen = [o for o in field.iter("option") if o.get("selected") is not None] or list(
                    field.iter("option")
                )
                found[name] = chosen[0].get("value", "")
        return found


# What every answer says, whatever it is, and what it never says.
NEEDED = {
    "Content-Security-Policy": ("default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "script-src 'self'"),
    "X-Content-Type-Options": ("nosniff",),
    "Referrer-Policy": ("same-origin",),
    "Cross-Origin-Opener-Policy": ("same-origin",),
    "Cache-Control": ("",),
}
FORBIDDEN = {
    "Content-Security-Policy": ("unsafe-", "*", "http:"),
    "Access-Control-Allow-Origin": ("",),
    "Server": ("",),
}


# What pages of other origins may read: public documents, in which nothing is secret, and the file that a wallet fetches, which
# whoever has its secret address may have.
FOR_EVERY_ORIGIN = ("/issuer", "/.well-known/did.json", "/wallet/")


def missing_headers(headers: Any) -> list[str]:
    """What is wrong with the headers that protect an answer: those that are needed, and those that no answer may have."""
    wrong = [
        f"{name} lacks {word!r}"
        for name, found in NEEDED.items()
        for word in found
        if word not in headers.get(name, "\n")
    ]
    wrong += [f"{name} is missing" for name in NEEDED if name not in headers]
    return wrong + [
        f"{name} has {word!r}"
        for name, found in FORBIDDEN.items()
        for word in found
        if name in headers and word in headers[name]
    ]


def words(element: ElementTree.Element | None) -> str:
    return re.sub(r"\s+", " ", "".join(element.itertext())).strip() if element is not None else ""


class Client:
    """Follows nothing by itself: tests say what status they expect."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.flask = app.test_client()
        self._token: tuple[tuple[tuple[str, str], ...], str] | None = None

    def get(self, path: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Page:
        page = self._page(self.flask.get(path, headers=dict(headers or {})), path)
        assert page.status == status, f"GET {path}: {page.status}, expected {status}\n{page.html[-3000:]}"
        check(page, path)
        return page

    def flask_page(self, path: str) -> Page:
        """A page whatever its status is, checked."""
        page = self._page(self.flask.get(path), path)
        check(page, path)
        return page

    def post(self, path: str, data: Values, status: int = 303, token: bool = True) -> Page:
        """Send a form, with the token that a page of this session carries."""
        sent = {"csrf_token": self.token(), **data} if token else dict(data)
        page = self._page(self.flask.post(path, data=sent), path)
        run_waiting_jobs(self.app)  # what a worker beside the pages would do meanwhile
        assert page.status == status, f"POST {path}: {page.status}, expected {status}\n{page.html[-3000:]}"
        check(page, path)
        return page

    def _page(self, response: Any, path: str) -> Page:
        """The response as a page, whose headers protect it, and whose cookies no script reads."""
        missing = missing_headers(response.headers)
        if path.startswith(FOR_EVERY_ORIGIN) and response.headers.get("Access-Control-Allow-Origin") == "*":
            missing = [one for one in missing if not one.startswith("Access-Control-Allow-Origin")]
        assert not missing, f"{path}: {missing}"
        for cookie in response.headers.getlist("Set-Cookie"):
            flags = set(cookie.split("; "))
            assert "Max-Age=0" in flags or {"HttpOnly", "SameSite=Lax"} <= flags, f"{path}: {cookie}"
        return Page(response)

    def token(self) -> str:
        """The token against forgery that every form of this session carries, made by the course itself without a page around
        it; anew only after a change of session. A test of tokens takes them from a page."""
        state = self._session()
        if self._token is not None and self._token[0] == state:
            return self._token[1]
        with self._request():
            token, raw = csrf_token(), session[CSRF_FIELD]
        with self.flask.session_transaction() as kept:
            kept[CSRF_FIELD] = raw
        self._token = (self._session(), token)
        return token

    def is_signed_in(self) -> bool:
        """Whether the course still knows who uses this browser."""
        with self._request():
            return current_user.person is not None

    def _request(self) -> RequestContext:
        """A request of this browser that is not sent: what the course makes of its cookie."""
        name = self.app.config["SESSION_COOKIE_NAME"]
        cookie = self.flask.get_cookie(name)
        return self.app.test_request_context("/", headers={"Cookie": f"{name}={cookie.value}"} if cookie else {})

    def _session(self) -> tuple[tuple[str, str], ...]:
        """What decides whether a token is good: all that this browser's session says, except the messages on the next page, and
        when somebody in a room was last seen."""
        cookie = self.flask.get_cookie(self.app.config["SESSION_COOKIE_NAME"])
        if cookie is None:
            return ()
        serializer = SecureCookieSessionInterface().get_signing_serializer(self.app)
        assert serializer is not None
        said = serializer.loads(cookie.value)
        return tuple(sorted((key, str(value)) for key, value in said.items() if key not in ("_flashes", "seen")))

    def follow(self, page: Page, status: int = 200) -> Page:
        """The page to which a response leads."""
        assert page.location, f"{page.status} leads nowhere"
        return self.get(page.location.split("#")[0], status)


def check(page: Page, path: str) -> None:
    """What holds for every page, whatever it is about. A page that was found to be right in this process, and comes again as
    it was, is not parsed again."""
    if not page.html or page.status in (301, 302, 303, 307, 308):
        return
    seen = hashlib.sha256(ONLY_THIS_TIME.sub("", page.html).encode("utf-8", "surrogatepass")).digest()
    if seen in RIGHT:
        return
    mistakes = [code for code in page.errors if code not in ALLOWED]
    assert not mistakes, f"{path} is not valid HTML: {mistakes[:5]}"
    headings = page.all("h1")
    assert len(headings) == 1, f"{path} has {len(headings)} h1"
    assert words(page.tree.find(".//title")), f"{path} has no title"
    ids = Counter(e.get("id") for e in page.tree.iter() if e.get("id"))
    assert not [i for i, n in ids.items() if n > 1], f"{path} has ids twice: {[i for i, n in ids.items() if n > 1]}"
    for element in page.tree.iter():
        inline = [name for name in element.attrib if name == "style" or str(name).startswith("on")]
        assert not inline, f"{path}: <{element.tag}> has {inline}, which the security policy forbids"
    assert not page.all("style"), f"{path} has an inline style"
    assert all(script.get("src") for script in page.all("script")), f"{path} has an inline script"
    for form in page.all("form"):
        if form.get("method", "get").lower() == "post":
            assert any(i.get("name") == "csrf_token" for i in form.iter("input")), f"{path}: a form has no token"
    labelled = {label.get("for") for label in page.all("label")}
    inside = {id(field) for label in page.all("label") for field in label.iter()}
    for field in [*page.all("input"), *page.all("select"), *page.all("textarea")]:
        if field.get("type") in ("hidden", "submit"):
            continue
        named = field.get("id") in labelled or id(field) in inside or field.get("aria-label")
        assert named, f"{path}: the field {field.get('name')} has no label"
    assert not re.search(r"%s|%\(\w+\)", page.text), f"{path} shows the place of a value that was not put in"
    wrong = faults(page.tree)
    assert not wrong, f"{path}: {wrong}"
    RIGHT.add(seen)


# html5lib speaks of these although they are allowed: SVG inside HTML, self-closing tags in it.
ALLOWED = {"non-void-element-with-trailing-solidus", "invalid-codepoint"}
