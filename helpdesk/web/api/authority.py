"""Who an API request acts for: the person of its bearer token, within the token's scope.

Two looks: `check` at the door, which may go by what was true a moment ago, and `actor` inside the request's own
transaction, which holds only what is true now. A connector sends thousands of requests with one token.
"""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta

from flask import Response, abort, g, request
from flask.typing import ResponseReturnValue
from sqlalchemy import bindparam, inspect, select
from sqlalchemy.orm import joinedload, lazyload
from werkzeug.exceptions import BadRequest, Unauthorized, UnsupportedMediaType

from helpdesk import clock
from helpdesk.accounts.entering import Bearer, bearer_of, digest, principal_of
from helpdesk.accounts.models import Person, Principal, Token, TokenScope
from helpdesk.db import db, transaction
from helpdesk.errors import NotAllowed
from helpdesk.web.errors import problem

NOTE_USE_EVERY = timedelta(hours=1)  # when a token was last used is worth knowing, not a write per request
_PERSON = (
    select(Person)
    .join(Token, Token.person_id == Person.id)
    .where(Token.id == bindparam("token_id"), Token.revoked_at.is_(None), Person.active)
    .options(joinedload(Person.role_rows), lazyload(Person.department))
)
INTAKE_ENDPOINTS = frozenset({"api.open_question", "api.me"})
REMEMBERED = 2.0  # seconds for which the door goes by what it saw
_MOST_REMEMBERED = 1_000
_seen: dict[str, tuple[Bearer, float]] = {}  # by digest: secrets stay out of memory


def check() -> ResponseReturnValue | None:
    """Demand a valid token whose scope covers the endpoint. Before every request of the API."""
    scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
    bearer = _bearer_at_the_door(secret.strip()) if scheme.lower() == "bearer" and secret else None
    if bearer is None:
        return _unauthorized()
    if bearer.scope is TokenScope.INTAKE and request.endpoint not in INTAKE_ENDPOINTS:
        raise NotAllowed("token_scope")
    g.bearer = bearer
    return _unreadable() if request.method == "POST" else None


def _bearer_at_the_door(secret: str) -> Bearer | None:
    key = digest(secret)
    bearer, until = _seen.get(key, (None, 0.0))
    if bearer is not None and time.monotonic() < until:
        return bearer
    bearer = bearer_of(secret)
    if bearer is None:
        return None
    if bearer.last_used_at is None or clock.now() - bearer.last_used_at > NOTE_USE_EVERY:
        bearer = _note_use(bearer)
    if len(_seen) >= _MOST_REMEMBERED:
        _seen.clear()
    _seen[key] = (bearer, time.monotonic() + REMEMBERED)
    return bearer


def _unauthorized() -> Response:
    response = problem(401, Unauthorized("Send a valid token as `Authorization: Bearer TOKEN`."))
    response.headers["WWW-Authenticate"] = 'Bearer realm="relais"'
    return response


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
    """The person the request acts for, as they are in the present transaction, with their roles.

    Ends the request with 401 when the token was revoked, or its person left, since it came in.
    """
    held: Person | None = g.get("token_person")
    if held is None or inspect(held).expired:  # not read yet, or read in an earlier transaction
        held = db.session.scalars(_PERSON, {"token_id": g.bearer.token_id}).unique().one_or_none()
        if held is None:
            abort(_unauthorized())
        g.token_person = held
    return held


def principal() -> Principal:
    """As `actor`, for a verb that only asks who it is and what they may do: a tenth of the cost of the row."""
    found = principal_of(g.bearer.token_id)
    if found is None:
        abort(_unauthorized())
    return found


def _note_use(bearer: Bearer) -> Bearer:
    now = clock.now()
    with transaction():
        db.session.get_one(Token, bearer.token_id).last_used_at = now
    return replace(bearer, last_used_at=now)
