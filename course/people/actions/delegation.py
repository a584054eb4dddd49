"""Deputies: a manager delegates the view of their teams to another person until a day, and withdraws it."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import select

from course.audit.actions import record_event
from course.context import Context
from course.db import insert_once
from course.events import publish
from course.people.actions.directory import Refusal
from course.people.events import DeputyNamed
from course.people.models import Deputy, Person, RoleGrant
from course.people.queries.directory import present_people_by_login_or_number
from course.people.queries.names import names_told_apart
from course.translation import lazy_gettext as _

MAX_DELEGATION = timedelta(days=366)


def delegate(context: Context, login: str, until: date, reason: str, may_act: bool = False) -> Refusal | None:
    """Let the person with this address, sign-in name or staff number see what the manager who acts sees, up to and including
    that day, and do there what ACTING_DEPUTY in people/rules allows if `may_act`."""
    session, manager_id, today = context.session, context.person_id, context.today
    # Two at once come one after the other; of the same twice the table takes one.
    session.execute(select(Person.id).where(Person.id == manager_id).with_for_update())
    grants = select(RoleGrant.id).where(RoleGrant.person_id == manager_id, RoleGrant.until.is_(None))
    if session.execute(grants.where(RoleGrant.role == "manager").limit(1)).first() is None:
        return Refusal("email", _("You do not manage a team. Only the manager of a team can give a deputy access."))
    people = present_people_by_login_or_number(session, login)
    if not people:
        return Refusal("email", _("No one who works here has this e-mail address or sign-in name."))
    if len(people) > 1:
        several = _(
            "This is the sign-in name of one person and the staff number of another. Enter your deputy’s e-mail address, or "
            "ask an administrator."
        )
        return Refusal("email", several)
    found = people[0]
    if found.id == manager_id:
        return Refusal("email", _("Enter the e-mail address or sign-in name of someone else. This one is yours."))
    standing_in = select(Deputy.id).where(
        Deputy.manager_id == manager_id, Deputy.deputy_id == found.id, Deputy.ended_at.is_(None), Deputy.until >= today
    )
    already = Refusal(
        "email",
        _(
            "%(name)s is already your deputy. To change the last day or what they may do, end their access first.",
            name=names_told_apart(session, [found.id])[found.id],
        ),
    )
    if session.execute(standing_in.limit(1)).first() is not None:
        return already
    if until < today:
        return Refusal("until", _("Enter today or a later day."))
    if until > today + MAX_DELEGATION:
        return Refusal("until", _("Enter a day within the next 12 months."))
    values = {"manager_id": manager_id, "deputy_id": found.id, "until": until, "reason": reason, "may_act": may_act,
              "made_at": context.now}  # fmt: skip
    if insert_once(session, Deputy, **values) is None:
        return already
    publish(session, DeputyNamed(manager_id, found.id, until, context.now))
    what = "deputy.named_to_act" if may_act else "deputy.named"
    record_event(context, what, ("person", found.id), {"until": until, "reason": reason})
    return None


def withdraw_delegation(context: Context, deputy_row: int) -> bool:
    """From now on the deputy sees no more than their own; False if that was so, or it is not this manager's."""
    own = Deputy.id == deputy_row, Deputy.manager_id == context.person_id, Deputy.ended_at.is_(None)
    row = context.session.execute(select(Deputy).where(*own).with_for_update()).scalar_one_or_none()
    if row is None:
        return False
    row.ended_at = context.now
    context.session.flush()
    record_event(context, "deputy.ended", ("person", row.deputy_id), {"until": row.until})
    return True
