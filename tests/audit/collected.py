"""The audited actions that stand in files of their own, by POST endpoint."""

from __future__ import annotations

from collections.abc import Callable

from tests.audit.factors import SIGN_IN_ACTIONS
from tests.audit.many_people import MANY_PEOPLE
from tests.audit.platforms import PLATFORM_ACTIONS, PROTOCOL_EVENTS, PROTOCOL_POSTS
from tests.audit.programs import PROGRAM_ACTIONS
from tests.audit.providers import PROVIDER_ACTIONS
from tests.audit.supervised import SUPERVISED_ACTIONS
from tests.audit.team_settings import TEAM_SETTINGS_ACTIONS
from tests.audit.webhooks import WEBHOOK_ACTIONS
from tests.audit.world import World
from tests.scim.connected import EVENT_NAMES, POST_ENDPOINTS

COLLECTED_ACTIONS: dict[str, list[tuple[Callable[[World], object], list[str], str | None]]] = {
    **MANY_PEOPLE,
    **PLATFORM_ACTIONS,
    **PROGRAM_ACTIONS,
    **SIGN_IN_ACTIONS,
    **PROVIDER_ACTIONS,
    **TEAM_SETTINGS_ACTIONS,
    **WEBHOOK_ACTIONS,
    **SUPERVISED_ACTIONS,
}

# What tests of the features themselves look at: tests/reminders/test_in_person.py, tests/certificates/test_wallets.py, tests/scim,
# tests/lti and tests/lti_services.
POSTS_ELSEWHERE = {
    "reminders.record_told", "reminders.withdraw_told", "certificates.make_wallet_link", "certificates.end_wallet_link",
    "lti_services.members", "lti_services.repeat", *POST_ENDPOINTS, *PROTOCOL_POSTS,
}  # fmt: skip
# In the same files, and in tests/api/test_log.py and test_events.py, and tests/webhooks.
EVENTS_ELSEWHERE = {
    "person.told", "person.told_withdrawn", "api.read", "api.day_read", "certificate.expired",
    "certificate.wallet_link_made", "certificate.wallet_link_ended", "lti.grades_repeated", "lti.members_fetched",
    "webhook.stopped", *EVENT_NAMES, *PROTOCOL_EVENTS,
}  # fmt: skip
