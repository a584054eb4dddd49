"""The audited actions that stand in files of their own, by POST endpoint."""

from __future__ import annotations

from collections.abc import Callable

from tests.audit.cmi5 import CMI5_ACTIONS
from tests.audit.factors import SIGN_IN_ACTIONS
from tests.audit.many_people import MANY_PEOPLE
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
    **PROGRAM_ACTIONS,
    **SIGN_IN_ACTIONS,
    **PROVIDER_ACTIONS,
    **TEAM_SETTINGS_ACTIONS,
    **WEBHOOK_ACTIONS,
    **XAPI_ACTIONS,
    **CMI5_ACTIONS,
    **SUPERVISED_ACTIONS,
}

# What tests of the features themselves look at: tests/reminders/test_in_person.py and tests/scim.
POSTS_ELSEWHERE = {"reminders.record_told", "reminders.withdraw_told", *POST_ENDPOINTS}
# In the same files, and in tests/api/test_log.py and test_events.py, tests/webhooks, and tests/cmi5.
EVENTS_ELSEWHERE = {
    "person.told", "person.told_withdrawn", "api.read", "api.day_read", "certificate.expired",
    "webhook.stopped", "cmi5.launched", "cmi5.refused", *EVENT_NAMES,
}  # fmt: skip
