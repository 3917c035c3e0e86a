"""Suggestions that were made, what was done with them and what became of it, at times of one's choosing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from builders.answers import an_approver, at
from builders.offers import a_draft, a_manager, a_question
from helpdesk.accounts.models import Person
from helpdesk.answers import approving, writing
from helpdesk.db import transaction
from helpdesk.publishing import posting
from helpdesk.routing import learning, offering, suggesting
from helpdesk.routing.matching import suggestions_for
from helpdesk.routing.models import Decision, Offer, OfferState
from helpdesk.search import following
from helpdesk.search.access import the_index
from helpdesk.tickets.models import Event, Ticket
from helpdesk.tickets.workflow import Kind
from people import a_channel


def a_decision(made_at: datetime, probability: float, right: bool | None = None, **fields: Any) -> Decision:
    """Suggestions made for a question of their own; with `right`, somebody was asked and it was decided."""
    ticket = fields.pop("ticket", None) or a_question()
    fields.setdefault("mode", "propose")
    if right is not None:
        fields.setdefault("chosen_at", made_at)
    with transaction() as session:
        decision = Decision(
            ticket_id=ticket.id,
            made_at=made_at,
            engine="test",
            suggestions={"raw": probability, "experts": []},
            probability=probability,
            right=right,
            **fields,
        )
        session.add(decision)
    return decision


def an_offer_then(ticket: Ticket, person: Person, offered_at: datetime, state: OfferState) -> Offer:
    """An offer as it stands in the table, whatever the log says."""
    with transaction() as session:
        offer = Offer(ticket_id=ticket.id, person_id=person.id, state=state, offered_at=offered_at)
        session.add(offer)
    return offer


def an_answered_question(text: str, expert: Person, when: datetime, monkeypatch: Any) -> Ticket:
    """Asked at `when`, suggested, offered to `expert`, answered and published within the hour, indexed and learned."""
    at(monkeypatch, when)
    channel = a_channel("forum", "discourse", account="forum.example.org")
    ticket = a_question(text, channel=channel)
    manager = a_manager()
    following.follow(the_index())
    with transaction():
        suggesting.keep(ticket, suggestions_for(ticket))
    with transaction():
        offer = offering.offer(ticket, expert, by=manager)
    with transaction():
        offering.accept(offer, by=expert)
    draft = a_draft(offer, f"Voici la réponse : {text}")
    with transaction():
        writing.submit(ticket, draft.revision, by=expert)
    at(monkeypatch, when + timedelta(minutes=30))
    with transaction():
        approving.approve(ticket, draft.revision, by=an_approver(department=expert.department))
    with transaction():
        posting.publish(ticket, by=manager, url=f"https://forum.example.org/t/{ticket.id}/2")
    published = next(event for event in ticket.events if event.kind is Kind.PUBLISHED)
    with transaction() as session:
        learning.note(session.get_one(Event, published.id))
    following.follow(the_index())
    return ticket
