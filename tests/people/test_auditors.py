"""Auditors: what they see, and until when."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from course.audit.models import AuditEntry
from course.clock import now
from course.context import make_context
from course.dates import format_date, start_of_day
from course.people.actions import close_expired_roles, plan_departure
from course.people.models import RoleGrant
from course.people.queries import ids_visible_to
from course.training_records.queries import record_accesses
from tests.people.house import ZONE, House, make_house, soon
from tests.support.days import this_day


@pytest.fixture
def house(app: Flask, session: Session) -> House:
    return make_house(app, session)


@pytest.mark.parametrize(
    ("later", "why"),
    [
        (None, "Enter the last day"),
        (-1, "Enter today or a later day."),
        (400, "Enter a day within the next 12 months."),
    ],
)
def test_an_auditor_has_a_last_day_that_can_be(house: House, later: int | None, why: str) -> None:
    last_day = "" if later is None else this_day(later).isoformat()
    form = {"role": "auditor", "team": "", "last_day": last_day}
    page = house.client("Alex").post(f"/people/{house.people['Nell'].id}/role", form, 422)
    assert why in page.text
    checked = [field.get("value") for field in page.all("input") if field.get("checked") is not None]
    assert checked == ["auditor"]
    assert house.session.execute(select(RoleGrant).where(RoleGrant.role == "auditor")).first() is None


@pytest.mark.both_engines
def test_an_auditor_reads_until_the_last_day_and_from_the_next_request_on_nothing(house: House) -> None:
    house.client("Alex").post(
        f"/people/{house.people['Nell'].id}/role", {"role": "auditor", "team": "", "last_day": this_day().isoformat()}
    )
    nell, kim = house.client("Nell"), house.people["Kim"].id
    menu = nell.get("/").text
    assert "Report" in menu
    assert "Log" in menu
    for path in (
        "/report",
        f"/report?on={this_day() - timedelta(days=1)}",
        f"/report/people/{kim}",
        "/people",
        "/audit",
    ):
        nell.get(path)
    page = nell.get(f"/report/people/{kim}").text
    assert "Remind now" not in page
    assert "Give more time" not in page
    answer = nell.post(f"/renewal/people/{kim}/extension", {"until": soon().isoformat(), "reason": "x"}, 403)
    assert "As an auditor you can see this but not change it." in answer.text
    # The day passes: nobody has to do anything for that.
    house.session.execute(
        update(RoleGrant).where(RoleGrant.role == "auditor").values(last_day=this_day() - timedelta(days=1))
    )
    house.session.commit()
    for path in ("/report", f"/report/people/{kim}", "/people", "/audit"):
        nell.get(path, 403)
    nell.post("/report/file/csv", {}, 403)
    assert "Log" not in nell.get("/").text
    assert house.viewer("Nell").permissions == frozenset()
    assert house.names(ids_visible_to(house.session, house.viewer("Nell"))) == {"Nell"}


@pytest.mark.both_engines
def test_an_auditor_of_a_team_sees_its_people_and_its_part_of_the_log_and_no_more(house: House) -> None:
    house.give("Nell", "auditor", "Seals", soon())
    nell = house.client("Nell")
    people = nell.get("/people").text
    assert "Kim Else" in people
    assert "Bo Marsh" not in people
    nell.get(f"/report/people/{house.people['Bo'].id}", 404)
    assert "Bo Marsh" not in nell.get("/report").text
    assert "Bo Marsh" not in nell.get(f"/report?team={house.teams['Otters'].id}").text
    nell.get("/insight/everybody", 403)
    nell.get(f"/insight/team/{house.teams['Seals'].id}")
    nell.get(f"/insight/team/{house.teams['Otters'].id}", 404)
    log = nell.get("/audit").text
    assert "added Kim Else" in log
    assert "Bo Marsh" not in log
    assert "Alex Morgan administrator" not in log
    rows = nell.post("/audit/download", {}, 200).body.decode()
    assert "Kim Else" in rows
    assert "Bo Marsh" not in rows
    packs = nell.get("/evidence")
    assert [option.text for option in packs.all("option")] == ["– Seals"]
    assert "Bo Marsh" in house.client("Alex").get("/audit").text


def test_what_an_auditor_takes_away_is_in_the_log_and_in_the_access_log_of_each(house: House) -> None:
    house.give("Nell", "auditor", None, soon())
    nell, kim = house.client("Nell"), house.people["Kim"].id
    nell.get(f"/report/people/{kim}")
    nell.post("/report/file/csv", {}, 200)
    nell.post("/audit/download", {}, 200)
    mine = select(AuditEntry.what).where(AuditEntry.actor_id == house.people["Nell"].id).order_by(AuditEntry.number)
    assert house.session.execute(mine).scalars().all()[1:] == ["report.exported", "audit.exported"]
    seen = record_accesses(house.session, kim, ZONE, None, 10)
    assert {(one.name, one.roles) for one in seen} == {("Nell Archer", ("Auditor",))}
    assert len(seen) == 2


@pytest.mark.both_engines
def test_another_last_day_replaces_the_one_before_and_an_ended_role_is_history(house: House) -> None:
    house.give("Nell", "auditor", None, this_day())
    house.give("Nell", "auditor", None, this_day())
    house.give("Nell", "auditor", None, soon())
    rows = select(RoleGrant.last_day, RoleGrant.until.is_(None)).where(RoleGrant.role == "auditor")
    assert house.session.execute(rows.order_by(RoleGrant.id)).all() == [(this_day(), False), (soon(), True)]
    house.session.execute(
        update(RoleGrant).where(RoleGrant.last_day == soon()).values(last_day=this_day() - timedelta(days=2))
    )
    house.session.commit()
    page = house.client("Alex").get(f"/people/{house.people['Nell'].id}").text
    assert "Remove the role Auditor" not in page
    assert "Auditor until" in page.split("History")[1]
    # What has ended by itself is given anew, and its end is that of its last day.
    house.give("Nell", "auditor", None, soon())
    ended = select(RoleGrant.until).where(RoleGrant.last_day == this_day() - timedelta(days=2))
    assert house.session.execute(ended).scalar_one() == start_of_day(this_day() - timedelta(days=1), ZONE)
    assert house.viewer("Nell").audits == (None,)


def test_the_end_of_a_role_is_written_down_once(house: House) -> None:
    house.give("Nell", "auditor", "Seals", this_day())
    tomorrow = now() + timedelta(days=1, hours=1)
    assert [close_expired_roles(make_context(house.session, None, at)) for at in (now(), tomorrow, tomorrow)] == [
        0,
        1,
        0,
    ]
    house.session.commit()
    entries = select(AuditEntry.what).where(AuditEntry.what.in_(("role.ended", "role.expired")))
    assert house.session.execute(entries).scalars().all() == ["role.expired"]
    assert "A role of Nell Archer ended after its last day" in house.client("Alex").get("/audit").text


def test_the_role_of_an_auditor_goes_with_its_team_and_keeps_its_last_day(house: House) -> None:
    house.give("Nell", "auditor", "Seals", soon())
    house.give("Nell", "manager", "Otters")
    form = {"into": str(house.teams["Otters"].id), "reason": "one team now"}
    house.client("Alex").post(f"/teams/{house.teams['Seals'].id}/merge", form)
    now_held = select(RoleGrant.role, RoleGrant.team_id, RoleGrant.last_day).where(
        RoleGrant.person_id == house.people["Nell"].id, RoleGrant.until.is_(None)
    )
    otters = house.teams["Otters"].id
    assert set(house.session.execute(now_held).all()) == {("auditor", otters, soon()), ("manager", otters, None)}


def test_the_last_day_of_a_role_is_not_taken_for_that_of_the_person(house: House) -> None:
    nell = house.people["Nell"]
    house.give("Nell", "auditor", None, soon())
    alex = house.client("Alex")
    assert f"Auditor until {format_date(soon())}" in alex.get("/people").text
    assert "Last day" not in alex.get("/people").text
    later = soon() + timedelta(days=3)
    assert plan_departure(make_context(house.session, None, now()), nell.id, later, "moves") is None
    house.session.commit()
    page = alex.get("/people").text
    assert f"Auditor until {format_date(soon())}" in page
    assert f"Last day {format_date(later)}" in page
