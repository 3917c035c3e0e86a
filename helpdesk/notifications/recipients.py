"""Who is told of an event, and by which letter. Reads only.

Nobody is told of what they did themselves, nor of a ticket that is not (or no longer) for their eyes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlalchemy import select

from helpdesk import clock
from helpdesk.accounts.access import Can, Role
from helpdesk.accounts.models import Person, PersonRole
from helpdesk.answers.models import AnswerStatus, AnswerVersion, Draft
from helpdesk.db import db
from helpdesk.notifications.models import LetterKind
from helpdesk.publishing.following import LONGEST_CHAIN
from helpdesk.routing.models import Offer, OfferState
from helpdesk.tickets import approvers, seeing
from helpdesk.tickets.models import Asker, Event, Ticket, TicketNamed
from helpdesk.tickets.workflow import Kind, State

WROTE_TO_US = frozenset({"form", "api"})  # who came by another door did not expect a receipt from us


@dataclass(frozen=True)
class Recipient:
    """Somebody who gets a letter: a person inside, or whoever asked. `ticket` is the one they know of."""

    kind: LetterKind
    event: Event
    ticket: Ticket
    person: Person | None = None
    asker: Asker | None = None
    offer: Offer | None = None

    @property
    def key(self) -> str:
        """The name of the letter: planned again, it is the same letter."""
        who = f"person-{self.person.id}" if self.person else f"asker-{self.asker.id if self.asker else 0}"
        return f"{self.event.id}:{self.kind}:{who}"

    @property
    def address(self) -> str | None:
        """Where they get letters; None: they left no address."""
        if self.person is not None:
            return self.person.email
        return self.asker.identity.email if self.asker and self.asker.identity else None


def recipients_of(event: Event) -> list[Recipient]:
    """Who is to be told of `event`, each once; also those without an address."""
    rule = RULES.get(event.kind)
    found: dict[str, Recipient] = {}
    for recipient in rule(event) if rule else []:
        person = recipient.person
        if person is None or (person.active and person.id != event.actor_id):
            found.setdefault(recipient.key, recipient)
    return list(found.values())


# --- whoever asked ----------------------------------------------------------------------------------------------------


def _received(event: Event) -> list[Recipient]:
    if event.facts.get("origin") not in WROTE_TO_US:
        return []
    return _askers(LetterKind.RECEIVED, event, [event.ticket])


def _detail_wanted(event: Event) -> list[Recipient]:
    if not event.ticket.waiting_for_asker:
        return []
    return _askers(LetterKind.DETAIL_WANTED, event, [event.ticket])


def _askers(kind: LetterKind, event: Event, tickets: Iterable[Ticket]) -> list[Recipient]:
    """Those who asked, with an address; each with the ticket by which they follow their question."""
    askers = [
        (ticket, question.asker) for ticket in tickets for question in ticket.questions if question.asker is not None
    ]
    return [
        Recipient(kind, event, ticket, asker=asker)
        for ticket, asker in askers
        if asker.identity is not None and asker.identity.email
    ]


def _with_merged(ticket: Ticket) -> list[Ticket]:
    """`ticket`, and those whose askers were promised its answer."""
    found, newest = [ticket], [ticket.id]
    for _step in range(LONGEST_CHAIN):
        merged = db.session.scalars(select(Ticket).where(Ticket.merged_into_id.in_(newest)).order_by(Ticket.id)).all()
        if not merged:
            break
        found += merged
        newest = [each.id for each in merged]
    return found


# --- experts ----------------------------------------------------------------------------------------------------------


def _offered(event: Event) -> list[Recipient]:
    offer = _offer(event)
    if offer.state is not OfferState.OFFERED:
        return []
    return [Recipient(LetterKind.OFFER, event, event.ticket, person=offer.person, offer=offer)]


def _withdrawn(event: Event) -> list[Recipient]:
    offer = _offer(event)
    return [Recipient(LetterKind.WITHDRAWN, event, event.ticket, person=offer.person, offer=offer)]


def _ended(event: Event) -> list[Recipient]:
    """The experts whose offers ended because the ticket left the normal path (see `routing.ending`)."""
    ended = select(Offer).where(
        Offer.ticket_id == event.ticket_id,
        Offer.state == OfferState.WITHDRAWN,
        Offer.answered_at == event.recorded_at,
    )
    return [
        Recipient(LetterKind.WITHDRAWN, event, event.ticket, person=offer.person, offer=offer)
        for offer in db.session.scalars(ended.order_by(Offer.id))
    ]


def _escalated(event: Event) -> list[Recipient]:
    named = select(Person).join(TicketNamed, TicketNamed.person_id == Person.id)
    people = db.session.scalars(named.where(TicketNamed.ticket_id == event.ticket_id).order_by(Person.id))
    return [*_people(LetterKind.ESCALATED, event, people), *_ended(event)]


# --- the desk ---------------------------------------------------------------------------------------------------------


def _declined(event: Event) -> list[Recipient]:
    offer = _offer(event)
    desk = _desk(event, Can.OFFER, offer.offered_by, event.ticket.claimed_by)
    return _people(LetterKind.DECLINED, event, desk, offer)


def _redirected(event: Event) -> list[Recipient]:
    offer, ticket = _offer(event), event.ticket
    people = _desk(event, Can.OFFER, offer.offered_by, ticket.claimed_by)
    if event.facts.get("reason") and ticket.department is not None and ticket.department.head is not None:
        people.append(ticket.department.head)  # passed on too often
    return _people(LetterKind.REDIRECTED, event, people, offer)


def _ready(event: Event) -> list[Recipient]:
    if event.ticket.state is not State.READY:
        return []
    return _people(LetterKind.READY, event, _desk(event, Can.PUBLISH, event.ticket.claimed_by))


def _replied(event: Event) -> list[Recipient]:
    holder = [event.ticket.holder] if event.ticket.holder else []
    desk = _desk(event, Can.ASK_CLARIFICATION, event.ticket.claimed_by)
    return _people(LetterKind.REPLIED, event, [*holder, *desk])


def _desk(event: Event, can: Can, *first: Person | None) -> list[Person]:
    """Who goes on with the ticket: the first of `first` who may and is there, else every community manager."""
    now = clock.now()
    for person in first:
        if person is not None and person.absence_at(now) is None and seeing.may(person, can, event.ticket):
            return [person]
    managers = select(Person).join(PersonRole).where(PersonRole.role == Role.COMMUNITY_MANAGER, Person.active)
    return [
        person for person in db.session.scalars(managers.order_by(Person.id)) if seeing.may(person, can, event.ticket)
    ]


# --- approvers and authors --------------------------------------------------------------------------------------------


def _to_approve(event: Event) -> list[Recipient]:
    return _approvers(LetterKind.TO_APPROVE, event)


def _reverted(event: Event) -> list[Recipient]:
    return _approvers(LetterKind.REVERTED, event)


def _approvers(kind: LetterKind, event: Event) -> list[Recipient]:
    if event.ticket.state is not State.VALIDATING:
        return []
    return _people(kind, event, approvers.eligible_approvers(event.ticket))


def _returned(event: Event) -> list[Recipient]:
    author = db.session.get_one(Draft, event.facts["draft_id"]).author
    holder = [event.ticket.holder] if event.ticket.holder else []  # who has to change it, if that is somebody else
    return _people(LetterKind.RETURNED, event, [author, *holder], _held_offer(event.ticket))


def _published(event: Event) -> list[Recipient]:
    version = db.session.get_one(AnswerVersion, event.facts["version_id"])
    ids = approvers.authors_of(event.ticket) | {version.author_id, *version.approver_ids}
    people = db.session.scalars(select(Person).where(Person.id.in_(ids)).order_by(Person.id))
    told = [Recipient(LetterKind.PUBLISHED, event, event.ticket, person=person) for person in people]
    if version.official_answer.status is AnswerStatus.IN_FORCE:
        told += _askers(LetterKind.ANSWERED, event, _with_merged(event.ticket))
    return told


# --- how --------------------------------------------------------------------------------------------------------------


def _people(kind: LetterKind, event: Event, people: Iterable[Person], offer: Offer | None = None) -> list[Recipient]:
    """Those of `people` for whose eyes the ticket is."""
    return [
        Recipient(kind, event, event.ticket, person=person, offer=offer)
        for person in people
        if seeing.may(person, Can.SEE_TICKET, event.ticket)
    ]


def _offer(event: Event) -> Offer:
    return db.session.get_one(Offer, event.facts["offer_id"])


def _held_offer(ticket: Ticket) -> Offer | None:
    held = select(Offer).where(Offer.ticket_id == ticket.id, Offer.state == OfferState.ACCEPTED)
    return db.session.scalar(held.order_by(Offer.id.desc()).limit(1))


RULES: dict[Kind, Callable[[Event], list[Recipient]]] = {
    Kind.RECEIVED: _received,
    Kind.CLARIFICATION_ASKED: _detail_wanted,
    Kind.OFFERED: _offered,
    Kind.DECLINED: _declined,
    Kind.REDIRECTED: _redirected,
    Kind.WITHDRAWN: _withdrawn,
    Kind.CLOSED: _ended,
    Kind.MERGED: _ended,
    Kind.ESCALATED: _escalated,
    Kind.ASKER_REPLIED: _replied,
    Kind.SUBMITTED: _to_approve,
    Kind.RETURNED: _returned,
    Kind.APPROVED: _ready,
    Kind.REVERTED: _reverted,
    Kind.PUBLISHED: _published,
}
