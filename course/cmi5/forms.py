"""The form with which a platform is allowed or changed."""

from __future__ import annotations

import re

from wtforms import BooleanField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, ValidationError

from course.people.forms import clean_line, selected_team_id
from course.translation import lazy_gettext as _
from course.web.forms import GuardedForm

_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?(:[0-9]{1,5})?")


class Cmi5PlatformForm(GuardedForm):
    """A platform: what it is called, which servers belong to it, and what happens to learners who are not known yet."""

    name = StringField(
        _("Name"),
        [
            DataRequired(_("Enter a name, such as Moodle.")),
            Length(max=60, message=_("The name must be 60 characters or fewer.")),
        ],
        filters=[clean_line],
    )
    hosts = TextAreaField(
        _("Servers"),
        [DataRequired(_("Enter the name of at least one server, such as lms.example.org."))],
        render_kw={"rows": 3, "spellcheck": "false", "autocapitalize": "none"},
    )
    makes_accounts = BooleanField(_("Add learners who are not known yet"))
    team = SelectField(_("Team of new learners"), choices=[])
    active = BooleanField(_("This platform may open the course"))

    @property
    def host_names(self) -> tuple[str, ...]:
        """The servers, without doubles, in the order in which they were entered."""
        return tuple(dict.fromkeys((self.hosts.data or "").lower().split()))

    @property
    def team_id(self) -> int | None:
        """The chosen team; None for none."""
        return selected_team_id(self.team.data)

    def validate_hosts(self, _field: TextAreaField) -> None:
        """Names of servers only: where a launch leads is compared with them."""
        for host in self.host_names:
            if _HOST.fullmatch(host) is None:
                raise ValidationError(
                    _("%(host)s is not the name of a server. Enter it as in lms.example.org, without https:// and without "
                      "a path.", host=host[:100])
                )  # fmt: skip
        if len(self.host_names) > 20:
            raise ValidationError(_("Enter 20 servers or fewer."))
