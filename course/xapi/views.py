"""The pages of the learning record store: where statements are sent, what was sent, and what was refused."""

from __future__ import annotations

from flask import Blueprint, Response, flash, g, make_response, render_template, request, url_for
from werkzeug.wrappers import Response as WsgiResponse

from course.translation import gettext as _
from course.translation import ngettext
from course.web.access import Permission, requires_permission
from course.web.app_state import app_state
from course.web.forms import is_outdated, query_number, shown_fingerprint
from course.web.recent_sign_in import needs_recent_sign_in
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import db, signed_in_context, unit_of_work
from course.xapi import actions, queries
from course.xapi.actions import EndpointSettings
from course.xapi.forms import EndpointForm
from course.xapi.rules import KIND_LABELS, KIND_NAMES

pages = Blueprint("xapi", __name__)
PAGE_SIZE = 50


@pages.before_request
def _set_section() -> None:
    g.here = "organisation"


@pages.get("")
@requires_permission(Permission.RUN_SYSTEM)
def overview() -> str:
    """Whether a store is connected, whether it works, and the newest statements."""
    found = queries.current_endpoint(db())
    if found is None:
        return render_template("xapi/overview.html", endpoint=None)
    refused, before = request.args.get("show") == "refused", query_number("before")
    rows = queries.latest_statements(db(), found.id, PAGE_SIZE + 1, refused, before)
    return render_template(
        "xapi/overview.html",
        endpoint=found,
        counts=queries.waiting_counts(db(), found.id),
        statements=rows[:PAGE_SIZE],
        older=rows[PAGE_SIZE - 1].id if len(rows) > PAGE_SIZE else None,
        before=before,
        refused=refused,
        labels=KIND_NAMES,
    )


@pages.route("/store", methods=["GET", "POST"])
@requires_permission(Permission.RUN_SYSTEM)
@needs_recent_sign_in
def change() -> Response | WsgiResponse:
    """Connect a store, or change the one that is connected."""
    found = queries.current_endpoint(db())
    shown = {} if found is None else {
        "address": found.address, "username": found.username, "kinds": list(found.kinds), "actor": found.actor,
    }  # fmt: skip
    known = shown or {"kinds": list(KIND_LABELS)}
    form = EndpointForm(
        data=known | {"was": shown_fingerprint(known)},
        allow_local=app_state().config.webhook_test_ca is not None,
        has_password=found is not None,
    )
    if form.validate_on_submit() and not is_outdated(form, shown, with_entered=True):
        with unit_of_work() as unit:
            saved = actions.save_endpoint(signed_in_context(unit), _settings(form), app_state().config.secret_key)
        flash(
            _("The store is saved. What people do from now on is sent there.") if saved else _("Nothing has changed.")
        )
        return redirect_after_post(url_for("xapi.overview"))
    return make_response(render_template("xapi/edit.html", form=form, endpoint=found), 422 if form.errors else 200)


@pages.post("/pause")
@requires_permission(Permission.RUN_SYSTEM)
def pause() -> WsgiResponse:
    """Send nothing for now."""
    with unit_of_work() as unit:
        done = actions.pause(signed_in_context(unit))
    flash(_("Nothing is sent for now. What people do waits.") if done else _("Nothing is sent already."))
    return redirect_after_post(url_for("xapi.overview"))


@pages.post("/resume")
@requires_permission(Permission.RUN_SYSTEM)
def resume() -> WsgiResponse:
    """Send again, first what has waited."""
    with unit_of_work() as unit:
        done = actions.resume(signed_in_context(unit))
    flash(_("Statements are sent again. What has waited is sent first.") if done else _("Statements are sent already."))
    return redirect_after_post(url_for("xapi.overview"))


@pages.post("/try")
@requires_permission(Permission.RUN_SYSTEM)
def try_now() -> WsgiResponse:
    """Try a store again that has taken nothing."""
    with unit_of_work() as unit:
        done = actions.try_now(signed_in_context(unit))
    flash(_("It is tried within half a minute. Reload this page then.") if done else _("There is nothing to wait for."))
    return redirect_after_post(url_for("xapi.overview"))


@pages.post("/remove")
@requires_permission(Permission.RUN_SYSTEM)
@needs_recent_sign_in
def remove() -> WsgiResponse:
    """Remove the store; what waits is not sent."""
    with unit_of_work() as unit:
        done = actions.remove_endpoint(signed_in_context(unit))
    flash(_("The store is removed. Nothing more is sent there.") if done else _("The store was removed before."))
    return redirect_after_post(url_for("xapi.overview"))


@pages.post("/repeat")
@requires_permission(Permission.RUN_SYSTEM)
def repeat_refused() -> WsgiResponse:
    """Send everything again that was refused."""
    return _repeat(None)


@pages.post("/statements/<int(max=2147483647):statement_id>/repeat")
@requires_permission(Permission.RUN_SYSTEM)
def repeat(statement_id: int) -> WsgiResponse:
    """Send one statement again, also one that has arrived; its id stays the same."""
    return _repeat([statement_id])


def _repeat(ids: list[int] | None) -> WsgiResponse:
    with unit_of_work() as unit:
        count = actions.repeat_statements(signed_in_context(unit), ids)
    sentence = ngettext(
        "%(num)s statement is sent again within a minute.", "%(num)s statements are sent again within a minute.", count
    )
    flash(sentence if count else _("There is nothing that can be sent again."))
    return redirect_after_post(url_for("xapi.overview", _anchor="statements"))


def _settings(form: EndpointForm) -> EndpointSettings:
    kinds = tuple(kind for kind in KIND_LABELS if kind in (form.kinds.data or ()))
    return EndpointSettings(
        form.address.data or "",
        form.username.data or "",
        form.password.data or None,
        kinds,
        form.actor.data or "account",
    )
