"""Each action is done once, however many requests ask for it at the same moment, on both engines."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.certificates.actions import end_certificate_link
from course.certificates.models import CertificateLinkEnd
from course.context import make_context
from course.credentials.rules.checking import check_credential
from course.credentials.rules.documents import document_bytes
from course.evidence.jobs import PACK
from course.exports.actions import request_file as ask_file
from course.exports.models import Download
from course.exports.rules import FileRequest
from course.external_certificates.actions import IssuerAlreadyTrustedError, accept_certificate, trust_issuer
from course.external_certificates.models import TrustedIssuer
from course.jobs.actions import cancel_job
from course.people.actions import delegate
from course.people.models import Deputy, RoleGrant
from course.privacy.actions import request_erasure as ask_erasure
from course.privacy.models import ErasureRequest
from course.recertification.models import RenewalImport
from course.reports.jobs import REPORT_FILE
from course.web.unit_of_work import unit_of_work
from tests.conftest import NOW
from tests.credentials.makers import SIGNING_SETTINGS, Issuer
from tests.makers import make_person, make_team
from tests.support.racing import at_once

TIMES = 6
TODAY = NOW.date()
ISSUER = Issuer()
PROFILE = json.dumps(ISSUER.served()[f"{SIGNING_SETTINGS.base_url}/issuer"])


def _trusted(session: Session) -> bool:
    try:
        trust_issuer(make_context(session, None, NOW), PROFILE, "sister trust")
    except IssuerAlreadyTrustedError:
        return False
    return True


def _deeds(manager: int, learner: int, team: int) -> dict[str, tuple[Callable[[Session], object], type]]:
    """Each deed with the table that it writes to; what it gives is false if it was done before."""
    document = document_bytes(ISSUER.credential())
    said = check_credential(document, [ISSUER.key], NOW).claims
    assert said is not None
    until = TODAY + timedelta(days=9)
    return {
        "deputy": (lambda s: delegate(make_context(s, manager, NOW), "sam@example.org", until, "x") is None, Deputy),
        "erasure": (lambda s: ask_erasure(make_context(s, manager, NOW), learner, "asked"), ErasureRequest),
        "issuer": (_trusted, TrustedIssuer),
        "pack": (
            lambda s: ask_file(make_context(s, manager, NOW), PACK, FileRequest("evidence", team, TODAY, "")),
            Download,
        ),
        "link to certificates": (
            lambda s: end_certificate_link(make_context(s, learner, NOW), learner, 0),
            CertificateLinkEnd,
        ),
        "certificate": (lambda s: accept_certificate(make_context(s, learner, NOW), said, document), RenewalImport),
    }


def test_what_is_sent_several_times_at_once_is_done_once_and_the_others_are_told(committed: Flask) -> None:
    with committed.app_context(), unit_of_work() as session:
        team = make_team(session)
        manager = make_person(session, "Priya Nair", "priya@example.org", "manager", team, password=None)
        learner = make_person(session, password=None)
        deeds = _deeds(manager.id, learner.id, team.id)

    def inside(deed: Callable[[Session], object]) -> Callable[[], int]:
        def run() -> int:
            with committed.app_context(), unit_of_work() as session:
                return int(bool(deed(session)))

        return run

    for name, (deed, table) in deeds.items():
        answers = at_once([inside(deed)] * TIMES)
        assert (len(answers), sum(answers)) == (TIMES, 1), name
        with committed.app_context(), unit_of_work() as session:
            assert session.execute(select(func.count()).select_from(table)).scalar_one() == 1, name


@pytest.fixture
def manager(session: Session) -> int:
    return make_person(session, "Priya Nair", "priya@example.org", "manager", password=None).id


def test_what_ended_can_be_done_again(session: Session, manager: int) -> None:
    make_person(session, password=None)
    day: date = TODAY + timedelta(days=9)
    for _ in range(2):
        assert delegate(make_context(session, manager, NOW), "sam@example.org", day, "x") is None
        session.execute(select(Deputy).where(Deputy.ended_at.is_(None))).scalar_one().ended_at = NOW
        session.flush()
    assert session.execute(select(func.count()).select_from(RoleGrant)).scalar_one() == 1


def test_a_file_that_was_given_up_keeps_nobody_from_asking_again(session: Session, manager: int) -> None:
    first = ask_file(make_context(session, manager, NOW), REPORT_FILE, FileRequest("csv", None, TODAY, ""))
    assert first is not None
    assert ask_file(make_context(session, manager, NOW), REPORT_FILE, FileRequest("csv", None, TODAY, "")) is None
    assert ask_file(make_context(session, manager, NOW), REPORT_FILE, FileRequest("pdf", None, TODAY, "")) is not None
    assert cancel_job(session, session.get_one(Download, first).job_id or 0, NOW) == "report.file"
    assert ask_file(make_context(session, manager, NOW), REPORT_FILE, FileRequest("csv", None, TODAY, "")) not in (
        None,
        first,
    )
