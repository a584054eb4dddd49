"""Two entries of one person become one, and nothing that was issued changes. On both engines."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.certificates.actions import reissue, revoke
from course.certificates.models import Certificate
from course.context import make_context
from course.dates import add_months
from course.organisation.actions import create_organisation
from course.people import actions, queries
from course.people.actions import Refusal
from course.people.models import Person, PersonMerge
from course.recertification.actions import (
    add_policy_version,
    grant_extension,
    import_completion,
    record_pause,
    withdraw_fact,
)
from course.recertification.models import RenewalImport
from course.recertification.queries import open_facts, policies
from course.recertification.queries import people as with_facts
from course.recertification.rules import Policy, certification_status
from course.recertification.rules.facts import ExternalCompletion, Pause
from tests.certificates.makers import make_certificate
from tests.conftest import NOW
from tests.makers import make_organisation, make_person, make_team, sign_in
from tests.pages import Client

pytestmark = pytest.mark.both_engines

ZONE = "Europe/London"


def merge(session: Session, second: int, first: int, take_address: bool = False) -> Refusal | None:
    return actions.merge_people(make_context(session, None, NOW), second, first, take_address, "stood here twice")


def test_what_the_second_entry_completed_counts_for_the_first(session: Session) -> None:
    certificate = make_certificate(session, "second@example.org")
    before = (certificate.person_id, certificate.number, certificate.name)
    first = make_person(session, "Sam Okafor", "first@example.org")
    assert merge(session, certificate.person_id, first.id) is None
    brought = session.execute(select(RenewalImport)).scalar_one()
    assert (brought.person_id, brought.day, brought.valid_until) == (
        first.id, certificate.completed_on, certificate.valid_until,
    )  # fmt: skip
    assert certificate.number in brought.issuer
    facts = with_facts(session, ZONE, [first.id])[0].facts
    assert [one.day for one in facts.completions] == [certificate.completed_on]
    session.expire_all()
    same = session.execute(select(Certificate)).scalar_one()
    assert (same.person_id, same.number, same.name) == before


def test_the_age_limit_of_certificates_from_elsewhere_takes_none_from_the_first(session: Session) -> None:
    """What counted for the second entry counts; what was too old when it was brought does not."""
    context, day = make_context(session, None, NOW), NOW.date()
    add_policy_version(context, Policy(day, import_age_months=6), "old ones say little")
    certificate = make_certificate(session, "second@example.org", day - timedelta(days=240))
    old = ExternalCompletion(day - timedelta(days=200), day + timedelta(days=150), "Elsewhere", "initial")
    import_completion(context, certificate.person_id, old, "seen")
    first = make_person(session, "Sam Okafor", "first@example.org")
    assert merge(session, certificate.person_id, first.id) is None
    for person_id in (certificate.person_id, first.id):
        facts = with_facts(session, ZONE, [person_id])[0].facts
        assert certification_status(facts, policies(session, ZONE), day).valid_until == certificate.valid_until


@pytest.mark.parametrize(("period", "own", "due_after"), [(24, True, 24), (24, False, 12), (6, True, 12)])
def test_a_rule_that_counts_certificates_for_longer_does_so_after_a_merge(
    session: Session, period: int, own: bool, due_after: int
) -> None:
    """Whoever was up to date is not overdue because two entries of them became one."""
    create_organisation(session, "Riverside Trust", "england", NOW - timedelta(days=600))
    day = NOW.date() - timedelta(days=500)
    until, then = add_months(day, 12), make_context(session, None, NOW - timedelta(days=480))
    if own:
        certificate = make_certificate(session, "second@example.org", day)
        second, until = certificate.person_id, certificate.valid_until
    else:
        second = make_person(session, "S. Okafor", "second@example.org", at=then.now).id
        import_completion(then, second, ExternalCompletion(day, until, "Elsewhere"), "seen")
    changed = make_context(session, None, NOW - timedelta(days=300))
    add_policy_version(changed, Policy(changed.today, period_months=period, applies="now"), "counts for longer")
    first = make_person(session, "Sam Okafor", "first@example.org")
    assert merge(session, second, first.id) is None
    status = certification_status(with_facts(session, ZONE, [first.id])[0].facts, policies(session, ZONE), NOW.date())
    assert (status.due, status.valid_until) == (max(add_months(day, due_after), NOW.date() + timedelta(days=28)), until)


@pytest.mark.parametrize(("renamed", "organisation"), [(False, "Riverside Trust"), (True, "Riverside Trust"),
                                                       (False, "River " * 33)])  # fmt: skip
def test_a_certificate_of_the_second_entry_that_is_revoked_counts_for_the_first_no_more(
    session: Session, renamed: bool, organisation: str
) -> None:
    """The page on which anybody checks it and the page of the person say the same."""
    make_organisation(session, organisation)
    certificate = make_certificate(session, "second@example.org")
    first = make_person(session, "Sam Okafor", "first@example.org")
    own = make_person(session, "Kim Hill", "kim@example.org")
    day, until = certificate.completed_on, certificate.valid_until
    import_completion(
        make_context(session, None, NOW), own.id, ExternalCompletion(day, until, "Elsewhere", "initial"), "seen"
    )
    assert merge(session, certificate.person_id, first.id) is None
    number = certificate.number
    if renamed:
        number = reissue(make_context(session, None, NOW), number, "Samuel Okafor", "another name")
    revoke(make_context(session, None, NOW), number, "not taken in person")
    assert open_facts(session, first.id)["certificate"] == set()
    (gone,) = with_facts(session, ZONE, [first.id])[0].facts.as_of(NOW.date()).completions
    assert (gone.revoked, gone.revocation_reason) == (NOW.date(), "not taken in person")
    assert len(open_facts(session, own.id)["certificate"]) == 1


@pytest.mark.parametrize("own_leave", [False, True])
def test_who_is_on_leave_or_has_more_time_stays_so_when_the_entry_that_says_it_is_merged(
    session: Session, own_leave: bool
) -> None:
    day, before = NOW.date(), NOW - timedelta(days=200)
    first = make_person(session, "Sam Okafor", "first@example.org", at=before)
    second = make_person(session, "S. Okafor", "second@example.org", at=before)
    context = make_context(session, None, NOW - timedelta(days=3))
    over = Pause(day - timedelta(days=90), day - timedelta(days=60), 14, "over")
    away = Pause(day - timedelta(days=30), None, 14, "away")
    for pause in (over, away):
        assert record_pause(context, second.id, pause)
    assert grant_extension(context, second.id, day + timedelta(days=20), "was ill")
    assert grant_extension(context, second.id, day - timedelta(days=1), "too short")
    back = replace(away, until=day + timedelta(days=9), reason="known here")
    assert not own_leave or record_pause(context, first.id, back)
    assert merge(session, second.id, first.id) is None
    facts = with_facts(session, ZONE, [first.id])[0].facts.as_of(day)
    assert certification_status(facts, policies(session, ZONE), day).state == "paused"
    assert [(one.since, one.until, one.reason) for one in facts.pauses] == [
        (away.since, back.until, "known here") if own_leave else (away.since, None, "away")
    ]
    assert [(one.until, one.reason) for one in facts.extensions] == [(day + timedelta(days=20), "was ill")]


def test_the_leave_and_the_extension_of_the_second_entry_hold_for_the_first(session: Session) -> None:
    """Otherwise somebody on a long leave is reminded, and overdue, from the day on which their entries are merged."""
    context, day = make_context(session, None, NOW), NOW.date()
    first, second = (make_person(session, "Sam Okafor", f"{one}@example.org") for one in ("first", "second"))
    own = Pause(day - timedelta(days=30), day - timedelta(days=20), 28, "the first one's own")
    for person, pause in (
        (first, own),
        (second, replace(own, until=None)),
        (second, Pause(day - timedelta(days=9), None, 28, "long leave")),
        (second, Pause(day - timedelta(days=90), day - timedelta(days=60), 28, "over")),
    ):
        record_pause(context, person.id, pause)
    for days in (20, 30):
        grant_extension(context, second.id, day + timedelta(days=days), "more time")
    gone = min(open_facts(session, second.id)["extension"])
    withdraw_fact(context, second.id, "extension", gone, "a mistake")
    assert merge(session, second.id, first.id) is None
    facts = with_facts(session, ZONE, [first.id])[0].facts.as_of(day)
    assert {(one.since, one.until, one.reason) for one in facts.pauses} == {
        (own.since, own.until, own.reason),
        (day - timedelta(days=9), None, "long leave"),
    }
    assert [(one.until, one.reason) for one in facts.extensions] == [(day + timedelta(days=30), "more time")]


def test_teams_roles_and_staff_number_come_along(session: Session) -> None:
    north, south = make_team(session, "North"), make_team(session, "South")
    first = make_person(session, "Sam Okafor", "first@example.org", team=north)
    second = make_person(session, "S. Okafor", "second@example.org", "manager", team=south)
    second.staff_number = "N7"
    session.flush()
    assert merge(session, second.id, first.id) is None
    sheet = queries.person_detail(session, first.id)
    assert sheet is not None
    assert [bond.words for bond in (*sheet.teams, *sheet.roles)] == ["North", "South", "Manager of South"]
    assert queries.name_at(session, second.id, NOW) == "S. Okafor"
    assert [row.staff_number for row in (first, second)] == ["N7", None]
    assert second.left_at is not None
    assert session.execute(select(PersonMerge.into_id)).scalar_one() == first.id


@pytest.mark.parametrize(("take", "expected"), [(False, "first@example.org"), (True, "second@example.org")])
def test_either_address_can_be_the_one_that_stays(session: Session, take: bool, expected: str) -> None:
    first = make_person(session, "Sam Okafor", "first@example.org")
    second = make_person(session, "S. Okafor", "second@example.org")
    assert merge(session, second.id, first.id, take) is None
    assert first.email == expected
    assert second.email != expected


def test_the_last_administrator_can_be_the_second_entry(session: Session) -> None:
    first = make_person(session, "Alex Morgan", "first@example.org")
    second = make_person(session, "A. Morgan", "second@example.org", "administrator")
    assert merge(session, second.id, first.id) is None
    assert queries.administrators(session) == [first.id]


def test_an_entry_is_not_merged_with_itself_or_with_somebody_who_has_left(session: Session) -> None:
    first = make_person(session)
    assert isinstance(merge(session, first.id, first.id), Refusal)
    gone = make_person(session, "Kim Else", "kim@example.org")
    assert actions.record_departure(make_context(session, None, NOW), gone.id, NOW.date(), "x") is None
    with pytest.raises(LookupError):
        merge(session, gone.id, first.id)


def test_an_administrator_merges_two_entries_on_the_page(session: Session, client: Client) -> None:
    own = make_person(session, "Alex Morgan", "alex@example.org", "administrator")
    sign_in(client, own)
    first, second = make_person(session), make_person(session, "S. Okafor", "second@example.org")
    path = f"/people/{first.id}/merge"
    form = {"other": "nobody@example.org", "keep": "first", "reason": "twice"}
    assert "No one here has this e-mail address or sign-in name." in client.post(path, form, 422).text
    assert "This is the same entry." in client.post(path, {**form, "other": str(first.email)}, 422).text
    assert "You are signed in with this entry" in client.post(path, {**form, "other": str(own.email)}, 422).text
    page = client.follow(client.post(path, {**form, "other": str(second.email)}))
    assert "The two entries are merged." in page.text
    session.expire_all()
    assert session.get_one(Person, second.id).left_at is not None
