"""What the pages about wrong answers have in common: the teams that the viewer may see, and what was counted."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import replace
from datetime import date
from typing import TypeVar, cast

from flask import Blueprint, abort, current_app, g
from flask_login import current_user

from course.clock import now
from course.dates import civil_date
from course.insight import queries
from course.insight.rules.privacy import ALL, counted_until
from course.insight.telling import Tree, tree_of
from course.web.session import db
from course.web.site import state

pages = Blueprint("insight", __name__)
KEPT = "course.insight"  # where counts are kept, among the extensions of the application
MOST_KEPT = 50
EVERYBODY = "Everybody"
T = TypeVar("T")


@pages.before_request
def _here() -> None:
    g.here = "people"


def today() -> date:
    """The calendar day in the organisation's time zone."""
    return civil_date(now(), state().config.time_zone)


def until() -> date:
    """The day before which answers count today."""
    return counted_until(today())


def kept(tree: Tree, what: Hashable, count: Callable[[], T]) -> T:
    """What was counted of the same people up to the same day: until either changes, so are the answers, which are
    never changed. A million of them take seconds to count."""
    of = tree.before, tree.people
    known, counts = current_app.extensions.get(KEPT, (None, {}))
    if known != of or len(counts) >= MOST_KEPT:
        counts = {}
        current_app.extensions[KEPT] = of, counts
    if what not in counts:
        counts[what] = count()
    return cast("T", counts[what])


def tree() -> Tree:
    """The teams that the viewer may see, and what tells of which something may be shown."""
    found, viewer = tree_of(db(), until(), state().config.time_zone), current_user.person
    if viewer.administrator:
        return found
    seen = set[int]().union(*(found.below.get(one, set()) for one in viewer.manages))
    return replace(found, teams=[one for one in found.teams if one.id in seen])


def seen_groups(tree: Tree) -> set[int]:
    """The teams that the viewer may see, and ALL for administrators."""
    return {one.id for one in tree.teams} | ({ALL} if current_user.person.administrator else set())


def group_name(tree: Tree, group: int) -> str:
    """What a group is called: one of the teams that the viewer may see, or everybody, which is for administrators."""
    if group not in seen_groups(tree):
        abort(404)
    return next((one.name for one in tree.teams if one.id == group), EVERYBODY)


def counted(tree: Tree, group: int) -> queries.Counted:
    """The answers that tell of a group; whether it is open is the caller's to ask."""
    among = tree.among(group)
    return kept(tree, among or frozenset(), lambda: queries.answers(db(), among, tree.before))


def address(group: int) -> str:
    """Where the page of a group is."""
    return "/insight/everybody" if group == ALL else f"/insight/team/{group}"
