"""The calls of Microsoft Entra and Okta in the form that their documentation gives, for people who do not exist."""

from __future__ import annotations

from typing import Any

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.people.models import Person
from tests.makers import make_person
from tests.scim.connected import ENTERPRISE_SCHEMA, GROUP_SCHEMA, USER_SCHEMA, Provider, connect


def entra_user(name: str = "mia.okoro", **values: Any) -> dict[str, Any]:
    """What Entra sends to create a user with its usual attribute mappings."""
    return {
        "schemas": [USER_SCHEMA, ENTERPRISE_SCHEMA],
        "externalId": "5f0c8a1e-3a52-4a7e-9d0c-1d1b8a6f2c10",
        "userName": f"{name}@example.org",
        "active": True,
        "addresses": [
            {"primary": False, "type": "work", "country": "GB", "formatted": "Hall 2", "locality": "Riverside",
             "postalCode": "RV1 1AA", "region": "South", "streetAddress": "2 Bank Street"}
        ],
        "displayName": "Okoro, Mia (Safeguarding)",
        "emails": [{"primary": True, "type": "work", "value": f"{name}@example.org"}],
        "meta": {"resourceType": "User"},
        "name": {"formatted": "Mia Okoro", "familyName": "Okoro", "givenName": "Mia"},
        "phoneNumbers": [{"primary": True, "type": "mobile", "value": "+44 7700 900123"}],
        "preferredLanguage": "en-GB",
        "roles": [],
        "title": "Teaching assistant",
        ENTERPRISE_SCHEMA: {"employeeNumber": "T-0481", "department": "Year 4", "manager": "26f6b5d5"},
        **values,
    }  # fmt: skip


def person_named(session: Session, email: str) -> Person:
    session.expire_all()
    return session.execute(select(Person).where(Person.email == email)).scalar_one()


def test_entra_tests_its_connection_with_somebody_who_does_not_exist(app: Flask, session: Session) -> None:
    entra = connect(app, session)
    found = entra.call("GET", '/Users?filter=userName eq "no-such-user-75ad38"')
    assert (found.status_code, found.get_json()["totalResults"], found.content_type) == (
        200, 0, "application/scim+json",
    )  # fmt: skip
    found = entra.call("GET", '/Groups?excludedAttributes=members&filter=displayName eq "no-such-group-75ad38"')
    assert (found.status_code, found.get_json()["totalResults"]) == (200, 0)


def test_entra_creates_finds_changes_and_deactivates_somebody(app: Flask, session: Session) -> None:
    entra = connect(app, session)
    made = entra.call("POST", "/Users", entra_user())
    assert made.status_code == 201, made.text
    number = made.get_json()["id"]
    assert made.headers["Location"] == f"http://127.0.0.1:8000/scim/v2/Users/{number}"
    assert made.headers["ETag"] == made.get_json()["meta"]["version"]
    assert "7700" not in made.text
    person = person_named(session, "mia.okoro@example.org")
    assert (person.name, person.staff_number, person.job_role) == ("Mia Okoro", "T-0481", "Teaching assistant")
    found = entra.call("GET", '/Users?filter=userName eq "MIA.OKORO@example.org"').get_json()
    assert [one["id"] for one in found["Resources"]] == [number]
    found = entra.call("GET", '/Users?filter=externalId eq "5f0c8a1e-3a52-4a7e-9d0c-1d1b8a6f2c10"').get_json()
    assert found["totalResults"] == 1
    changed = entra.patch(
        f"/Users/{number}",
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "mia.ode@example.org"},
        {"op": "Replace", "path": "name.familyName", "value": "Ode"},
        {"op": "Replace", "path": "userName", "value": "mia.ode@example.org"},
        {"op": "Add", "path": f"{ENTERPRISE_SCHEMA}:department", "value": "Year 5"},
        {"op": "Add", "path": f"{ENTERPRISE_SCHEMA}:manager", "value": "26f6b5d5"},
        {"op": "Add", "path": 'phoneNumbers[type eq "work"].value', "value": "+44 7700 900456"},
        {"op": "Replace", "path": "title", "value": "Teacher"},
    )
    assert changed.status_code in (200, 204), changed.text
    person = person_named(session, "mia.ode@example.org")
    assert (person.name, person.job_role, person.left_at) == ("Mia Ode", "Teacher", None)
    gone = entra.patch(f"/Users/{number}", {"op": "Replace", "path": "active", "value": "False"})
    assert gone.status_code in (200, 204), gone.text
    assert person_named(session, "mia.ode@example.org").left_at is not None
    assert entra.call("GET", f"/Users/{number}").get_json()["active"] is False
    flat = {"active": "True", "name.givenName": "Miriam", 'emails[type eq "work"].value': "miriam@example.org"}
    flat['phoneNumbers[type eq "work"].value'] = "+44 7700 900789"
    back = entra.patch(f"/Users/{number}", {"op": "Replace", "value": flat})
    assert back.status_code in (200, 204), back.text
    person = person_named(session, "miriam@example.org")
    assert (person.name, person.left_at) == ("Miriam Ode", None)


def test_entra_fills_an_address_that_is_not_there_yet(app: Flask, session: Session) -> None:
    entra = connect(app, session)
    made = entra.create("leo.hahn", "Leo", "Hahn", externalId="77")
    changed = entra.patch(
        f"/Users/{made['id']}", {"op": "Add", "path": 'emails[type eq "work"].value', "value": "leo.hahn@example.org"}
    )
    assert changed.status_code in (200, 204), changed.text
    person = person_named(session, "leo.hahn@example.org")
    assert (person.name, person.sign_in_name) == ("Leo Hahn", "leo.hahn")


def test_entra_puts_people_into_groups_and_takes_them_out(app: Flask, session: Session) -> None:
    entra = connect(app, session)
    mia, leo = entra.create("mia@example.org"), entra.create("leo@example.org", "Leo", "Hahn")
    body = {
        "schemas": [GROUP_SCHEMA, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
        "externalId": "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159",
        "displayName": "All teachers",
        "meta": {"resourceType": "Group"},
    }
    made = entra.call("POST", "/Groups", body)
    assert made.status_code == 201, made.text
    number = made.get_json()["id"]
    members = [{"value": mia["id"]}, {"value": leo["id"]}]
    assert entra.patch(f"/Groups/{number}", {"op": "Add", "path": "members", "value": members}).status_code == 204
    question = f'/Groups?excludedAttributes=members&filter=id eq "{number}" and members eq "{mia["id"]}"'
    assert entra.call("GET", question).get_json()["totalResults"] == 1
    one = [{"value": mia["id"]}]
    assert entra.patch(f"/Groups/{number}", {"op": "Remove", "path": "members", "value": one}).status_code == 204
    assert entra.call("GET", question).get_json()["totalResults"] == 0
    left = entra.call("GET", f"/Groups/{number}").get_json()
    assert [one["value"] for one in left["members"]] == [leo["id"]]
    assert "members" not in entra.call("GET", f"/Groups/{number}?excludedAttributes=members").get_json()
    named = entra.patch(f"/Groups/{number}", {"op": "Replace", "path": "displayName", "value": "Every teacher"})
    assert named.status_code == 204


def test_okta_creates_replaces_and_deactivates_somebody(app: Flask, session: Session) -> None:
    okta = connect(app, session, "Okta")
    body = {
        "schemas": [USER_SCHEMA], "userName": "noor.aziz@example.org", "name": {"givenName": "Noor", "familyName": "Aziz"},
        "emails": [{"primary": True, "value": "noor.aziz@example.org", "type": "work"}], "displayName": "Noor Aziz",
        "locale": "en-GB", "externalId": "00ujl29u0le5T6Aj10h7", "groups": [], "password": "1mz050nq", "active": True,
    }  # fmt: skip
    found = okta.call("GET", '/Users?filter=userName%20eq%20"noor.aziz@example.org"&startIndex=1&count=100').get_json()
    assert (found["totalResults"], found["startIndex"]) == (0, 1)
    made = okta.call("POST", "/Users", body, Content_Type="application/scim+json; charset=utf-8")
    assert made.status_code == 201, made.text
    assert "1mz050nq" not in made.text
    number = made.get_json()["id"]
    renamed = {**made.get_json(), "name": {"givenName": "Noor", "familyName": "Aziz-Bell"}}
    replaced = okta.call("PUT", f"/Users/{number}", renamed)
    assert (replaced.status_code, person_named(session, "noor.aziz@example.org").name) == (200, "Noor Aziz-Bell")
    gone = okta.patch(f"/Users/{number}", {"op": "replace", "value": {"active": False}})
    assert gone.status_code in (200, 204)
    assert person_named(session, "noor.aziz@example.org").left_at is not None
    for silent in ({**renamed, "active": None}, {name: one for name, one in renamed.items() if name != "active"}):
        kept = okta.call("PUT", f"/Users/{number}", silent)
        assert (kept.status_code, kept.get_json()["active"]) == (200, False)
        assert person_named(session, "noor.aziz@example.org").left_at is not None
    back = okta.call("PUT", f"/Users/{number}", {**renamed, "active": True})
    assert (back.status_code, person_named(session, "noor.aziz@example.org").left_at) == (200, None)


def test_okta_pushes_a_group_and_its_members(app: Flask, session: Session) -> None:
    okta = connect(app, session, "Okta")
    noor, sam = okta.create("noor@example.org", "Noor", "Aziz"), okta.create("sam@example.org", "Sam", "Reed")
    group = okta.group("Year 4")
    assert okta.call("GET", '/Groups?filter=displayName eq "Year 4"').get_json()["totalResults"] == 1
    renaming = {"op": "replace", "value": {"id": group["id"], "displayName": "Years 4 and 5"}}
    assert okta.patch(f"/Groups/{group['id']}", renaming).status_code == 204
    adding = {"op": "add", "path": "members", "value": [{"value": noor["id"], "display": "noor@example.org"}]}
    assert okta.patch(f"/Groups/{group['id']}", adding).status_code == 204
    removing = {"op": "remove", "path": f'members[value eq "{noor["id"]}"]'}
    both = okta.patch(f"/Groups/{group['id']}", removing, {**adding, "value": [{"value": sam["id"]}]})
    assert both.status_code == 204
    found = okta.call("GET", f"/Groups/{group['id']}").get_json()
    assert (found["displayName"], [one["value"] for one in found["members"]]) == ("Years 4 and 5", [sam["id"]])
    # A replacement that says nothing of members takes nobody out; one with an empty list, or a removal, does.
    silent = {name: one for name, one in found.items() if name != "members"}
    for body in ({**silent, "displayName": "Year 5"}, {**silent, "displayName": "Year 6", "members": None}):
        kept = okta.call("PUT", f"/Groups/{group['id']}", body).get_json()
        assert (kept["displayName"], [one["value"] for one in kept["members"]]) == (body["displayName"], [sam["id"]])
    assert "members" not in okta.call("PUT", f"/Groups/{group['id']}", {**silent, "members": []}).get_json()
    for removal in ({"op": "remove", "path": "members"}, {"op": "replace", "path": "members", "value": []}):
        assert okta.call("PUT", f"/Groups/{group['id']}", found).get_json()["members"]
        assert okta.patch(f"/Groups/{group['id']}", removal).status_code == 204
        assert "members" not in okta.call("GET", f"/Groups/{group['id']}").get_json()
    assert okta.call("DELETE", f"/Groups/{group['id']}").status_code == 204
    assert okta.call("GET", f"/Groups/{group['id']}").status_code == 404


def test_a_list_comes_in_pages_that_together_hold_everybody_once(app: Flask, session: Session) -> None:
    okta = connect(app, session, "Okta")
    made = [okta.create(f"person{number}@example.org", "Person", f"Number{number}")["id"] for number in range(5)]
    found = []
    for start in (1, 3, 5):
        page = okta.call("GET", f"/Users?startIndex={start}&count=2").get_json()
        assert page["totalResults"] == 5
        found += [one["id"] for one in page["Resources"]]
    assert found == made
    assert okta.call("GET", "/Users?count=0").get_json().get("Resources", []) == []


def test_a_resource_is_read_and_changed_on_the_condition_of_its_version(app: Flask, session: Session) -> None:
    entra = connect(app, session)
    made = entra.create("mia@example.org")
    path, version = f"/Users/{made['id']}", made["meta"]["version"]
    assert entra.call("GET", path, If_None_Match=version).status_code == 304
    change = {"op": "replace", "path": "title", "value": "Teacher"}
    assert entra.patch(path, change, If_Match='W/"other"').status_code == 412
    assert entra.patch(path, change, If_Match=version).status_code == 204
    assert entra.patch(path, {**change, "value": "Head"}, If_Match=version).status_code == 412
    assert entra.call("GET", path, If_None_Match=version).get_json()["title"] == "Teacher"
    assert entra.call("DELETE", path, If_Match=version).status_code == 412
    assert person_named(session, "mia@example.org").left_at is None


def test_one_connection_sees_nothing_of_another(app: Flask, session: Session) -> None:
    entra, okta = connect(app, session), connect(app, session, "Okta")
    make_person(session, "Ben Ode", "ben@example.org")
    session.commit()
    mia = entra.create("mia@example.org")
    group = entra.group("Teachers", mia["id"])
    for path in (f"/Users/{mia['id']}", f"/Groups/{group['id']}"):
        assert okta.call("GET", path).status_code == 404
        assert okta.call("DELETE", path).status_code == 404
        assert okta.patch(path, {"op": "replace", "path": "displayName", "value": "x"}).status_code == 404
    assert okta.call("GET", "/Users").get_json()["totalResults"] == 0
    assert entra.call("GET", "/").get_json()["totalResults"] == 2
    taken = okta.call(
        "POST", "/Users", {"schemas": [USER_SCHEMA], "userName": "mia@example.org", "displayName": "Mia Okoro"}
    )
    assert (taken.status_code, taken.get_json()["scimType"]) == (409, "uniqueness")
    assert okta.call("POST", "/Groups", {"schemas": [GROUP_SCHEMA], "displayName": "T", "members": [{"value": mia["id"]}]}
                     ).status_code == 400  # fmt: skip


def test_without_a_token_of_a_connection_nothing_is_served(app: Flask, session: Session) -> None:
    entra = connect(app, session)
    for token in ("", "oacr_" + "x" * 49):
        other = Provider(app, token, 0)
        for method, path in (("GET", "/Users"), ("POST", "/Users"), ("GET", "/Schemas"), ("GET", "/no/such/place")):
            refused = other.call(method, path)
            assert refused.status_code == 401
            assert refused.headers["WWW-Authenticate"].startswith("Bearer")
    assert entra.call("GET", "/no/such/place").status_code == 404
    assert entra.call("PUT", "/Users").status_code == 405
