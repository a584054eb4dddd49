"""What a screen reader has of each kind of page: landmarks and headings in order, and what is said after a press."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

from course.clock import now
from course.mail.rules import RenderedMail
from course.web.unit_of_work import unit_of_work
from tests.journeys.conftest import Site, sign_in
from tests.journeys.test_questions import begin_asked
from tests.journeys.test_story import GRADES, begin, choose
from tests.makers import make_person, make_team
from tests.milestones.makers import Doing, make_module_done
from tests.refreshers.makers import make_completed
from tests.support.outbox import queue_text

PHONE: ViewportSize = {"width": 390, "height": 844}
LESSON = "/module/secret-contact/a-phone-changes-everything"
LINE = re.compile(r"^( *)- '?(\w+)(?: \"(.*?)\")?(?: \[(.*?)\])?'?(:?)(.*)$")


def check_structure(page: Page) -> str:
    """The accessibility tree of the page as text, after what is true of every page has been asserted."""
    tree = page.locator("body").aria_snapshot()
    found = [LINE.match(line) for line in tree.splitlines()]
    rows = [(len(one[1]), one[2], one[3] or "", one[4] or "", one[5]) for one in found if one]
    top = [(role, name) for depth, role, name, _, _ in rows if depth == 0]
    landmarks = [
        one for one in top if one[0] in ("banner", "navigation", "main", "contentinfo", "region", "complementary")
    ]
    assert top[0] == ("link", "Skip to content"), top
    assert landmarks in (
        [("banner", ""), ("main", ""), ("contentinfo", "")],
        [("banner", ""), ("navigation", "Where you are"), ("main", ""), ("contentinfo", "")],
    ), landmarks
    levels = [
        int(level)
        for level in re.findall(r"heading .*\[level=(\d)\]", re.sub(r"(?m)^( *)- alert.*\n(\1 .*\n)*", "", tree))
    ]
    assert levels.count(1) == 1, (page.url, levels)
    assert levels[0] == 1, (page.url, levels)
    for before, after in pairwise(levels):
        assert after <= before + 1, (page.url, levels)
    figure = -1
    for depth, role, name, _, content in rows:
        figure = depth if role == "figure" else figure if depth > figure else -1
        # A landmark within another has a name or something in it to go to; a table and a figure say what they are.
        assert role not in ("region", "figure") or name, (page.url, role, tree)
        assert role != "table" or name or figure >= 0, (page.url, role, tree)
        assert role != "complementary" or content, (page.url, "an empty landmark")
        assert role not in ("link", "button", "img", "checkbox", "radio", "textbox") or name, (page.url, role, tree)
    return tree


def in_order(page: Page, *wanted: str) -> None:
    """The page has all of these, patterns of its accessibility tree, one after the other."""
    tree, place = check_structure(page), 0
    for one in wanted:
        found = re.compile(one).search(tree, place)
        assert found, f"{one!r} is not in {page.url}, or not in this place:\n{tree}"
        place = found.end()


def cells_read_out(page: Page) -> list[tuple[list[str], list[list[str]]]]:
    """The headings and the rows of each table, with all the text of each cell, from the browser's own accessibility
    tree, which also has the text that a style sheet adds."""
    devtools = page.context.new_cdp_session(page)
    nodes = {node["nodeId"]: node for node in devtools.send("Accessibility.getFullAXTree")["nodes"]}
    devtools.detach()

    def below(node: Any, *roles: str) -> list[Any]:
        found = []
        for child in (nodes[key] for key in node.get("childIds", ()) if key in nodes):
            found += [child] if child["role"]["value"] in roles else below(child, *roles)
        return found

    def text(node: Any) -> str:
        return " ".join("".join(leaf["name"]["value"] for leaf in below(node, "StaticText", "image")).split())

    tables = []
    for table in (node for node in nodes.values() if node["role"]["value"] == "table"):
        rows = below(table, "row")
        headings = [text(one) for row in rows for one in below(row, "columnheader")]
        found = [[text(one) for one in below(row, "cell", "gridcell", "rowheader")] for row in rows]
        tables.append((headings, [row for row in found if row]))
    return tables


def focused(page: Page) -> str:
    """Role and name of what has the focus, which is what is read out: from the browser's own accessibility tree."""
    devtools = page.context.new_cdp_session(page)
    nodes = devtools.send("Accessibility.getFullAXTree")["nodes"]
    devtools.detach()
    has_focus = [
        f"{node['role']['value']} {node.get('name', {}).get('value', '')}"
        for node in nodes
        if node["role"]["value"] != "RootWebArea"
        and any(one["name"] == "focused" and one["value"]["value"] for one in node.get("properties", ()))
    ]
    return has_focus[0] if has_focus else "nothing"


@pytest.fixture(scope="module")
def phone(site: Site, browser: Browser) -> Iterator[Page]:
    """One phone for the whole file."""
    context = browser.new_context(base_url=site.address, viewport=PHONE, reduced_motion="reduce")
    yield context.new_page()
    context.close()


def test_my_training_a_module_its_end_and_the_numbers_are_read_in_their_order(site: Site, phone: Page) -> None:
    with site.app.app_context(), unit_of_work() as session:
        library = site.app.extensions["course"].library.for_("school", "england")
        person = make_person(session, email="reading-order@example.org", at=now())
        make_module_done(session, library, person.id, library.modules["secret-contact"], now(), Doing(missed=1))
    sign_in(phone, "reading-order@example.org")
    in_order(phone, r"banner", r"Worried about a child\?", r'main:\n  - heading "Welcome back, Sam"', 'region "What is next"',
             'link "Start: module 1 of 8"', "28 days", 'heading "Your 8 modules"', "You are here", "Final assessment",
             "contentinfo", "Samaritans")  # fmt: skip
    phone.goto("/module/staff-online")
    in_order(phone, 'navigation "Where you are"', 'main:\n  - heading "Staff online"', "Before you begin", 'link "Start: ',
             'heading "The steps"', "Check what you know", "Take the check now")  # fmt: skip
    phone.goto("/module/secret-contact/done")
    in_order(phone, "Module 4 of 8", r'heading "Looked-after children and secret contact: done" \[level=1\]',
             'link "Begin module 5"', r'heading "How sure, and how right" \[level=2\]', 'table "8 questions',
             'columnheader "Right"', 'rowheader "Sure"', 'textbox "One sentence for yourself')  # fmt: skip
    phone.goto("/concern")
    in_order(phone, r'heading "Worried about a child\?" \[level=1\]', 'link ".*Ring 999', 'heading "What to do"',
             'heading "What not to do"', 'heading "Others who can help"')  # fmt: skip


def test_a_lesson_is_read_from_its_judgement_to_its_answer_and_the_answer_is_read_out(site: Site, phone: Page) -> None:
    site.person("reads@example.org")
    phone.context.clear_cookies()
    sign_in(phone, "reads@example.org")
    phone.goto(LESSON)
    in_order(
        phone, 'navigation "Where you are"', r"heading .*\[level=1\]", 'group "', r"heading .*\[level=2\]", "button "
    )
    phone.locator("button[name=answer]").first.click()
    phone.locator(".ask-you.answered").wait_for()
    verdict = phone.locator(".ask-you.answered")
    assert focused(phone).startswith("region "), focused(phone)
    heading = verdict.get_by_role("heading").first.inner_text()
    assert focused(phone) == f"region {heading}"
    check_structure(phone)


def test_in_a_story_consequence_ending_and_way_back_are_read_first_and_have_the_focus(site: Site, phone: Page) -> None:
    site.person("hears@example.org")
    phone.context.clear_cookies()
    sign_in(phone, "hears@example.org")
    phone.goto("/module/secret-contact/second-phone")
    begin(phone)
    in_order(phone, r"heading .*\[level=1\]", r"heading .*\[level=2\]", 'group "', "button ")
    while phone.locator("button.choice").count():
        choose(site, phone, GRADES)
        level_one = phone.get_by_role("heading", level=1).inner_text()
        assert focused(phone) == f"heading {level_one}"
        if phone.locator(".came").count() and phone.locator("button.choice").count():
            in_order(
                phone,
                "You chose:",
                r"\[level=1\]",
                r"heading .*\[level=2\]",
                "group ",
                "button ",
                'button "Undo"',
            )
    in_order(phone, "How it ended", r"\[level=1\]")
    assert "Recommended" not in phone.locator("main").inner_text()
    phone.locator("main a.turn").click()
    phone.locator("button.choice").first.wait_for()
    in_order(phone, r"\[level=1\]", r"group ", "button ")
    assert focused(phone).startswith("heading ")
    while phone.locator("button.choice").count():
        choose(site, phone, ("best",))
    in_order(phone, r"\[level=1\]", r"\[level=2\]", "list")
    assert focused(phone) == f"heading {phone.get_by_role('heading', level=1).inner_text()}"


def test_after_a_move_an_answer_and_a_moment_the_focus_is_where_the_news_is(site: Site, phone: Page) -> None:
    addresses = begin_asked(site, "listens@example.org")
    phone.context.clear_cookies()
    sign_in(phone, "listens@example.org")
    phone.goto(addresses["order"])
    line = phone.locator(".ordering .words").nth(1).inner_text()
    in_order(
        phone, "group ", r"\[level=1\]", 'button "Move: ', "status", 'group "How sure are you', 'button "Guessing"'
    )
    phone.locator(".ordering .handle").nth(1).focus()
    phone.keyboard.press("ArrowUp")
    assert focused(phone) == f"button Move: {line}"
    in_order(phone, f'button "Move: {re.escape(line)}', r"- status: “.*” is now first", 'button "Guessing"')
    phone.goto(addresses["one"])
    in_order(phone, "group ", r"\[level=1\]", "radio ", 'group "How sure are you', 'button "Sure"')
    phone.locator("#sureness-sure").click()
    phone.locator("#mistakes").wait_for()
    assert focused(phone).startswith("alert"), focused(phone)
    in_order(phone, "alert", 'link "Choose one answer."', r"\[level=1\]", "Choose one answer", "radio ")
    first = phone.locator("#question input[type=radio]").first
    assert [first.get_attribute(one) for one in ("aria-invalid", "aria-describedby")] == ["true", "answer-1-mistake"]
    phone.locator("#question input[type=radio]").first.check()
    phone.locator("#sureness-sure").click()
    phone.locator(".verdict h1").wait_for()
    assert focused(phone) == f"heading {phone.locator('.verdict h1').inner_text()}"
    in_order(phone, r"main:\n", r"\[level=1\]", 'link "')
    phone.goto(addresses["timeline"])
    in_order(phone, 'heading "The fishing game"', 'group "Mark each moment', "checkbox ", "8 days", 'button "Show what')
    phone.locator("#answer-1").check()
    phone.locator("#send").click()
    phone.locator("h1[data-focus]:focus").wait_for()
    assert focused(phone).startswith("heading ")
    in_order(phone, r"\[level=1\]", "6 September", "14 September", "28 November", 'link "Next"')


def test_the_certificate_and_the_report_are_read_in_their_order(site: Site, phone: Page) -> None:
    with site.app.app_context(), unit_of_work() as session:
        library = site.app.extensions["course"].library.for_("school", "england")
        make_completed(session, library, timedelta(days=1), email="certified@example.org")
    site.person("reports@example.org", "administrator")
    phone.context.clear_cookies()
    sign_in(phone, "certified@example.org")
    phone.goto("/certificate/passed")
    in_order(phone, r'heading "You have passed, Sam" \[level=1\]', 'article "Certificate', 'list "Modules"', "Certificate number",
             'link "Download', 'heading "What happens next"')  # fmt: skip
    phone.context.clear_cookies()
    sign_in(phone, "reports@example.org")
    phone.set_viewport_size({"width": 1280, "height": 900})
    phone.goto("/report")
    in_order(phone, 'navigation "Main"', r"heading .*valid certificate\" \[level=1\]", 'region "By status"', r"\d+ up to date",
             'navigation "More about', r'heading "People" \[level=2\]', 'navigation "Show by status"', "search ", "table ",
             'columnheader "Person"', 'link "Sam Okafor', 'button "CSV"')  # fmt: skip


def test_on_a_phone_each_cell_of_a_list_is_read_with_the_heading_of_its_column(site: Site, phone: Page) -> None:
    with site.app.app_context(), unit_of_work() as session:
        library = site.app.extensions["course"].library.for_("school", "england")
        team = make_team(session, "Cells")
        make_person(session, "Ann Cell", "ann.cell@example.org", team=team)
        make_person(session, "Bo Cell", "bo.cell@example.org", team=make_team(session, "Cells below", team))
        make_completed(session, library, timedelta(days=1), email="valid.cell@example.org")
        queue_text(session, "cells", "ann.cell@example.org", RenderedMail("A subject", "A text"), now())
    site.person("cells@example.org", "administrator")
    phone.context.clear_cookies()
    sign_in(phone, "cells@example.org")
    phone.set_viewport_size(PHONE)
    wanted = {
        "/report?q=.cell@": ("Person", "Team", "Status", "Progress", "Due", "Valid until", "Last reminder"),
        "/report": (
            "Team",
            "Required",
            "Valid",
            "Per cent",
            "By status",
            "Overdue",
            "Due soon",
            "Not started",
            "12 months",
        ),
        "/audit": ("What was done", "When"),
        "/mail": ("To", "Subject", "State", "Send again"),
        "/content": ("Service", "Number", "Last checked", "Seen on"),
    }
    for path, headings in wanted.items():
        phone.goto(path)
        check_structure(phone)
        tables = {tuple(found): rows for found, rows in cells_read_out(phone)}
        assert headings in tables, (path, list(tables))
        rows = tables[headings]
        assert len(rows) == 3 if path.startswith("/report?") else rows, path
        for row in rows:
            if headings[-1] == "Send again":  # a cell without a button is not read
                row += [""] * (len(headings) - len(row))
            assert len(row) == len(headings), (path, row)
            for heading, cell in zip(headings[1:], row[1:], strict=True):
                assert re.match(rf"{heading}:? ?\S", cell) or (heading == "Send again" and not cell), (path, row)
