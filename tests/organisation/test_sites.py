"""Sites with contacts, a nation and a title of their own: who sees which, on which page, and when that changes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.audit.models import AuditEntry
from course.clock import now
from course.context import Context, make_context
from course.organisation.actions import assign_contact_owner, confirm_contact
from course.organisation.contact_review_mail import queue_contact_reviews
from course.organisation.models import Contact
from course.organisation.queries import organisation, organisation_of, stale_contacts
from course.people import actions
from course.people.models import Membership, Person, Team
from tests.conftest import NOW
from tests.makers import make_organisation, make_person, make_team, sign_in
from tests.pages import Client, Page
from tests.support.days import this_day
from tests.support.outbox import rendered_mails

pytestmark = pytest.mark.both_engines

GROUP_LEAD, SCHOOL_LEAD, HOME_LEAD = "Gita Group", "Sol School", "Hanna Home"
LEADS = (GROUP_LEAD, SCHOOL_LEAD, HOME_LEAD)
NUMBERS = dict(zip(LEADS, ("01632 960100", "01632 960111", "01632 960122"), strict=True))


def context(session: Session, days: int = 0) -> Context:
    """So many days after the first deeds, a month ago: no contact is due to be confirmed again."""
    return make_context(session, None, now() - timedelta(days=30 - days))


def set_lead(session: Session, name: str, team: Team | None = None, days: int = 0) -> None:
    confirm_contact(context(session, days), "lead", name, NUMBERS[name], "", team.id if team else None)


@dataclass
class Group:
    """A group with a school in England, a class in it, and a home in Wales; the school has no number for after hours."""

    school: Team
    room: Team
    home: Team
    office: Team


@pytest.fixture
def group(session: Session) -> Group:
    make_organisation(session)
    top = make_team(session, "Group")
    school, home = make_team(session, "Oakfield", top), make_team(session, "Bryn House", top)
    made = Group(school, make_team(session, "Reception", school), home, make_team(session, "Head office", top))
    for name, team in ((GROUP_LEAD, None), (SCHOOL_LEAD, school), (HOME_LEAD, home)):
        set_lead(session, name, team)
    confirm_contact(context(session), "out-of-hours", "Night desk", "01632 960199", "")
    actions.set_team_setting(context(session), school.id, "title", "Oakfield Primary School")
    actions.set_team_setting(context(session), home.id, "nation", "wales")
    session.commit()
    return made


def leads_in(page: Page) -> list[str]:
    return [name for name in LEADS if name in page.text]


def help_pages(client: Client, address: str = "") -> list[Page]:
    return [client.get(path + address) for path in ("/concern", "/first-hour")]


def vcards(client: Client, address: str = "") -> str:
    return client.get(f"/concern/numbers.vcf{address}").body.decode().replace("\r\n ", "")


def test_each_person_sees_the_numbers_of_their_site_and_of_no_other(
    session: Session, client: Client, app: Flask, group: Group
) -> None:
    expected = {group.room: [SCHOOL_LEAD], group.home: [HOME_LEAD], group.office: [GROUP_LEAD]}
    for number, (team, leads) in enumerate(expected.items()):
        mine = sign_in(Client(app), make_person(session, f"P{number}", f"p{number}@example.org", team=team))
        for page in help_pages(mine):
            assert leads_in(page) == leads
            assert "Night desk" in page.text
        card = vcards(mine)
        assert [name for name in LEADS if name in card] == leads
    nobody = sign_in(client, make_person(session, "No Team", "no.team@example.org"))
    assert [leads_in(page) for page in help_pages(nobody)] == [[GROUP_LEAD]] * 2


def test_a_person_at_two_sites_finds_the_numbers_of_both_with_their_names(
    session: Session, client: Client, group: Group
) -> None:
    person = make_person(session, team=group.home, at=context(session).now)
    actions.join_team(context(session, 1), person.id, group.room.id, False)
    session.commit()
    sign_in(client, person)
    for page in help_pages(client):
        assert leads_in(page) == [SCHOOL_LEAD, HOME_LEAD]
        assert page.text.index("Bryn House") < page.text.index(HOME_LEAD) < page.text.index(SCHOOL_LEAD)
    card = vcards(client)
    assert "ORG:Bryn House" in card
    assert "ORG:Oakfield Primary School" in card
    # Two nations: each service says where it works.
    assert re.search(r"NSPCC|Childline", client.get("/concern").text)
    assert 'data-sites="' + f"{group.home.id} {group.school.id}" + '"' in client.get("/").html


def test_a_visitor_sees_the_organisations_numbers_and_chooses_a_site_by_an_address_that_can_be_kept(
    client: Client, group: Group
) -> None:
    for page in help_pages(client):
        assert leads_in(page) == [GROUP_LEAD]
        assert [option.text for option in page.all("option")] == [
            "Riverside Trust",
            "Bryn House",
            "Oakfield Primary School",
        ]
        assert "data-sites" not in page.html
    for page in help_pages(client, f"?site={group.school.id}"):
        assert leads_in(page) == [SCHOOL_LEAD]
        assert f'data-sites="{group.school.id}"' in page.html
        assert f"site={group.school.id}" in page.html
        assert "Oakfield Primary School" in page.title
    card = vcards(client, f"?site={group.school.id}")
    assert SCHOOL_LEAD in card
    assert GROUP_LEAD not in card
    assert client.get("/concern?site=").status == client.get("/concern").status == 200


@pytest.mark.usefixtures("group")
@pytest.mark.parametrize("site", ["999999", "-1", "x", "1 or 1=1", "9" * 40, "٣"])
def test_an_address_of_no_site_shows_the_organisations_numbers_and_says_so(client: Client, site: str) -> None:
    for page in help_pages(client, f"?site={site}"):
        assert leads_in(page) == [GROUP_LEAD]
        assert "The place in this link is no longer in the list." in page.text


def test_without_sites_the_pages_are_as_they_were(session: Session, client: Client) -> None:
    make_organisation(session)
    set_lead(session, GROUP_LEAD)
    make_team(session, "Oakfield")
    session.commit()
    for page in help_pages(client):
        assert leads_in(page) == [GROUP_LEAD]
        assert page.all("select") == []
        assert "Where do you work?" not in page.text


def test_a_site_that_is_closed_or_merged_is_no_site_and_a_moved_one_inherits_from_its_new_place(
    session: Session, client: Client, group: Group
) -> None:
    person = sign_in(client, make_person(session, team=group.room))
    assert leads_in(person.get("/concern")) == [SCHOOL_LEAD]
    actions.change_team(context(session, 1), group.room.id, "Reception", group.home.id, "it moved")
    session.commit()
    assert leads_in(person.get("/concern")) == [HOME_LEAD]
    assert actions.merge_teams(context(session, 2), group.home.id, group.office.id, "given up") is None
    session.commit()
    assert leads_in(person.get("/concern")) == [GROUP_LEAD]
    ours = organisation(session)
    assert ours is not None
    assert [site.name for site in ours.all_sites] == ["Oakfield Primary School"]
    with pytest.raises(LookupError):
        set_lead(session, HOME_LEAD, group.home)


def test_a_renamed_site_and_a_new_team_are_seen_at_once(session: Session, client: Client, group: Group) -> None:
    person = make_person(session, team=group.home)
    sign_in(client, person)
    assert "Bryn House" in client.get("/concern").text
    actions.change_team(context(session, 1), group.home.id, "Ty Bryn", group.home.parent_id, "its own name")
    wing = make_team(session, "Wing", group.home)
    actions.join_team(context(session, 1), person.id, wing.id, True)
    session.commit()
    page = client.get("/concern")
    assert "Ty Bryn" in page.text
    assert leads_in(page) == [HOME_LEAD]


def test_a_team_goes_back_to_the_inherited_contact_and_the_older_one_stays_in_the_history(
    session: Session, client: Client, group: Group
) -> None:
    confirm_contact(context(session, 1), "lead", "", "", "", group.school.id)
    session.commit()
    assert leads_in(sign_in(client, make_person(session, team=group.room)).get("/concern")) == [GROUP_LEAD]
    names = session.execute(select(Contact.name).where(Contact.team_id == group.school.id).order_by(Contact.id))
    assert list(names.scalars()) == [SCHOOL_LEAD, ""]
    logged = session.execute(select(AuditEntry.details).where(AuditEntry.what == "contact.changed")).scalars()
    assert sum("Safeguarding lead (Oakfield)" in str(details) for details in logged) == 2


def test_the_title_stands_in_the_head_of_pages_and_is_the_persons_own(
    session: Session, client: Client, group: Group
) -> None:
    sign_in(client, make_person(session, team=group.room))
    assert "Oakfield Primary School" in client.get("/").title
    # Whoever looks up the number of another site is at home in their own all the same.
    page = client.get(f"/concern?site={group.home.id}")
    assert leads_in(page) == [HOME_LEAD]
    assert "Oakfield Primary School" in page.title
    found = organisation_of(session, session.execute(select(Person.id)).scalars().first() or 0)
    assert found is not None
    assert found.name == "Oakfield Primary School"


def test_an_overdue_contact_of_a_site_is_asked_for_by_mail_and_confirmed_by_its_owner(
    session: Session, client: Client, app: Flask, group: Group
) -> None:
    owner, other = make_person(session, team=group.home), make_person(session, "Kim Else", "kim@example.org")
    long_ago = make_context(session, None, now() - timedelta(days=400))
    confirm_contact(long_ago, "deputy", "Dee Puty", "01632 960133", "", group.home.id)
    assign_contact_owner(long_ago, "deputy", owner.id, 3, group.home.id)
    session.commit()
    ours = organisation(session)
    assert [entry.name for entry in stale_contacts(ours, "Europe/London", this_day())] == ["Dee Puty"]
    with app.app_context():
        assert [queue_contact_reviews(now()) for _ in range(2)] == [1, 0]
    address = f"/organisation/team/{group.home.id}/contact/deputy"
    (mail,) = rendered_mails(app, session, "contact:")
    assert mail.subject.endswith("Deputy, Bryn House")
    assert address in mail.text
    sign_in(Client(app), other).get(address, 404)
    page = sign_in(client, owner).get("/")
    assert "Bryn House: Deputy" in page.text
    form = client.get(address).fields()
    assert "Enter the telephone number." in client.post(address, form | {"phone": ""}, 422).text
    assert "confirmed as of today" in client.follow(client.post(address, form)).text
    assert "Bryn House: Deputy" not in client.get("/").text
    session.expire_all()
    ours = organisation(session)
    assert ours is not None
    assert "deputy" not in ours.contacts
    assert ours.directory.settings[group.home.id].contacts["deputy"].owner_id == owner.id


@pytest.mark.usefixtures("group")
def test_an_inherited_contact_that_is_overdue_is_owned_where_it_is_set(session: Session) -> None:
    long_ago = make_context(session, None, now() - timedelta(days=400))
    confirm_contact(long_ago, "social-care", "Front door", "01632 960144", "")
    session.commit()
    # It is asked for once, and not for each team that inherits it.
    assert [one.team_id for one in stale_contacts(organisation(session), "Europe/London", this_day())] == [None]


def test_the_settings_page_tells_what_comes_from_where_and_sets_and_gives_up_a_contact(
    session: Session, client: Client, group: Group
) -> None:
    reader = make_person(session, team=group.school)
    sign_in(client, make_person(session, "Priya Nair", "priya@example.org", role="administrator"))
    address = f"/organisation/team/{group.school.id}"
    assert address in client.get(f"/teams/{group.school.id}").html
    page = client.get(address)
    rows = [re.sub(r"\s+", " ", "".join(row.itertext())).strip() for row in page.all("tr")]
    assert any("Oakfield Primary School" in row and "This team" in row for row in rows)
    assert any("England" in row and "Riverside Trust" in row for row in rows)
    assert any("Night desk, 01632 960199" in row and "Riverside Trust" in row for row in rows)
    form = page.fields()
    assert "Deputy: Enter the telephone number." in client.post(address, form | {"deputy-name": "Dee"}, 422).text
    sent = form | {
        "deputy-name": "Dee Puty", "deputy-phone": "01632 960133", "lead-inherit": "y", "nation": "scotland",
        "pathway": "early-years",
    }  # fmt: skip
    assert "The pathway of 1 person changed." in client.follow(client.post(address, sent)).text
    session.expire_all()
    found = organisation_of(session, reader.id)
    assert found is not None
    assert (found.nation, found.contacts["lead"].name, found.contacts["deputy"].name) == (
        "scotland",
        GROUP_LEAD,
        "Dee Puty",
    )
    back = client.get(address).fields() | {"nation": "", "pathway": "", "title": ""}
    client.follow(client.post(address, back))
    session.expire_all()
    found = organisation_of(session, reader.id)
    assert found is not None
    assert (found.name, found.nation, found.contacts["deputy"].name) == ("Riverside Trust", "england", "Dee Puty")


def test_of_two_windows_the_second_is_told_what_the_first_has_saved(
    session: Session, client: Client, group: Group
) -> None:
    sign_in(client, make_person(session, role="administrator"))
    address = f"/organisation/team/{group.home.id}"
    first, second = client.get(address).fields(), client.get(address).fields()
    client.follow(client.post(address, first | {"lead-phone": "01632 960155"}))
    page = client.post(address, second | {"title": "Bryn"}, 422)
    assert "someone else saved this page after you opened it. It now says “01632 960155” here." in page.text
    client.follow(client.post(address, page.fields() | {"lead-phone": "01632 960155"}))
    session.expire_all()
    ours = organisation(session)
    assert ours is not None
    own = ours.directory.settings[group.home.id]
    assert (own.title, own.contacts["lead"].phone) == ("Bryn", "01632 960155")


def test_a_team_that_was_closed_in_the_meantime_keeps_nothing_of_the_form(
    session: Session, client: Client, group: Group
) -> None:
    sign_in(client, make_person(session, role="administrator"))
    address = f"/organisation/team/{group.office.id}"
    form = client.get(address).fields()
    actions.close_team(context(session, 1), group.office.id, "given up")
    session.commit()
    client.post(address, form | {"title": "Office"}, 404)
    client.get(address, 404)
    assert organisation(session) is not None
    sign_in_again = client.get(f"/teams/{group.office.id}")
    assert address not in sign_in_again.html


def test_only_administrators_change_the_settings_of_a_team(session: Session, app: Flask, group: Group) -> None:
    for number, role in enumerate(("learner", "manager")):
        person = make_person(session, role, f"p{number}@example.org", role=role, team=group.home)
        sign_in(Client(app), person).get(f"/organisation/team/{group.home.id}", 403)


def test_who_joined_which_team_first_is_asked_of_each_request(session: Session, client: Client, group: Group) -> None:
    person = make_person(session, team=group.home)
    sign_in(client, person)
    assert leads_in(client.get("/concern")) == [HOME_LEAD]
    session.execute(
        Membership.__table__.update().where(Membership.__table__.c.person_id == person.id).values(until=NOW)  # type: ignore[attr-defined]
    )
    session.commit()
    assert leads_in(client.get("/concern")) == [GROUP_LEAD]


def test_lessons_and_mails_name_the_site_of_their_reader(
    session: Session, client: Client, app: Flask, group: Group
) -> None:
    library = app.extensions["course"].library
    module, page = next(
        (module, page)
        for module in library.modules.values()
        for page in module.pages.values()
        if any("lead" in getattr(block, "contacts", ()) for block in page.blocks) and not page.pathways
    )
    boss = make_person(session, "Kim Else", "kim@example.org", role="manager", team=group.school)
    sign_in(client, make_person(session, team=group.room))
    assert leads_in(client.get(f"/module/{module.id}/{page.id}")) == [SCHOOL_LEAD]
    client.post("/help", {"from": "assessment"})
    (mail,) = rendered_mails(app, session, "help:")
    assert mail.recipient == boss.email
    assert "Oakfield Primary School" in mail.text
    both = make_person(session, "Ann Lee", "ann@example.org", team=group.room, at=context(session).now)
    actions.join_team(context(session, 1), both.id, group.home.id, False)
    session.commit()
    shown = sign_in(Client(app), both).get(f"/module/{module.id}/{page.id}")
    assert leads_in(shown) == [SCHOOL_LEAD, HOME_LEAD]
    assert shown.text.index("Oakfield Primary School") < shown.text.index(SCHOOL_LEAD) < shown.text.index("Bryn House")
