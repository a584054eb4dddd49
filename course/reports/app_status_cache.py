"""The ledger of the application that is running."""

from __future__ import annotations

from flask import current_app

from course.reports.status_cache import Ledger

KEY = "course.ledger"


def ledger_here() -> Ledger:
    """This process's ledger of this application's database."""
    ledger: Ledger = current_app.extensions[KEY]
    return ledger
