"""Refusals and faults as pages that say what to do, or as RFC 9457 problems under /api."""

from __future__ import annotations

import logging
from typing import Any

from apiflask.exceptions import HTTPError
from flask import Flask, Response, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.exc import DataError, OperationalError
from werkzeug.exceptions import HTTPException

from helpdesk.db import db
from helpdesk.errors import BadInput, Conflict, NotAllowed, NotFound
from helpdesk.web.wording import refusal, sentence

log = logging.getLogger(__name__)

PAGES = (400, 403, 404, 405, 409, 413, 429, 500, 503)


def prepare(app: Flask) -> None:
    app.register_error_handler(NotFound, lambda error: answer(404, error))
    app.register_error_handler(NotAllowed, lambda error: answer(403, error))
    app.register_error_handler(Conflict, lambda error: answer(409, error))
    app.register_error_handler(BadInput, lambda error: answer(422, error))
    app.register_error_handler(HTTPException, lambda error: answer(error.code or 500, error))
    app.register_error_handler(OperationalError, _database_away)
    app.register_error_handler(DataError, _not_to_be_kept)
    app.register_error_handler(Exception, _fault)


def _database_away(error: OperationalError) -> ResponseReturnValue:
    log.error("the database could not be used", exc_info=error)
    db.session.rollback()
    return answer(503, error)


def _not_to_be_kept(error: DataError) -> ResponseReturnValue:
    """A value that no column can hold, such as a NUL typed into a form: what was sent is wrong, not the program."""
    log.warning("the database refused a value of %s %s: %s", request.method, request.path, error.orig)
    db.session.rollback()
    return answer(400, error)


def _fault(error: Exception) -> ResponseReturnValue:
    log.error("fault while answering %s %s", request.method, request.path, exc_info=error)
    db.session.rollback()
    return answer(500, error)


def answer(status: int, error: Exception) -> ResponseReturnValue:
    """The page or the problem document for `status`."""
    if request.path.startswith("/api/"):
        return problem(status, error)
    page = status if status in PAGES else 400 if status < 500 else 500
    headers = dict(_extra_headers(error))
    return (
        render_template(f"errors/{page}.html", error=error, status=status, explanation=explain(error)),
        status,
        headers,
    )


def _extra_headers(error: Exception) -> list[tuple[str, str]]:
    if isinstance(error, HTTPException):
        return [(name, value) for name, value in error.get_headers() if name in ("Retry-After", "Allow")]
    return []


def explain(error: Exception) -> str:
    """One sentence for the reader, in their language; empty when the status says it all."""
    if isinstance(error, BadInput):
        return " ".join(sentence(item) for item in error.problems)
    if isinstance(error, NotAllowed):
        return refusal(error.code, **error.params)
    if isinstance(error, Conflict) and isinstance(error.what_changed, str):
        return refusal(error.what_changed)
    return ""


def problem(status: int, error: Exception) -> Response:
    """An `application/problem+json` document (RFC 9457)."""
    document: dict[str, Any] = {"type": "about:blank", "title": title(status), "status": status}
    detail = explain(error)
    if isinstance(error, HTTPException) and status < 500 and not detail:
        detail = error.description or ""
    if isinstance(error, HTTPError):
        detail = str(error.message)
        if isinstance(error.detail, dict) and error.detail:
            document["errors"] = [
                {"field": field, "code": "invalid", "detail": " ".join(reasons)}
                for field, reasons in _by_field(next(iter(error.detail.values())))
            ]
    if detail:
        document["detail"] = detail
    if isinstance(error, BadInput):
        document["errors"] = [
            {"field": item.field, "code": item.code, "detail": sentence(item)} for item in error.problems
        ]
    if isinstance(error, Conflict):
        document["what_changed"] = error.what_changed
    if isinstance(error, NotAllowed):
        document["code"] = error.code
    response = jsonify(document)
    response.status_code = status
    response.mimetype = "application/problem+json"
    for name, value in _extra_headers(error):
        response.headers[name] = value
    return response


def title(status: int) -> str:
    titles = {
        400: _("The request cannot be read"),
        401: _("A token is needed"),
        403: _("Not allowed"),
        404: _("Not found"),
        405: _("Not possible here"),
        409: _("Somebody else acted first"),
        413: _("Too large"),
        415: _("Not in a form that can be read"),
        422: _("Something must be corrected"),
        429: _("Too many requests"),
        503: _("Not available for the moment"),
    }
    return str(titles.get(status) or _("Something went wrong"))


def _below(prefix: str, name: Any) -> str:
    """The dotted name of a field; what is wrong with an object as a whole (`_schema`) is said of its own field."""
    if name == "_schema" and prefix:
        return prefix
    return f"{prefix}.{name}" if prefix else str(name)


def _by_field(detail: Any, prefix: str = "") -> list[tuple[str, list[str]]]:
    """What a schema found wrong, as (dotted field, sentences): it nests by object and by position."""
    if isinstance(detail, dict):
        return [found for name, inner in detail.items() for found in _by_field(inner, _below(prefix, name))]
    return [(prefix, [str(reason) for reason in (detail if isinstance(detail, list) else [detail])])]
