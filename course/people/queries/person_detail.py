"""All that an administrator sees of one person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from course.people.models import Person
from course.people.queries.directory import PersonView, person_overview
from course.people.queries.employment import EmploymentSpell, employment_spells
from course.people.queries.identity import PreviousIdentity, previous_identities
from course.people.queries.ownership import person_with_owned_fields
from course.people.queries.pathways import PathwayView, chosen_pathway
from course.people.queries.roles import Assignment, role_assignments, team_assignments
from course.people.rules.ownership import OwnedFields


@dataclass(frozen=True)
class PersonDetail:
    """One person. `seen` is how the list shows them, None once they have left; `owned` is what another system owns."""

    person: Person
    seen: PersonView | None
    pathway: PathwayView | None
    teams: tuple[Assignment, ...]
    roles: tuple[Assignment, ...]
    earlier: tuple[Assignment, ...]
    changes: tuple[PreviousIdentity, ...]
    stays: tuple[EmploymentSpell, ...]
    owned: OwnedFields

    @property
    def administrator(self) -> bool:
        return "administrator" in self.held

    @property
    def held(self) -> frozenset[str]:
        """The names of the roles that they have now, beside that of a learner."""
        return frozenset(bond.role for bond in self.roles if bond.role)


def person_detail(session: Session, person_id: int, today: date | None = None) -> PersonDetail | None:
    """Everything about one person; None if there is nobody. A role whose last day was before `today` is an earlier one.
    Seven small queries, whatever there is."""
    found = person_with_owned_fields(session, person_id)
    if found is None:
        return None
    person, owned = found
    teams, roles = team_assignments(session, person_id), role_assignments(session, person_id)
    return PersonDetail(
        person=person,
        seen=person_overview(session, person_id),
        pathway=chosen_pathway(session, person_id),
        teams=tuple(bond for bond in teams if bond.until is None),
        roles=tuple(bond for bond in roles if bond.is_open(today)),
        earlier=tuple(
            sorted((bond for bond in (*teams, *roles) if not bond.is_open(today)), key=lambda bond: bond.since)
        ),
        changes=tuple(previous_identities(session, person_id)),
        stays=tuple(employment_spells(session, person_id)),
        owned=owned,
    )
