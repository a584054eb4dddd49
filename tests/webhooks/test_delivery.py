"""Deliveries over real HTTPS: signed, once, tried again, given up, and never to an address that is not public."""

from __future__ import annotations

import json
import socket
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from standardwebhooks import Webhook as Oracle
from standardwebhooks import WebhookVerificationError

from course.audit.models import AuditEntry
from course.clock import now
from course.mail.models import OutboxMail
from course.people.actions import record_departure
from course.privacy.actions import erase, request_erasure
from course.training_records.models import RecordView
from course.web.unit_of_work import read_only_session, unit_of_work
from course.webhooks import actions, queries
from course.webhooks.delivery import DeliverySettings, send_parcel
from course.webhooks.models import WebhookAttempt
from course.webhooks.queries import DueDelivery, Parcel, WebhookView
from course.webhooks.rules import CLAIM_DURATION, DELIVERY_RETENTION, RETRY_DELAYS, SECRET_OVERLAP
from tests.conftest import NOW, SECRET
from tests.makers import make_person
from tests.support.racing import at_once
from tests.webhooks.makers import HookedCourse, everything, hooked, trust
from tests.webhooks.receiver import Receiver, write_authority


@pytest.fixture
def course(fresh_app: Flask, authority: tuple[Path, Path], receiver: Receiver) -> HookedCourse:
    trust(fresh_app, authority)
    return hooked(fresh_app, receiver.address)


def _hook(course: HookedCourse) -> WebhookView:
    with course.app.app_context(), read_only_session() as session:
        found = queries.webhook(session, course.hook)
    assert found is not None
    return found


def _attempts(course: HookedCourse) -> list[WebhookAttempt]:
    with course.app.app_context(), read_only_session() as session:
        return list(session.execute(select(WebhookAttempt).order_by(WebhookAttempt.id)).scalars())


def test_what_arrives_is_signed_and_says_nothing_but_number_kind_and_dates(
    course: HookedCourse, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    course.fact(at=now())
    assert course.deliver(now()) == 1
    (taken,) = receiver.taken
    message = Oracle(course.secret()).verify(taken.body, taken.headers)
    assert message["type"] == "certification.overdue"
    assert message["data"] == {
        "event_id": taken.headers["webhook-id"], "person": {"id": course.boss}, "due": "2026-11-01", "valid_until": None,
    }  # fmt: skip
    assert datetime.fromisoformat(message["timestamp"]) - now() < timedelta(minutes=1)
    with pytest.raises(WebhookVerificationError):
        Oracle(course.secret()).verify(taken.body.replace(b"overdue", b"expired"), taken.headers)
    assert course.deliver(now()) == 0
    with course.app.app_context(), read_only_session() as session:
        seen = session.execute(select(RecordView.person_id, RecordView.detail)).all()
    # Whoever added the webhook is the one who took it; here that is the person, whose own look is not recorded.
    assert seen == []


def test_both_secrets_sign_for_a_day_after_a_rotation(course: HookedCourse, receiver: Receiver) -> None:
    old = course.secret()
    assert course.do(actions.rotate_secret, course.hook, SECRET, at=now())
    new = course.secret()
    assert new != old
    course.fact("2026-11-01", now())
    course.deliver(now())
    assert Oracle(old).verify(receiver.taken[0].body, receiver.taken[0].headers)
    assert Oracle(new).verify(receiver.taken[0].body, receiver.taken[0].headers)
    # A second rotation ends the first secret at once.
    assert course.do(actions.rotate_secret, course.hook, SECRET, at=now())
    course.fact("2026-11-02", now())
    course.deliver(now())
    with pytest.raises(WebhookVerificationError):
        Oracle(old).verify(receiver.taken[1].body, receiver.taken[1].headers)
    assert Oracle(new).verify(receiver.taken[1].body, receiver.taken[1].headers)
    course.fact("2026-11-03", now())
    course.deliver(now() + SECRET_OVERLAP)
    assert len(receiver.taken[1].headers["webhook-signature"].split()) == 2
    assert len(receiver.taken[2].headers["webhook-signature"].split()) == 1


def test_the_staff_number_is_sent_if_it_was_chosen_and_the_person_sees_who_was_told(
    course: HookedCourse, receiver: Receiver
) -> None:
    with course.app.app_context(), unit_of_work() as session:
        sam = make_person(session)
        sam.staff_number = "HR-7"
        person = sam.id
    settings = everything(receiver.address)
    assert course.do(actions.change_webhook, course.hook, type(settings)(settings.address, settings.kinds, None, True))
    course.fact(person=person)
    course.deliver()
    assert json.loads(receiver.taken[0].body)["data"]["person"] == {"id": person, "staff_number": "HR-7"}
    with course.app.app_context(), read_only_session() as session:
        rows = session.execute(select(RecordView.person_id, RecordView.viewer_id, RecordView.detail)).all()
    assert [tuple(row) for row in rows] == [(person, course.boss, f"sent to {receiver.address.split('/')[2]}")]


def test_a_failure_is_tried_again_and_what_waits_goes_once_one_has_arrived(
    course: HookedCourse, receiver: Receiver
) -> None:
    receiver.answers(500, 503, 204)
    course.fact("2026-11-01")
    assert course.deliver() == 1
    assert course.rows()[0].next_try_at == NOW + RETRY_DELAYS[0]
    course.fact("2026-11-02")
    # An address that fails is left alone for half a minute, whatever else is due.
    assert course.deliver(NOW + timedelta(seconds=29)) == 0
    assert course.deliver(NOW + timedelta(seconds=30)) == 1
    first, second = course.rows()
    assert (first.tries, second.tries) == (1, 1) if first.arrived_at else (2, 0)
    assert course.deliver(NOW + timedelta(seconds=61)) == 2
    assert all(one.arrived_at for one in course.rows())
    assert len(set(receiver.ids)) == 2
    assert _hook(course).failing_since is None
    assert [one.status for one in _attempts(course)] == [500, 503, 204, 204]
    assert _attempts(course)[0].answer == "as you wish"


def test_a_server_that_asks_for_time_gets_it(course: HookedCourse, receiver: Receiver) -> None:
    receiver.answer = lambda _taken: (429, {"Retry-After": "3600"}, b"")
    course.fact()
    course.deliver()
    assert course.rows()[0].next_try_at == NOW + timedelta(hours=1)
    assert course.deliver(NOW + timedelta(minutes=59)) == 0
    assert course.deliver(NOW + timedelta(minutes=60)) == 1


def test_what_was_queued_or_put_off_by_a_clock_that_was_ahead_does_not_wait_until_then(
    course: HookedCourse, receiver: Receiver
) -> None:
    course.fact(at=NOW + timedelta(days=366))
    receiver.answers(500, 204, 204)
    assert course.deliver(NOW + timedelta(days=366)) == 1
    course.fact("2026-11-02")
    assert course.deliver() == 2, "the webhook is not left alone until the next year either"
    assert all(one.arrived_at for one in course.rows())


def test_after_three_days_without_an_arrival_it_is_turned_off_and_nothing_is_lost(
    course: HookedCourse, receiver: Receiver
) -> None:
    receiver.answers(404)
    course.fact("2026-11-01")
    at, tries = NOW, 0
    while (due := course.rows()[0].next_try_at) is not None and _hook(course).off_at is None:
        at = max(due, at + timedelta(seconds=30))
        tries += course.deliver(at)
    hook = _hook(course)
    assert hook.off_reason == "failing"
    assert timedelta(days=3) <= at - NOW <= timedelta(days=4)
    assert tries == len(RETRY_DELAYS) + 1
    with course.app.app_context(), read_only_session() as session:
        mails = session.execute(select(OutboxMail.recipient, OutboxMail.template)).all()
        noted = session.execute(select(AuditEntry.what).where(AuditEntry.what == "webhook.stopped")).scalars().all()
    assert [tuple(one) for one in mails] == [("alex@example.org", "webhook_stopped")]
    assert noted == ["webhook.stopped"]
    course.fact("2026-11-02", at)
    assert course.deliver(at + timedelta(days=1)) == 0
    receiver.answers(204)
    assert course.do(actions.turn_on, course.hook, at=at + timedelta(days=2))
    assert course.deliver(at + timedelta(days=2)) == 2
    assert all(one.arrived_at for one in course.rows())
    assert not course.do(actions.turn_on, course.hook)


def test_an_answer_that_wants_no_more_turns_it_off_at_once(course: HookedCourse, receiver: Receiver) -> None:
    receiver.answers(410)
    course.fact()
    course.deliver()
    assert _hook(course).off_reason == "gone"


def test_a_redirect_is_not_followed_and_little_of_an_answer_is_kept(course: HookedCourse, receiver: Receiver) -> None:
    receiver.answer = lambda _taken: (302, {"Location": receiver.address + "/other"}, b"<b>\x00\xff" + b"x" * 100_000)
    course.fact()
    course.deliver()
    assert [one.path for one in receiver.taken] == ["/events"]
    (attempt,) = _attempts(course)
    assert attempt.status == 302
    assert attempt.answer.startswith("<b> \ufffdxxx")
    assert len(attempt.answer) <= 500
    assert course.rows()[0].arrived_at is None


def test_a_certificate_of_an_unknown_authority_is_refused(
    course: HookedCourse, receiver: Receiver, tmp_path: Path
) -> None:
    trust(course.app, write_authority(tmp_path))
    course.fact()
    course.deliver()
    assert receiver.taken == []
    assert _attempts(course)[0].failure.startswith("The certificate of the server is not valid: ")


def test_without_the_test_setting_nothing_goes_to_this_machine(fresh_app: Flask, receiver: Receiver) -> None:
    course = hooked(fresh_app, receiver.address)
    course.fact()
    course.deliver()
    assert receiver.taken == []
    assert "not on the public internet" in _attempts(course)[0].failure


@pytest.mark.parametrize(
    "addresses",
    [
        ["10.0.0.5"], ["127.0.0.1"], ["169.254.169.254"], ["100.64.0.1"], ["224.0.0.1"], ["::1"], ["fd00:ec2::254"],
        ["::ffff:10.0.0.1"], ["fe80::1"], ["93.184.215.14", "192.168.0.10"], ["0.0.0.0"],
    ],
)  # fmt: skip
def test_a_name_that_leads_to_a_private_address_is_refused_when_it_is_used(
    addresses: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def resolve(_host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in addresses]

    def connect(*_: Any, **__: Any) -> socket.socket:
        raise AssertionError("a connection was begun")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket, "create_connection", connect)
    parcel = Parcel(1, 1, "https://hr.example.org/", (), "overdue", "evt_1", NOW, {}, 1, None, False, 1, 1)
    result = send_parcel(parcel, DeliverySettings(SECRET), NOW)
    assert result.failure == "hr.example.org is not on the public internet"


def test_the_address_that_was_checked_is_the_one_that_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    resolved, used = [], []

    def resolve(host: str, port: int, **_: Any) -> list[Any]:
        resolved.append(host)
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.215.14" if len(resolved) == 1 else "127.0.0.1", port))
        ]

    def connect(address: tuple[str, int], **_: Any) -> socket.socket:
        used.append(address)
        raise ConnectionRefusedError("refused")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket, "create_connection", connect)
    parcel = Parcel(1, 1, "https://hr.example.org/", (), "overdue", "evt_1", NOW, {}, 1, None, False, 1, 1)
    assert send_parcel(parcel, DeliverySettings(SECRET), NOW).failure == "The server refused the connection."
    assert (resolved, used) == (["hr.example.org"], [("93.184.215.14", 443)])


def test_two_workers_send_each_event_once(committed: Flask, authority: tuple[Path, Path], receiver: Receiver) -> None:
    trust(committed, authority)
    course = hooked(committed, receiver.address)
    for day in range(1, 7):
        course.fact(f"2026-11-0{day}")
    assert sum(at_once([course.deliver] * 3)) == 6
    assert len(receiver.ids) == len(set(receiver.ids)) == 6
    assert all(one.arrived_at for one in course.rows())


def test_what_a_worker_sent_before_it_died_is_sent_again_under_the_same_number(
    course: HookedCourse, authority: tuple[Path, Path], receiver: Receiver
) -> None:
    course.fact()
    (row,) = course.rows()
    assert row.next_try_at is not None
    with course.app.app_context():
        with unit_of_work() as session:
            assert actions.claim_delivery(session, DueDelivery(row.id, row.next_try_at), NOW)
        with read_only_session() as session:
            parcel = queries.parcel(session, row.id, NOW)
    assert parcel is not None
    assert send_parcel(parcel, DeliverySettings(SECRET, str(authority[0])), NOW).arrived
    assert course.deliver(NOW + CLAIM_DURATION - timedelta(seconds=1)) == 0
    assert course.deliver(NOW + CLAIM_DURATION) == 1
    assert len(receiver.ids) == 2
    assert len(set(receiver.ids)) == 1


def test_what_waits_about_somebody_whose_data_are_erased_is_not_sent(course: HookedCourse, receiver: Receiver) -> None:
    with course.app.app_context(), unit_of_work() as session:
        sam = make_person(session).id
    course.fact(person=sam)
    course.do(_leave_and_erase, sam, at=NOW + timedelta(days=1))
    assert course.deliver(NOW + timedelta(days=2)) == 0
    assert receiver.taken == []


def _leave_and_erase(context: Any, person_id: int) -> None:
    assert record_departure(context, person_id, NOW.date(), "moved") is None
    assert request_erasure(context, person_id, "asked")
    assert erase(context.session, [person_id], "Europe/London", context.now)


def test_an_erasure_while_a_delivery_is_on_its_way_leaves_nothing(course: HookedCourse, receiver: Receiver) -> None:
    with course.app.app_context(), unit_of_work() as session:
        sam = make_person(session).id

    def answer(_taken: object) -> tuple[int, dict[str, str], bytes]:
        course.do(_leave_and_erase, sam, at=NOW + timedelta(days=1))
        return 204, {}, b""

    course.fact(person=sam)
    receiver.answer = answer
    assert course.deliver() == 1
    assert course.rows() == []
    assert _attempts(course) == []


def test_a_test_is_tried_once_even_if_the_webhook_is_off(course: HookedCourse, receiver: Receiver) -> None:
    receiver.answers(500)
    assert course.do(actions.turn_off, course.hook)
    assert course.do(actions.send_test, course.hook)
    course.fact()
    assert course.deliver() == 1
    assert json.loads(receiver.taken[0].body)["type"] == "webhook.test"
    assert [one.next_try_at is None for one in course.rows()] == [True, False]
    assert _hook(course).failing_since is None


def test_an_event_is_repeated_under_its_number_and_a_removed_webhook_gets_nothing(
    course: HookedCourse, receiver: Receiver
) -> None:
    course.fact()
    course.deliver()
    (row,) = course.rows()
    assert course.do(actions.repeat_deliveries, course.hook, [row.id]) == 1
    course.deliver()
    assert len(receiver.ids) == 2
    assert len(set(receiver.ids)) == 1
    course.fact("2026-11-02")
    assert course.do(actions.remove_webhook, course.hook)
    assert not course.do(actions.remove_webhook, course.hook)
    assert course.do(actions.repeat_deliveries, course.hook, [row.id]) == 0
    assert course.deliver(NOW + timedelta(hours=1)) == 0


def test_old_deliveries_are_forgotten_and_what_was_told_is_not_told_again(
    course: HookedCourse, receiver: Receiver
) -> None:
    course.fact()
    course.deliver()
    with course.app.app_context(), unit_of_work() as session:
        assert actions.forget_old_deliveries(session, NOW + DELIVERY_RETENTION - timedelta(seconds=1)) == 0
        assert actions.forget_old_deliveries(session, NOW + DELIVERY_RETENTION) == 1
    with pytest.raises(AssertionError):
        course.fact()  # the same fact makes no new event
    assert course.rows() == []
    assert len(receiver.taken) == 1


def test_a_secret_that_another_secret_key_locked_is_said_to_be_unreadable(
    course: HookedCourse, receiver: Receiver
) -> None:
    course.fact()
    with course.app.app_context(), read_only_session() as session:
        parcel = queries.parcel(session, course.rows()[0].id, NOW)
    assert parcel is not None
    result = send_parcel(parcel, DeliverySettings("another-key-0123456789abcdef-0123456789"), NOW)
    assert "cannot be read with this SECRET_KEY" in result.failure
    assert receiver.taken == []
