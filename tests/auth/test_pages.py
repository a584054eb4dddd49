"""Pages for signing in and out, for passwords and for the set-up."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import TimestampSigner
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.audit.models import AuditEntry
from course.auth import actions
from course.auth.models import SignInAttempt
from course.auth.password_hashing import MAX_CONCURRENT_HASHES, MAX_WAITING_THREADS
from course.clock import now
from course.context import make_context
from course.mail.models import OutboxMail
from course.organisation.actions import change_organisation
from course.organisation.models import Organisation
from course.people.models import Person
from course.web.unit_of_work import unit_of_work
from tests.makers import PASSWORD, make_organisation, make_person, sign_in
from tests.pages import Client, Page
from tests.support.asked import asked
from tests.support.jobs import run_waiting_jobs
from tests.support.outbox import rendered_mails


def mailed_link(app: Flask, session: Session) -> str:
    """The path of the link in the newest mail."""
    mail = rendered_mails(app, session)[-1]
    found = re.search(r"http://127\.0\.0\.1:8000(/link/\S+)", mail.text)
    assert found, mail.text
    return found[1]


def test_signing_in_leads_to_the_training_and_signing_out_ends_it(session: Session, client: Client) -> None:
    person = make_person(session)
    page = client.post("/sign-in", {"email": str(person.email), "password": PASSWORD})
    assert page.location == "/"
    assert client.get("/sign-in", 303).location == "/"
    assert client.get("/me").h1 == "Sam Okafor"
    assert client.post("/sign-out", {}).location == "/sign-in"
    assert client.get("/me", 303).location == "/sign-in?next=/me"


def test_signing_out_is_not_a_link(session: Session, client: Client) -> None:
    sign_in(client, make_person(session))
    client.get("/sign-out", 405)
    client.get("/me")


@pytest.mark.parametrize(("email", "password"), [("sam@example.org", "wrong"), ("who@example.org", PASSWORD)])
def test_a_failure_says_the_same_whatever_was_wrong_and_is_kept(
    session: Session, client: Client, email: str, password: str
) -> None:
    make_person(session)
    page = client.post("/sign-in", {"email": email, "password": password}, 422)
    assert "The e-mail address, the sign-in name or the password is not right." in page.text
    assert page.fields()["email"] == email
    assert page.fields()["password"] == ""
    assert session.execute(select(func.count()).select_from(SignInAttempt)).scalar_one() == 3


def test_too_many_failures_say_when_to_try_again(session: Session, client: Client) -> None:
    make_person(session)
    for _ in range(10):
        client.post("/sign-in", {"email": "sam@example.org", "password": "wrong"}, 422)
    page = client.post("/sign-in", {"email": "sam@example.org", "password": PASSWORD}, 429)
    assert re.search(r"try again in 1[456] minutes, after \d+ \w+ \d{4}, \d+\.\d\d[ap]m", page.text)
    assert 0 < int(page.headers["Retry-After"]) <= 15 * 60


def test_a_foreign_address_is_not_followed(session: Session, client: Client) -> None:
    person = make_person(session)
    for wanted in ("//evil.example", "https://evil.example", "/%5Cevil.example"):
        path = f"/sign-in?next={wanted}"
        assert client.post(path, {"email": str(person.email), "password": PASSWORD}).location == "/"
        client.post("/sign-out", {})


def test_a_form_without_its_token_is_refused(session: Session, client: Client) -> None:
    person = make_person(session)
    client.post("/sign-in", {"email": str(person.email), "password": PASSWORD}, 400, token=False)


def test_nothing_of_an_earlier_session_is_kept(session: Session, client: Client) -> None:
    person = make_person(session)
    client.get("/sign-in")
    with client.flask.session_transaction() as cookie:
        cookie["planted"] = "by somebody else"
    sign_in(client, person)
    with client.flask.session_transaction() as cookie:
        assert "planted" not in cookie
        assert cookie.permanent


def test_odd_characters_in_an_address_find_nobody(client: Client) -> None:
    client.post("/sign-in", {"email": "a\x00b@example.org", "password": "x\x00y"}, 422)
    client.post("/forgotten", {"email": "a\x01b@example.org"}, 422)


def test_a_forgotten_password_is_chosen_anew_by_a_link(app: Flask, session: Session, client: Client) -> None:
    person = make_person(session)
    elsewhere = sign_in(Client(app), person)
    known = client.post("/forgotten", {"email": str(person.email)}, 200)
    unknown = client.post("/forgotten", {"email": "who@example.org"}, 200)
    # What was entered is on both pages, encrypted and different each time, for the links to other languages.
    shown = [re.sub(r'(?<=name="sealed_entries" value=")[^"]+', "", page.html) for page in (known, unknown)]
    assert shown[0].replace(str(person.email), "") == shown[1].replace("who@example.org", "")
    path = mailed_link(app, session)
    for _ in range(3):  # programs that check mail open links too
        assert client.get(path).h1 == "Choose a password"
    assert "at least 10" in client.post(path, {"password": "short"}, 422).text
    assert client.post(path, {"password": "another-password"}).location == "/"
    assert client.get("/me").h1 == "Sam Okafor"
    elsewhere.get("/me", 303)
    assert "no longer works" in Client(app).get(path, 410).h1
    Client(app).post(path, {"password": "a-third-password"}, 410)


def test_whoever_comes_with_an_old_invitation_is_told_how_to_get_a_new_one(
    app: Flask, session: Session, client: Client
) -> None:
    make_person(session, password=None)
    page = client.get("/link/an-invitation-of-last-year", 410)
    assert "If you have no password yet, or have forgotten it, get a new link by e-mail." in page.text
    assert "ask your manager or an administrator to invite you again" in page.text
    client.post("/forgotten", {"email": "sam@example.org"}, 200)
    assert client.get(mailed_link(app, session)).h1 == "Choose a password"
    # Who comes with another link is not asked about a password.
    assert "password yet" not in client.get("/join/an-old-link", 410).text


def test_pressing_twice_for_a_link_leaves_one_that_works(app: Flask, session: Session, client: Client) -> None:
    person = make_person(session)
    for _ in range(2):
        client.post("/forgotten", {"email": str(person.email)}, 200)
    assert session.execute(select(func.count()).select_from(OutboxMail)).scalar_one() == 1
    client.get(mailed_link(app, session))


def test_asking_for_a_link_does_the_same_in_the_request_whether_somebody_has_the_address(fresh_app: Flask) -> None:
    with fresh_app.app_context(), unit_of_work() as committed:
        make_person(committed)
    done = {}
    for email in ("sam@example.org", "who@example.org"):
        client = Client(fresh_app)
        token = client.token()
        with asked(fresh_app, this_thread_only=True) as statements:
            page = Page(client.flask.post("/forgotten", data={"csrf_token": token, "email": email}))
        assert page.status == 200
        done[email] = [re.sub(r"\s+", " ", one) for one in statements]
    assert done["sam@example.org"] == done["who@example.org"]
    assert run_waiting_jobs(fresh_app) == 2
    with fresh_app.app_context(), unit_of_work() as committed:
        assert committed.execute(select(func.count()).select_from(OutboxMail)).scalar_one() == 1


def test_signing_out_twice_leads_to_the_same_page(session: Session, client: Client) -> None:
    sign_in(client, make_person(session))
    token = client.token()
    kept = client.flask.get_cookie("course")
    assert kept is not None
    for _ in range(2):
        client.flask.set_cookie("course", kept.value)
        page = Page(client.flask.post("/sign-out", data={"csrf_token": token}))
        assert (page.status, page.location) == (303, "/sign-in")


def test_a_double_click_signs_out_once(committed: Flask) -> None:
    with committed.app_context(), unit_of_work() as made:
        make_person(made)
    client = sign_in(Client(committed), Person(email="sam@example.org"))
    token, kept = client.token(), client.flask.get_cookie("course")
    assert kept is not None
    ready, pages = threading.Barrier(4), list[tuple[int, str | None]]()

    def press() -> None:
        other = committed.test_client()
        other.set_cookie("course", kept.value)
        ready.wait()
        page = Page(other.post("/sign-out", data={"csrf_token": token}))
        pages.append((page.status, page.location))

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert pages == [(303, "/sign-in")] * 4
    with committed.app_context(), unit_of_work() as read:
        told = select(func.count()).where(AuditEntry.what == "sign_in.ended")
        assert read.execute(told).scalar_one() == 1


def test_my_page_shows_who_i_am(session: Session, client: Client) -> None:
    sign_in(client, make_person(session, role="manager", email="pat@example.org", name="Pat Lee"))
    text = client.get("/me").text
    assert "pat@example.org" in text
    assert "Learner, Manager of Staff" in text
    assert "My record" in text


def test_my_password_changes_only_with_the_current_one(app: Flask, session: Session, client: Client) -> None:
    person = make_person(session)
    elsewhere, here = sign_in(Client(app), person), sign_in(client, person)
    page = here.post("/me", {"current": "wrong", "password": "another-password"}, 422)
    assert "This is not your current password." in page.text
    page = here.post("/me", {"current": PASSWORD, "password": "Sam Okafor"}, 422)
    assert "does not use your name" in page.text
    page = here.follow(here.post("/me", {"current": PASSWORD, "password": "another-password"}))
    assert "Your password has been changed." in page.text
    elsewhere.get("/me", 303)


def test_somebody_who_leaves_is_signed_out_at_once(session: Session, client: Client) -> None:
    person = make_person(session)
    sign_in(client, person)
    client.get("/me")
    session.get_one(Person, person.id).left_at = now()
    session.commit()
    client.get("/me", 303)


def test_a_forged_or_broken_session_signs_nobody_in(session: Session, client: Client) -> None:
    person = make_person(session)
    for user_id in (f"{person.id}:not-the-key:n", f"{person.id}", "x:y:z", ":", "::", "\u00b2:k:n"):
        with client.flask.session_transaction() as cookie:
            cookie["_user_id"] = user_id
        client.get("/me", 303)


def test_a_page_asks_once_for_the_person_and_once_for_the_organisation(
    app: Flask, session: Session, client: Client
) -> None:
    sign_in(client, make_person(session))
    client.get("/accessibility")
    with asked(app) as statements:
        client.get("/accessibility")
    # The organisation is read again only when something about it has changed.
    assert len(statements) == 1, statements
    client.post("/sign-out", {})
    with asked(app) as statements:
        client.get("/accessibility")
    assert len(statements) == 1, statements


def test_a_copy_of_the_cookie_opens_nothing_after_signing_out(session: Session, client: Client) -> None:
    person = make_person(session)
    sign_in(client, person)
    client.get("/me")
    kept = client.flask.get_cookie("course")
    assert kept is not None
    client.post("/sign-out", {})
    client.flask.set_cookie("course", kept.value)
    client.get("/me", 303)
    client.get("/sign-in")
    # Another session of the same person goes on.
    sign_in(client, person)
    client.get("/me", 200)


@pytest.mark.both_engines
def test_a_change_of_the_organisation_shows_on_the_next_page(session: Session, client: Client) -> None:
    sign_in(client, make_person(session))
    assert "Harbour Trust" not in client.get("/accessibility").html
    make_organisation(session)
    change_organisation(make_context(session, None, now()), "Harbour Trust", "wales", "clubs")
    session.commit()
    assert "Harbour Trust" in client.get("/accessibility").html


def cookie_signed_at(app: Flask, at: float, **said: object) -> str:
    """A session cookie as the application itself would have signed it at another time."""
    interface = SecureCookieSessionInterface()
    serializer = interface.get_signing_serializer(app)
    assert serializer is not None
    with freeze_signing(at):
        return str(serializer.dumps(said))


@contextmanager
def freeze_signing(at: float) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TimestampSigner, "get_timestamp", lambda _self: int(at))
        yield


def test_a_session_ends_with_its_age_even_if_its_cookie_was_known_before(
    app: Flask, session: Session, client: Client
) -> None:
    person = make_person(session)
    sign_in(client, person)
    with client.flask.session_transaction() as cookie:
        who = cookie["_user_id"]
    hours, instant = 3600, now().timestamp()
    for age, status in ((11 * hours, 200), (13 * hours, 303), (-60, 303)):
        client.flask.set_cookie("course", cookie_signed_at(app, instant - age, _user_id=who))
        client.get("/me", status)
        client.get("/me", status)


@pytest.mark.parametrize("ahead", [1, 20])
def test_a_host_whose_clock_is_behind_knows_who_signed_in_on_another(
    session: Session, client: Client, ahead: int
) -> None:
    with freeze_signing(now().timestamp() + ahead):
        sign_in(client, make_person(session))
    assert client.get("/me").status == 200


def test_a_cookie_with_a_changed_signature_signs_nobody_in(session: Session, client: Client) -> None:
    sign_in(client, make_person(session))
    client.get("/me")
    kept = client.flask.get_cookie("course")
    assert kept is not None
    body, dot, signature = kept.value.rpartition(".")
    # The first letter, since the last one carries bits that the encoding ignores.
    changed = ("A" if signature[0] != "A" else "B") + signature[1:]
    client.flask.set_cookie("course", body + dot + changed)
    client.get("/me", 303)


SET_UP = {
    "organisation": "Hill Trust",
    "nation": "wales",
    "pathway": "clubs",
    "name": "Ann Hill",
    "email": "ann@example.org",
    "password": "a-long-password",
}


def test_the_set_up_leads_to_today_with_its_first_steps(session: Session, client: Client) -> None:
    token = actions.create_set_up_link(session, now())
    session.commit()
    assert client.get(f"/set-up/{token}").h1 == "Set up the course"
    page = client.post(f"/set-up/{token}", {**SET_UP, "email": "no address", "password": "short"}, 422)
    assert page.fields()["organisation"] == "Hill Trust"
    assert client.post(f"/set-up/{token}", SET_UP).location == "/today"
    assert "First steps" in client.get("/today").text
    assert "Hill Trust" in client.get("/organisation").text
    assert "no longer works" in client.get(f"/set-up/{token}", 410).h1
    client.post(f"/set-up/{token}", SET_UP, 410)


def test_no_set_up_once_there_is_an_organisation(session: Session, client: Client) -> None:
    token = actions.create_set_up_link(session, now())
    make_organisation(session)
    assert "is already set up" in client.get(f"/set-up/{token}", 410).text


def test_two_set_ups_at_once_make_one(fresh_app: Flask) -> None:
    with fresh_app.app_context(), unit_of_work() as session:
        token = actions.create_set_up_link(session, now())
    # As many as may wait for their password to be hashed: one more would be asked to come back.
    clients = [Client(fresh_app) for _ in range(MAX_CONCURRENT_HASHES + MAX_WAITING_THREADS)]
    pages: list[Page] = []
    ready = threading.Barrier(len(clients))

    def post(client: Client, number: int) -> None:
        sent = {**SET_UP, "email": f"ann{number}@example.org", "csrf_token": client.token()}
        ready.wait()
        pages.append(Page(client.flask.post(f"/set-up/{token}", data=sent)))

    threads = [threading.Thread(target=post, args=(c, n)) for n, c in enumerate(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(page.status for page in pages) == [303, *[410] * (len(clients) - 1)]
    with fresh_app.app_context(), unit_of_work() as session:
        assert session.execute(select(func.count()).select_from(Organisation)).scalar_one() == 1
        assert session.execute(select(func.count()).select_from(Person)).scalar_one() == 1


def test_the_command_prints_a_set_up_link_until_the_course_is_set_up(fresh_app: Flask) -> None:
    runner = fresh_app.test_cli_runner()
    result = runner.invoke(args=["signin", "set-up-link"])
    assert result.exit_code == 0
    path = result.output.strip().removeprefix("http://127.0.0.1:8000")
    Client(fresh_app).post(path, SET_UP)
    result = runner.invoke(args=["signin", "set-up-link"])
    assert result.exit_code == 1
    assert "has been set up already" in result.output
