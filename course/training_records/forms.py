"""The form for requesting a reminder."""

from __future__ import annotations

from course.people.forms import line_field
from course.translation import lazy_gettext as _
from course.web.forms import Form


class RemindForm(Form):
    reason = line_field(
        _("Why now?"), _("Enter a short reason, for example: you start with the under-fives on Monday.")
    )
