"""Pages for operating the course: version, database, backups, mail, workers, and the list of outgoing mail."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import cast

from flask import Blueprint, abort, current_app, flash, g, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as WsgiResponse

from course import schema_upgrade
from course.backups.jobs import BACKUP, backup_folder
from course.backups.queries import newest_backups
from course.backups.rules import is_backup_overdue
from course.clock import now
from course.content.loaded_course import library
from course.health.disk import disk_health
from course.health.jobs import NIGHTLY_EXAMINATION
from course.health.rules import disk_space, nightly_result
from course.health.rules.readiness import LOW_FREE_BYTES
from course.import_folder.jobs import import_folder, import_folder_fault
from course.jobs import queries as jobs
from course.jobs.rules import OPEN_STATES, JobState
from course.mail import queries as mail
from course.mail.rules import DeliveryState
from course.mail.views import reader_mail_alert
from course.operations import actions, queries
from course.operations.rules import MailCheckMessage, format_size, is_mail_stalled
from course.organisation.header_footer import corrections_address
from course.server.jobs import REGISTRY
from course.server.queries import count_unsigned_certificates, secret_key_state, workers
from course.server.rules import WRONG_KEY_WARNING
from course.server.settings_check import settings_conflicts
from course.translation import CHECKED_LANGUAGES, languages, lazy_gettext, ngettext
from course.translation import gettext as _
from course.web.access import Permission, requires_permission
from course.web.app_state import app_state, is_mail_printed
from course.web.database_check import current_database_name
from course.web.forms import query_number
from course.web.proxy_checks import current_proxy_faults
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import db, signed_in_context, unit_of_work

pages = Blueprint("operations", __name__)
PAGE_SIZE = 50
MAIL_STATES: dict[str, str] = {
    "": lazy_gettext("All"),
    "waiting": lazy_gettext("Waiting"),
    "failed": lazy_gettext("Failed"),
    "unknown": lazy_gettext("Not known"),
    "sent": lazy_gettext("Sent"),
}
# The choices of the page of jobs: what each shows, and the states and kinds that it finds.
JOB_FILTERS: dict[str, tuple[str, tuple[JobState, ...], bool | None]] = {
    "": (lazy_gettext("Asked for"), (), False),
    "open": (lazy_gettext("Waiting and running"), OPEN_STATES, None),
    "failed": (lazy_gettext("Failed"), ("failed",), None),
    "regular": (lazy_gettext("Regular work"), (), True),
}


@pages.before_request
def _set_section() -> None:
    g.here = "organisation"


@cache
def version() -> str:
    """The version of the program, from pyproject.toml."""
    file = Path(current_app.root_path).parent / "pyproject.toml"
    return str(tomllib.loads(file.read_text(encoding="utf-8"))["project"]["version"])


@pages.get("/system")
@requires_permission(Permission.RUN_SYSTEM)
def overview() -> str:
    """The state of the course, and what to do about each problem."""
    at, person = now(), current_user.person
    database, examined = queries.database_info(db(), NIGHTLY_EXAMINATION.name)
    outbox = mail.outbox_summary(db(), at)
    backup, verified = newest_backups(db())
    backup_is_old = is_backup_overdue(verified.at if verified else None, at)
    # The examination may be of an hour before the first backup; the page must not say both.
    settled = () if backup_is_old else ("backups",)
    config, seen, disk = app_state().config, workers(db(), at), disk_health()
    return render_template(
        "operations/overview.html",
        version=version(),
        library=library(),
        database=database,
        newest_schema=schema_upgrade.newest_revision(),
        size=format_size,
        backup=backup,
        verified_backup=verified,
        backup_days=(at - verified.at).days if verified else 0,
        backup_folder=backup_folder(),
        backup_kind=BACKUP.name,
        backup_is_old=backup_is_old,
        outbox=outbox,
        stands_still=is_mail_stalled(outbox.due_since, at),
        printed=is_mail_printed(),
        place=current_database_name(),
        wrong_key=WRONG_KEY_WARNING if secret_key_state(db(), config.secret_key) == "other" else None,
        unsigned=count_unsigned_certificates(db()),
        arrival=current_proxy_faults(),
        public_url=config.public_url,
        test=next(iter(mail.latest_mail(db(), 1, key=actions.prefix_of_test_mail(person.id))), None),
        address=person.email,
        programs=queries.regular_programs(seen, at),
        differ=settings_conflicts(seen),
        room={"database": disk_space(disk.database), "backups": disk_space(disk.backups)},
        least_room=LOW_FREE_BYTES,
        has_import_folder=import_folder() is not None,
        import_folder_fault=import_folder_fault(),
        examined=nightly_result(*examined, at, settled) if examined else None,
        examination=NIGHTLY_EXAMINATION.name,
        mail_alert=reader_mail_alert(),
        translations={language: language in CHECKED_LANGUAGES for language in languages()[1:]},
        corrections=corrections_address(),
    )


@pages.post("/system/test-mail")
@requires_permission(Permission.RUN_SYSTEM)
def test_mail() -> WsgiResponse:
    """Send a test mail to the person who asks for it, through the outbox like every other mail."""
    person = current_user.person
    if not person.email:
        flash(_("You have no e-mail address. Add one under your name first."))
        return redirect_after_post(url_for("operations.overview"))
    test = MailCheckMessage(person.name)
    with unit_of_work() as session:
        new = actions.send_test_mail(signed_in_context(session), person.id, person.email, test)
    which = _("A test mail") if new else _("The test mail that you asked for before")
    flash(
        _(
            "%(which)s to %(email)s is on its way. Reload this page in a minute to see whether it was sent.",
            which=which,
            email=person.email,
        )
    )
    return redirect_after_post(url_for("operations.overview"))


@pages.get("/mail")
@requires_permission(Permission.RUN_SYSTEM)
def outgoing_mail() -> str:
    """The delivery state of each mail. The text is not shown: some mails hold a link that signs a person in."""
    state = request.args.get("state", "")
    chosen = cast("DeliveryState", state) if state and state in MAIL_STATES else None
    before = query_number("before")
    found = mail.latest_mail(db(), PAGE_SIZE + 1, chosen, before)
    older = found[PAGE_SIZE - 1].id if len(found) > PAGE_SIZE else None
    return render_template(
        "operations/mail.html",
        mails=found[:PAGE_SIZE],
        older=older,
        before=before,
        chosen=chosen or "",
        states=MAIL_STATES,
        at=now(),
    )


@pages.post("/mail/retry")
@requires_permission(Permission.RUN_SYSTEM)
def retry_all_mail() -> WsgiResponse:
    """Send all failed mails again."""
    with unit_of_work() as session:
        count = actions.retry_all_mail(signed_in_context(session))
    if count:
        flash(
            ngettext(
                "%(num)s mail will be sent again, within a minute.",
                "%(num)s mails will be sent again, within a minute.",
                count,
            )
        )
    else:
        flash(_("There is no mail that can be sent again."))
    return redirect_after_post(url_for("operations.outgoing_mail"))


@pages.post("/mail/<int(max=2147483647):mail_id>/retry")
@requires_permission(Permission.RUN_SYSTEM)
def retry_mail(mail_id: int) -> WsgiResponse:
    """Send a mail again that has not been delivered."""
    with unit_of_work() as session:
        retried = actions.retry_mail(signed_in_context(session), mail_id)
    if retried:
        flash(_("The mail will be sent again within a minute."))
    else:
        flash(_("This mail cannot be sent again: it was sent, it is being sent now, or it is too old."))
    return redirect_after_post(url_for("operations.outgoing_mail"))


@pages.post("/mail/<int(max=2147483647):mail_id>/arrived")
@requires_permission(Permission.RUN_SYSTEM)
def confirm_mail(mail_id: int) -> WsgiResponse:
    """Record that a mail has arrived although the program was stopped while it handed the mail over."""
    with unit_of_work() as session:
        confirmed = actions.confirm_mail(signed_in_context(session), mail_id)
    flash(_("The mail is listed as sent.") if confirmed else _("The state of this mail is already known."))
    return redirect_after_post(url_for("operations.outgoing_mail"))


@pages.get("/system/jobs")
@requires_permission(Permission.RUN_SYSTEM)
def list_jobs() -> str:
    """The background jobs, newest first: what they are, for whom, how far they have come, and why one has failed."""
    wanted = request.args.get("show", "")
    chosen = wanted if wanted in JOB_FILTERS else ""
    _, states, regular = JOB_FILTERS[chosen]
    before = query_number("before")
    found = jobs.latest_jobs(db(), PAGE_SIZE + 1, states, before, regular)
    shown = found[:PAGE_SIZE]
    return render_template(
        "operations/jobs.html",
        jobs=shown,
        owners=queries.job_owners(db(), shown),
        registry=REGISTRY,
        older=shown[-1].id if len(found) > PAGE_SIZE else None,
        before=before,
        chosen=chosen,
        filters=JOB_FILTERS,
    )


@pages.post("/system/jobs/<int(max=2147483647):job_id>/cancel")
@requires_permission(Permission.RUN_SYSTEM)
def cancel_job(job_id: int) -> WsgiResponse:
    """Cancel a job that waits or runs, or only waits where its work is always finished."""
    with unit_of_work() as session:
        cancelled = actions.cancel_job(signed_in_context(session), REGISTRY, job_id)
    flash(
        _("The job is cancelled.") if cancelled else _("This job has ended, or cannot be stopped once it has started.")
    )
    return redirect_after_post(url_for("operations.list_jobs"))


@pages.post("/system/jobs/<int(max=2147483647):job_id>/repeat")
@requires_permission(Permission.RUN_SYSTEM)
def repeat_job(job_id: int) -> WsgiResponse:
    """Do a job once more that has ended, as it was asked for."""
    with unit_of_work() as session:
        repeated = actions.repeat_job(signed_in_context(session), REGISTRY, job_id)
    flash(
        _("The job will run again.")
        if repeated
        else _(
            "This job cannot be repeated: it has not ended, the same job is running, or its details are no longer kept."
        )
    )
    return redirect_after_post(url_for("operations.list_jobs"))


@pages.post("/system/jobs/regular/<kind>")
@requires_permission(Permission.RUN_SYSTEM)
def run_regular_job(kind: str) -> WsgiResponse:
    """Do regular work now, such as a backup; once, however often the button is pressed."""
    known = REGISTRY.regular_kind(kind) or abort(404)
    with unit_of_work() as session:
        job_id = actions.run_regular_job(signed_in_context(session), known)
    flash(
        _("%(title)s: the job begins within a few seconds.", title=known.title)
        if job_id is not None
        else _("%(title)s: this job is already waiting or running.", title=known.title)
    )
    return redirect_after_post(url_for("operations.list_jobs"))
