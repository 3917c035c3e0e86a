"""Who an API request acts for: the person of its bearer token, within the token's scope."""

from __future__ import annotations

from datetime import timedelta

from flask import g, request
from flask.typing import ResponseReturnValue
from sqlalchemy import bindparam, inspect, select
from sqlalchemy.orm import joinedload, lazyload
from werkzeug.exceptions import BadRequest, Unauthorized, UnsupportedMediaType

from helpdesk import clock
from helpdesk.accounts.entering import Bearer, bearer_of
from helpdesk.accounts.models import Person, Token, TokenScope
from helpdesk.db import db, transaction
from helpdesk.errors import NotAllowed
from helpdesk.web.errors import problem

NOTE_USE_EVERY = timedelta(hours=1)  # when a token was last used is worth knowing, not a write per request
_PERSON = (
    select(Person)
    .where(Person.id == bindparam("person_id"))
    .options(joinedload(Person.role_rows), lazyload(Person.department))
)
INTAKE_ENDPOINTS = frozenset({"api.open_question", "api.me"})


def check() -> ResponseReturnValue | None:
    """Demand a valid token whose scope covers the endpoint. Before every request of the API."""
    scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
    bearer = bearer_of(secret.strip()) if scheme.lower() == "bearer" and secret else None
    if bearer is None:
        response = problem(401, Unauthorized("Send a valid token as `Authorization: Bearer TOKEN`."))
        response.headers["WWW-Authenticate"] = 'Bearer realm="relais"'
        return response
    if bearer.scope is TokenScope.INTAKE and request.endpoint not in INTAKE_ENDPOINTS:
        raise NotAllowed("token_scope")
    if bearer.last_used_at is None or clock.now() - bearer.last_used_at > NOTE_USE_EVERY:
        _note_use(bearer)
    g.bearer = bearer
    return _unreadable() if request.method == "POST" else None


def _unreadable() -> ResponseReturnValue | None:
    """Refuse a body that is not JSON. None at all is an empty object: accepting an offer needs no more."""
    if not request.is_json:
        if not request.get_data():
            return None
        return problem(415, UnsupportedMediaType("Send the body as JSON, with Content-Type: application/json."))
    try:
        request.get_json()
    except RecursionError:
        return problem(400, BadRequest("This JSON is nested too deeply."))
    return None


def actor() -> Person:
    """The person the request acts for, as they are in the present transaction, with their roles."""
    held: Person | None = g.get("token_person")
    if held is None or inspect(held).expired:  # not read yet, or read in an earlier transaction
        held = db.session.scalars(_PERSON, {"person_id": g.bearer.person_id}).unique().one()
        g.token_person = held
    return held


def _note_use(bearer: Bearer) -> None:
    with transaction():
        db.session.get_one(Token, bearer.token_id).last_used_at = clock.now()
