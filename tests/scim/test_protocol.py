"""The protocol as an independent client checks it, and what it answers to requests that are none."""

from __future__ import annotations

from flask import Flask
from scim2_client.engines.wsgi import WSGISCIMClient
from scim2_tester import Status, check_server
from sqlalchemy.orm import Session

from tests.scim.connected import connect


def test_an_independent_checker_of_the_protocol_finds_nothing(app: Flask, session: Session) -> None:
    provider = connect(app, session)
    token = {"Authorization": f"Bearer {provider.token}"}
    client = WSGISCIMClient(app, base_url="http://localhost/scim/v2", headers=token)
    results = check_server(client)
    assert len(results) > 70
    assert [(one.title, one.resource_type, one.reason) for one in results if one.status is not Status.SUCCESS] == []
