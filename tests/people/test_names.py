"""Finding and ordering names beyond A to Z, and telling two people of one name apart. On both engines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from course.audit_search.queries import people_matching
from course.clock import now
from course.context import make_context
from course.organisation.models import Organisation
from course.people import queries
from course.people.actions import change_team, correct_identity, grant_role
from course.people.models import Person
from course.people.queries import names_told_apart
from course.people.rules import COMMAND_VIEWER, Namesake, Viewer, distinct_names, distinguishing_names, normalise_email
from course.recertification.actions import grant_extension
from course.recertification.queries import recertification_entries
from course.reminders.actions import withdraw_told
from course.reminders.jobs import queue_due_reminders
from course.reminders.models import InPersonReminder, Reminder
from course.reminders.queries import reminder_history
from course.reminders.queries.in_person import told_in_person
from course.reports.rules import parse_filter
from course.supervised_sessions.actions import NewSession, plan_session
from course.supervised_sessions.queries.sessions import supervised_sessions
from course.teams.queries import team_detail
from course.text import comparison_key, normalise_line, search_key
from tests import pages as tests_pages
from tests.conftest import NOW
from tests.makers import make_organisation, make_person, make_team, sign_in
from tests.pages import Client, Page
from tests.support.outbox import rendered_mails

LONG_AGO = datetime(2026, 3, 2, 9, tzinfo=UTC)
MONDAY = datetime(2026, 11, 23, 10, tzinfo=UTC)
pytestmark = pytest.mark.both_engines

NAMES = ["Zara Young", "adam lower", "Örn Karlsson", "Łucja Wrona", "Asa Berg", "Émile Adams", "Åsa Berg", "Eva Mann",
         "Mia O’Hara", "Leo Oham"]  # fmt: skip
ORDER = ["adam lower", "Asa Berg", "Åsa Berg", "Émile Adams", "Eva Mann", "Leo Oham", "Łucja Wrona", "Mia O’Hara",
         "Örn Karlsson", "Zara Young"]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("  Ann \t Lee\n", "Ann Lee"),
        ("Zoe\u0308", "Zoë"),
        ("\ufeffAnn\u00ad\u200b Lee\u202e", "Ann Lee"),
        ("علی\u200cرضا", "علی\u200cرضا"),
        ("क्\u200dष", "क्\u200dष"),
        ("ന്\u200d", "ന്\u200d"),
        ("Jo\u200chn\u200d", "John"),
        ("\u3164\u2800", ""),
        ("Ann\x00\x1fLee", "Ann Lee"),
    ],
)
def test_a_line_is_stored_in_one_form_and_keeps_the_joiners_of_its_spelling(text: str, stored: str) -> None:
    assert normalise_line(text) == stored
    assert normalise_line(stored) == stored


def test_keys_are_equal_for_what_people_take_for_equal() -> None:
    assert {search_key(name) for name in ("Örn", "örn", "orn", "O\u0308RN")} == {"orn"}
    assert search_key("O’Hara-Smith") == search_key("ohara smith")
    # Whatever a keyboard, a mail program or a book puts in the place of an apostrophe or a hyphen.
    assert {search_key(f"O{sign}Hara") for sign in "'’‘‛`´ʹʻʼʽˊˋ′‵＇ʾʿ\u1ffd\u1fef"} == {"ohara"}
    assert {search_key(f"Ann{sign}Marie Lee") for sign in "-‐‑‒–—−－﹣"} == {"ann marie lee"}
    assert comparison_key("Cafe\u0301") == comparison_key("CAFÉ") != comparison_key("Cafe")
    assert normalise_email(" Zoe\u0308@Example.org\u200b") == "zoë@example.org"


def test_people_come_in_the_order_that_people_expect_and_are_found_by_plain_letters(session: Session) -> None:
    for number, name in enumerate(NAMES):
        make_person(session, name, f"p{number}@example.org", password=None)
    found = queries.people_page(session, COMMAND_VIEWER)
    assert [one.name for one in found.people] == ORDER
    for words, name in (("örn", "Örn Karlsson"), ("orn", "Örn Karlsson"), ("émile", "Émile Adams"),
                        ("EMILE", "Émile Adams"), ("lucja", "Łucja Wrona"), ("ohara", "Mia O’Hara"),
                        ("o'hara", "Mia O’Hara")):  # fmt: skip
        assert [one.name for one in queries.people_page(session, COMMAND_VIEWER, words).people] == [name], words
        assert len(people_matching(session, words)) == 1
    assert [one.name for one in queries.people_page(session, COMMAND_VIEWER, "åsa").people] == ["Asa Berg", "Åsa Berg"]


def test_the_key_follows_the_name_however_it_is_written(session: Session) -> None:
    person = make_person(session, "Zoë Åkesson")
    assert (
        correct_identity(make_context(session, None, NOW), person.id, "Łucja Åkesson", "l@example.org", None, "wrong")
        is None
    )
    session.execute(insert(Person), [{"name": "Örn Falk", "email": "o@example.org", "created_at": NOW}])
    person.name = "Ébba Falk"
    session.commit()
    keys = session.execute(select(Person.name_key).order_by(Person.name_key)).scalars().all()
    assert keys == ["ebba falk", "orn falk"]


def test_two_people_of_one_name_are_told_apart(session: Session, client: Client) -> None:
    names = distinct_names(
        [(1, "Jane Cole", "j1@example.org"), (2, "Jane Cole", "j2@example.org"), (3, "Bo", "b@x.org")]
    )
    assert names == {1: "Jane Cole (j1@example.org)", 2: "Jane Cole (j2@example.org)", 3: "Bo"}
    team = make_team(session, "Harbour")
    boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator")
    for number in (1, 2):
        one = make_person(session, "Jane Cole", f"jane{number}@example.org", team=team)
        session.execute(update(Person).where(Person.id == one.id).values(staff_number=f"SN{number}"))
    session.commit()
    sign_in(client, boss)
    for path in ("/report", "/report/remind", f"/teams/{team.id}", "/people"):
        text = client.get(path).text
        assert "jane1@example.org" in text, path
        assert "jane2@example.org" in text, path
    assert "Staff number SN2" in client.get("/people").text
    assert "There is more than one Jane Cole" in client.get(f"/report/people/{one.id}/remind").text


def test_a_report_is_searched_without_accents() -> None:
    wanted, mistakes = parse_filter({"q": "ÖRN"}, {}, {}, NOW.date())
    assert (wanted.search_text, mistakes) == ("ÖRN", [])


def listed(page: Page) -> str:
    """The words of the rows of the list: its filter has the same words."""
    return " ".join(tests_pages.words(row) for row in page.all("tr"))


def test_who_was_not_invited_is_called_so_and_all_are_invited_by_one_press(session: Session, client: Client) -> None:
    boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator")
    team = make_team(session, "Harbour")
    for number in range(3):
        make_person(session, f"Pat {'ABC'[number]}", f"p{number}@example.org", password=None, team=team)
    sign_in(client, boss)
    page = client.get("/people")
    assert listed(page).count("Not invited yet") == 3
    actions = [form.get("action") for form in page.all("form") if form.get("method") == "post"]
    assert actions.count("/people/invite") == 1
    # Among those who were found by a search it would invite others too.
    assert "have not been invited yet" not in client.get("/people?q=Pat+A").text
    form = page.fields(actions.index("/people/invite"))
    del form["form_key"]  # so that not even a press from another copy of the page sends a second one
    assert "We are sending 3 invitations" in client.follow(client.post("/people/invite", form)).text
    # A second press sends nothing: the links of the first mails go on working.
    assert "already been invited" in client.follow(client.post("/people/invite", form)).text
    page = client.get("/people")
    assert "Not invited yet" not in listed(page)
    assert "Invite all 3 who have not signed in" in page.text
    assert "Invite all 3 who have not signed in" in client.get(f"/teams/{team.id}").text
    mill = make_team(session, "Mill")
    make_person(session, "Pat D", "p4@example.org", password=None, team=mill).invited_at = now()
    session.commit()
    assert "Invite 1 person who has not signed in" in client.get(f"/teams/{mill.id}").text
    again = {"at": client.get("/people").html.partition('name="at" value="')[2].partition('"')[0], "who": "all"}
    assert "3 invitations" in client.follow(client.post(f"/teams/{team.id}/invite", again)).text
    assert "already been invited" in client.follow(client.post(f"/teams/{team.id}/invite", again)).text


def test_one_who_comes_back_or_has_another_address_is_not_invited_yet(session: Session) -> None:
    person = make_person(session, password=None)
    session.execute(update(Person).values(invited_at=NOW))
    session.commit()
    assert (
        correct_identity(make_context(session, None, NOW), person.id, person.name, "new@example.org", None, "moved")
        is None
    )
    assert session.execute(select(Person.invited_at)).scalar() is None


ALIKE = [
    # namesakes as (id, name, teams, staff number, address), and what to call them
    ([(1, "Sam Lee", ("Day",), "", "s1@example.org"), (2, "Kim Lee", ("Day",), "", "k@example.org")], ["Sam Lee", "Kim Lee"]),
    ([(1, "Sam Lee", ("Day",), "7", "a@x"), (2, "SAM LEE", ("Night",), "8", "b@x")], ["Sam Lee (Day)", "SAM LEE (Night)"]),
    ([(1, "Sam Lee", ("Day",), "7", "a@x"), (2, "Sam Lee", ("Day",), "8", "b@x")], ["Sam Lee (7)", "Sam Lee (8)"]),
    ([(1, "Sam Lee", ("Day",), "7", "a@x"), (2, "Sam Lee", (), "8", "b@x")], ["Sam Lee (7)", "Sam Lee (8)"]),
    ([(1, "Sam Lee", ("Day",), "", "a@x"), (2, "Sam Lee", ("Day",), "8", "b@x")], ["Sam Lee (a@x)", "Sam Lee (b@x)"]),
    ([(1, "Åsa Lee", ("Day",), "", ""), (2, "Asa Lee", ("Day",), "8", "")], ["Åsa Lee (Day)", "Asa Lee (Day, 8)"]),
    ([(1, "Sam Lee", (), "", ""), (2, "Sam Lee", (), "", "")], ["Sam Lee", "Sam Lee"]),
]  # fmt: skip


@pytest.mark.parametrize(("people", "expected"), ALIKE)
def test_people_of_one_name_are_told_apart_by_team_then_staff_number_then_address(
    people: list[tuple[int, str, tuple[str, ...], str, str]], expected: list[str]
) -> None:
    assert list(distinguishing_names(Namesake(*one) for one in people).values()) == expected


def test_somebody_is_told_apart_from_those_who_are_here_and_not_from_those_who_left(session: Session) -> None:
    day, night = make_team(session, "Day"), make_team(session, "Night")
    first = make_person(session, "Sam Lee", "sam1@example.org", team=day)
    second = make_person(session, "Sam  LEE", "sam2@example.org", team=night)
    other = make_person(session, "Kim Vale", "kim@example.org", team=night)
    assert names_told_apart(session, [first.id, other.id]) == {first.id: "Sam Lee (Day)", other.id: "Kim Vale"}
    second.left_at = NOW
    session.commit()
    assert names_told_apart(session, [first.id]) == {first.id: "Sam Lee"}
    assert names_told_apart(session, []) == {}


def test_mails_and_the_log_tell_people_of_one_name_apart(app: Flask, session: Session, client: Client) -> None:
    day, night = make_team(session, "Day"), make_team(session, "Night")
    make_organisation(session)
    session.execute(update(Organisation).values(set_up_at=LONG_AGO))
    boss = make_person(session, "Ada Vale", "ada@example.org", "administrator", at=LONG_AGO)
    for team, address in ((day, "sam1@example.org"), (night, "sam2@example.org")):
        make_person(session, "Sam Lee", address, team=team, at=LONG_AGO)
        manager = make_person(
            session, f"Head of {team.name}", f"{team.name.lower()}@example.org", "manager", team, at=LONG_AGO
        )
    grant_role(make_context(session, None, LONG_AGO), manager.id, "manager", day.id)
    session.commit()
    with app.app_context():
        queue_due_reminders(MONDAY, now)
    summary = next(one for one in rendered_mails(app, session, "summary:") if one.recipient == "night@example.org")
    assert "- Sam Lee (Day), due on" in summary.text
    assert "- Sam Lee (Night), due on" in summary.text
    page = sign_in(client, boss).get("/audit")
    assert "added Sam Lee (Day)" in page.text
    assert "added Sam Lee (Night)" in page.text


def test_who_did_something_is_told_apart_from_others_of_the_name_where_it_is_kept(session: Session) -> None:
    make_organisation(session)
    day, night = make_team(session, "Day"), make_team(session, "Night")
    head = make_person(session, "Sam Lee", "sam1@example.org", "manager", day)
    make_person(session, "Sam Lee", "sam2@example.org", "manager", night)
    admin = make_person(session, "Ada Vale", "ada@example.org", "administrator")
    learner = make_person(session, "Kim Vale", "kim@example.org", team=day)
    context = make_context(session, head.id, NOW)
    grant_extension(context, learner.id, NOW.date() + timedelta(days=60), "was ill")
    told = InPersonReminder(person_id=learner.id, about="x", task="course", lines=[], made_by=head.id, made_at=NOW)
    session.add(told)
    session.flush()
    assert withdraw_told(make_context(session, admin.id, NOW), learner.id, told.id)
    session.add(Reminder(key="a", kind="asked", person_id=learner.id, step="asked", leaves_on=NOW.date(), reason="x",
                         named=[], made_by=head.id, made_at=NOW))  # fmt: skip
    assert change_team(context, night.id, "Nights", None, "clearer") is None
    plan_session(context, NewSession("final", "course", "The hall", NOW.date()), [learner.id])
    session.commit()
    known = "Sam Lee (Day)"
    assert [one.author for one in recertification_entries(session, learner.id)] == [known]
    assert [(one.told_by, one.withdrawn_by) for one in told_in_person(session, learner.id)] == [(known, "Ada Vale")]
    assert [one.requested_by for one in reminder_history(session, learner.id)] == [known]
    detail = team_detail(session, night.id, NOW)
    assert detail is not None
    assert [one.by for one in detail.changes] == [known]
    viewer = Viewer(admin.id, admin.name, "", administrator=True)
    assert [one.maker for one in supervised_sessions(session, viewer)] == [known]
