"""The form to set up a provider with SAML."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from wtforms import StringField, TextAreaField
from wtforms.validators import Length, ValidationError

from course.identity_providers.actions import ProviderDetails
from course.identity_providers.forms import ProviderForm, group_row, provider_data
from course.identity_providers.rules.domains import read_domains
from course.identity_providers.rules.problems import ProviderError, ProviderProblem
from course.identity_providers.rules.saml_metadata import MAX_METADATA_LENGTH, read_saml_metadata
from course.identity_providers.rules.saml_settings import AttributeNames, SamlSettings
from course.identity_providers.rules.settings import ProviderSettings
from course.people.forms import clean_line, selected_team_id
from course.people.queries import TeamView
from course.translation import lazy_gettext as _

LEFT_OUT = ("kind", "client_id", "scopes", "tenants", "signs_out")  # what a provider with SAML does not have


def _attribute_field(label: str) -> StringField:
    return StringField(
        label,
        filters=[clean_line],
        validators=[Length(max=100, message=_("The name of an attribute can have at most 100 characters."))],
        render_kw={"spellcheck": "false", "autocapitalize": "none"},
    )


class SamlProviderForm(ProviderForm):
    """A provider with SAML: what every provider needs, and its metadata in place of discovery, client and secret."""

    discovery = StringField(
        _("Metadata address"),
        filters=[clean_line],
        validators=[Length(max=500, message=_("An address has at most 500 characters."))],
        render_kw={"inputmode": "url", "spellcheck": "false", "autocapitalize": "none"},
    )
    metadata_xml = TextAreaField(_("Metadata (XML)"), render_kw={"rows": 5, "spellcheck": "false"})
    subject_attribute = _attribute_field(_("Attribute with a permanent ID"))
    email_attribute = _attribute_field(_("Attribute with the e-mail address"))
    name_attribute = _attribute_field(_("Attribute with the name"))
    groups_claim = _attribute_field(_("Attribute with the groups"))

    def __init__(self, teams: Iterable[TeamView], allow_local: bool, **values: Any) -> None:
        super().__init__(teams, allow_local, **values)
        for name in ("secret", *LEFT_OUT):
            del self[name]

    def validate_discovery(self, field: StringField) -> None:
        """Exactly one of address and text says what the provider is."""
        address, text = field.data or "", (self.metadata_xml.data or "").strip()
        if bool(address) == bool(text):
            raise ValidationError(_("Enter the metadata address, or paste the metadata below. Not both."))
        try:
            parts = urlsplit(address)
            is_right = bool(parts.hostname) and parts.username is None and not parts.fragment
        except ValueError:
            is_right = False
        if address and (
            not is_right or (parts.scheme != "https" and not (self._allow_local and parts.scheme == "http"))
        ):
            raise ValidationError(_("Enter an address that begins with https://. It leads to a file with XML."))

    def validate_metadata_xml(self, field: TextAreaField) -> None:
        """Refuse metadata with which nobody could sign in."""
        text = (field.data or "").strip()
        if len(text) > MAX_METADATA_LENGTH:
            raise ValidationError(_("These metadata are too long. Paste those of your provider alone."))
        if text:
            try:
                read_saml_metadata(text.encode())
            except ProviderError as error:
                raise ValidationError(metadata_words(error)) from error

    def details(self) -> ProviderDetails:
        """What was entered, in a valid form."""
        return ProviderDetails(
            kind="saml",
            name=self.name.data or "",
            discovery=self.discovery.data or "",
            client_id="",
            secret=None,
            scopes="",
            domains=read_domains(self.domains.data or ""),
            tenants=(),
            groups_claim=self.groups_claim.data or "",
            makes_accounts=bool(self.makes_accounts.data),
            team_id=selected_team_id(self.team.data),
            second_factor=bool(self.second_factor.data),
            signs_out=False,
            active=bool(self.active.data),
            groups=tuple(group_row(row) for row in self.groups.data),
        )

    def saml_details(self) -> SamlSettings:
        """What was entered about SAML, in a valid form."""
        names = AttributeNames(
            self.subject_attribute.data or "", self.email_attribute.data or "", self.name_attribute.data or ""
        )
        return SamlSettings((self.metadata_xml.data or "").strip(), names)


def metadata_words(error: ProviderError) -> str:
    """What is wrong with metadata, and what to do."""
    if error.problem == ProviderProblem.INCOMPLETE:
        return str(
            _("The metadata do not say %(seen)s. Ask the provider for its SAML 2.0 metadata.", seen=error.detail)
        )
    if error.problem == ProviderProblem.NO_KEYS:
        return str(
            _("The metadata have no certificate for signatures that can be read. Ask the provider for them again.")
        )
    return str(
        _("This is not the SAML metadata of one identity provider. They are XML that begins with EntityDescriptor.")
    )


def saml_provider_data(provider: ProviderSettings, saml: SamlSettings) -> dict[str, Any]:
    """What the form shows of a provider with SAML."""
    known = provider_data(provider)
    for name in LEFT_OUT:
        del known[name]
    return known | {
        "metadata_xml": saml.metadata_xml, "subject_attribute": saml.attributes.subject,
        "email_attribute": saml.attributes.email, "name_attribute": saml.attributes.name,
    }  # fmt: skip
