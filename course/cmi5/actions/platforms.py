"""Allowing platforms to launch the course."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.cmi5.models import Cmi5Platform
from course.cmi5.queries import platform
from course.context import Context, make_context
from course.people.events import TeamsMerged


@dataclass(frozen=True)
class Cmi5PlatformSettings:
    """What an administrator chooses for a platform (see models.Cmi5Platform)."""

    name: str
    hosts: tuple[str, ...]
    makes_accounts: bool
    team_id: int | None
    active: bool


def add_platform(context: Context, settings: Cmi5PlatformSettings) -> int:
    """Let a platform launch the course; returns its id."""
    row = Cmi5Platform(
        name=settings.name, hosts="\n".join(settings.hosts), makes_accounts=settings.makes_accounts, team_id=settings.team_id,
        active=settings.active, made_by=context.person_id, made_at=context.now,
    )  # fmt: skip
    context.session.add(row)
    context.session.flush()
    details = {"platform": settings.name, "hosts": ", ".join(settings.hosts), "accounts": settings.makes_accounts}
    record_event(context, "cmi5.added", ("cmi5", row.id), details)
    return row.id


def change_platform(context: Context, platform_id: int, settings: Cmi5PlatformSettings) -> bool:
    """Change a platform; False, and nothing written, if nothing is different or it does not exist."""
    found = platform(context.session, platform_id)
    if found is None:
        return False
    words = {
        "name": "name", "hosts": "servers", "makes_accounts": "new accounts", "team_id": "team", "active": "on or off",
    }  # fmt: skip
    changed = [word for name, word in words.items() if getattr(found, name) != getattr(settings, name)]
    if not changed:
        return False
    values = {
        "name": settings.name, "hosts": "\n".join(settings.hosts), "makes_accounts": settings.makes_accounts,
        "team_id": settings.team_id, "active": settings.active,
    }  # fmt: skip
    context.session.execute(update(Cmi5Platform).where(Cmi5Platform.id == platform_id).values(values))
    details = {"platform": settings.name, "hosts": ", ".join(settings.hosts), "changed": ", ".join(changed)}
    record_event(context, "cmi5.changed", ("cmi5", platform_id), details)
    return True


def follow_team_merge(session: Session, event: TeamsMerged) -> None:
    """A team was merged: new people of a platform who came into it come into the other one from now on."""
    context = make_context(session, event.by, event.at)
    rows = select(Cmi5Platform).where(Cmi5Platform.team_id == event.team_id).order_by(Cmi5Platform.id)
    for row in session.execute(rows).scalars().all():
        row.team_id = event.into_id
        session.flush()
        details = {"platform": row.name, "hosts": ", ".join(row.hosts.split()), "changed": "team"}
        record_event(context, "cmi5.changed", ("cmi5", row.id), details)
