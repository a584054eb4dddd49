"""The end of a module, passing, what learners know about themselves, and the reply to a mailed sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, abort, flash, make_response, render_template, request, url_for
from flask import Response as Page
from flask_login import current_user
from werkzeug.wrappers import Response

from course.certificates import queries as certificates
from course.certificates.queries import CertificateCheck
from course.certificates.rules import certificate_state
from course.certificates.views import certified_modules, check_address, pathway_name
from course.clock import now
from course.content.loaded_course import library
from course.content.schema import Module
from course.credentials.queries import signed_credential
from course.help_requests.queries import help_recipients
from course.help_requests.rules import HelpRecipient
from course.learning import actions as learning_actions
from course.learning import queries as learning
from course.learning.queries import AttemptItemView, AttemptView
from course.learning.reader_course import reader_library
from course.learning.rules.progress import CourseProgress
from course.learning.views.modules import pages_to_reread
from course.learning.views.page_context import (
    course_progress,
    module_or_404,
    reader_id,
    redirect_to,
    step_address,
    today,
)
from course.mail.rules import BOOSTER
from course.milestones import actions, queries
from course.milestones.rules import (
    MAX_INTENTION_LENGTH,
    MIN_SURE_ANSWERS,
    REPLIES,
    SURE,
    SureAndRight,
    clean_intention,
    minutes_saved,
    next_module,
    sure_and_right,
)
from course.refreshers import actions as refreshers
from course.refreshers import queries as refresher_queries
from course.refreshers.rules.memory_model import memory_estimates, memory_from_reviews
from course.refreshers.views.page_context import just_passed, refresher_status
from course.signed_links import IntentionLink, MailChoiceLink, read_link, sign_link
from course.translation import format_number
from course.translation import gettext as _
from course.web.access import public, sign_in_required
from course.web.app_state import app_state
from course.web.forms import query_number
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import db, signed_in_context, unit_of_work

pages = Blueprint("milestones", __name__)


@pages.get("/module/<module_id>/done")
@sign_in_required
def module_done(module_id: str) -> str | Response:
    """The end of a module: what its reader can do now, how sure and how right they were, their own words, and the way on."""
    return _render_module_done(module_or_404(module_id))


def _render_module_done(module: Module, mistake: str = "", typed: str | None = None) -> str | Response:
    progress, person_id = course_progress(), reader_id()
    done = next(one for one in progress.modules if one.module.id == module.id)
    if not done.done:
        return redirect_to(url_for("learning.module", module_id=module.id))
    attempt_id, first_answers = _first_check(module.id)
    titles = {step.id: step.title for step in done.steps}
    refs = [f"{module.id}/{page_id}" for page_id in module.pages]
    return render_template(
        "milestones/module_done.html",
        progress=progress,
        done=done,
        done_count=sum(one.done for one in progress.modules),
        saved=minutes_saved(done, reader_library().step_minutes),
        table=sure_and_right((item.sureness, bool(item.correct)) for item in first_answers),
        second_look=[item for item in first_answers if item.sureness == SURE and not item.correct],
        attempt_id=attempt_id,
        points=reader_library().points,
        notes=[(note, titles.get(note.page_id)) for note in queries.notes_on(db(), person_id, refs)],
        intention=queries.intention(db(), person_id, module.id),
        replies=REPLIES,
        mistake=mistake,
        typed=typed,
        onward=next_module(progress, module.id),
        step_address=step_address,
        just_passed=_just_passed_check(module.id),
    )


def _just_passed_check(module_id: str) -> AttemptView | None:
    """The check whose last answer has led here, if it is one of this module that its reader passed."""
    after = query_number("after")
    attempts = learning.attempts(db(), reader_id(), "check", module_id) if after else []
    return next((attempt for attempt in attempts if attempt.id == after and attempt.passed), None)


def _first_check(module_id: str) -> tuple[int | None, list[AttemptItemView]]:
    """The first attempt at the check of a module in the newest enrolment, with its answered questions."""
    enrolment = learning.enrolment_id(db(), reader_id())
    for attempt in learning.attempts(db(), reader_id(), "check", module_id):
        if attempt.enrolment_id == enrolment:
            return attempt.id, [item for item in attempt.items if item.given is not None]
    return None, []


@pages.post("/module/<module_id>/done")
@sign_in_required
def save_intention(module_id: str) -> Page | Response:
    """Keep the sentence of the reader at the end of a module."""
    module = module_or_404(module_id)
    typed = request.form.get("intention", "")
    if len(clean_intention(typed)) > MAX_INTENTION_LENGTH:
        message = _("Use %(limit)s characters or fewer.", limit=format_number(MAX_INTENTION_LENGTH))
        return make_response(_render_module_done(module, message, typed), 422)
    with unit_of_work() as session:
        saved = actions.save_intention(signed_in_context(session), module.id, typed)
    if not saved:
        flash(_("Your sentence was e-mailed to you already, so it cannot be changed."))
    elif clean_intention(typed):
        flash(_("Saved. We will e-mail your sentence to you in two weeks. No one else sees it."))
    return redirect_to(url_for("milestones.module_done", module_id=module.id, _anchor="when-then"))


@dataclass(frozen=True)
class KeptModule:
    """What a learner knows of one module: the estimate of what they remember, in per cent, and how right they were when
    they were sure."""

    module: Module
    number: int
    remembered: int
    answers: SureAndRight


@dataclass(frozen=True)
class KeptLearning:
    """What a learner knows about themselves. `modules` are those that are done, or all once the course was completed."""

    modules: tuple[KeptModule, ...]
    answers: SureAndRight


def keep_learned(progress: CourseProgress) -> KeptLearning:
    """What the reader knows about themselves, for a page that includes dashboard/keep_learned.html. One query."""
    reviews = refresher_queries.memory_reviews(db(), reader_id())
    estimate = memory_estimates(memory_from_reviews(reviews), reader_library().taught_points, now())
    rows = []
    for one in progress.modules:
        if one.done or progress.completed_at is not None:
            points = one.module.points
            share = round(20 * sum(estimate[point] for point in points) / len(points)) * 5
            answers = sure_and_right((r.sureness, r.correct) for r in reviews if r.point in points)
            rows.append(KeptModule(one.module, one.number, share, answers))
    return KeptLearning(tuple(rows), sure_and_right((r.sureness, r.correct) for r in reviews))


@pages.get("/what-i-know")
@sign_in_required
def knowledge() -> str:
    """What the reader knows about themselves, module by module. No other page or report shows it."""
    sentences = queries.intentions(db(), reader_id())
    return render_template(
        "milestones/knowledge.html", kept=keep_learned(course_progress()), least=MIN_SURE_ANSWERS, sentences=sentences,
        modules=reader_library().modules, replies=REPLIES,
    )  # fmt: skip


def _newest_certificate() -> CertificateCheck | None:
    found = certificates.certificates(db(), int(current_user.person.id))
    return certificates.check_certificate(db(), found[0].number) if found else None


@pages.get("/certificate/passed")
@sign_in_required
def passed() -> str | Response:
    """The newest certificate of the reader, as the end of the course or of a refresher, and what happens next."""
    person_id, newest = reader_id(), _newest_certificate()
    if newest is None:
        return redirect_to(url_for("certificates.my_certificates"))
    certificate, status = newest.certificate, refresher_status()
    finals = learning.final_attempts(db(), person_id)
    managers = _managers()
    sent = queries.queued_mail_keys(db(), [actions.passed_mail_key(certificate.id, one.id) for one in managers])
    verdict = learning_actions.final_result(db(), reader_library(), person_id, finals)
    return render_template(
        "milestones/passed.html",
        certificate=certificate,
        state=certificate_state(certificate.valid_until, newest.change, today()),
        modules=certified_modules(certificate.sections, certificate.language),
        pathway=pathway_name(certificate.pathway),
        check=check_address(certificate.number),
        signed=signed_credential(db(), certificate.id) is not None,
        verdict=verdict,
        rereads=pages_to_reread(verdict) if certificate.kind == "initial" else (),
        strengthened=_strengthened() if certificate.kind == "refresher" else (),
        answers=_attempt_behind(certificate.kind, finals),
        just_passed=just_passed(refreshers.REFRESHER),
        managers=managers,
        informed=bool(sent),
        window_opens=status.certification_status.window_opens if status.certification_status else None,
        choice=url_for(
            "mail.choice", token=sign_link(MailChoiceLink(person_id, BOOSTER), app_state().config.secret_key)
        ),
    )


def _attempt_behind(kind: str, finals: Sequence[AttemptView]) -> int | None:
    """The attempt whose answers have earned the newest certificate, of the course or of a refresher."""
    if kind != "refresher":
        return finals[-1].id if finals and kind == "initial" else None
    newest = refresher_queries.newest_refresher(db(), reader_id(), refreshers.REFRESHER)
    return newest.attempt_id if newest and newest.completed_at else None


def _strengthened() -> list[str]:
    """The titles of the points that the newest refresher put right: missed at first and right in the end."""
    newest = refresher_queries.newest_refresher(db(), reader_id(), refreshers.REFRESHER)
    attempt = learning.attempt(db(), reader_id(), newest.attempt_id) if newest else None
    missed = dict.fromkeys(item.point for item in attempt.items if item.correct is False) if attempt else {}
    return [str(reader_library().points[p].title) for p in missed if p in reader_library().points]


def _managers() -> list[HelpRecipient]:
    return [one for one in help_recipients(db(), int(current_user.person.id)) if one.is_manager]


@pages.post("/certificate/passed/manager")
@sign_in_required
def notify_managers() -> Response:
    """Mail the newest certificate of the reader to their managers, once to each."""
    newest, managers = _newest_certificate(), _managers()
    if newest is None:
        return redirect_to(url_for("certificates.my_certificates"))
    with unit_of_work() as session:
        count = actions.notify_managers(signed_in_context(session), newest.certificate, managers)
    names = ", ".join(one.name for one in managers)
    if count:
        flash(_("Sent to %(names)s.", names=names))
    elif managers:
        flash(_("%(names)s had this mail before. It was not sent again.", names=names))
    else:
        flash(_("No manager is named for your team, so nothing was sent."))
    return redirect_to(url_for("milestones.passed"))


@pages.get("/when-then/<token>")
@public
def intention_reply(token: str) -> Page:
    """The sentence that its writer was mailed, and the question whether it came up. Opening the page answers nothing,
    because mail programs open links by themselves."""
    found = _mailed_intention(token)
    if found is None:
        title, text = (
            _("This link no longer works"),
            _("It has run out, or it was not copied whole. There is nothing to do."),
        )
        return make_response(render_template("auth/gone.html", title=title, text=text), 410)
    module = library().modules.get(found.module)
    offered = request.args.get("reply", "")
    return make_response(
        render_template(
            "milestones/intention.html", intention=found, module=module, replies=REPLIES,
            offered=offered if offered in REPLIES else None,
        )
    )  # fmt: skip


def _mailed_intention(token: str) -> queries.IntentionView | None:
    link = read_link(IntentionLink, token, app_state().config.secret_key)
    return queries.mailed_intention(db(), link, now()) if link is not None else None


@pages.post("/when-then/<token>")
@public
def save_reply(token: str) -> Page | Response:
    """Keep the reply. A second one changes nothing."""
    found, reply = _mailed_intention(token), request.form.get("reply", "")
    if found is not None and reply in REPLIES:
        with unit_of_work() as session:
            actions.reply_to_intention(session, found.id, reply, now())
    elif found is not None:
        abort(400)
    return redirect_after_post(url_for("milestones.intention_reply", token=token))


__all__ = ["keep_learned", "pages"]
