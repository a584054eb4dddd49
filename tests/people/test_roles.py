"""HR, auditors and people with two roles: what each sees and does, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from course.audit.models import AuditEntry
from course.clock import now
from course.context import make_context
from course.dates import civil_date, start_of_day
from course.exports.models import Download
from course.people.actions import close_expired_roles, grant_role
from course.people.models import Deputy, Person, PersonMerge, RoleGrant, Team
from course.people.queries import ids_recordable_by, ids_visible_to, viewers
from course.people.rules import Viewer, grantable_roles, may_change_entry
from course.recertification.models import RenewalExtension
from course.training_records.queries import record_accesses
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client

ZONE = "Europe/London"
TODAY = civil_date(now(), ZONE)
SOON = TODAY + timedelta(days=30)


@dataclass
class House:
    """Two teams below one top. Priya manages Seals, in which Kim is; Bo is in Otters. Alex is an administrator, Hal is
    HR, and Nell audits what `audits` says."""

    session: Session
    app: Flask
    teams: dict[str, Team]
    people: dict[str, Person]

    def client(self, name: str) -> Client:
        return sign_in(Client(self.app), self.people[name])

    def give(self, name: str, role: str, team: str | None = None, last_day: date | None = None) -> None:
        team_id = self.teams[team].id if team else None
        context = make_context(self.session, self.people["Alex"].id, now())
        assert grant_role(context, self.people[name].id, role, team_id, last_day) is None
        self.session.commit()

    def viewer(self, name: str) -> Viewer:
        number = self.people[name].id
        return viewers(self.session, [number], TODAY)[number]

    def names(self, ids: list[int]) -> set[str]:
        return {name for name, person in self.people.items() if person.id in ids}


@pytest.fixture
def house(app: Flask, session: Session) -> House:
    top = make_team(session, "Top")
    teams = {"Top": top, "Seals": make_team(session, "Seals", top), "Otters": make_team(session, "Otters", top)}
    people = {
        "Priya": make_person(session, "Priya Nair", "priya@example.org", "manager", teams["Seals"]),
        "Kim": make_person(session, "Kim Else", "kim@example.org", team=teams["Seals"]),
        "Bo": make_person(session, "Bo Marsh", "bo@example.org", team=teams["Otters"]),
        "Alex": make_person(session, "Alex Morgan", "alex@example.org", "administrator"),
        "Hal": make_person(session, "Hal Frost", "hal@example.org", "hr", teams["Otters"]),
        "Nell": make_person(session, "Nell Archer", "nell@example.org"),
    }
    return House(session, app, teams, people)


# HR


def test_hr_sees_who_is_up_to_date_and_no_result_of_anybody(house: House) -> None:
    hal, kim = house.client("Hal"), house.people["Kim"].id
    report = hal.get("/report").text
    assert "Kim Else" in report
    for closed in ("Evidence for an inspection", "What teams find hard", "Give a deputy access"):
        assert closed not in report
    assert "Get this by e-mail" in report
    assert "Checks and assessments" not in hal.get(f"/report/people/{kim}").text
    assert "Checks and assessments" in house.client("Priya").get(f"/report/people/{kim}").text
    page = hal.get(f"/people/{kim}").text
    assert "Correct their details" in page
    assert "Data protection" not in page


def test_hr_reminds_and_records_about_everyone_but_themselves(house: House) -> None:
    hal = house.viewer("Hal")
    assert house.names(ids_visible_to(house.session, hal)) == set(house.people)
    every = [person.id for person in house.people.values()]
    assert house.names(ids_recordable_by(house.session, hal, every)) == set(house.people) - {"Hal"}
    client = house.client("Hal")
    client.post(f"/renewal/people/{house.people['Hal'].id}/extension", {"until": SOON.isoformat()}, 404)
    form = {"until": SOON.isoformat(), "reason": "back in May"}
    client.post(f"/renewal/people/{house.people['Bo'].id}/extension", form)
    assert house.session.execute(select(RenewalExtension.person_id)).scalars().all() == [house.people["Bo"].id]


@pytest.mark.parametrize("role", ["hr", "auditor", "administrator"])
def test_hr_gives_no_role_that_may_do_or_see_more(house: House, role: str) -> None:
    hal, kim = house.client("Hal"), house.people["Kim"].id
    form = hal.get(f"/people/{kim}/role")
    assert [field.get("value") for field in form.all("input") if field.get("name") == "role"] == ["manager"]
    hal.post(f"/people/{kim}/role", {"role": role, "team": "", "last_day": SOON.isoformat()}, 422)
    added = {"name": "Ida Holm", "email": "ida@example.org", "team": "", "role": role, "pathway": ""}
    hal.post("/people/add", added, 422)
    assert house.session.execute(select(RoleGrant.role).where(RoleGrant.person_id == kim)).first() is None
    assert house.session.execute(select(Person).where(Person.email == "ida@example.org")).first() is None
    hal.post(f"/people/{kim}/role", {"role": "manager", "team": str(house.teams["Seals"].id)})
    assert house.viewer("Kim").leads == (house.teams["Seals"].id,)


def test_hr_gives_themselves_nothing_and_takes_no_other_role_away(house: House) -> None:
    hal, team = house.client("Hal"), str(house.teams["Top"].id)
    own = house.people["Hal"].id
    page = hal.post(f"/people/{own}/role", {"role": "manager", "team": team}, 422)
    assert "You cannot give yourself a role" in page.text
    assert "Give a role" not in hal.get(f"/people/{own}").text
    boss = house.people["Alex"].id
    grant = house.session.execute(select(RoleGrant.id).where(RoleGrant.person_id == boss)).scalar_one()
    make_person(house.session, "Second Boss", "second@example.org", "administrator")
    answer = hal.post(f"/people/{boss}/role/{grant}/end", {})
    assert "Only an administrator can remove this role." in hal.follow(answer).text
    assert house.viewer("Alex").administrator
    assert house.viewer("Hal").leads == ()


@pytest.mark.parametrize("guarded", ["Alex", "Nell"])
def test_hr_cannot_take_over_the_entry_of_somebody_who_may_see_more(house: House, guarded: str) -> None:
    house.give("Nell", "auditor", None, SOON)
    make_person(house.session, "Second Boss", "second@example.org", "administrator")
    hal, person = house.client("Hal"), house.people[guarded]
    email = person.email or ""
    reason = "x"
    correction = {"name": person.name, "email": "mine@example.org", "staff_number": "", "reason": reason}
    merged = {"other": email, "keep": "first", "reason": reason}
    deeds = (
        (f"/people/{person.id}/correct", correction),
        (f"/people/{person.id}/leave", {"last_day": TODAY.isoformat(), "reason": reason}),
        (f"/people/{house.people['Kim'].id}/merge", merged),
        (f"/people/{person.id}/merge", merged | {"other": "kim@example.org"}),
    )
    for path, form in deeds:
        assert "Only an administrator can change this entry" in hal.post(path, form, 422).text, path
    house.session.refresh(person)
    assert (person.email, person.left_at) == (email, None)
    assert "Correct their details" not in hal.get(f"/people/{person.id}").text
    house.client("Alex").post(f"/people/{person.id}/correct", correction)
    house.session.refresh(person)
    assert person.email == "mine@example.org"


def test_hr_takes_over_no_role_by_merging_a_manager_into_their_own_entry(house: House) -> None:
    hal, own = house.client("Hal"), house.people["Hal"].id
    page = hal.post(f"/people/{own}/merge", {"other": "priya@example.org", "keep": "first", "reason": "x"}, 422)
    assert "which you would take over" in page.text
    assert house.session.execute(select(PersonMerge)).first() is None
    # A second entry of their own without a role is merged as everybody's.
    make_person(house.session, "H Frost", "frost@example.org")
    hal.post(f"/people/{own}/merge", {"other": "frost@example.org", "keep": "first", "reason": "x"})


GRANTS = [
    (Viewer(1, "", "", administrator=True), ("manager", "hr", "auditor", "administrator")),
    (Viewer(1, "", "", hr=True), ("manager",)),
    (Viewer(1, "", "", hr=True, manages=(1,)), ("manager",)),
    (Viewer(1, "", "", manages=(1,)), ()),
    (Viewer(1, "", "", audits=(None,)), ()),
    (Viewer(1, "", ""), ()),
]


@pytest.mark.parametrize(("viewer", "roles"), GRANTS)
def test_who_gives_which_roles(viewer: Viewer, roles: tuple[str, ...]) -> None:
    assert grantable_roles(viewer) == roles
    assert may_change_entry(viewer, ["administrator"]) == ("administrator" in roles)
    assert may_change_entry(viewer, ["auditor", "manager"]) == ("administrator" in roles)
    assert may_change_entry(viewer, ["manager", "hr"]) == bool(roles)


# Auditors


@pytest.mark.parametrize(
    ("last_day", "why"),
    [
        (None, "Enter the last day"),
        (TODAY - timedelta(days=1), "Enter today or a later day."),
        (TODAY + timedelta(days=400), "Enter a day within the next 12 months."),
    ],
)
def test_an_auditor_has_a_last_day_that_can_be(house: House, last_day: date | None, why: str) -> None:
    form = {"role": "auditor", "team": "", "last_day": last_day.isoformat() if last_day else ""}
    page = house.client("Alex").post(f"/people/{house.people['Nell'].id}/role", form, 422)
    assert why in page.text
    checked = [field.get("value") for field in page.all("input") if field.get("checked") is not None]
    assert checked == ["auditor"]
    assert house.session.execute(select(RoleGrant).where(RoleGrant.role == "auditor")).first() is None


@pytest.mark.both_engines
def test_an_auditor_reads_until_the_last_day_and_from_the_next_request_on_nothing(house: House) -> None:
    house.client("Alex").post(
        f"/people/{house.people['Nell'].id}/role", {"role": "auditor", "team": "", "last_day": TODAY.isoformat()}
    )
    nell, kim = house.client("Nell"), house.people["Kim"].id
    menu = nell.get("/").text
    assert "Report" in menu
    assert "Log" in menu
    for path in ("/report", f"/report?on={TODAY - timedelta(days=1)}", f"/report/people/{kim}", "/people", "/audit"):
        nell.get(path)
    page = nell.get(f"/report/people/{kim}").text
    assert "Remind now" not in page
    assert "Give more time" not in page
    answer = nell.post(f"/renewal/people/{kim}/extension", {"until": SOON.isoformat(), "reason": "x"}, 403)
    assert "As an auditor you can see this but not change it." in answer.text
    # The day passes: nobody has to do anything for that.
    house.session.execute(
        update(RoleGrant).where(RoleGrant.role == "auditor").values(last_day=TODAY - timedelta(days=1))
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
    house.give("Nell", "auditor", "Seals", SOON)
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
    house.give("Nell", "auditor", None, SOON)
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
    house.give("Nell", "auditor", None, TODAY)
    house.give("Nell", "auditor", None, TODAY)
    house.give("Nell", "auditor", None, SOON)
    rows = select(RoleGrant.last_day, RoleGrant.until.is_(None)).where(RoleGrant.role == "auditor")
    assert house.session.execute(rows.order_by(RoleGrant.id)).all() == [(TODAY, False), (SOON, True)]
    house.session.execute(
        update(RoleGrant).where(RoleGrant.last_day == SOON).values(last_day=TODAY - timedelta(days=2))
    )
    house.session.commit()
    page = house.client("Alex").get(f"/people/{house.people['Nell'].id}").text
    assert "Remove the role Auditor" not in page
    assert "Auditor until" in page.split("History")[1]
    # What has ended by itself is given anew, and its end is that of its last day.
    house.give("Nell", "auditor", None, SOON)
    ended = select(RoleGrant.until).where(RoleGrant.last_day == TODAY - timedelta(days=2))
    assert house.session.execute(ended).scalar_one() == start_of_day(TODAY - timedelta(days=1), ZONE)
    assert house.viewer("Nell").audits == (None,)


def test_the_end_of_a_role_is_written_down_once(house: House) -> None:
    house.give("Nell", "auditor", "Seals", TODAY)
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
    house.give("Nell", "auditor", "Seals", SOON)
    house.give("Nell", "manager", "Otters")
    form = {"into": str(house.teams["Otters"].id), "reason": "one team now"}
    house.client("Alex").post(f"/teams/{house.teams['Seals'].id}/merge", form)
    now_held = select(RoleGrant.role, RoleGrant.team_id, RoleGrant.last_day).where(
        RoleGrant.person_id == house.people["Nell"].id, RoleGrant.until.is_(None)
    )
    otters = house.teams["Otters"].id
    assert set(house.session.execute(now_held).all()) == {("auditor", otters, SOON), ("manager", otters, None)}


# Two roles, and what changes in between


@pytest.mark.parametrize("role", ["hr", "auditor"])
def test_who_has_such_a_role_has_training_of_their_own_as_everybody(house: House, role: str) -> None:
    house.give("Bo", role, None, SOON if role == "auditor" else None)
    bo = house.client("Bo")
    assert "My training" in bo.get("/").text
    bo.get("/record")
    bo.get("/module/responding")
    bo.post("/assessment", {})
    assert "Bo Marsh" in house.client("Alex").get("/report").text


@pytest.mark.both_engines
def test_somebody_with_two_roles_has_each_where_it_was_given(house: House) -> None:
    house.give("Priya", "hr")
    priya, seals = house.client("Priya"), house.teams["Seals"].id
    assert "Bo Marsh" in priya.get("/report").text
    priya.get(f"/insight/team/{seals}")
    priya.get(f"/insight/team/{house.teams['Otters'].id}", 404)
    assert "Checks and assessments" in priya.get(f"/report/people/{house.people['Kim'].id}").text
    assert "Checks and assessments" not in priya.get(f"/report/people/{house.people['Bo'].id}").text
    assert [option.text for option in priya.get("/evidence").all("option")] == ["– Seals"]
    house.give("Kim", "auditor", "Otters", SOON)
    house.give("Kim", "manager", "Seals")
    kim = house.viewer("Kim")
    every = [person.id for person in house.people.values()]
    assert house.names(ids_visible_to(house.session, kim)) == {"Priya", "Kim", "Bo", "Hal"}
    assert house.names(ids_recordable_by(house.session, kim, every)) == {"Priya"}
    assert not kim.scope("see the audit log").everyone


def test_a_role_that_is_taken_away_ends_in_the_windows_that_are_open(house: House) -> None:
    house.give("Kim", "hr")
    kim, other = house.client("Kim"), house.client("Kim")
    form = kim.get("/people/add").fields() | {"name": "Ida Holm", "email": "ida@example.org"}
    grant = house.session.execute(
        select(RoleGrant.id).where(RoleGrant.person_id == house.people["Kim"].id)
    ).scalar_one()
    house.client("Alex").post(f"/people/{house.people['Kim'].id}/role/{grant}/end", {})
    kim.post("/people/add", form, 403)
    other.get("/people", 403)
    other.get("/")
    assert house.session.execute(select(Person).where(Person.email == "ida@example.org")).first() is None


def ready_file(house: House, name: str, at: datetime) -> str:
    """Where somebody downloads a report file that was made for them at that moment."""
    made = Download(kind="csv", made_by=house.people[name].id, made_at=at, day=TODAY, asked="", people=6, content=b"x")
    house.session.add(made)
    house.session.commit()
    return f"/report/made/{made.id}/download"


@pytest.mark.both_engines
@pytest.mark.parametrize("how", ["role removed", "last day passed", "deputy ended", "lender lost the role"])
def test_a_file_from_before_somebody_saw_less_is_not_given_out(house: House, how: str) -> None:
    """Bo manages Otters, and has seen more besides until just now."""
    house.give("Bo", "manager", "Otters")
    moment = now()
    long_ago, yesterday = moment - timedelta(days=2), TODAY - timedelta(days=1)
    bo, row = house.people["Bo"].id, {"since": long_ago, "person_id": house.people["Bo"].id}
    lent = {"manager_id": house.people["Priya"].id, "deputy_id": bo, "reason": "x", "made_at": long_ago}
    before = ready_file(house, "Bo", moment - timedelta(hours=26))
    client = house.client("Bo")
    client.post(before, {}, 200)
    if how == "role removed":
        house.session.add(RoleGrant(role="hr", until=moment - timedelta(seconds=1), **row))
    elif how == "last day passed":
        house.session.add(RoleGrant(role="auditor", last_day=yesterday, **row))
    elif how == "deputy ended":
        house.session.add(Deputy(until=SOON, ended_at=moment - timedelta(seconds=1), **lent))
    else:
        house.session.add(Deputy(until=SOON, **lent))
        priya = RoleGrant.person_id == house.people["Priya"].id
        house.session.execute(update(RoleGrant).where(priya).values(until=moment - timedelta(seconds=1)))
    house.session.commit()
    assert "Your access has changed since this file was made." in client.post(before, {}, 403).text
    client.post(ready_file(house, "Bo", now() + timedelta(seconds=1)), {}, 200)


# Deputies who may act


def lend(house: House, may_act: str) -> Client:
    form = {"email": "bo@example.org", "until": SOON.isoformat(), "reason": "holiday", "may_act": may_act}
    priya = house.client("Priya")
    priya.post("/people/deputies", form)
    page = priya.get("/people/deputies").text
    assert ("They can look and act." in page) == (may_act == "act")
    return priya


@pytest.mark.both_engines
def test_what_a_deputy_does_names_them_and_the_manager_in_the_log(house: House) -> None:
    lend(house, "act")
    bo, kim = house.client("Bo"), house.people["Kim"].id
    assert "You can look and act." in bo.get("/people/deputies").text
    bo.post(f"/renewal/people/{kim}/extension", {"until": SOON.isoformat(), "reason": "x"})
    log = house.client("Alex").get("/audit?kind=extension").text
    assert "Bo Marsh" in log
    assert "as deputy of Priya Nair" in log
    # Where somebody may do it in their own right they do it as themselves.
    house.give("Bo", "manager", "Seals")
    later = (SOON + timedelta(days=3)).isoformat()
    bo.post(f"/renewal/people/{kim}/extension", {"until": later, "reason": "y"})
    entries = select(AuditEntry.details).where(AuditEntry.what.startswith("extension."))
    assert ["deputy_of" in details for details in house.session.execute(entries).scalars()] == [True, False]
    # A deputy lends nothing on, and gives no roles.
    bo.post(f"/people/{kim}/role", {"role": "manager", "team": str(house.teams["Seals"].id)}, 403)


@pytest.mark.both_engines
def test_a_deputy_whose_access_ends_while_a_form_is_open_records_nothing(house: House) -> None:
    priya = lend(house, "act")
    bo, kim = house.client("Bo"), house.people["Kim"].id
    bo.get(f"/renewal/people/{kim}/extension")
    priya.post(f"/people/deputies/{house.session.execute(select(Deputy.id)).scalar_one()}/end", {})
    lend(house, "look")
    answer = bo.post(f"/renewal/people/{kim}/extension", {"until": SOON.isoformat(), "reason": "x"}, 403)
    assert "As a deputy you can see this but not change it." in answer.text
    assert "Remind now" not in bo.get(f"/report/people/{kim}").text
    assert house.session.execute(select(RenewalExtension)).first() is None


def test_a_deputy_sees_no_more_than_the_teams_of_a_manager_with_another_role(house: House) -> None:
    house.give("Priya", "hr")
    lend(house, "act")
    assert house.names(ids_visible_to(house.session, house.viewer("Bo"))) == {"Priya", "Kim"}
    assert "manage people" not in house.viewer("Bo").permissions
