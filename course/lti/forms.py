"""The form to register a platform by hand, and the table of teams."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from wtforms import BooleanField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, ValidationError

from course.lti.actions import PlatformDetails
from course.lti.rules.registration import MAX_ADDRESS_LENGTH, PlatformSettings, is_platform_address, origin_of
from course.network_addresses import address_refusal
from course.people.forms import clean_line, selected_team_id, team_choices
from course.people.queries import TeamView
from course.translation import lazy_gettext as _
from course.web.forms import GuardedForm

MAX_DEPLOYMENTS, MAX_ORIGINS = 200, 20
_WRONG_ADDRESS = _("Enter an address that begins with https://, such as https://moodle.example.org/mod/lti/certs.php.")
_ADDRESS_FIELD = {"inputmode": "url", "spellcheck": "false", "autocapitalize": "none", "autocomplete": "off"}


def _address_field(label: str, missing: str) -> StringField:
    return StringField(
        label,
        filters=[clean_line],
        validators=[
            DataRequired(missing),
            Length(max=MAX_ADDRESS_LENGTH, message=_("An address has at most 500 characters.")),
        ],
        render_kw=_ADDRESS_FIELD,
    )


class PlatformForm(GuardedForm):
    """A platform. `teams` are the open teams to choose from; `allow_local`: it may be on this machine, as in tests; hosts in
    `private_hosts` may have private addresses."""

    name = StringField(
        _("Name"),
        filters=[clean_line],
        validators=[
            DataRequired(_("Enter what people call it, for example Riverside Moodle.")),
            Length(max=60, message=_("The name must be 60 characters or fewer.")),
        ],
    )
    issuer = _address_field(_("Issuer (platform ID)"), _("Enter the platform ID, which is an address."))
    client_id = StringField(
        _("Client ID"),
        filters=[clean_line],
        validators=[
            DataRequired(_("Enter the client ID that the platform gave to this course.")),
            Length(max=255, message=_("A client ID has at most 255 characters.")),
        ],
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    deployments = TextAreaField(_("Deployment IDs"), render_kw={"rows": 2, "spellcheck": "false"})
    login_address = _address_field(_("Authentication request address"), _("Enter the authentication request address."))
    token_address = _address_field(_("Access token address"), _("Enter the access token address."))
    token_audience = StringField(
        _("Audience of the access token"),
        filters=[clean_line],
        validators=[Length(max=MAX_ADDRESS_LENGTH, message=_("An address has at most 500 characters."))],
        render_kw=_ADDRESS_FIELD,
    )
    keys_address = _address_field(_("Public keyset address"), _("Enter the public keyset address."))
    page_origins = TextAreaField(_("Other addresses of its pages"), render_kw={"rows": 2, "spellcheck": "false"})
    makes_accounts = BooleanField(_("Add people at their first launch"))
    team = SelectField(_("Team of people who are added"))
    links_by_address = BooleanField(_("Link people by their e-mail address"))
    lets_staff_in = BooleanField(_("Let managers, HR, auditors and administrators in too"))

    def __init__(
        self, teams: Iterable[TeamView], allow_local: bool, private_hosts: frozenset[str], **values: Any
    ) -> None:
        super().__init__(**values)
        self._allow_local, self._private_hosts = allow_local, private_hosts
        self.team.choices = team_choices(list(teams), str(_("No team")))

    def validate_issuer(self, field: StringField) -> None:
        """It is a name that looks like an address; nothing is fetched from it."""
        if not is_platform_address(field.data or ""):
            raise ValidationError(
                _("Enter the platform ID as the platform shows it, such as https://moodle.example.org.")
            )

    def validate_login_address(self, field: StringField) -> None:
        """The browser is sent there."""
        self._check_address(field.data or "")

    def validate_token_address(self, field: StringField) -> None:
        """The server asks there."""
        self._check_address(field.data or "")

    def validate_keys_address(self, field: StringField) -> None:
        """The server asks there."""
        self._check_address(field.data or "")

    def validate_token_audience(self, field: StringField) -> None:
        """Some platforms want another one than the address."""
        if field.data and not is_platform_address(field.data):
            raise ValidationError(_("Enter the audience as the platform shows it, or leave it empty."))

    def _check_address(self, address: str) -> None:
        host = origin_of(address).partition("://")[2].partition(":")[0]
        is_private = address.startswith("https://") and host in self._private_hosts
        if not is_platform_address(address) or (not is_private and address_refusal(address, self._allow_local)):
            raise ValidationError(_WRONG_ADDRESS)

    def validate_deployments(self, field: TextAreaField) -> None:
        """Launches are accepted from these only."""
        found = _lines(field.data or "")
        if len(found) > MAX_DEPLOYMENTS or any(len(one) > 255 for one in found):
            raise ValidationError(_("Enter one ID a line, at most 200, each of at most 255 characters."))

    def validate_page_origins(self, field: TextAreaField) -> None:
        """Where a launch may be shown in a frame."""
        found = _lines(field.data or "")
        wrong = next((one for one in found if not _is_origin(one)), None)
        if wrong is not None or len(found) > MAX_ORIGINS:
            raise ValidationError(_("Enter addresses without a path, one a line, such as https://school.example.org."))

    def details(self) -> PlatformDetails:
        """What was entered, in a valid form."""
        return PlatformDetails(
            name=self.name.data or "",
            issuer=self.issuer.data or "",
            client_id=self.client_id.data or "",
            login_address=self.login_address.data or "",
            token_address=self.token_address.data or "",
            token_audience=self.token_audience.data or "",
            keys_address=self.keys_address.data or "",
            page_origins=tuple(origin_of(one) for one in _lines(self.page_origins.data or "")),
            deployments=_lines(self.deployments.data or ""),
            makes_accounts=bool(self.makes_accounts.data),
            links_by_address=bool(self.links_by_address.data),
            lets_staff_in=bool(self.lets_staff_in.data),
            team_id=selected_team_id(self.team.data),
        )


def _is_origin(address: str) -> bool:
    """Whether an address has no path; a slash at its end is none."""
    origin = origin_of(address)
    return bool(origin) and address.lower().replace("/", "") == origin.replace("/", "")


def _lines(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))


def platform_data(found: PlatformSettings) -> dict[str, Any]:
    """What the form shows of a platform."""
    return {
        "name": found.name, "issuer": found.issuer, "client_id": found.client_id, "login_address": found.login_address,
        "token_address": found.token_address, "token_audience": found.token_audience,
        "keys_address": found.keys_address, "deployments": "\n".join(found.deployments),
        "page_origins": "\n".join(found.page_origins), "makes_accounts": found.makes_accounts,
        "links_by_address": found.links_by_address, "lets_staff_in": found.lets_staff_in,
        "team": str(found.team_id or ""),
    }  # fmt: skip
