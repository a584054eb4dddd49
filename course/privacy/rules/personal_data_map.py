"""Where the database keeps something about a person: the one list that their download, their page and the erasure work
from. A test holds it against all tables, so that a new one cannot be forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from course.privacy.rules.retention_schedule import Stage

# Columns that never leave the database, because whoever reads them could get in as somebody else, or send as us.
_KEY = "it lets somebody in"
# Columns that name people without being about them.
DOERS: dict[str, str] = dict.fromkeys(
    ("made_by", "chosen_by", "changed_by", "confirmed_by", "uploaded_by", "decided_by", "revoked_by", "ended_by"),
    "It says who did something for the organisation. Each such deed stands in the log, which is downloaded too.",
)


@dataclass(frozen=True)
class Place:
    """One table.

    `via` are the columns by any of which a row belongs to a person, or to a row of another place; or `address` are the
    columns with an e-mail address and the moment at which it was written down. `shown` are the columns of the readable
    page with their headings; with a point in it, a column of the row that this one belongs to. `secret` are those that
    are in no download, and why.

    `goes` is the stage at which the rows are deleted, `wiped` says for a stage which columns are emptied, and with what.
    """

    table: str
    title: str
    shown: Mapping[str, str]
    via: tuple[str, ...] = ("person_id",)
    address: tuple[str, str] | None = None
    secret: Mapping[str, str] = field(default_factory=dict)
    goes: Stage | None = None
    wiped: Mapping[Stage, Mapping[str, str | None]] = field(default_factory=dict)


@dataclass(frozen=True)
class Section:
    """A part of the page, in the order in which somebody would look for it."""

    title: str
    words: str
    places: tuple[Place, ...]


WHO = Section(
    "Who I am",
    "",
    (
        Place("person", "Name and address",
              {"name": "Name", "email": "E-mail", "staff_number": "Staff number", "created_at": "Added",
               "left_at": "Left"}, via=("id",)),
        Place("person_change", "How it was before",
              {"changed_at": "Until", "name": "Name", "email": "E-mail", "staff_number": "Staff number",
               "reason": "Reason"}, goes="proof", wiped={"learning": {"reason": ""}, "mail": {"email": ""}}),
        Place("person_merge", "Entries that were one person",
              {"made_at": "When", "person_id": "Entry", "into_id": "Became part of", "reason": "Reason"},
              via=("person_id", "into_id"), wiped={"learning": {"reason": ""}}),
        Place("registration_request", "How I asked to join",
              {"asked_at": "Asked", "name": "Name", "email": "E-mail", "decided_at": "Decided"}, goes="mail"),
        Place("employment", "When I work here",
              {"start": "From", "end": "To", "reason": "Reason"}, wiped={"learning": {"reason": ""}}),
    ),
)  # fmt: skip
TEAMS = Section(
    "Teams and roles",
    "",
    (
        Place("membership", "Teams", {"team_id": "Team", "since": "Since", "until": "Until"}),
        Place("role_grant", "Roles", {"role": "Role", "team_id": "Team", "since": "Since", "until": "Until"}),
        Place("deputy", "Standing in for somebody, or having somebody stand in",
              {"manager_id": "Manager", "deputy_id": "Deputy", "until": "Until", "reason": "Reason"},
              via=("manager_id", "deputy_id"), goes="proof", wiped={"learning": {"reason": ""}}),
        Place("contact", "Contacts that I look after", {"kind": "Which", "confirmed_at": "Confirmed"}, via=("owner_id",),
              secret=dict.fromkeys(("name", "phone", "email"), "it is how somebody else is reached, for everybody to see")),
        Place("report_subscription", "Team reports by mail",
              {"since": "Since", "every": "Every", "team_id": "Team", "ended_at": "Until"}, goes="mail"),
        Place("report_bulletin", "Team reports that were sent to me",
              {"day": "Day", "people": "People named"}, via=("subscription_id",),
              secret={"counts": "it is about others"}, goes="mail"),
        Place("pathway_choice", "Pathways",
              {"chosen_at": "Since", "pathway": "Pathway", "reason": "Reason"}, wiped={"learning": {"reason": ""}}),
    ),
)  # fmt: skip
LEARNING = Section(
    "What I did in the course",
    "My record shows the same with the exact words that you saw.",
    (
        Place("enrolment", "Courses and refreshers", {"opened_at": "Begun", "kind": "What"}),
        Place("refresher_part", "What a refresher was made of",
              {"enrolment.opened_at": "Refresher of", "kind": "What", "ref": "Which", "why": "Why"},
              via=("enrolment_id",), goes="learning"),
        Place("page_read_again", "Pages read again in a refresher",
              {"read_at": "When", "ref": "Page", "version": "Version"}, via=("enrolment_id",), goes="learning"),
        Place("page_read", "Pages read",
              {"read_at": "When", "ref": "Page", "version": "Version"}, via=("enrolment_id",), goes="learning"),
        Place("attempt", "Checks, assessments and boosters",
              {"opened_at": "Begun", "kind": "What", "ref": "About", "number": "Number"},
              via=("enrolment_id",), goes="learning"),
        Place("attempt_item", "Questions that were put to me",
              {"attempt.opened_at": "Attempt of", "question_id": "Question", "version": "Version", "point": "Point"},
              via=("attempt_id",), goes="learning"),
        Place("answer", "Answers, and how sure I was",
              {"answered_at": "When", "attempt_item.question_id": "Question", "given": "Answer", "correct": "Right",
               "sureness": "How sure"}, via=("item_id",), goes="learning"),
        Place("attempt_outcome", "How attempts ended",
              {"finished_at": "When", "attempt.kind": "What", "passed": "Passed", "points_right": "Right",
               "points_asked": "Asked"}, via=("attempt_id",), goes="learning"),
        Place("scenario_run", "Scenarios",
              {"opened_at": "Begun", "ref": "Scenario", "number": "Number"}, via=("enrolment_id",), goes="learning"),
        Place("decision", "Decisions in scenarios",
              {"decided_at": "When", "scenario_run.ref": "Scenario", "scene_id": "Scene", "choice_id": "Choice"},
              via=("run_id",), goes="learning"),
        Place("run_outcome", "How scenarios ended",
              {"finished_at": "When", "scenario_run.ref": "Scenario", "ending": "Ending", "outcome": "Outcome"},
              via=("run_id",), goes="learning"),
    ),
)  # fmt: skip
NOTES = Section(
    "My private notes",
    "Nobody but you can open them, and they are in your own download only.",
    (Place("reflection", "Notes", {"saved_at": "When", "ref": "Page", "text": "Note"}, goes="notes"),),
)
PROOF = Section(
    "Completions and certificates",
    "",
    (
        Place("completion", "Completions",
              {"completed_at": "When", "enrolment.kind": "What", "edition": "Edition", "content_version": "Version"},
              via=("enrolment_id",)),
        Place("certificate", "Certificates",
              {"number": "Number", "name": "Name", "course": "Course", "completed_on": "Completed",
               "valid_until": "Valid until"}, wiped={"proof": {"name": ""}}),
        Place("certificate_change", "What became of certificates",
              {"changed_at": "When", "certificate.number": "Certificate", "kind": "What", "reason": "Reason"},
              via=("certificate_id",), wiped={"proof": {"reason": ""}}),
        Place("kept_link_end", "Links to my certificates that were ended",
              {"ended_at": "When"}, goes="proof"),
        # The row stays: its place in the list of revocations must never be given to another.
        Place("signed_credential", "Signed files",
              {"signed_at": "When", "certificate.number": "Certificate"},
              via=("certificate_id",), wiped={"proof": {"document": ""}}),
        Place("credential_revocation", "Signed files that count no more",
              {"made_at": "When", "certificate.number": "Certificate"}, via=("certificate_id",)),
        Place("renewal_import", "Certificates that I brought along",
              {"day": "Completed", "valid_until": "Valid until", "issuer": "Issued by", "reason": "Reason"},
              wiped={"learning": {"reason": ""}, "proof": {"issuer": "", "proof": None}}),
        Place("imported_certificate", "Certificates that a list told of",
              {"day": "Completed", "valid_until": "Valid until", "issuer": "Issued by"}, goes="proof"),
        Place("renewal_extension", "More time",
              {"recorded": "Written down", "until": "Until", "reason": "Reason", "withdrawn": "Taken back"},
              wiped={"learning": {"reason": "", "withdrawn_reason": None}}),
        Place("renewal_pause", "Leaves",
              {"since": "From", "until": "To", "reason": "Reason"}, wiped={"learning": {"reason": ""}}),
    ),
)  # fmt: skip
MAIL = Section(
    "Reminders and mail to me",
    "",
    (
        Place("reminder", "Reminders",
              {"leaves_on": "When", "step": "Which", "due": "Due day", "reason": "Reason"},
              secret={"key": "it names a mail", "named": "it names other people"}, goes="mail"),
        Place("help_request", "When I asked for help", {"asked_at": "When"}, goes="mail"),
        Place("outbox_mail", "Mails",
              {"queued_at": "Written", "recipient": "To", "subject": "Subject", "sent_at": "Sent",
               "failure": "What failed", "withheld": "Why it was not sent"},
              via=(), address=("recipient", "queued_at"), goes="mail",
              secret={"text": _KEY, "html": _KEY, "headers": _KEY, "mark": "it makes a report about a mail believed",
                      "key": "it holds the mark of a link"}),
        Place("address_fault", "Mail that came back",
              {"made_at": "When", "address": "Address", "kind": "What", "reason": "Reason"},
              via=(), address=("address", "made_at"), goes="mail"),
        Place("mail_choice", "Mail that I chose to get or not",
              {"made_at": "When", "kind": "What", "wanted": "Wanted"}, goes="mail"),
    ),
)  # fmt: skip
SIGN_IN = Section(
    "Signing in",
    "Each time that you signed in and out stands in the log below.",
    (
        Place("credential", "Password", {"set_at": "Chosen"},
              secret={"password_hash": _KEY, "session_key": _KEY}, goes="sign_in"),
        Place("sign_in_token", "Links for signing in",
              {"created_at": "Made", "purpose": "What for", "expires_at": "Good until", "used_at": "Used"},
              secret={"token_hash": _KEY}, goes="sign_in"),
    ),
)  # fmt: skip
CALENDARS = Section(
    "Calendar feeds",
    "",
    (
        Place("calendar_feed", "Feeds", {"made_at": "Made", "scope": "Of what"}, secret={"token_hash": _KEY},
              goes="sign_in"),
        Place("calendar_feed_end", "Feeds that ended",
              {"made_at": "When", "reason": "Why"}, via=("feed_id",), goes="sign_in"),
        Place("calendar_feed_fetch", "Days on which a calendar fetched one",
              {"day": "Day", "calendar_feed.scope": "Of what"}, via=("feed_id",), goes="sign_in"),
    ),
)  # fmt: skip
ERASURES = Section(
    "Erasure",
    "",
    (
        Place("erasure_request", "Requests", {"made_at": "When", "reason": "Reason"}, wiped={"proof": {"reason": ""}}),
        Place("erasure", "What was erased", {"made_at": "When", "stage": "What"}),
    ),
)
SEEN = Section(
    "Who looked at my record",
    "",
    (
        Place("record_view", "Looks at my record, and mine at others’",
              {"at": "When", "what": "What", "detail": "Which file"}, via=("person_id", "viewer_id"), goes="proof"),
    ),
)  # fmt: skip
SECTIONS = (WHO, TEAMS, LEARNING, NOTES, PROOF, MAIL, SIGN_IN, CALENDARS, SEEN, ERASURES)
PLACES: dict[str, Place] = {place.table: place for section in SECTIONS for place in section.places}

# Tables that are in the download although their rows belong to nobody by a column: see queries.
BY_OTHER_MEANS = {
    "audit_entry": "The log: by the number of whoever did something, and of whom it was done to.",
    "sign_in_attempt": "Failed tries: by the hash of the address.",
}
# Tables that hold nothing about a person but, perhaps, who made a row.
NOT_ABOUT_SOMEBODY = {
    "audit_head": "The number of an entry of the log.",
    "backup": "It says that a copy was made.",
    "content_version": "The words of the course.",
    "download": "A file about many people, which goes after thirty days at the latest.",
    "ended_session": "A hash that fits a cookie and no person; it goes after twelve hours.",
    "key_withdrawal": "About a signing key.",
    "mail_outage": "A time in which the mail server took no mail. What the server said is kept without addresses.",
    "organisation": "About the organisation.",
    "organisation_look": "The organisation’s logo and colour.",
    "people_import": "A list of many people: the file goes after a day, what it did after a month.",
    "people_import_run": "How far a list has been written, by the numbers of its lines.",
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
