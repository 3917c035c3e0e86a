"""Who an API request acts for: the person of its bearer token, within the token's scope."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

from flask import g, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import Unauthorized, UnsupportedMediaType

from helpdesk import clock
from helpdesk.accounts.entering import token_of
from helpdesk.accounts.models import Person, Token, TokenScope
from helpdesk.db import db, transaction
from helpdesk.errors import NotAllowed
from helpdesk.web.errors import problem

NOTE_USE_EVERY = timedelta(hours=1)  # when a token was last used is worth knowing, not a write per request
INTAKE_ENDPOINTS = frozenset({"api.open_question", "api.me"})


def check() -> ResponseReturnValue | None:
    """Demand a valid token whose scope covers the endpoint. Before every request of the API."""
    scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
    token = token_of(secret.strip()) if scheme.lower() == "bearer" and secret else None
    if token is None:
        response = problem(401, Unauthorized("Send a valid token as `Authorization: Bearer TOKEN`."))
        response.headers["WWW-Authenticate"] = 'Bearer realm="relais"'
        return response
    if token.scope is TokenScope.INTAKE and request.endpoint not in INTAKE_ENDPOINTS:
        raise NotAllowed("token_scope")
    if token.last_used_at is None or clock.now() - token.last_used_at > NOTE_USE_EVERY:
        _note_use(token)
    g.token_person = token.person
    if request.method == "POST" and not request.is_json:
        return problem(415, UnsupportedMediaType("Send the body as JSON, with Content-Type: application/json."))
    return None


def actor() -> Person:
    """The person the request acts for."""
    return cast(Person, g.token_person)


def _note_use(token: Token) -> None:
    with transaction():
        db.session.get_one(Token, token.id).last_used_at = clock.now()
