"""The address of the protocol."""

from __future__ import annotations

from posixpath import dirname

from course.web.addresses import public_url_for


def service_address() -> str:
    """The address that an identity provider is given: the one below which those of the protocol stand."""
    return dirname(public_url_for("scim_protocol.service_provider_config"))
