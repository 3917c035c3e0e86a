"""The last door: whatever code adds a publication, the database gets it only for a text that was approved.

Registered with the model itself (see the end of `models`), so no page, call or job can go around it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, event, select

from helpdesk.answers.ledger import require_intact
from helpdesk.answers.models import AnswerKind, AnswerStatus
from helpdesk.publishing.models import Publication
from helpdesk.tickets.models import Event
from helpdesk.tickets.workflow import Kind


class NotApproved(Exception):
    """Somebody tried to record as posted a text that was not approved: a fault of the program, or worse."""


@event.listens_for(Publication, "before_insert")
def _only_what_was_approved(_mapper: Any, connection: Connection, publication: Publication) -> None:
    try:
        version, answer = require_intact(connection, publication.version_id)
    except ValueError as error:
        raise NotApproved(str(error)) from error
    log = Event.__table__
    decision = connection.execute(
        select(log.c.facts)
        .where(log.c.ticket_id == publication.ticket_id, log.c.kind.in_((Kind.APPROVED, Kind.REUSED, Kind.REVERTED)))
        .order_by(log.c.sequence.desc())
        .limit(1)
    ).scalar()
    if decision is None or (decision.get("version_id"), decision.get("seal")) != (version.id, version.hash):
        raise NotApproved(f"the log of ticket {publication.ticket_id} does not approve version {version.id}")
    if (answer.kind, answer.status, answer.visibility) != (AnswerKind.ANSWER, AnswerStatus.IN_FORCE, "public"):
        raise NotApproved(f"official answer {answer.id} is not one that may be posted")


@event.listens_for(Publication, "before_update")
def _never_changed(_mapper: Any, _connection: Connection, _publication: Publication) -> None:
    raise ValueError("a publication is never changed: what was posted was posted")
