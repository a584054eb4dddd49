"""A pack is of one moment, also if somebody changes the records while it is being made."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from course.clock import now
from course.context import make_context
from course.dates import civil_date
from course.evidence.builder import PackRequest
from course.evidence.jobs import produce_pack
from course.evidence.queries import responsible_people
from course.organisation.actions import confirm_contact
from course.people.rules import COMMAND_VIEWER
from course.recertification.actions import grant_extension
from course.reports.status_cache import StatusCache
from course.web.unit_of_work import unit_of_work
from tests.makers import make_person, make_team

ZONE = "Europe/London"


def rows_of(pack: bytes, name: str) -> list[dict[str, str]]:
    with zipfile.ZipFile(io.BytesIO(pack)) as archive:
        return list(csv.DictReader(io.StringIO(archive.read(name).decode("utf-8-sig"), newline="")))


def test_what_is_recorded_while_a_pack_is_made_is_in_the_next_one_and_in_no_part_of_this(committed: Flask) -> None:
    with committed.app_context():
        with unit_of_work() as session:
            boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator")
            sam = make_person(session, team=make_team(session)).id
            confirm_contact(make_context(session, boss.id, now()), "lead", "Jo Early", "01632 960101", "")
            boss_id = boss.id
        today = civil_date(now(), "Europe/London")

        def change(_stage: str, done: int, _total: int) -> None:
            if done != 1:
                return
            # The people have been read; their extensions and those who were responsible have not.
            with unit_of_work() as session:
                context = make_context(session, boss_id, now())
                grant_extension(context, sam, today + timedelta(days=60), "was ill")
                confirm_contact(context, "lead", "Jo Later", "01632 960102", "")

        packs = [
            produce_pack(PackRequest(None, today, COMMAND_VIEWER, now()), StatusCache(), tell)
            for tell in (change, lambda *_: None)
        ]
    for pack, extensions, lead in zip(packs, (0, 1), ("Jo Early", "Jo Later"), strict=True):
        assert len(rows_of(pack, "extensions-and-leaves.csv")) == extensions
        named = [row["Name"] for row in rows_of(pack, "responsible.csv")]
        assert (lead in named, len(named)) == (True, 2)


@pytest.mark.both_engines
def test_a_pack_names_the_safeguarding_lead_of_its_team_and_not_that_of_another_site(
    session: Session,
) -> None:
    boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator")
    elm, oak = make_team(session, "Elm"), make_team(session, "Oak")
    room = make_team(session, "Room", elm)
    context = make_context(session, boss.id, now())
    confirm_contact(context, "lead", "Jo Trust", "01632 960101", "")
    confirm_contact(context, "deputy", "Di Trust", "01632 960102", "")
    confirm_contact(context, "lead", "Kay Elm", "01632 960103", "", elm.id)
    confirm_contact(context, "lead", "Lou Oak", "01632 960104", "", oak.id)
    confirm_contact(context, "lead", "", "", "", oak.id)  # it inherits again
    session.commit()
    named = {
        team: [
            (one.name, one.responsibility)
            for one in responsible_people(session, now(), civil_date(now(), ZONE), ZONE, "lead", team)
            if one.confirmed_on
        ]
        for team in (None, elm.id, room.id, oak.id)
    }
    deputy = ("Di Trust", "Safeguarding (deputy)")
    of_trust, of_elm = (("Jo Trust", "Safeguarding (lead)"), ("Kay Elm", "Safeguarding (lead)"))
    assert named == {
        None: [of_trust, deputy], elm.id: [of_elm, deputy], room.id: [of_elm, deputy], oak.id: [of_trust, deputy],
    }  # fmt: skip
