"""The content status page for administrators."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from course.content.fact_reviews import printed_numbers, review_schedule
from course.content.library import Library
from course.content.models import ContentVersion
from course.content.queries import in_force_since
from course.content.review_report import coverage, module_coverage
from tests.conftest import NOW
from tests.makers import make_person, sign_in
from tests.pages import Client, words
from tests.support.asked import asked

pytestmark = pytest.mark.both_engines


def whole(app: Flask) -> Library:
    library: Library = app.extensions["course"].library
    return library


def test_it_lists_due_facts_first_open_facts_and_the_coverage_of_points(
    app: Flask, session: Session, client: Client
) -> None:
    sign_in(client, make_person(session, role="administrator"))
    client.get("/content")
    with asked(app) as statements:
        page = client.get("/content")
    assert len(statements) <= 2
    assert "Its newest part has been taught here since 22 November 2026" in page.text
    modules, _numbers, facts = page.all("table")
    found = [
        entry.source
        for entry in review_schedule(whole(app).sources, whole(app).course)
        if entry.source.status != "open"
    ]
    rows = [words(row.find("th")) for row in facts.iter("tr")][1:]
    assert rows == [f"{source.title} {source.publisher}" for source in found]
    for source in whole(app).sources.values():
        assert source.status != "open" or source.title in page.text
    assert len(list(modules.iter("tr"))) == len(whole(app).modules) + 1
    assert "Of the 43 points of the briefing, 43 are taught, 43 are practised and 43 are assessed." in page.text


def test_a_telephone_number_that_was_seen_on_no_page_is_marked_for_whoever_runs_the_course(
    app: Flask, session: Session, client: Client
) -> None:
    loaded = whole(app)
    numbers = printed_numbers(loaded.help, loaded.sources)
    assert {number.phone for number in numbers} >= {"999", "0800 1111", "0808 800 5000", "116 123"}
    seen = [number.was_seen for number in numbers]
    assert seen == sorted(seen), "what was seen on no page comes first"
    sign_in(client, make_person(session, role="administrator"))
    page = client.get("/content")
    rows = [[words(cell) for cell in row] for row in page.all("table")[1].iter("tr")][1:]
    assert len(rows) == len(numbers)
    for number, row in zip(numbers, rows, strict=True):
        assert row[:2] == [number.name, number.phone]
        assert (row[-1] != "No page") is number.was_seen
    unseen = seen.count(False)
    assert ("could not be found on any page" in page.text) is bool(unseen)


def test_each_module_counts_its_own_points(app: Flask) -> None:
    rows = {row["id"]: row for row in coverage(whole(app))}
    for one in module_coverage(whole(app)):
        assert [row["id"] for row in one.rows] == list(one.module.points)
        assert one.count("assessed") == sum(bool(rows[point]["assessed"]) for point in one.module.points)


def test_a_fact_is_overdue_only_after_its_day(app: Flask) -> None:
    entry = review_schedule(whole(app).sources, whole(app).course)[0]
    assert [entry.is_overdue(entry.due_on + timedelta(days=days)) for days in (-1, 0, 1)] == [False, False, True]
    assert isinstance(entry.due_on, date)


def test_content_that_is_no_longer_taught_does_not_change_the_day_of_the_version(app: Flask, session: Session) -> None:
    later = NOW + timedelta(days=3)
    session.add(ContentVersion(version="x", kind="page", ref="gone/page", body="{}", first_shown_at=later))
    session.flush()
    assert in_force_since(session, whole(app)) == NOW
