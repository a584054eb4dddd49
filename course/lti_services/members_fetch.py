"""Fetches the people of a course from a learning platform, page by page, within limits."""

from __future__ import annotations

import json
import time

from course.lti.platform_client import PlatformConnection
from course.lti.rules.problems import LtiError
from course.lti_services.platform_services import ask_service
from course.lti_services.rules.members import (
    MAX_MEMBERS,
    MAX_PAGES,
    MAX_SECONDS,
    MEMBERS_SCOPE,
    MEMBERS_TYPE,
    PlatformMember,
    next_page,
    read_members,
)
from course.lti_services.rules.problems import GRADE_PROBLEM_WORDS, lti_problem
from course.translation import lazy_gettext as _


class MembersError(Exception):
    """The members could not be fetched; the message says why, in words for administrators."""


def fetch_members(connection: PlatformConnection, address: str) -> list[PlatformMember]:
    """Everyone who is in a course at a platform now; each once. Call it outside any unit of work. Raises MembersError."""
    found: dict[str, PlatformMember] = {}
    until, page, seen = time.monotonic() + MAX_SECONDS, address, set[str]()
    while True:
        seen.add(page)
        members, following = _page(connection, page)
        found |= {one.subject or f"{one.name} {one.email}": one for one in members}
        if following is None:
            return list(found.values())
        if len(found) > MAX_MEMBERS:
            raise MembersError(_("There are more than %(most)s people in this course there.", most=MAX_MEMBERS))
        if following in seen or len(seen) >= MAX_PAGES or time.monotonic() > until:
            raise MembersError(_("The list there does not come to an end. Try again later."))
        page = following


def _page(connection: PlatformConnection, address: str) -> tuple[list[PlatformMember], str | None]:
    try:
        accepted = {"Accept": MEMBERS_TYPE}  # not translated: a word of HTTP
        answer = ask_service(connection, [MEMBERS_SCOPE], "GET", address, accepted)
    except LtiError as error:
        words = _REFUSED if error.status in (400, 401, 403) else GRADE_PROBLEM_WORDS[lti_problem(error.problem)]
        raise MembersError(f"{words} {error.detail}".strip()) from error
    if answer.status in (401, 403):
        raise MembersError(_REFUSED)
    if answer.status in (404, 410):
        raise MembersError(_("This course is no longer there."))
    if answer.status != 200:
        raise MembersError(_("The platform answered with the status %(status)s.", status=answer.status))
    try:
        return read_members(json.loads(answer.body)), next_page(answer.headers.get("link", ""), address)
    except (ValueError, AttributeError, RecursionError) as error:
        raise MembersError(_("The platform sent an answer that cannot be read.")) from error


_REFUSED = _(
    "The platform does not let this course read who is in it. Allow it there (in Moodle: “IMS LTI Names and Role "
    "Provisioning” of the tool), then try again."
)
