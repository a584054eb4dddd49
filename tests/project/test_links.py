"""Every link and the address of every form, on the pages of a filled database, as people in three roles."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Collection, Iterator
from html import unescape
from pathlib import Path
from urllib.parse import urldefrag, urljoin, urlsplit

from flask import Flask, url_for
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.routing import MapAdapter, RequestRedirect

from course.content.actions import archive
from course.content.lesson_source import LESSON_PATH
from course.credentials.rules import documents
from course.web.addresses import public_url_for
from course.web.unit_of_work import unit_of_work
from tests.conftest import NOW
from tests.support.rendering import StatementsWhileRendering
from tests.support.world import addresses, begin_everything, client_of, fill_world

MOST = 2  # pages of one route that are read for each person; every link on them is looked at
MOST_OPENED = 6  # addresses of one route that are opened for each person, apart from the steps of modules
# A row that was only filled in names content that there is not, so these pages of the learner's are none.
MADE_UP = {"/run/1", "/attempt/1", "/record/page/1"}
ATTRIBUTES = re.compile(r'<(a|link|img|script|form|button)\b[^>]*?\b(href|src|action|formaction)="([^"]*)"')
IDS = re.compile(r'\bid="([^"]*)"')
ELSEWHERE = ("http:", "https:", "mailto:", "tel:", "data:")

# Pages that need a link by mail, an error or a state that a filled row has not: the tests of their features render them, and
# hold them to the same rule.
OTHER_PAGES = {
    "analytics/end_talk.html",
    "analytics/team.html",
    "auth/code_sheet.html",
    "auth/forgotten_sent.html",
    "auth/link.html",
    "auth/own_address.html",
    "auth/proved.html",
    "auth/recovery_codes.html",
    "auth/second_step.html",
    "auth/set_up.html",
    "auth/sign_in.html",
    "auth/wait.html",
    "bulk_changes/change.html",
    "bulk_changes/result.html",
    "certificates/kept.html",
    "certificates/wallet.html",
    "cmi5/left.html",
    "cmi5/someone_else.html",
    "credentials/issuer.html",
    "errors/again.html",
    "errors/busy.html",
    "errors/somebody_else.html",
    "people_import/previewing.html",
    "question_exchange/plan.html",
    "evidence/one.html",
    "join_requests/asked.html",
    "join_requests/join.html",
    "join_requests/poster.html",
    "auth/provider_required.html",
    "identity_providers/linking.html",
    "identity_providers/problem.html",
    "identity_providers/signed_out.html",
    "learning/debrief.html",
    "learning/ending.html",
    "learning/repair.html",
    "learning/result.html",
    "lti/link_account.html",
    "lti/staff.html",
    "lti_services/members.html",
    "pairs/apart.html",
    "pairs/choose.html",
    "pairs/decide.html",
    "pairs/differences.html",
    "pairs/wait.html",
    "people_import/one.html",
    "preview/frame.html",
    "printed_modules/results.html",
    "printed_modules/story.html",
    "refreshers/again.html",
    "refreshers/booster.html",
    "refreshers/booster_end.html",
    "refreshers/change.html",
    "refreshers/paper.html",
    "refreshers/story.html",
    "supervised_sessions/add.html",
    "supervised_sessions/attendance.html",
    "supervised_sessions/enter.html",
    "supervised_sessions/part.html",
    "supervised_sessions/sheet.html",
    "milestones/intention.html",
    "milestones/module_done.html",
    "reports/made.html",
    "reports/reminded.html",
}
TEMPLATES = Path(__file__).resolve().parents[2] / "course" / "templates"


class _Reader:
    """Somebody who opens pages and follows what is on them."""

    def __init__(self, app: Flask, client: FlaskClient, made_up: Collection[str]) -> None:
        self.app, self.client, self.made_up = app, client, made_up
        self.pages: dict[str, tuple[int, str]] = {}
        self.broken: set[str] = set()
        self.opened: Counter[str] = Counter()
        self.followed: Counter[str] = Counter()

    def open(self, address: str) -> tuple[int, str]:
        """The status and the text of a page, each address once."""
        if address not in self.pages:
            answer = self.client.get(address)
            self.pages[address] = (
                answer.status_code,
                answer.get_data(as_text=True) if answer.mimetype == "text/html" else "",
            )
            answer.close()
        return self.pages[address]

    def look_at(self, address: str) -> None:
        """Follow all that a page leads to."""
        status, page = self.open(address)
        if status != 200:
            return  # Somebody typed it; a link to it is another matter.
        for tag, attribute, value in ATTRIBUTES.findall(page):
            target = urljoin(address, unescape(value))
            if target.startswith(ELSEWHERE):
                continue
            self.followed[attribute] += 1
            posts = attribute in ("action", "formaction") and self._posts(page, value)
            found = self._posted(target) if posts else self._broken(tag, target)
            if found:
                self.broken.add(f"{address}: <{tag} {attribute}={value}> {found}")

    @staticmethod
    def _posts(page: str, action: str) -> bool:
        """Whether the form with this address, or the one around a button with it, is posted."""
        form = page[: page.index(f'action="{action}"')].rfind("<form")
        return 'method="post"' in page[form : page.index(">", form)]

    def _route(self, target: str, method: str) -> str:
        """The endpoint that an address leads to. Raises HTTPException if there is none."""
        try:
            endpoint, _ = self.app.url_map.bind("localhost").match(target.partition("?")[0], method)
        except RequestRedirect as redirected:
            return self._route(urlsplit(redirected.new_url).path, method)
        return str(endpoint)

    def _posted(self, target: str) -> str:
        """What is wrong with the address of a form that is posted."""
        try:
            self._route(target, "POST")
        except HTTPException as error:
            return str(error.code)
        return ""

    def _broken(self, tag: str, target: str) -> str:
        """What is wrong with an address that is read; the part after # has to be on that page."""
        place, fragment = urldefrag(target)
        if place.startswith("/static/"):  # answered before the application and its routes
            return "" if self.open(place)[0] == 200 else "404"
        try:
            endpoint = self._route(place, "GET")
        except HTTPException as error:
            return str(error.code)
        if place not in self.pages:
            self.opened[endpoint] += 1
            if self.opened[endpoint] > MOST_OPENED and endpoint != "learning.step":
                return ""
        status, page = self.open(place)
        if status >= 400 and place not in self.made_up:
            return str(status)
        if fragment and tag == "a" and status == 200 and fragment not in IDS.findall(page):
            return "has no such place"
        return ""


def _walk(app: Flask, person_id: int, key: str, paths: list[tuple[str, str]], made_up: Collection[str] = ()) -> _Reader:
    reader, read = _Reader(app, client_of(app, person_id, key), made_up), Counter[str]()
    for endpoint, address in paths:
        if read[endpoint] < MOST and reader.open(address)[0] == 200:
            read[endpoint] += 1
            reader.look_at(address)
    return reader


def test_every_link_and_form_of_every_page_leads_somewhere(
    fresh_app: Flask, rendering: StatementsWhileRendering
) -> None:
    """The same pages are rendered without a statement (tests/conftest.py); here almost every page is among them."""
    app = fresh_app
    rendering.rendered.clear()
    with app.app_context(), unit_of_work() as session:
        archive(session, app.extensions["course"].library, NOW)
    with app.app_context(), unit_of_work() as session:
        learner, manager, administrator = (person.id for person in fill_world(session))
        begin_everything(session, app.extensions["course"].library, manager)
        keys = {row.person_id: row.session_key for row in session.execute(text("select * from credential")).all()}
        paths = [(rule.endpoint, address) for rule, address in addresses(app, session)]
    readers = [
        _walk(app, learner, keys[learner], paths, MADE_UP),
        _walk(app, manager, keys[manager], paths),
        _walk(app, administrator, keys[administrator], paths),
    ]
    assert {found for reader in readers for found in reader.broken} == set()
    for reader in readers:
        assert reader.followed["href"] > 300
        assert reader.followed["action"] > 10
    assert _page_templates() - rendering.rendered <= OTHER_PAGES


def _page_templates() -> set[str]:
    """The templates that are a page of their own."""
    return {
        path.relative_to(TEMPLATES).as_posix()
        for path in TEMPLATES.rglob("*.html")
        if path.parent.name != "layouts"
        and re.match(r'(\{#[^}]*#\}\s*)*\{% extends "layouts/', path.read_text(encoding="utf-8"))
    }


BY_HAND = {"mail"}  # Mail knows the address of the course and no request.


def test_templates_build_their_addresses() -> None:
    written = [
        f"{path.relative_to(TEMPLATES)}: {found}"
        for path in sorted(TEMPLATES.rglob("*.html"))
        if path.relative_to(TEMPLATES).parts[0] not in BY_HAND
        for found in re.findall(
            r'\b(?:href|src|action|formaction)="(/[^"]*|[^"]*\}\}/[^"]*)"', path.read_text(encoding="utf-8")
        )
    ]
    assert written == []


PACKAGE = TEMPLATES.parent
# What looks like an address of the application, by file, with the reason why no route's name makes it.
WRITTEN = {
    # Where a sign-in leads if it leads nowhere else, and what leads elsewhere: a rule, which knows no routes.
    ("auth/rules/links.py", "//"),
    ("auth/rules/links.py", "/"),
    # A server whose name is a path is a socket on this machine.
    ("database_address.py", "/"),
    # The routes of a protocol, below its prefix.
    ("scim/views/protocol.py", "/"),
    # Lessons are rendered before there is an application. Tested below.
    ("content/lesson_source.py", "/module/"),
    # The ids of signed documents stay the same for ever, whatever becomes of the routes. Tested below.
    ("credentials/rules/documents.py", "{}/issuer"),
    ("credentials/rules/documents.py", "{}/issuer/keys/{}"),
    ("credentials/rules/documents.py", "{}/issuer/status/{}"),
    ("credentials/rules/documents.py", "{}/verify/{}"),
    # A message tells where other installations have their keys.
    ("credentials/rules/keys.py", "/issuer"),
    ("credentials/rules/keys.py", "/issuer/keys/1"),
    # The path of an address elsewhere, and what the address of an issuer elsewhere begins with.
    ("external_certificates/actions.py", "{}/"),
    ("identity_providers/rules/discovery.py", "/"),
    ("outgoing_request.py", "/"),
}
STRING_METHODS = {"join", "partition", "replace", "rpartition", "split"}
# In a text: what follows its beginning, a space, a quotation mark or a bracket; {} stands for what is put in.
PATH_IN_TEXT = re.compile(r"""(?:^|(?<=[\s"'(]))(?:\{\})?/[^\s"'),;]*""")


def _separates(node: ast.AST) -> bool:
    """Whether "/" directly below a node separates the parts of a name, or is compared with one."""
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Attribute) and node.func.attr in STRING_METHODS
    return isinstance(node, ast.Attribute | ast.BinOp | ast.Compare | ast.Tuple)


def _strings(node: ast.AST) -> Iterator[str]:
    """The strings of the code, with {} for what is put into them, without docstrings and the decorators of functions."""
    for child in ast.iter_child_nodes(node):
        if isinstance(node, ast.FunctionDef) and child in node.decorator_list:
            continue
        if isinstance(child, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in child.values)
            for part in child.values:
                yield from _strings(part)
        elif not isinstance(child, ast.Constant):
            yield from _strings(child)
        elif isinstance(child.value, str) and not isinstance(node, ast.Expr | ast.JoinedStr):
            yield from [] if child.value == "/" and _separates(node) else [child.value]


def _leads_somewhere(path: str, routes: MapAdapter) -> bool:
    """Whether a path, or one that begins with it, is one of the application."""
    path = re.split(r"[?#]|(?<=[^/])\{\}", path.removeprefix("{}"))[0]
    for whole in {path, f"{path}1"} if path.endswith("/") and path != "/" else {path}:
        try:
            routes.match(whole.replace("{}", "1"))
        except NotFound:
            continue
        except (RequestRedirect, MethodNotAllowed):
            pass
        return True
    return False


def test_code_builds_its_addresses(app: Flask) -> None:
    routes = app.url_map.bind("localhost")
    written = {
        (path.relative_to(PACKAGE).as_posix(), found)
        for path in sorted(PACKAGE.rglob("*.py"))
        for text_ in _strings(ast.parse(path.read_text(encoding="utf-8")))
        for found in PATH_IN_TEXT.findall(text_)
        if _leads_somewhere(found, routes)
    }
    assert written - WRITTEN == set(), "written by hand: build it with url_for"
    assert WRITTEN - written == set(), "not written any more: take it out of WRITTEN"


def test_what_is_written_are_the_addresses_of_routes(app: Flask) -> None:
    with app.test_request_context():
        assert url_for("learning.step", module_id="m", step_id="p") == f"{LESSON_PATH}m/p"
        assert url_for("credentials.issuer") == documents.issuer_address("")
        assert url_for("credentials.key", key_number=7) == documents.key_address("", 7)
        assert url_for("credentials.status", list_number=7) == documents.list_address("", 7)
        assert url_for("verify.verify", number="K7QM") == documents.credential_address("", "K7QM")


def test_an_address_for_the_world_outside_begins_with_the_public_url(app: Flask) -> None:
    public = app.extensions["course"].config.public_url
    with app.app_context():
        assert public_url_for("verify.verify", number="K7QM-2FXA") == f"{public}/verify/K7QM-2FXA"
    with app.test_request_context(base_url="http://elsewhere.example"):
        assert public_url_for("calendars.feed", token="a-b") == f"{public}/calendar/a-b.ics"
