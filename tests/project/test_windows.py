"""What one person sends from several windows at the same moment is written once, on both engines.

Tests of other features have the same of their own: people (tests/people/test_once.py), answers, notes, certificates.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from course.audit.models import AuditEntry
from course.mail.models import OutboxMail
from course.recertification.models import RenewalExtension, RenewalImport, RenewalPause, RenewalPolicy
from course.recertification.rules.civil_dates import add_days
from course.recertification.views.page_context import today
from course.scheduled_reports.models import ReportSubscription
from course.web.unit_of_work import unit_of_work
from tests.makers import PASSWORD, make_organisation, make_person, make_team, sign_in
from tests.pages import Client, Page
from tests.support.racing import at_once

WINDOWS = 4
BUSY = "Very many people are signing in at this moment."


class Windows:
    """An administrator with several windows open, and somebody whom they look after."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        with app.app_context(), unit_of_work() as session:
            make_organisation(session)
            boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator")
            self.sam = make_person(session, "Sam Okafor", "sam@example.org").id
            self.team = make_team(session, "Harbour").id
            self.soon, self.lately = (str(add_days(today(), days)) for days in (28, -5))
        self.open = [sign_in(Client(app), boss) for _ in range(WINDOWS)]

    def press(self, path: str, **form: Any) -> Counter[str]:
        """Send a form from all windows at once; what was written to the log."""
        before = self.count(AuditEntry)
        found = at_once([self.sending(window, path, form) for window in self.open])
        assert set(found) == {303}, (path, found)
        with self.app.app_context(), unit_of_work() as session:
            rows = select(AuditEntry.what).where(AuditEntry.number > before)
            return Counter(session.execute(rows).scalars())

    @staticmethod
    def sending(window: Client, path: str, form: dict[str, Any]) -> Callable[[], int]:
        sent = {**form, "csrf_token": window.token()}
        return lambda: int(window.flask.post(path, data=sent).status_code)

    @staticmethod
    def choosing(window: Client, password: str) -> Callable[[], int]:
        """A process verifies a few passwords at a time, on a machine with two processors fewer than there are windows. Whoever
        is told to wait a few seconds comes again."""
        sent = {"current": PASSWORD, "password": password, "csrf_token": window.token()}

        def send() -> int:
            while BUSY in (answer := window.flask.post("/me", data=sent)).text:
                assert answer.status_code == 503
                time.sleep(0.05)
            return int(answer.status_code)

        return send

    def policy(self) -> dict[str, Any]:
        """The form for another rule of renewal, previewed."""
        address, boss = "/renewal/policy/everybody", self.open[0]
        form = {**boss.get(address).fields(), "window_days": "60", "reason": "more time"}
        return boss.post(address, form, 200).fields()

    def count(self, table: type) -> int:
        with self.app.app_context(), unit_of_work() as session:
            return session.execute(select(func.count()).select_from(table)).scalar_one()


def test_what_is_written_down_from_four_windows_at_once_is_written_once(committed: Flask) -> None:
    windows = Windows(committed)
    about, why = f"/renewal/people/{windows.sam}", {"reason": "they asked"}
    earlier = {"day": windows.lately, "until": "", "issuer": "Hill Trust", "kind": "initial", **why}
    assert windows.press(f"{about}/extension", until=windows.soon, **why) == {"extension.granted": 1}
    assert windows.press(f"{about}/certificate", **earlier) == {"certificate.brought": 1}
    assert windows.press(f"{about}/leave", since=windows.soon, until="", days="14", **why) == {"pause.recorded": 1}
    assert windows.press("/report/mail", email="alex@example.org", team="", every="week") == {"report.mail_set": 1}
    for table in (RenewalExtension, RenewalImport, RenewalPause, ReportSubscription):
        assert windows.count(table) == 1, table
    rules = windows.count(RenewalPolicy)
    assert windows.press("/renewal/policy/everybody", **windows.policy()) == {"policy.changed": 1}
    assert windows.count(RenewalPolicy) == rules + 1


def test_what_an_administrator_asks_for_in_four_windows_at_once_is_made_once(committed: Flask) -> None:
    windows = Windows(committed)
    link = {"team": str(windows.team), "domains": "example.org", "ends_on": windows.soon}
    assert windows.press("/registrations/links/add", **link) == {"registration.link_made": 1}
    reminders = windows.open[0].get("/reminders/policy").fields() | {"reason": "calmer", "save": "yes"}
    assert windows.press("/reminders/policy", **reminders) == {"policy.reminders_changed": 1}
    mails = windows.count(OutboxMail)  # that say that somebody has signed in on another device
    assert windows.press("/system/test-mail") == {"mail.tested": 1}
    assert windows.count(OutboxMail) == mails + 1


def test_of_two_windows_that_change_a_password_at_once_only_one_has_changed_it(committed: Flask) -> None:
    windows = Windows(committed)
    new = ["a quiet harbour wall", "seven tall lighthouses", "one slow wooden boat", "the last ferry home"]
    sends = [windows.choosing(window, chosen) for window, chosen in zip(windows.open, new, strict=True)]
    # A window that comes after the change is signed out by it (400), one that came before it is refused (422).
    first, *others = sorted(at_once(sends))
    assert first == 303
    assert set(others) <= {400, 422}


def test_a_contact_that_two_windows_change_at_once_is_changed_once(committed: Flask) -> None:
    windows = Windows(committed)
    form = windows.open[0].get("/organisation").fields()
    form |= {"lead-name": "Jo", "lead-phone": "01632 960101", "lead-owner": "sam@example.org"}
    done = windows.press("/organisation", **form)
    assert (done["contact.changed"], done["contact.entrusted"]) == (1, 1), done


def test_the_second_window_is_told_that_it_was_there_already(committed: Flask) -> None:
    windows = Windows(committed)
    boss, address = windows.open[0], f"/renewal/people/{windows.sam}/extension"
    form = {"until": windows.soon, "reason": "they asked"}
    assert "More time is granted" in boss.get(boss.post(address, form).location).text
    assert "This was granted before. Nothing has changed." in boss.get(boss.post(address, form).location).text
    assert boss.post(f"{address}/1", {"reason": "a mistake"}).location
    assert "More time is granted" in boss.get(boss.post(address, form).location).text


def test_a_window_that_was_opened_earlier_does_not_undo_what_somebody_else_has_saved(app: Flask) -> None:
    windows = Windows(app)
    mine, other = windows.open[:2]
    early = mine.get("/organisation").fields()
    lead = {"lead-name": "Jo Hill", "lead-phone": "01632 960101"}
    other.post("/organisation", other.get("/organisation").fields() | lead)
    page = mine.post("/organisation", early | {"name": "Harbour Trust"}, 422)
    assert (
        "someone else saved this page after you opened it. It now says “Jo Hill” here. Save again to replace that."
        in page.text
    )
    assert "Harbour Trust" in page.html
    assert "Jo Hill" in mine.get("/concern").text
    mine.post("/organisation", page.fields() | lead)
    assert "Jo Hill" in mine.get("/concern").text
    assert mine.get("/organisation").fields()["name"] == "Harbour Trust"


_PROVIDER = {"name": "Riverside ID", "team": "", "domains": "example.org", "active": "y"}
_GROUPS = {"group_team": [""] * 3, "group_role": ["hr", "administrator", ""], "group_pathway": [""] * 3}
# A page of settings: how it comes to be, its address, what somebody else saves there, what an early page changes, what it hears.
SETTINGS_PAGES: list[tuple[str, dict[str, Any], str, dict[str, Any], dict[str, Any], str]] = [
    (
        "/providers/new",
        _PROVIDER | _GROUPS | {"kind": "openid", "discovery": "https://id.example.org", "client_id": "course", "secret": "s",
                               "scopes": "openid", "groups_claim": "groups", "group": ["people", "heads", ""]},
        "/providers/1",
        {"group": ["people", "", ""]},
        {"name": "Harbour ID", "domains": "example.org\nexample.com"},
        "It now says “people: HR” here",
    ),
    (
        "/providers/saml/new",
        _PROVIDER | {"discovery": "https://id.example.org/metadata"},
        "/providers/saml/2",
        {"domains": "example.com"},
        {"name": "Harbour ID"},
        "It now says “example.com” here",
    ),
    (
        "/system/webhooks/add",
        {"address": "https://hr.example.org/events", "kinds": ["overdue"], "team": ""},
        "/system/webhooks/1/change",
        {"kinds": ["overdue", "left"], "with_staff_number": "y"},
        {"address": "https://hr.example.com/events"},
        "It now says “Yes” here",
    ),
    (
        "/system/xapi/store",
        {"address": "https://lrs.example.org/xapi", "username": "u", "password": "p", "kinds": ["completed"], "actor": "mail"},
        "/system/xapi/store",
        {"actor": "account"},
        {"username": "course"},
        "It now says “By a number that means nothing outside this course” here",
    ),
    (
        "/platforms/new",
        {"name": "Moodle", "issuer": "https://m.example.org", "client_id": "c", "deployments": "1", "team": "",
         "login_address": "https://m.example.org/a", "token_address": "https://m.example.org/t",
         "keys_address": "https://m.example.org/k", "lets_staff_in": "y"},
        "/platforms/1/change",
        {"lets_staff_in": []},
        {"name": "Harbour Moodle"},
        "It now says “No” here",
    ),
    (
        "/system/cmi5/platforms/add",
        {"name": "Moodle", "hosts": "m.example.org", "team": "", "active": "y"},
        "/system/cmi5/platforms/1",
        {"active": []},
        {"name": "Harbour Moodle"},
        "It now says “No” here",
    ),
    (
        "/system/second-factor",
        {"required": "no", "days": "14"},
        "/system/second-factor",
        {"required": "yes"},
        {"days": "30"},
        "It now says “is required of everyone",
    ),
    (
        "/people/2/pathway",
        {"pathway": "school", "reason": "teaches"},
        "/people/2/pathway",
        {"pathway": "early-years", "reason": "works in the nursery"},
        {"pathway": "", "reason": "helps everywhere"},
        "It now says “Early years” here",
    ),
]  # fmt: skip


def _sent(page: Page) -> dict[str, Any]:
    """What the last form of a page would send, with every box that is ticked and every row of a table."""
    *_, form = (form for form in page.all("form") if form.get("method", "").lower() == "post")
    found: dict[str, Any] = {name: one for name, one in page.fields().items() if name not in ("csrf_token", "form_key")}
    for name in ("kinds", "group"):
        found |= {name: [one.get("value") for one in form.iter("input") if one.get("name") == name
                         and (one.get("type") != "checkbox" or one.get("checked") is not None)]}  # fmt: skip
    for name in ("group_team", "group_role", "group_pathway"):
        chosen = [next((o.get("value") for o in one if o.get("selected") is not None), "")
                  for one in form.iter("select") if one.get("name") == name]  # fmt: skip
        found |= {name: chosen}
    return found


def test_settings_that_somebody_else_has_changed_are_not_brought_back_unseen(app: Flask) -> None:
    windows = Windows(app)
    mine, other = windows.open[:2]
    for make, entered, address, theirs, my_change, told in SETTINGS_PAGES:
        mine.post(make, entered)
        early = _sent(mine.get(address))
        other.post(address, _sent(other.get(address)) | theirs)
        saved = _sent(other.get(address))
        page = mine.post(address, early | my_change, 422)
        assert f"omeone else saved this page after you opened it. {told}" in page.text, address
        shown = _sent(page)
        assert {name: shown[name] for name in my_change} == my_change, address
        assert _sent(other.get(address)) == saved, address
        # The page has said what holds now, so the same form is taken.
        mine.post(address, shown | {name: saved.get(name, []) for name in theirs} | my_change)
