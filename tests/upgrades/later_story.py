"""What happens in one organisation, told with the code of version 0.5 or of a later one, whose names are today's."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from course.auth.actions import store_password_hash
from course.auth.password_hashing import hash_password
from course.certificates.actions import reissue, revoke
from course.content.actions import archive
from course.context import make_context
from course.learning import queries
from course.learning.models import Attempt, Enrolment
from course.learning.rules.grading import option_order
from course.organisation.actions import create_organisation
from course.people.actions import add_person, add_team
from course.people.models import Person
from course.recertification import actions
from course.recertification.queries import people, policies
from course.recertification.rules import Pause, Policy, certification_status
from course.recertification.rules.facts import ExternalCompletion
from course.signed_links import BoosterLink, sign_link
from tests.pages import Client
from tests.refreshers.refresher_steps import answer_all, begin_on_page, finish_scenario
from tests.upgrades.make_release_files import DAYS, PASSWORD, PEOPLE, ZONE, Story, certificates, plain
from tests.walking import right_form


class LaterStory(Story):
    """The same organisation since version 0.5, and what its people have only half done."""

    migrations = "course.schema_upgrade"

    def tell(self) -> None:
        super().tell()
        self.on("2026-10-06")
        self.leave_open("eve")
        self.finish_module("dil")
        self.on("2026-11-09")
        self.booster("admin")

    def people(self) -> None:
        hashes = [hash_password(PASSWORD) for _ in PEOPLE]
        with self.session() as session:
            context = make_context(session, None, self.now())
            create_organisation(session, "Lantern Trust", "england", context.now)
            archive(session, self.app.extensions["course"].library, context.now)
            whole = add_team(context, "All of Lantern", None)
            teams = {None: None, "whole": whole.id, "house": add_team(context, "Harbour House", whole.id).id}
            self.ids = {}
            for (key, name, role, team), hashed in zip(PEOPLE, hashes, strict=True):
                person: Any = add_person(context, name, f"{key}@example.org", teams[team], role)
                self.ids[key] = person.id
                store_password_hash(context, person.id, hashed)

    def renewals(self) -> None:
        self.on("2025-04-01")
        (bea,), (cem,) = (
            [c["number"] for c in certificates(self.config, key)] for key in ("Bea Beispiel", "Cem Örnek")
        )
        with self.session() as session:
            context = make_context(session, self.ids["admin"], self.now())
            reissue(context, bea, "Bea Beispiel-Muster", "She has married")
            revoke(context, cem, "Somebody else answered")
            elsewhere = ExternalCompletion(date(2024, 9, 2), None, "Beacon Schools", "initial", "Shown on paper")
            actions.import_completion(context, self.ids["dil"], elsewhere, "Shown on paper")
            leave = Pause(date(2025, 4, 7), date(2025, 9, 1), 14, "Parental leave", context.today)
            actions.record_pause(context, self.ids["fay"], leave)
        self.on("2025-08-20")
        with self.session() as session:
            context = make_context(session, self.ids["mo"], self.now())
            actions.grant_extension(context, self.ids["dil"], date(2025, 10, 15), "Away for training")
            rule = Policy(since=date(2025, 9, 1), pathway="early-years", period_months=6, window_days=30)
            context = make_context(session, self.ids["admin"], self.now())
            actions.add_policy_version(context, rule, "The inspectorate asks for it")
        self.on("2026-01-12")
        self.refresh("bea")
        self.command("refreshers", "guard")
        self.command("reminders", "send")
        self.command("mail", "send")

    def refresh(self, key: str) -> None:
        learner = self.learner(key)
        begin_on_page(learner.client)
        engine = self.app.extensions["course"].engine.execution_options(writes=False)
        with Session(engine, expire_on_commit=False) as session:
            person: Any = session.get(Person, self.ids[key])
            finish_scenario(self.app, learner.client, person, session)
            answer_all(self.app, learner.client, person)

    def leave_open(self, key: str) -> None:
        """A story after two decisions, and a check after three answers, one of them wrong; both in the second module."""
        learner = self.learner(key)
        module = list(learner.library.modules.values())[1]
        scenario = next(one for one in module.scenarios.values() if len(one.scenes) > 3)
        run = learner.client.post(f"/module/{module.id}/{scenario.id}", {}).location
        scene = scenario.by_id[scenario.start]
        for step in (1, 2):
            learner.client.post(run, {"step": str(step), "choice": scene.best.id})
            scene = scenario.by_id[scene.best.to]
        assert not scene.is_ending
        self.answer_some(learner, learner.client.post(f"/module/{module.id}/check", {}).location)

    def answer_some(self, learner: Any, address: str) -> None:
        attempt = int(address.split("/")[2])
        for position in (1, 2, 3):
            form = learner.form(attempt, position, lambda _, position=position: position != 2)
            learner.client.post(f"/attempt/{attempt}/{position}", {**form, "sure": "fairly"})

    def finish_module(self, key: str) -> None:
        learner = self.learner(key)
        learner.module(next(iter(learner.library.modules.values())))

    def booster(self, key: str) -> None:
        """Five questions are sent by mail, and two are answered."""
        self.command("boosters", "send")
        self.command("mail", "send")
        library = self.app.extensions["course"].library.for_("school", "england")
        with self.session() as session:
            of_person = select(Enrolment.id).where(Enrolment.person_id == self.ids[key])
            boosters = select(Attempt.id).where(Attempt.kind == "booster", Attempt.enrolment_id.in_(of_person))
            newest = session.scalars(boosters).one()
            found: Any = queries.attempt(session, self.ids[key], newest)
        link = sign_link(BoosterLink(newest), self.config.secret_key)
        for position in (1, 2):
            question = library.answerable[found.items[position - 1].question_id]
            order = option_order(question, found.seed, position)
            Client(self.app).post(f"/booster/{link}/{position}", {**right_form(question, order), "sure": "sure"})

    def standings(self) -> dict[str, dict[str, Any]]:
        with self.session() as session:
            known, rules = people(session, ZONE), policies(session, ZONE)
        return {
            day: {
                str(one.email): plain(certification_status(one.facts, rules, date.fromisoformat(day))) for one in known
            }
            for day in DAYS
        }
