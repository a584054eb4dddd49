"""Lists of people: uploaded, previewed, applied as a whole, and again without harm. On both engines."""

from __future__ import annotations

import io
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.clock import now
from course.context import make_context
from course.events import subscribe
from course.learning.models import Enrolment
from course.mail.models import OutboxMail
from course.people import actions as staff
from course.people import queries as sheets
from course.people.events import EarlierCertificate
from course.people.models import Employment, Membership, PathwayChoice, Person, RoleGrant, Team
from course.people_import import actions, queries
from course.people_import.models import PeopleImport
from course.people_import.rules.columns import guess_columns
from course.people_import.rules.parsing import parse_and_pack
from course.web.unit_of_work import unit_of_work
from tests.conftest import NOW
from tests.makers import PASSWORD, make_organisation, make_person, make_team, sign_in
from tests.pages import Client, Page
from tests.people_import.lists import ANN, BO, HEAD, carry_out, choose, do, look, run
from tests.support.asked import asked
from tests.support.rows import count

pytestmark = pytest.mark.both_engines


def test_a_list_adds_people_with_all_that_it_says(session: Session) -> None:
    make_organisation(session)
    assert run(session, HEAD + ANN + BO) == ["added", "added"]
    ann, bo = session.execute(select(Person).order_by(Person.id)).scalars()
    assert (ann.name, ann.email, ann.staff_number) == ("Ann Lee", "ann@example.org", "N1")
    assert [team.name for team in session.execute(select(Team).order_by(Team.id)).scalars()] == ["North", "House 3"]
    sheet = sheets.person_detail(session, ann.id)
    assert sheet is not None
    assert [bond.words for bond in (*sheet.teams, *sheet.roles)] == ["House 3", "Manager of House 3"]
    assert sheet.pathway is not None
    assert sheet.pathway.pathway == "clubs"
    assert sheet.stays[0].start.isoformat() == "2020-09-01"
    assert count(session, Enrolment) == 2
    assert count(session, OutboxMail) == 0
    assert session.execute(select(Membership.team_id).where(Membership.person_id == bo.id)).scalar_one()


def test_the_same_list_again_changes_nothing(session: Session) -> None:
    make_organisation(session)
    run(session, HEAD + ANN + BO)
    before = [count(session, table) for table in (Person, Team, Membership, RoleGrant, PathwayChoice, Employment)]
    assert run(session, HEAD + ANN + BO) == ["unchanged", "unchanged"]
    assert [
        count(session, table) for table in (Person, Team, Membership, RoleGrant, PathwayChoice, Employment)
    ] == before


def test_a_list_changes_people_and_the_past_stays(session: Session) -> None:
    make_organisation(session)
    run(session, HEAD + ANN + BO)
    changed = "ann.hill@example.org,Ann Hill,South,N1,,,Early years,,\n"
    import_id, made = look(session, HEAD + changed)
    (line,) = made.lines
    assert (line.kind, "Is it the same person?" in line.notes[0]) == ("asked", True)
    table = queries.stored_table(session, import_id)
    assert table is not None
    columns = guess_columns(table.headings, {}, (), table)
    made = choose(session, import_id, columns, decisions={line.key: "same"})
    assert [line.kind for line in made.lines] == ["changed"]
    do(session, import_id, made)
    ann = session.execute(select(Person).where(Person.staff_number == "N1")).scalar_one()
    sheet = sheets.person_detail(session, ann.id)
    assert sheet is not None
    assert (ann.name, ann.email) == ("Ann Hill", "ann.hill@example.org")
    assert [was.name for was in sheet.changes] == ["Ann Lee"]
    assert [bond.words for bond in sheet.teams] == ["South"]
    assert run(session, HEAD + changed) == ["unchanged"]


def test_people_leave_and_come_back_by_a_list(session: Session) -> None:
    make_organisation(session)
    run(session, HEAD + ANN)
    assert run(session, HEAD + "ann@example.org,,,,,20/11/2026,,,\n") == ["left"]
    ann = session.execute(select(Person)).scalar_one()
    assert ann.left_at is not None
    assert run(session, HEAD + "ann@example.org,,,,,20/11/2026,,,\n") == ["unchanged"]
    assert run(session, HEAD + "ann@example.org,,North,,21/11/2026,,,,\n") == ["back"]
    assert ann.left_at is None
    assert [bond.words for bond in (sheets.person_detail(session, ann.id) or pytest.fail("nobody")).teams] == ["North"]


def test_rows_that_are_refused_do_not_stop_the_others(session: Session) -> None:
    make_organisation(session)
    assert run(session, HEAD + ANN + "nobody,X,,,,,,,\n" + BO) == ["added", "refused", "added"]
    assert count(session, Person) == 2


def test_invitations_are_mailed_only_if_that_is_asked_for(session: Session) -> None:
    make_organisation(session)
    run(session, HEAD + ANN, invites=True)
    mails = session.execute(select(OutboxMail)).scalars().all()
    assert [(mail.recipient, mail.template) for mail in mails] == [("ann@example.org", "invitation")]
    assert mails[0].template_values is not None
    assert mails[0].template_values["name"] == "Ann Lee"


def test_what_is_applied_is_what_was_previewed(session: Session) -> None:
    make_organisation(session)
    import_id, made = look(session, HEAD + ANN)
    make_person(session, "Somebody", "ann@example.org")
    assert actions.begin_apply(make_context(session, None, NOW), import_id, made.fingerprint)
    with pytest.raises(actions.StalePreviewError, match="Check the preview"):
        carry_out(session, import_id)
    actions.record_failure(session, import_id, "stale")
    assert look(session, HEAD + ANN)[1].fingerprint != made.fingerprint


def test_a_list_is_begun_once_and_applied_once(session: Session) -> None:
    make_organisation(session)
    import_id, made = look(session, HEAD + ANN)
    assert not actions.begin_apply(make_context(session, None, NOW), import_id, "another mark")
    assert actions.begin_apply(make_context(session, None, NOW), import_id, made.fingerprint)
    assert not actions.begin_apply(make_context(session, None, NOW), import_id, made.fingerprint)
    # What was cut off can be begun again when its lease has ended.
    assert actions.begin_apply(make_context(session, None, NOW + actions.LEASE), import_id, made.fingerprint)
    carry_out(session, import_id)
    assert not actions.begin_apply(make_context(session, None, NOW + timedelta(hours=9)), import_id, made.fingerprint)
    with pytest.raises(LookupError):
        carry_out(session, import_id)


def test_a_file_is_kept_for_a_day_and_what_it_did_for_a_month(session: Session) -> None:
    import_id, _ = look(session, HEAD + ANN)
    actions.delete_expired(session, NOW + timedelta(hours=23))
    assert queries.stored_table(session, import_id) is not None
    actions.delete_expired(session, NOW + timedelta(days=1))
    assert queries.stored_table(session, import_id) is None
    session.expire_all()
    assert session.get_one(PeopleImport, import_id).preview is not None
    actions.delete_expired(session, NOW + timedelta(days=30))
    session.expire_all()
    assert session.get_one(PeopleImport, import_id).preview is None


def test_earlier_certificates_are_told_once(session: Session) -> None:
    make_organisation(session)
    told: list[EarlierCertificate] = []
    subscribe(EarlierCertificate, lambda _session, event: told.append(event))
    run(session, HEAD + ANN)
    run(session, HEAD + ANN)
    assert [(event.day.isoformat(), event.valid_until) for event in told] == [("2026-05-01", None)]


def test_columns_and_the_place_of_new_teams_are_remembered_once_applied(session: Session) -> None:
    make_organisation(session)
    top = make_team(session, "Trust")
    text = "Work mail,Who,Site\nann@example.org,Ann Lee,North\n"
    import_id = actions.store_upload(make_context(session, None, NOW), "staff.csv", parse_and_pack(text.encode()))
    made = choose(session, import_id, {"email": 0, "name": 1, "team": 2}, top.id)
    assert queries.previous_mapping(session, ()).columns == {}
    do(session, import_id, made)
    before = queries.previous_mapping(session, ("Work mail", "Who", "Site"))
    assert before.columns == {"email": "Work mail", "name": "Who", "team": "Site"}
    assert before.base == top.id
    assert made.new_teams == (("Trust", "North"),)


def test_a_column_that_was_left_out_is_left_out_tonight_whatever_lists_came_between(session: Session) -> None:
    make_organisation(session)
    text = "Work mail,Name,Location\nann@example.org,Ann Lee,London office\n"
    import_id = actions.store_upload(make_context(session, None, NOW), "staff.csv", parse_and_pack(text.encode()))
    do(session, import_id, choose(session, import_id, {"email": 0, "name": 1}))
    run(session, "Email,Name,Completed on\nann@example.org,Ann Lee,12/02/2025\n")
    headings = ("Work mail", "Name", "Location", "Department")
    before = queries.previous_mapping(session, headings)
    assert guess_columns(headings, before.columns, before.unused) == {"email": 0, "name": 1, "team": 3}


def administrator(session: Session, client: Client) -> Client:
    return sign_in(client, make_person(session, "Alex Morgan", "alex@example.org", "administrator"))


def upload(client: Client, text: bytes, name: str = "staff.csv", status: int = 303) -> Page:
    page = Page(
        client.flask.post("/people/import", data={"csrf_token": client.token(), "file": (io.BytesIO(text), name)})
    )
    assert page.status == status, page.html[-2000:]
    return page


def test_a_list_goes_from_upload_to_result(app: Flask, session: Session, client: Client) -> None:
    administrator(session, client)
    page = upload(client, (HEAD + ANN + "=nobody,X,,,,,,,\n").encode())
    columns = client.follow(page)
    assert "2 rows" in columns.text
    form = columns.fields()
    assert (form["email"], form["team"], form["issuer"]) == ("0", "2", "")
    wrong = client.post(page.location, {**form, "email": "", "staff_number": ""}, 422)
    assert "Choose the column of the e-mail address" in wrong.text
    assert wrong.fields()["team"] == "2"
    preview = client.follow(client.post(page.location, form))
    assert "Nothing has changed yet." in preview.text
    assert "refused: 1, added: 1" in preview.text
    assert "North > House 3" in preview.text
    assert "1 person not in the list" in preview.text
    path = page.location.removesuffix("/columns")
    assert "Ann Lee" not in client.get(f"{path}?kind=refused").text.partition("Row by row")[2]
    done = client.follow(client.post(f"{path}/apply", {"mark": preview.fields(0)["mark"]}))
    assert "Applied on" in done.text
    assert session.execute(select(Person.staff_number).where(Person.email == "ann@example.org")).scalar_one() == "N1"
    result = client.post(f"{path}/result", {}, 200)
    assert result.body.startswith(b"\xef\xbb\xbfLine,Person,")
    assert b"X (=nobody)" in result.body
    assert "was applied" in client.follow(client.post(f"{path}/apply", {"mark": "x"})).text
    with asked(app) as statements:
        client.get(path)
    assert len(statements) <= 6


def test_a_formula_in_the_result_is_text(session: Session, client: Client) -> None:
    administrator(session, client)
    page = upload(client, b"Email,Name\n,=1+1\n")
    path = page.location.removesuffix("/columns")
    client.post(page.location, client.get(page.location).fields())
    assert b",'=1+1," in client.post(f"{path}/result", {}, 200).body


@pytest.mark.parametrize(
    ("content", "words"), [(b"", "The file is empty"), (b"PK\x03\x04", "Excel workbook"), (b"only", "only one line")]
)
def test_a_file_that_cannot_be_read_is_refused_at_once(
    session: Session, client: Client, content: bytes, words: str
) -> None:
    administrator(session, client)
    assert words in upload(client, content, status=422).text


def test_only_this_page_takes_large_files_and_says_how_large(session: Session, client: Client) -> None:
    administrator(session, client)
    rows = b"".join(b"p%d@example.org,Somebody\n" % number for number in range(20_000))
    upload(client, b"Email,Name\n" + rows)
    page = upload(client, b"x" * (5 * 1024 * 1024), status=413)
    assert "at most 5 MB" in page.text
    client.post("/people/add", {"name": "x" * 300_000}, 413)


def test_what_was_never_matched_leads_to_its_columns(session: Session, client: Client) -> None:
    administrator(session, client)
    page = upload(client, (HEAD + ANN).encode())
    path = page.location.removesuffix("/columns")
    assert client.get(path, 303).location == page.location
    client.get("/people/import/999", 404)


def refused_list(session: Session, client: Client) -> tuple[str, Page]:
    """The address of a list that would do something else than its preview said, and its page after it was to be applied."""
    administrator(session, client)
    page = upload(client, (HEAD + ANN).encode())
    preview = client.follow(client.post(page.location, client.get(page.location).fields()))
    make_person(session, "Ann Lee", "ann@example.org")
    path = page.location.removesuffix("/columns")
    return path, client.follow(client.post(f"{path}/apply", {"mark": preview.fields(0)["mark"]}))


def test_why_a_list_was_not_applied_is_said(session: Session, client: Client) -> None:
    path, failed = refused_list(session, client)
    assert "Nothing was done" in failed.text
    assert "Something has changed since you saw" in failed.text
    again = client.follow(client.post(f"{path}/again", {}))
    assert "changed: 1" in again.text
    assert "Applied on" in client.follow(client.post(f"{path}/apply", {"mark": again.fields(0)["mark"]})).text


def test_what_was_not_applied_is_shown_as_it_would_be_done_now(session: Session, client: Client) -> None:
    """“Check the preview” leads nowhere if the page shows the earlier one, which is refused at each press."""
    path, failed = refused_list(session, client)
    assert "Check the preview, then apply it" in failed.text
    assert "changed: 1" in failed.text
    assert "Applied on" in client.follow(client.post(f"{path}/apply", {"mark": failed.fields(0)["mark"]})).text


def test_a_list_is_applied_in_a_thread_and_can_be_left_alone(fresh_app: Flask) -> None:
    with fresh_app.app_context(), unit_of_work() as session:
        make_person(session, "Alex Morgan", "alex@example.org", "administrator")
    client = Client(fresh_app)
    client.post("/sign-in", {"email": "alex@example.org", "password": PASSWORD})
    page = upload(client, (HEAD + ANN + BO).encode())
    preview = client.follow(client.post(page.location, client.get(page.location).fields()))
    path = page.location.removesuffix("/columns")
    client.post(f"{path}/apply", {"mark": preview.fields(0)["mark"]})
    for thread in threading.enumerate():
        if thread.name == "background":
            thread.join()
    assert "Applied on" in client.get(path).text


def test_while_a_list_is_being_applied_the_page_says_so(session: Session, client: Client) -> None:
    administrator(session, client)
    import_id, made = look(session, HEAD + ANN)
    assert actions.begin_apply(make_context(session, None, now()), import_id, made.fingerprint)
    session.commit()
    assert "Applying the list" in client.get(f"/people/import/{import_id}").text
    assert "In progress" in client.get("/people/import").text


def test_somebody_who_left_by_hand_is_not_brought_back_by_tonights_list(session: Session) -> None:
    make_organisation(session)
    run(session, HEAD + ANN)
    ann = session.execute(select(Person.id)).scalar_one()
    assert staff.record_departure(make_context(session, None, NOW), ann, NOW.date(), "by hand") is None
    assert run(session, HEAD + ANN) == ["refused"]


def test_a_nightly_job_says_by_its_exit_code_how_it_went(fresh_app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "staff.csv"
    with fresh_app.app_context(), unit_of_work() as session:
        make_organisation(session)

    def nightly_run(text: str, *options: str) -> Result:
        file.write_text(text, encoding="utf-8")
        return fresh_app.test_cli_runner().invoke(args=["people", "import", str(file), *options])

    tried = nightly_run(HEAD + ANN, "--dry-run")
    assert tried.exit_code == 0, tried.stderr
    assert "Line 2: added: Ann Lee (ann@example.org)" in tried.stdout
    assert "New team: North > House 3" in tried.stdout
    first = nightly_run(HEAD + ANN)
    assert "Added: 1" in first.stdout, first.stderr
    assert first.exit_code == 0
    assert "Unchanged: 1" in nightly_run(HEAD + ANN).stdout
    assert "Added: 1" in nightly_run(HEAD + BO, "--invite").stdout
    some = nightly_run(HEAD + ANN.replace(",N1,", ",N7,") + "nobody,X,,,,,,,\n")
    assert "Line 2: to be decided: Ann Lee" in some.stdout
    assert some.exit_code == 2
    assert "Line 3: refused: X (nobody): “nobody” is not" in some.stdout
    none = nightly_run("Who,What\nx,y\n")
    assert none.exit_code == 1
    assert "Choose the column of the e-mail address" in none.stderr
    assert isinstance(none.exception, SystemExit)
