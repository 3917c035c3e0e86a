"""What becomes of offers when their ticket leaves the normal path: a follower of `helpdesk.consequences`."""

from __future__ import annotations

from sqlalchemy import select

from helpdesk.accounts import entering
from helpdesk.accounts.models import LinkPurpose
from helpdesk.db import db
from helpdesk.routing.models import Offer, OfferState
from helpdesk.tickets.models import Event, Ticket

OPEN_OFFERS = (OfferState.OFFERED, OfferState.ACCEPTED)


def finish_offers(ticket: Ticket, event: Event) -> None:
    """The answer is out: the offer that led to it is done, and its links end. When it was accepted stays known."""
    held = select(Offer).where(Offer.ticket_id == ticket.id, Offer.state == OfferState.ACCEPTED)
    for offer in db.session.scalars(held):
        offer.state = OfferState.DONE
        entering.revoke_links(LinkPurpose.OFFER, offer.id)


def end_offers(ticket: Ticket, event: Event) -> None:
    """Withdraw the offers of `ticket` that are still open and end their links: `event` made them pointless.

    The event itself (closed, merged, escalated) tells why, so no event is added.
    """
    open_offers = select(Offer).where(Offer.ticket_id == ticket.id, Offer.state.in_(OPEN_OFFERS))
    for offer in db.session.scalars(open_offers):
        offer.state = OfferState.WITHDRAWN
        offer.answered_at = event.recorded_at
        entering.revoke_links(LinkPurpose.OFFER, offer.id)
