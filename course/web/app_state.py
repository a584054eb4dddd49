"""The state of the application (settings, content, database), and the frame of a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from markupsafe import Markup

from course.network_addresses import is_this_machine
from course.web.current import this_app


@dataclass(frozen=True)
class PageFrame:
    """The frame of a page: the `name` of the organisation, the `person` who is signed in (a Viewer) or None, the title of
    the `course`, what is rendered already (the `head` with what a page loads, the `header`, and the `end` with the footer and
    the words and addresses that scripts need), and whether there is an `organisation` yet."""

    name: str
    person: Any
    course: str
    head: Markup
    header: Markup
    end: Markup
    organisation: bool


def app_state() -> Any:
    """The settings (`config`), the content (`library`) and the database (`engine`) of the application."""
    return this_app().extensions["course"]


def is_mail_printed() -> bool:
    """Whether no mail server is set: mail is printed on the server, and reaches no one."""
    return bool(app_state().config.mail_url.startswith("console:"))


def runs_locally() -> bool:
    """Whether the course itself is tried out on this machine, so that another server may be here too."""
    return is_this_machine(urlsplit(app_state().config.public_url).hostname or "")
