"""Back to validation: a text that was right when it was approved, and may no longer be posted."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from helpdesk import clock
from helpdesk.accounts.access import Can, Role
from helpdesk.accounts.models import Person
from helpdesk.answers.approving import digest_of
from helpdesk.answers.models import AnswerVersion, Draft
from helpdesk.db import db
from helpdesk.errors import NotAllowed, NotFound
from helpdesk.tickets import events, seeing
from helpdesk.tickets.models import Event, Ticket
from helpdesk.tickets.workflow import Kind, State

# The refusals after which the ticket goes back; a broken log is for the administrator, and can't be trusted to go on.
GO_BACK = frozenset(
    {"altered", "approved_by_author", "withdrawn", "superseded", "internal", "holding_needs_variables", "expired"}
)


def refused(ticket: Ticket, refusal: str, *, by: Person) -> NotAllowed:
    """The refusal to publish; it leaves the ticket back in validation when its text can no longer be posted."""
    error = NotAllowed(f"publish_{refusal}")
    if refusal in GO_BACK:
        ticket_id, person_id, seen = ticket.id, by.id, ticket.version
        error.leaving(lambda: _revert_after(ticket_id, person_id, seen, refusal))
    return error


def _revert_after(ticket_id: int, person_id: int, seen: int, refusal: str) -> None:
    """Revert unless somebody acted since the refusal: what they did is then what counts."""
    ticket, person = db.session.get_one(Ticket, ticket_id), db.session.get_one(Person, person_id)
    if ticket.version != seen or ticket.state is not State.READY:
        return
    try:
        role = seeing.ensure(person, Can.PUBLISH, ticket)
    except (NotAllowed, NotFound):
        return
    revert(ticket, refusal, by=person, role=role)


def revert(ticket: Ticket, refusal: str, *, by: Person, role: Role) -> Event:
    """Send the text back. One that was reused has no draft here: it gets one, in its author's name, to work from."""
    decision = db.session.scalar(
        select(Event)
        .where(Event.ticket_id == ticket.id, Event.kind.in_((Kind.APPROVED, Kind.REUSED)))
        .order_by(Event.sequence.desc())
        .limit(1)
    )
    facts: dict[str, Any] = {}
    if decision is not None:
        version = db.session.get(AnswerVersion, decision.facts["version_id"])
        facts["version_id"] = decision.facts["version_id"]
        if decision.kind is Kind.REUSED and version is not None:
            draft = _draft_from(ticket, version)
            facts |= {"draft_id": draft.id, "revision": draft.revision, "digest": draft.digest}
    ticket.holder = None
    return events.append(ticket, Kind.REVERTED, by=by, role=role, reason=refusal, **facts)


def _draft_from(ticket: Ticket, version: AnswerVersion) -> Draft:
    last = db.session.scalar(select(func.max(Draft.revision)).where(Draft.ticket_id == ticket.id)) or 0
    draft = Draft(
        ticket_id=ticket.id,
        revision=last + 1,
        author_id=version.author_id,
        title=version.title,
        body=version.body,
        short=version.short,
        sources=version.sources,
        language=version.official_answer.language,
        review_by=version.review_by,
        own_knowledge=not version.sources,
        created_at=clock.now(),
        from_version_id=version.id,
    )
    draft.digest = digest_of(draft)
    db.session.add(draft)
    db.session.flush()
    return draft
