"""The certificates of a pack: they say in every table and in the document what the report says."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

from flask import Flask
from pypdf import PdfReader
from sqlalchemy import update
from sqlalchemy.orm import Session

from course.certificates.actions import reissue_in_name
from course.clock import now
from course.context import make_context
from course.dates import civil_date
from course.organisation.models import Organisation
from course.recertification.actions import add_policy_version, import_completion
from course.recertification.rules.facts import ExternalCompletion
from course.recertification.rules.policy import Policy
from tests.evidence.test_packs import PAST, ZONE, make_pack, table
from tests.makers import make_person, sign_in
from tests.pages import Client
from tests.refreshers.makers import make_completed
from tests.support.days import this_day


def test_a_pack_names_the_certificate_to_which_the_last_valid_day_belongs_as_the_report_does(
    app: Flask, session: Session, client: Client
) -> None:
    boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator", at=PAST)
    session.execute(update(Organisation).values(set_up_at=PAST))
    library = app.extensions["course"].library.for_("school", "england")
    done = make_completed(session, library, timedelta(days=400), email="done@example.org")
    rule = Policy(civil_date(PAST, ZONE), period_months=36, import_age_months=12)
    add_policy_version(make_context(session, boss.id, PAST), rule, "older ones say little")
    brought = ExternalCompletion(this_day(-20), None, "Elm Trust")
    context = make_context(session, boss.id, now())
    assert import_completion(context, done.id, brought, "shown on paper")
    late = make_person(session, "Late Shown", "late@example.org", at=PAST)
    too_old = ExternalCompletion(this_day(-500), this_day(100), "Oak Trust")
    assert import_completion(context, late.id, too_old, "shown on paper")
    assert reissue_in_name(context, done.id, "Another Name", "married") == 1
    session.commit()
    sign_in(client, boss)
    report = client.post("/report/file/csv", {"q": "done@example.org"}, 200).body.decode("utf-8-sig")
    (listed,) = csv.DictReader(io.StringIO(report, newline=""))
    files = make_pack(client, None, this_day())
    rows = {row["E-mail"]: row for row in table(files, "people.csv")}
    row = rows["done@example.org"]
    assert row["Certificate valid until"] == listed["Certificate valid until"] > str(this_day(300))
    assert row["Completed on"] == listed["Completed on"] == str(this_day(-20))
    assert row["Certificate"] == "From elsewhere: Elm Trust"
    # Of one that does not count no table says that it is valid, and one in two names was completed once.
    counted = {row["Certificate"]: row["On the day of the pack"] for row in table(files, "completions.csv")}
    assert (rows["late@example.org"]["Valid certificate"], counted["Oak Trust"]) == ("No", "Too old to count")
    assert len(counted) == 4
    text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(files["evidence.pdf"])).pages)
    assert "or provided an earlier certificate, 3 times" in " ".join(text.split())
