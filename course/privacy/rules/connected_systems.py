"""The part of the personal-data map about other systems: calendars, programs that read, and identity providers."""

from __future__ import annotations

from course.privacy.rules.personal_data_table import GRANTS_ACCESS, ROW_NUMBER, PersonalDataSection, PersonalDataTable
from course.translation import lazy_gettext as _

CALENDARS = PersonalDataSection(
    _("Calendar feeds"),
    "",
    (
        PersonalDataTable("calendar_feed", _("Feeds"), {"made_at": _("Made"), "scope": _("Of what")},
            excluded_columns={"token_hash": GRANTS_ACCESS}, deletion_stage="sign_in"),
        PersonalDataTable("calendar_feed_end", _("Feeds that ended"),
            {"made_at": _("When"), "reason": _("Why")}, person_columns=("feed_id",), deletion_stage="sign_in"),
        PersonalDataTable("calendar_feed_fetch", _("Days on which a calendar fetched one"),
            {"day": _("Day"), "calendar_feed.scope": _("Of what")}, person_columns=("feed_id",), deletion_stage="sign_in"),
    ),
)  # fmt: skip
PROGRAMS = PersonalDataSection(
    _("Tokens for programs"),
    "",
    (
        PersonalDataTable("api_token", _("Tokens I made"),
            {"made_at": _("Made"), "name": _("What for"), "last_day": _("Last day")},
            excluded_columns={"token_hash": GRANTS_ACCESS}, deletion_stage="sign_in"),
        PersonalDataTable("api_token_revocation", _("Tokens that were revoked"),
            {"made_at": _("When"), "api_token.name": _("What for")}, person_columns=("token_id",),
            excluded_columns={"token_id": ROW_NUMBER}, deletion_stage="sign_in"),
        PersonalDataTable("api_read", _("What programs read with them"),
            {"day": _("Day"), "api_token.name": _("What for"), "what": _("What"), "rows": _("Rows")},
            person_columns=("token_id",), excluded_columns={"token_id": ROW_NUMBER}, deletion_stage="sign_in"),
        PersonalDataTable("api_token_use", _("Days on which a program used one"),
            {"day": _("Day"), "api_token.name": _("What for")}, person_columns=("token_id",),
            excluded_columns={"token_id": ROW_NUMBER}, deletion_stage="sign_in"),
    ),
)  # fmt: skip
LEARNING_PLATFORMS = PersonalDataSection(
    _("Learning platforms"),
    "",
    (
        PersonalDataTable("lti_account", _("My accounts there"),
            {"email": _("E-mail"), "linked_at": _("Linked"), "last_used_at": _("Last used"), "ended_at": _("Ended")},
            deletion_stage="sign_in"),
        PersonalDataTable("lti_launch", _("What I opened from there"),
            {"first_at": _("First time"), "last_at": _("Last time"), "link_id": _("Link")},
            person_columns=("account_id",), deletion_stage="sign_in"),
        PersonalDataTable("lti_grade", _("Grades that were sent there"),
            {"link_id": _("Link"), "sent_percent": _("Per cent"), "sent_activity": _("How far"),
                "arrived_at": _("Sent"), "problem": _("What was in the way")},
            person_columns=("account_id",), deletion_stage="sign_in"),
    ),
)  # fmt: skip
PROVISIONING = PersonalDataSection(
    _("What comes from our identity provider"),
    "",
    (
        PersonalDataTable("scim_user", _("My account there"),
            {"created_at": _("Since"), "user_name": _("User name"), "ended_at": _("Until")}, deletion_stage="sign_in"),
        PersonalDataTable("scim_member", _("My groups there"),
            {"scim_user.user_name": _("User name"), "group_id": _("Group")}, person_columns=("user_id",), deletion_stage="sign_in"),
        PersonalDataTable("owned_field", _("What is changed there and not here"),
            {"since": _("Since"), "field": _("What"), "source_name": _("Where"), "until": _("Until")}, deletion_stage="sign_in"),
        PersonalDataTable("scim_call", _("Messages about me that were refused"),
            {"at": _("When"), "problem": _("Why")}, deletion_stage="sign_in"),
        PersonalDataTable("scim_token", _("Connections that I made a token for"),
            {"api_token.made_at": _("Made"), "connection_id": _("Connection")}, person_columns=("token_id",),
            excluded_columns={"token_id": ROW_NUMBER}, deletion_stage="sign_in"),
    ),
)  # fmt: skip
LEARNING_SYSTEMS = PersonalDataSection(
    _("Learning platforms and record stores"),
    "",
    (
        PersonalDataTable("cmi5_account", _("Accounts at learning platforms from which I open the course"),
            {"home_page": _("Platform"), "name": _("Account"), "linked_at": _("Linked"), "last_used_at": _("Last used"),
                "ended_at": _("Ended")}, deletion_stage="sign_in"),
        PersonalDataTable("cmi5_session", _("When I opened the course from a learning platform"),
            {"launched_at": _("When"), "unit": _("What"), "endpoint": _("Platform"), "mode": _("How"), "ended_at": _("Ended")},
            excluded_columns={"token": GRANTS_ACCESS, "mark": "it is a number of the session",
                "context": "it is what the platform asks to be sent back"}, deletion_stage="sign_in"),
        PersonalDataTable("cmi5_statement", _("What is sent about me to the learning platform"),
            {"at": _("When"), "verb": _("What"), "points_right": _("Right"), "points_asked": _("Asked"),
                "arrived_at": _("Arrived")}, person_columns=("session_id",),
            excluded_columns={"mark": "it is a number of the message", "failure": "it is what another system said"},
            deletion_stage="sign_in"),
        PersonalDataTable("xapi_statement", _("What I did in the course that is sent to a learning record store"),
            {"at": _("When"), "kind": _("What"), "arrived_at": _("Arrived")},
            excluded_columns={"mark": "it is a number of the message", "failure": "it is what another system said"},
            deletion_stage="learning"),
    ),
)  # fmt: skip
CONNECTED_SYSTEMS = (CALENDARS, PROGRAMS, PROVISIONING, LEARNING_PLATFORMS, LEARNING_SYSTEMS)
RECORD_VIEWS = PersonalDataSection(
    _("Who looked at my record"),
    "",
    (
        PersonalDataTable("record_view", _("Who opened my record, and whose I opened"),
            {"at": _("When"), "what": _("What"), "detail": _("Which file")},
            person_columns=("person_id", "viewer_id"), deletion_stage="proof"),
    ),
)  # fmt: skip
