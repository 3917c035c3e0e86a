"""Suggesting who could answer, and learning from what became of it."""

from __future__ import annotations

from helpdesk import outbox
from helpdesk.accounts.models import SYSTEM, Person
from helpdesk.db import db, transaction
from helpdesk.outbox import OutboxRow
from helpdesk.routing import learning, matching, offering, suggesting, training
from helpdesk.routing.confidence import Mode
from helpdesk.search.access import the_index
from helpdesk.search.following import knows_everybody
from helpdesk.tickets.models import Event, Ticket


class IndexBehind(Exception):
    """People, topics or answers changed and the index has not read it yet: the job is tried again."""


def suggest(row: OutboxRow) -> None:
    """Keep who could answer the event's ticket; in automatic mode, ask them."""
    event = db.session.get(Event, row.payload["event_id"])
    if event is None:
        raise outbox.Permanent(f"there is no event {row.payload['event_id']}")
    ticket = event.ticket
    if not suggesting.wants_suggestions(ticket):
        return
    if not knows_everybody(the_index()):
        raise IndexBehind
    suggestions = matching.suggestions_for(ticket)
    with transaction() as session:
        ticket = session.get_one(Ticket, ticket.id)
        decision = suggesting.keep(ticket, suggestions)
        if decision is not None and suggestions.mode is Mode.AUTOMATIC:
            expert = session.get_one(Person, suggestions.experts[0].person_id)
            offering.offer(ticket, expert, by=SYSTEM, mode=str(Mode.AUTOMATIC))
        outbox.finish(row)


def train() -> int:
    """Teach this machine's matcher what was decided since. Returns how many questions it knows."""
    return training.keep_up(the_index())


def learn(row: OutboxRow) -> None:
    """Take in what the event says of the suggestion made for its ticket."""
    with transaction() as session:
        event = session.get(Event, row.payload["event_id"])
        if event is None:
            raise outbox.Permanent(f"there is no event {row.payload['event_id']}")
        learning.note(event)
        outbox.finish(row)
