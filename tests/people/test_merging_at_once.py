"""Two entries are merged, or somebody gets another name, at the very moment at which there is a certificate more or less. On
both engines."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.certificates.actions import reissue_in_name, revoke
from course.certificates.models import Certificate
from course.context import make_context
from course.dates import add_months
from course.learning.models import Completion
from course.people.actions import correct_identity, merge_people
from course.people.models import Person
from course.recertification.actions import import_completion, withdraw_fact
from course.recertification.models import RenewalImport
from course.recertification.queries import open_facts, unrevoked_certificates
from course.recertification.rules.facts import ExternalCompletion
from course.web.unit_of_work import unit_of_work
from tests.certificates.makers import make_certificate
from tests.conftest import NOW
from tests.makers import make_organisation, make_person
from tests.refreshers.makers import complete

pytestmark = pytest.mark.both_engines

WAITING = 0.5  # seconds after which somebody who has not done yet waits for the other one

Deed = Callable[[Session], object]


def one_before_the_other(app: Flask, first: Deed, second: Deed) -> None:
    """Do one thing, and the other one before the first is committed; whoever has to waits for it."""

    def do_second() -> None:
        with app.app_context(), unit_of_work() as session:
            second(session)

    other = threading.Thread(target=do_second)
    with app.app_context(), unit_of_work() as session:
        first(session)
        session.flush()
        other.start()
        other.join(WAITING)
    other.join()


def merge(second: int, first: int) -> Deed:
    return lambda session: merge_people(make_context(session, None, NOW), second, first, False, "stood here twice")


@pytest.mark.parametrize("merged_first", [True, False])
def test_a_certificate_that_is_revoked_while_its_entry_is_merged_counts_for_nobody(
    committed: Flask, merged_first: bool
) -> None:
    with committed.app_context(), unit_of_work() as session:
        make_organisation(session)
        certificate = make_certificate(session, "second@example.org")
        second, number = certificate.person_id, certificate.number
        first = make_person(session, "Sam Okafor", "first@example.org").id
    deeds: list[Deed] = [
        merge(second, first),
        lambda one: revoke(make_context(one, None, NOW), number, "taken for another"),
    ]
    one_before_the_other(committed, *(deeds if merged_first else deeds[::-1]))
    with committed.app_context(), unit_of_work() as session:
        assert open_facts(session, first)["certificate"] == set()


@pytest.mark.parametrize("merged_first", [True, False])
def test_a_course_that_is_completed_while_its_entry_is_merged_counts_for_the_entry_that_goes_on(
    committed: Flask, merged_first: bool
) -> None:
    library = committed.extensions["course"].library
    with committed.app_context(), unit_of_work() as session:
        make_organisation(session)
        first = make_person(session, "Sam Okafor", "first@example.org").id
        second = make_person(session, "S. Okafor", "second@example.org")
    deeds = [merge(second.id, first), lambda one: complete(one, library, one.get_one(Person, second.id), NOW)]
    one_before_the_other(committed, *(deeds if merged_first else deeds[::-1]))
    with committed.app_context(), unit_of_work() as session:
        (issued,) = unrevoked_certificates(session, second.id)
        (counted,) = unrevoked_certificates(session, first)
        assert counted == issued
        assert session.execute(select(func.count()).select_from(Completion)).scalar_one() == 1


def test_of_two_who_withdraw_a_certificate_from_elsewhere_at_once_one_is_told(committed: Flask) -> None:
    with committed.app_context(), unit_of_work() as session:
        make_organisation(session)
        sam, context = make_person(session).id, make_context(session, None, NOW)
        day = NOW.date() - timedelta(days=30)
        import_completion(context, sam, ExternalCompletion(day, add_months(day, 12), "Elsewhere", "initial"), "seen")
        (fact,) = open_facts(session, sam)["certificate"]

    def withdraw(session: Session) -> None:
        withdraw_fact(make_context(session, None, NOW), sam, "certificate", fact, "not theirs")

    def is_told(session: Session) -> None:
        with pytest.raises(LookupError):
            withdraw(session)

    one_before_the_other(committed, withdraw, is_told)
    with committed.app_context(), unit_of_work() as session:
        withdrawn = session.execute(select(RenewalImport.withdrawn).order_by(RenewalImport.id)).scalars().all()
    assert withdrawn == [None, NOW.date()]


@pytest.mark.parametrize("completed_first", [True, False])
def test_a_course_that_is_completed_while_somebody_gets_another_name_is_certified_in_that_name(
    committed: Flask, completed_first: bool
) -> None:
    library = committed.extensions["course"].library
    with committed.app_context(), unit_of_work() as session:
        make_organisation(session)
        sam = make_person(session, "Sam Okafor").id

    def rename(session: Session) -> None:
        context = make_context(session, None, NOW)
        correct_identity(context, sam, "Sam Adeyemi", "sam@example.org", None, "married")
        reissue_in_name(context, sam, "Sam Adeyemi", "married")

    deeds = [rename, lambda one: complete(one, library, one.get_one(Person, sam), NOW)]
    one_before_the_other(committed, *(deeds[::-1] if completed_first else deeds))
    with committed.app_context(), unit_of_work() as session:
        assert session.execute(select(Certificate.name).order_by(Certificate.id)).scalars().all()[-1] == "Sam Adeyemi"
