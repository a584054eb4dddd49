"""The certification status of a person, what their dates rest on, and the forms to record extensions, leaves and
earlier certificates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Response, abort, flash, g, make_response, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as WsgiResponse

from course.people.access import recordable_person
from course.people.queries import PersonView, person_overview, visible_person
from course.recertification import actions, queries
from course.recertification.forms import EarlierCertificateForm, ExtensionForm, LongLeaveForm, WithdrawFactForm
from course.recertification.rules import CompletionFact, Extension, Pause, certification_status, cycle_reason, cycles
from course.recertification.rules.fact_impact import FactImpact, fact_impact
from course.recertification.rules.facts import IMPORTED, ExternalCompletion
from course.recertification.rules.wording import LEARNER_PRONOUNS, MANAGER_PRONOUNS, Pronouns
from course.recertification.views.page_context import pages, today, zone
from course.translation import error_text, lazy_gettext
from course.translation import gettext as _
from course.web.access import Permission, requires_permission, sign_in_required
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import WriteSession, db, signed_in_context, unit_of_work


@pages.get("/mine")
@sign_in_required
def my_certification() -> str:
    """The reader's own certification status, cycles and recorded facts."""
    g.here, day, me = "training", today(), current_user.person.id
    person = person_overview(db(), me) or abort(404)
    facts = queries.people(db(), zone(), [me])[0].facts
    policies = queries.policies(db(), zone())
    return render_template(
        "recertification/mine.html",
        person=person,
        standing=certification_status(facts, policies, day),
        cycles=[(cycle, cycle_reason(cycle)) for cycle in reversed(cycles(facts, policies, day))],
        entries=queries.recertification_entries(db(), me),
    )


@pages.get("/people/<int(max=2147483647):person_id>")
@requires_permission(Permission.SEE_PEOPLE)
def person(person_id: int) -> WsgiResponse:
    """Redirect the former address of this page to the training record, which now shows what the page showed."""
    return redirect(url_for("training_records.person", person_id=_visible_person(person_id).id), 301)


def _visible_person(person_id: int) -> PersonView:
    return visible_person(db(), current_user.person, person_id) or abort(404)


@dataclass(frozen=True)
class FactKind:
    """A kind of fact that can be recorded: its form, how the form is saved, the words of its page, and the fact that
    the form describes."""

    form: Callable[..., Any]
    title: str
    intro: str
    save: Callable[[WriteSession, int, Any], str]
    fact: Callable[[Any, date], Extension | Pause | CompletionFact]


def _save_extension(session: WriteSession, person_id: int, form: ExtensionForm) -> str:
    is_new = actions.grant_extension(signed_in_context(session), person_id, form.until.day, form.reason.data or "")
    return _("More time is granted.") if is_new else _("This was granted before. Nothing has changed.")


def _save_leave(session: WriteSession, person_id: int, form: LongLeaveForm) -> str:
    days = int(form.days.data or 0)
    pause = Pause(form.since.day, form.until.data, days, form.reason.data or "")
    is_new = actions.record_pause(signed_in_context(session), person_id, pause)
    return _("The leave is recorded.") if is_new else _("This leave was recorded before. Nothing has changed.")


def _save_certificate(session: WriteSession, person_id: int, form: EarlierCertificateForm) -> str:
    completion = ExternalCompletion(form.day.day, form.until.data, form.issuer.data or "", form.kind.data)
    is_new = actions.import_completion(signed_in_context(session), person_id, completion, form.reason.data or "")
    return (
        _("The certificate is recorded.") if is_new else _("This certificate was recorded before. Nothing has changed.")
    )


FACT_KINDS = {
    "extension": FactKind(
        ExtensionForm,
        lazy_gettext("More time"),
        lazy_gettext("It moves the day by which the course is due. A certificate keeps its date."),
        _save_extension,
        lambda form, day: Extension(day, form.until.day, form.reason.data or ""),
    ),
    "leave": FactKind(
        LongLeaveForm,
        lazy_gettext("Long leave"),
        lazy_gettext(
            "People get no reminders, and are not overdue, while they are away. To add or change the last day "
            "of a leave, record it again with the same first day."
        ),
        _save_leave,
        lambda form, day: Pause(
            form.since.day, form.until.data, int(form.days.data or 0), form.reason.data or "", recorded=day
        ),
    ),
    "certificate": FactKind(
        EarlierCertificateForm,
        lazy_gettext("Earlier certificate"),
        lazy_gettext(
            "A certificate of this course from another organisation, or from before you used this site. Look at it before "
            "you record it."
        ),
        _save_certificate,
        lambda form, day: CompletionFact(form.day.day, day, IMPORTED, form.until.data),
    ),
}


@pages.route("/people/<int(max=2147483647):person_id>/<what>", methods=["GET", "POST"])
@requires_permission(Permission.ACT_FOR_PEOPLE)
def record_fact(person_id: int, what: str) -> Response | WsgiResponse:
    """Record an extension, a leave or an earlier certificate. A fact that will not apply as entered is shown with a
    warning first, and saved when the form comes back confirmed."""
    g.here = "people"
    person, fact_kind, day = _recordable_person(person_id), FACT_KINDS.get(what) or abort(404), today()
    facts, policies = queries.people(db(), zone(), [person_id])[0].facts, queries.policies(db(), zone())
    form, impact = fact_kind.form(day, facts, policies), None
    if form.validate_on_submit():
        impact = fact_impact(facts, policies, fact_kind.fact(form, day), day, _pronouns_for(person_id))
        if not impact.warning or form.confirmed.data == form.fingerprint():
            saved = _save(fact_kind, person.id, form)
            if saved is not None:
                explanation = impact.after.explanation_for(_pronouns_for(person_id))
                values = {"name": person.name, "message": saved, "explanation": explanation}
                flash(_("%(name)s: %(message)s %(explanation)s", **values))
                return redirect_after_post(url_for("training_records.person", person_id=person.id))
    status = impact.before if impact else certification_status(facts, policies, day)
    page = render_template(
        "recertification/record.html", form=form, person=person, title=fact_kind.title, lede=fact_kind.intro, entry=None,
        button=_("Save"), here=status, effect=impact, voice=_pronouns_for(person_id),
    )  # fmt: skip
    return make_response(page, 422 if form.errors else 200)


def _save(fact_kind: FactKind, person_id: int, form: Any) -> str | None:
    """Record the fact of a form; what to say, or None with an error in the form: what limits its days, such as a leave, has
    changed since it was checked."""
    try:
        with unit_of_work() as session:
            return fact_kind.save(session, person_id, form)
    except ValueError as error:
        form.until.errors = [error_text(error)]
        return None


@pages.route("/people/<int(max=2147483647):person_id>/<what>/<int(max=2147483647):fact_id>", methods=["GET", "POST"])
@requires_permission(Permission.ACT_FOR_PEOPLE)
def withdraw_fact(person_id: int, what: str, fact_id: int) -> Response | WsgiResponse:
    """Withdraw a recorded fact; it stays in the list, with the reason."""
    g.here = "people"
    person = _recordable_person(person_id)
    if fact_id not in queries.open_facts(db(), person.id).get(what, ()):
        abort(404)
    form = WithdrawFactForm()
    if form.validate_on_submit():
        reason = form.reason.data or ""
        try:
            with unit_of_work() as session:
                actions.withdraw_fact(signed_in_context(session), person.id, what, fact_id, reason)
            flash(_("%(name)s: cancelled.", name=person.name))
        except LookupError:
            flash(_("%(name)s: this was cancelled or replaced before. Nothing has changed.", name=person.name))
        return redirect_after_post(url_for("training_records.person", person_id=person.id))
    entry = next(
        entry for entry in queries.recertification_entries(db(), person.id) if (entry.kind, entry.id) == (what, fact_id)
    )
    page = render_template(
        "recertification/record.html", form=form, person=person, title=_("Cancel it"), lede="", entry=entry,
        button=_("Cancel it"), here=None, effect=_withdrawal_impact(person.id, what, fact_id),
        voice=_pronouns_for(person_id),
    )  # fmt: skip
    return make_response(page, 422 if form.errors else 200)


def _withdrawal_impact(person_id: int, what: str, fact_id: int) -> FactImpact:
    """The impact of withdrawing the fact."""
    facts, policies, day = queries.people(db(), zone(), [person_id])[0].facts, queries.policies(db(), zone()), today()
    return fact_impact(
        facts, policies, queries.withdrawal_fact(db(), what, fact_id, day), day, _pronouns_for(person_id)
    )


def _pronouns_for(person_id: int) -> Pronouns:
    """The pronouns for the reader: an administrator who records a fact about themselves is addressed directly."""
    return LEARNER_PRONOUNS if person_id == current_user.person.id else MANAGER_PRONOUNS


def _recordable_person(person_id: int) -> PersonView:
    """A person about whom the viewer may record facts. Nobody may grant themselves an extension, except an
    administrator, because nobody is above an administrator."""
    viewer = current_user.person
    if person_id == viewer.id and not viewer.administrator:
        abort(404)
    return recordable_person(person_id)
