"""People who do everything that is an audit event."""

from __future__ import annotations

import io
import json
from datetime import date, timedelta

from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from course.analytics.models import TeamDiscussion
from course.auth import actions as auth
from course.bulk_changes.models import BulkChange
from course.certificates.models import Certificate
from course.clock import now
from course.context import make_context
from course.external_certificates.models import TrustedIssuer
from course.jobs.actions import enqueue
from course.jobs.models import Job
from course.join_requests.models import RegistrationLink, RegistrationRequest
from course.learning.models import Completion
from course.learning.queries import enrolment_id
from course.mail.actions import suppress_address
from course.mail.models import OutboxMail
from course.pairs.models import Pair, PairCode, PairMember
from course.people.models import Deputy, Membership, RoleGrant, Team
from course.people_import.models import PeopleImport
from course.recertification.models import RenewalExtension, RenewalImport, RenewalPause
from course.reminders.models import Reminder
from course.scheduled_reports.models import ReportSubscription
from course.server.jobs import REGISTRY
from tests.audit.people import people_there
from tests.conftest import NOW
from tests.credentials.makers import SIGNING_SETTINGS, Issuer
from tests.makers import sign_in
from tests.pages import Client
from tests.support.days import form_day
from tests.support.pseudo_language import offered

NEW = "another-quiet-river-7"
ISSUER = f"{SIGNING_SETTINGS.base_url}/issuer"


class World:
    """A signed-in administrator, a learner, and what they do."""

    def __init__(self, app: Flask, session: Session) -> None:
        self.app, self.session = app, session
        self.boss, self.sam, self.team, self.kim = people_there(session)
        self.client = sign_in(Client(app), self.boss)

    def post(self, path: str, status: int = 303, **form: str) -> None:
        self.client.post(path, form, status)

    def choose_language(self) -> None:
        with offered() as language:
            for _ in range(2):
                self.post("/me/language", language=language)

    def ask_for_help(self) -> None:
        client = sign_in(Client(self.app), self.sam)
        for _ in range(2):
            client.post("/help", {"from": "assessment"})

    def tell_manager_of_certificate(self) -> None:
        self.session.add(RoleGrant(person_id=self.kim.id, role="manager", team_id=self.team.id, since=now()))
        self.session.add(Membership(person_id=self.sam.id, team_id=self.team.id, since=now()))
        completion = Completion(
            enrolment_id=enrolment_id(self.session, self.sam.id), completed_at=NOW, content_version="v", edition="0.3"
        )
        self.session.add(completion)
        self.session.flush()
        self.session.add(
            Certificate(
                completion_id=completion.id, person_id=self.sam.id, number="K7QM-2FXA-9TRC", name="Sam Okafor",
                course="Online abuse", organisation="Riverside Trust", edition="0.3", content_version="v",
                completed_on=NOW.date(), valid_until=NOW.date(), issued_at=NOW,
            )
        )  # fmt: skip
        self.session.commit()
        client = sign_in(Client(self.app), self.sam)
        for _ in range(2):
            client.post("/certificate/passed/manager", {})

    def settings(self, **changed: str) -> None:
        """Send the settings form as it is shown, with some values changed."""
        self.client.post("/organisation", {**self.client.get("/organisation").fields(), **changed})

    def confirm(self) -> None:
        self.settings(**{"lead-name": "Jo", "lead-phone": "01632 960101"})
        self.settings(**{"lead-still": "y"})

    def word_mails(self) -> None:
        self.post("/reminders/wording", sender="Harbour Training", opening="", seen="0")

    def hide_and_show_steps(self) -> None:
        self.post("/today/first-steps")
        self.post("/today/first-steps", show="1")

    def confirm_one(self) -> None:
        self.settings(**{"lead-name": "Jo", "lead-phone": "01632 960101"})
        self.client.post("/organisation/contact/lead", self.client.get("/organisation/contact/lead").fields())

    def assign_contact_owner(self) -> None:
        self.settings(**{"lead-name": "Jo", "lead-phone": "01632 960101", "lead-owner": "sam@example.org"})

    def policy(self, of: str = "everybody", **changed: str) -> None:
        address = f"/renewal/policy/{of}"
        form = self.client.get(address).fields() | {"window_days": "60", "reason": "more time"} | changed
        self.client.post(address, self.client.post(address, form, 200).fields())

    def renewal(self, what: str, **form: str) -> None:
        self.client.post(f"/renewal/people/{self.sam.id}/{what}", {**form, "reason": "they asked"})

    def end_feed(self) -> None:
        self.post("/calendar/own/make")
        self.post("/calendar/own/end")

    def take_back_decision(self) -> None:
        run = self.client.post("/module/secret-contact/second-phone", {}).location
        self.post(run, step="1", choice="take-it")
        self.post(f"{run}/take-back", step="1")

    def join_pair(self) -> str:
        """Join Sam in a story; the address of the page for the two."""
        scenario = self.app.extensions["course"].library.modules["secret-contact"].scenarios["second-phone"]
        pair = Pair(ref="secret-contact/second-phone", version=scenario.version, opened_at=now())
        self.session.add(pair)
        self.session.flush()
        self.session.add(PairMember(pair_id=pair.id, place=1, person_id=self.sam.id, joined_at=now()))
        self.session.add(PairCode(code="483920", pair_id=pair.id, opened_at=now()))
        self.session.commit()
        self.post("/pair", code="483 920")
        return f"/together/{pair.id}"

    def choose_in_pair(self) -> None:
        self.post(self.join_pair(), step="1", stage="alone", choice="take-it")

    def leave_pair(self) -> None:
        self.post(f"{self.join_pair()}/leave")

    def name_deputy(self, may_act: str = "look") -> None:
        # Since before they signed in: a role that begins ends sessions.
        since = now() - timedelta(days=1)
        self.session.add(RoleGrant(person_id=self.boss.id, role="manager", team_id=self.team.id, since=since))
        self.session.commit()
        self.post("/people/deputies", email="sam@example.org", until=form_day(30), reason="holiday", may_act=may_act)

    def name_acting_deputy(self) -> None:
        self.name_deputy("act")

    def end_delegation(self) -> None:
        self.name_deputy()
        self.post(f"/people/deputies/{self.session.execute(select(Deputy.id)).scalar_one()}/end")

    def request_pack(self) -> str:
        """Request a pack; returns its address."""
        return self.client.post("/evidence", {"team": str(self.team.id), "on": self.today}).location

    def download_pack(self) -> None:
        self.client.post(f"{self.request_pack()}/download", {}, 200)

    def trust_issuer(self) -> None:
        self.post("/passport/issuers", profile=json.dumps(Issuer().served()[ISSUER]), reason="sister trust")

    def distrust_issuer(self) -> None:
        self.trust_issuer()
        number = self.session.execute(select(TrustedIssuer.id)).scalar_one()
        self.post(f"/passport/issuers/{number}/end", reason="closed")

    def reminders(self) -> None:
        form = self.client.get("/reminders/policy").fields() | {"reason": "calmer", "save": "yes"}
        self.client.post("/reminders/policy", form)

    def set_retention_schedule(self) -> None:
        form = self.client.get("/privacy/schedule").fields()
        form |= {"contact_name": "Jo Fictional", "contact_email": "jo@example.org", "reason": "as advised"}
        self.client.post("/privacy/schedule", self.client.post("/privacy/schedule", form, 200).fields())

    def request_erasure_twice(self) -> None:
        for _ in range(2):
            self.post(f"/privacy/erase/{self.sam.id}", reason="asked")

    def remind(self) -> None:
        self.post(f"/report/people/{self.sam.id}/remind", reason="they asked")

    def withdraw_reminder(self) -> None:
        self.remind()
        number = self.session.execute(select(Reminder.id)).scalar_one()
        self.post(f"/report/people/{self.sam.id}/remind/{number}/end")

    def schedule_report(self) -> None:
        self.post("/report/mail", email=str(self.boss.email), team="", every="week")

    def schedule_report_twice(self) -> None:
        self.schedule_report()
        self.schedule_report()

    def record_discussion(self, where: str = "") -> None:
        path = f"/insight/{where or f'team/{self.team.id}'}/talk/posing-as-young-people"
        self.post(path, held_on=form_day(), people="6", agreed="")

    def withdraw_discussion(self) -> None:
        self.record_discussion()
        number = self.session.execute(select(TeamDiscussion.id)).scalar_one()
        self.post(f"/insight/talks/{number}/end", reason="wrong team")

    def stop_scheduled_report(self) -> None:
        self.schedule_report()
        self.post(f"/report/mail/{self.session.execute(select(ReportSubscription.id)).scalar_one()}/end")

    def remind_all(self) -> None:
        self.post("/report/remind?q=sam", reason="they asked")

    def withdraw_reminders(self) -> None:
        self.remind_all()
        number = self.session.execute(select(Reminder.id)).scalar_one()
        self.post(f"/report/reminded/{number}/end")

    def clear_suppressed_address(self) -> None:
        suppress_address(self.session, str(self.sam.email), "refused", "550 5.1.1", now())
        self.session.commit()
        self.post(f"/reminders/{self.sam.id}/address")

    def clear_suppressed_addresses(self) -> None:
        suppress_address(self.session, str(self.sam.email), "refused", "550 5.1.1", now())
        self.session.commit()
        self.post("/reminders/addresses/clear")

    def retry_all(self) -> None:
        self.failed_mail()
        self.post("/mail/retry")

    def confirm_mail(self) -> None:
        number = self.failed_mail()
        self.session.get_one(OutboxMail, number).claimed_at = NOW
        self.session.commit()
        self.post(f"/mail/{number}/arrived")

    def job(self, **values: object) -> int:
        kind = REGISTRY.by_name["server.delete_forms"]
        number = enqueue(make_context(self.session, None, now()), kind, {})
        assert number is not None
        self.session.execute(update(Job).where(Job.id == number).values(**values))
        self.session.commit()
        return number

    def cancel_job(self) -> None:
        self.post(f"/system/jobs/{self.job(state='waiting')}/cancel")

    def repeat_job(self) -> None:
        self.post(f"/system/jobs/{self.job(state='failed', failure='It failed.', ended_at=NOW)}/repeat")

    def withdraw_fact(
        self, what: str, model: type[RenewalExtension | RenewalPause | RenewalImport], **form: str
    ) -> None:
        self.renewal(what, **form)
        self.renewal(f"{what}/{self.session.execute(select(model.id)).scalar_one()}")

    def follow_invitation(self) -> None:
        token = auth.create_link(self.session, self.kim.id, "invitation", now())
        self.session.commit()
        Client(self.app).post(f"/link/{token}", {"password": NEW})

    def failed_mail(self) -> int:
        """The id of a mail whose delivery failed permanently."""
        mail = OutboxMail(
            key="k", mark="m", recipient="a@example.org", subject="s", text="t", queued_at=NOW, failure="550"
        )
        self.session.add(mail)
        self.session.commit()
        return mail.id

    today = NOW.date().isoformat()

    def withdraw_last_day(self) -> None:
        later = form_day(30)
        self.post(f"/people/{self.kim.id}/leave", last_day=later, reason="moves")
        self.post(f"/people/{self.kim.id}/leave/withdraw")

    def together(self, kind: str, steps: int = 0, **values: str) -> None:
        """Choose Sam and Kim for a change of many people; with one step do it, with two undo it."""
        people = [str(self.sam.id), str(self.kim.id)]
        self.client.post("/people/many", {"kind": kind, "person": people, "all": "", "match": ""})
        change_id, sealed = self.session.execute(
            select(BulkChange.id, BulkChange.sealed_at).order_by(BulkChange.id.desc()).limit(1)
        ).one()
        if values:
            self.client.post(f"/people/many/{change_id}", values)
            sealed = self.session.execute(select(BulkChange.sealed_at).where(BulkChange.id == change_id)).scalar_one()
        if steps:
            self.post(f"/people/many/{change_id}/apply", mark=sealed.isoformat() if sealed else "")
        if steps > 1:
            self.post(f"/people/many/{change_id}/undo")

    def end_manager(self) -> None:
        self.post(f"/teams/{self.team.id}/managers", person="", other="sam@example.org")
        grant = self.session.execute(select(RoleGrant.id).where(RoleGrant.person_id == self.sam.id)).scalar_one()
        self.post(f"/teams/{self.team.id}/managers/{grant}/end")

    def leave_team(self) -> None:
        bond = self.session.execute(select(Membership.id).where(Membership.person_id == self.kim.id)).scalar_one()
        self.post(f"/people/{self.kim.id}/teams/{bond}/end")

    def revoke_role(self) -> None:
        self.post(f"/people/{self.sam.id}/role", role="administrator", team="")
        grant = self.session.execute(select(RoleGrant.id).where(RoleGrant.person_id == self.sam.id)).scalar_one()
        self.post(f"/people/{self.sam.id}/role/{grant}/end")

    def record_return(self) -> None:
        self.post(f"/people/{self.sam.id}/leave", last_day=self.today, reason="moved away")
        tomorrow = form_day(1)
        self.post(f"/people/{self.sam.id}/return", first_day=tomorrow, team="", reason="is back")

    def other_team(self) -> Team:
        """Another team that has existed from the start."""
        team = Team(name="Office", opened_at=NOW)
        self.session.add(team)
        self.session.commit()
        return team

    def upload(self, name: str = "Ann Lee") -> str:
        """Upload a list with one person; returns the address of the import."""
        page = self.client.flask.post(
            "/people/import",
            data={
                "csrf_token": self.client.token(),
                "file": (io.BytesIO(f"Email,Name\nann@example.org,{name}\n".encode()), "a.csv"),
            },
        )
        return str(page.headers["Location"]).removesuffix("/columns")

    def columns(self, name: str = "Ann Lee") -> str:
        path = self.upload(name)
        form = self.client.get(f"{path}/columns").fields() | {"invites": "y"}
        self.client.post(f"{path}/columns", form)
        return path

    def refresh_preview(self) -> None:
        self.client.post(f"{self.columns()}/again", {})

    def decide(self) -> None:
        self.client.post(f"{self.columns('ANN LEE')}/decide", {"question": "spelling", "answer": "right"})

    def invite_from_list(self) -> None:
        path = self.columns()
        self.session.execute(update(PeopleImport).values(invites=False))
        self.session.commit()
        self.client.post(f"{path}/apply", {"mark": self.client.get(path).fields(0)["mark"]})
        self.client.post(f"{path}/invite", {})

    def apply(self) -> None:
        path = self.columns()
        mark = self.client.get(path).fields(0)["mark"]
        self.client.post(f"{path}/apply", {"mark": mark})

    def result(self) -> None:
        self.client.post(f"{self.columns()}/result", {}, 200)

    def make_link(self) -> None:
        ends = form_day(9)
        self.post("/registrations/links/add", team=str(self.team.id), domains="example.org", ends_on=ends)

    def link_to_join(self) -> int:
        """A registration link that has existed from the start; its token is x."""
        row = RegistrationLink(
            team_id=self.team.id, token="x", domains="example.org", ends_on=date(2099, 1, 1), made_at=NOW
        )
        self.session.add(row)
        self.session.commit()
        return row.id

    def request_to_join(self) -> None:
        self.link_to_join()
        Client(self.app).post("/join/x", {"name": "Bo Lee", "email": "bo@example.org"}, 200)

    def add_join_request(self) -> int:
        """A join request that has existed from the start."""
        row = RegistrationRequest(link_id=self.link_to_join(), name="Bo Lee", email="bo@example.org", asked_at=NOW)
        self.session.add(row)
        self.session.commit()
        return row.id

    def merge(self) -> None:
        self.post(f"/teams/{self.team.id}/merge", into=str(self.other_team().id), reason="one office")

    def close(self) -> None:
        self.post(f"/teams/{self.other_team().id}/close", reason="nobody left")

    def sign_in_with_wrong_password(self, times: int = 1) -> None:
        for _ in range(times):
            Client(self.app).post("/sign-in", {"email": "sam@example.org", "password": "wrong"}, 422)
