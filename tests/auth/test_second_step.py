"""Signing in with a second factor, through the pages: passkeys, codes of an app, recovery codes, the policy, and resets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from course.auth.models import FactorPolicy, Passkey, RecoveryCode
from course.clock import now
from course.dates import format_moment
from course.people.models import Person, RoleGrant
from tests.auth.factor_helpers import (
    add_app,
    add_passkey,
    challenge_in,
    code_at,
    give_password,
    make_codes,
    passkey_of,
    use_site,
)
from tests.makers import PASSWORD, make_person, sign_in
from tests.pages import Client
from tests.support.days import ZONE

SECOND = "/sign-in/second-step"


@pytest.fixture(autouse=True)
def _site(app: Flask) -> Iterator[None]:
    before = app.extensions["course"]
    use_site(app)
    yield
    app.extensions["course"] = before


@pytest.fixture
def sam(session: Session) -> Person:
    return make_person(session)


def events(session: Session) -> list[str]:
    session.commit()
    return list(
        session.execute(text("select what from audit_entry where what like 'factor.%' order by number")).scalars()
    )


def mails(session: Session) -> list[str]:
    session.commit()
    rows = session.execute(text("select template from outbox_mail where template = 'factor_change'"))
    return list(rows.scalars())


def test_with_an_app_the_password_alone_opens_nothing(session: Session, client: Client, sam: Person) -> None:
    seed = add_app(sign_in(client, sam))
    client.post("/sign-out", {})
    assert give_password(client, sam).location == SECOND
    client.get("/me", 303)
    wrong = client.post(SECOND, {"code": "000000"}, 422)
    assert "This code is not right" in wrong.text
    assert client.post(SECOND, {"code": code_at(seed, 0)}).location == "/"
    client.get("/me")
    assert events(session) == ["factor.app_added", "factor.refused"]
    assert len(mails(session)) == 1


def test_a_code_of_the_app_is_used_once_also_in_two_tabs(app: Flask, client: Client, sam: Person) -> None:
    seed = add_app(sign_in(client, sam))
    tabs = [Client(app), Client(app)]
    code = code_at(seed, 0)
    for tab in tabs:
        give_password(tab, sam)
    assert tabs[0].post(SECOND, {"code": code}).location == "/"
    tabs[1].post(SECOND, {"code": code}, 422)
    tabs[1].post(SECOND, {"code": code_at(seed, 1)})


def test_the_page_of_the_app_shows_its_key_as_picture_and_text_and_keeps_it_after_a_mistake(
    client: Client, sam: Person
) -> None:
    sign_in(client, sam)
    page = client.get("/me/second-factor/app")
    picture = next(one for one in page.all("div") if one.get("role") == "img")
    assert picture.get("aria-label")
    key = next(one.text for one in page.all("p") if one.get("class") == "app-key")
    again = client.post("/me/second-factor/app", {**page.fields(), "code": "123"}, 422)
    assert next(one.text for one in again.all("p") if one.get("class") == "app-key") == key
    changed = client.post("/me/second-factor/app", {**page.fields(), "key": "AAAA", "code": "123456"}, 422)
    assert "too old" in changed.text


def test_a_recovery_code_works_once_and_says_how_many_are_left(session: Session, client: Client, sam: Person) -> None:
    add_app(sign_in(client, sam))
    first = make_codes(client)
    codes = make_codes(client)
    assert len(codes) == 10
    stored = session.execute(select(RecoveryCode.code_hash)).scalars().all()
    assert len(stored) == 10
    assert not set(codes) & set(stored)
    client.post("/sign-out", {})
    give_password(client, sam)
    client.post(SECOND, {"code": first[0]}, 422)  # replaced
    client.post(SECOND, {"code": codes[3].upper().replace("-", " ")})
    assert "Left: 9 of 10" in client.get("/me/second-factor").text
    client.post("/sign-out", {})
    give_password(client, sam)
    client.post(SECOND, {"code": codes[3]}, 422)
    assert events(session).count("factor.code_used") == 1


def test_recovery_codes_are_for_those_who_have_a_second_factor(client: Client, sam: Person) -> None:
    sign_in(client, sam)
    assert client.get("/me/second-factor/codes", 303).location == "/me/second-factor"


def test_guessing_codes_is_stopped(client: Client, session: Session, sam: Person) -> None:
    seed = add_app(sign_in(client, sam))
    client.post("/sign-out", {})
    give_password(client, sam)
    for guess in range(10):
        client.post(SECOND, {"code": f"{guess:06}"}, 422)
    client.post(SECOND, {"code": code_at(seed, 0)}, 429)
    assert events(session)[-1] == "factor.locked"


def test_without_the_first_step_there_is_no_second_one(client: Client, sam: Person) -> None:
    add_app(sign_in(client, sam))
    client.post("/sign-out", {})
    assert client.get(SECOND, 303).location == "/sign-in"
    give_password(client, sam)
    with client.flask.session_transaction() as cookie:
        cookie["pending"] = [*cookie["pending"][:4], int((now() - timedelta(minutes=16)).timestamp())]
    assert client.get(SECOND, 303).location == "/sign-in"


def test_a_password_that_was_changed_between_the_steps_ends_the_sign_in(
    app: Flask, client: Client, sam: Person
) -> None:
    seed = add_app(sign_in(client, sam))
    waiting = Client(app)
    give_password(waiting, sam)
    client.post("/me", {"current": PASSWORD, "password": "lamp-otter-nineteen"})
    assert waiting.post(SECOND, {"code": code_at(seed, 0)}).location == "/sign-in"
    waiting.get("/me", 303)


def test_a_link_from_a_mail_needs_the_second_step_too(session: Session, client: Client, sam: Person) -> None:
    from course.auth.actions import create_link  # noqa: PLC0415

    add_app(sign_in(client, sam))
    client.post("/sign-out", {})
    token = create_link(session, sam.id, "forgotten", now())
    session.commit()
    assert client.post(f"/link/{token}", {"password": "lamp-otter-nineteen"}).location == SECOND
    client.get("/me", 303)


def test_a_passkey_alone_signs_in_and_counts_on(app: Flask, session: Session, client: Client, sam: Person) -> None:
    key = passkey_of(app, sam)
    assert add_passkey(sign_in(client, sam), key).location == "/me/second-factor/codes"
    browser = Client(app)
    shown = browser.get("/sign-in?next=/help")
    done = browser.post("/sign-in/passkey?next=/help", {"answer": key.used(challenge_in(shown))})
    assert done.location == "/help"
    browser.get("/me")
    assert session.execute(select(Passkey.sign_count)).scalar_one() == 1
    assert events(session) == ["factor.passkey_added"]


def test_a_passkey_is_the_second_step_after_a_password_even_if_it_asks_for_nothing(
    app: Flask, client: Client, sam: Person
) -> None:
    key = passkey_of(app, sam, counts=False)
    add_passkey(sign_in(client, sam), key)
    client.post("/sign-out", {})
    give_password(client, sam)
    key.verifies = False
    assert client.post(SECOND, {"answer": key.used(challenge_in(client.get(SECOND)))}).location == "/"
    client.get("/me")


def test_wrong_answers_of_a_passkey_sign_nobody_in(app: Flask, session: Session, client: Client, sam: Person) -> None:
    key = passkey_of(app, sam)
    add_passkey(sign_in(client, sam), key)
    kim = make_person(session, "Kim Low", "kim@example.org")
    browser = Client(app)

    def refuses(answer: str) -> None:
        assert browser.post("/sign-in/passkey", {"answer": answer}).location == "/sign-in"
        browser.get("/me", 303)

    def challenge() -> str:
        return challenge_in(browser.get("/sign-in"))

    for garbage in (
        "",
        "{}",
        "[]",
        "null",
        '{"id": 1}',
        "[" * 5000,
        "x" * 30_000,
        '{"response": {"clientDataJSON": "e30"}}',
    ):
        refuses(garbage)
    key.origin = "https://course.example.org.elsewhere.example"
    refuses(key.used(challenge()))
    key.origin, key.host = "https://course.example.org", "elsewhere.example"
    refuses(key.used(challenge()))
    key.host, key.verifies = "course.example.org", False
    refuses(key.used(challenge()))  # alone, it has to ask for a PIN, a finger or a face
    key.verifies = True
    refuses(key.used("made up"))
    refuses(key.used(challenge_in(client.get("/me/second-factor"))))  # a challenge for something else
    refuses(passkey_of(app, kim).used(challenge()))  # one that was never added
    other = passkey_of(app, kim)
    other.key, other.credential_id = key.key, key.credential_id
    refuses(other.used(challenge()))  # says that it is somebody else's
    forged = passkey_of(app, sam)
    forged.credential_id = key.credential_id
    refuses(forged.used(challenge()))  # signed with another key
    answer = key.used(challenge())
    assert browser.post("/sign-in/passkey", {"answer": answer}).location == "/"
    browser.post("/sign-out", {})
    refuses(answer)  # a challenge is answered once
    key.count = 0
    refuses(key.used(challenge()))  # a copy that counts from the beginning


def test_a_new_passkey_is_refused_for_another_site_person_or_twice(
    app: Flask, session: Session, client: Client, sam: Person
) -> None:
    key = passkey_of(app, sam)
    sign_in(client, sam)
    key.origin = "https://elsewhere.example"
    assert "was not added" in add_passkey(client, key, 422).text
    key.origin = "https://course.example.org"
    kims = sign_in(Client(app), make_person(session, "Kim Low", "kim@example.org"))
    foreign = challenge_in(kims.get("/me/second-factor"))
    client.post("/me/second-factor/passkeys", {"name": "Phone", "answer": key.made(foreign)}, 422)
    challenge = challenge_in(client.get("/me/second-factor"))
    client.post("/me/second-factor/passkeys", {"name": "Phone", "answer": key.made(challenge)})
    client.post("/me/second-factor/passkeys", {"name": "Phone", "answer": key.made(challenge)}, 422)
    add_passkey(kims, key, 422)  # the same key for somebody else
    assert session.execute(select(Passkey.person_id)).scalars().all() == [sam.id]


def test_a_removed_passkey_signs_nobody_in_and_its_person_is_told(
    app: Flask, session: Session, client: Client, sam: Person
) -> None:
    key = passkey_of(app, sam)
    add_passkey(sign_in(client, sam), key)
    number = session.execute(select(Passkey.id)).scalar_one()
    kims = sign_in(Client(app), make_person(session, "Kim Low", "kim@example.org"))
    kims.post(f"/me/second-factor/passkeys/{number}/remove", {})
    assert session.execute(select(Passkey.id)).scalars().all() == [number]
    session.commit()
    challenge = challenge_in(Client(app).get("/sign-in"))
    client.post(f"/me/second-factor/passkeys/{number}/remove", {})
    assert Client(app).post("/sign-in/passkey", {"answer": key.used(challenge)}).location == "/sign-in"
    assert len(mails(session)) == 2


def require(session: Session, days: int, since: timedelta = timedelta(0)) -> None:
    session.add(FactorPolicy(is_required=True, grace_days=days, made_at=now() - since, made_by=None))
    session.commit()


def test_who_sees_others_is_told_until_when_and_then_sets_one_up_before_going_on(
    session: Session, client: Client
) -> None:
    ann = make_person(session, "Ann Other", "ann@example.org", role="administrator")
    require(session, 14)
    sign_in(client, ann)
    ends = format_moment(session.execute(select(FactorPolicy.made_at)).scalar_one() + timedelta(days=14), ZONE)
    assert f"you need a second step to sign in by {ends}" in client.get("/me").text
    client.post("/sign-out", {})
    session.execute(update(FactorPolicy).values(made_at=now() - timedelta(days=15)))
    session.execute(update(RoleGrant).values(since=now() - timedelta(days=30)))
    session.commit()
    assert client.post("/sign-in", {"email": "ann@example.org", "password": PASSWORD}).location == "/me/second-factor"
    for path in ("/people", "/", "/system"):
        assert client.get(path, 303).location == "/me/second-factor"
    assert "Set up a passkey or an authenticator app before you go on" in client.get("/me/second-factor").text
    add_app(client)
    client.get("/people")


def test_who_must_set_one_up_gets_past_that_neither_by_another_password_nor_by_removing_it_again(
    session: Session, client: Client
) -> None:
    ann = make_person(session, "Ann Other", "ann@example.org", role="administrator", at=now() - timedelta(days=30))
    require(session, 0, since=timedelta(days=15))
    assert give_password(client, ann).location == "/me/second-factor"
    other = "a kettle of nine herons"
    client.post("/me", {"current": PASSWORD, "password": other, "again": other})
    assert client.get("/people", 303).location == "/me/second-factor"
    add_app(client)
    client.get("/people")
    client.post("/me/second-factor/app/remove", {})
    assert client.get("/people", 303).location == "/me/second-factor"
    add_app(client)
    client.get("/people")


def test_a_learner_needs_none_and_a_new_manager_has_the_days_of_grace_from_their_role(
    session: Session, client: Client
) -> None:
    learner = make_person(session, "Leo Learner", "leo@example.org")
    manager = make_person(session, "Max Manager", "max@example.org", role="manager", at=now() - timedelta(days=3))
    require(session, 14, since=timedelta(days=100))
    sign_in(client, learner)
    assert "second step to sign in by" not in client.get("/me").text
    client.post("/sign-out", {})
    sign_in(client, manager)
    assert "second step to sign in by" in client.get("/me").text


def test_an_administrator_switches_the_rule_on_while_somebody_is_signed_in(
    app: Flask, session: Session, client: Client
) -> None:
    boss = make_person(session, "Ann Other", "ann@example.org", role="administrator")
    manager = make_person(session, "Max Manager", "max@example.org", role="manager")
    managers = sign_in(Client(app), manager)
    sign_in(client, boss)
    assert "second step to sign in yet" not in client.get("/today").text
    client.post("/system/second-factor", {"required": "yes", "days": "999"}, 422)
    client.post("/system/second-factor", {"required": "yes", "days": "0"})
    assert "2 people have no second step to sign in yet" in client.get("/today").text
    managers.get("/people")  # a session that has begun goes on
    managers.post("/sign-out", {})
    assert give_password(managers, manager).location == "/me/second-factor"
    client.post("/system/second-factor", {"required": "no", "days": "0"})
    managers.post("/sign-out", {})
    assert give_password(managers, manager).location == "/"


def test_an_administrator_removes_the_second_step_of_somebody_who_has_lost_it(
    app: Flask, session: Session, client: Client, sam: Person
) -> None:
    sams = sign_in(Client(app), sam)
    add_app(sams)
    make_codes(sams)
    boss = make_person(session, "Ann Other", "ann@example.org", role="administrator")
    sign_in(client, boss)
    page = f"/people/{sam.id}/sign-in"
    client.post(page, {"reason": ""}, 422)
    client.post(page, {"reason": "Lost the phone; seen at the office"})
    assert "seen at the office" not in str(session.execute(text("select details from audit_entry")).all())
    session.commit()
    client.post(f"{page}/end", {})
    sams.get("/me", 303)
    assert give_password(Client(app), sam).location == "/"
    assert events(session)[-1] == "factor.reset"


def test_a_command_removes_the_second_step_in_an_emergency(
    app: Flask, session: Session, client: Client, sam: Person
) -> None:
    add_app(sign_in(client, sam))
    run = app.test_cli_runner().invoke
    words = ["people", "reset-factors", "--reason", "Lost the phone"]
    assert run(args=[*words, "nobody@example.org"]).exit_code == 1
    assert "Removed" in run(args=[*words, str(sam.email)]).output
    assert "no second factor" in run(args=[*words, str(sam.email)]).output
    assert events(session)[-1] == "factor.reset"


def test_a_code_of_the_app_or_a_passkey_proves_who_is_signed_in(app: Flask, client: Client, sam: Person) -> None:
    key = passkey_of(app, sam)
    sign_in(client, sam)
    add_passkey(client, key)
    seed = add_app(client)
    for proof in ("app", "passkey", "wrong"):
        with client.flask.session_transaction() as cookie:
            cookie.pop("proved")
        asked = client.post("/me/second-factor/app/remove", {}, 409)
        sent = {"kept": asked.fields()["kept"], "next": ""}
        if proof == "app":
            client.post("/me/proof", {**sent, "code": code_at(seed, 0)}, 200)
        elif proof == "passkey":
            client.post("/me/proof", {**sent, "answer": key.used(challenge_in(asked))}, 200)
        else:
            client.post("/me/proof", {**sent, "code": code_at(seed, 0)}, 422)
            client.post("/me/proof", {**sent, "answer": key.used("made up")}, 422)
            assert client.get("/me/second-factor/app", 200)
