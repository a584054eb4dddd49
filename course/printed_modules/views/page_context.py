"""What the pages of printed modules share: the blueprint."""

from __future__ import annotations

from flask import Blueprint

pages = Blueprint("printed_modules", __name__)
