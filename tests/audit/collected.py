"""The audited actions that stand in files of their own, by POST endpoint."""

from __future__ import annotations

from collections.abc import Callable

from tests.audit.cmi5 import CMI5_ACTIONS
from tests.audit.factors import SIGN_IN_ACTIONS
from tests.audit.many_people import MANY_PEOPLE
from tests.audit.platforms import PLATFORM_ACTIONS, PROTOCOL_EVENTS, PROTOCOL_POSTS
from tests.audit.programs import PROGRAM_ACTIONS
from tests.audit.providers import PROVIDER_ACTIONS
from tests.audit.supervised import SUPERVISED_ACTIONS
from tests.audit.team_settings import TEAM_SETTINGS_ACTIONS
from tests.audit.webhooks import WEBHOOK_ACTIONS
from tests.audit.world import World
from tests.audit.xapi import XAPI_ACTIONS
from tests.scim.connected import EVENT_NAMES, POST_ENDPOINTS

COLLECTED_ACTIONS: dict[str, list[tuple[Callable[[World], object], list[str], str | None]]] = {
    **MANY_PEOPLE,
    **PLATFORM_ACTIONS,
    **PROGRAM_ACTIONS,
    **SIGN_IN_ACTIONS,
    **PROVIDER_ACTIONS,
    **TEAM_SETTINGS_ACTIONS,
    **WEBHOOK_ACTIONS,
    **XAPI_ACTIONS,
    **CMI5_ACTIONS,
    **SUPERVISED_ACTIONS,
    "question_exchange.download": [
        (
            lambda w: w.post("/content/questions/download", 200, file_format="gift", module="new-partners", pathway=""),
            ["content.questions_exported"],
            "boss",
        ),
    ],
}

# What tests of the features themselves look at: tests/reminders/test_in_person.py, tests/printed_modules/test_printing.py,
# tests/certificates/test_wallets.py, tests/scim, tests/lti and tests/lti_services.
POSTS_ELSEWHERE = {
    "auth.choose_language_here",  # tests/web/test_language_switch.py
    "question_exchange.look",  # which stores nothing: tests/question_exchange/test_pages.py
    "cmi5.launch_as_someone_else",  # tests/cmi5/test_sessions.py
    "reminders.record_told", "reminders.withdraw_told", "printed_modules.print_module", "certificates.make_wallet_link",
    "certificates.end_wallet_link", "lti_services.members", "lti_services.repeat", "refreshers.prepare_sheets",
    "refreshers.print_reading", "refreshers.enter_reading",  # tests/refreshers/test_on_paper.py
    *POST_ENDPOINTS, *PROTOCOL_POSTS,
}  # fmt: skip
# In the same files, and in tests/api/test_log.py and test_events.py, tests/webhooks, and tests/cmi5.
EVENTS_ELSEWHERE = {
    "organisation.language_chosen",  # tests/web/test_language_switch.py
    "content.schemas_installed", "content.schemas_removed",  # tests/scorm/test_schema_files.py
    "person.told", "person.told_withdrawn", "api.read", "api.day_read", "certificate.expired",
    "webhook.stopped", "supervised.bank_printed", "supervised.module_printed", "cmi5.launched", "cmi5.refused", "person.list_held",
    "person.list_refused", "supervised.refresher_printed", "supervised.refresher_read",
    "certificate.wallet_link_made", "certificate.wallet_link_ended", "lti.grades_repeated", "lti.members_fetched", *EVENT_NAMES,
    *PROTOCOL_EVENTS,
}  # fmt: skip
