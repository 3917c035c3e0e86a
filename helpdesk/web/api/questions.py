"""Opening questions."""

from __future__ import annotations

from typing import Any

from helpdesk import clock
from helpdesk.intake.cleaning import Submission, clean
from helpdesk.intake.receiving import receive
from helpdesk.web.api.authority import principal
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
def open_question(body: dict[str, Any]) -> Answer:
    """The same `(channel, external_id)` again answers 200 with the same ids and changes nothing."""
    return _take_in(clean(**body, now=clock.now()))  # read before the transaction: others wait for that one


@changing
def _take_in(submission: Submission) -> Answer:
    received = receive(submission, by=principal(), origin="api")
    document = {"id": received.question_id, "ticket": ticket_document(received.opened or received.ticket)}
    return document, 201 if received.is_new else 200
