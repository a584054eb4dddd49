"""What a rule, an action or a job says reaches a page in the language of its reader."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from course.clock import now
from course.context import make_context
from course.exports.rules import NOT_ALLOWED
from course.jobs.models import Job
from course.people.actions import record_departure, record_return
from course.people.models import Person
from course.reports.report_files import REPORT_FORMATS
from course.translation import use_language
from tests.certificates.makers import make_certificate
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client
from tests.people.test_merging import merge
from tests.support.days import form_day, this_day

POLICY = {"kind": "anniversary", "period_months": "12", "fixed_day": "31", "fixed_month": "1", "minimum_months": "6",
          "window_days": "60", "lapse_months": "12", "starter_days": "28", "minimum_days": "7",
          "import_age_months": "", "applies": "now", "reason": "x"}  # fmt: skip
REMINDERS = {"before": "30", "every_days": "7", "digest_weekday": "0", "lead_days": "14", "opens": "8", "closes": "18",
             "closed": "", "reason": "x", "preview": "yes"}  # fmt: skip
STEPS = "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11"


@pytest.fixture
def boss(session: Session, client: Client) -> Person:
    """An administrator who reads Welsh and is signed in."""
    person = make_person(session, "Alex Morgan", "alex@example.org", "administrator")
    person.language = "cy"
    session.commit()
    sign_in(client, person)
    return person


@pytest.mark.parametrize(
    ("path", "form", "welsh"),
    [
        ("/renewal/policy/everybody", {**POLICY, "window_days": "300", "period_months": "1"}, "Mae’r cyfnod adnewyddu"),
        ("/renewal/policy/everybody", {**POLICY, "fixed_month": "2"}, "Nid yw’r dyddiad penodedig"),
        ("/reminders/policy", {**REMINDERS, "before": STEPS}, "Rhowch rhwng un a 10 nifer"),
        ("/reminders/policy", {**REMINDERS, "closed": "1 May 2026 to 1 April 2026"}, "Mae cyfnod ar gau"),
        (
            "/registrations/links/add",
            {"domains": "", "team": "", "ends_on": "2020-01-01"},
            "Rhowch o leiaf un parth e-bost",
        ),
        (
            "/registrations/links/add",
            {"domains": "nonsense", "team": "", "ends_on": "2020-01-01"},
            "Nid yw “nonsense” yn barth e-bost",
        ),
    ],
)
@pytest.mark.usefixtures("boss")
def test_a_form_is_refused_in_the_language_of_its_reader(
    client: Client, path: str, form: dict[str, str], welsh: str
) -> None:
    assert welsh in client.post(path, form, 422).text


@pytest.mark.usefixtures("boss")
def test_a_day_that_cannot_be_is_refused_in_the_language_of_the_administrator(session: Session, client: Client) -> None:
    person = make_person(session, at=now())
    early = form_day(-9)
    page = client.post(f"/people/{person.id}/leave", {"last_day": early, "reason": "x"}, 422)
    assert "Rhowch ddiwrnod nad yw cyn y diwrnod cyntaf." in page.text
    assert record_departure(make_context(session, None, now()), person.id, this_day(), "moved") is None
    session.commit()
    page = client.post(f"/people/{person.id}/return", {"first_day": early, "team": "", "reason": "x"}, 422)
    assert "Rhowch ddyddiad ar ôl y diwrnod y gwnaethant adael." in page.text


def test_whoever_comes_second_is_refused_in_their_language(session: Session) -> None:
    person = make_person(session, at=now() - timedelta(days=30))
    context = make_context(session, None, now())
    refused = [record_return(context, person.id, this_day(), None, "x")]
    assert record_departure(context, person.id, this_day(), "moved") is None
    refused.append(record_departure(context, person.id, this_day(), "moved"))
    with use_language("cy"):
        words = [str(one.message) for one in refused if one is not None]
    assert words == ["Nid yw’r person hwn wedi gadael.", "Mae’r person hwn wedi gadael eisoes."]


def test_three_who_get_a_request_for_help_are_counted_in_the_language_of_the_learner(
    session: Session, client: Client
) -> None:
    for name in ("Alex", "Kim", "Jo"):
        make_person(session, name, f"{name}@example.org", "administrator")
    person = make_person(session)
    person.language = "cy"
    session.commit()
    sign_in(client, person)
    page = client.follow(client.post("/help", {"from": "assessment"}))
    assert "Bydd 3 pherson sy’n gofalu am y cwrs yn cael e-bost" in page.text


@pytest.mark.usefixtures("boss")
def test_the_reason_why_a_file_was_not_made_is_said_in_the_language_of_the_reader(
    session: Session, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_person(session, "Bo Lee", "bo@example.org", team=make_team(session))
    monkeypatch.setitem(REPORT_FORMATS, "xlsx", replace(REPORT_FORMATS["xlsx"], max_immediate=1))
    page = client.follow(client.post("/report/file/xlsx", {}))
    session.execute(update(Job).values(state="failed", failure=str(NOT_ALLOWED)))
    session.commit()
    address = str(page.all("form")[-1].get("action")).removesuffix("/download")
    seen = client.get(address).text + client.get("/system/jobs").text
    assert "You can no longer see these people" not in seen


@pytest.mark.usefixtures("boss")
def test_where_an_earlier_certificate_comes_from_is_said_in_the_language_of_the_reader(
    session: Session, client: Client
) -> None:
    certificate = make_certificate(session, "second@example.org")
    first = make_person(session, "Sam Okafor", "first@example.org")
    assert merge(session, certificate.person_id, first.id) is None
    session.commit()
    assert "From a second entry" not in client.get(f"/report/people/{first.id}").text
