"""Asking an expert, and what the expert says: offer, accept, decline, redirect, withdraw.

One offer is pending or held per ticket. Signed links (made when the letter is sent) end with their offer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from helpdesk import clock
from helpdesk.accounts.access import Can, Role
from helpdesk.accounts.entering import digest, link_of, revoke_links
from helpdesk.accounts.models import SYSTEM, Actor, Department, LinkPurpose, Person, SignedLink
from helpdesk.db import db
from helpdesk.errors import BadInput, Conflict, NotAllowed, NotFound, Problem
from helpdesk.routing import suggesting
from helpdesk.routing.models import Decision, DeclineReason, Offer, OfferState
from helpdesk.sla.timer import REASSIGNED
from helpdesk.tickets import events, seeing
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.workflow import Kind, State

MOST_REDIRECTS = 3
LONGEST_NOTE = 2_000
PRESS = "press"  # the sensitivity, and the circuit, that only the press office answers
OPEN = (OfferState.OFFERED, OfferState.ACCEPTED)
TOO_MANY_REDIRECTS = "too_many_redirects"


@dataclass(frozen=True)
class Redirected:
    """`offer` is over. `next_offer` went to the colleague named, at once; None: the community manager decides.

    `refused`: the code of the reason why the colleague was not asked at once, if one was named and could have been.
    """

    offer: Offer
    next_offer: Offer | None = None
    refused: str | None = None


# --- the desk's side ------------------------------------------------------------------------------------------------


def offer(
    ticket: Ticket, expert: Person, *, by: Person | Actor, mode: str = "chosen", version: int | None = None
) -> Offer:
    """Ask `expert` to answer. An earlier offer is withdrawn; one to the same person that still stands is
    returned.

    `by` is a person, or SYSTEM in automatic mode. Raises NotAllowed `press_never_offered` for what belongs
    to the press office, and BadInput when the expert can't be asked: `not_an_expert`, or `absent` with who
    stands in.
    """
    role = _role(by, Can.OFFER, ticket)
    standing = _open_offers(ticket)
    if _holds_state(ticket) and any(each.person_id == expert.id for each in standing):
        return next(each for each in standing if each.person_id == expert.id)
    events.ensure_version(ticket, version)
    if PRESS in (ticket.sensitivity, ticket.circuit):
        raise NotAllowed("press_never_offered")
    _ensure_can_be_asked(expert, "person")
    suggesting.keep_before_asking(ticket)
    _end_standing(ticket, standing, expert, by, role)
    return _ask(ticket, expert, by=by, role=role, mode=mode)


def withdraw(offer: Offer, *, by: Person, reason: str = "", version: int | None = None) -> Offer:
    """Take the question back. After it was accepted a reason is needed; the expert reads it."""
    ticket = offer.ticket
    role = _role(by, Can.WITHDRAW_OFFER, ticket)
    if offer.state is OfferState.WITHDRAWN:
        return offer
    _ensure_open(offer, OPEN)
    events.ensure_version(ticket, version)
    reason = _note(reason, "reason")
    if offer.state is OfferState.ACCEPTED and not reason:
        raise BadInput([Problem("reason", "missing")])
    _end(offer, OfferState.WITHDRAWN, note=reason)
    ticket.holder = None
    events.append(ticket, Kind.WITHDRAWN, by=by, role=role, offer_id=offer.id, person_id=offer.person_id)
    return offer


# --- the expert's side ----------------------------------------------------------------------------------------------


def accept(offer: Offer, *, by: Person, by_link: bool = False, version: int | None = None) -> Offer:
    """Take the question on. Accepting one's accepted offer again changes nothing and returns it."""
    _after_the_others(offer)
    _ensure_own(offer, by)
    if offer.state is OfferState.ACCEPTED:
        return offer
    _ensure_open(offer, (OfferState.OFFERED,))
    ticket = offer.ticket
    role = seeing.ensure(by, Can.ACCEPT, ticket)
    events.ensure_version(ticket, version)
    offer.state, offer.answered_at = OfferState.ACCEPTED, clock.now()
    ticket.holder = offer.person
    facts: dict[str, Any] = {"by_link": True} if by_link else {}
    events.append(ticket, Kind.ACCEPTED, by=by, role=role, offer_id=offer.id, person_id=offer.person_id, **facts)
    return offer


def decline(
    offer: Offer,
    *,
    by: Person,
    reason: DeclineReason,
    note: str = "",
    instead: Person | None = None,
    version: int | None = None,
) -> Offer:
    """Say no, with why and perhaps who instead. The ticket waits for the community manager, with that.

    The head of the department may decline for the expert. Declining again changes nothing.
    """
    _after_the_others(offer)
    ticket = offer.ticket
    if offer.state is OfferState.DECLINED and offer.person_id == by.id:
        return offer
    role = seeing.ensure(by, Can.DECLINE, ticket)
    if role is Role.EXPERT:
        _ensure_own(offer, by)
    _ensure_open(offer, (OfferState.OFFERED,))
    events.ensure_version(ticket, version)
    note = _note(note, "note")
    if instead is not None:
        _ensure_colleague(offer, instead)
    _end(offer, OfferState.DECLINED, note=note, reason=reason, instead=instead)
    ticket.holder = None
    facts: dict[str, Any] = {"instead_id": instead.id} if instead else {}
    events.append(
        ticket,
        Kind.DECLINED,
        by=by,
        role=role,
        offer_id=offer.id,
        person_id=offer.person_id,
        reason=str(reason),
        **facts,
    )
    return offer


def redirect(
    offer: Offer,
    *,
    by: Person,
    instead: Person | None,
    department: Department | None = None,
    note: str = "",
    version: int | None = None,
) -> Redirected:
    """Pass the question on. A colleague of the same department is asked at once; else the community manager
    decides.

    Drafts stay with the ticket. After three redirects nobody is asked at once any more: the ticket goes to
    the community manager, and the heads are told (`refused` is then `too_many_redirects`).
    """
    ticket = offer.ticket
    if offer.state is OfferState.REDIRECTED and offer.person_id == by.id:
        return Redirected(offer, _open_offer_to(ticket, offer.instead))
    role = seeing.ensure(by, Can.REDIRECT, ticket)
    if role is Role.EXPERT:
        _ensure_own(offer, by)
    _ensure_open(offer, OPEN)
    events.ensure_version(ticket, version)
    note = _note(note, "note")
    if instead is None and department is None:
        raise BadInput([Problem("instead", "missing")])
    if instead is not None:
        _ensure_colleague(offer, instead)
    at_once = instead is not None and _same_department(offer.person, instead) and instead.active
    refused = TOO_MANY_REDIRECTS if ticket.redirects >= MOST_REDIRECTS else None
    if at_once and not refused and instead is not None:
        _ensure_can_be_asked(instead, "instead")
    _end(offer, OfferState.REDIRECTED, note=note, instead=instead)
    ticket.holder = None
    ticket.redirects += 1
    facts: dict[str, Any] = {"instead_id": instead.id} if instead else {}
    to = department or (instead.department if instead else None)
    if to is not None:
        facts["department_id"] = to.id
    if refused:
        facts["reason"] = refused
    events.append(ticket, Kind.REDIRECTED, by=by, role=role, offer_id=offer.id, person_id=offer.person_id, **facts)
    if not at_once or refused or instead is None:
        return Redirected(offer, refused=refused)
    return Redirected(offer, _ask(ticket, instead, by=by, role=role, mode="redirected"))


# --- links ----------------------------------------------------------------------------------------------------------


def offer_of_link(secret: str) -> Offer | None:
    """The offer a signed link is good for. Looking changes nothing: mail scanners open links."""
    link = link_of(secret, LinkPurpose.OFFER)
    if link is None or link.subject_id is None:
        return None
    offer = db.session.get(Offer, link.subject_id)
    return offer if offer is not None and offer.person_id == link.person_id else None


def offer_of_old_link(secret: str) -> Offer | None:
    """The offer of a link that is over, so that a page can say what became of it. It opens nothing any more."""
    link = db.session.scalar(
        select(SignedLink).where(SignedLink.digest == digest(secret), SignedLink.purpose == LinkPurpose.OFFER)
    )
    return db.session.get(Offer, link.subject_id) if link is not None and link.subject_id else None


# --- how ------------------------------------------------------------------------------------------------------------


def _ask(ticket: Ticket, expert: Person, *, by: Person | Actor, role: Role | None, mode: str) -> Offer:
    now = clock.now()
    if ticket.department_id is None or not ticket.topic_rows:
        ticket.department = expert.department or ticket.department
    offer = Offer(
        ticket=ticket,
        person=expert,
        state=OfferState.OFFERED,
        mode=mode,
        offered_by_id=by.id,
        offered_at=now,
    )
    db.session.add(offer)
    ticket.holder = expert
    expert.last_offered_at = now
    _note_choice(ticket, expert)
    db.session.flush()  # gives the offer its id
    facts: dict[str, Any] = {"department_id": expert.department_id} if expert.department_id else {}
    events.append(ticket, Kind.OFFERED, by=by, role=role, offer_id=offer.id, person_id=expert.id, mode=mode, **facts)
    offer.due_at = ticket.due_at
    return offer


def _note_choice(ticket: Ticket, expert: Person) -> None:
    """Write on the last routing decision who was asked: what the matcher learns from."""
    decision = db.session.scalar(
        select(Decision).where(Decision.ticket_id == ticket.id).order_by(Decision.id.desc()).limit(1)
    )
    if decision is not None:
        decision.chosen_person_id, decision.chosen_at = expert.id, clock.now()


def _end_standing(ticket: Ticket, standing: list[Offer], expert: Person, by: Person | Actor, role: Role | None) -> None:
    """Withdraw what still stands, for `expert` to be asked at once. Offers left over from a ticket that was closed
    meanwhile end without an event."""
    facts: dict[str, Any] = {"department_id": expert.department_id} if expert.department_id else {}
    for each in standing:
        _end(each, OfferState.WITHDRAWN)
        if _holds_state(ticket):
            who: dict[str, Any] = {"offer_id": each.id, "person_id": each.person_id}
            events.append(ticket, Kind.WITHDRAWN, by=by, role=role, reason=REASSIGNED, **who, **facts)


def _end(
    offer: Offer,
    state: OfferState,
    *,
    note: str = "",
    reason: DeclineReason | None = None,
    instead: Person | None = None,
) -> None:
    offer.state, offer.answered_at = state, clock.now()
    offer.note, offer.reason, offer.instead = note or offer.note or "", reason, instead
    revoke_links(LinkPurpose.OFFER, offer.id)


def _holds_state(ticket: Ticket) -> bool:
    return ticket.state in (State.OFFERED, State.ANSWERING)


def _open_offers(ticket: Ticket) -> list[Offer]:
    query = select(Offer).where(Offer.ticket_id == ticket.id, Offer.state.in_(OPEN)).order_by(Offer.id)
    return list(db.session.scalars(query))


def _open_offer_to(ticket: Ticket, person: Person | None) -> Offer | None:
    return next((each for each in _open_offers(ticket) if person and each.person_id == person.id), None)


def _role(by: Person | Actor, can: Can, ticket: Ticket) -> Role | None:
    if isinstance(by, Actor):
        if by is not SYSTEM:
            raise NotAllowed(f"may_not_{can}")
        return None
    return seeing.ensure(by, can, ticket)


def _after_the_others(offer: Offer) -> None:
    """Wait for whoever acts on the ticket at this moment, and see what they made of the offer: two clicks are one."""
    db.session.execute(select(Ticket.id).where(Ticket.id == offer.ticket_id).with_for_update())
    db.session.refresh(offer, ["state", "answered_at", "person_id"])


def _ensure_own(offer: Offer, by: Person) -> None:
    """Raise NotFound for somebody else's offer: it does not exist for them."""
    if offer.person_id != by.id or not by.active:
        raise NotFound()


def _ensure_open(offer: Offer, states: tuple[OfferState, ...]) -> None:
    if offer.state not in states:
        raise Conflict(events.last_change(offer.ticket))


def _ensure_can_be_asked(expert: Person, field: str) -> None:
    _ensure_answers(expert, field)
    absence = expert.absence_at(clock.now())
    if absence is None:
        return
    params: dict[str, Any] = {"name": expert.name, "until": absence.ends_at}
    if absence.delegate is None:
        raise BadInput([Problem(field, "absent_alone", params)])
    params |= {"delegate": absence.delegate.name, "delegate_handle": absence.delegate.handle}
    raise BadInput([Problem(field, "absent", params)])


def _ensure_answers(expert: Person, field: str) -> None:
    if not expert.active or not expert.has(Role.EXPERT, Role.HEAD):
        raise BadInput([Problem(field, "not_an_expert", {"name": expert.name})])


def _ensure_colleague(offer: Offer, instead: Person) -> None:
    """A proposal must be somebody else who answers questions; whether they are away is for who decides."""
    _ensure_answers(instead, "instead")
    if instead.id == offer.person_id:
        raise BadInput([Problem("instead", "same_person")])


def _same_department(one: Person, other: Person) -> bool:
    return one.department_id is not None and one.department_id == other.department_id


def _note(text: str, field: str) -> str:
    text = text.strip()
    if len(text) > LONGEST_NOTE:
        raise BadInput([Problem(field, "too_long", {"count": len(text), "limit": LONGEST_NOTE})])
    if "\x00" in text:
        raise BadInput([Problem(field, "nul", {"position": text.index("\x00") + 1})])
    return text
