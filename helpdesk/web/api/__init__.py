"""The HTTP API: `/api/v1`, described by `/api/v1/openapi.json`.

A token acts with its person's roles. Every change runs in one transaction together with its Idempotency-Key.
"""

from __future__ import annotations

from typing import Any

from flask import Flask, current_app, jsonify
from flask.typing import ResponseReturnValue

from helpdesk.web.api import answers, authority, lists, matches, merges, offers, questions, reports, tickets
from helpdesk.web.api.blueprint import api
from helpdesk.web.api.changing import LONGEST_KEY
from helpdesk.web.errors import problem
from helpdesk.web.protection import csrf

CHANGE_NOTHING = frozenset({"/api/v1/match"})
KEY: dict[str, Any] = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[!-~]([ -~]*[!-~])?$"},
    "description": "The same request with the same key again is done once, and answered the same",
}

__all__ = ["answers", "lists", "matches", "merges", "offers", "prepare", "questions", "reports", "tickets"]


api.before_request(authority.check)
csrf.exempt(api)


def prepare(app: Flask) -> None:
    """Register the API and its description."""
    app.config.update(
        OPENAPI_VERSION="3.1.0",
        AUTO_404_RESPONSE=False,
        AUTO_VALIDATION_ERROR_RESPONSE=False,
        AUTO_AUTH_ERROR_RESPONSE=False,
        AUTO_TAGS=False,
        INFO={"description": "Opens questions, reads tickets and acts on them with the roles of the token's person."},
        SECURITY_SCHEMES={"token": {"type": "http", "scheme": "bearer"}},
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the order of the documents is the readers'
    # Set directly: `error_processor()` would also take the pages' errors over, and answer them with JSON.
    app.error_callback = lambda error: problem(error.status_code, error)  # type: ignore[attr-defined]
    for blueprint in app.blueprints.values():
        blueprint.enable_openapi = False  # type: ignore[attr-defined]  # pages are no part of the description
    app.register_blueprint(api)
    app.spec_processor(with_keys)  # type: ignore[attr-defined]
    app.add_url_rule("/api/v1/openapi.json", "openapi", app.doc(hide=True)(description))  # type: ignore[attr-defined]


def with_keys(spec: dict[str, Any]) -> dict[str, Any]:
    """The description, in which every call that changes something takes an Idempotency-Key."""
    for path, operations in spec["paths"].items():
        if "post" in operations and path not in CHANGE_NOTHING:
            operations["post"].setdefault("parameters", []).append(KEY)
    return spec


def description() -> ResponseReturnValue:
    """The OpenAPI document, public like any documentation."""
    return jsonify(current_app.spec)  # type: ignore[attr-defined]
