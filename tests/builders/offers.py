"""Tickets on their way to an expert and back, made with the real verbs."""

from __future__ import annotations

import itertools
from typing import Any

from helpdesk import clock
from helpdesk.accounts.access import Role
from helpdesk.accounts.entering import OFFER_LINK_LASTS, create_link
from helpdesk.accounts.models import ASKER, LinkPurpose, Person
from helpdesk.answers import writing
from helpdesk.answers.models import Draft
from helpdesk.db import transaction
from helpdesk.intake.cleaning import clean
from helpdesk.intake.receiving import receive
from helpdesk.routing import offering
from helpdesk.routing.models import Offer
from helpdesk.tickets.models import Event, Ticket
from people import a_channel, a_department, a_person

_numbers = itertools.count(1)


def a_question(
    text: str = "Quand la fibre arrive-t-elle à Port-Lannévez ?", *, channel: Any = None, **fields: Any
) -> Ticket:
    """A ticket just received on a channel (the public form when none is said)."""
    channel = channel or a_channel()
    fields.setdefault("external_id", f"question-{next(_numbers)}")
    with transaction():
        submission = clean(text=text, channel=channel.code, now=clock.now(), **fields)
        return receive(submission, by=ASKER, origin="form").ticket


def an_expert(**fields: Any) -> Person:
    fields.setdefault("department", a_department())
    return a_person(Role.EXPERT, **fields)


def a_manager(**fields: Any) -> Person:
    return a_person(Role.COMMUNITY_MANAGER, **fields)


def an_offer(expert: Person, *, by: Person | None = None, ticket: Ticket | None = None, **question: Any) -> Offer:
    """A question that waits for `expert` to say yes or no."""
    by = by or a_manager()
    ticket = ticket or a_question(**question)
    with transaction():
        return offering.offer(ticket, expert, by=by)


def an_accepted_offer(expert: Person, **question: Any) -> Offer:
    offer = an_offer(expert, **question)
    with transaction():
        return offering.accept(offer, by=expert)


def a_draft(offer: Offer, body: str = "La fibre arrive en **juin**.", **fields: Any) -> Draft:
    fields.setdefault("sources", "Plan de déploiement")
    with transaction():
        return writing.save_draft(offer.ticket, by=offer.person, body=body, **fields)


def a_link(offer: Offer) -> str:
    """The secret in the letter that tells an expert of an offer."""
    with transaction():
        return create_link(LinkPurpose.OFFER, offer.person, OFFER_LINK_LASTS, subject_id=offer.id)


def kinds(ticket: Ticket) -> list[str]:
    """What happened to a ticket, in order."""
    query = Event.__table__.select().where(Event.ticket_id == ticket.id).order_by(Event.sequence)
    from helpdesk.db import db

    return [str(row.kind) for row in db.session.execute(query)]
