"""Every change leaves an audit event with its actor; the steps of learners in the course do not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.audit import queries
from course.audit.catalogue import event_names
from course.audit.models import AuditEntry
from course.audit.rules import integrity_faults
from course.auth import actions as auth
from course.auth.rules import ATTEMPTS_PER_ADDRESS_AND_NETWORK
from course.certificates import actions as certificates
from course.certificates.models import Certificate
from course.clock import now
from course.context import make_context
from course.learning.events import CourseCompleted
from course.learning.models import Completion, Enrolment
from course.people import actions as people
from course.people.models import Person
from course.recertification import actions as recertification
from course.recertification.models import RenewalExtension, RenewalImport, RenewalPause
from course.reports.status_cache import StatusCache
from tests.audit.collected import COLLECTED_ACTIONS, EVENTS_ELSEWHERE, POSTS_ELSEWHERE
from tests.audit.factors import REFUSALS
from tests.audit.world import NEW, World
from tests.conftest import NOW
from tests.makers import PASSWORD, make_person, sign_in
from tests.pages import Client
from tests.reports.makers import cached_lines
from tests.standings.makers import assert_rows_say_what_facts_say
from tests.support.days import form_day

DAY = date(2026, 11, 22)
# The steps of a learner are stored where they belong, and are nobody else's business.
NOT_AUDITED = {
    # How somebody likes to read is in their browser only.
    "dashboard.night_shift",
    "learning.answer",
    "mail.choice",  # private as well
    "reminders.summary",
    "learning.begin_assessment",
    "learning.decide",
    "learning.finish_step",
    # Private notes are nobody else's business, not even their existence.
    "privacy.delete_notes",
    "milestones.save_intention",
    "milestones.save_reply",
    "refreshers.answer_booster",
    "refreshers.begin_refresher",
    "refreshers.begin_scenario",
    "refreshers.begin_update",
    "refreshers.record_reread",
    "refreshers.record_change_seen",
    "refreshers.start_five",
}
# For each POST endpoint: an action, the audit events that it leaves, and the actor.
AUDITED_ACTIONS: dict[str, list[tuple[Callable[[World], object], list[str], str | None]]] = {
    **COLLECTED_ACTIONS,
    "reports.file": [(lambda w: w.post("/report/file/csv", 200), ["report.exported"], "boss")],
    "reports.teams_file": [(lambda w: w.post("/report/teams/file", 200), ["report.teams_exported"], "boss")],
    "scheduled_reports.overview": [
        (World.schedule_report, ["report.mail_set"], "boss"),
        (World.schedule_report_twice, ["report.mail_set"], "boss"),
    ],
    "scheduled_reports.end_subscription": [(World.stop_scheduled_report, ["report.mail_set", "report.mail_stopped"], "boss")],
    "reports.download_file": [(lambda w: w.post("/report/made/99/download", 404), [], "boss")],
    "reports.remind": [
        (World.remind_all, ["reminder.asked"], "boss"),
        (lambda w: w.post("/report/remind?q=nobody", reason="they asked"), [], "boss"),
    ],
    "reports.withdraw_all": [(World.withdraw_reminders, ["reminder.asked", "reminder.taken_back"], "boss")],
    "help_requests.request_help": [(World.ask_for_help, ["sign_in.entered", "person.help_asked"], "sam")],
    "milestones.notify_managers": [(World.tell_manager_of_certificate, ["sign_in.entered", "certificate.manager_notified"], "sam")],
    "analytics.team_discussion": [(World.record_discussion, ["talk.held"], "boss")],
    "analytics.organisation_discussion": [(lambda w: w.record_discussion("everybody"), ["talk.held"], "boss")],
    "analytics.withdraw_discussion": [(World.withdraw_discussion, ["talk.held", "talk.taken_back"], "boss")],
    "learning.take_back": [(World.take_back_decision, ["scenario.decision_withdrawn"], "boss")],
    "pairs.begin": [(lambda w: w.post("/module/secret-contact/second-phone/together"), ["scenario.pair_opened"], "boss")],
    "pairs.join": [(World.join_pair, ["scenario.pair_joined"], "boss"), (lambda w: w.post("/pair", 422, code="1"), [], "boss")],
    "pairs.choose": [(World.choose_in_pair, ["scenario.pair_joined", "scenario.pair_choice"], "boss")],
    "pairs.leave": [(World.leave_pair, ["scenario.pair_joined", "scenario.pair_left"], "boss")],
    "audit_search.download": [(lambda w: w.post("/audit/download", 200), ["audit.exported"], "boss")],
    "calendars.create_feed": [(lambda w: w.post("/calendar/team/make"), ["calendar.made"], "boss")],
    "calendars.revoke_feed": [(World.end_feed, ["calendar.made", "calendar.ended"], "boss")],
    "people.delegations": [
        (World.name_deputy, ["deputy.named"], "boss"),
        (World.name_acting_deputy, ["deputy.named_to_act"], "boss"),
    ],
    "people.withdraw_delegation": [
        (World.end_delegation, ["deputy.named", "deputy.ended"], "boss"),
        (lambda w: w.post("/people/deputies/99/end"), [], "boss"),
    ],
    "training_records.remind": [
        (World.remind, ["reminder.asked"], "boss"),
        (lambda w: w.post(f"/report/people/{w.sam.id}/remind", 422, reason=""), [], "boss"),
    ],
    "training_records.withdraw_reminder": [
        (World.withdraw_reminder, ["reminder.asked", "reminder.taken_back"], "boss"),
        (lambda w: w.post(f"/report/people/{w.sam.id}/remind/99/end"), [], "boss"),
    ],
    "evidence.make_pack": [(World.request_pack, ["evidence.made"], "boss")],
    "evidence.download": [(World.download_pack, ["evidence.made", "evidence.downloaded"], "boss")],
    "external_certificates.issuers": [(World.trust_issuer, ["issuer.trusted"], "boss")],
    "external_certificates.end_trust": [
        (World.distrust_issuer, ["issuer.trusted", "issuer.ended"], "boss"),
        (lambda w: w.post("/passport/issuers/99/end", reason="gone"), [], "boss"),
    ],
    "organisation.settings": [
        (lambda w: w.settings(name="Harbour Trust", nation="wales"), ["organisation.changed"], "boss"),
        (lambda w: w.settings(**{"lead-name": "Jo", "lead-phone": "01632 960101"}), ["contact.changed"], "boss"),
        (World.confirm, ["contact.changed", "contact.confirmed"], "boss"),
        (lambda w: w.settings(signatory_name="Helen Marsh", signatory_role="Head"), ["organisation.signatory_changed"], "boss"),
        (World.settings, [], "boss"),
        (World.assign_contact_owner, ["contact.changed", "contact.entrusted"], "boss"),
    ],
    "dashboard.put_first_steps_away": [(World.hide_and_show_steps, ["set_up.steps_hidden", "set_up.steps_shown"], "boss")],
    "organisation.appearance": [
        (lambda w: w.post("/organisation/look", what="colour", typed="#7a1f5c", picked="#0f4c5c"),
         ["organisation.look_changed"], "boss"),
        (lambda w: w.post("/organisation/look", what="remove"), [], "boss"),
    ],
    "people.add_person": [
        (lambda w: w.post("/people/add", name="A B", email="ab@example.org", team="", role="learner", pathway=""),
         ["person.added", "person.invited"], "boss"),
        (lambda w: w.post("/people/add", name="A B", email="ab@example.org", team="", role="administrator",
                          pathway="clubs"),
         ["person.added", "role.granted", "pathway.chosen", "person.invited"], "boss"),
    ],
    "people.add_team": [(lambda w: w.post("/people/teams/add", name="Schools", parent=""), ["team.added"], "boss")],
    "people.pathway": [
        (lambda w: w.post(f"/people/{w.sam.id}/pathway", pathway="clubs", reason="moved"), ["pathway.chosen"], "boss"),
    ],
    "people.pathways": [
        (lambda w: w.post("/people/pathways", team=str(w.team.id), pathway="clubs", reason="all of them"),
         ["pathway.chosen"], "boss"),
    ],
    "people.invite": [(lambda w: w.post(f"/people/{w.kim.id}/invite"), ["person.invited"], "boss")],
    "people.correct_identity": [
        (lambda w: w.post(f"/people/{w.sam.id}/correct", name="Sam Lee", email="sam@example.org", reason="married"),
         ["person.changed"], "boss"),
    ],
    "people.join_team": [
        (lambda w: w.post(f"/people/{w.sam.id}/teams", team=str(w.team.id), how="move"), ["team.joined"], "boss"),
    ],
    "people.record_departure": [
        (lambda w: w.post(f"/people/{w.kim.id}/leave", last_day=w.today, reason="moved away"),
         ["person.left", "team.left"], "boss"),
    ],
    "people.record_return": [(World.record_return, ["person.left", "person.returned", "person.invited"], "boss")],
    "people.merge_people": [
        (
            lambda w: w.post(f"/people/{w.sam.id}/merge", other="kim@example.org", keep="first", reason="twice"),
            ["team.joined", "person.left", "team.left", "person.merged"],
            "boss",
        ),
    ],
    "teams.change": [
        (lambda w: w.post(f"/teams/{w.team.id}/change", name="All staff", parent="", reason="clearer"),
         ["team.changed"], "boss"),
    ],
    "teams.merge": [(World.merge, ["team.left", "team.joined", "team.merged"], "boss")],
    "teams.close": [(World.close, ["team.closed"], "boss")],
    "certificates.end_link": [
        (lambda w: w.post("/certificate/link/end", number="0"), ["certificate.link_ended"], "boss"),
        (lambda w: w.post("/certificate/link/end", number="7"), [], "boss"),
    ],
    "certificates.end_person_link": [
        (lambda w: w.post(f"/certificate/of/{w.sam.id}/link/end", number="0"), ["certificate.link_ended"], "boss"),
    ],
    "certificates.reissue": [(lambda w: w.post(f"/certificate/of/{w.sam.id}/reissue"), [], "boss")],
    "people_import.upload": [(World.upload, [], "boss")],
    "people_import.columns": [(World.columns, [], "boss")],
    "people_import.refresh_preview": [(World.refresh_preview, [], "boss")],
    "people_import.decide": [(World.decide, [], "boss")],
    "people_import.invite": [(World.invite_from_list, ["person.added", "person.imported", "person.invited"], "boss")],
    "people.invite_all_pending": [(lambda w: w.post("/people/invite"), ["person.invited"], "boss")],
    "teams.invite": [(lambda w: w.post(f"/teams/{w.team.id}/invite"), ["person.invited"], "boss")],
    "people_import.apply": [(World.apply, ["person.added", "person.imported", "person.invited"], "boss")],
    "people_import.result": [(World.result, ["person.list_downloaded"], "boss")],
    "join_requests.join": [(World.request_to_join, ["registration.asked"], None)],
    "join_requests.add_link": [(World.make_link, ["registration.link_made"], "boss")],
    "join_requests.revoke_link": [
        (lambda w: w.post(f"/registrations/links/{w.link_to_join()}/revoke"), ["registration.link_revoked"], "boss"),
    ],
    "join_requests.approve": [
        (lambda w: w.post(f"/registrations/{w.add_join_request()}/approve"), ["person.added", "person.invited"], "boss"),
    ],
    "join_requests.refuse": [(lambda w: w.post(f"/registrations/{w.add_join_request()}/refuse"), ["registration.refused"], "boss")],
    "privacy.download": [(lambda w: w.post("/me/data", 200), ["data.downloaded"], "boss")],
    "privacy.schedule": [(World.set_retention_schedule, ["data.schedule_changed"], "boss")],
    "privacy.erase": [
        (lambda w: w.post(f"/privacy/erase/{w.sam.id}", reason="asked"), ["data.erasure_asked"], "boss"),
        (World.request_erasure_twice, ["data.erasure_asked"], "boss"),
    ],
    "recertification.policy": [(World.policy, ["policy.changed"], "boss")],
    "recertification.pathway_policy": [(lambda w: w.policy("pathway/clubs", kind="anniversary"), ["policy.changed"], "boss")],
    "recertification.record_fact": [
        (lambda w: w.renewal("extension", until=form_day(30)), ["extension.granted"], "boss"),
        (lambda w: w.renewal("leave", since=form_day(30), until="", days="14"), ["pause.recorded"], "boss"),
        (lambda w: w.renewal("certificate", day=form_day(-30), until="", issuer="Hill Trust", kind="initial"),
         ["certificate.brought"], "boss"),
    ],
    "recertification.withdraw_fact": [
        (lambda w: w.withdraw_fact("extension", RenewalExtension, until=form_day(30)),
         ["extension.granted", "extension.withdrawn"], "boss"),
        (lambda w: w.withdraw_fact("leave", RenewalPause, since=form_day(30), until="", days="14"),
         ["pause.recorded", "pause.withdrawn"], "boss"),
        (lambda w: w.withdraw_fact("certificate", RenewalImport, day=form_day(-30), until="", issuer="Hill Trust", kind="initial"),
         ["certificate.brought", "certificate.brought_withdrawn"], "boss"),
    ],
    "reminders.wording": [(World.word_mails, ["mail.wording_changed"], "boss")],
    "reminders.policy": [(World.reminders, ["policy.reminders_changed"], "boss")],
    "reminders.clear_address": [
        (World.clear_suppressed_address, ["mail.address_cleared"], "boss"),
        (lambda w: w.post(f"/reminders/{w.sam.id}/address"), [], "boss"),
    ],
    "operations.test_mail": [(lambda w: w.post("/system/test-mail"), ["mail.tested"], "boss")],
    "operations.retry_all_mail": [
        (World.retry_all, ["mail.all_retried"], "boss"),
        (lambda w: w.post("/mail/retry"), [], "boss"),
    ],
    "reminders.clear_addresses": [
        (World.clear_suppressed_addresses, ["mail.addresses_cleared"], "boss"),
        (lambda w: w.post("/reminders/addresses/clear"), [], "boss"),
    ],
    "operations.confirm_mail": [
        (World.confirm_mail, ["mail.confirmed"], "boss"),
        (lambda w: w.post("/mail/99/arrived"), [], "boss"),
    ],
    "operations.cancel_job": [
        (World.cancel_job, ["job.cancelled"], "boss"),
        (lambda w: w.post("/system/jobs/99/cancel"), [], "boss"),
    ],
    "operations.repeat_job": [
        (World.repeat_job, ["job.repeated"], "boss"),
        (lambda w: w.post("/system/jobs/99/repeat"), [], "boss"),
    ],
    "operations.run_regular_job": [
        (lambda w: w.post("/system/jobs/regular/server.delete_jobs"), ["job.started"], "boss"),
        (lambda w: w.post("/system/jobs/regular/evidence.pack", status=404), [], "boss"),
    ],
    "operations.retry_mail": [
        (lambda w: w.post(f"/mail/{w.failed_mail()}/retry"), ["mail.retried"], "boss"),
        (lambda w: w.post("/mail/999/retry"), [], "boss"),
    ],
    "auth.sign_in": [
        (lambda w: sign_in(Client(w.app), w.sam), ["sign_in.entered"], "sam"),
        (World.sign_in_with_wrong_password, ["sign_in.refused"], None),
        (lambda w: w.sign_in_with_wrong_password(ATTEMPTS_PER_ADDRESS_AND_NETWORK.count),
         ["sign_in.refused"] * ATTEMPTS_PER_ADDRESS_AND_NETWORK.count + ["sign_in.locked"], None),
        (lambda w: Client(w.app).post("/sign-in", {"email": "who@example.org", "password": "wrong"}, 422),
         ["sign_in.refused"], None),
    ],
    "auth.sign_out": [(lambda w: w.post("/sign-out"), ["sign_in.ended"], "boss")],
    "auth.forgotten_password": [
        (lambda w: Client(w.app).post("/forgotten", {"email": "sam@example.org"}, 200), ["password.link_sent"], None),
        (lambda w: Client(w.app).post("/forgotten", {"email": "who@example.org"}, 200), [], None),
    ],
    "auth.choose_password": [(World.follow_invitation, ["password.set", "sign_in.entered"], "kim")],
    "auth.choose_language": [
        (World.choose_language, ["person.language_chosen"], "boss"),
        (lambda w: w.post("/me/language", 422, language="xx"), [], "boss"),
    ],
    "auth.account": [
        (lambda w: w.post("/me", current=PASSWORD, password=NEW), ["password.set"], "boss"),
        (lambda w: w.post("/me", 422, current="wrong", password=NEW), ["sign_in.refused"], None),
    ],
}  # fmt: skip
ALL = [(name, *action) for name, actions in AUDITED_ACTIONS.items() for action in actions]
# The set-up needs a new course: see below. The others: see tests/external_certificates and tests/evidence.
ELSEWHERE = {"auth.set_up", "external_certificates.upload", "evidence_check.check_pack", *POSTS_ELSEWHERE}


def entries(session: Session) -> list[AuditEntry]:
    session.expire_all()
    return list(session.execute(select(AuditEntry).order_by(AuditEntry.number)).scalars())


def test_every_post_endpoint_is_in_one_list(prepared: Flask) -> None:
    posts = {rule.endpoint for rule in prepared.url_map.iter_rules() if "POST" in (rule.methods or ())}
    assert posts == set(AUDITED_ACTIONS) | NOT_AUDITED | ELSEWHERE
    assert not set(AUDITED_ACTIONS) & NOT_AUDITED


@pytest.mark.parametrize(("name", "action", "events", "who"), ALL, ids=[f"{row[0]}-{n}" for n, row in enumerate(ALL)])
def test_each_action_leaves_its_events_and_the_report_is_up_to_date(
    peopled_app: Flask, name: str, action: Callable[[World], object], events: list[str], who: str | None
) -> None:
    app = peopled_app
    assert name in app.view_functions
    with app.extensions["course.sessions"].writing() as session:
        world = World(app, session)
        before = len(entries(session))
        cached_lines(app, session)
        assert_rows_say_what_facts_say(app, session)
        action(world)
        new = entries(session)[before:]
        assert [entry.what for entry in new] == events
        assert cached_lines(app, session) == cached_lines(app, session, StatusCache()), "the report did not notice it"
        assert_rows_say_what_facts_say(app, session)
        expected = getattr(world, who).id if who else None
        assert {entry.actor_id for entry in new} <= {expected}
        assert not list(integrity_faults(queries.all_entries(session)))


def test_the_set_up_leaves_its_events(app: Flask, session: Session) -> None:
    token = auth.create_set_up_link(session, now())
    session.commit()
    client = Client(app)
    form = client.get(f"/set-up/{token}").fields()
    form |= {"organisation": "Riverside", "name": "Ann Hill", "email": "ann@example.org", "password": NEW}
    client.post(f"/set-up/{token}", form)
    ann = session.execute(select(Person.id)).scalar_one()
    assert [(entry.what, entry.actor_id) for entry in entries(session)] == [
        ("set_up.link_made", None),
        ("organisation.set_up", None),
        ("team.added", None),
        ("person.added", None),
        ("role.granted", None),
        ("password.set", ann),
        ("sign_in.entered", ann),
    ]


def test_commands_and_completions_leave_their_events(session: Session) -> None:
    """The actions that no page has."""
    sam, boss = make_person(session).id, make_person(session, "Alex", "alex@example.org", "administrator").id
    before = len(entries(session))
    enrolment = session.execute(select(Enrolment.id).where(Enrolment.person_id == sam)).scalar_one()
    completion = Completion(enrolment_id=enrolment, completed_at=NOW, content_version="x", edition="1")
    session.add(completion)
    session.flush()
    recertification.certify(
        session, CourseCompleted(completion.id, sam, "initial", NOW, DAY, "A course", "1", "x", 12, "school", 60, ())
    )
    first = session.execute(select(Certificate.number)).scalar_one()
    second = certificates.reissue(make_context(session, boss, NOW), first, "Sam Lee", "married")
    certificates.revoke(make_context(session, boss, NOW), second, "a mistake")
    people.end_employment(make_context(session, boss, NOW), sam, DAY, "moved")
    people.restart_employment(
        make_context(session, None, NOW + timedelta(days=1)), sam, DAY + timedelta(days=1), "missed us"
    )
    session.commit()
    new = entries(session)[before:]
    assert [(entry.what, entry.actor_id) for entry in new] == [
        ("certificate.issued", None),
        ("certificate.replaced", boss),
        ("certificate.revoked", boss),
        ("person.left", boss),
        ("person.returned", None),
    ]
    assert {(entry.subject_kind, entry.subject_id) for entry in new} == {("person", sam)}
    assert "Sam Lee" not in new[1].details
    assert second in new[1].details


def test_the_log_has_no_passwords_tokens_names_or_addresses(app: Flask, session: Session) -> None:
    world = World(app, session)
    for action, _, _ in [
        AUDITED_ACTIONS["people.add_person"][0],
        AUDITED_ACTIONS["people.invite"][0],
        AUDITED_ACTIONS["auth.forgotten_password"][0],
    ]:
        action(world)
    world.follow_invitation()
    world.sign_in_with_wrong_password()
    everything = "\n".join(entry.details for entry in entries(session))
    assert [one for one in (PASSWORD, NEW, "wrong", "@", "Okafor", "Morgan", "$argon2") if one in everything] == []


def test_reading_and_answering_leave_no_event(app: Flask, session: Session) -> None:
    client = sign_in(Client(app), make_person(session))
    before = len(entries(session))
    client.post("/module/secret-contact/why-contact-is-supervised", {"then": "next"})
    client.post("/module/responding/check", {})
    assert len(entries(session)) == before


def test_every_kind_of_event_is_recorded_somewhere(prepared: Flask) -> None:
    """A kind that is recorded nowhere has no sentence either."""
    assert prepared
    tested = {what for row in ALL for what in row[2]} | set(REFUSALS)
    assert set(event_names()) - tested == {
        "certificate.issued", "certificate.replaced", "certificate.revoked", "report.mailed",
        "organisation.set_up", "set_up.link_made", "backup.made", "backup.moved", "backup.restored", "secret_key.changed",
        "data.erased", "certificate.found", "role.expired", *EVENTS_ELSEWHERE,
    }  # fmt: skip
