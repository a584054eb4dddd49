"""What was done about each overdue person, and who was responsible, as it was known on the day of the pack."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from course.analytics.actions import DiscussionEntry, record_discussion
from course.clock import now
from course.context import make_context
from course.evidence.rules.overdue import (
    MailFate,
    OverdueAction,
    actions_about,
    actions_table,
    days_text,
    grouped_actions,
)
from course.evidence.rules.tables import PackDiscussion
from course.mail import actions, queries
from course.mail.models import OutboxMail
from course.mail.rules import RenderedMail
from course.organisation.actions import confirm_contact
from course.organisation.models import Organisation
from course.people.models import Membership, Person, PersonChange, RoleGrant
from course.recertification.models import RenewalExtension
from course.recertification.rules.certification_status import OVERDUE
from course.reminders.models import InPersonReminder, InPersonWithdrawal, Reminder
from tests.evidence.makers import DAY, pack_person
from tests.evidence.test_packs import Files, make_pack, table
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client
from tests.support.days import this_day
from tests.support.outbox import queue_text

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
EARLIER, LATER = AT - timedelta(days=1), AT + timedelta(days=1)


@pytest.mark.parametrize(
    ("fate", "outcome"),
    [
        (MailFate(EARLIER, None, False, False, False), ("sent", EARLIER)),
        (MailFate(LATER, None, False, False, False), ("waiting", None)),
        (MailFate(EARLIER, EARLIER, False, False, False), ("came-back", EARLIER)),
        (MailFate(EARLIER, LATER, False, False, False), ("sent", EARLIER)),
        (MailFate(None, EARLIER, False, False, False), ("came-back", EARLIER)),
        (MailFate(None, None, True, False, False), ("waiting", None)),
        (MailFate(None, None, False, True, False), ("not-sent", None)),
        (MailFate(None, None, False, False, True), ("unknown", None)),
        (MailFate(None, None, False, False, False), ("failed", None)),
        pytest.param(MailFate(None, None, False, False, False, LATER), ("waiting", None), id="given up after that day"),
        pytest.param(MailFate(None, None, False, False, False, EARLIER), ("failed", EARLIER), id="given up before"),
        pytest.param(MailFate(None, None, False, True, False, LATER), ("waiting", None), id="withheld after that day"),
        pytest.param(MailFate(None, None, False, True, False, EARLIER), ("not-sent", EARLIER), id="withheld before"),
        pytest.param(MailFate(None, None, False, False, True, LATER), ("waiting", None), id="in doubt after that day"),
        pytest.param(MailFate(None, None, False, False, True, EARLIER), ("unknown", EARLIER), id="in doubt before"),
        pytest.param(
            MailFate(LATER, None, False, False, False, EARLIER, LATER),
            ("failed", EARLIER),
            id="given up before, and sent again after that day",
        ),
        pytest.param(
            MailFate(LATER, None, False, False, False, EARLIER, AT), ("waiting", None), id="waited again by then"
        ),
        pytest.param(
            MailFate(None, None, True, False, False, EARLIER, LATER),
            ("failed", EARLIER),
            id="waits again since after that day",
        ),
        pytest.param(
            MailFate(AT, None, False, False, False, EARLIER, EARLIER), ("sent", AT), id="sent after a second try"
        ),
    ],
)
def test_the_outcome_of_a_mail_is_that_which_was_known_at_the_moment(
    fate: MailFate, outcome: tuple[str, datetime | None]
) -> None:
    assert fate.outcome_at(AT) == outcome


def test_a_mail_that_was_given_up_keeps_its_moment_when_it_is_sent_again(session: Session) -> None:
    for key in ("k1", "k2", "k3", "k4"):
        queue_text(session, key, f"{key}@example.org", RenderedMail("Hello", "Hello"), EARLIER)
    first, second, *_ = queries.due_mail(session, EARLIER)
    actions.mark_failed(session, first, "450 later", False, EARLIER)
    actions.mark_failed(session, second, "554 no", True, EARLIER)
    actions.suppress_mail(session, "k3", "done", AT)
    assert actions.withdraw_mail(session, "k4", "Cancelled", LATER)
    session.flush()

    def moments() -> dict[str, tuple[datetime | None, datetime | None]]:
        rows = session.execute(select(OutboxMail.key, OutboxMail.given_up_at, OutboxMail.resumed_at))
        return {key: (given_up_at, resumed_at) for key, given_up_at, resumed_at in rows}

    assert moments() == {"k1": (None, None), "k2": (EARLIER, None), "k3": (AT, None), "k4": (LATER, None)}
    assert actions.retry_all_mail(session, AT) == 1
    assert moments()["k2"] == (EARLIER, AT)
    (again,) = (one for one in queries.due_mail(session, AT) if one.key == "k2")
    actions.mark_sent(session, again, LATER)
    assert moments()["k2"] == (EARLIER, AT), "what was known before stays known"


def test_a_talk_counts_for_the_people_of_its_team_and_of_teams_below() -> None:
    talks = [PackDiscussion(team, DAY, f"T{team}", 5, "A point", "", "Ann") for team in (1, 2, 3)]
    people = [pack_person(1, (2,), OVERDUE), pack_person(2, (3,), OVERDUE), pack_person(3, (), OVERDUE)]
    found = actions_about(people, [], [], talks, {1: None, 2: 1, 3: 1})
    assert [[action.outcome for action in one.actions] for one in found] == [
        ["T1, 5 people", "T2, 5 people"], ["T1, 5 people", "T3, 5 people"], [],
    ]  # fmt: skip
    assert actions_table(found)[-1][6] == "nothing"


def test_what_lies_more_than_a_year_back_or_after_the_day_is_left_out() -> None:
    days = (DAY - timedelta(days=366), DAY - timedelta(days=365), DAY, DAY + timedelta(days=1))
    talks = [PackDiscussion(1, day, "T", 5, "A point", "", "Ann") for day in days]
    (found,) = actions_about([pack_person(1, (1,), OVERDUE)], [], [], talks, {1: None})
    assert [action.day for action in found.actions] == [days[1], days[2]]


def test_alike_actions_stand_together_with_their_days() -> None:
    actions = [
        OverdueAction(date(2026, 10, 5), "reminder", "Reminder", "", "Sent on 5 October 2026", "sent"),
        OverdueAction(date(2026, 10, 12), "reminder", "Reminder", "", "Came back", "came-back"),
        OverdueAction(date(2026, 10, 19), "reminder", "Reminder", "", "Sent on 19 October 2026", "sent"),
        OverdueAction(date(2026, 11, 2), "reminder", "Reminder", "", "Sent on 2 November 2026", "sent"),
    ]
    sent, came_back = grouped_actions(actions)
    assert (days_text(sent.days), sent.outcome) == ("5 and 19 October 2026; 2 November 2026", "Sent")
    assert (days_text(came_back.days), came_back.outcome) == ("12 October 2026", "Came back undelivered")


START = now() - timedelta(days=500)


def then() -> date:
    """A day some weeks ago."""
    return this_day(-30)


def _mail(session: Session, key: str, leaves: date, **state: datetime | str | None) -> None:
    sent = {"recipient": "x@example.org", "mark": key, "subject": "S", "text": "", "queued_at": START, **state}
    session.add(OutboxMail(key=key, **sent))
    kind = key.partition("-")[0]
    is_asked = kind == "asked"
    late = session.execute(select(Person.id).where(Person.name == "Late Vale")).scalar_one()
    boss = session.execute(select(Person.id).where(Person.name == "Alex Morgan")).scalar_one()
    recipient = {"learner": late, "asked": late, "manager": boss, "lead": None}[kind]
    made_at = datetime.combine(leaves, datetime.min.time(), UTC) + timedelta(hours=9)
    session.add(
        Reminder(
            key=key, kind=kind, person_id=recipient, step="weekly", due=None, leaves_on=leaves, reason="Please" if is_asked else "",
            named=[] if kind in ("learner", "asked") else [late], made_by=boss if is_asked else None, made_at=made_at,
        )
    )  # fmt: skip


def _make_history(session: Session) -> Person:
    """Somebody who has been overdue for long, and what was done about it before and after that day."""
    boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator", at=START)
    session.execute(update(Organisation).values(set_up_at=START))
    elm = make_team(session, "Elm")
    elm.opened_at = START
    late = make_person(session, "Late Vale", "late@example.org", team=elm, at=START)
    manager = make_person(session, "Priya Nair", "priya@example.org", "manager", elm, at=START)
    late.staff_number, late.job_role = "new-7", "Teacher"
    change = {
        "name": late.name,
        "email": late.email,
        "staff_number": "old-7",
        "job_role": "Teaching assistant",
        "reason": "payroll",
        "changed_by": boss.id,
    }
    session.add(PersonChange(person_id=late.id, changed_at=now() - timedelta(days=10), **change))
    for grant in session.execute(select(RoleGrant).where(RoleGrant.person_id == manager.id)).scalars():
        grant.until = now() - timedelta(days=10)
    before, after = now() - timedelta(days=40), now() - timedelta(days=5)
    _mail(session, "learner-1", then() - timedelta(days=10), sent_at=before)
    _mail(session, "learner-2", then() - timedelta(days=8), sent_at=before, bounced_at=after)
    _mail(session, "asked-1", then() - timedelta(days=6), sent_at=after)
    _mail(session, "manager-1", then() - timedelta(days=5), sent_at=before)
    _mail(session, "lead-1", then() - timedelta(days=4), sent_at=before)
    _mail(session, "learner-3", then() + timedelta(days=3), sent_at=after)
    _mail(session, "learner-4", then() - timedelta(days=3), given_up_at=after)
    _mail(session, "learner-5", then() - timedelta(days=2), given_up_at=before)
    for days, reason in ((20, "was ill"), (-4, "asked again")):
        day = then() - timedelta(days=days)
        made_at = datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=9)
        session.add(
            RenewalExtension(
                person_id=late.id, recorded=day, until=day, reason=reason, made_by=boss.id, made_at=made_at
            )
        )
    talk = DiscussionEntry(elm.id, "encourage-talk", "A title", then(), 5, "Ask twice.")
    held_at = datetime.combine(then(), datetime.min.time(), UTC) + timedelta(hours=10)
    assert record_discussion(make_context(session, boss.id, held_at), talk) is None
    session.commit()
    for name, at in (("Jo Early", before), ("Jo Later", after)):
        confirm_contact(make_context(session, boss.id, at), "lead", name, "01632 960101", "")
    session.commit()
    return boss


def actions_of(files: Files) -> list[tuple[str, str]]:
    return [
        (row["Action code"], row["Outcome code"]) for row in table(files, "overdue.csv") if row["Person"] == "Late Vale"
    ]


@pytest.mark.both_engines
def test_a_pack_of_a_past_day_says_what_was_done_and_who_was_responsible_as_known_then(
    session: Session, client: Client
) -> None:
    boss = _make_history(session)
    sign_in(client, boss)
    earlier, today = make_pack(client, None, then()), make_pack(client, None, this_day())
    assert actions_of(earlier) == [
        ("extension", ""), ("reminder", "sent"), ("reminder", "sent"), ("reminder", "waiting"), ("manager", "sent"),
        ("escalation", "sent"), ("reminder", "waiting"), ("reminder", "failed"), ("talk", ""),
    ]  # fmt: skip
    assert actions_of(today) == [
        ("extension", ""), ("reminder", "sent"), ("reminder", "came-back"), ("reminder", "sent"), ("manager", "sent"),
        ("escalation", "sent"), ("reminder", "failed"), ("reminder", "failed"), ("talk", ""), ("reminder", "sent"),
        ("extension", ""),
    ]  # fmt: skip
    rows = {row["Action code"]: row for row in table(earlier, "overdue.csv") if row["Person"] == "Late Vale"}
    assert rows["extension"]["Reason, or what was agreed"] == "was ill"
    assert rows["talk"]["Reason, or what was agreed"] == "Ask twice."
    assert rows["manager"]["What was done"] == "Named in the list to Alex Morgan"
    for files, number, lead, managed in (
        (earlier, "old-7", "Jo Early", "Priya Nair"),
        (today, "new-7", "Jo Later", ""),
    ):
        people = {row["Person"]: row for row in table(files, "people.csv")}
        assert people["Late Vale"]["Staff number"] == number
        assert people["Late Vale"]["Job role"] == ("Teacher" if number == "new-7" else "Teaching assistant")
        assert people["Alex Morgan"]["Role in the course"] == "Administrator"
        assert people["Priya Nair"]["Role in the course"] == ("Manager of Elm" if managed else "Learner")
        responsible = {row["Responsible for"]: row["Name"] for row in table(files, "responsible.csv")}
        assert responsible["Safeguarding (designated safeguarding lead)"] == lead
        assert responsible["This training (administrator of the course)"] == "Alex Morgan"
        (elm,) = [row for row in table(files, "teams.csv") if row["Team"] == "Elm"]
        assert (elm["Managed by"], elm["Overdue"], elm["People"]) == (managed, "2", "2")


def test_a_managers_pack_compares_only_their_teams(session: Session, client: Client) -> None:
    make_person(session, "Alex Morgan", "alex@example.org", "administrator", at=START)
    top = make_team(session, "Riverside")
    elm, oak = make_team(session, "Elm", top), make_team(session, "Oak", top)
    inner = make_team(session, "Elm North", elm)
    for team in (top, elm, oak, inner):
        team.opened_at = START
    manager = make_person(session, "Priya Nair", "priya@example.org", "manager", elm, at=START)
    person = make_person(session, "In Oak", "oak@example.org", team=oak, at=START)
    session.add(Membership(person_id=person.id, team_id=inner.id, since=START))
    session.commit()
    sign_in(client, manager)
    rows = table(make_pack(client, elm.id, this_day()), "teams.csv")
    assert [(row["Team with those above it"], row["People"]) for row in rows] == [
        ("Elm", "2"),
        ("Elm › Elm North", "1"),
    ]
    people = {row["Person"]: row for row in table(make_pack(client, elm.id, this_day()), "people.csv")}
    assert people["In Oak"]["Team with those above it"] == "Elm › Elm North"


def test_a_pack_names_hr_and_auditors_as_what_they_were_on_the_day(session: Session, client: Client) -> None:
    boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator", at=START)
    elm = make_team(session, "Elm")
    make_person(session, "Hal Frost", "hal@example.org", "hr", at=START)
    nell = make_person(session, "Nell Archer", "nell@example.org", at=START)
    ends = this_day() - timedelta(days=1)
    session.add(RoleGrant(person_id=nell.id, role="auditor", team_id=elm.id, since=AT, last_day=ends))
    session.commit()
    sign_in(client, boss)
    for day, audits in ((ends, True), (this_day(), False)):
        files = make_pack(client, None, day)
        roles = {row["Person"]: row["Role in the course"] for row in table(files, "people.csv")}
        assert roles["Hal Frost"] == "HR"
        assert roles["Nell Archer"] == ("Auditor of Elm" if audits else "Learner")
        (row,) = [row for row in table(files, "teams.csv") if row["Team"] == "Elm"] or [{"Managed by": ""}]
        assert row["Managed by"] == "", "an auditor manages nothing"


def _told(session: Session, person: Person, boss: Person, days: int, withdrawn: int | None = None) -> None:
    """`boss` told the person so many days before `then`, and has withdrawn it so many days before it."""
    made_at = datetime.combine(then() - timedelta(days=days), datetime.min.time(), UTC) + timedelta(hours=9)
    told = InPersonReminder(
        person_id=person.id, about="reminder:x", task="course", lines=[], due=then() - timedelta(days=60),
        made_by=boss.id, made_at=made_at,
    )  # fmt: skip
    session.add(told)
    session.flush()
    if withdrawn is not None:
        at = made_at + timedelta(days=days - withdrawn)
        session.add(InPersonWithdrawal(reminder_id=told.id, made_by=boss.id, made_at=at))
    session.commit()


def test_what_was_told_in_person_is_evidence_as_known_on_the_day(session: Session, client: Client) -> None:
    boss = _make_history(session)
    late = session.execute(select(Person).where(Person.name == "Late Vale")).scalar_one()
    _told(session, late, boss, days=9)
    _told(session, late, boss, days=7, withdrawn=6)  # a mistake, known on both days
    _told(session, late, boss, days=2, withdrawn=-3)  # a mistake, known only today
    sign_in(client, boss)
    earlier, today = make_pack(client, None, then()), make_pack(client, None, this_day())
    for files, days in ((earlier, (9, 2)), (today, (9,))):
        rows = [row for row in table(files, "overdue.csv") if row["Action code"] == "in-person"]
        assert [row["Day"] for row in rows] == [str(then() - timedelta(days=day)) for day in days]
        assert {row["What was done"] for row in rows} == {"Reminded in person by Alex Morgan"}
        due = then() - timedelta(days=60)
        words = f"Do the safeguarding course, due on {due.day} {due:%B %Y}"
        assert {row["Reason, or what was agreed"] for row in rows} == {words}
