"""What one expert has been asked: their own offers, and why each came to them. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import aliased, contains_eager

from helpdesk.accounts.access import Can
from helpdesk.accounts.models import Person
from helpdesk.db import LARGEST_ID, db
from helpdesk.errors import NotFound
from helpdesk.routing.models import Decision, Offer, OfferState
from helpdesk.routing.reasons import Reason, ReasonKind
from helpdesk.tickets import seeing
from helpdesk.tickets.models import Event, Ticket
from helpdesk.tickets.workflow import Kind, State

MOST_DONE = 20
MOST_OPEN = 200


@dataclass(frozen=True)
class MyOffers:
    """The offers of one person, by what they have to do about them; the oldest first, what is done newest first."""

    to_accept: list[Offer] = field(default_factory=list)
    returned: list[Offer] = field(default_factory=list)  # came back from an approver with a comment
    answering: list[Offer] = field(default_factory=list)
    handed_over: list[Offer] = field(default_factory=list)  # with an approver, or about to be published
    done: list[Offer] = field(default_factory=list)


def my_offers(person: Person) -> MyOffers:
    """What `person` was asked, as far as they may still see it."""
    mine = MyOffers(done=_done(person))
    offers = _open(person)
    returned = _returned([offer.ticket_id for offer in offers if offer.ticket.state is State.ANSWERING])
    for offer in offers:
        if offer.state is OfferState.OFFERED and offer.ticket.state is State.OFFERED:
            mine.to_accept.append(offer)
        elif offer.state is OfferState.ACCEPTED and offer.ticket.state is State.ANSWERING:
            (mine.returned if offer.ticket_id in returned else mine.answering).append(offer)
        elif offer.state is OfferState.ACCEPTED and offer.ticket.state in (State.VALIDATING, State.READY):
            mine.handed_over.append(offer)
    return mine


def waiting_count(person: Person) -> int:
    """How many questions wait for `person`: to say yes or no to, or to answer; counted up to MOST_OPEN."""
    mine = aliased(Offer)
    to_accept = and_(mine.state == OfferState.OFFERED, Ticket.state == State.OFFERED)
    to_answer = and_(mine.state == OfferState.ACCEPTED, Ticket.state == State.ANSWERING)
    some = select(mine.id).join(Ticket, Ticket.id == mine.ticket_id).where(mine.person_id == person.id)
    some = some.where(or_(to_accept, to_answer), seeing.visible_to(person)).limit(MOST_OPEN)
    return db.session.scalar(select(func.count()).select_from(some.subquery())) or 0


def offer_for(person: Person, offer_id: int) -> Offer:
    """The offer with this id, if it is `person`'s and they may see its ticket. Raises NotFound."""
    offer = db.session.get(Offer, offer_id) if 0 < offer_id <= LARGEST_ID else None
    if offer is None or offer.person_id != person.id or not seeing.may(person, Can.SEE_TICKET, offer.ticket):
        raise NotFound()
    return offer


def reasons_of(offer: Offer) -> list[Reason]:
    """What the matcher said for this person before they were asked; empty when somebody else's idea it was."""
    decision = _decision_before(offer)
    experts = decision.suggestions.get("experts", []) if decision else []
    kept: list[dict[str, Any]] = next(
        (each.get("reasons", []) for each in experts if each.get("person") == offer.person_id), []
    )
    return [_reason(each) for each in kept]


def proposals_of(offer: Offer) -> list[Offer]:
    """Earlier offers of the same ticket whose expert named this person instead, the last first."""
    query = select(Offer).where(
        Offer.ticket_id == offer.ticket_id, Offer.instead_id == offer.person_id, Offer.id < offer.id
    )
    return list(db.session.scalars(query.order_by(Offer.id.desc()).limit(3)))


def others_suggested(offer: Offer) -> list[int]:
    """The ids of the other experts that the matcher suggested for this ticket, best first."""
    decision = _decision_before(offer)
    experts = decision.suggestions.get("experts", []) if decision else []
    return [each["person"] for each in experts if each.get("person") not in (None, offer.person_id)]


def _decision_before(offer: Offer) -> Decision | None:
    """What the matcher said last before the offer was made."""
    query = select(Decision).where(Decision.ticket_id == offer.ticket_id, Decision.made_at <= offer.offered_at)
    return db.session.scalar(query.order_by(Decision.id.desc()).limit(1))


def _reason(document: Mapping[str, Any]) -> Reason:
    return Reason(ReasonKind(document["kind"]), {name: document[name] for name in document if name != "kind"})


def _open(person: Person) -> list[Offer]:
    mine = aliased(Offer)  # what a person may see looks at offers too
    query = _of(person, mine).where(mine.state.in_((OfferState.OFFERED, OfferState.ACCEPTED)))
    return list(db.session.scalars(query.order_by(mine.offered_at, mine.id).limit(MOST_OPEN)))


def _done(person: Person) -> list[Offer]:
    mine = aliased(Offer)
    query = _of(person, mine).where(mine.state == OfferState.DONE)
    return list(db.session.scalars(query.order_by(mine.offered_at.desc(), mine.id.desc()).limit(MOST_DONE)))


def _of(person: Person, mine: type[Offer]) -> Select[Any]:
    return (
        select(mine)
        .join(Ticket, Ticket.id == mine.ticket_id)
        .where(mine.person_id == person.id, seeing.visible_to(person))
        .options(contains_eager(mine.ticket))
    )


def _returned(ticket_ids: list[int]) -> set[int]:
    """Of tickets that are being answered, those that an approver has returned: nothing else leads back there."""
    if not ticket_ids:
        return set()
    query = select(Event.ticket_id).where(Event.ticket_id.in_(ticket_ids), Event.kind == Kind.RETURNED)
    return set(db.session.scalars(query.distinct()))
