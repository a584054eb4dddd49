"""What the pages of this feature share."""

from __future__ import annotations

from flask import Blueprint

pages = Blueprint("dashboard", __name__)
