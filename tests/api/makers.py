"""Tokens and requests of programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from course.api_tokens.actions import make_token
from course.api_tokens.rules import API_SCOPES
from course.clock import now
from course.context import make_context
from course.people.models import Person, Team
from tests.makers import make_person


def make_owner(session: Session) -> Person:
    return make_person(session, "Ada Vale", "ada@example.org", "administrator")


def token_of(
    session: Session, owner: Person, scopes: Iterable[str] = tuple(API_SCOPES), team: Team | None = None, days: int = 30
) -> str:
    context = make_context(session, owner.id, now())
    last_day = context.today + timedelta(days=days)
    secret = make_token(context, "HR dashboard", tuple(scopes), last_day, team.id if team else None)
    session.commit()
    return secret


class Program:
    """A program with a token."""

    def __init__(self, app: Flask, secret: str) -> None:
        self.client, self.secret = app.test_client(), secret

    def open(
        self, path: str, status: int = 200, method: str = "GET", headers: Mapping[str, str] | None = None
    ) -> TestResponse:
        sent = {"Authorization": f"Bearer {self.secret}", **(headers or {})}
        response = self.client.open(f"/api/v1{path}", method=method, headers=sent)
        assert response.status_code == status, f"{path}: {response.status_code} {response.get_data(as_text=True)[:500]}"
        assert "Set-Cookie" not in response.headers
        return response

    def read(self, path: str, status: int = 200) -> Any:
        return self.open(path, status).get_json(force=True)

    def all(self, path: str, limit: int) -> list[dict[str, Any]]:
        """The rows of all pages."""
        found: list[dict[str, Any]] = []
        more = f"limit={limit}"
        while True:
            answer = self.read(f"{path}{'&' if '?' in path else '?'}{more}")
            assert len(answer["data"]) <= limit
            found += answer["data"]
            if not answer["next_cursor"]:
                return found
            more = f"limit={limit}&cursor={answer['next_cursor']}"
