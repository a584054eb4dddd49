"""HR, people with two roles, and deputies who may act: what each sees and does, and until when."""

from __future__ import annotations

from datetime import datetime, timedelta
from io import BytesIO

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from course.audit.models import AuditEntry
from course.clock import now
from course.context import make_context
from course.exports.models import Download
from course.people.actions import change_team
from course.people.models import Deputy, Person, PersonMerge, RoleGrant
from course.people.queries import ids_recordable_by, ids_visible_to
from course.people.rules import Viewer, grantable_roles, may_change_entry
from course.recertification.models import RenewalExtension
from tests.makers import make_person, make_team
from tests.pages import Client, Page
from tests.people.house import House, make_house, soon
from tests.support.days import this_day


@pytest.fixture
def house(app: Flask, session: Session) -> House:
    return make_house(app, session)


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
    client.post(f"/renewal/people/{house.people['Hal'].id}/extension", {"until": soon().isoformat()}, 404)
    form = {"until": soon().isoformat(), "reason": "back in May"}
    client.post(f"/renewal/people/{house.people['Bo'].id}/extension", form)
    assert house.session.execute(select(RenewalExtension.person_id)).scalars().all() == [house.people["Bo"].id]


@pytest.mark.parametrize("role", ["hr", "auditor", "administrator"])
def test_hr_gives_no_role_that_may_do_or_see_more(house: House, role: str) -> None:
    hal, kim = house.client("Hal"), house.people["Kim"].id
    form = hal.get(f"/people/{kim}/role")
    assert [field.get("value") for field in form.all("input") if field.get("name") == "role"] == ["manager"]
    hal.post(f"/people/{kim}/role", {"role": role, "team": "", "last_day": soon().isoformat()}, 422)
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


def test_hr_gives_themselves_no_role_on_the_page_of_a_team_or_by_a_list(house: House) -> None:
    hal, team, own = house.client("Hal"), house.teams["Otters"].id, house.people["Hal"].id
    for chosen in ({"person": str(own), "other": ""}, {"person": "", "other": "hal@example.org"}):
        answer = hal.post(f"/teams/{team}/managers", chosen)
        assert "You cannot give yourself a role" in hal.follow(answer).text
        assert house.viewer("Hal").leads == ()
    rows = ("Hal Frost,hal@example.org", "Bo Marsh,bo@example.org")
    text = "\n".join(("Name,Email,Team,Course role", *(f"{row},Top > Otters,manager" for row in rows)))
    sent = {"csrf_token": hal.token(), "file": (BytesIO(text.encode()), "staff.csv")}
    columns = Page(hal.flask.post("/people/import", data=sent))
    detail = columns.location.removesuffix("/columns")
    preview = hal.follow(hal.post(columns.location, hal.follow(columns).fields()))
    hal.follow(hal.post(f"{detail}/apply", {"mark": preview.fields(0)["mark"]}))
    assert house.viewer("Hal").leads == ()
    assert house.viewer("Bo").leads == (team,)
    assert "You cannot give yourself a role" in hal.get(detail).text
    # An administrator may, as on the page of a person.
    house.client("Alex").post(f"/teams/{team}/managers", {"person": "", "other": "alex@example.org"})
    assert house.viewer("Alex").leads == (team,)


@pytest.mark.parametrize("guarded", ["Alex", "Nell"])
def test_hr_cannot_take_over_the_entry_of_somebody_who_may_see_more(house: House, guarded: str) -> None:
    house.give("Nell", "auditor", None, soon())
    make_person(house.session, "Second Boss", "second@example.org", "administrator")
    hal, person = house.client("Hal"), house.people[guarded]
    email = person.email or ""
    reason = "x"
    correction = {"name": person.name, "email": "mine@example.org", "staff_number": "", "reason": reason}
    merged = {"other": email, "keep": "first", "reason": reason}
    deeds = (
        (f"/people/{person.id}/correct", correction),
        (f"/people/{person.id}/leave", {"last_day": this_day().isoformat(), "reason": reason}),
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


# Two roles, and what changes in between


@pytest.mark.parametrize("role", ["hr", "auditor"])
def test_who_has_such_a_role_has_training_of_their_own_as_everybody(house: House, role: str) -> None:
    house.give("Bo", role, None, soon() if role == "auditor" else None)
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
    house.give("Kim", "auditor", "Otters", soon())
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
    # The role ended the sessions that had begun with it. Signed in again, Kim has it no more.
    kim.post("/people/add", form, 400)
    other.get("/people", 303)
    again = house.client("Kim")
    again.get("/people", 403)
    again.get("/")
    assert house.session.execute(select(Person).where(Person.email == "ida@example.org")).first() is None


def ready_file(house: House, name: str, at: datetime) -> str:
    """Where somebody downloads a report file that was made for them at that moment."""
    made = Download(
        kind="csv", made_by=house.people[name].id, made_at=at, day=this_day(), asked="", people=6, content=b"x"
    )
    house.session.add(made)
    house.session.commit()
    return f"/report/made/{made.id}/download"


@pytest.mark.both_engines
@pytest.mark.parametrize("file", ["of all teams", "of the team"])
def test_a_file_from_before_a_team_left_the_tree_of_its_manager_is_not_given_out(house: House, file: str) -> None:
    otters = house.teams["Otters"]
    below, beside = make_team(house.session, "Cubs", parent=otters), make_team(house.session, "Elsewhere")
    house.give("Bo", "manager", "Otters")
    yesterday = now() - timedelta(hours=20)
    before = ready_file(house, "Bo", yesterday)
    house.session.execute(update(Download).values(team_id=below.id if file == "of the team" else None, day=this_day()))
    house.session.commit()
    client = house.client("Bo")
    client.post(before, {}, 200)
    # A merge within the tree, or a move in it, takes nothing away.
    inside = make_team(house.session, "Kits", parent=otters)
    assert change_team(make_context(house.session, None, now()), below.id, "Cubs", inside.id, "x") is None
    house.session.commit()
    client.post(before, {}, 200)
    assert change_team(make_context(house.session, None, now()), below.id, "Cubs", beside.id, "x") is None
    house.session.commit()
    assert "Your access has changed since this file was made." in client.post(before, {}, 403).text


@pytest.mark.both_engines
@pytest.mark.parametrize("how", ["role removed", "last day passed", "deputy ended", "lender lost the role"])
def test_a_file_from_before_somebody_saw_less_is_not_given_out(house: House, how: str) -> None:
    """Bo manages Otters, and has seen more besides until just now."""
    house.give("Bo", "manager", "Otters")
    moment = now()
    long_ago, yesterday = moment - timedelta(days=2), this_day() - timedelta(days=1)
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
        house.session.add(Deputy(until=soon(), ended_at=moment - timedelta(seconds=1), **lent))
    else:
        house.session.add(Deputy(until=soon(), **lent))
        priya = RoleGrant.person_id == house.people["Priya"].id
        house.session.execute(update(RoleGrant).where(priya).values(until=moment - timedelta(seconds=1)))
    house.session.commit()
    assert "Your access has changed since this file was made." in client.post(before, {}, 403).text
    client.post(ready_file(house, "Bo", now() + timedelta(seconds=1)), {}, 200)


# Deputies who may act


def lend(house: House, may_act: str) -> Client:
    form = {"email": "bo@example.org", "until": soon().isoformat(), "reason": "holiday", "may_act": may_act}
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
    bo.post(f"/renewal/people/{kim}/extension", {"until": soon().isoformat(), "reason": "x"})
    log = house.client("Alex").get("/audit?kind=extension").text
    assert "Bo Marsh" in log
    assert "as deputy of Priya Nair" in log
    # Where somebody may do it in their own right they do it as themselves.
    house.give("Bo", "manager", "Seals")
    bo = house.client("Bo")  # a new role begins with a new sign-in
    later = (soon() + timedelta(days=3)).isoformat()
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
    answer = bo.post(f"/renewal/people/{kim}/extension", {"until": soon().isoformat(), "reason": "x"}, 403)
    assert "As a deputy you can see this but not change it." in answer.text
    assert "Remind now" not in bo.get(f"/report/people/{kim}").text
    assert house.session.execute(select(RenewalExtension)).first() is None


def test_a_deputy_sees_no_more_than_the_teams_of_a_manager_with_another_role(house: House) -> None:
    house.give("Priya", "hr")
    lend(house, "act")
    assert house.names(ids_visible_to(house.session, house.viewer("Bo"))) == {"Priya", "Kim"}
    assert "manage people" not in house.viewer("Bo").permissions
