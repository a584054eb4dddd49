"""How the course itself is: version, database, backups and mail, and the list of outgoing mail."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import cast

from flask import Blueprint, current_app, flash, g, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as WsgiResponse

from course import schema_upgrade
from course.clock import now
from course.content.loaded_course import library
from course.mail import queries as mail
from course.mail.message_templates import letter
from course.mail.rules import State
from course.operations import actions, queries
from course.operations.rules import backup_is_old, mail_stands_still, size
from course.server.queries import state_of_key, unsigned, workers
from course.server.rules import WRONG_KEY
from course.server.settings_check import others
from course.web.access import Permission, may
from course.web.app_state import state
from course.web.database_check import database_name_here
from course.web.forms import number_in_address
from course.web.proxy_checks import faults_here
from course.web.template_filters import plural, seen_redirect
from course.web.unit_of_work import db, unit_of_work

pages = Blueprint("operations", __name__)
PAGE = 50
STATES: dict[str, str] = {"": "All", "waiting": "Waiting", "failed": "Failed", "sent": "Sent"}


@pages.before_request
def _here() -> None:
    g.here = "organisation"


@cache
def version() -> str:
    """The version of the program, as pyproject.toml has it."""
    file = Path(current_app.root_path).parent / "pyproject.toml"
    return str(tomllib.loads(file.read_text(encoding="utf-8"))["project"]["version"])


@pages.get("/system")
@may(Permission.RUN_SYSTEM)
def overview() -> str:
    """Whether all is well, and what to do where it is not."""
    at, person = now(), current_user.person
    database, backup, outbox = queries.database(db()), queries.newest_backup(db()), mail.outbox(db(), at)
    config, at_work = state().config, workers(db(), at)
    return render_template(
        "operations/overview.html",
        version=version(),
        library=library(),
        database=database,
        newest_schema=schema_upgrade.newest(),
        size=size,
        backup=backup,
        backup_is_old=backup_is_old(backup.at if backup else None, at),
        outbox=outbox,
        stands_still=mail_stands_still(outbox.due_since, at),
        printed=config.mail_url.startswith("console:"),
        place=database_name_here(),
        wrong_key=WRONG_KEY if state_of_key(db(), config.secret_key) == "other" else None,
        unsigned=unsigned(db()),
        arrival=faults_here(),
        public_url=config.public_url,
        test=next(iter(mail.latest(db(), 1, key=actions.key_of_tests(person.id))), None),
        address=person.email,
        workers=at_work,
        differ=others(at_work),
    )


@pages.post("/system/test-mail")
@may(Permission.RUN_SYSTEM)
def test_mail() -> WsgiResponse:
    """A mail to whoever asks for it, by the same way as every other mail."""
    person, course = current_user.person, library().course.title
    link = state().config.public_url + url_for("operations.overview")
    test = letter("test.txt", f"Test: {course}", name=person.name, course=course, link=link)
    with unit_of_work() as session:
        new = actions.send_test_mail(session, person.id, person.email, test, person.id, now())
    which = "A test mail" if new else "The test mail that you asked for before"
    flash(f"{which} to {person.email} is on its way. Load this page again in a minute to see whether it has left.")
    return seen_redirect(url_for("operations.overview"))


@pages.get("/mail")
@may(Permission.RUN_SYSTEM)
def outgoing() -> str:
    """What became of each mail. What stands in them is not shown: some let somebody in."""
    wanted = request.args.get("state", "")
    chosen = cast("State", wanted) if wanted and wanted in STATES else None
    before = number_in_address("before")
    found = mail.latest(db(), PAGE + 1, chosen, before)
    older = found[PAGE - 1].id if len(found) > PAGE else None
    return render_template(
        "operations/mail.html",
        mails=found[:PAGE],
        older=older,
        before=before,
        chosen=chosen or "",
        states=STATES,
        at=now(),
    )


@pages.post("/mail/retry")
@may(Permission.RUN_SYSTEM)
def retry_all() -> WsgiResponse:
    """Have all mails sent again that were given up."""
    with unit_of_work() as session:
        count = actions.retry_all_mail(session, current_user.person.id, now())
    if count:
        flash(f"{plural(count, 'mail')} will be sent again, beginning within a minute.")
    else:
        flash("There is no mail that can be sent again.")
    return seen_redirect(url_for("operations.outgoing"))


@pages.post("/mail/<int(max=2147483647):mail_id>/retry")
@may(Permission.RUN_SYSTEM)
def retry(mail_id: int) -> WsgiResponse:
    """Have a mail sent again that has not left."""
    with unit_of_work() as session:
        retried = actions.retry_mail(session, mail_id, current_user.person.id, now())
    if retried:
        flash("The mail will be sent again within a minute.")
    else:
        flash("This mail cannot be sent again: it has left, it is being sent now, or it is too old.")
    return seen_redirect(url_for("operations.outgoing"))
