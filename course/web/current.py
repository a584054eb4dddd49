"""What belongs to the request that is being answered, as the objects themselves.

Flask's `request`, `g`, `session` and `current_app` are proxies, which look up their object anew at each use: a microsecond, of
which a page that uses them two hundred times has a tenth of its time. Functions that run for every page take the object from
here once. They raise RuntimeError outside a request, as the proxies do.
"""

from __future__ import annotations

from typing import Any, cast

from flask import Flask, Request, current_app, g, request, session
from flask.ctx import _AppCtxGlobals
from flask.sessions import SessionMixin
from flask_login import current_user


def this_request() -> Request:
    """The request."""
    return cast(Request, request._get_current_object())  # type: ignore[attr-defined]


def this_g() -> _AppCtxGlobals:
    """What is kept for the time of the request (Flask's `g`); also outside of one, in a command."""
    return cast(_AppCtxGlobals, g._get_current_object())


def this_session() -> SessionMixin:
    """The session of the browser."""
    return cast(SessionMixin, session._get_current_object())  # type: ignore[attr-defined]


def this_app() -> Flask:
    """The application."""
    return cast(Flask, current_app._get_current_object())  # type: ignore[attr-defined]


def this_user() -> Any:
    """The user of the request, as Flask-Login's `current_user`; loaded at the first use."""
    user = this_g().get("_login_user")
    return user if user is not None else current_user._get_current_object()


def has_read_user() -> bool:
    """Whether this request has found out who sent it, which it does before it reads anything else."""
    return "_login_user" in this_g()
