"""Forms to set up a provider, and to require one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask import request
from wtforms import (
    BooleanField,
    Field,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, Length, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget, PasswordInput

from course.content.schema import SETTINGS
from course.identity_providers.actions import ProviderDetails
from course.identity_providers.rules.discovery import discovery_address
from course.identity_providers.rules.domains import (
    MAX_DOMAINS,
    public_domains,
    read_domains,
    split_list,
    wrong_domains,
)
from course.identity_providers.rules.groups import MAX_GROUP_LENGTH, MAX_GROUP_ROWS, GroupRow
from course.identity_providers.rules.settings import (
    DEFAULT_GROUPS_CLAIM,
    DEFAULT_SCOPES,
    ProviderSettings,
    is_open_to_anyone,
)
from course.people.forms import clean_line, selected_team_id, team_choices
from course.people.queries import TeamView
from course.translation import lazy_gettext as _
from course.web.forms import Form, GuardedForm, select_choices

_KINDS = {"openid": _("OpenID Connect, for example Google"), "microsoft": _("Microsoft Entra ID (Microsoft 365)")}
# An auditor's role needs a last day, so that no group gives it.
_ROLES = {"": _("Learner"), "manager": _("Manager of the team"), "hr": _("HR"), "administrator": _("Administrator")}
EMPTY_ROWS = 2  # rows to fill in, after those that there are


@dataclass(frozen=True)
class GroupEntry:
    """A row of the table of groups as it was entered: all texts. A row without a group is left out."""

    group: str = ""
    team: str = ""
    role: str = ""
    pathway: str = ""


class GroupsField(Field):
    """The table of groups, each row in four inputs."""

    def process_formdata(self, _valuelist: list[Any]) -> None:
        columns = [request.form.getlist(name) for name in ("group", "group_team", "group_role", "group_pathway")]
        rows = [GroupEntry(clean_line(row[0]), *row[1:]) for row in zip(*columns, strict=False)]
        self.data = [row for row in rows if row.group]


class ProviderForm(GuardedForm):
    """A provider. `teams` are the open teams to choose from."""

    kind = RadioField(_("Kind of provider"), choices=select_choices(_KINDS), default="openid")
    name = StringField(
        _("Name on the button"),
        filters=[clean_line],
        validators=[
            DataRequired(_("Enter what people call it, for example Microsoft or Google.")),
            Length(max=60, message=_("The name must be 60 characters or fewer.")),
        ],
    )
    discovery = StringField(
        _("Discovery address"),
        filters=[clean_line],
        validators=[
            DataRequired(_("Enter the discovery address, which begins with https://.")),
            Length(max=450, message=_("An address has at most 450 characters.")),
        ],
        render_kw={"inputmode": "url", "spellcheck": "false", "autocapitalize": "none"},
    )
    client_id = StringField(
        _("Client ID"),
        filters=[clean_line],
        validators=[
            DataRequired(_("Enter the client ID that the provider gave to this course.")),
            Length(max=255, message=_("A client ID has at most 255 characters.")),
        ],
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    secret = StringField(
        _("Client secret"),
        filters=[clean_line],
        validators=[Length(max=500, message=_("A client secret has at most 500 characters."))],
        widget=PasswordInput(),
        render_kw={"autocomplete": "off"},
    )
    scopes = StringField(
        _("Scopes"),
        filters=[clean_line],
        default=DEFAULT_SCOPES,
        validators=[Length(max=255, message=_("Scopes have at most 255 characters."))],
    )
    domains = TextAreaField(_("Domains of your e-mail addresses"), render_kw={"rows": 3, "spellcheck": "false"})
    tenants = TextAreaField(_("Tenant IDs"), render_kw={"rows": 2, "spellcheck": "false"})
    makes_accounts = BooleanField(_("Add people at their first sign-in"))
    team = SelectField(_("Team of people who are added"))
    groups = GroupsField()
    groups_claim = StringField(
        _("Where the provider puts the groups"),
        filters=[clean_line],
        default=DEFAULT_GROUPS_CLAIM,
        validators=[Length(max=100, message=_("This must be 100 characters or fewer."))],
    )
    second_factor = BooleanField(_("Counts as a second factor"))
    signs_out = BooleanField(_("Signing out here also signs out there"), default=True)
    active = BooleanField(_("People can sign in with it"))

    def __init__(self, teams: Iterable[TeamView], allow_local: bool, **values: Any) -> None:
        super().__init__(**values)
        self._allow_local = allow_local
        every = list(teams)
        self.team.choices = team_choices(every, str(_("No team")))
        self.team_choices = list(team_choices(every, "–").items())
        self.role_choices = [(key, str(words)) for key, words in _ROLES.items()]
        self.pathway_choices = [("", "–"), *((str(key), str(words)) for key, words in SETTINGS.items())]

    @property
    def shown_entries(self) -> list[GroupEntry]:
        """The rows that the page shows: those that there are, and empty ones to fill in."""
        return [*(self.groups.data or ()), *[GroupEntry()] * EMPTY_ROWS]

    def validate_groups(self, field: GroupsField) -> None:
        """Refuse a row that gives nothing or does not fit, and too many of them."""
        if len(field.data) > MAX_GROUP_ROWS:
            raise ValidationError(_("The table can have at most %(number)s groups.", number=MAX_GROUP_ROWS))
        if mistake := next(filter(None, map(self._row_mistake, field.data)), ""):
            raise ValidationError(mistake)

    def in_words(self, name: str, value: Any) -> str:
        """Also the table of groups: each group with what it gives."""
        if name != "groups":
            return super().in_words(name, value)
        teams, roles, pathways = dict(self.team_choices), dict(self.role_choices), dict(self.pathway_choices)
        lines = []
        for row in value:
            gives = (
                row.team and teams.get(row.team),
                row.role and roles[row.role],
                row.pathway and pathways[row.pathway],
            )
            lines.append(f"{row.group}: {', '.join(filter(None, gives))}")
        return "; ".join(lines)

    def _row_mistake(self, row: GroupEntry) -> str:
        known = (
            row.team in dict(self.team_choices),
            row.role in dict(self.role_choices),
            row.pathway in dict(self.pathway_choices),
        )
        shown = row.group[:100]
        if not all(known):
            return str(_("Choose team, role and pathway of the group %(group)s from the lists.", group=shown))
        if len(row.group) > MAX_GROUP_LENGTH:
            return str(_("The group %(group)s has more than 255 characters.", group=shown))
        if row.role == "manager" and not row.team:
            return str(_("Choose the team that members of the group %(group)s manage.", group=shown))
        if not (row.team or row.role or row.pathway):
            return str(_("Choose what members of the group %(group)s get.", group=shown))
        return ""

    def validate_discovery(self, field: StringField) -> None:
        """Refuse an address that cannot be asked."""
        try:
            parts = urlsplit(field.data or "")
            is_address = bool(parts.hostname) and parts.username is None and not parts.query and not parts.fragment
        except ValueError:
            is_address = False
        if not is_address or (parts.scheme != "https" and not (self._allow_local and parts.scheme == "http")):
            raise ValidationError(_("Enter an address that begins with https://, such as https://accounts.google.com."))

    def validate_scopes(self, field: StringField) -> None:
        """Without `openid` a provider sends no ID token."""
        if "openid" not in (field.data or "").split():
            raise ValidationError(_("The scopes must contain openid, for example: openid email profile."))

    def validate_domains(self, field: TextAreaField) -> None:
        """Refuse what is no domain, and domains at which anyone can get an address."""
        domains = read_domains(field.data or "")
        if wrong := wrong_domains(domains):
            raise ValidationError(_("%(wrong)s is not a domain. Enter what stands after the @.", wrong=wrong[0][:100]))
        if public := public_domains(domains):
            raise ValidationError(
                _("Anyone can get an address at %(domain)s. Name only domains of your organisation.", domain=public[0])
            )
        if len(domains) > MAX_DOMAINS:
            raise ValidationError(_("Enter at most %(number)s domains.", number=MAX_DOMAINS))

    def validate_tenants(self, field: TextAreaField) -> None:
        """For Microsoft the tenants say whose accounts are accepted."""
        tenants = split_list(field.data or "")
        if self.kind.data == "microsoft" and not tenants:
            raise ValidationError(
                _("Enter the tenant ID of your organisation, from the overview of the Entra admin centre.")
            )
        if len(field.data or "") > 2000 or any(not one.replace("-", "").isalnum() or len(one) > 100 for one in tenants):
            raise ValidationError(_("A tenant ID looks like 8a1b2c3d-0000-4000-8000-1234567890ab. Enter one a line."))

    def validate_makes_accounts(self, field: BooleanField) -> None:
        """Where anyone in the world can get an account, only named domains say who belongs here."""
        if field.data and is_open_to_anyone(self.discovery.data or "") and not read_domains(self.domains.data or ""):
            raise ValidationError(
                _(
                    "Anyone can get an account there. Enter the domains of your e-mail addresses first, or leave this off."
                )
            )

    def details(self) -> ProviderDetails:
        """What was entered, in a valid form."""
        return ProviderDetails(
            kind=self.kind.data,
            name=self.name.data or "",
            discovery=discovery_address(self.discovery.data or ""),
            client_id=self.client_id.data or "",
            secret=self.secret.data or None,
            scopes=" ".join(split_list(self.scopes.data or "")),
            domains=read_domains(self.domains.data or ""),
            tenants=split_list(self.tenants.data or "") if self.kind.data == "microsoft" else (),
            groups_claim=self.groups_claim.data or DEFAULT_GROUPS_CLAIM,
            makes_accounts=bool(self.makes_accounts.data),
            team_id=selected_team_id(self.team.data),
            second_factor=bool(self.second_factor.data),
            signs_out=bool(self.signs_out.data),
            active=bool(self.active.data),
            groups=tuple(group_row(row) for row in self.groups.data),
        )


def group_row(row: GroupEntry) -> GroupRow:
    """A row of the table of groups as it was entered, in a valid form."""
    return GroupRow(row.group, selected_team_id(row.team), row.role or None, row.pathway or None)


def provider_data(provider: ProviderSettings) -> dict[str, Any]:
    """What the form shows of a provider. The secret is never shown again."""
    return {
        "kind": provider.kind, "name": provider.name, "discovery": provider.discovery, "client_id": provider.client_id,
        "scopes": provider.scopes, "domains": "\n".join(provider.domains), "tenants": "\n".join(provider.tenants),
        "makes_accounts": provider.makes_accounts, "team": str(provider.team_id or ""),
        "groups_claim": provider.groups_claim, "second_factor": provider.second_factor, "signs_out": provider.signs_out,
        "active": provider.active, "groups": [
            GroupEntry(row.group, str(row.team_id or ""), row.role or "", row.pathway or "") for row in provider.groups
        ],
    }  # fmt: skip


class ConfirmForm(Form):
    """Who is signed in proves at a provider that it is them. `kept` is the form that waits, encrypted; `next` the page that opens
    without one."""

    kept = HiddenField()
    next = HiddenField()


class RequireProviderForm(Form):
    """Which provider is required, and who may still use a password."""

    provider = RadioField(_("Everyone has to sign in with"), validate_choice=True)
    exceptions = SelectMultipleField(
        _("Administrators who can still use their password, one or two"),
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
    )
