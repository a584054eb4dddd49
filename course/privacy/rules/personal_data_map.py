"""The personal-data map: which tables hold data about a person.

Subject access, the page "My data" and erasure all work from this one list. A test compares the list with all tables, so
that a new table cannot be forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from course.privacy.rules.retention_schedule import ErasureStage

# Columns that never leave the database, because their reader could sign in as the person or send mail as the course.
_GRANTS_ACCESS = "it lets somebody in"
# Columns that name a person without being about that person.
ACTOR_COLUMNS: dict[str, str] = dict.fromkeys(
    ("made_by", "chosen_by", "changed_by", "confirmed_by", "uploaded_by", "decided_by", "revoked_by", "ended_by"),
    "It says who did something for the organisation. Each such deed stands in the log, which is downloaded too.",
)


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


IDENTITY = PersonalDataSection(
    "Who I am",
    "",
    (
        PersonalDataTable("person", "Name and address",
            {"name": "Name", "email": "E-mail", "staff_number": "Staff number", "created_at": "Added",
                "left_at": "Left", "language": "Language"}, person_columns=("id",)),
        PersonalDataTable("person_change", "How it was before",
            {"changed_at": "Until", "name": "Name", "email": "E-mail", "staff_number": "Staff number",
                "reason": "Reason"}, deletion_stage="proof", cleared_columns={"learning": {"reason": ""}, "mail": {"email": ""}}),
        PersonalDataTable("person_merge", "Entries that were one person",
            {"made_at": "When", "person_id": "Entry", "into_id": "Became part of", "reason": "Reason"},
            person_columns=("person_id", "into_id"), cleared_columns={"learning": {"reason": ""}}),
        PersonalDataTable("registration_request", "How I asked to join",
            {"asked_at": "Asked", "name": "Name", "email": "E-mail", "decided_at": "Decided"}, deletion_stage="mail"),
        PersonalDataTable("employment", "When I work here",
            {"start": "From", "end": "To", "reason": "Reason"}, cleared_columns={"learning": {"reason": ""}}),
    ),
)  # fmt: skip
TEAMS = PersonalDataSection(
    "Teams and roles",
    "",
    (
        PersonalDataTable("membership", "Teams", {"team_id": "Team", "since": "Since", "until": "Until"}),
        PersonalDataTable("role_grant", "Roles", {"role": "Role", "team_id": "Team", "since": "Since", "until": "Until"}),
        PersonalDataTable("deputy", "Standing in for somebody, or having somebody stand in",
            {"manager_id": "Manager", "deputy_id": "Deputy", "until": "Until", "reason": "Reason"},
            person_columns=("manager_id", "deputy_id"), deletion_stage="proof", cleared_columns={"learning": {"reason": ""}}),
        PersonalDataTable("contact", "Contacts that I look after",
            {"kind": "Which", "confirmed_at": "Confirmed"}, person_columns=("owner_id",),
            excluded_columns=dict.fromkeys(("name", "phone", "email"), "it is how somebody else is reached, for everybody to see")),
        PersonalDataTable("report_subscription", "Team reports by mail",
            {"since": "Since", "every": "Every", "team_id": "Team", "ended_at": "Until"}, deletion_stage="mail"),
        PersonalDataTable("report_bulletin", "Team reports that were sent to me",
            {"day": "Day", "people": "People named"}, person_columns=("subscription_id",),
            excluded_columns={"counts": "it is about others"}, deletion_stage="mail"),
        PersonalDataTable("pathway_choice", "Pathways",
            {"chosen_at": "Since", "pathway": "Pathway", "reason": "Reason"}, cleared_columns={"learning": {"reason": ""}}),
    ),
)  # fmt: skip
LEARNING = PersonalDataSection(
    "What I did in the course",
    "My record shows the same with the exact words that you saw.",
    (
        PersonalDataTable("enrolment", "Courses and refreshers", {"opened_at": "Begun", "kind": "What"}),
        PersonalDataTable("refresher_part", "What a refresher was made of",
            {"enrolment.opened_at": "Refresher of", "kind": "What", "ref": "Which", "why": "Why"},
            person_columns=("enrolment_id",), deletion_stage="learning"),
        PersonalDataTable("page_read_again", "Pages read again in a refresher",
            {"read_at": "When", "ref": "Page", "version": "Version"}, person_columns=("enrolment_id",), deletion_stage="learning"),
        PersonalDataTable("page_read", "Pages read",
            {"read_at": "When", "ref": "Page", "version": "Version"}, person_columns=("enrolment_id",), deletion_stage="learning"),
        PersonalDataTable("attempt", "Checks, assessments and boosters",
            {"opened_at": "Begun", "kind": "What", "ref": "About", "number": "Number"},
            person_columns=("enrolment_id",), deletion_stage="learning"),
        PersonalDataTable("attempt_item", "Questions that were put to me",
            {"attempt.opened_at": "Attempt of", "question_id": "Question", "version": "Version", "point": "Point"},
            person_columns=("attempt_id",), deletion_stage="learning"),
        PersonalDataTable("answer", "Answers, and how sure I was",
            {"answered_at": "When", "attempt_item.question_id": "Question", "given": "Answer", "correct": "Right",
                "sureness": "How sure"}, person_columns=("item_id",), deletion_stage="learning"),
        PersonalDataTable("attempt_outcome", "How attempts ended",
            {"finished_at": "When", "attempt.kind": "What", "passed": "Passed", "points_right": "Right",
                "points_asked": "Asked"}, person_columns=("attempt_id",), deletion_stage="learning"),
        PersonalDataTable("scenario_run", "Scenarios",
            {"opened_at": "Begun", "ref": "Scenario", "number": "Number"},
            person_columns=("enrolment_id",), deletion_stage="learning"),
        PersonalDataTable("decision", "Decisions in scenarios",
            {"decided_at": "When", "scenario_run.ref": "Scenario", "scene_id": "Scene", "choice_id": "Choice"},
            person_columns=("run_id",), deletion_stage="learning"),
        PersonalDataTable("run_outcome", "How scenarios ended",
            {"finished_at": "When", "scenario_run.ref": "Scenario", "ending": "Ending", "outcome": "Outcome"},
            person_columns=("run_id",), deletion_stage="learning"),
    ),
)  # fmt: skip
NOTES = PersonalDataSection(
    "My private notes",
    "Nobody but you can open them, and they are in your own download only.",
    (
        PersonalDataTable(
            "reflection", "Notes", {"saved_at": "When", "ref": "Page", "text": "Note"}, deletion_stage="notes"
        ),
    ),
)
PROOF = PersonalDataSection(
    "Completions and certificates",
    "",
    (
        PersonalDataTable("completion", "Completions",
            {"completed_at": "When", "enrolment.kind": "What", "edition": "Edition", "content_version": "Version"},
            person_columns=("enrolment_id",)),
        PersonalDataTable("certificate", "Certificates",
            {"number": "Number", "name": "Name", "course": "Course", "completed_on": "Completed",
                "valid_until": "Valid until", "language": "Language"}, cleared_columns={"proof": {"name": ""}}),
        PersonalDataTable("certificate_change", "What became of certificates",
            {"changed_at": "When", "certificate.number": "Certificate", "kind": "What", "reason": "Reason"},
            person_columns=("certificate_id",), cleared_columns={"proof": {"reason": ""}}),
        PersonalDataTable("kept_link_end", "Links to my certificates that were ended",
            {"ended_at": "When"}, deletion_stage="proof"),
        # The row stays: its index in the revocation list must never be given to another credential.
        PersonalDataTable("signed_credential", "Signed files",
            {"signed_at": "When", "certificate.number": "Certificate"},
            person_columns=("certificate_id",), cleared_columns={"proof": {"document": ""}}),
        PersonalDataTable("credential_revocation", "Signed files that count no more",
            {"made_at": "When", "certificate.number": "Certificate"}, person_columns=("certificate_id",)),
        PersonalDataTable("renewal_import", "Certificates that I brought along",
            {"day": "Completed", "valid_until": "Valid until", "issuer": "Issued by", "reason": "Reason"},
            cleared_columns={"learning": {"reason": ""}, "proof": {"issuer": "", "proof": None}}),
        PersonalDataTable("imported_certificate", "Certificates that a list told of",
            {"day": "Completed", "valid_until": "Valid until", "issuer": "Issued by"}, deletion_stage="proof"),
        PersonalDataTable("renewal_extension", "More time",
            {"recorded": "Written down", "until": "Until", "reason": "Reason", "withdrawn": "Taken back"},
            cleared_columns={"learning": {"reason": "", "withdrawn_reason": None}}),
        PersonalDataTable("renewal_pause", "Leaves",
            {"since": "From", "until": "To", "reason": "Reason"}, cleared_columns={"learning": {"reason": ""}}),
    ),
)  # fmt: skip
MAIL = PersonalDataSection(
    "Reminders and mail to me",
    "",
    (
        PersonalDataTable("reminder", "Reminders",
            {"leaves_on": "When", "step": "Which", "due": "Due day", "reason": "Reason"},
            excluded_columns={"key": "it names a mail", "named": "it names other people"}, deletion_stage="mail"),
        PersonalDataTable("help_request", "When I asked for help", {"asked_at": "When"}, deletion_stage="mail"),
        PersonalDataTable("outbox_mail", "Mails",
            {"queued_at": "Written", "recipient": "To", "subject": "Subject", "sent_at": "Sent",
                "failure": "What failed", "withheld": "Why it was not sent"},
            person_columns=(), address_columns=("recipient", "queued_at"), deletion_stage="mail",
            excluded_columns={"text": _GRANTS_ACCESS, "html": _GRANTS_ACCESS, "headers": _GRANTS_ACCESS,
                "template_values": _GRANTS_ACCESS,
                "mark": "it makes a report about a mail believed",
                "key": "it holds the mark of a link"}),
        PersonalDataTable("address_fault", "Mail that came back",
            {"made_at": "When", "address": "Address", "kind": "What", "reason": "Reason"},
            person_columns=(), address_columns=("address", "made_at"), deletion_stage="mail"),
        PersonalDataTable("mail_choice", "Mail that I chose to get or not",
            {"made_at": "When", "kind": "What", "wanted": "Wanted"}, deletion_stage="mail"),
    ),
)  # fmt: skip
SIGN_IN = PersonalDataSection(
    "Signing in",
    "Each time that you signed in and out stands in the log below.",
    (
        PersonalDataTable("credential", "Password", {"set_at": "Chosen"},
            excluded_columns={"password_hash": _GRANTS_ACCESS, "session_key": _GRANTS_ACCESS}, deletion_stage="sign_in"),
        PersonalDataTable("sign_in_token", "Links for signing in",
            {"created_at": "Made", "purpose": "What for", "expires_at": "Good until", "used_at": "Used"},
            excluded_columns={"token_hash": _GRANTS_ACCESS}, deletion_stage="sign_in"),
    ),
)  # fmt: skip
CALENDARS = PersonalDataSection(
    "Calendar feeds",
    "",
    (
        PersonalDataTable("calendar_feed", "Feeds", {"made_at": "Made", "scope": "Of what"},
            excluded_columns={"token_hash": _GRANTS_ACCESS}, deletion_stage="sign_in"),
        PersonalDataTable("calendar_feed_end", "Feeds that ended",
            {"made_at": "When", "reason": "Why"}, person_columns=("feed_id",), deletion_stage="sign_in"),
        PersonalDataTable("calendar_feed_fetch", "Days on which a calendar fetched one",
            {"day": "Day", "calendar_feed.scope": "Of what"}, person_columns=("feed_id",), deletion_stage="sign_in"),
    ),
)  # fmt: skip
ERASURES = PersonalDataSection(
    "Erasure",
    "",
    (
        PersonalDataTable(
            "erasure_request",
            "Requests",
            {"made_at": "When", "reason": "Reason"},
            cleared_columns={"proof": {"reason": ""}},
        ),
        PersonalDataTable("erasure", "What was erased", {"made_at": "When", "stage": "What"}),
    ),
)
RECORD_VIEWS = PersonalDataSection(
    "Who looked at my record",
    "",
    (
        PersonalDataTable("record_view", "Looks at my record, and mine at others’",
            {"at": "When", "what": "What", "detail": "Which file"},
            person_columns=("person_id", "viewer_id"), deletion_stage="proof"),
    ),
)  # fmt: skip
SECTIONS = (IDENTITY, TEAMS, LEARNING, NOTES, PROOF, MAIL, SIGN_IN, CALENDARS, RECORD_VIEWS, ERASURES)
PERSONAL_DATA_TABLES: dict[str, PersonalDataTable] = {
    table_entry.table: table_entry for section in SECTIONS for table_entry in section.tables
}

# Tables that are in the export although no column ties their rows to a person: see queries/subject_data.py.
INDIRECT_TABLES = {
    "audit_entry": "The log: by the number of whoever did something, and of whom it was done to.",
    "sign_in_attempt": "Failed tries: by the hash of the address.",
}
# Tables without data about a person, except perhaps who made a row.
NON_PERSONAL_TABLES = {
    "audit_head": "The number of an entry of the log.",
    "backup": "It says that a copy was made.",
    "content_translation": "The words of the course in another language.",
    "content_version": "The words of the course.",
    "download": "A file about many people, which goes after thirty days at the latest.",
    "ended_session": "A hash that fits a cookie and no person; it goes after twelve hours.",
    "figure_release": "On which Mondays figures of groups were published.",
    "job": "Work that the server does by itself or was asked for. What names somebody in it goes when it has ended, and "
    "the whole row after thirty days.",
    "key_withdrawal": "About a signing key.",
    "mail_outage": "A time in which the mail server took no mail. What the server said is kept without addresses.",
    "organisation": "About the organisation.",
    "organisation_look": "The organisation’s logo and colour.",
    "people_import": "A list of many people: the file goes after a day, what it did after a month.",
    "people_import_run": "How far a list has been written, by the numbers of its lines.",
    "published_figure": "Figures of five people or more as they could be seen: counts without any number of a person. They "
    "stay as they are when somebody’s answers are erased, so that later figures, less earlier ones, tell nothing of them.",
    "registration_link": "A link for a team.",
    "reminder_policy": "A rule for everybody.",
    "renewal_policy": "A rule for everybody.",
    "retention_schedule": "A rule for everybody.",
    "secret_key_fingerprint": "Which secret key the database is used with.",
    "signing_key": "A signing key.",
    "status_list": "Numbers that were revoked.",
    "team": "A team.",
    "team_change": "What a team was called.",
    "team_talk": "What a team talked about, for which no names are asked.",
    "trusted_issuer": "Another organisation.",
    "usual_pathway": "A rule for everybody.",
    "sent_form": "Fingerprints of forms that were sent; they tell nobody's name and are forgotten after two days.",
    "worker_beat": "A program on the server.",
}
