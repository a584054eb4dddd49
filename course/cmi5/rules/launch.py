"""What a platform says when it launches the course: the address (section 8.1), the token (8.2) and LMS.LaunchData (10)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from course.cmi5.rules.problems import LaunchError, LaunchProblem
from course.xapi.rules import resource_address

LaunchMode = Literal["Normal", "Browse", "Review"]
SESSION_EXTENSION = "https://w3id.org/xapi/cmi5/context/extensions/sessionid"
LAUNCH_DATA = "LMS.LaunchData"
PREFERENCES = "cmi5LearnerPreferences"
_MAX_LANGUAGES = 400  # characters of what a learner prefers
_MAX_ADDRESS, _MAX_NAME, _MAX_HOME = 500, 255, 500
_TOKEN = re.compile(r"[\x21-\x7e]{1,2000}")


@dataclass(frozen=True)
class LaunchActor:
    """The account of the learner at the platform, the name that it gives them ("" for none), and the agent as it was sent."""

    home_page: str
    account: str
    name: str
    agent: Mapping[str, Any]


@dataclass(frozen=True)
class LaunchRequest:
    """The address with which a platform launches the course."""

    endpoint: str
    fetch: str
    actor: LaunchActor
    registration: str
    activity_id: str

    @property
    def hosts(self) -> frozenset[str]:
        """The servers that would be asked."""
        return frozenset(urlsplit(one).netloc.lower() for one in (self.endpoint, self.fetch))

    @property
    def mark(self) -> str:
        """Tells this launch from others in one browser; the address of the token is good for one."""
        return hashlib.sha256(self.fetch.encode()).hexdigest()[:32]

    def resource(self, name: str, **query: str) -> str:
        """The address of a resource of the platform's record store."""
        return f"{resource_address(self.endpoint, name)}?{urlencode(query)}"

    @property
    def agent_text(self) -> str:
        """The agent as a value in an address."""
        return json.dumps(self.actor.agent, ensure_ascii=False, separators=(",", ":"))

    @property
    def launch_data_address(self) -> str:
        return self.resource(
            "activities/state", stateId=LAUNCH_DATA, activityId=self.activity_id, agent=self.agent_text,
            registration=self.registration,
        )  # fmt: skip

    @property
    def preferences_address(self) -> str:
        return self.resource("agents/profile", profileId=PREFERENCES, agent=self.agent_text)


@dataclass(frozen=True)
class LaunchData:
    """What the platform keeps for this launch: the template of the context of each statement, the session, the mode, the score
    from which the course counts as passed (0 to 1; None: as the course decides), and where the browser goes afterwards. `languages`
    are the tags of those that the learner prefers there, best first."""

    context: Mapping[str, Any]
    session: str
    mode: LaunchMode
    mastery_score: float | None
    return_address: str
    languages: tuple[str, ...] = ()


def read_launch(query: Mapping[str, str]) -> LaunchRequest:
    """The launch in the query of an address. Raises LaunchError."""
    endpoint, fetch = query.get("endpoint", ""), query.get("fetch", "")
    if not (_is_https(endpoint) and _is_https(fetch)):
        raise LaunchError(LaunchProblem.INCOMPLETE, "endpoint or fetch is no address that begins with https://")
    activity = query.get("activityId", "")
    if not activity or len(activity) > _MAX_ADDRESS or not activity.isprintable():
        raise LaunchError(LaunchProblem.INCOMPLETE, "activityId is missing")
    try:
        registration = str(UUID(query.get("registration", "")))
    except ValueError as error:
        raise LaunchError(LaunchProblem.INCOMPLETE, "registration is no UUID") from error
    return LaunchRequest(endpoint, fetch, _read_actor(query.get("actor", "")), registration, activity)


def _is_https(address: str) -> bool:
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return False
    plain = parts.scheme == "https" and bool(parts.hostname) and parts.username is None and port != 0
    return plain and len(address) <= _MAX_ADDRESS and address.isprintable() and " " not in address


def _read_actor(text: str) -> LaunchActor:
    try:
        agent = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise LaunchError(LaunchProblem.INCOMPLETE, "actor is no JSON") from error
    account = agent.get("account") if isinstance(agent, dict) else None
    if not isinstance(account, dict) or agent.get("objectType", "Agent") != "Agent":
        raise LaunchError(LaunchProblem.NO_ACCOUNT)
    home, name = account.get("homePage"), account.get("name")
    if not (isinstance(home, str) and isinstance(name, str) and home and name.strip()):
        raise LaunchError(LaunchProblem.NO_ACCOUNT)
    if len(home) > _MAX_HOME or len(name) > _MAX_NAME or not (home + name).isprintable():
        raise LaunchError(LaunchProblem.NO_ACCOUNT)
    shown = agent.get("name")
    # Only what identifies the account is sent back: nothing that a platform adds is believed or repeated.
    known: dict[str, Any] = {"objectType": "Agent", "account": {"homePage": home, "name": name}}
    if isinstance(shown, str) and shown.strip():
        known["name"] = shown
    return LaunchActor(home, name, shown.strip()[:200] if isinstance(shown, str) and shown.isprintable() else "", known)


def read_token(status: int, body: bytes) -> str:
    """The token in the answer from the fetch address. Raises LaunchError: the address gives it once."""
    found = _object(body, LaunchProblem.NO_TOKEN) if status == 200 else {}
    token = found.get("auth-token")
    if isinstance(token, str) and _TOKEN.fullmatch(token):
        return token
    if str(found.get("error-code")) == "1":
        raise LaunchError(LaunchProblem.USED)
    raise LaunchError(LaunchProblem.NO_TOKEN, f"answer {status}")


def read_launch_data(status: int, body: bytes) -> LaunchData:
    """What the platform keeps for a launch. Raises LaunchError."""
    if status != 200:
        raise LaunchError(LaunchProblem.NO_LAUNCH_DATA, f"answer {status}")
    found = _object(body, LaunchProblem.NO_LAUNCH_DATA)
    context, mode = found.get("contextTemplate"), found.get("launchMode")
    extensions = context.get("extensions") if isinstance(context, dict) else None
    session = extensions.get(SESSION_EXTENSION) if isinstance(extensions, dict) else None
    is_session = isinstance(session, str) and 0 < len(session) <= _MAX_NAME and session.isprintable()
    if not isinstance(context, dict) or not isinstance(session, str) or not is_session:
        raise LaunchError(LaunchProblem.NO_LAUNCH_DATA, "contextTemplate has no session")
    if mode not in ("Normal", "Browse", "Review"):
        raise LaunchError(LaunchProblem.NO_LAUNCH_DATA, "launchMode is missing")
    return LaunchData(context, session, mode, _mastery_score(found.get("masteryScore")), _return_address(found))


def read_languages(status: int, body: bytes) -> tuple[str, ...]:
    """The languages in the preferences of a learner (section 11.1): tags of RFC 5646, separated by commas. Empty if there are no
    preferences, or if they cannot be read, which stops nobody."""
    try:
        found = json.loads(body) if status == 200 else None
    except (ValueError, RecursionError):
        return ()
    text = found.get("languagePreference") if isinstance(found, dict) else None
    tags = text[:_MAX_LANGUAGES].split(",") if isinstance(text, str) else []
    return tuple(tag for one in tags if (tag := one.strip()) and tag.isascii() and tag.replace("-", "").isalnum())


def _mastery_score(value: object) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if value is None:
        return None
    if not is_number or not 0 <= value <= 1:  # type: ignore[operator]
        raise LaunchError(LaunchProblem.NO_LAUNCH_DATA, "masteryScore is no number from 0 to 1")
    return float(value)  # type: ignore[arg-type]


def _return_address(found: Mapping[str, Any]) -> str:
    """Where the browser goes afterwards; "" if there is no address of a page in the launch data."""
    address = found.get("returnURL")
    if not isinstance(address, str) or len(address) > 1000 or not address.isprintable() or " " in address:
        return ""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return address if parts.scheme in ("https", "http") and parts.hostname else ""


def _object(body: bytes, problem: LaunchProblem) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise LaunchError(problem, "no JSON") from error
    if not isinstance(found, dict):
        raise LaunchError(problem, "no JSON object")
    return found
