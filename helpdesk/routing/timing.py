"""What a changed deadline means for an offer that waits: a follower of `helpdesk.consequences`."""

from __future__ import annotations

from sqlalchemy import update

from helpdesk.db import db
from helpdesk.routing.models import Offer, OfferState
from helpdesk.tickets.models import Event, Ticket
from helpdesk.tickets.workflow import State


def retime_offer(ticket: Ticket, event: Event) -> None:
    """The expert who is asked sees the deadline that the ticket has: they are one."""
    if ticket.state is not State.OFFERED:
        return
    waiting = update(Offer).where(Offer.ticket_id == ticket.id, Offer.state == OfferState.OFFERED)
    db.session.execute(waiting.values(due_at=ticket.due_at))
