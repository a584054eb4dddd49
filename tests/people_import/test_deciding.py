"""Deciding about rows, uploading workbooks, several rows about one person, and what changes meanwhile. On both engines."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.context import make_context
from course.events import subscribe
from course.mail.models import OutboxMail
from course.people.events import EarlierCertificate
from course.people.models import Membership, Person, Team
from course.people_import import actions, queries
from tests.conftest import NOW
from tests.makers import make_organisation, make_person
from tests.pages import Client
from tests.people_import.lists import ANN, HEAD, ZONE, look, run, start
from tests.people_import.test_damage import workbook
from tests.people_import.test_lists import administrator, upload
from tests.support.rows import count

pytestmark = pytest.mark.both_engines


def test_a_list_is_applied_once_all_is_decided_and_what_it_brought_can_be_invited(
    session: Session, client: Client
) -> None:
    administrator(session, client)
    known = make_person(session, "Cara Voss", "cara@example.org", password=None)
    known.staff_number = "00583"
    session.commit()
    page = upload(client, b"Staff number,Name,E-mail\n583,Cara Voss,cara@example.org\nA1,ANN LEE,ann@example.org\n")
    preview = client.follow(client.post(page.location, client.get(page.location).fields()))
    path = page.location.removesuffix("/columns")
    assert "Decide first" in preview.text
    assert "583 may be the same" in preview.text
    assert f'action="{path}/apply"' not in preview.html
    refused = client.follow(client.post(f"{path}/apply", {"mark": "x"}))
    assert "Decide about all rows first" in refused.text
    wrong = client.follow(client.post(f"{path}/decide", {"question": "zeros", "answer": "perhaps"}))
    assert "already decided" in wrong.text
    client.post(f"{path}/decide", {"question": f"2:zeros:{known.id}", "answer": "same"})
    decided = client.follow(client.post(f"{path}/decide", {"question": "spelling", "answer": "right"}))
    assert "Decide first" not in decided.text
    done = client.follow(client.post(f"{path}/apply", {"mark": decided.fields(0)["mark"]}))
    assert "Applied on" in done.text
    session.expire_all()
    assert session.execute(select(Person.staff_number).where(Person.name == "Cara Voss")).scalar_one() == "00583"
    assert "Invite 2 people who have not been invited yet" in done.text
    assert "We are sending 2 invitations" in client.follow(client.post(f"{path}/invite", {})).text
    assert count(session, OutboxMail) == 2


def test_a_workbook_is_uploaded_like_any_list_and_a_very_wide_one_is_refused_at_once(
    session: Session, client: Client
) -> None:
    administrator(session, client)
    columns = client.follow(upload(client, workbook([["Email", "Name"], ["ann@example.org", "Ann Lee"]]), "staff.xlsx"))
    assert "1 row." in columns.text
    wide = b",".join(b"c%d" % number for number in range(40_000)) + b"\n" + b"x," * 39_999 + b"x\n"
    assert "The list has 40,000 columns" in upload(client, wide, status=422).text


def test_two_posts_and_a_history_of_training_become_one_person(session: Session) -> None:
    make_organisation(session)
    told: list[EarlierCertificate] = []
    subscribe(EarlierCertificate, lambda _session, event: told.append(event))
    rows = ["01/05/2024,Kitchen", "01/05/2026,Kitchen", "01/05/2025,Club"]
    text = "Email,Name,Completed on,Team\n" + "".join(f"ann@example.org,Ann Lee,{row}\n" for row in rows)
    assert run(session, text) == ["added", "joined", "joined"]
    assert [event.day.year for event in told] == [2024, 2025, 2026]
    assert count(session, Membership) == 2
    assert run(session, text) == ["unchanged", "joined", "joined"]
    # A move to one of two teams and a third one ends only the other.
    assert run(session, "Email,Name,Team\nann@example.org,Ann Lee,Club\n"
               "ann@example.org,Ann Lee,Office\n") == ["changed", "joined"]  # fmt: skip
    here = select(Team.name).join(Membership, Membership.team_id == Team.id).where(Membership.until.is_(None))
    assert sorted(session.execute(here).scalars()) == ["Club", "Office"]
    assert count(session, Membership) == 3


def test_what_somebody_changes_while_a_list_is_worked_out_is_noticed(session: Session) -> None:
    make_organisation(session)
    import_id, made = look(session, HEAD + ANN)
    table = queries.stored_table(session, import_id)
    assert table is not None
    draft = queries.draft_import(session, table, queries.import_choices(session, import_id, table), ZONE, NOW)
    make_person(session, "Bo Lee", "bo@example.org")
    assert actions.begin_apply(make_context(session, None, NOW), import_id, made.fingerprint)
    with pytest.raises(actions.ConcurrentChangeError):
        start(session, import_id, draft)
