"""Who answers which offer, and how they came in: the one thing that differs between the two ways to the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import url_for

from helpdesk.accounts.models import Person
from helpdesk.routing import offering
from helpdesk.routing.models import Offer
from helpdesk.routing.my_offers import offer_for
from helpdesk.tickets.models import Ticket


class LinkOver(Exception):
    """The signed link is not good any more, or never was."""


@dataclass(frozen=True)
class Desk:
    """An offer, the person it was made to, and the secret of the link they came by (None: signed in)."""

    offer: Offer
    by: Person
    secret: str | None = None

    @classmethod
    def of(cls, person: Person, offer_id: int) -> Desk:
        """The desk of somebody signed in. Raises NotFound for what is not theirs."""
        return cls(offer_for(person, offer_id), person)

    @classmethod
    def by_link_of(cls, secret: str) -> Desk:
        """The desk a signed link opens. Raises LinkOver; NotFound when its person may not see the ticket any more."""
        offer = offering.offer_of_link(secret)
        if offer is None:
            raise LinkOver()
        return cls(offer_for(offer.person, offer.id), offer.person, secret)

    def again(self) -> Desk:
        """The same, looked up again: called inside a transaction, so that what is decided upon is not stale."""
        return self.by_link_of(self.secret) if self.secret else self.of(self.by, self.offer.id)

    @property
    def ticket(self) -> Ticket:
        return self.offer.ticket

    @property
    def by_link(self) -> bool:
        return self.secret is not None

    @property
    def must_sign_in(self) -> bool:
        """Whether a link alone is too little: what is sensitive is handed over by somebody who signed in."""
        return self.by_link and bool(self.ticket.sensitivity or self.ticket.restricted)

    def url(self, action: str = "question", **values: Any) -> str:
        """The address of an action on this offer, by the same way in."""
        if self.secret is not None:
            return url_for(f"answer_link.{action}", secret=self.secret, **values)
        return url_for(f"expert.{action}", offer_id=self.offer.id, **values)
