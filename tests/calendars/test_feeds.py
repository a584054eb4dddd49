"""A feed over the web: who gets it, its events, and when it ends."""

from __future__ import annotations

import time
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from icalendar import Calendar
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.auth.rate_limits import RateLimiter
from course.calendars import actions
from course.calendars import views as calendar_views
from course.calendars.models import CalendarFeed, CalendarFeedEnd, CalendarFeedFetch
from course.context import make_context
from course.people.models import Membership, Person, RoleGrant
from course.recertification.actions import grant_extension, record_pause
from course.recertification.rules.facts import Pause
from course.web import unit_of_work as unit_of_work_module
from course.web.unit_of_work import unit_of_work
from tests.conftest import NOW
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client, Page
from tests.support.asked import asked

pytestmark = pytest.mark.both_engines

TODAY = NOW.date()


def feed(session: Session, person: Person, scope: Any = "own") -> str:
    """The address of a new feed."""
    token = actions.create_feed(make_context(session, person.id, NOW), scope)
    session.commit()
    return f"/calendar/{token}.ics"


def events(page: Page) -> list[Any]:
    return list(Calendar.from_ical(page.body).walk("VEVENT"))


def create_feed_on_page(client: Client, scope: str = "own") -> str:
    """The address that the page shows after a feed was created."""
    page = client.follow(client.post(f"/calendar/{scope}/make", {}))
    assert page.headers["Cache-Control"] == "no-store"
    address = next(i for i in page.all("input") if i.get("id") == f"{scope}-address").get("value", "")
    assert f'href="{address.replace("http://", "webcal://")}"' in page.html
    return str(address.removeprefix("http://127.0.0.1:8000"))


def test_a_person_creates_replaces_and_ends_their_feed(session: Session, client: Client) -> None:
    sign_in(client, make_person(session))
    first = create_feed_on_page(client)
    assert first not in client.get("/calendar").html
    assert "Not yet" in client.get("/calendar").text
    client.get(first)
    assert "Last fetched" in client.get("/calendar").text
    assert "Not yet" not in client.get("/calendar").text
    second = create_feed_on_page(client)
    client.get(first, 404)
    client.get(second)
    client.post("/calendar/own/end", {})
    assert "The feed has ended" in client.get("/calendar").text
    assert client.get(second, 404).body.startswith(b"This calendar feed has ended.")
    session.expire_all()
    reasons = session.execute(select(CalendarFeedEnd.reason).order_by(CalendarFeedEnd.feed_id)).scalars().all()
    assert reasons == ["replaced", "revoked"]


def test_only_the_hash_of_a_token_is_stored(session: Session) -> None:
    address = feed(session, make_person(session))
    kept = session.execute(select(CalendarFeed.token_hash)).scalar_one()
    assert kept not in address
    assert len(address) > 40


def test_the_feed_is_a_calendar_that_needs_no_sign_in(session: Session, client: Client) -> None:
    page = client.get(feed(session, make_person(session)))
    assert page.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert page.headers["X-Robots-Tag"] == "noindex, nofollow"
    calendar = Calendar.from_ical(page.body)
    assert calendar["method"] == "PUBLISH"
    assert str(calendar["name"]).startswith("My training: Online abuse")
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT12H\r\n" in page.body
    assert b"X-PUBLISHED-TTL:PT12H\r\n" in page.body
    (only,) = events(page)
    assert only["summary"].startswith("Complete your training: Online abuse")
    assert only["dtstart"].params["VALUE"] == "DATE"
    assert only.decoded("dtstart") == TODAY + timedelta(days=28)
    assert only.decoded("dtend") == TODAY + timedelta(days=29)
    assert only["transp"] == "TRANSPARENT"
    assert only["url"] == "http://127.0.0.1:8000/"
    assert not only.walk("VALARM")


def test_a_feed_speaks_the_language_of_its_holder_and_not_that_of_the_program_that_fetches_it(
    session: Session, client: Client
) -> None:
    person = make_person(session)
    address = feed(session, person)
    for language, asked_for, name, title in (
        ("cy", "en-GB", "Fy hyfforddiant: ", "Cwblhewch eich hyfforddiant: "),
        ("en", "cy", "My training: ", "Complete your training: "),
    ):
        person.language = language
        session.commit()
        page = client.get(address, headers={"Accept-Language": asked_for})
        assert str(Calendar.from_ical(page.body)["name"]).startswith(name)
        assert events(page)[0]["summary"].startswith(title)


def test_the_same_facts_give_the_same_bytes_and_a_304(session: Session, client: Client) -> None:
    person = make_person(session)
    address = feed(session, person)
    first = client.get(address)
    assert client.get(address).body == first.body
    again = client.get(address, 304, {"If-None-Match": first.headers["ETag"]})
    assert again.body == b""
    head = client.flask.head(address)
    assert (head.status_code, head.get_data()) == (200, b"")
    assert head.headers["ETag"] == first.headers["ETag"]
    grant_extension(make_context(session, None, NOW), person.id, TODAY + timedelta(days=90), "illness")
    session.commit()
    moved = client.get(address, 200, {"If-None-Match": first.headers["ETag"]})
    (old,), (new,) = events(first), events(moved)
    assert new.decoded("dtstart") == TODAY + timedelta(days=90)
    assert new["uid"] == old["uid"]
    assert new["sequence"] > old["sequence"]
    assert b"illness" not in moved.body


def test_an_unknown_token_or_one_of_a_leaver_says_that_the_feed_has_ended(session: Session, client: Client) -> None:
    person = make_person(session)
    address = feed(session, person)
    client.get(address)
    person.left_at = NOW
    session.commit()
    for path in (address, "/calendar/nonsense.ics"):
        page = client.get(path, 404)
        assert page.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert b"has ended" in page.body


def test_a_team_feed_has_the_present_team_and_only_while_its_holder_manages_it(
    session: Session, client: Client
) -> None:
    team = make_team(session)
    manager = make_person(session, "Ada Boss", "ada@example.org", "manager", team)
    sam = make_person(session, team=team)
    make_person(session, "Elsewhere Person", "else@example.org")
    address = feed(session, manager, "team")

    def names() -> list[str]:
        return [str(e["summary"]).partition(":")[0] for e in events(client.get(address))]

    assert names() == ["Ada Boss", "Sam Okafor"]
    session.execute(select(Membership).where(Membership.person_id == sam.id)).scalar_one().until = NOW
    session.commit()
    assert names() == ["Ada Boss"]
    session.execute(select(RoleGrant).where(RoleGrant.person_id == manager.id)).scalar_one().until = NOW
    session.commit()
    client.get(address, 404)


def test_an_administrator_has_everybody_in_the_team_feed(session: Session, client: Client) -> None:
    administrator = make_person(session, "Ada Boss", "ada@example.org", "administrator")
    gone = make_person(session, "Gone Person", "gone@example.org")
    make_person(session)
    gone.left_at = NOW
    session.commit()
    page = client.get(feed(session, administrator, "team"))
    assert [str(e["summary"]).partition(":")[0] for e in events(page)] == ["Ada Boss", "Sam Okafor"]


def test_nobody_without_a_team_creates_a_team_feed(session: Session, client: Client) -> None:
    sign_in(client, make_person(session))
    assert "team feed" not in client.get("/calendar").text
    client.post("/calendar/team/make", {}, 403)
    assert session.execute(select(func.count()).select_from(CalendarFeed)).scalar() == 0


def test_one_row_is_stored_for_each_day_of_fetching(session: Session, client: Client) -> None:
    address = feed(session, make_person(session))
    for _ in range(3):
        client.get(address)
    feed_id = session.execute(select(CalendarFeed.id)).scalar_one()
    today = session.execute(select(CalendarFeedFetch.day)).scalar_one()
    actions.record_fetch(session, feed_id, today)
    actions.record_fetch(session, feed_id, date(2026, 11, 1))
    assert session.execute(select(func.count()).select_from(CalendarFeedFetch)).scalar() == 2


def test_too_many_requests_are_asked_to_wait(session: Session, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendar_views, "_throttle", RateLimiter("test", 1, 60))
    address = feed(session, make_person(session))
    client.get(address)
    assert client.get(address, 429).headers["Retry-After"] == "60"


LONG = ["नमस्ते " * 28, "李" * 200, "عبد الرحمن " * 18, "Zoë, O’Neil; \\ and: more " * 8, "👩‍👩‍👧" * 40, "A" * 200]


@pytest.mark.parametrize("name", LONG, ids=["hindi", "chinese", "arabic", "marks", "emoji", "one word"])
def test_a_name_of_any_length_and_script_survives_and_lines_are_folded(
    session: Session, client: Client, name: str
) -> None:
    team = make_team(session)
    manager = make_person(session, "Ada Boss", "ada@example.org", "manager", team)
    make_person(session, team=team).name = name.strip()
    session.commit()
    page = client.get(feed(session, manager, "team"))
    assert page.body.endswith(b"\r\n")
    assert all(len(line) <= 75 and b"\n" not in line for line in page.body.split(b"\r\n"))
    assert any(str(e["summary"]).startswith(f"{name.strip()}: training due") for e in events(page))
    for line in page.body.split(b"\r\n"):
        line.decode()  # no character is cut in two


def test_a_feed_without_days_is_still_a_calendar(session: Session, client: Client) -> None:
    person = make_person(session)
    record_pause(make_context(session, None, NOW), person.id, Pause(TODAY, None, 14, "leave"))
    session.commit()
    page = client.get(feed(session, person))
    assert events(page) == []
    assert Calendar.from_ical(page.body).subcomponents


def test_a_team_of_many_takes_as_few_queries_as_a_team_of_two(app: Flask, session: Session, client: Client) -> None:
    manager = make_person(session, "Ada Boss", "ada@example.org", "manager")
    address = feed(session, manager, "team")
    client.get(address)  # the fetch of the day is written down

    def count() -> int:
        """The statements of the feed itself; a rate limit writes and reads at some requests, by three or five more."""
        with asked(app) as statements:
            client.get(address)
        of_limits = [statement for statement in statements if "sign_in_attempt" in statement]
        assert len(of_limits) in (0, 3, 5)
        return len(statements) - len(of_limits)

    def grow(numbers: range) -> None:
        for number in numbers:
            person = make_person(session, f"Person {number}", f"p{number}@example.org", password=None)
            session.add(Membership(person_id=person.id, team_id=team, since=NOW))
        session.commit()

    team = session.execute(select(RoleGrant.team_id)).scalar_one()
    few = count()
    grow(range(30))
    assert len(events(client.get(address))) == 31
    # For few people it is asked at once whether there is anything special about them; for more, what there is.
    many = count()
    assert 0 < few <= many <= 16
    grow(range(30, 60))
    assert len(events(client.get(address))) == 61
    assert count() == many


def test_a_busy_database_does_not_slow_a_feed(fresh_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unit_of_work_module, "REQUEST_LOCK_SECONDS", 60)
    with fresh_app.app_context(), unit_of_work() as session:
        address = feed(session, make_person(session))
    client, engine = Client(fresh_app), fresh_app.extensions["course"].engine
    with engine.connect() as connection, connection.begin():
        started = time.monotonic()
        client.get(address)
        assert time.monotonic() - started < 30, "it does not wait as a form does"
    with fresh_app.app_context(), unit_of_work() as session:
        assert session.execute(select(CalendarFeedFetch)).first() is None
    client.get(address)
    with fresh_app.app_context(), unit_of_work() as session:
        assert len(session.execute(select(CalendarFeedFetch)).all()) == 1
