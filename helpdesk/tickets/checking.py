"""Whether a ticket's log is whole: no gap, no break in the chain, and the ticket is where its log leads."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from helpdesk.db import db
from helpdesk.tickets.events import event_hash
from helpdesk.tickets.models import Event, Ticket
from helpdesk.tickets.workflow import NotPossible, State, next_state


def log_fault(ticket: Ticket, log: Sequence[Event]) -> tuple[str, Event | None] | None:
    """The first thing wrong with a ticket and its log, as a code with the event it is about; None when all is well.

    Codes, in the order they are looked for: sequence, chain, hash, move (the workflow has no such move), then of the
    ticket itself: state, version, last_hash. `log` is the ticket's events in sequence.
    """
    state: State | None = None
    previous = ""
    for number, event in enumerate(log, start=1):
        if event.sequence != number:
            return "sequence", event
        if event.previous_hash != previous:
            return "chain", event
        if event.hash != event_hash(event):
            return "hash", event
        try:
            state = next_state(state, event.kind)
        except NotPossible:
            return "move", event
        previous = event.hash
    wrong = [
        name
        for name, found, expected in (
            ("state", ticket.state, state),
            ("version", ticket.version, len(log)),
            ("last_hash", ticket.last_hash, previous),
        )
        if found != expected
    ]
    return (wrong[0], None) if wrong else None


def fresh_log(ticket: Ticket) -> Sequence[Event]:
    """The ticket's events as the database has them now, past what the session remembers."""
    return db.session.scalars(
        select(Event)
        .where(Event.ticket_id == ticket.id)
        .order_by(Event.sequence)
        .execution_options(populate_existing=True)
    ).all()
