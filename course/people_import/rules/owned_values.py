"""What a list says about a person that another system owns: it is left out, and the preview says so."""

from __future__ import annotations

from dataclasses import replace

from course.people.rules.ownership import IDENTITY_FIELDS, owned_elsewhere
from course.people_import.rules.matching import KnownPerson, RowData


def without_owned_values(row_data: RowData, person: KnownPerson) -> tuple[RowData, tuple[str, ...]]:
    """The row without what another system owns of the person, and a note if that is a difference. Who has left stays so if
    the system owns when they work here."""
    owned = person.owned.fields
    kept = replace(
        row_data,
        name=None if "name" in owned else row_data.name,
        email=person.email if "email" in owned else row_data.email,
        staff_number=None if "staff_number" in owned else row_data.staff_number,
        sign_in_name=None if "sign_in_name" in owned else row_data.sign_in_name,
        job_role=None if "job_role" in owned else row_data.job_role,
        pathway=None if "pathway" in owned else row_data.pathway,
        start=None if "stay" in owned else row_data.start,
        leaving=None if "stay" in owned else row_data.leaving,
    )
    differs = any(
        field in owned and getattr(row_data, field) not in (None, "", getattr(person, field))
        for field in IDENTITY_FIELDS
    )
    moves = "stay" in owned and (row_data.leaving is not None or person.left is not None)
    return kept, (owned_elsewhere(person.owned.source or ""),) if differs or moves else ()
