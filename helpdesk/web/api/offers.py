"""What an expert says to an offer."""

from __future__ import annotations

from typing import Any

from helpdesk.accounts.directory import person_with
from helpdesk.db import LARGEST_ID, db
from helpdesk.errors import BadInput, NotFound, Problem
from helpdesk.routing.models import DeclineReason, Offer
from helpdesk.routing.offering import accept, decline
from helpdesk.tickets import seeing
from helpdesk.web.api.authority import actor
from helpdesk.web.api.blueprint import api, described
from helpdesk.web.api.changing import Answer, changing
from helpdesk.web.api.documents import offer_document
from helpdesk.web.api.schemas import DeclineSchema, OfferSchema, VersionedSchema


def the_offer(offer_id: int) -> Offer:
    """An offer of a ticket that the person may see. Raises NotFound."""
    offer = db.session.get(Offer, offer_id) if offer_id <= LARGEST_ID else None
    if offer is None:
        raise NotFound()
    seeing.ticket_for(actor(), offer.ticket.ref)
    return offer


@api.post("/offers/<int:offer_id>/accept")
@api.input(VersionedSchema, arg_name="body")
@api.output(OfferSchema)
@described("Take the question on", 409, 413, 415)
@changing
def accept_offer(offer_id: int, body: dict[str, Any]) -> Answer:
    return offer_document(accept(the_offer(offer_id), by=actor(), version=body.get("version"))), 200


@api.post("/offers/<int:offer_id>/decline")
@api.input(DeclineSchema, arg_name="body")
@api.output(OfferSchema)
@described("Say no, with why and perhaps who instead", 409, 413, 415)
@changing
def decline_offer(offer_id: int, body: dict[str, Any]) -> Answer:
    offer = the_offer(offer_id)
    instead = None
    if body.get("instead"):
        instead = person_with(body["instead"])
        if instead is None:
            raise BadInput([Problem("instead", "unknown_person", {"handle": body["instead"]})])
    declined = decline(
        offer,
        by=actor(),
        reason=DeclineReason(body["reason"]),
        note=body.get("note", ""),
        instead=instead,
        version=body.get("version"),
    )
    return offer_document(declined), 200
