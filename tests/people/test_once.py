"""Each deed about people and teams that is sent several times at the same moment is done once, on both engines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from course.audit.models import AuditEntry
from course.auth.models import SignInToken
from course.mail.models import OutboxMail
from course.people.models import (
    Membership,
    PathwayChoice,
    Person,
    PersonChange,
    PersonMerge,
    RoleGrant,
    Team,
    TeamChange,
)
from course.web.unit_of_work import unit_of_work
from tests.conftest import NOW
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client
from tests.support.days import form_day
from tests.support.racing import at_once

WINDOWS = 4


def sending(window: Client, path: str, form: dict[str, Any]) -> Callable[[], int]:
    return lambda: int(window.flask.post(path, data=form).status_code)


class Office:
    """An administrator with several windows open."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        with app.app_context(), unit_of_work() as session:
            boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator")
            self.team, self.other = make_team(session, "Harbour").id, make_team(session, "Quay").id
            self.sam = make_person(session, "Sam Okafor", "sam@example.org").id
            self.kim = make_person(session, "Kim Else", "kim@example.org", password=None).id
            self.twin = make_person(session, "S. Okafor", "twin@example.org").id
        self.windows = [sign_in(Client(app), boss) for _ in range(WINDOWS)]

    def press(self, path: str, **form: Any) -> Counter[str]:
        """Send a form from all windows at once; what was written to the log."""
        return self.press_each(path, [form] * WINDOWS)

    def press_each(self, path: str, forms: list[dict[str, Any]]) -> Counter[str]:
        """The same with a form of its own in each window."""
        before = self.count(AuditEntry)
        sent = [{"csrf_token": window.token(), **form} for window, form in zip(self.windows, forms, strict=True)]
        found = at_once([sending(one, path, some) for one, some in zip(self.windows, sent, strict=True)])
        assert max(found) < 500, (path, found)
        with self.app.app_context(), unit_of_work() as session:
            rows = select(AuditEntry.what).where(AuditEntry.number > before)
            return Counter(session.execute(rows).scalars())

    def count(self, table: type, *which: Any) -> int:
        with self.app.app_context(), unit_of_work() as session:
            return session.execute(select(func.count()).select_from(table).where(*which)).scalar_one()


def test_what_is_sent_four_times_at_once_is_done_once(committed: Flask) -> None:
    office = Office(committed)
    sam, kim, here = office.sam, office.kim, Membership.until.is_(None)
    assert office.press("/people/teams/add", name="Lighthouse", parent="") == {"team.added": 1}
    assert office.count(Team, Team.name == "Lighthouse") == 1
    added = {"name": "Ida Holm", "email": "ida@example.org", "team": "", "role": "learner", "pathway": ""}
    assert office.press("/people/add", **added) == {"person.added": 1, "person.invited": 1}
    assert office.press(f"/people/{sam}/teams", team=str(office.team), how="add") == {"team.joined": 1}
    assert office.press(f"/people/{sam}/teams", team=str(office.other), how="move") == {
        "team.joined": 1,
        "team.left": 1,
    }
    assert office.count(Membership, here, Membership.person_id == sam) == 1
    assert office.press(f"/people/{sam}/role", role="manager", team=str(office.other)) == {"role.granted": 1}
    assert office.press(f"/people/{sam}/role", role="administrator", team="") == {"role.granted": 1}
    assert office.press(f"/people/{sam}/role", role="hr", team="") == {"role.granted": 1}
    audit = {"role": "auditor", "team": "", "last_day": form_day(30)}
    assert office.press(f"/people/{sam}/role", **audit) == {"role.granted": 1}
    assert office.count(RoleGrant, RoleGrant.person_id == sam, RoleGrant.until.is_(None)) == 4
    # Several say different days at once: one counts at the end, and each change is in the log.
    days = [form_day(days) for days in range(40, 40 + WINDOWS)]
    found = office.press_each(f"/people/{kim}/role", [audit | {"last_day": day} for day in days])
    assert found["role.granted"] == found["role.ended"] + 1
    assert office.count(RoleGrant, RoleGrant.person_id == kim, RoleGrant.until.is_(None)) == 1
    form = {"name": "Sam Hill", "email": "sam.hill@example.org", "staff_number": "S1", "reason": "married"}
    assert office.press(f"/people/{sam}/correct", **form) == {"person.changed": 1}
    assert office.count(PersonChange) == 1
    assert office.press(f"/people/{sam}/pathway", pathway="clubs", reason="moved") == {"pathway.chosen": 1}
    assert office.count(PathwayChoice) == 1
    merge = {"other": "twin@example.org", "keep": "first", "reason": "twice"}
    assert office.press(f"/people/{sam}/merge", **merge)["person.merged"] == 1
    assert office.count(PersonMerge) == 1
    assert office.press(f"/teams/{office.other}/change", name="Pier", parent="", reason="clearer") == {
        "team.changed": 1
    }
    assert office.count(TeamChange) == 1
    assert office.press(f"/teams/{office.team}/close", reason="empty") == {"team.closed": 1}
    gone = {"person.left": 1, "role.ended": 1}
    assert office.press(f"/people/{kim}/leave", last_day=NOW.date().isoformat(), reason="moved") == gone


def test_the_link_in_an_invitation_is_not_ended_by_a_second_press(committed: Flask) -> None:
    office = Office(committed)
    page = office.windows[0].get(f"/people/{office.kim}").fields(0)
    assert "seen" in page
    assert office.press(f"/people/{office.kim}/invite", seen=page["seen"]) == {"person.invited": 1}
    # Also a second press that comes much later, from the same page.
    assert office.press(f"/people/{office.kim}/invite", seen=page["seen"]) == {}
    assert office.press("/people/invite", at="") == {}
    live = SignInToken.person_id == office.kim, SignInToken.used_at.is_(None)
    assert office.count(SignInToken, *live) == 1
    assert office.count(OutboxMail, OutboxMail.template == "invitation") == 1
    assert office.count(Person, Person.invited_at.is_not(None)) == 1


def test_two_different_corrections_at_once_do_not_overwrite_each_other(committed: Flask) -> None:
    office = Office(committed)
    window, path = office.windows[0], f"/people/{office.sam}/correct"
    tokens = [one.token() for one in office.windows]
    names = ("Sam Ash", "Sam Birch", "Sam Cedar", "Sam Dale")
    forms = [{"csrf_token": token, "name": name, "email": "sam@example.org", "reason": "x"}
             for token, name in zip(tokens, names, strict=True)]  # fmt: skip
    found = at_once([sending(one, path, form) for one, form in zip(office.windows, forms, strict=True)])
    assert max(found) < 500
    # Whatever was kept is in the history: nothing was overwritten unseen.
    assert office.count(PersonChange) == found.count(303)
    assert any(name in window.get(f"/people/{office.sam}").text for name in names)


def test_of_two_who_merge_two_entries_into_each_other_at_once_one_is_told(committed: Flask) -> None:
    office = Office(committed)
    first, second = office.windows[0].token(), office.windows[1].token()
    merge = {"keep": "first", "reason": "twice"}
    found = at_once([
        sending(office.windows[0], f"/people/{office.sam}/merge", {"csrf_token": first, "other": "twin@example.org", **merge}),
        sending(office.windows[1], f"/people/{office.twin}/merge", {"csrf_token": second, "other": "sam@example.org", **merge}),
    ])  # fmt: skip
    assert max(found) < 500
    assert office.count(PersonMerge) == 1
    assert office.count(Person, Person.id.in_([office.sam, office.twin]), Person.left_at.is_(None)) == 1


def test_who_is_moved_to_two_teams_at_once_is_in_one_of_them(committed: Flask) -> None:
    office = Office(committed)
    assert office.press(f"/people/{office.sam}/teams", team=str(office.team), how="add") == {"team.joined": 1}
    with committed.app_context(), unit_of_work() as session:
        teams = [make_team(session, f"Berth {number}").id for number in range(WINDOWS)]
    office.press_each(f"/people/{office.sam}/teams", [{"team": str(team), "how": "move"} for team in teams])
    assert office.count(Membership, Membership.person_id == office.sam, Membership.until.is_(None)) == 1


def test_nobody_is_put_into_a_team_that_is_closed_at_this_moment(committed: Flask) -> None:
    office, inside = Office(committed), Membership.until.is_(None)
    with committed.app_context(), unit_of_work() as session:
        teams = [make_team(session, f"Berth {number}").id for number in range(4)]
    joins, closing = office.windows[:2], office.windows[2]
    for team in teams:
        paths = [f"/people/{one}/teams" for one in (office.sam, office.kim)]
        forms = [{"csrf_token": one.token(), "team": str(team), "how": "add"} for one in joins]
        closes = sending(closing, f"/teams/{team}/close", {"csrf_token": closing.token(), "reason": "empty"})
        found = at_once([*map(sending, joins, paths, forms), closes])
        assert max(found) < 500
    closed = Membership.team_id.in_(select(Team.id).where(Team.closed_at.is_not(None)))
    assert office.count(Membership, inside, closed) == 0


def test_who_leaves_and_is_given_a_role_at_the_same_moment_has_none_after_it(committed: Flask) -> None:
    office = Office(committed)
    for number in range(4):
        with committed.app_context(), unit_of_work() as session:
            one = make_person(session, f"Person {number}", f"p{number}@example.org").id
        roles, leaving = office.windows[:3], office.windows[3]
        forms = [{"csrf_token": window.token(), "role": role, "team": str(office.team)}
                 for window, role in zip(roles, ("manager", "hr", "administrator"), strict=True)]  # fmt: skip
        left = {"csrf_token": leaving.token(), "last_day": form_day(), "reason": "moved"}
        deeds = [sending(window, f"/people/{one}/role", form) for window, form in zip(roles, forms, strict=True)]
        found = at_once([*deeds, sending(leaving, f"/people/{one}/leave", left)])
        assert max(found) < 500
    gone = RoleGrant.person_id.in_(select(Person.id).where(Person.left_at.is_not(None)))
    assert office.count(Person, Person.left_at.is_not(None)) > 0
    assert office.count(RoleGrant, gone, RoleGrant.until.is_(None)) == 0
