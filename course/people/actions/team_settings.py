"""What a team sets for itself and all below it, and the pathway that people get with their place in a team.

The pathway of a team is recorded for each person who gets it, with its day. So what somebody was shown, and why, stays true
when the team, its place or its setting changes.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.content.schema import NATIONS, SETTINGS
from course.context import Context
from course.people.actions.locking import lock_people
from course.people.models import Membership, PathwayChoice, Person, Team, TeamSetting, UsualLanguage
from course.people.queries.team_settings import (
    has_team_setting,
    open_team_parents,
    team_setting_values,
    teams_of_people,
)
from course.people.rules import TEAM_SETTINGS, RecordedPathway, inherited_in_teams, pathway_to_record, team_subtree
from course.text import normalise_line

_ALLOWED = {"nation": frozenset(NATIONS), "pathway": frozenset(SETTINGS)}


def record_usual_language(context: Context, language: str) -> None:
    """Record the language (BCP 47) of people who have chosen none, from now on; it is that of the whole organisation."""
    context.session.add(UsualLanguage(language=language, chosen_by=context.actor, chosen_at=context.now))
    context.session.flush()


def set_team_setting(context: Context, team_id: int, kind: str, value: str | None) -> int | None:
    """Set the nation, title or pathway of a team and all below it; None lets it inherit again.

    Returns the number of people whose pathway changes with it (0 for another kind), None if the value was the same before.
    Raises LookupError if there is no open team `team_id`, ValueError for an unknown kind, nation or pathway.
    """
    session = context.session
    value = normalise_line(value or "") or None
    if kind not in TEAM_SETTINGS or (value is not None and value not in _ALLOWED.get(kind, {value})):
        raise ValueError(f"there is no {kind} {value!r}")
    # Every open team is locked, because whoever is put into one below at this moment must find what is set here.
    rows = select(Team.id, Team.name).where(Team.closed_at.is_(None)).order_by(Team.id).with_for_update()
    names = {row.id: row.name for row in session.execute(rows)}
    if team_id not in names:
        raise LookupError(f"there is no open team {team_id}")
    before = team_setting_values(session, kind).get(team_id)
    if before == value:
        return None
    session.add(TeamSetting(team_id=team_id, kind=kind, value=value, made_by=context.actor, made_at=context.now))
    session.flush()
    record_event(context, "team.setting_changed", ("team", team_id), {"setting": kind, kind: [before, value]})
    return follow_team_pathways(context, people_below(session, [team_id])) if kind == "pathway" else 0


def people_below(session: Session, teams: Collection[int]) -> list[int]:
    """The people who are in one of these teams, or in one below it, now."""
    parents = open_team_parents(session)
    below = {one for team in teams for one in team_subtree(team, parents)}
    rows = select(Membership.person_id).join(Person, Person.id == Membership.person_id)
    rows = rows.where(Membership.until.is_(None), Membership.team_id.in_(below), Person.left_at.is_(None))
    return sorted(set(session.execute(rows).scalars()))


def follow_team_pathways(context: Context, people: Collection[int]) -> int:
    """Record for each of these people the pathway that their teams have now, unless one was chosen for them. Returns for
    how many that is a change.

    To be called after their teams, the tree, or the pathway of a team have changed, in the same transaction. One query as
    long as no team has a pathway.
    """
    session, ids = context.session, sorted(set(people))
    session.flush()
    if not ids or not has_team_setting(session, "pathway"):
        return 0
    lock_people(session, ids)  # whoever chooses for one of them at this moment waits, or has been waited for
    values, parents = team_setting_values(session, "pathway"), open_team_parents(session)
    known, teams = _recorded_pathways(session, ids), teams_of_people(session, ids)
    changed = 0
    for person_id in ids:
        before = known.get(person_id, RecordedPathway())
        after = pathway_to_record(before, inherited_in_teams(teams.get(person_id, ()), parents, values))
        if after is None:
            continue
        session.add(
            PathwayChoice(
                person_id=person_id, pathway=after.pathway, team_id=after.team_id, reason="", chosen_by=context.actor,
                chosen_at=context.now,
            )
        )  # fmt: skip
        details = {"pathway": [before.pathway, after.pathway], "team": after.team_id}
        record_event(context, "pathway.followed", ("person", person_id), details)
        changed += before.pathway != after.pathway
    session.flush()
    return changed


def _recorded_pathways(session: Session, people: Collection[int]) -> dict[int, RecordedPathway]:
    newest = select(func.max(PathwayChoice.id)).where(PathwayChoice.person_id.in_(people))
    rows = session.execute(
        select(PathwayChoice.person_id, PathwayChoice.pathway, PathwayChoice.team_id).where(
            PathwayChoice.id.in_(newest.group_by(PathwayChoice.person_id))
        )
    )
    return {row[0]: RecordedPathway(row[1], row[2]) for row in rows}
