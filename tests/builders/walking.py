"""A walk through the life of tickets: random verbs by random people, as a test lets time pass."""

from __future__ import annotations

from sqlalchemy import select

from helpdesk import clock
from helpdesk.accounts.models import ASKER
from helpdesk.answers import approving, writing
from helpdesk.db import db
from helpdesk.intake.cleaning import clean
from helpdesk.publishing import posting
from helpdesk.routing import offering
from helpdesk.routing.models import DeclineReason, Offer
from helpdesk.tickets import closing, triaging
from helpdesk.tickets.workflow import State


def _triage(ticket, rng, manager, approver, experts):
    class_, priority = rng.choice(["question", "complaint"]), rng.choice(["P1", "P2", "P3", "P4"])
    triaging.triage(ticket, by=manager, class_=class_, priority=priority, topics=[])


def _offer(ticket, rng, manager, approver, experts):
    offering.offer(ticket, rng.choice(experts), by=manager)


def _last_offer(ticket):
    return db.session.scalar(select(Offer).where(Offer.ticket_id == ticket.id).order_by(Offer.id.desc()).limit(1))


def _accept(ticket, rng, manager, approver, experts):
    offer = _last_offer(ticket)
    if offer is not None:
        offering.accept(offer, by=offer.person)


def _leave(ticket, rng, manager, approver, experts):
    offer = _last_offer(ticket)
    if offer is None:
        return
    how = rng.choice(["decline", "redirect", "withdraw"])
    if how == "decline":
        offering.decline(offer, by=offer.person, reason=DeclineReason.OUT_OF_SCOPE)
    elif how == "redirect":
        offering.redirect(offer, by=offer.person, instead=rng.choice(experts))
    else:
        offering.withdraw(offer, by=manager, reason="x")


def _write(ticket, rng, manager, approver, experts):
    offer = _last_offer(ticket)
    if offer is not None and ticket.state is State.ANSWERING:
        draft = writing.save_draft(ticket, by=offer.person, body="La fibre arrive en **juin**.", sources="Plan")
        writing.submit(ticket, draft.revision, by=offer.person)


def _judge(ticket, rng, manager, approver, experts):
    draft = writing.latest_draft(ticket)
    if draft is None:
        return
    if rng.random() < 0.4:
        approving.return_draft(ticket, draft.revision, by=approver, comment="À préciser.")
    else:
        approving.approve(ticket, draft.revision, by=approver)


def _publish(ticket, rng, manager, approver, experts):
    posting.publish(ticket, by=manager)


def _ask(ticket, rng, manager, approver, experts):
    triaging.ask_clarification(ticket, by=manager, wording="Où ?")


def _reply(ticket, rng, manager, approver, experts):
    triaging.record_reply(ticket, clean(text="Ici.", channel=ticket.channel.code, now=clock.now()), by=ASKER)


def _reopen(ticket, rng, manager, approver, experts):
    closing.reopen(ticket, by=manager, reason="encore")


VERBS = (
    _triage,
    _offer,
    _offer,
    _accept,
    _accept,
    _leave,
    _write,
    _write,
    _judge,
    _judge,
    _publish,
    _ask,
    _reply,
    _reopen,
)
