"""The page of the audit log, its download, and the commands that verify it."""

from __future__ import annotations

import csv
import io

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from course.audit import queries
from course.audit.actions import record_event
from course.audit.catalogue import event_kind, event_names, register_events
from course.audit.models import AuditEntry
from course.audit.rules import EVENT_KINDS, AuditEventKind, details_in_words, event_sentence
from course.context import make_context
from tests.conftest import NOW
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client, Page, words
from tests.support.asked import asked
from tests.support.days import this_day


def administrator(session: Session, client: Client) -> Client:
    return sign_in(client, make_person(session, "Alex Morgan", "alex@example.org", "administrator"))


def shown_sentences(page: Page) -> list[str]:
    """The sentences of the page, in the order of the page."""
    return [words(row.find(".//b")) for row in page.all("tr") if row.find(".//b") is not None]


def test_an_event_is_shown_as_a_sentence_with_details(session: Session, client: Client) -> None:
    administrator(session, client)
    team = make_team(session, "Schools")
    form = {"name": "Sam Okafor", "email": "sam@example.org", "role": "manager", "pathway": "clubs"}
    client.post("/people/add", {**form, "team": str(team.id)})
    page = client.get("/audit")
    assert shown_sentences(page)[:4] == [
        "Alex Morgan invited Sam Okafor",
        "Alex Morgan chose a pathway for Sam Okafor",
        "Alex Morgan made Sam Okafor manager of Schools",
        "Alex Morgan added Sam Okafor",
    ]
    assert "Pathway– → clubs" in page.text
    assert "Alex Morgan signed in" in shown_sentences(page)


def test_every_event_has_a_sentence_and_a_group_to_search_for() -> None:
    assert len(event_names()) > 70
    for name in event_names():
        assert name in event_names(name.partition(".")[0])
        assert name.partition(".")[0] in EVENT_KINDS
        kind = event_kind(name)
        assert kind is not None
        sentence = event_sentence(kind, "Ann Hill", "Sam Okafor", False, {})
        assert "{" not in sentence


ONE = AuditEventKind("team.split", "{who} split the team {whom}")


@pytest.mark.parametrize(
    ("declared", "fault"),
    [((ONE, ONE), "declared twice"), ((AuditEventKind("pudding.made", "{who} made a pudding"),), "no category")],
)
def test_an_event_is_declared_once_and_in_a_category(declared: tuple[AuditEventKind, ...], fault: str) -> None:
    before = event_names()
    with pytest.raises(ValueError, match=fault):
        register_events(declared)
    assert event_names() == before


def test_an_event_that_no_feature_declares_any_more_is_shown_by_its_name() -> None:
    assert event_sentence("gone.away", "Ann Hill", None, False, {}) == "gone.away"


SEARCHES = [
    ("who=okafor", {"Alex Morgan added Sam Okafor", "Sam Okafor signed in", "The course set the password of Sam Okafor"}),
    ("who=SAM@", {"Alex Morgan added Sam Okafor", "Sam Okafor signed in", "The course set the password of Sam Okafor"}),
    ("who=nobody", set()),
    ("who=%25", set()),
    ("kind=team", {"The course added the team Schools"}),
    ("text=schools", {"Alex Morgan added Sam Okafor", "The course added the team Schools"}),
    ("kind=person&text=schools", {"Alex Morgan added Sam Okafor"}),
    ("since=2026-11-22&until=2026-11-22&kind=extension", {"The course gave Sam Okafor more time, until 1 January 2027"}),
    ("since=2026-11-23&kind=extension", set()),
    ("until=2026-11-21&kind=extension", set()),
]  # fmt: skip


@pytest.mark.both_engines
def test_the_search_finds_matching_events(session: Session, app: Flask) -> None:
    boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator")
    team = make_team(session, "Schools")
    sam = make_person(session, "Sam Okafor", "sam@example.org")
    record_event(make_context(session, boss.id, NOW), "person.added", ("person", sam.id), {"team": team.name})
    sign_in(Client(app), sam)
    client = sign_in(Client(app), boss)
    # Half past eleven at night in winter: the same day in London as in UTC.
    record_event(
        make_context(session, None, NOW.replace(hour=23, minute=30)),
        "extension.granted",
        ("person", sam.id),
        {"until": "2027-01-01"},
    )
    session.commit()
    by_sam = "The course gave Sam Okafor more time, until 1 January 2027"
    for address, expected in SEARCHES:
        found = set(shown_sentences(client.get(f"/audit?{address}")))
        more = {by_sam, "The course added Sam Okafor"} if address in ("who=okafor", "who=SAM@") else set()
        assert found == expected | more, address


def test_an_invalid_day_is_reported_and_the_entries_stay(session: Session, client: Client) -> None:
    administrator(session, client)
    page = client.get("/audit?since=yesterday&who=Sam", 422)
    assert "Enter a day such as 12/02/2027." in page.text
    assert 'value="Sam"' in page.html
    page = client.get("/audit?since=2026-11-22&until=2026-11-21", 422)
    assert "not before the first" in page.text
    for wrong in ("kind=nonsense", "until=9999-12-31", "since=0001-01-01", f"who={'x' * 201}"):
        client.get(f"/audit?{wrong}", 422)
    for odd in (
        "before=nonsense",
        "before=99999999999999999999",
        "before=-1",
        "text=%ED%A0%80",
        "text='\"%5C",
    ):
        assert client.get(f"/audit?{odd}").h1 == "Log"
        assert client.get(f"/mail?{odd}").h1 == "Outgoing mail"
    assert "a character that cannot be stored" in client.get("/audit?who=%00", 400).text


def test_an_impossible_date_is_shown_as_it_was_typed() -> None:
    assert details_in_words({"reason": "2026-19-39", "until": "2027-02-12"}) == [
        ("Reason", "2026-19-39"),
        ("Until", "12 February 2027"),
    ]


@pytest.mark.both_engines
def test_pagination_keeps_the_search(session: Session, client: Client) -> None:
    administrator(session, client)
    for number in range(120):
        record_event(make_context(session, None, NOW), "extension.granted", None, {"until": str(number)})
    session.commit()
    page, seen = client.get("/audit?kind=extension"), list[str]()
    while True:
        seen += shown_sentences(page)
        link = next((a for a in page.all("a") if words(a) == "Older entries"), None)
        if link is None:
            break
        assert "kind=extension" in link.get("href", "")
        page = client.get(link.get("href", ""))
    assert [int(one.rpartition(" ")[2]) for one in seen] == list(range(119, -1, -1))


@pytest.mark.both_engines
def test_the_page_needs_few_queries(app: Flask, session: Session, client: Client) -> None:
    administrator(session, client)
    client.get("/audit")
    with asked(app) as statements:
        client.get("/audit?who=alex&kind=sign_in&since=2026-11-01&text=password")
    assert len(statements) <= 4, statements


@pytest.mark.both_engines
def test_the_download_has_the_search_results_and_is_an_event_itself(session: Session, client: Client) -> None:
    person = make_person(session, "=1+1 Okafor", "sam@example.org")
    administrator(session, client)
    page = client.get("/audit?who=sam@")
    form = page.fields()
    assert form["who"] == "sam@"
    response = client.post("/audit/download", form, 200)
    assert response.headers["Content-Type"].startswith("text/csv")
    assert f'"log-{this_day()}.csv"' in response.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(response.body.decode("utf-8-sig"))))
    assert [row["What"] for row in rows] == ["password.set", "person.added"]
    assert {row["About (id)"] for row in rows} == {str(person.id)}
    assert rows[0]["Done by"] == ""
    everything = client.post("/audit/download", {}, 200).body.decode("utf-8-sig")
    assert "'=1+1" not in rows[0]["In words"], "only the beginning of a cell makes it a formula"
    newest = session.query(AuditEntry).order_by(AuditEntry.number.desc()).limit(2).all()
    assert [one.what for one in newest] == ["audit.exported", "audit.exported"]
    assert f'"people":[{person.id}]' in newest[1].details
    assert "sam@" not in everything


def test_a_cell_that_looks_like_a_formula_is_marked(session: Session, client: Client) -> None:
    boss = make_person(session, "=HYPERLINK(1)", "boss@example.org", "administrator")
    sign_in(client, boss)
    rows = list(csv.DictReader(io.StringIO(client.post("/audit/download", {}, 200).body.decode("utf-8-sig"))))
    assert rows[0]["Done by"] == "'=HYPERLINK(1)"


def test_an_invalid_download_redirects_to_the_page_with_the_message(session: Session, client: Client) -> None:
    administrator(session, client)
    page = client.post("/audit/download", {"since": "2026-11-22", "until": "2026-11-01", "who": "Sam"})
    assert "not before the first" in client.follow(page, 422).text


@pytest.mark.both_engines
def test_the_commands_verify_the_log_and_report_faults(app: Flask, session: Session) -> None:
    make_person(session)
    runner = app.test_cli_runner()
    head = runner.invoke(args=["audit", "head"]).output.strip()
    assert head == ":".join(str(part) for part in queries.log_head(session))
    done = runner.invoke(args=["audit", "verify", "--head", head])
    assert (done.exit_code, done.output) == (0, f"The log is as it was written: {head.partition(':')[0]} entries.\n")
    assert "shows only with --head" in runner.invoke(args=["audit", "verify"]).output
    assert runner.invoke(args=["audit", "verify", "--head", "nonsense"]).exit_code == 2
    disable_triggers(session)
    session.execute(text("update audit_entry set actor_id = 99 where number = 2"))
    session.commit()
    done = runner.invoke(args=["audit", "verify"])
    assert done.exit_code == 1
    assert "Entry 2 was changed" in done.output
    session.execute(text("delete from audit_entry where number > 1"))
    session.commit()
    done = runner.invoke(args=["audit", "verify"])
    assert done.exit_code == 1
    assert "the newest ones were removed" in done.output
    # Later entries do not hide the fault.
    record_event(make_context(session, None, NOW), "audit.exported", None, {"rows": 0})
    session.commit()
    done = runner.invoke(args=["audit", "verify"])
    assert done.exit_code == 1
    assert "Entry 2 does not follow entry 1" in done.output
    # Neither does removing the record of the newest entry.
    session.execute(text("delete from audit_entry"))
    session.execute(text("delete from audit_head"))
    session.commit()
    done = runner.invoke(args=["audit", "verify"])
    assert (done.exit_code, "The note of the newest entry was removed." in done.output) == (1, True)
    done = runner.invoke(args=["audit", "verify", "--head", head])
    assert done.exit_code == 1
    assert "the newest ones were removed" in done.output


def disable_triggers(session: Session) -> None:
    """Disable the triggers, as an attacker with full access to the database would."""
    if session.get_bind().dialect.name == "sqlite":
        for name in ("update", "delete"):
            session.execute(text(f"drop trigger audit_entry_{name}"))
    else:
        session.execute(text("alter table audit_entry disable trigger user"))
