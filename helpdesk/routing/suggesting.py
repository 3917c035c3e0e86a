"""Keeping what the matcher says of a ticket: a decision row with its reasons, and an event."""

from __future__ import annotations

from sqlalchemy import func, select

from helpdesk import clock, outbox
from helpdesk.accounts.models import SYSTEM
from helpdesk.consequences import LATER, SUGGEST
from helpdesk.db import db
from helpdesk.routing.matching import Suggestions, suggestions_for
from helpdesk.routing.models import Decision
from helpdesk.search.index import IndexUnusable
from helpdesk.tickets import events
from helpdesk.tickets.models import Event, Ticket
from helpdesk.tickets.workflow import Kind, State


def wants_suggestions(ticket: Ticket) -> bool:
    """Only a ticket that waits to be routed; one in a restricted circuit is never offered to experts."""
    return ticket.state is State.RECEIVED and not ticket.restricted


def keep(ticket: Ticket, suggestions: Suggestions) -> Decision | None:
    """Store what was said. None, and nothing stored, when the ticket moved on or the last word was the
    same."""
    if not wants_suggestions(ticket) or _says_the_same(ticket, suggestions):
        return None
    first = suggestions.experts[0].person_id if suggestions.experts else None
    decision = Decision(
        ticket_id=ticket.id,
        made_at=clock.now(),
        engine=suggestions.engine,
        mode=str(suggestions.mode),
        suggestions=suggestions.as_document(),
        first_person_id=first,
        probability=suggestions.probability,
    )
    db.session.add(decision)
    db.session.flush()
    events.append(ticket, Kind.SUGGESTED, by=SYSTEM, decision_id=decision.id, mode=str(suggestions.mode))
    return decision


def keep_before_asking(ticket: Ticket) -> None:
    """Store what was on the table when somebody is asked, unless the worker did: the expert reads it as the reason,
    and the next suggestions learn from it. Without a usable index there was nothing on the table; nor in a past that
    is played again, which the matcher would judge by what came later."""
    if outbox.is_of_the_past():
        return
    asked_for = select(func.max(Event.at)).where(
        Event.ticket_id == ticket.id, Event.kind.in_([kind for kind, jobs in LATER.items() if SUGGEST in jobs])
    )
    said = select(Decision.id).where(Decision.ticket_id == ticket.id, Decision.made_at >= asked_for.scalar_subquery())
    if not wants_suggestions(ticket) or db.session.scalar(said.limit(1)) is not None:
        return
    try:
        suggestions = suggestions_for(ticket)
    except IndexUnusable:
        return
    keep(ticket, suggestions)


def _says_the_same(ticket: Ticket, suggestions: Suggestions) -> bool:
    last = db.session.query(Decision).filter_by(ticket_id=ticket.id).order_by(Decision.id.desc()).first()
    if last is None or (last.mode, last.engine) != (suggestions.mode, suggestions.engine):
        return False
    kept = [expert["person"] for expert in last.suggestions["experts"]]
    return kept == [expert.person_id for expert in suggestions.experts]
