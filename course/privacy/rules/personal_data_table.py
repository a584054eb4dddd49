"""What the personal-data map says of one table, and a section of the page "My data"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from course.privacy.rules.retention_schedule import ErasureStage

# Why a column is in no export. The reader of the first kind could sign in as the person, or send mail as the course.
GRANTS_ACCESS = "it gives access to an account"
ROW_NUMBER = "it is only the number of a row"


@dataclass(frozen=True)
class PersonalDataTable:
    """One table with data about people.

    `person_columns` are the columns by any of which a row belongs to a person, or to a row of another such table; or
    `address_columns` are the columns with an e-mail address and the moment at which the address was recorded.
    `display_columns` are the columns of the readable page with their headings; a name with a point in it is a column of
    the parent row. `excluded_columns` are in no export, each with the reason.

    `deletion_stage` is the stage at which the rows are deleted; `cleared_columns` says for a stage which columns are
    cleared, and with what value.
    """

    table: str
    title: str
    display_columns: Mapping[str, str]
    person_columns: tuple[str, ...] = ("person_id",)
    address_columns: tuple[str, str] | None = None
    excluded_columns: Mapping[str, str] = field(default_factory=dict)
    deletion_stage: ErasureStage | None = None
    cleared_columns: Mapping[ErasureStage, Mapping[str, str | None]] = field(default_factory=dict)


@dataclass(frozen=True)
class PersonalDataSection:
    """A section of the page "My data", in the order in which people look for things."""

    title: str
    introduction: str
    tables: tuple[PersonalDataTable, ...]
