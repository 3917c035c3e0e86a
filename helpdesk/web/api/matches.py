"""Matching a text that is not stored, and what is said while the index cannot be used."""

from __future__ import annotations

from typing import Any

from flask import Response
from werkzeug.exceptions import ServiceUnavailable

from helpdesk.accounts.access import Can
from helpdesk.routing.matching import suggestions_for_text
from helpdesk.search.index import IndexUnusable
from helpdesk.tickets.seeing import ensure_role
from helpdesk.web.api.authority import actor
from helpdesk.web.api.blueprint import api, described
from helpdesk.web.api.schemas import MatchInSchema, SuggestionsSchema
from helpdesk.web.errors import problem
from helpdesk.web.suggested import suggestions_document


@api.post("/match")
@api.input(MatchInSchema, arg_name="body")
@api.output(SuggestionsSchema)
@described("Who could answer a text; nothing is stored", 413, 415, 503)
def match(body: dict[str, Any]) -> Any:
    ensure_role(actor(), Can.SEE_OFFICIAL_ANSWERS)
    try:
        return suggestions_document(suggestions_for_text(body["text"], body.get("language")), actor())
    except IndexUnusable as error:
        return unavailable(error)


def unavailable(error: IndexUnusable) -> Response:
    return problem(503, ServiceUnavailable("The search index is being rebuilt; try again in a minute."))
