"""The blueprint all API modules share, and how an operation describes its refusals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apiflask import APIBlueprint

from helpdesk.web.api.schemas import ProblemSchema

api = APIBlueprint("api", __name__, url_prefix="/api/v1")

REFUSALS = {
    400: "The request cannot be read",
    401: "A valid token is needed",
    403: "The token's person may not do this",
    404: "There is no such thing, or none that the token's person may see",
    409: "Somebody else acted first; `what_changed` says what they did",
    413: "The body is too large",
    415: "The body is not JSON",
    422: "Something must be corrected; `errors` says what",
    429: "Too many requests",
    503: "The search index cannot be used just now",
}


def described(summary: str, *refusals: int) -> Callable[[Any], Any]:
    """Describe an operation: its summary, the token it needs and the refusals it may answer with."""
    responses: dict[Any, Any] = {
        code: {
            "description": REFUSALS[code],
            "content": {"application/problem+json": {"schema": ProblemSchema}},
        }
        for code in sorted({400, 401, 403, 404, 422, *refusals})
    }
    return api.doc(summary=summary, security="token", responses=responses)
