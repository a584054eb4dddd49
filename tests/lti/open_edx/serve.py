"""A learning platform on loopback: the LTI consumer of Open edX with its own pages, models and checks, and nothing else of it.

Run by the Python of the environment that requirements.txt beside this file pins: serve.py TOOL_ADDRESS KEYSET_ADDRESS. It prints
one line of JSON about itself, and ends when its standard input does. What a teacher and a learner do at their platform is asked of
it below /do/; everything else are the addresses of the consumer.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django
from django.conf import settings

TOOL, KEYSET = sys.argv[1:3]
BLOCK = "block-v1:Riverside+OA101+2026+type@lti_consumer+block@course"


class QuietHandler(WSGIRequestHandler):
    def log_message(self, *_values: object) -> None:
        pass


def somebody(get_response: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Whoever is signed in at the platform; what they may is decided below."""

    def respond(request: Any) -> Any:
        request.user = SimpleNamespace(id=2)
        return get_response(request)

    return respond


server = make_server("127.0.0.1", 0, None, handler_class=QuietHandler)
BASE = f"http://127.0.0.1:{server.server_port}"
settings.configure(
    SECRET_KEY="only-for-tests", ALLOWED_HOSTS=["*"], USE_TZ=True, ROOT_URLCONF=__name__, PLATFORM_NAME="Riverside",
    LMS_ROOT_URL=BASE, LTI_API_BASE=BASE, USAGE_ID_PATTERN=r"(?P<usage_id>block-v1[^/]+)",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "config_models", "lti_consumer"],
    MIGRATION_MODULES={"auth": None, "contenttypes": None, "config_models": None, "lti_consumer": None},
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
    MIDDLEWARE=[f"{__name__}.somebody"], LOGGING_CONFIG=None,
)  # fmt: skip
django.setup()

from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import HttpRequest, JsonResponse  # noqa: E402
from django.urls import include, path  # noqa: E402
from lti_consumer.data import Lti1p3LaunchData  # noqa: E402
from lti_consumer.models import Lti1p3Passport, LtiAgsScore, LtiConfiguration, LtiDlContentItem  # noqa: E402
from lti_consumer.plugin import compat, views  # noqa: E402

MEMBERS = {
    1: {"id": 1, "username": "sam", "email": "sam@example.org", "name": "Sam Okafor", "roles": ["student"]},
    2: {"id": 2, "username": "kim", "email": "kim@example.org", "name": "Kim Duval", "roles": ["instructor"]},
}
PUBLISHED: list[dict[str, object]] = []


class Block:
    """The activity in which the tool stands; what it is told ends in the gradebook of Open edX."""

    has_score, accept_grades_past_due, weight, display_name, start, due = True, True, 100, "Online abuse", None, None
    lti_1p3_passport_id = None
    context_id = "course-v1:Riverside+OA101+2026"
    scope_ids = SimpleNamespace(usage_id=BLOCK)

    def is_past_due(self) -> bool:
        return False

    def max_score(self) -> int:
        return 100

    def set_user_module_score(self, user: str, score: float, maximum: int, _comment: str) -> None:
        PUBLISHED.append({"user": user, "grade": score * maximum})


# What the consumer asks of the rest of Open edX.
compat.load_enough_xblock = compat.load_block_as_user = lambda _location: Block()
compat.get_user_from_external_user_id = lambda subject: subject
compat.user_has_studio_write_access = lambda *_values: True
compat.get_course_members = lambda _course: {number: dict(one) for number, one in MEMBERS.items()}
compat.batch_get_or_create_externalids = lambda _users: {
    number: SimpleNamespace(external_user_id=subject_of(number)) for number in MEMBERS
}
compat.get_user_course_forum_role = lambda *_values: None
views.get_lti_pii_sharing_state_for_course = lambda _course: True


def subject_of(number: int) -> str:
    return f"5f1c0d{number:02d}-2f6e-4a0b-9d57-0c8f6a3b7e11"


def registered() -> LtiConfiguration:
    """The tool as an administrator of Open edX registers it by hand."""
    call_command("migrate", run_syncdb=True, verbosity=0)
    passport = Lti1p3Passport.objects.create(name="Online abuse", lti_1p3_tool_keyset_url=KEYSET)
    return LtiConfiguration.objects.create(
        version="lti_1p3", config_store="CONFIG_ON_DB", location=BLOCK, lti_1p3_passport=passport,
        lti_1p3_oidc_url=f"{TOOL}/lti/login", lti_1p3_launch_url=f"{TOOL}/lti/launch",
        lti_advantage_enable_nrps=True, lti_advantage_deep_linking_enabled=True,
        lti_advantage_deep_linking_launch_url=f"{TOOL}/lti/launch", lti_advantage_ags_mode="declarative",
    )  # fmt: skip


def begin(request: HttpRequest) -> JsonResponse:
    """Somebody opens the activity, or chooses what it shows: the address to which their browser is sent."""
    number, kind = int(request.GET["member"]), request.GET["kind"]
    member = MEMBERS[number]
    item = LtiDlContentItem.objects.last() if kind == "LtiResourceLinkRequest" else None
    launch = Lti1p3LaunchData(
        user_id=number, user_role=member["roles"][0], config_id=CONFIGURATION.config_id, resource_link_id=BLOCK,
        external_user_id=subject_of(number), message_type=kind, name=member["name"], email=member["email"],
        context_id=Block.context_id, context_type=["course_offering"], context_title="Safeguarding 101",
        deep_linking_content_item_id=item.pk if item else None,
    )  # fmt: skip
    consumer = LtiConfiguration.objects.get(pk=CONFIGURATION.pk).get_lti_consumer()
    return JsonResponse({"address": consumer.prepare_preflight_url(launch)})


def known(_request: HttpRequest) -> JsonResponse:
    """What the platform has taken: chosen content, scores, and what went into its gradebook."""
    return JsonResponse({
        "content": [one.attributes for one in LtiDlContentItem.objects.all()],
        "scores": [
            {"user": one.user_id, "given": one.score_given, "maximum": one.score_maximum,
             "activity": one.activity_progress, "grading": one.grading_progress}
            for one in LtiAgsScore.objects.all()
        ],
        "published": PUBLISHED,
    })  # fmt: skip


urlpatterns = [
    path("do/begin", begin),
    path("do/known", known),
    path("api/", include("lti_consumer.plugin.urls", namespace="lti_consumer")),
]
CONFIGURATION = registered()
server.set_app(get_wsgi_application())
passport_id = CONFIGURATION.passport_id
print(json.dumps({
    "issuer": BASE, "client_id": CONFIGURATION.lti_1p3_client_id, "deployment": "1",
    "login": f"{BASE}/api/lti_consumer/v1/launch/", "token": f"{BASE}/api/lti_consumer/v1/token/{passport_id}",
    "keys": f"{BASE}/api/lti_consumer/v1/public_keysets/{passport_id}", "subjects": [subject_of(one) for one in MEMBERS],
}), flush=True)  # fmt: skip


def end_with_the_test() -> None:
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=end_with_the_test, daemon=True).start()
server.serve_forever()
