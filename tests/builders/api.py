"""A program that speaks to the API with somebody's token."""

from __future__ import annotations

import contextvars
from typing import Any

from flask import Flask, has_app_context
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from helpdesk.accounts.entering import create_token
from helpdesk.accounts.models import SYSTEM, Person, TokenScope
from helpdesk.db import db, transaction

BASE = "/api/v1"


class Program:
    """A client of the API that acts for one person. Paths are given without `/api/v1`."""

    def __init__(self, app: Flask, secret: str | None) -> None:
        self.client = FlaskClient(app, app.response_class, use_cookies=False)
        self.secret = secret

    def get(self, path: str, **query: Any) -> TestResponse:
        return self.send("GET", path, query_string=query)

    def post(self, path: str, body: Any = None, key: str | None = None, **headers: str) -> TestResponse:
        if key is not None:
            headers["Idempotency-Key"] = key
        return self.send("POST", path, json={} if body is None else body, headers=headers)

    def send(self, method: str, path: str, **arguments: Any) -> TestResponse:
        headers = dict(arguments.pop("headers", {}))
        if self.secret is not None:
            headers.setdefault("Authorization", f"Bearer {self.secret}")
        response: TestResponse = contextvars.Context().run(
            self.client.open, BASE + path, method=method, headers=headers, **arguments
        )
        if has_app_context():
            db.session.rollback()  # the test sees what the request wrote
        return response


def a_token(person: Person, scope: TokenScope = TokenScope.FULL) -> str:
    with transaction():
        return create_token(db.session.merge(person), scope, by=SYSTEM)[1]


def a_program(app: Flask, person: Person, scope: TokenScope = TokenScope.FULL) -> Program:
    """A program with a new token of `person`."""
    return Program(app, a_token(person, scope))
