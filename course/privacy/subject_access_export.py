"""The answer to a subject access request: all data about one person as one file, for the person or for the
organisation."""

from __future__ import annotations

from datetime import datetime

from course.privacy.queries.subject_data import SubjectData
from course.privacy.rules.personal_data_map import NOTES
from course.privacy.rules.subject_access_export import subject_data_json
from course.translation import lazy_gettext as _

OMITTED_ANSWERS_NOTE = _(
    "Whether some answers in the final assessment are right is left out (null): it will ask about these points again."
)


def export_subject_data(
    subject_data: SubjectData, person_id: int, organisation: str, at: datetime, *, own: bool
) -> bytes:
    """The export as JSON. `own`: the reader is the data subject. Private notes are in no other export."""
    about = {"about": {"person_id": person_id, "organisation": organisation, "made_at": at,
                       "times": _("Moments are in UTC, as ISO 8601 says.")}}  # fmt: skip
    more = {
        "left_out": [OMITTED_ANSWERS_NOTE] if subject_data.protected_answers else [],
        "failed_tries_to_sign_in": subject_data.failed_sign_ins,
        "summaries_that_named_me": subject_data.summaries,
        "log": [{"number": event.entry.number, "at": event.entry.at, "what": event.entry.what, "in_words": event.sentence,
                 "details": event.entry.details} for event in subject_data.log],
        "team_names": {str(number): name for number, name in subject_data.team_names.items()},
    }  # fmt: skip
    hidden_tables = set() if own else {place.table for place in NOTES.tables}
    rows = {table: [] if table in hidden_tables else rows for table, rows in subject_data.rows.items()}
    return subject_data_json(about, rows, more)
