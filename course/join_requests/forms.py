"""Forms for creating a join link, and for a join request."""

from __future__ import annotations

from datetime import date

from wtforms import SelectField, TextAreaField

from course.join_requests.rules import MAX_LINK_PERIOD, parse_domains
from course.people.forms import clean_line, email_field, name_field
from course.translation import lazy_gettext as _
from course.web.forms import DayField, Form


class JoinLinkForm(Form):
    team = SelectField(_("Team"), filters=[clean_line])
    domains = TextAreaField(_("E-mail domains that can use the link"), render_kw={"rows": 3, "spellcheck": "false"})
    ends_on = DayField(_("Last day"), _("Enter the last day, for example 12/02/2027."))

    def fits(self, today: date) -> bool:
        """Whether domains, team and day are valid; errors are added to the fields."""
        try:
            parse_domains(self.domains.data or "")
        except ValueError as error:
            self.domains.errors = [str(error)]
        if not self.team.data:
            self.team.errors = [_("Choose a team.")]
        last = self.ends_on.data
        if last is None or not today <= last <= today + MAX_LINK_PERIOD:
            self.ends_on.errors = [_("Choose a day within the next 12 months.")]
        return not self.errors


class JoinRequestForm(Form):
    name = name_field(_("Your name"), "name")
    email = email_field(_("Your work e-mail address"), "email")
