"""The pages about people: their address, and the section of the navigation that they are in."""

from __future__ import annotations

from flask import Blueprint, Response, g
from werkzeug.wrappers import Response as WsgiResponse

pages = Blueprint("people", __name__)
PageResponse = Response | WsgiResponse


@pages.before_request
def _set_nav_section() -> None:
    g.here = "people"
