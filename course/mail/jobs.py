"""Jobs: rendering and sending mail, and forgetting the texts of old mails."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from time import monotonic

from course.jobs.rules import JobKind, JobRun, Progress
from course.mail import queries
from course.mail.actions import erase_old_texts, mark_unrenderable, store_rendered
from course.mail.delivery import SenderSettings, deliver
from course.mail.message_templates import MailRenderer
from course.mail.queries import UnrenderedMail
from course.mail.rules import RenderedMail
from course.mail.smtp import server_name
from course.translation import lazy_gettext as _
from course.web.app_state import app_state
from course.web.unit_of_work import read_only_session, unit_of_work

LOOK_INTERVAL = timedelta(seconds=5)  # between two looks at whether a mail is due
RENDERING_SECONDS = 10.0  # after which mails that are due are sent, before more are rendered
NOT_RENDERED = _("The mail could not be written, because of a fault in the program: {error}. Nothing was sent.")
_LOG = logging.getLogger("course")


def deliver_due_mail(at: datetime, by_hand: bool = False, progress: Progress = lambda *_: None) -> int:
    """Send what is due at `at`, as this program is set up; returns how many mails left (see delivery.deliver)."""
    render_waiting_mail(at=at)
    state = app_state()
    config = state.config
    with read_only_session() as session:
        name = queries.mail_wording(session).sender
    sender = SenderSettings(config.mail_url, config.mail_from, config.public_url, config.time_zone, name, state.library)
    return deliver(unit_of_work, sender, at, by_hand, progress)


def render_waiting_mail(seconds: float = RENDERING_SECONDS, at: datetime | None = None) -> None:
    """Render the mails that wait, also those that leave later, for `seconds` at most. A mail that cannot be rendered is
    given up at `at` with its reason, and stops no other."""
    until = monotonic() + seconds
    while monotonic() < until:
        with read_only_session() as session:
            waiting = queries.unrendered_mail(session)
            opening = queries.mail_wording(session).opening if waiting else ""
        if not waiting:
            return
        rendered = [(mail, _render(app_state().mail_renderer, mail, opening)) for mail in waiting]
        with unit_of_work() as session:
            for mail, result in rendered:
                if isinstance(result, RenderedMail):
                    store_rendered(session, mail.id, result)
                else:
                    mark_unrenderable(session, mail.id, result, at)


def _render(renderer: MailRenderer, mail: UnrenderedMail, opening: str) -> RenderedMail | str:
    """The rendered mail, or why it cannot be rendered."""
    try:
        return renderer.render(mail.template, mail.values, mail.language, opening)
    except Exception as error:
        # Whatever is wrong with one mail must not keep the others from leaving.
        _LOG.exception("mail %s (%s) cannot be rendered", mail.id, mail.template)
        return NOT_RENDERED.format(error=str(error) or type(error).__name__)


def _is_mail_due(at: datetime) -> bool:
    with read_only_session() as session:
        return queries.has_deliverable_mail(session, server_name(app_state().config.mail_url), at)


def _deliver(run: JobRun) -> None:
    deliver_due_mail(run.at, progress=run.progress)


def _erase_old_texts(run: JobRun) -> None:
    with unit_of_work() as session:
        erase_old_texts(session, run.at)


# A mail whose sender died is not tried again by itself (see delivery.py), so a lost round may simply be begun anew.
JOBS = (
    JobKind("mail.deliver", _("Send mail"), _deliver, lane="mail", every=LOOK_INTERVAL, wanted=_is_mail_due),
    JobKind("mail.erase_texts", _("Delete the texts of old mails"), _erase_old_texts, every=timedelta(hours=1)),
)
