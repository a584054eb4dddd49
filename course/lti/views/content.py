"""Choosing what a link at a platform opens (deep linking)."""

from __future__ import annotations

from flask import request

from course.clock import now
from course.content.loaded_course import library as whole_library
from course.content.schema import NATIONS, SETTINGS
from course.lti import queries
from course.lti.rules.content_choice import content_answer
from course.lti.rules.launch import ContentMessage
from course.lti.rules.problems import LtiError, LtiProblem
from course.lti.rules.registration import PlatformSettings, origin_of
from course.lti.rules.sealed import ContentRequest
from course.lti.rules.targets import COURSE, MODULE, NATION, OPEN, PATHWAY, REFRESHER, LinkTarget, read_target
from course.lti.views.page_context import (
    ViewResponse,
    connection_to,
    framed_page,
    problem_page,
    protocol,
    tool_addresses,
)
from course.translation import gettext as _
from course.web.access import public
from course.web.app_state import app_state
from course.web.unit_of_work import db, discard_request_state


def choice_page(settings: PlatformSettings, message: ContentMessage) -> ViewResponse:
    """The page on which somebody chooses the course, a module or the refresher. It needs no account: it shows titles only."""
    asked = ContentRequest(
        int(now().timestamp()), settings.id, message.deployment, message.return_address, message.data,
        message.takes_line_item,
    )  # fmt: skip
    choices = [(COURSE, _("The whole course")), (REFRESHER, _("The refresher, for people who hold a certificate"))]
    return framed_page(
        "lti/choose.html", settings.frame_origins, name=settings.name, choices=choices,
        modules=[(LinkTarget(MODULE, one.id).choice, one.title) for one in whole_library().modules.values()],
        pathways=list(SETTINGS.items()), nations=list(NATIONS.items()), asked=asked.seal(app_state().config.secret_key),
    )  # fmt: skip


@protocol.post("/choose")
@public
def choose() -> ViewResponse:
    """Send the choice back to the platform, signed. It stores the link; nothing is written here."""
    asked = ContentRequest.open(request.form.get("asked", ""), app_state().config.secret_key, now())
    settings = queries.platform(db(), asked.registration_id) if asked else None
    if asked is None or settings is None:
        return problem_page(LtiProblem.STATE, None)
    if settings.state != "on":
        return problem_page(LtiProblem.OFF, settings)
    custom = {name: request.form.get(name, "") for name in (OPEN, PATHWAY, NATION)}
    connection = connection_to(settings)
    discard_request_state()
    try:
        target = read_target(custom, whole_library().modules.keys())
        answer = connection.signed(
            content_answer(settings, asked, _title_of(target), target, tool_addresses().launch, now())
        )
    except LtiError as error:
        return problem_page(error.problem, settings)
    return framed_page(
        "lti/chosen.html", settings.frame_origins, forms=[origin_of(asked.return_address)], name=settings.name,
        title=_title_of(target), address=asked.return_address, answer=answer,
    )  # fmt: skip


def _title_of(target: LinkTarget) -> str:
    """What the link is called at the platform."""
    course = whole_library().course.title
    if target.opens == MODULE:
        return f"{course}: {whole_library().modules[target.module].title}"
    return _("%(course)s: refresher", course=course) if target.opens == REFRESHER else course
