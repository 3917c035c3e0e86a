"""Opening questions."""

from __future__ import annotations

from typing import Any

from helpdesk import clock
from helpdesk.accounts.access import Can
from helpdesk.intake.cleaning import clean
from helpdesk.intake.receiving import receive
from helpdesk.tickets.seeing import ensure_role
from helpdesk.web.api.authority import actor
from helpdesk.web.api.blueprint import api, described
from helpdesk.web.api.changing import Answer, changing
from helpdesk.web.api.documents import ticket_document
from helpdesk.web.api.schemas import OpenedSchema, QuestionSchema

KNOWN: dict[Any, Any] = {
    200: {
        "description": "Known already: the same `(channel, external_id)`; nothing is new",
        "content": {"application/json": {"schema": OpenedSchema}},
    }
}


@api.post("/questions")
@api.input(QuestionSchema, arg_name="body")
@api.output(OpenedSchema, status_code=201, description="A ticket was opened")
@described("Open a ticket for a question", 413, 415)
@api.doc(responses=KNOWN)
@changing
def open_question(body: dict[str, Any]) -> Answer:
    """The same `(channel, external_id)` again answers 200 with the same ids and changes nothing."""
    ensure_role(actor(), Can.INTAKE)
    received = receive(clean(**body, now=clock.now()), by=actor(), origin="api")
    document = {"id": received.question_id, "ticket": ticket_document(received.ticket)}
    return document, 201 if received.is_new else 200
