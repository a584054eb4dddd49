"""What a new manager and a deputy are told by mail, and what an invitation says."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from course.clock import now
from course.context import make_context
from course.dates import civil_date
from course.people.actions import delegate, grant_role, invite
from tests.makers import make_person, make_team
from tests.support.outbox import rendered_mails

pytestmark = pytest.mark.both_engines


def test_a_deputy_is_told_for_whom_what_and_until_when(app: Flask, session: Session) -> None:
    team = make_team(session, "Night staff")
    manager = make_person(session, "Priya Nair", "priya@example.org", "manager", team)
    make_person(session, "Ann Hill", "ann@example.org")
    until = civil_date(now(), "Europe/London") + timedelta(days=20)
    assert (
        delegate(make_context(session, manager.id, now()), "ann@example.org", until, "a holiday that is private")
        is None
    )
    session.commit()
    (mail,) = rendered_mails(app, session, "deputy:")
    words = " ".join(mail.text.split())
    day = f"{until.day} {until:%B %Y}"
    assert (mail.recipient, mail.subject) == ("ann@example.org", f"You stand in for Priya Nair until {day}")
    for said in ("at Riverside Trust", f"Until: {day}", "Night staff and the teams below it", "/today", "/forgotten"):
        assert said in words
    assert "private" not in words
    assert delegate(make_context(session, manager.id, now()), "ann@example.org", until, "again") is not None
    session.commit()
    assert len(rendered_mails(app, session, "deputy:")) == 1


def test_a_new_manager_is_told_once_and_whoever_has_no_password_yet_in_the_invitation(
    app: Flask, session: Session
) -> None:
    night, day = make_team(session, "Night staff"), make_team(session, "Day staff")
    boss = make_person(session, "Ada Vale", "ada@example.org", "administrator")
    sam = make_person(session)
    new = make_person(session, "Nia New", "nia@example.org", password=None, at=now())
    for person in (sam, sam, new, boss):
        grant_role(make_context(session, boss.id, now()), person.id, "manager", night.id)
    grant_role(make_context(session, boss.id, now()), new.id, "manager", day.id)
    invite(make_context(session, boss.id, now()), new.id, "Ada Vale")
    session.commit()
    (mail,) = rendered_mails(app, session, "manager:")
    assert (mail.recipient, mail.subject.split(":")[0]) == ("sam@example.org", "You now manage Night staff")
    assert "Ada Vale has made you the manager of Night staff" in " ".join(mail.text.split())
    (invitation,) = rendered_mails(app, session, "invitation:")
    words = " ".join(invitation.text.split())
    for said in ("of Riverside Trust", "You also manage Night staff", "You also manage Day staff", "How long: about",
                 "By when: ", "within seven days", "If it has run out, the page that it opens sends you a new one"):  # fmt: skip
        assert said in words, said
