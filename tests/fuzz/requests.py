"""Random requests: to every route, by everybody, with forms of the course whose fields are missing, repeated, or hold
what no person would enter.

    fuzzer = Fuzzer(app)             # an application on a database of its own, which is filled
    statuses = fuzzer.send_all(600)  # so many requests; raises AssertionError for the first that fails

The same ones are drawn each time, from the number of the part. A library for properties would take as long to draw them as the
course takes to answer, only to find fewer of them once one fails: one that fails is told in words, to be sent again alone.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from random import Random
from typing import Any
from urllib.parse import quote_from_bytes

from flask import Flask

from course.api_tokens.actions import make_token
from course.api_tokens.rules import API_SCOPES, SCIM_SCOPE
from course.clock import now
from course.context import make_context
from course.passwords.models import Credential
from course.recertification.rules.civil_dates import add_days
from course.web.access import access_rule_of
from course.web.bearer import ScopeRule
from course.web.unit_of_work import read_only_session, unit_of_work
from tests.pages import Client, Page
from tests.scim.connected import connect
from tests.support.world import addresses, fill_world

METHODS = ("GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH")
# What a request must not do, so that those after it mean something: it ends the session, or the course.
LEFT_OUT = re.compile(r"^/(sign-out|static)|/sessions?/|/leave$")
# Texts, as bytes: not all of them are Unicode. The last ones are written as they stand in an address.
PLAIN = (
    b"",
    b"1",
    b"-1",
    b"0",
    b"on",
    b"2026-02-30",
    b"2026-11-29",
    b"29/11/2026",
    b"zebulon@example.org",
    b"a" * 2000,
)
STRANGE = (
    b"\0", b"a\0b", b"\xff\xfe", b"\xed\xa0\x80", b"\xc0\x80", "٣".encode(), "\u202e\u2066".encode(), b"9" * 309, b"9" * 5000,
    b"1e400", b"NaN", b"-0", b"0x10", b"1_000", b"0001-01-01", b"9999-12-31", b"24:00", b"../../etc/passwd", b"%s%n",
    b"{{7*7}}", b"';--", b"<script>", b"=1+1", b"\r\nX: 1", b"\\", b"[", b"(" * 60, b"\xf0\x9f\x91\xa9\xe2\x80\x8d", b"None",
    b"true", b"[]", b"{}", b"9223372036854775808", b"2147483648", b"-2147483649", b"\t", b" ", b"x@", b"@", b"a@b@c",
)  # fmt: skip
CONTENT_TYPES = (
    "application/x-www-form-urlencoded", "multipart/form-data", "multipart/form-data; boundary=", "application/json",
    "text/xml", "", "text/plain; charset=nonsense", "application/octet-stream", "application/csp-report", "a/b; c=\"",
    "application/scim+json", "application/json; charset=utf-16",
)  # fmt: skip
FILES = (
    b"", b"Full name,E-mail\nMaria Field,maria@example.org\n", b"\0" * 500, b"PK\x03\x04" + b"\0" * 60, b"\xff\xfe\x00",
    b"%PDF-1.7\n", b"\x89PNG\r\n\x1a\n" + b"\0" * 40, b'"' * 300, b"a;b\n1;2\n", b"\x1f\x8b\x08" + b"\0" * 30,
)  # fmt: skip
HEADERS: dict[str, Sequence[str]] = {
    "Accept-Language": ("", "cy, en;q=0.5", "x" * 500, "en;q=NaN", "*", "-"),
    "Accept-Encoding": ("gzip", "br;q=x", "*;q=0", "identity;q=0"),
    "If-None-Match": ("*", '"', 'W/"x"', "\u00ff"),
    "If-Modified-Since": ("never", "Sun, 99 Nov 2026 25:61:61 GMT"),
    "Range": ("bytes=0-0", "bytes=9-1", "bytes=-", "lines=1"),
    "X-In-Place": ("1", "", "x"),
    "Cookie": ("session=", "session=a.b.c", "=;=;", "session=" + "x" * 3000),
    "Referer": ("", "http://[", "x"),
    "Origin": ("null", "http://[::1", "https://example.org"),
    "X-Forwarded-For": ("1.2.3.4", "x", "," * 50),
    "Content-Length": ("0",),
    "Authorization": ("Bearer", "Bearer x", "Bearer \u00ff", "Basic e30=", "Basic \u00ff", "x" * 3000),
    "If-Match": ("*", 'W/"1"', "x"),
}
# Bodies that are no object of fields, not JSON, or too deep to be read.
DOCUMENTS = (
    b"[" * 3000 + b"]" * 3000, b'{"a":' * 3000 + b"1" + b"}" * 3000, b"", b"null", b"[]", b"1", b'"x"', b'{"a": 1, "a": 2}',
    b'{"a":', b"\xff",
    b"9" * 5000, b"[1e999]", b'"\\ud800"', b'"\\u0000"', b"\xef\xbb\xbf{}",
)  # fmt: skip
# What a field of an object holds: of other types than a form's, out of every range, and no text of Unicode.
TYPED: tuple[object, ...] = (
    None, True, [], {}, [[]], [None], {"": {}}, {"value": None}, [{"op": 1}], -1, 0, 10**400, 1.5, 1e308, float("nan"),
    float("inf"),
    "\ud800", "a\0b", "9" * 5000, "", "x" * 3000, ["x"] * 300,
)  # fmt: skip
# Fields of interfaces for programs, which no form has.
PROGRAM_FIELDS = (
    "schemas", "Operations", "op", "path", "value", "userName", "displayName", "emails", "active", "members", "externalId", "id",
    "filter", "startIndex", "count", "cursor", "limit",
)  # fmt: skip


@dataclass(frozen=True)
class Target:
    """A place to send something to: an address of a route, and for a page with a form what its fields hold."""

    route: str
    address: str
    methods: tuple[str, ...]
    fields: tuple[tuple[str, str], ...] = ()
    scope: str = ""  # that a token for programs needs there


@dataclass(frozen=True)
class Request:
    """What is sent by one of the people (0: nobody, then by role)."""

    who: int
    method: str
    address: str
    query: bytes
    content_type: str
    fields: tuple[tuple[str, bytes], ...]
    file: bytes | None
    document: bytes
    headers: tuple[tuple[str, str], ...]
    with_token: bool
    scope: str

    @property
    def words(self) -> str:
        """How to send it again."""
        sent = ", ".join(f"{name}={value[:60]!r}" for name, value in self.fields)
        where = f"{self.method} {self.address[:120]}?{self.query[:80]!r} by {self.who}, {self.content_type}"
        return f"{where}: {sent} {self.document[:80]!r} {self.headers}"


@dataclass(frozen=True)
class Sent:
    """A request and the status of its answer."""

    request: Request
    status: int
    is_failure: bool


class Fuzzer:
    """An application with people of each role, who send requests. Whoever was signed out on the way signs in again."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        app.config["PROPAGATE_EXCEPTIONS"] = False
        with app.app_context(), unit_of_work() as session:
            self.people = [person.id for person in fill_world(session)]
            routes = [*addresses(app, session, METHODS)]
        self._clients: dict[int, tuple[Client, str]] = {}
        self._unsure: set[int] = set()  # whose session a request may have ended since it was looked at
        self._tokens = self._make_tokens()
        self.targets = self._targets(routes)

    def _make_tokens(self) -> dict[str, str]:
        """A token for programs for each scope."""
        with self.app.app_context(), unit_of_work() as session:
            provider = connect(self.app, session)
            owner = make_context(session, self.people[2], now())
            tokens = {scope: make_token(owner, scope, [scope], add_days(owner.today, 30)) for scope in API_SCOPES}
        return {**tokens, SCIM_SCOPE: provider.token}

    def _targets(self, routes: Sequence[tuple[Any, str]]) -> list[Target]:
        administrator, _ = self._client(3)
        found, seen = [], dict[str, int]()
        for rule, address in routes:
            seen[rule.rule] = seen.get(rule.rule, 0) + 1
            if LEFT_OUT.search(address) or seen[rule.rule] > 2:
                continue
            fields: tuple[tuple[str, str], ...] = ()
            if {"GET", "POST"} <= (rule.methods or set()):
                page = Page(administrator.flask.get(address))
                if page.status == 200 and "<form" in page.html:
                    fields = tuple(
                        name_and_value for name_and_value in _form(page) if name_and_value[0] != "csrf_token"
                    )
            access = access_rule_of(self.app, rule.endpoint)
            scope = access.scope if isinstance(access, ScopeRule) else ""
            found.append(Target(rule.rule, address, tuple(sorted(rule.methods or ())), fields, scope))
        return found

    def _client(self, who: int) -> tuple[Client, str]:
        """The browser of a person and the token of their forms; a new one if they are signed in no more."""
        if who == 0:
            client = Client(self.app)
            return client, ""
        known = self._clients.get(who)
        if known is None or (who in self._unsure and not known[0].is_signed_in()):
            client = Client(self.app)
            with self.app.app_context(), read_only_session() as session:
                key = session.get(Credential, self.people[who - 1])
            assert key is not None
            known = self._clients[who] = sign_in_with(client, self.people[who - 1], key.session_key)
        self._unsure.discard(who)
        return known

    def send_all(self, count: int, number: int = 0) -> Counter[int]:
        """Send so many requests, and count the statuses of their answers. Of each number others are drawn, the same ones each
        time. Raises AssertionError, with the request in words, for the first answer that is a failure."""
        statuses: Counter[int] = Counter()
        names, chance = sorted({name for target in self.targets for name, _ in target.fields}), Random(number)
        for _ in range(count):
            sent = self.send(draw_request(Random(chance.getrandbits(64)), self.targets, names))
            statuses[sent.status] += 1
            assert not sent.is_failure, f"{sent.status}: {sent.request.words}"
        return statuses

    def send(self, request: Request) -> Sent:
        """Send it; the status is 500 or more for a failure, but for what says whether the server is ready."""
        client, token = self._client(request.who)
        fields = [*request.fields, *([("csrf_token", token.encode())] if request.with_token and token else [])]
        body: Any = "&".join(f"{name}={quote_from_bytes(value)}" for name, value in fields)
        if "json" in request.content_type:
            body = request.document
        elif request.content_type == "multipart/form-data":
            body = {name: value.decode("utf-8", "replace") for name, value in fields}
            if request.file is not None:
                body["file"] = (BytesIO(request.file), "list.csv")
        has_body = request.method not in ("GET", "HEAD")
        headers = list(request.headers)
        if request.scope and request.with_token:
            headers.append(("Authorization", f"Bearer {self._tokens[request.scope]}"))
        answer = client.flask.open(
            request.address + ("?" + quote_from_bytes(request.query, safe="=&") if request.query else ""),
            method=request.method, data=body if has_body else None, content_type=request.content_type if has_body else None,
            headers=headers,
        )  # fmt: skip
        answer.get_data()  # what is sent in parts can fail on the way, too
        if (has_body and answer.status_code < 400) or "Set-Cookie" in answer.headers:
            # It may have changed a password, a role, or who is signed in.
            self._unsure.update(self._clients)
        is_word_of_health = request.address.startswith("/health/ready") and answer.is_json
        # What SCIM calls an operation that a server does not have (RFC 7644, 3.12), such as Bulk.
        is_not_offered = request.address.startswith("/scim/") and answer.status_code == 501
        is_failure = answer.status_code >= 500 and not (is_word_of_health or is_not_offered)
        return Sent(request, answer.status_code, is_failure)


def sign_in_with(client: Client, person: int, session_key: str) -> tuple[Client, str]:
    """The browser after the person has signed in, and the token of their forms."""
    with client.flask.session_transaction() as cookie:
        cookie["_user_id"], cookie["_fresh"] = f"{person}:{session_key}:nonce", True
        cookie["proved"] = int(now().timestamp())
    return client, client.token()


def _form(page: Page) -> list[tuple[str, str]]:
    forms = [form for form in page.all("form") if form.get("method", "").lower() == "post"]
    return [field for number in range(len(forms)) for field in page.fields(number).items()]


def _value(chance: Random) -> bytes:
    """What a field holds that nobody would enter, or that somebody may."""
    some = chance.choice((PLAIN, STRANGE, None))
    return chance.randbytes(chance.randrange(13)) if some is None else chance.choice(some)


def _one_in(chance: Random, number: int) -> bool:
    return chance.randrange(number) == 0


def _fields(chance: Random, target: Target, names: Sequence[str]) -> list[tuple[str, bytes]]:
    """The fields of the form, each as the form holds it, or without, or with something else, or twice."""
    fields: list[tuple[str, bytes]] = []
    for name, value in target.fields:
        how = chance.randrange(10)
        if how:
            fields.append((name, _value(chance) if how < 4 else value.encode()))
        if how == 9:
            fields.append((name, _value(chance)))
    if names and _one_in(chance, 4):
        fields.append((chance.choice(names), _value(chance)))
    return fields


def _document(chance: Random, names: Sequence[str]) -> bytes:
    """A body for programs: none that can be read, or an object whose members hold what no form does."""
    if _one_in(chance, 2):
        return chance.choice(DOCUMENTS)
    members: dict[str, object] = {}
    for _ in range(chance.randrange(7)):
        plain = chance.choice(PLAIN).decode()
        members[chance.choice((*names, *PROGRAM_FIELDS))] = plain if _one_in(chance, 2) else chance.choice(TYPED)
    return json.dumps(members).encode()


def _query(chance: Random, names: Sequence[str]) -> bytes:
    pairs = range(chance.randint(1, 4)) if names and _one_in(chance, 3) else ()
    return b"&".join(chance.choice(names).encode() + b"=" + _value(chance).replace(b"&", b"") for _ in pairs)


def _address(chance: Random, target: Target) -> str:
    """The address, sometimes with something else in the place of one of its parts."""
    parts = target.address.split("/")
    if len(parts) > 2 and _one_in(chance, 10):
        parts[chance.randrange(2, len(parts))] = quote_from_bytes(_value(chance)[:300], safe="")
    return "/".join(parts)


def draw_request(chance: Random, targets: Sequence[Target], names: Sequence[str]) -> Request:
    """A request to one of these places, all of which follows from `chance`; `names` are those that fields have anywhere."""
    target = chance.choice(targets)
    # A form takes forms; where there is none, as for programs, mostly JSON is sent.
    usual = (
        CONTENT_TYPES[:1] * 6 + CONTENT_TYPES[1:2] * 2
        if target.fields
        else ("application/json", "application/scim+json") * 4
    )
    content_type = chance.choice(usual + CONTENT_TYPES)
    headers = chance.sample(list(HEADERS), chance.randrange(3))
    return Request(
        who=chance.randrange(4),
        # Mostly what the route takes; sometimes another method, which is refused.
        method=chance.choice(target.methods * 12 + METHODS),
        address=_address(chance, target),
        query=_query(chance, names),
        content_type=content_type,
        fields=tuple(_fields(chance, target, names)),
        file=chance.choice((None, *FILES)) if "multipart" in content_type else None,
        document=_document(chance, names) if "json" in content_type else b"",
        headers=tuple((name, chance.choice(HEADERS[name])) for name in headers),
        with_token=not _one_in(chance, 10),
        scope=target.scope,
    )
