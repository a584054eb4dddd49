"""The end of every way to sign in: password, link, one-time code, passkey or identity provider."""

from __future__ import annotations

from datetime import datetime

from flask import flash, session, url_for

from course.auth import queries
from course.auth.actions import SignInGranted
from course.auth.provider_hooks import provider_refusal
from course.auth.rules import SignInMethod, factor_deadline, local_path
from course.auth.sign_in_session import begin_sign_in_session
from course.auth.views.page_context import ViewResponse, pages, provider_required_page
from course.auth.views.pending import PendingSignIn, keep_pending
from course.clock import now
from course.dates import civil_date, format_moment
from course.translation import gettext as _
from course.web.access import access_rule_of
from course.web.app_state import app_state
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import db

# In the cookie: the person has to set up a second factor before anything else; false once they have done so in this session.
MUST_SET_UP_KEY = "must_set_up"
_STAYS_OPEN = frozenset({
    "auth.second_factor", "auth.add_passkey", "auth.app", "auth.recovery_codes", "auth.sign_out", "auth.prove",
    "auth.account", "auth.sessions", "identity_providers.confirm",
})  # fmt: skip


def finish_sign_in(
    granted: SignInGranted,
    method: SignInMethod,
    target: str | None,
    second_factor: bool = False,
    proved_at: datetime | None = None,
    is_allowed: bool = False,
) -> ViewResponse:
    """Begin the sign-in session, or ask for the second factor first where one is due; then on to `target`, a path of this
    course. `second_factor`: the way itself has asked for one, as an identity provider may be marked to do; a passkey always
    has. `proved_at`: when the person last proved to a provider who they are; None if it does not say so. `is_allowed`: this
    request has asked already whether the person may sign in in this way.

    Call it outside any unit of work, after what granted the sign-in is committed."""
    refusal = None if is_allowed or method in ("provider", "set-up") else provider_refusal(granted.person_id)
    if refusal is not None:
        return provider_required_page(refusal)
    is_required = False
    if not second_factor and method != "passkey":
        has_factor, is_required = queries.factor_state(db(), granted.person_id)
        if has_factor:
            keep_pending(PendingSignIn(granted, method, local_path(target), now()))
            return redirect_after_post(url_for("auth.second_step"))
    deadline = _deadline(granted.person_id) if is_required else None
    return complete_sign_in(granted, method, local_path(target), deadline, proved_at)


def complete_sign_in(
    granted: SignInGranted,
    method: SignInMethod,
    target: str,
    deadline: datetime | None = None,
    proved_at: datetime | None = None,
) -> ViewResponse:
    """Begin the sign-in session, after all that is asked was given; `deadline` is until when the person may do without a second
    factor, if they need one and have none. `proved_at`: when they last proved to a provider who they are."""
    if not begin_sign_in_session(granted, method, proved_at=proved_at):
        flash(_("Something about your account has just changed. Sign in again."))
        return redirect_after_post(url_for("auth.sign_in"))
    if deadline is None:
        return redirect_after_post(target)
    if now() >= deadline:
        session[MUST_SET_UP_KEY] = True
        return redirect_after_post(url_for("auth.second_factor"))
    # With its time of day: "by" a day alone would promise the whole of it.
    day = format_moment(deadline, app_state().config.time_zone)
    flash(
        _(
            "You see data of other people, so you need a second step to sign in by %(day)s. Set it up under your name: "
            "Second step to sign in.",
            day=day,
        )
    )
    return redirect_after_post(target)


def _deadline(person_id: int) -> datetime | None:
    """Until when a person without a second factor may sign in without one; None if they need none."""
    rules = queries.factor_rules(db())
    if not rules or not rules[-1].is_required:
        return None
    today = civil_date(now(), app_state().config.time_zone)
    return factor_deadline(rules, queries.sees_others_since(db(), person_id, today))


@pages.before_app_request
def keep_to_set_up() -> ViewResponse | None:
    """Lead a person who must set up a second factor to its page, from every page that is not for anyone."""
    from flask import current_app, request  # noqa: PLC0415

    if not session.get(MUST_SET_UP_KEY) or request.endpoint is None or request.endpoint in _STAYS_OPEN:
        return None
    if access_rule_of(current_app, request.endpoint, request.method) == "public":
        return None
    return redirect_after_post(url_for("auth.second_factor"))
