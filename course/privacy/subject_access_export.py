"""All that is held about somebody as one file: for themselves, or for an organisation that is asked for it."""

from __future__ import annotations

from datetime import datetime

from course.privacy.queries.subject_data import SubjectData
from course.privacy.rules.personal_data_map import NOTES
from course.privacy.rules.subject_access_export import subject_data_json

OMITTED_ANSWERS_NOTE = (
    "Whether some answers in the final assessment are right is left out (null): it will ask about these points again."
)


def export_subject_data(found: SubjectData, person_id: int, organisation: str, at: datetime, *, own: bool) -> bytes:
    """The file, in JSON. `own`: it is for themselves. Private notes are in nobody else's."""
    about = {"about": {"person_id": person_id, "organisation": organisation, "made_at": at,
                       "times": "Moments are in UTC, as ISO 8601 says."}}  # fmt: skip
    more = {
        "left_out": [OMITTED_ANSWERS_NOTE] if found.withheld else [],
        "failed_tries_to_sign_in": found.tries,
        "summaries_that_named_me": found.told_of,
        "log": [{"number": one.entry.number, "at": one.entry.at, "what": one.entry.what, "in_words": one.words,
                 "details": one.entry.details} for one in found.log],
        "team_names": {str(number): name for number, name in found.team_names.items()},
    }  # fmt: skip
    private = set() if own else {place.table for place in NOTES.places}
    rows = {table: [] if table in private else rows for table, rows in found.rows.items()}
    return subject_data_json(about, rows, more)
