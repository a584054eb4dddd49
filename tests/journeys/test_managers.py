"""Every page of managers and administrators, filled by the demonstration: axe finds nothing, and a phone shows all of it."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from course.analytics.models import TeamDiscussion
from course.api_tokens.actions import make_token
from course.clock import now
from course.context import make_context
from course.dates import civil_date
from course.demo.actions import DEMO_ACCOUNTS
from course.evidence.jobs import PACK
from course.exports.actions import request_file, store_file
from course.exports.rules import FileRequest
from course.jobs.actions import claim_job
from course.jobs.rules import JobRun
from course.mail.models import OutboxMail
from course.people.models import Person, Team
from course.people.queries import person_by_email
from course.recertification.actions import grant_extension
from course.recertification.models import RenewalExtension
from course.reminders.models import Reminder
from course.reports.jobs import REPORT_FILE
from course.web.access import Permission, access_rule_of
from course.web.unit_of_work import unit_of_work
from tests.conftest import make_app
from tests.journeys.conftest import faults, sign_in
from tests.journeys.connections import CONNECTED_PAGES, connect_systems
from tests.journeys.supervised_states import supervised_sessions
from tests.makers import PASSWORD
from tests.pages import Client
from tests.support.pseudo_language import offered
from tests.support.serving import served

ADDRESSES = {role: email for _, email, role in DEMO_ACCOUNTS}
# A path for each page that managers or administrators may open; {…} are ids of the demonstration.
PAGES = {
    **CONNECTED_PAGES,
    "audit_search.search": "/audit",
    "scheduled_reports.overview": "/report/mail",
    "content.status": "/content",
    "people.delegations": "/people/deputies",
    "training_records.person": "/report/people/{late}",
    "training_records.remind": "/report/people/{late}/remind",
    "evidence.frameworks": "/evidence/frameworks",
    "evidence.list_packs": "/evidence",
    "evidence.pack_progress": "/evidence/{pack}",
    "people_import.columns": "/people/import/{list}/columns",
    "people_import.detail": "/people/import/{list}",
    "people_import.upload": "/people/import",
    "analytics.choose_team": "/insight",
    "analytics.withdraw_discussion": "/insight/talks/{talk}/end",
    "analytics.organisation_results": "/insight/everybody",
    "analytics.organisation_discussion": "/insight/everybody/talk/posing-as-young-people",
    "analytics.questions": "/insight/questions",
    "analytics.team": "/insight/team/{team}",
    "analytics.team_discussion": "/insight/team/{team}/talk/posing-as-young-people",
    "organisation.appearance": "/organisation/look",
    "reminders.wording": "/reminders/wording",
    "organisation.settings": "/organisation",
    "external_certificates.issuers": "/passport/issuers",
    "people.add_person": "/people/add",
    "people.add_team": "/people/teams/add",
    "dashboard.people": "/people",
    "bulk_changes.change": "/people/many/{change}",
    "bulk_changes.latest": "/people/many",
    "dashboard.today": "/today",
    "auth.codes": "/people/codes",
    "auth.person_code": "/people/{late}/code",
    "organisation.team_settings": "/organisation/team/{team}",
    "reminders.in_person": "/reminders/in-person",
    "people.pathway": "/people/{late}/pathway",
    "people.pathways": "/people/pathways",
    "preview.choose": "/preview",
    "preview.module": "/preview/clubs/wales/responding",
    "preview.modules": "/preview/clubs/wales",
    "preview.step": "/preview/clubs/wales/responding/check",
    "privacy.erase": "/privacy/erase/{late}",
    "privacy.report": "/privacy/report",
    "privacy.schedule": "/privacy/schedule",
    "recertification.pathway_policy": "/renewal/policy/pathway/clubs",
    "recertification.person": "/renewal/people/{late}",
    "recertification.policies": "/renewal/policy",
    "recertification.policy": "/renewal/policy/everybody",
    "recertification.record_fact": "/renewal/people/{late}/extension",
    "recertification.withdraw_fact": "/renewal/people/{late}/extension/{extension}",
    "join_requests.add_link": "/registrations/links/add",
    "join_requests.overview": "/registrations",
    "join_requests.poster": "/registrations/links/1/poster",
    "reminders.person_reminders": "/reminders/{late}",
    "reminders.addresses": "/reminders/addresses",
    "reminders.policy": "/reminders/policy",
    "reports.months": "/report/months",
    "reports.file_status": "/report/made/{file}",
    "reports.remind": "/report/remind?status=overdue",
    "reports.sent_reminders": "/report/reminded/{reminder}",
    "reports.show": "/report",
    "reports.trend": "/report/teams?levels=all",
    "people.record_return": "/people/{gone}/return",
    "people.correct_identity": "/people/{late}/correct",
    "people.grant_role": "/people/{late}/role",
    "people.join_team": "/people/{late}/teams",
    "people.record_departure": "/people/{late}/leave",
    "people.leavers": "/people/left",
    "people.merge_people": "/people/{late}/merge",
    "dashboard.person": "/people/{late}",
    "operations.list_jobs": "/system/jobs",
    "operations.outgoing_mail": "/mail",
    "operations.overview": "/system",
    "printed_modules.enter_results": "/supervised/{entered}/results",
    "printed_modules.enter_story": "/supervised/{supervised}/people/{late}/story",
    "printed_modules.print_module": "/paper/responding?session={supervised}",
    "supervised_sessions.add_people": "/supervised/{supervised}/people",
    "supervised_sessions.attendance": "/supervised/{supervised}/attendance",
    "supervised_sessions.detail": "/supervised/{supervised}",
    "supervised_sessions.enter_answers": "/supervised/{supervised}/people/{late}/answers",
    "supervised_sessions.overview": "/supervised",
    "supervised_sessions.plan": "/supervised/new",
    "supervised_sessions.sheets": "/supervised/{supervised}/sheets",
    "supervised_sessions.void": "/supervised/{entered}/people/{late}/void",
    "supervised_sessions.void_result": "/supervised/{entered}/people/{late}/story/{story}/void",
    "refreshers.enter_reading": "/supervised/{renewing}/people/{late}/refresher",
    "teams.change": "/teams/{team}/change",
    "teams.choose_manager": "/teams/{team}/managers",
    "teams.close": "/teams/{team}/close",
    "teams.merge": "/teams/{team}/merge",
    "teams.team": "/teams/{team}",
    "teams.tree": "/teams",
}
# Pages that look different another time, and what each person reads about themselves.
MORE = (
    "/report?on=2025-06-01&team={team}&status=overdue&sort=name",
    "/report?on=nonsense&from=yesterday",
    "/evidence?team={team}&on=2025-06-01",
    "/teams?on=2026-01-01",
    "/privacy",
    "/me/data",
    "/me/seen",
    "/organisation/contact/out-of-hours",
)
# Pages that are looked at in the pseudo-language, whose words are a third longer, with axe on the first two of each role.
IN_OTHER_WORDS = {
    "learner": (
        "/me", "/", "/record", "/certificate", "/renewal/mine", "/me/data", "/me/seen", "/calendar", "/assessment",
        "/module/responding", "/concern", "/privacy",
    ),
    "manager": (
        "/report", "/insight/team/{team}", "/people", "/insight", "/report/mail", "/registrations", "/evidence",
    ),
    "administrator": (
        "/organisation", "/people/{late}", "/people/add", "/people/import", "/renewal/policy/everybody", "/teams/{team}",
        "/reminders/policy", "/system", "/system/jobs", "/audit", "/privacy/schedule", "/mail",
    ),
}  # fmt: skip
# What a reader would have to scroll sideways for, or cannot see.
CUT_OFF = """() => {
    const found = [], width = document.documentElement.scrollWidth;
    if (width > innerWidth) found.push(`${width} px wide on a screen of ${innerWidth}`);
    for (const one of document.querySelectorAll("body :not(input)")) {
        const hides = ["hidden", "clip"].includes(getComputedStyle(one).overflowX) && one.clientWidth > 1;
        if (hides && one.scrollWidth > one.clientWidth + 1) found.push(`cut off: ${one.tagName} ${one.className}`);
    }
    return found;
}"""


@dataclass
class Demonstration:
    """The demonstration's history, served on loopback, and ids of some of what is in it."""

    app: Flask
    address: str
    ids: dict[str, int]


@pytest.fixture(scope="module")
def demonstration(demo_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demonstration]:
    file = shutil.copyfile(demo_file, tmp_path_factory.mktemp("demonstration") / "course.db")
    app = make_app(f"sqlite:///{file}")
    with app.app_context(), unit_of_work() as session:
        ids = _more(session)
        ids |= supervised_sessions(session, ids["late"])
    ids["list"] = _list(app)
    ids["change"] = _change(app)
    ids |= connect_systems(app, ADDRESSES["administrator"])
    with served(app) as address:
        yield Demonstration(app, address, ids)


def _more(session: Session) -> dict[str, int]:
    """What the history lacks: files that were made, a reminder that was asked for, and time that was given."""
    at = now()
    boss = person_by_email(session, ADDRESSES["administrator"])
    assert boss is not None
    late = (
        session.execute(select(Person.id).where(Person.left_at.is_(None)).order_by(Person.id.desc())).scalars().first()
    )
    gone = session.execute(select(Person.id).where(Person.left_at.is_not(None))).scalars().first()
    team = session.execute(select(Team.id).where(Team.name == "Residential")).scalar_one()
    assert late is not None
    assert gone is not None
    today = civil_date(at, "Europe/London")
    grant_extension(make_context(session, boss.id, at), late, today, "was ill")
    pack = request_file(make_context(session, boss.id, at), PACK, FileRequest("evidence", team, today, ""))
    claimed = claim_job(session, "general", [PACK], "test", at)
    assert claimed is not None
    store_file(session, JobRun(PACK, claimed.claim, {}, boss.id, at, lambda *_: None, lambda: at), b"zip", 53, at)
    file = request_file(make_context(session, boss.id, at), REPORT_FILE, FileRequest("xlsx", None, today, "sort=name"))
    assert pack is not None
    assert file is not None
    reminder = Reminder(key="asked", kind="asked", person_id=late, step="asked", due=today, leaves_on=today,
                        reason="please", named=[], made_by=boss.id, made_at=at)  # fmt: skip
    mail = OutboxMail(key="asked", mark="asked", recipient="a@demo.example", subject="s", text="t", queued_at=at,
                      next_try_at=at)  # fmt: skip
    make_token(make_context(session, boss.id, at), "HR dashboard", ["status:read"], today)
    session.add_all((reminder, mail))
    session.flush()
    session.execute(update(OutboxMail).where(OutboxMail.key != "asked").values(failure="550 no such mailbox"))
    extension = session.execute(select(RenewalExtension.id).where(RenewalExtension.person_id == late)).scalar_one()
    return {"late": late, "gone": gone, "team": team, "pack": pack, "file": file, "reminder": reminder.id, "token": 1,
            "extension": extension, "talk": session.execute(select(func.min(TeamDiscussion.id))).scalar_one()}  # fmt: skip


def _list(app: Flask) -> int:
    """A list of people of whom some rows are wrong, with its preview."""
    client = Client(app)
    client.post("/sign-in", {"email": ADDRESSES["administrator"], "password": PASSWORD})
    rows = b"Email,Name,Start date\nann@example.org,Ann Lee,1/9/2026\nnonsense,Bo Hill,\ncy@example.org,Cy Vale,32/1/2026\n"
    file = {"csrf_token": client.token(), "file": (io.BytesIO(rows), "staff.csv")}
    address = str(client.flask.post("/people/import", data=file).headers["Location"])
    client.post(address, client.get(address).fields())
    return int(re.findall(r"\d+", address)[-1])


def _change(app: Flask) -> int:
    """A change of the first people of the list, with its preview."""
    client = Client(app)
    client.post("/sign-in", {"email": ADDRESSES["administrator"], "password": PASSWORD})
    people = re.findall(r'name="person" value="([0-9]+)"', client.get("/people").html)
    address = client.post("/people/many", {"kind": "leave", "person": people[:4], "all": "", "match": "q="}).location
    client.post(address, {"last_day": civil_date(now(), "Europe/London").isoformat(), "reason": ""})
    return int(re.findall(r"\d+", address)[-1])


def _addresses(demonstration: Demonstration) -> list[str]:
    return [path.format(**demonstration.ids) for path in (*PAGES.values(), *MORE)]


def test_every_page_of_managers_and_administrators_is_looked_at(demonstration: Demonstration) -> None:
    """A new page has to be added to the list above."""
    app = demonstration.app
    guarded = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and isinstance(access_rule_of(app, rule.endpoint), Permission)
    }
    assert guarded - {"cmi5.structure"} == set(PAGES)  # which is a file of XML


@pytest.mark.long(45)
@pytest.mark.parametrize("part", range(2))
def test_axe_finds_nothing_on_the_pages_of_administrators_and_a_phone_shows_all_of_them(
    demonstration: Demonstration, browser: Browser, part: int
) -> None:
    found: list[str] = []
    page = browser.new_context(
        base_url=demonstration.address, viewport={"width": 1280, "height": 900}, reduced_motion="reduce"
    ).new_page()
    sign_in(page, ADDRESSES["administrator"])
    for path in _addresses(demonstration)[part::2]:
        found += _looked_at(page, path)
    page.context.close()
    assert not found, "\n".join(found)


def test_axe_finds_nothing_on_the_pages_of_managers_and_a_phone_shows_all_of_them(
    demonstration: Demonstration, browser: Browser
) -> None:
    found: list[str] = []
    page = browser.new_context(
        base_url=demonstration.address, viewport={"width": 1280, "height": 900}, reduced_motion="reduce"
    ).new_page()
    sign_in(page, ADDRESSES["manager"])
    for path in (
        "/report",
        "/people",
        "/insight",
        "/insight/team/{team}",
        "/evidence",
        "/report/mail",
        "/registrations",
    ):
        found += _looked_at(page, path.format(**demonstration.ids))
    page.context.close()
    assert not found, "\n".join(found)


def _looked_at(page: Page, path: str) -> list[str]:
    """What is wrong with a page: at 1280 px for axe, and at each width for anybody who would have to scroll sideways."""
    answer = page.goto(path)
    assert answer is not None
    found = [] if answer.status in (200, 422) else [f"{path}: {answer.status}"]
    found += faults(page)
    if page.locator("h1").count() != 1:
        found.append(f"{path}: not one heading of the first level")
    for width in (320, 390, 768, 1280):
        page.set_viewport_size({"width": width, "height": 640})
        wide = page.evaluate("() => document.documentElement.scrollWidth")
        if wide > width:
            found.append(f"{path}: {wide} px wide on a screen of {width}")
    return found


@pytest.mark.parametrize("role", IN_OTHER_WORDS)
def test_a_phone_shows_all_of_a_page_in_a_language_of_longer_words(
    demonstration: Demonstration, browser: Browser, role: str
) -> None:
    found: list[str] = []
    page = browser.new_context(
        base_url=demonstration.address, viewport={"width": 320, "height": 640}, reduced_motion="reduce"
    ).new_page()
    sign_in(page, ADDRESSES[role])
    with offered() as language:
        page.set_extra_http_headers({"Accept-Language": language})
        for number, path in enumerate(IN_OTHER_WORDS[role]):
            answer = page.goto(path.format(**demonstration.ids))
            found += [] if answer and answer.status == 200 else [f"{path}: {answer and answer.status}"]
            found += [] if page.locator(f"html[lang={language}]").count() else [f"{path}: not translated"]
            found += [f"{path}: {one}" for one in page.evaluate(CUT_OFF)]
            found += faults(page) if number < 2 else []
    page.set_extra_http_headers({"Accept-Language": "cy"})
    for number, path in enumerate(IN_OTHER_WORDS[role][:3]):
        page.goto(path.format(**demonstration.ids))
        expect(page.locator("html")).to_have_attribute("lang", "cy")
        found += [f"{path} in Welsh: {one}" for one in [*page.evaluate(CUT_OFF), *(() if number else faults(page))]]
    page.context.close()
    assert not found, "\n".join(found)


def test_a_manager_narrows_the_report_with_the_keyboard_alone(demonstration: Demonstration, browser: Browser) -> None:
    page = browser.new_context(base_url=demonstration.address, reduced_motion="reduce").new_page()
    sign_in(page, ADDRESSES["manager"])
    page.goto("/report")
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.textContent") == "Skip to content"
    page.keyboard.press("Enter")
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate(
            "() => document.activeElement.matches('.tabs a') && document.activeElement.textContent.includes('Up to date')"
        ):
            break
    ring = page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
    assert ring != "none"
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("status=up-to-date"))
    assert set(page.locator("tbody .state").all_text_contents()) == {"Up to date"}
    page.context.close()
