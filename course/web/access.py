"""Access control: every route carries exactly one of @public, @sign_in_required, @requires_permission(…) and
@requires_scope(…)."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar

from flask import Flask, abort, redirect, url_for

from course.web.bearer import ScopeRule, refuse_bearer
from course.web.current import this_g, this_request, this_user
from course.web.duplicate_forms import refuse_duplicate_form
from course.web.expired_form import expired_form_response, sealed_form_response
from course.web.recent_sign_in import proof_response
from course.web.unit_of_work import row_source

V = TypeVar("V", bound=Callable[..., Any])


class Permission(StrEnum):
    """What a role allows beyond a person's own training; people/rules says which role has which permissions."""

    SEE_PEOPLE = "see people"  # lists of people, the report of any day, and the page of somebody's training
    SEE_ATTEMPTS = "see attempts"  # on that page, which checks somebody passed and when
    SEE_RESULTS = "see team results"
    SEE_RESULTS_OF_EVERYONE = "see results of everyone"
    MAKE_PACKS = "make evidence packs"
    GET_REPORTS = "get reports by mail"
    SEE_DEPUTIES = "see deputies"
    ACT_FOR_PEOPLE = "act for people"  # remind, give more time, record leave and earlier certificates
    RECORD_TALKS = "record talks"
    RUN_SESSIONS = "run supervised sessions"  # which enters answers that others gave on paper
    SEE_JOIN_REQUESTS = "see join requests"
    DECIDE_JOIN_REQUESTS = "decide join requests"
    MANAGE_PEOPLE = "manage people"
    GIVE_EVERY_ROLE = "give every role"
    ERASE_PEOPLE = "erase people"
    MANAGE_ORGANISATION = "manage the organisation"
    SEE_AUDIT = "see the audit log"
    RUN_SYSTEM = "run the system"


PUBLIC = "public"
SIGNED_IN = "signed in"


def _set_access_rule(view: V, rule: object) -> V:
    if hasattr(view, "access_rule"):
        raise TypeError(f"{view.__name__} has two access rules")
    view.access_rule = rule  # type: ignore[attr-defined]
    return view


def public(view: V) -> V:
    """Mark a view that anyone may open."""
    return _set_access_rule(view, PUBLIC)


def sign_in_required(view: V) -> V:
    """Mark a view that every signed-in person may open; it shows only what belongs to that person."""
    return _set_access_rule(view, SIGNED_IN)


def requires_permission(permission: Permission, post: Permission | None = None) -> Callable[[V], V]:
    """Mark a view that only people may open whose role has the permission; what it is sent needs `post`, if given."""

    def mark(view: V) -> V:
        view.post_rule = post  # type: ignore[attr-defined]
        return _set_access_rule(view, permission)

    return mark


def requires_scope(scope: str) -> Callable[[V], V]:
    """Mark a view for programs: the request carries a bearer token with this scope (course/api_tokens) instead of a session.
    The view finds the token by `course.api_tokens.access:current_token`. It has no cookie, and no CSRF token is asked for."""
    return lambda view: _set_access_rule(view, ScopeRule(scope))


def access_rule_of(app: Flask, endpoint: str, method: str = "GET") -> object:
    """The access rule of a route for a method; None if it has none, which a project test forbids."""
    view = app.view_functions[endpoint]
    rule = getattr(view, "access_rule", None)
    return (getattr(view, "post_rule", None) or rule) if method == "POST" else rule


def init(app: Flask) -> None:
    """Check the access rule before each view. A route without a rule is closed to everybody."""

    @app.before_request
    def check() -> Any:
        request = this_request()
        if request.endpoint is None:
            return None
        rule = access_rule_of(app, request.endpoint, request.method)
        if isinstance(rule, ScopeRule):
            return refuse_bearer(rule)
        if request.method == "POST" and (response := sealed_form_response()):
            return response
        if request.method == "POST":
            refuse_duplicate_form(row_source())
        if rule == PUBLIC:
            return None
        person = this_user().person
        if person is None:
            if request.method == "POST" and (response := expired_form_response()):
                return response
            target = request.full_path.rstrip("?") if request.method == "GET" else ""
            if target in ("", "/"):
                return redirect(url_for("auth.sign_in"), 303)
            return redirect(url_for("auth.sign_in", next=target), 303)
        this_g().person_id = person.id
        if rule == SIGNED_IN or (isinstance(rule, Permission) and rule in person.permissions):
            return proof_response()
        return abort(403, person.refusal(rule) if isinstance(rule, Permission) else None)
