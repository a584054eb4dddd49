"""Administrators' pages of connections to identity providers."""

from __future__ import annotations

from flask import Blueprint, g

pages = Blueprint("scim", __name__)


@pages.before_request
def _set_section() -> None:
    g.here = "organisation"
