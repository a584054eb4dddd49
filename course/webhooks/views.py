"""The pages of webhooks: where events are sent, what was delivered, and what was not."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, g, make_response, render_template, request, session, url_for
from werkzeug.wrappers import Response as WsgiResponse

from course.encryption import SecretLockedError
from course.people.forms import team_choices
from course.people.queries import teams
from course.translation import gettext as _
from course.translation import ngettext
from course.web.access import Permission, requires_permission
from course.web.app_state import app_state
from course.web.forms import is_outdated, query_number, shown_fingerprint
from course.web.recent_sign_in import needs_recent_sign_in
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import db, signed_in_context, unit_of_work
from course.webhooks import actions, queries
from course.webhooks.actions import WebhookSettings
from course.webhooks.forms import WebhookForm
from course.webhooks.queries import WebhookView
from course.webhooks.rules import EVENT_LABELS, secret_text

pages = Blueprint("webhooks", __name__)
PAGE_SIZE = 50
_SHOWN_ONCE = "webhook_made"  # in the cookie: the webhook whose secret the next page shows
_NUMBER = "<int(max=2147483647):webhook_id>"


@pages.before_request
def _set_section() -> None:
    g.here = "organisation"


@pages.get("")
@requires_permission(Permission.RUN_SYSTEM)
def overview() -> str:
    """All webhooks, and whether they work."""
    return render_template(
        "webhooks/overview.html",
        webhooks=queries.webhooks(db()),
        waiting=queries.waiting_counts(db()),
        labels=EVENT_LABELS,
    )


@pages.route("/add", methods=["GET", "POST"])
@requires_permission(Permission.RUN_SYSTEM)
@needs_recent_sign_in
def add() -> Response | WsgiResponse:
    """Add a webhook. Its page shows the secret once."""
    form = _form(None)
    if form.validate_on_submit():
        with unit_of_work() as unit:
            webhook_id = actions.add_webhook(signed_in_context(unit), _settings(form), app_state().config.secret_key)
        session[_SHOWN_ONCE] = webhook_id
        return redirect_after_post(url_for("webhooks.show", webhook_id=webhook_id, _anchor="secret"))
    return make_response(render_template("webhooks/edit.html", form=form, webhook=None), 422 if form.errors else 200)


@pages.route(f"/{_NUMBER}/change", methods=["GET", "POST"])
@requires_permission(Permission.RUN_SYSTEM)
@needs_recent_sign_in
def change(webhook_id: int) -> Response | WsgiResponse:
    """Change where a webhook leads and what is sent."""
    found = _webhook(webhook_id)
    form = _form(found)
    if form.validate_on_submit() and not is_outdated(form, _shown(found), with_entered=True):
        with unit_of_work() as unit:
            changed = actions.change_webhook(signed_in_context(unit), webhook_id, _settings(form))
        flash(_("The webhook is changed.") if changed else _("Nothing has changed."))
        return redirect_after_post(url_for("webhooks.show", webhook_id=webhook_id))
    return make_response(render_template("webhooks/edit.html", form=form, webhook=found), 422 if form.errors else 200)


@pages.get(f"/{_NUMBER}")
@requires_permission(Permission.RUN_SYSTEM)
def show(webhook_id: int) -> Response:
    """A webhook and its deliveries, newest first; and its secret, once, directly after it was made."""
    found = _webhook(webhook_id)
    is_new = session.get(_SHOWN_ONCE) == webhook_id
    if is_new:
        session.pop(_SHOWN_ONCE)
    undelivered, before = request.args.get("show") == "undelivered", query_number("before")
    rows = queries.deliveries(db(), webhook_id, PAGE_SIZE + 1, undelivered, before)
    page = make_response(
        render_template(
            "webhooks/webhook.html",
            webhook=found,
            secret=_secret(webhook_id) if is_new else None,
            deliveries=rows[:PAGE_SIZE],
            older=rows[PAGE_SIZE - 1].id if len(rows) > PAGE_SIZE else None,
            before=before,
            undelivered=undelivered,
            waiting=queries.waiting_counts(db()).get(webhook_id, (0, 0)),
            labels=EVENT_LABELS,
        )
    )
    if is_new:
        page.headers["Cache-Control"] = "no-store"
    return page


@pages.post(f"/{_NUMBER}/secret")
@requires_permission(Permission.RUN_SYSTEM)
@needs_recent_sign_in
def rotate_secret(webhook_id: int) -> WsgiResponse:
    """Replace the secret; the page shows the new one once."""
    with unit_of_work() as unit:
        actions.rotate_secret(signed_in_context(unit), webhook_id, app_state().config.secret_key) or abort(404)
    session[_SHOWN_ONCE] = webhook_id
    return redirect_after_post(url_for("webhooks.show", webhook_id=webhook_id, _anchor="secret"))


@pages.post(f"/{_NUMBER}/off")
@requires_permission(Permission.RUN_SYSTEM)
def turn_off(webhook_id: int) -> WsgiResponse:
    """Send nothing for now."""
    with unit_of_work() as unit:
        done = actions.turn_off(signed_in_context(unit), webhook_id)
    flash(_("The webhook is off. Events wait for 30 days.") if done else _("The webhook is off already."))
    return redirect_after_post(url_for("webhooks.show", webhook_id=webhook_id))


@pages.post(f"/{_NUMBER}/on")
@requires_permission(Permission.RUN_SYSTEM)
def turn_on(webhook_id: int) -> WsgiResponse:
    """Send again, first what waits."""
    with unit_of_work() as unit:
        done = actions.turn_on(signed_in_context(unit), webhook_id)
    flash(_("The webhook is on. What has waited is sent first.") if done else _("The webhook is on already."))
    return redirect_after_post(url_for("webhooks.show", webhook_id=webhook_id))


@pages.post(f"/{_NUMBER}/remove")
@requires_permission(Permission.RUN_SYSTEM)
def remove(webhook_id: int) -> WsgiResponse:
    """Remove a webhook; what waits is not sent."""
    with unit_of_work() as unit:
        done = actions.remove_webhook(signed_in_context(unit), webhook_id)
    flash(_("The webhook is removed. Nothing more is sent there.") if done else _("The webhook was removed before."))
    return redirect_after_post(url_for("webhooks.overview"))


@pages.post(f"/{_NUMBER}/test")
@requires_permission(Permission.RUN_SYSTEM)
def send_test(webhook_id: int) -> WsgiResponse:
    """Send a test, which is about nobody and is tried once."""
    with unit_of_work() as unit:
        actions.send_test(signed_in_context(unit), webhook_id) or abort(404)
    flash(_("The test is on its way. Reload this page in a few seconds to see the answer."))
    return redirect_after_post(url_for("webhooks.show", webhook_id=webhook_id, _anchor="deliveries"))


@pages.post(f"/{_NUMBER}/repeat")
@requires_permission(Permission.RUN_SYSTEM)
def repeat_failed(webhook_id: int) -> WsgiResponse:
    """Send everything again that was given up."""
    with unit_of_work() as unit:
        count = actions.repeat_deliveries(signed_in_context(unit), webhook_id)
    flash(_repeated(count))
    return redirect_after_post(url_for("webhooks.show", webhook_id=webhook_id, _anchor="deliveries"))


@pages.post(f"/{_NUMBER}/deliveries/<int(max=2147483647):delivery_id>/repeat")
@requires_permission(Permission.RUN_SYSTEM)
def repeat(webhook_id: int, delivery_id: int) -> WsgiResponse:
    """Send one delivery again, also one that has arrived; its number stays the same."""
    with unit_of_work() as unit:
        count = actions.repeat_deliveries(signed_in_context(unit), webhook_id, [delivery_id])
    flash(_repeated(count))
    return redirect_after_post(url_for("webhooks.show", webhook_id=webhook_id, _anchor="deliveries"))


def _repeated(count: int) -> str:
    if not count:
        return _("There is nothing that can be sent again.")
    return ngettext(
        "%(num)s event is sent again within a minute.", "%(num)s events are sent again within a minute.", count
    )


def _webhook(webhook_id: int) -> WebhookView:
    return queries.webhook(db(), webhook_id) or abort(404)


def _secret(webhook_id: int) -> str | None:
    """The secret as it is copied; None if it cannot be read, which a replaced SECRET_KEY does."""
    try:
        found = actions.webhook_secret(db(), webhook_id, app_state().config.secret_key)
    except SecretLockedError:
        return None
    return secret_text(found) if found else None


def _form(found: WebhookView | None) -> WebhookForm:
    """The form, filled with what a webhook has."""
    known = {} if found is None else _shown(found)
    form = WebhookForm(
        data=known | {"was": shown_fingerprint(known)}, allow_local=app_state().config.webhook_test_ca is not None
    )
    choices = team_choices(teams(db()), _("Everyone"))
    if found is not None and found.team_id is not None and found.is_team_closed:
        choices[str(found.team_id)] = _("%(team)s (closed)", team=found.team)
    form.team.choices = choices
    return form


def _shown(found: WebhookView) -> dict[str, object]:
    return {
        "address": found.address, "kinds": list(found.kinds), "team": str(found.team_id or ""),
        "with_staff_number": found.with_staff_number,
    }  # fmt: skip


def _settings(form: WebhookForm) -> WebhookSettings:
    kinds = tuple(kind for kind in EVENT_LABELS if kind in (form.kinds.data or ()))
    return WebhookSettings(form.address.data or "", kinds, form.team_id, form.with_staff_number.data)
