"""A sign-in at a provider that is overtaken by somebody who changes the person, their account or their teams: as if one had
come after the other. On PostgreSQL, whose writers do not wait for each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import select

from course.auth.actions import SignInGranted
from course.auth.queries import session_key
from course.clock import now
from course.context import Context, make_context
from course.identity_providers.actions import add_link, sign_in_identity, unlink_account, unlink_own_account
from course.identity_providers.models import IdentityLink
from course.identity_providers.queries import links_of, provider
from course.identity_providers.rules.groups import GroupRow
from course.identity_providers.rules.identity import ProviderIdentity
from course.people.actions import correct_identity, join_team, merge_people, merge_teams, record_departure
from course.people.models import Membership, Team
from course.web.unit_of_work import unit_of_work
from tests.identity_providers.fake_provider import FakeProvider
from tests.identity_providers.making import set_up_provider
from tests.makers import make_organisation, make_person, make_team
from tests.support.racing import overtaken

SIGNED_IN, REFUSED, OUTDATED = 1, 2, 3


class World:
    """Sam, who has an account at a provider and is in the team Staff by hand. Its group "crew" gives the team Harbour."""

    def __init__(self, app: Flask, fake: FakeProvider, number: int) -> None:
        self.app = app
        with app.app_context(), unit_of_work() as session:
            staff, harbour = make_team(session, f"Staff {number}"), make_team(session, f"Harbour {number}")
            self.harbour, self.quay = harbour.id, make_team(session, f"Quay {number}").id
            self.sam = make_person(session, email=f"sam{number}@example.org", team=staff).id
            self.other = make_person(session, email=f"other{number}@example.org", team=staff).id
            self.boss = make_person(session, "Ann Min", f"ann{number}@example.org", "administrator").id
            self.provider = set_up_provider(session, fake, groups=(GroupRow("crew", harbour.id),))
        self.identity = ProviderIdentity(fake.issuer, str(number), f"sam{number}@example.org", True, "Sam")

    def sign_in(self, *groups: str) -> int:
        """Whether Sam is let in, with these groups; OUTDATED if by a key that is no longer theirs."""
        with self.app.app_context():
            with unit_of_work() as session:
                settings = provider(session, self.provider)
                assert settings is not None
                named = replace(self.identity, groups=frozenset(groups))
                granted = sign_in_identity(make_context(session, None, now()), settings, named)
            if not isinstance(granted, SignInGranted):
                return REFUSED
            with unit_of_work() as session:
                is_valid = session_key(session, granted.person_id) == granted.session_key
            return SIGNED_IN if is_valid else OUTDATED

    def do(self, deed: Callable[[World, Context], object]) -> int:
        with self.app.app_context(), unit_of_work() as session:
            deed(self, make_context(session, self.boss, now()))
        return 0

    def teams(self) -> list[str]:
        """The names of Sam's teams, without the number of the case."""
        with self.app.app_context(), unit_of_work() as session:
            rows = select(Team.name).join(Membership, Membership.team_id == Team.id).order_by(Team.name)
            mine = rows.where(Membership.person_id == self.sam, Membership.until.is_(None))
            return [name.partition(" ")[0] for name in session.execute(mine).scalars()]


def unlink(world: World, context: Context) -> None:
    link = select(IdentityLink.id).where(IdentityLink.person_id == world.sam, IdentityLink.ended_at.is_(None))
    unlink_account(context, world.sam, context.session.execute(link).scalar_one())


def leave(world: World, context: Context) -> None:
    record_departure(context, world.sam, context.today, "moved")


def join_by_hand(world: World, context: Context) -> None:
    join_team(context, world.sam, world.harbour, False)


def merge_entries(world: World, context: Context) -> None:
    merge_people(context, world.sam, world.other, False, "twice")


def merge_with_address(world: World, context: Context) -> None:
    merge_people(context, world.sam, world.other, True, "twice")


def correct_address(world: World, context: Context) -> None:
    correct_identity(context, world.sam, "Sam", "sam.new@example.org", None, "moved to another address")


def merge_team(world: World, context: Context) -> None:
    merge_teams(context, world.harbour, world.quay, "one now")


# The groups of the sign-in before (None: there was none), those of the one that is overtaken, before which of its statements, by
# what; whether Sam is let in, and the teams after one more sign-in without groups.
CASES: list[tuple[list[str] | None, list[str], str, Callable[[World, Context], None], int, list[str]]] = [
    # Error 500, because there is nobody any more to whom the group could give a team.
    ([], ["crew"], "SELECT team.id", leave, REFUSED, []),
    # The team was noted as given by the group, and taken with it.
    ([], ["crew"], "SELECT team.id", join_by_hand, SIGNED_IN, ["Harbour", "Staff"]),
    # Let in with the account that an administrator had just unlinked, and with the key that signs out everybody before.
    ([], [], "SELECT team.id", unlink, REFUSED, ["Staff"]),
    # Let in as the entry that had ended.
    ([], [], "SELECT team.id", merge_entries, SIGNED_IN, []),
    # Linked to the entry that had just ended, which lets nobody in; or to whoever had had the address until now.
    (None, [], "SELECT team.id", merge_with_address, SIGNED_IN, []),
    (None, [], "SELECT team.id", correct_address, REFUSED, ["Staff"]),
    # Each waited for the other: one held what groups gave, one the person.
    (["crew"], [], "SELECT person.id \nFROM person", merge_team, SIGNED_IN, ["Staff"]),
]


@pytest.mark.parametrize("committed", ["postgresql"], indirect=True)
def test_a_sign_in_that_is_overtaken_is_as_if_it_had_come_before_or_after(committed: Flask, fake: FakeProvider) -> None:
    engine, wrong = committed.extensions["course"].engine, {}
    with committed.app_context(), unit_of_work() as session:
        make_organisation(session)
    for number, (first, groups, before, deed, let_in, teams) in enumerate(CASES):
        world = World(committed, fake, number)
        assert first is None or world.sign_in(*first) == SIGNED_IN
        found, _ = overtaken(engine, partial(world.sign_in, *groups), before, partial(world.do, deed))
        world.sign_in()
        if (found, world.teams()) != (let_in, teams):
            wrong[f"{deed.__name__} before {before}"] = found, world.teams()
    assert wrong == {}


@pytest.mark.parametrize("committed", ["postgresql"], indirect=True)
def test_of_two_accounts_that_are_unlinked_at_once_the_last_one_stays(committed: Flask, fake: FakeProvider) -> None:
    with committed.app_context(), unit_of_work() as session:
        make_organisation(session)
        sam = make_person(session, password=None).id
        numbers = [set_up_provider(session, fake, name=name) for name in ("Riverside ID", "Harbour ID")]
        for one in numbers:
            identity = ProviderIdentity(f"{fake.issuer}/{one}", "1", "sam@example.org", True, "Sam")
            add_link(make_context(session, None, now()), one, identity, sam, "person")
        links = [one.id for one in links_of(session, sam)]

    def unlink_own(link: int) -> int:
        with committed.app_context(), unit_of_work() as session:
            return unlink_own_account(make_context(session, sam, now()), link) is None

    deeds = [partial(unlink_own, link) for link in links]
    assert sum(overtaken(committed.extensions["course"].engine, deeds[0], "UPDATE identity_link", deeds[1])) == 1
