"""The personal-data map: which tables hold data about a person.

Subject access, the page "My data" and erasure all work from this one list. A test compares the list with all tables, so
that a new table cannot be forgotten.
"""

from __future__ import annotations

<<<<<<< HEAD
from course.privacy.rules.connected_systems import CALENDARS, LEARNING_PLATFORMS, PROGRAMS, PROVISIONING
||||||| 7c4802af
from course.privacy.rules.connected_systems import CALENDARS, PROGRAMS, PROVISIONING
=======
from course.privacy.rules.connected_systems import CALENDARS, LEARNING_SYSTEMS, PROGRAMS, PROVISIONING
>>>>>>> xapi
from course.privacy.rules.personal_data_table import GRANTS_ACCESS, PersonalDataSection, PersonalDataTable
from course.translation import lazy_gettext as _

# Columns that name a person without being about that person.
ACTOR_COLUMNS: dict[str, str] = dict.fromkeys(
    (
        "made_by",
        "chosen_by",
        "changed_by",
        "confirmed_by",
        "uploaded_by",
        "decided_by",
        "revoked_by",
        "ended_by",
        "undone_by",
    ),
    _("It says who did something for the organisation. Each action is in the log, which is downloaded too."),
)

IDENTITY = PersonalDataSection(
    _("Who I am"),
    "",
    (
        PersonalDataTable("person", _("Name and address"),
            {"name": _("Name"), "email": _("E-mail"), "staff_number": _("Staff number"),
                "sign_in_name": _("Sign-in name"), "job_role": _("Job role"), "created_at": _("Added"), "left_at": _("Left"),
                "last_day": _("Last day"), "language": _("Language")}, person_columns=("id",)),
        PersonalDataTable("person_change", _("How it was before"),
            {"changed_at": _("Until"), "name": _("Name"), "email": _("E-mail"), "staff_number": _("Staff number"),
                "sign_in_name": _("Sign-in name"), "job_role": _("Job role"), "reason": _("Reason")},
            deletion_stage="proof", cleared_columns={"learning": {"reason": ""},
                "mail": {"email": ""}}),
        PersonalDataTable("person_merge", _("Entries that were one person"),
            {"made_at": _("When"), "person_id": _("Entry"), "into_id": _("Became part of"), "reason": _("Reason")},
            person_columns=("person_id", "into_id"), cleared_columns={"learning": {"reason": ""}}),
        PersonalDataTable("registration_request", _("How I asked to join"),
            {"asked_at": _("Asked"), "name": _("Name"), "email": _("E-mail"), "decided_at": _("Decided")}, deletion_stage="mail"),
        PersonalDataTable("employment", _("When I work here"),
            {"start": _("From"), "end": _("To"), "reason": _("Reason")}, cleared_columns={"learning": {"reason": ""}}),
    ),
)  # fmt: skip
TEAMS = PersonalDataSection(
    _("Teams and roles"),
    "",
    (
        PersonalDataTable("membership", _("Teams"), {"team_id": _("Team"), "since": _("Since"), "until": _("Until")}),
        PersonalDataTable("provider_grant", _("Teams and roles that came from groups at an identity provider"),
            {"given_at": _("Since"), "ended_at": _("Until")}),
        PersonalDataTable("sign_in_requirement", _("Where I may sign in with a password although others may not"),
            {"made_at": _("Since")}, person_columns=("first_exception", "second_exception")),
        PersonalDataTable("role_grant", _("Roles"), {"role": _("Role"), "team_id": _("Team"), "since": _("Since"),
            "until": _("Until"), "last_day": _("Last day")}),
        PersonalDataTable("deputy", _("Deputies: who I deputise for, and who deputises for me"),
            {"manager_id": _("Manager"), "deputy_id": _("Deputy"), "until": _("Until"),
                "may_act": _("May act"), "reason": _("Reason")},
            person_columns=("manager_id", "deputy_id"), deletion_stage="proof", cleared_columns={"learning": {"reason": ""}}),
        PersonalDataTable("contact", _("Contacts I keep up to date"),
            {"kind": _("Which"), "confirmed_at": _("Confirmed")}, person_columns=("owner_id",),
            excluded_columns=dict.fromkeys(("name", "phone", "email"), "it is how to reach someone else, for everyone to see")),
        PersonalDataTable("report_subscription", _("Team reports by e-mail"),
            {"since": _("Since"), "every": _("Every"), "team_id": _("Team"), "ended_at": _("Until")}, deletion_stage="mail"),
        PersonalDataTable("report_bulletin", _("Team reports that were sent to me"),
            {"day": _("Day"), "people": _("People named")}, person_columns=("subscription_id",),
            excluded_columns={"counts": "it is about others"}, deletion_stage="mail"),
        PersonalDataTable("bulk_change_person", _("Changes that an administrator made to many people together"),
            {"outcome": _("What became of it"), "note": _("Why not"), "undo_note": _("Why it was not undone")},
            deletion_stage="mail"),
        PersonalDataTable("pathway_choice", _("Pathways"),
            {"chosen_at": _("Since"), "pathway": _("Pathway"), "team_id": _("Pathway of the team"), "reason": _("Reason")},
            cleared_columns={"learning": {"reason": ""}}),
    ),
)  # fmt: skip
LEARNING = PersonalDataSection(
    _("What I did in the course"),
    _("My record shows the same with the exact words that you saw."),
    (
        PersonalDataTable("enrolment", _("Courses and refreshers"), {"opened_at": _("Started"), "kind": _("What")}),
        PersonalDataTable("refresher_part", _("What a refresher was made of"),
            {"enrolment.opened_at": _("Refresher of"), "kind": _("What"), "ref": _("Which"), "why": _("Why")},
            person_columns=("enrolment_id",), deletion_stage="learning"),
        PersonalDataTable("page_read_again", _("Pages read again in a refresher"),
            {"read_at": _("When"), "ref": _("Page"), "version": _("Version")}, person_columns=("enrolment_id",),
            deletion_stage="learning"),
        PersonalDataTable("page_read", _("Pages read"),
            {"read_at": _("When"), "ref": _("Page"), "version": _("Version")}, person_columns=("enrolment_id",),
            deletion_stage="learning"),
        PersonalDataTable("page_answer", _("Questions I answered on pages"),
            {"answered_at": _("When"), "ref": _("Page"), "question_id": _("Question"), "correct": _("Right")},
            person_columns=("enrolment_id",), deletion_stage="learning"),
        PersonalDataTable("attempt", _("Checks, assessments and boosters"),
            {"opened_at": _("Started"), "kind": _("What"), "ref": _("About"), "number": _("Number")},
            person_columns=("enrolment_id",), deletion_stage="learning"),
        PersonalDataTable("attempt_item", _("Questions I was asked"),
            {"attempt.opened_at": _("Attempt of"), "question_id": _("Question"), "version": _("Version"), "point": _("Point")},
            person_columns=("attempt_id",), deletion_stage="learning"),
        PersonalDataTable("answer", _("Answers, and how sure I was"),
            {"answered_at": _("When"), "attempt_item.question_id": _("Question"), "given": _("Answer"), "correct": _("Right"),
                "sureness": _("How sure")}, person_columns=("item_id",), deletion_stage="learning"),
        PersonalDataTable("attempt_outcome", _("How attempts ended"),
            {"finished_at": _("When"), "attempt.kind": _("What"), "passed": _("Passed"), "points_right": _("Right"),
                "points_asked": _("Asked")}, person_columns=("attempt_id",), deletion_stage="learning"),
        PersonalDataTable("scenario_run", _("Scenarios"),
            {"opened_at": _("Started"), "ref": _("Scenario"), "number": _("Number")},
            person_columns=("enrolment_id",), deletion_stage="learning"),
        PersonalDataTable("decision", _("Decisions in scenarios"),
            {"decided_at": _("When"), "scenario_run.ref": _("Scenario"), "scene_id": _("Scene"), "choice_id": _("Choice")},
            person_columns=("run_id",), deletion_stage="learning"),
        PersonalDataTable("decision_withdrawal", _("Decisions I undid"),
            {"withdrawn_at": _("When"), "decision.scene_id": _("Scene"), "decision.choice_id": _("Choice")},
            person_columns=("decision_id",), deletion_stage="learning"),
        PersonalDataTable("run_outcome", _("How scenarios ended"),
            {"finished_at": _("When"), "scenario_run.ref": _("Scenario"), "ending": _("Ending"), "outcome": _("Outcome")},
            person_columns=("run_id",), deletion_stage="learning"),
        PersonalDataTable("pair_member", _("Stories that I took with a colleague"),
            {"joined_at": _("When")}, deletion_stage="learning"),
        PersonalDataTable("pair_run", _("My way through stories for two"), {"pair_member.joined_at": _("When")},
            person_columns=("member_id",), deletion_stage="learning"),
        PersonalDataTable("pair_choice", _("What I chose in stories for two"),
            {"chosen_at": _("When"), "step": _("Decision"), "turn": _("Turn"), "scene_id": _("Scene"), "choice_id": _("Choice")},
            person_columns=("member_id",), deletion_stage="learning"),
        PersonalDataTable("pair_leaving", _("When I went on alone in a story for two"), {"left_at": _("When")},
            person_columns=("member_id",), deletion_stage="learning"),
        PersonalDataTable("attempt_void", _("Attempts that count for nothing"),
            {"made_at": _("When"), "attempt.ref": _("What"), "reason": _("Reason")}, person_columns=("attempt_id",),
            deletion_stage="learning"),
        PersonalDataTable("supervised_attendee", _("Supervised sessions that I was expected in"),
            {"added_at": _("Added"), "removed_at": _("Taken off"), "session_id": _("Session")}, deletion_stage="learning"),
        PersonalDataTable("supervised_code", _("Codes for supervised sessions"), {"made_at": _("When")},
            person_columns=("attendee_id",), excluded_columns={"code_hash": GRANTS_ACCESS}, deletion_stage="learning"),
        PersonalDataTable("supervised_sitting", _("When I answered in supervised sessions"),
            {"began_at": _("From"), "ended_at": _("To"), "way": _("How")}, person_columns=("attendee_id",),
            excluded_columns={"nonce_hash": GRANTS_ACCESS}, deletion_stage="learning"),
        PersonalDataTable("supervised_attendance", _("Attendance sheets that I signed"),
            {"made_at": _("Recorded"), "witness": _("Witness")}, person_columns=("attendee_id",), deletion_stage="learning"),
        PersonalDataTable("supervised_sheet", _("Question sheets that were printed for me"),
            {"made_at": _("When")}, person_columns=("attendee_id",), deletion_stage="learning"),
        PersonalDataTable("supervised_entry", _("Answers of mine that were entered from paper"),
            {"made_at": _("When"), "supervised_sitting.began_at": _("Session of")}, person_columns=("sitting_id",),
            deletion_stage="learning"),
        PersonalDataTable("supervised_answer", _("Answers that I gave in supervised sessions"),
            {"attempt_item.question_id": _("Question"), "sitting_id": _("Time")}, person_columns=("item_id",),
            deletion_stage="learning"),
    ),
)  # fmt: skip
NOTES = PersonalDataSection(
    _("My private notes"),
    _("Only you can open them. They are only in your own download."),
    (
        PersonalDataTable(
            "reflection",
            _("Notes"),
            {"saved_at": _("When"), "ref": _("Page"), "text": _("Note")},
            deletion_stage="notes",
        ),
        PersonalDataTable(
            "intention",
            _("Sentences for myself"),
            {"written_at": _("When"), "module": _("Module"), "text": _("Sentence"), "reply": _("Did it come up?")},
            deletion_stage="notes",
        ),
    ),
)
PROOF = PersonalDataSection(
    _("Completions and certificates"),
    "",
    (
        PersonalDataTable("completion", _("Completions"),
            {"completed_at": _("When"), "enrolment.kind": _("What"), "edition": _("Edition"), "content_version": _("Version")},
            person_columns=("enrolment_id",)),
        PersonalDataTable("certificate", _("Certificates"),
            {"number": _("Number"), "name": _("Name"), "course": _("Course"), "completed_on": _("Completed"),
                "valid_until": _("Valid until"), "language": _("Language"), "signatory_name": _("Signed by")},
            cleared_columns={"proof": {"name": "", "language": None, "signatory_name": None, "signatory_role": None}}),
        PersonalDataTable("certificate_change", _("Certificate history"),
            {"changed_at": _("When"), "certificate.number": _("Certificate"), "kind": _("What"), "reason": _("Reason")},
            person_columns=("certificate_id",), cleared_columns={"proof": {"reason": ""}}),
        PersonalDataTable("kept_link_end", _("Links to my certificates that I ended"),
            {"ended_at": _("When")}, deletion_stage="proof"),
        PersonalDataTable("wallet_link", _("Links to my certificates for wallets"),
            {"made_at": _("When"), "certificate.number": _("Certificate")}, person_columns=("certificate_id",),
            deletion_stage="proof"),
        PersonalDataTable("wallet_link_end", _("Links for wallets that I ended"),
            {"ended_at": _("When")}, person_columns=("link_id",), deletion_stage="proof"),
        # The row stays: its index in the revocation list must never be given to another credential.
        PersonalDataTable("signed_credential", _("Signed files"),
            {"signed_at": _("When"), "certificate.number": _("Certificate")},
            person_columns=("certificate_id",), cleared_columns={"proof": {"document": ""}}),
        PersonalDataTable("credential_revocation", _("Signed files that no longer count"),
            {"made_at": _("When"), "certificate.number": _("Certificate")}, person_columns=("certificate_id",)),
        PersonalDataTable("renewal_import", _("Certificates from elsewhere"),
            {"day": _("Completed"), "valid_until": _("Valid until"), "issuer": _("Issued by"), "reason": _("Reason")},
            cleared_columns={"learning": {"reason": ""}, "proof": {"issuer": "", "proof": None}}),
        PersonalDataTable("imported_certificate", _("Certificates from an imported list"),
            {"day": _("Completed"), "valid_until": _("Valid until"), "issuer": _("Issued by")}, deletion_stage="proof"),
        PersonalDataTable("renewal_extension", _("More time"),
            {"recorded": _("Recorded"), "until": _("Until"), "reason": _("Reason"), "withdrawn": _("Cancelled")},
            cleared_columns={"learning": {"reason": "", "withdrawn_reason": None}}),
        PersonalDataTable("renewal_pause", _("Leaves"),
            {"since": _("From"), "until": _("To"), "reason": _("Reason")}, cleared_columns={"learning": {"reason": ""}}),
        # Of somebody who has left the row holds nothing but days; it is derived again whenever something is erased.
        PersonalDataTable("person_status", _("My line in the team report"),
            {"due": _("Due"), "valid_until": _("Valid until"), "derived_on": _("Worked out on")},
            deletion_stage="proof", cleared_columns={"mail": {"email": ""}}),
        PersonalDataTable("standing_change", _("Notes that my line is to be worked out again"), {}),
    ),
)  # fmt: skip
MAIL = PersonalDataSection(
    _("Reminders and mail to me"),
    "",
    (
        PersonalDataTable("reminder", _("Reminders"),
            {"leaves_on": _("When"), "step": _("Which"), "due": _("Due day"), "reason": _("Reason")},
            excluded_columns={"key": "it names a mail", "named": "it names other people"}, deletion_stage="mail"),
        PersonalDataTable("in_person_notice", _("Messages to me that a manager passes on in person"),
            {"made_at": _("Noted"), "kind": _("What"), "due": _("Due day"), "lines": _("In these words")},
            excluded_columns={"key": "it names a mail that was not sent"}, deletion_stage="mail"),
        PersonalDataTable("in_person_reminder", _("Messages that a manager passed on to me in person"),
            {"made_at": _("When"), "task": _("What"), "due": _("Due day"), "lines": _("In these words")},
            excluded_columns={"about": "it names a reminder"}, deletion_stage="mail"),
        PersonalDataTable("in_person_withdrawal", _("Records of such messages that were a mistake"),
            {"made_at": _("Withdrawn"), "in_person_reminder.task": _("What")}, person_columns=("reminder_id",),
            deletion_stage="mail"),
        PersonalDataTable("help_request", _("When I asked for help"), {"asked_at": _("When")}, deletion_stage="mail"),
        PersonalDataTable("outbox_mail", _("Mails"),
            {"queued_at": _("Written"), "recipient": _("To"), "subject": _("Subject"), "sent_at": _("Sent"),
                "failure": _("What failed"), "withheld": _("Why it was not sent")},
            person_columns=(), address_columns=("recipient", "queued_at"), deletion_stage="mail",
            excluded_columns={"text": GRANTS_ACCESS, "html": GRANTS_ACCESS, "headers": GRANTS_ACCESS,
                "template_values": GRANTS_ACCESS,
                "mark": "it makes a report about a mail believed",
                "key": "it holds the mark of a link"}),
        PersonalDataTable("address_fault", _("Mail that came back"),
            {"made_at": _("When"), "address": _("Address"), "kind": _("What"), "reason": _("Reason")},
            person_columns=(), address_columns=("address", "made_at"), deletion_stage="mail"),
        PersonalDataTable("webhook_event", _("What is sent to other systems of the organisation about me"),
            {"found_at": _("When"), "kind": _("What"), "dates": _("Dates")},
            excluded_columns={"mark": "it is a number of the message"}, deletion_stage="mail"),
        PersonalDataTable("webhook_delivery", _("How that was sent to them"),
            {"queued_at": _("Since"), "arrived_at": _("Arrived"), "webhook_event.kind": _("What")},
            person_columns=("event_id",), deletion_stage="mail"),
        PersonalDataTable("webhook_attempt", _("Each try to send it"),
            {"began_at": _("When"), "status": _("Answer"), "failure": _("What failed")}, person_columns=("delivery_id",),
            excluded_columns={"answer": "it is what another system said"}, deletion_stage="mail"),
        PersonalDataTable("mail_choice", _("E-mails I chose to get or stop"),
            {"made_at": _("When"), "kind": _("What"), "wanted": _("Wanted")}, deletion_stage="mail"),
    ),
)  # fmt: skip
SIGN_IN = PersonalDataSection(
    _("Signing in"),
    _("The log below shows each time you signed in and out."),
    (
        PersonalDataTable("credential", _("Password"), {"set_at": _("Chosen")},
            excluded_columns={"password_hash": GRANTS_ACCESS, "session_key": GRANTS_ACCESS}, deletion_stage="sign_in"),
        PersonalDataTable("identity_link", _("Accounts at identity providers that are linked to me"),
            {"email": _("E-mail"), "linked_at": _("Linked"), "last_used_at": _("Last used"), "ended_at": _("Ended")},
            deletion_stage="sign_in"),
        PersonalDataTable("sign_in_token", _("Sign-in links"),
            {"created_at": _("Made"), "purpose": _("What for"), "expires_at": _("Good until"), "used_at": _("Used")},
            excluded_columns={"token_hash": GRANTS_ACCESS}, deletion_stage="sign_in"),
        PersonalDataTable("sign_in_session", _("Where I was signed in today"),
            {"begun_at": _("Signed in"), "device": _("Device"), "used_at": _("Last used"), "ended_at": _("Ended")},
            excluded_columns={"nonce_hash": GRANTS_ACCESS}, deletion_stage="sign_in"),
        PersonalDataTable("known_device", _("Devices on which I have signed in"), {"first_at": _("First time")},
            excluded_columns={"device_hash": GRANTS_ACCESS}, deletion_stage="sign_in"),
        PersonalDataTable("passkey", _("Passkeys"),
            {"name": _("Name"), "added_at": _("Added"), "used_at": _("Last used"), "is_synced": _("Backed up")},
            excluded_columns={"credential_id": GRANTS_ACCESS, "public_key": GRANTS_ACCESS, "sign_count": GRANTS_ACCESS},
            deletion_stage="sign_in"),
        PersonalDataTable("authenticator", _("Authenticator app"), {"added_at": _("Added")},
            excluded_columns={"locked_secret": GRANTS_ACCESS, "last_step": GRANTS_ACCESS}, deletion_stage="sign_in"),
        PersonalDataTable("recovery_code", _("Recovery codes"), {"made_at": _("Made"), "used_at": _("Used")},
            excluded_columns={"code_hash": GRANTS_ACCESS}, deletion_stage="sign_in"),
    ),
)  # fmt: skip
ERASURES = PersonalDataSection(
    _("Erasure"),
    "",
    (
        PersonalDataTable(
            "erasure_request",
            _("Requests"),
            {"made_at": _("When"), "reason": _("Reason")},
            cleared_columns={"proof": {"reason": ""}},
        ),
        PersonalDataTable("erasure", _("What was erased"), {"made_at": _("When"), "stage": _("What")}),
    ),
)
RECORD_VIEWS = PersonalDataSection(
    _("Who looked at my record"),
    "",
    (
        PersonalDataTable("record_view", _("Who opened my record, and whose I opened"),
            {"at": _("When"), "what": _("What"), "detail": _("Which file")},
            person_columns=("person_id", "viewer_id"), deletion_stage="proof"),
    ),
)  # fmt: skip
SECTIONS = (
    IDENTITY,
    TEAMS,
    LEARNING,
    NOTES,
    PROOF,
    MAIL,
    SIGN_IN,
    CALENDARS,
    PROGRAMS,
    PROVISIONING,
<<<<<<< HEAD
    LEARNING_PLATFORMS,
||||||| 7c4802af
=======
    LEARNING_SYSTEMS,
>>>>>>> xapi
    RECORD_VIEWS,
    ERASURES,
)
PERSONAL_DATA_TABLES: dict[str, PersonalDataTable] = {
    table_entry.table: table_entry for section in SECTIONS for table_entry in section.tables
}

# Tables that are in the export although no column ties their rows to a person: see queries/subject_data.py.
INDIRECT_TABLES = {
    "audit_entry": _("The log: by the number of the person who acted, and of the person affected."),
    "sign_in_attempt": _("Failed tries: by the hash of the address."),
}
# Tables without data about a person, except perhaps who made a row.
NON_PERSONAL_TABLES = {
    "scim_connection": _("The identity providers that may send people."),
    "scim_group": _("The groups of an identity provider, without their members."),
    "scim_group_rule": _("What each of those groups gives."),
    "audit_head": _("The number of an entry of the log."),
    "backup": _("It says that a copy was made."),
    "bulk_change": _("A change of many people together, with who made it; it goes after thirty days."),
    "content_translation": _("The words of the course in another language."),
    "content_version": _("The words of the course."),
    "download": _("A file about many people, which goes after thirty days at the latest."),
    "factor_policy": _("Whether a second factor is required to sign in, with who decided so."),
    "figure_release": _("On which Mondays figures of groups were published."),
    "import_folder_file": _(
        "That a file with a list of people was found, and what became of it; why it was not applied goes after a month. The "
        "file itself is deleted after two weeks."
    ),
    "import_folder_turn": _("Which program takes lists of people from a folder just now."),
    "identity_provider": _("About a service with which people sign in."),
    "lti_column": _("The column of a gradebook at a learning platform for a link to the course."),
    "lti_context": _("A course at a learning platform, and the team of people who come from it."),
    "lti_deployment": _("About a learning platform."),
    "lti_key": _("A key of this course for a learning platform."),
    "lti_link": _("A link at a learning platform: which part of the course it opens."),
    "lti_registration": _("About a learning platform from which people open the course."),
    "used_lti_mark": _("A hash that fits no person; it goes after a day."),
    "job": _(
        "Work that the server does by itself or was asked for. Names in it are erased when it has ended, and "
        "the whole row after thirty days."
    ),
    "key_withdrawal": _("About a signing key."),
    "mail_outage": _("A time in which the mail server took no mail. What the server said is kept without addresses."),
    "organisation": _("About the organisation, with who signs its certificates."),
    "mail_wording": _("The name and the sentence with which the organisation sends its e-mails."),
    "first_steps_choice": _("Whether the list of first steps is put away, for all administrators."),
    "organisation_look": _("The organisation’s logo and colour."),
    "pair": _("A story that two people took together; who they were is in another table."),
    "pair_code": _("Six digits that work for half an hour."),
    "people_import": _(
        "A list of many people: the file goes after a day, or a week if another system brought it; what it did after a "
        "month."
    ),
    "people_import_run": _("How far a list has been written, by the numbers of its lines."),
    "provider_group": _("What a group at an identity provider gives, for everyone in it."),
    "published_figure": _(
        "Figures of five people or more as they could be seen: counts without any number of a person. They "
        "stay as they are when a person’s answers are erased, so that later figures, less earlier ones, tell nothing of them."
    ),
    "registration_link": _("A link for a team."),
    "saml_provider": _("How a service with which people sign in is reached, and the key of requests to it."),
    "standing_count": _("How many people of each team have which status."),
    "standings_mark": _("Up to which entry of the log the team report is worked out."),
    "reminder_policy": _("A rule for everyone."),
    "renewal_policy": _("A rule for everyone."),
    "retention_schedule": _("A rule for everyone."),
    "secret_key_fingerprint": _("Which secret key the database is used with."),
    "signing_key": _("A signing key."),
    "status_list": _("Numbers that were revoked."),
    "supervised_closing": _("When a supervised session was closed."),
    "supervised_room": _("A device on which a supervised session was held."),
    "supervised_session": _(
        "What a supervised session was about, where and when. Who was expected is in another table."
    ),
    "team": _("A team."),
    "team_change": _("What a team was called."),
    "team_setting": _("What a team sets for everyone in it."),
    "team_talk": _("What a team talked about, for which no names are asked."),
    "trusted_issuer": _("Another organisation."),
    "usual_pathway": _("A rule for everyone."),
    "sent_form": _("Fingerprints of forms that were sent. They hold no name and are erased after two days."),
    "webhook": _("Where events are sent to another system, and what an administrator chose to send."),
    "cmi5_platform": _("A learning platform that may open the course."),
    "xapi_endpoint": _("Where statements are sent, and what an administrator chose to send."),
    "used_saml_assertion": _("A hash that fits no person; it goes after a day."),
    "used_sign_in_flow": _("A hash that fits no person; it goes after an hour."),
    "worker_beat": _("A program on the server."),
}
