"""Mail that comes back, addresses that take none, and mail that is not wanted."""

from __future__ import annotations

from io import BytesIO

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.mail import actions, commands, queries
from course.mail.bounces import report_as_json, report_from_json
from course.mail.message_templates import split_blocks
from course.mail.models import OutboxMail
from course.mail.rules import DIGEST, RenderedMail, address_is_dead
from course.signed_links import MailChoiceLink, sign_link
from course.web.sandbox import SandboxLimits
from tests.conftest import NOW, SECRET
from tests.makers import make_person, sign_in
from tests.pages import Client
from tests.support.outbox import queue_text

ANSWERS = [
    (550, "5.1.1 No such mailbox", True),
    (550, "No such user here", True),
    (553, "Mailbox name not allowed", True),
    (554, "5.2.1 Mailbox disabled", True),
    (552, "5.2.2 Mailbox full", False),
    (550, "5.7.1 Message rejected as spam", False),
    (550, "Relaying denied", False),
    (554, "Transaction failed", False),
    (451, "4.1.1 Try later", False),
    (530, "5.7.0 Authentication required", False),
]


@pytest.mark.parametrize(("code", "words", "dead"), ANSWERS)
def test_only_an_answer_about_the_address_stops_mail_to_it(code: int, words: str, dead: bool) -> None:
    assert address_is_dead(code, words) is dead


def report(
    mark: str, recipient: str, status: str = "5.1.1", action: str = "failed", headers_only: bool = False
) -> bytes:
    """A delivery report as a mail server writes it (RFC 3464)."""
    kind = "text/rfc822-headers" if headers_only else "message/rfc822"
    return f"""From: MAILER-DAEMON@mail.example.org
To: course@example.org
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="x"

--x
Content-Type: text/plain

I am sorry to say that your mail could not be delivered.

--x
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.org

Final-Recipient: rfc822; {recipient}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} unknown
    user

--x
Content-Type: {kind}

Message-ID: <{mark}@training.example.org>
Subject: Hello

Dear Sam
--x--
""".encode()


@pytest.fixture
def mark(session: Session) -> str:
    """The mark of a mail that has been sent."""
    queue_text(session, "k1", "sam@example.org", RenderedMail("Hello", "Dear Sam"), NOW)
    (waiting,) = queries.due_mail(session, NOW)
    actions.mark_sent(session, waiting, NOW)
    session.commit()
    return waiting.mark


def only(session: Session) -> OutboxMail:
    session.expire_all()
    return session.execute(select(OutboxMail)).scalar_one()


def bounce(app: Flask, message: bytes) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=["mail", "bounce"], input=BytesIO(message))
    return result.exit_code, result.output


@pytest.mark.parametrize("headers_only", [False, True])
def test_a_mail_that_came_back_is_noted_and_its_address_left_alone(
    app: Flask, session: Session, mark: str, headers_only: bool
) -> None:
    message = report(mark, "Sam@Example.org", headers_only=headers_only)
    for _ in range(2):
        assert bounce(app, message) == (0, "Noted: mail to sam@example.org came back.\n")
    mail = only(session)
    assert mail.bounced_at is not None
    assert "5.1.1 unknown user" in (mail.failure or "")
    assert list(queries.suppressed_addresses(session)) == ["sam@example.org"]
    listed = app.test_cli_runner().invoke(args=["mail", "list"]).output
    assert "came back" in listed
    assert (
        "no longer"
        not in app.test_cli_runner().invoke(args=["mail", "clear", "SAM@example.org", "--reason", "x"]).output
    )
    session.expire_all()
    assert queries.suppressed_addresses(session) == {}
    assert app.test_cli_runner().invoke(args=["mail", "clear", "sam@example.org", "--reason", "x"]).exit_code == 1


def one_recipient(action: str, status: str, words: str) -> str:
    """What a report says about one recipient."""
    return f"Final-Recipient: rfc822; x@example.net\nAction: {action}\nStatus: {status}\nDiagnostic-Code: {words}\n"


GONE = one_recipient("failed", "5.1.1", "smtp; 550 5.1.1 User unknown")
OUR_MARK = "a" * 32


def report_about(recipients: list[str], returned: str) -> bytes:
    """A report about these recipients that carries this part."""
    status = "\n".join(["Reporting-MTA: dns; mail.example.org\n", *recipients])
    kind = 'multipart/report; report-type=delivery-status; boundary="x"'
    return (
        f"Content-Type: {kind}\n\n--x\nContent-Type: message/delivery-status\n\n{status}\n--x\n{returned}\n--x--\n"
    ).encode()


OUR_MAIL = f"Content-Type: message/rfc822\n\nMessage-ID: <{OUR_MARK}@training.example.org>\n\nHello"
ANSWER_TO_US = f"Message-ID: <1@example.org>\nIn-Reply-To: <{OUR_MARK}@training.example.org>\n\nI am away."
REPORT_ABOUT_US = report_about([GONE], OUR_MAIL).decode().replace('"x"', '"y"').replace("--x", "--y")


@pytest.mark.parametrize(
    ("message", "mark", "dead"),
    [
        (report_about([GONE], OUR_MAIL), OUR_MARK, [True]),
        (report_about([GONE, GONE], OUR_MAIL), OUR_MARK, [True, True]),
        # A shared address hands a mail on to several people: it is not dead because one of them has left.
        (report_about([GONE, one_recipient("delivered", "2.0.0", "x")], OUR_MAIL), OUR_MARK, [False]),
        (report_about([one_recipient("relayed", "2.0.0", "x"), GONE], OUR_MAIL), OUR_MARK, [False]),
        (report_about([one_recipient("expanded", "2.0.0", "x"), GONE], OUR_MAIL), OUR_MARK, [False]),
        (report_about([GONE, one_recipient("delayed", "4.4.1", "x")], OUR_MAIL), OUR_MARK, [False]),
        (report_about([GONE, one_recipient("failed", "5.2.2", "smtp; 552 5.2.2 Full")], OUR_MAIL), OUR_MARK,
         [False, False]),
        # Some servers leave out of which kind their words are.
        (report_about([one_recipient("failed", "5.1.1", "550 5.7.1 Taken for spam")], OUR_MAIL), OUR_MARK, [False]),
        (report_about([one_recipient("failed", "5.0.0", "550 5.1.1 User unknown")], OUR_MAIL), OUR_MARK, [True]),
        # What came back was not our mail, but an answer to it or a report about it, on its way to us.
        (report_about([GONE], f"Content-Type: message/rfc822\n\n{ANSWER_TO_US}"), "", [True]),
        (report_about([GONE], f"Content-Type: text/rfc822-headers\n\n{ANSWER_TO_US}"), "", [True]),
        (report_about([GONE], f"Content-Type: message/rfc822\n\nMessage-ID: <2@example.org>\n{REPORT_ABOUT_US}"), "",
         [True]),
        # A report that somebody has sent on is one.
        (f"Content-Type: multipart/mixed; boundary=z\n\n--z\nContent-Type: message/rfc822\n\n{REPORT_ABOUT_US}\n--z--\n"
         .encode(), OUR_MARK, [True]),
        (report_about([GONE], "Content-Type: text/rfc822-headers\nContent-Transfer-Encoding: quoted-printable\n\n"
                      f"Message-ID: <{OUR_MARK[:9]}=\n{OUR_MARK[9:]}@training.example.org>"), OUR_MARK, [True]),
        (f"In-Reply-To: <{OUR_MARK}@training.example.org>\n".encode() + report_about([GONE], "Content-Type: text/plain\n\nx"),
         OUR_MARK, [True]),
    ],
)  # fmt: skip
def test_a_report_names_the_mail_that_came_back_and_whether_its_address_is_dead(
    message: bytes, mark: str, dead: list[bool]
) -> None:
    said = report_from_json(report_as_json(message))
    assert (said.mark, [one.dead for one in said.failures]) == (mark, dead)


def test_a_mail_that_was_forwarded_came_back_from_the_address_it_was_sent_to(
    app: Flask, session: Session, mark: str
) -> None:
    assert bounce(app, report(mark, "sam.at.home@example.net"))[1] == "Noted: mail to sam@example.org came back.\n"
    assert list(queries.suppressed_addresses(session)) == ["sam@example.org"]


@pytest.mark.both_engines
def test_a_report_with_signs_that_cannot_be_stored_is_noted_without_them(
    app: Flask, session: Session, mark: str
) -> None:
    message = report(mark, "sam@example.org").replace(b"unknown", b"unknown\0 \xff\xfe")
    assert bounce(app, message)[0] == 0
    assert "unknown" in (only(session).failure or "")


def test_a_full_mailbox_is_noted_and_its_address_written_to_again(app: Flask, session: Session, mark: str) -> None:
    assert bounce(app, report(mark, "sam@example.org", "5.2.2"))[0] == 0
    assert only(session).bounced_at is not None
    assert queries.suppressed_addresses(session) == {}


def test_what_is_no_report_about_a_mail_of_ours_changes_nothing(app: Flask, session: Session, mark: str) -> None:
    strangers = [
        report("0" * 32, "sam@example.org"),
        report(mark, "sam@example.org", "4.4.1", "delayed"),
        b"Subject: Out of office\n\nI am away.\n",
        b"\xff\xfe\x00 nothing at all",
        b"Content-Type: multipart/report; boundary=x\n\n--x\nContent-Type: message/delivery-status\n\n\xff\n--x--\n",
    ]
    for message in strangers:
        code, output = bounce(app, message)
        assert code == 1, output
        assert output.strip()
    assert only(session).bounced_at is None
    assert queries.suppressed_addresses(session) == {}


def test_nothing_is_sent_to_an_address_that_refused_mail(app: Flask, session: Session) -> None:
    actions.suppress_address(session, "sam@example.org", "refused", "550 5.1.1 gone", NOW)
    queue_text(session, "k1", "sam@example.org", RenderedMail("Hello", "Dear Sam"), NOW)
    session.commit()
    result = app.test_cli_runner().invoke(args=["mail", "send"])
    assert "0 sent." in result.output
    assert "550 5.1.1 gone" in (only(session).failure or "")
    assert only(session).next_try_at is None


def test_a_mail_program_stops_a_summary_at_one_press(client: Client, session: Session) -> None:
    person = make_person(session)
    address = f"/mail/choice/{sign_link(MailChoiceLink(person.id, DIGEST), SECRET)}"
    answer = client.flask.post(address, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert queries.opted_out_people(session, DIGEST) == {person.id}
    assert client.flask.post(address, data={"List-Unsubscribe": "One-Click"}).status_code == 200


def test_a_person_stops_and_starts_it_on_the_page_of_the_link(client: Client, session: Session) -> None:
    person = make_person(session)
    address = f"/mail/choice/{sign_link(MailChoiceLink(person.id, DIGEST), SECRET)}"
    page = client.get(address)
    assert "Stop this e-mail?" in page.h1
    assert queries.opted_out_people(session, DIGEST) == set(), "looking at it changes nothing"
    client.follow(client.post(address, page.fields()))
    assert queries.opted_out_people(session, DIGEST) == {person.id}
    client.post(address, client.get(address).fields())
    session.expire_all()
    assert queries.opted_out_people(session, DIGEST) == set()


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        sign_link(MailChoiceLink(1, DIGEST), "x" * 40),
        sign_link(MailChoiceLink(1, "reminder"), SECRET),
    ],
)
def test_a_link_that_is_not_ours_leads_nowhere(client: Client, text: str) -> None:
    client.get(f"/mail/choice/{text}", 404)


def test_there_is_no_choice_about_mail_that_is_not_optional(session: Session) -> None:
    with pytest.raises(ValueError, match="no choice"):
        actions.set_mail_preference(session, 1, "reminder", False, NOW)


def test_a_letter_is_made_of_blocks() -> None:
    found = split_blocks("Hello,\n\n\ntwo\nlines\n\n- one\n- two\n\nGo on:\nhttps://example.org/x\n\n--\n\nSmall")
    assert [(b.kind, b.lines) for b in found] == [
        ("text", ("Hello,",)),
        ("text", ("two lines",)),
        ("list", ("one", "two")),
        ("link", ("Go on", "https://example.org/x")),
        ("rule", ()),
        ("text", ("Small",)),
    ]


def test_the_list_of_people_shows_mail_that_failed(client: Client, session: Session) -> None:
    sign_in(client, make_person(session, "Alex Morgan", "alex@example.org", "administrator"))
    make_person(session)
    queue_text(session, "k1", "sam@example.org", RenderedMail("Hello", "Dear Sam"), NOW)
    (waiting,) = queries.due_mail(session, NOW)
    actions.mark_failed(session, waiting, "550 5.1.1 gone", True, NOW)
    session.commit()
    assert "E-mail failed 550 5.1.1 gone" in client.get("/people").text


@pytest.mark.parametrize(
    "message",
    [
        b"Content-Type: " + b"a;" * 50_000 + b"\n\nx",
        b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(2000)),
    ],
    ids=["semicolons", "nested"],
)
def test_a_message_that_asks_for_minutes_is_given_up(
    app: Flask, monkeypatch: pytest.MonkeyPatch, message: bytes
) -> None:
    monkeypatch.setattr(commands, "LIMITS", SandboxLimits(seconds=2, memory=300, result=1))
    code, output = bounce(app, message)
    assert (code, output) == (
        1,
        "This message takes more time or memory to read than a delivery report does. Nothing is noted.\n",
    )
