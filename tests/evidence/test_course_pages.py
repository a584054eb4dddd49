"""What a pack and a page say about the course: frameworks of the nation, and only real authorities among the sources."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from course.content.review_report import newer_facts_by_point
from course.content.schema import NATIONS
from course.evidence.pdf_course import course_data
from course.evidence.rules.frameworks import SOURCE_KINDS, frameworks_table
from course.evidence.rules.tables import NO_AUTHORITY, PackPoint
from tests.evidence.test_packs import make_pack, table
from tests.evidence.test_rules import ABOUT
from tests.makers import make_organisation, make_person, sign_in
from tests.pages import Client
from tests.support.courses import real_course
from tests.support.days import this_day


def points() -> list[PackPoint]:
    facts = newer_facts_by_point(real_course())
    return [PackPoint(point, (), tuple(facts[point.id])) for point in real_course().points.values()]


@pytest.mark.parametrize(
    ("nation", "bodies"),
    [
        ("england", {"Department for Education", "Ofsted"}),
        ("wales", {"Care Inspectorate Wales"}),
        ("scotland", {"Care Inspectorate"}),
        ("northern-ireland", {"Education and Training Inspectorate", "Regulation and Quality Improvement Authority"}),
    ],
)
def test_the_document_shows_the_frameworks_of_the_nation(nation: str, bodies: set[str]) -> None:
    shown = course_data(ABOUT, "Europe/London", points(), [], real_course(), nation)["frameworks"]
    assert {framework["body"] for framework in shown} == bodies
    for framework in shown:
        assert framework["seen"].startswith("Headings seen on ")
        assert all(modules for _, _, modules in framework["headings"])


def test_the_sources_of_the_document_are_dated_and_the_others_are_counted() -> None:
    data = course_data(ABOUT, "Europe/London", points(), [], real_course(), None)
    rows = [row for _, rows in data["sources"] for row in rows]
    assert not [row for row in rows if "undated" in row[2] or "about" in row[2]]
    assert not [row for row in rows if "General knowledge" in row[0] or "quoting" in row[0]]
    assert data["other_sources"] > 50
    assert [kind for kind, _ in data["sources"]] == list(SOURCE_KINDS.values())


def test_the_table_of_frameworks_has_what_is_not_covered_too() -> None:
    library = real_course()
    rows = frameworks_table(library.frameworks, library.sources, library.points, library.modules.values())
    assert {row[0] for row in rows[1:]} == set(NATIONS.values())
    covered = {(row[1], row[4]): row[5] for row in rows[1:]}
    assert covered["Keeping children safe in education", "Part three: Safer recruitment"] == "No"
    assert covered["Keeping children safe in education", "Part two: The management of safeguarding"] == "Yes"
    assert all(len(row) == len(rows[0]) for row in rows)


def test_a_pack_marks_sources_that_are_no_authority(session: Session, client: Client) -> None:
    sign_in(client, make_person(session, "Alex Morgan", "alex@example.org", "administrator"))
    files = make_pack(client, None, this_day())
    kinds = {(row["Of"], row["State"]): row["Kind"] for row in table(files, "content.csv") if row["Newer fact"]}
    assert {kind for (of, _), kind in kinds.items() if of == "undated"} == {NO_AUTHORITY}
    assert {kind for (_, state), kind in kinds.items() if state == "known"} == {NO_AUTHORITY}
    assert {SOURCE_KINDS["law"], SOURCE_KINDS["research"]} < set(kinds.values())
    assert len(table(files, "frameworks.csv")) > 20
    assert b"/verify/pack" in files["READ-ME.txt"]


def test_the_page_shows_the_own_nation_first_and_says_that_it_is_no_endorsement(
    app: Flask, session: Session, client: Client
) -> None:
    make_organisation(session, "Elm Trust", "wales")
    sign_in(client, make_person(session, "Priya Nair", "priya@example.org", "manager"))
    text = client.get("/evidence/frameworks").text
    assert "This is not an endorsement" in text
    places = [text.index(words) for words in ("Care Inspectorate Wales", "Department for Education", "Not covered")]
    assert places[0] < places[1]
    sign_in(learner := Client(app), make_person(session))
    learner.get("/evidence/frameworks", 403)
