"""From an empty course to a hundred invited people, out of four lists of four systems, counted in clicks."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import func, select

from course.people.models import Person
from course.web.unit_of_work import read_only_session
from tests.conftest import make_app
from tests.journeys.conftest import Site, sign_in
from tests.support.jobs import run_waiting_jobs
from tests.support.serving import served

MOST_CLICKS = 25
SCHOOLS = ("Alder School", "Birch School", "Cedar School", "Damson School")
FIRST = ("Ada", "Ben", "Cleo", "Dev", "Esme")
LAST = ("Archer", "Birtle", "Corbet", "Dunnock", "Egret")
# The headings of four systems; the person's number, first and last name and school fill a row.
EXPORTS = {
    "payroll.csv": ("Employee Number,Forename,Surname,Work Email,Location", "{n},{first},{last},{mail},{school}"),
    "mis.csv": ("Staff Code;Legal Surname;Legal Forename;E-mail Address;School;Start Date",
                "S{n};{last};{first};{mail};{school};01/09/2025"),
    "rota.csv": ("Full Name\tEmail\tTeam\tStaff ID", "{first} {last}\t{mail}\t{school}\tR{n}"),
    "volunteers.csv": ("Name,Email address,Site", "{first} {last},{mail},{school}"),
}  # fmt: skip


def lists(folder: Path) -> list[Path]:
    """The four files, each with 25 people who are plainly invented."""
    found = []
    for place, (name, (headings, row)) in enumerate(EXPORTS.items()):
        rows = [
            row.format(n=1000 + 100 * place + number, first=f"{FIRST[number // 5]}", last=f"{LAST[number % 5]}-{'NESW'[place]}ell",
                       mail=f"p{place}.{number}@example.org", school=SCHOOLS[number % 4])
            for number in range(25)
        ]  # fmt: skip
        file = folder / name
        file.write_text("\n".join((headings, *rows)) + "\n", encoding="utf-8")
        found.append(file)
    return found


@pytest.fixture
def empty(tmp_path: Path, archived_file: Path) -> Iterator[Site]:
    app = make_app(f"sqlite:///{shutil.copy(archived_file, tmp_path / 'course.db')}")
    with served(app, threads=4) as address:
        yield Site(app, address)


class Clicks:
    """Counts and prints each click of a person."""

    def __init__(self, page: Page) -> None:
        self.page, self.number = page, 0

    def click(self, role: str, name: str) -> None:
        self.number += 1
        print(f"{self.number:3} {role} “{name}”")
        self.page.get_by_role(role, name=re.compile(name)).first.click()  # type: ignore[arg-type]

    def choose_file(self, file: Path) -> None:
        self.number += 1
        print(f"{self.number:3} file {file.name}")
        self.page.get_by_label("File").or_(self.page.locator("input[type=file]")).first.set_input_files(file)


def test_an_empty_course_becomes_a_hundred_invited_people_in_few_clicks(
    browser: Browser, empty: Site, tmp_path: Path
) -> None:
    empty.person("boss@example.org", "administrator")
    page = browser.new_context(
        base_url=empty.address, viewport={"width": 1280, "height": 900}, reduced_motion="reduce"
    ).new_page()
    sign_in(page, "boss@example.org")
    clicks = Clicks(page)
    clicks.click("link", "^People$")
    clicks.click("link", "^Import people$")
    for place, file in enumerate(lists(tmp_path)):
        if place:
            clicks.click("link", "^Import another list$")
        clicks.choose_file(file)
        clicks.click("button", "^Upload$")
        clicks.click("button", "^Preview the changes$")
        clicks.click("button", "^Apply")
        run_waiting_jobs(empty.app)
        page.reload()
        page.get_by_text("Applied on").wait_for()
    clicks.click("link", "^See everyone, newest first$")
    page.get_by_text("101 people").first.wait_for()
    page.get_by_label("Which people").select_option("1")
    clicks.number += 1
    clicks.click("button", "^Continue$")
    clicks.click("button", "^Invite 100 people$")
    run_waiting_jobs(empty.app)
    page.reload()
    page.get_by_text("Done for 100 people").wait_for()
    print(f"{clicks.number} clicks for 100 people")
    with empty.app.app_context(), read_only_session() as session:
        invited = select(func.count(Person.id)).where(Person.invited_at.is_not(None))
        assert session.execute(invited).scalar() == 100
    assert clicks.number <= MOST_CLICKS
    page.context.close()
