"""Whole conversations, every message made with the verb that makes it in the product."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from builders.answers import an_approver
from builders.offers import a_draft, a_manager, a_question, an_expert
from helpdesk import clock
from helpdesk.accounts.models import ASKER, Person
from helpdesk.answers import approving, writing
from helpdesk.answers.models import OfficialAnswer
from helpdesk.db import transaction
from helpdesk.intake.cleaning import clean
from helpdesk.routing import offering
from helpdesk.routing.models import DeclineReason, Offer
from helpdesk.tickets import triaging
from helpdesk.tickets.models import Ticket

FRENCH = """résiliation raccordement l’abonnement aujourd’hui étudiant·e·s cœur œuvre Noël déménagement facture
prélèvement box répéteur R-14 T105 Ria 7 wi-fi 4G 5 Go décodeur C++ #PlusInternet client(e)s jusqu’ici portabilité
rétractation
engagement 29,99 € télécommande s’allume clignote Kerbréhan technicien armoire prud’homme dégroupage n’arrive qu’hier"""
ENGLISH = """cancelled subscription broadband doesn't router's outage refund R-22 technician appointment weekend slowly
running connected unable billing backlog upgrade 5GHz latency neighbour's engineer replaced firmware"""
WORDS = [*FRENCH.split(), *ENGLISH.split()]


@dataclass
class Conversation:
    """A ticket, its people, and every text written about it."""

    ticket: Ticket
    manager: Person
    expert: Person
    refuser: Person
    approver: Person
    answer: OfficialAnswer
    open: list[str] = field(default_factory=list)
    """What everybody may read who sees the ticket."""
    notes: list[str] = field(default_factory=list)


def sentence(dice: random.Random, mark: str) -> str:
    """Some words, among them one that stands nowhere else."""
    return " ".join([*dice.choices(WORDS, k=dice.randint(4, 14)), f"zz{mark}", *dice.choices(WORDS, k=3)])


def a_conversation(dice: random.Random, number: int = 1) -> Conversation:
    """Asked, declined, clarified, replied, drafted twice, returned, drafted again and approved."""
    said: list[str] = []

    def say(mark: str) -> str:
        said.append(sentence(dice, f"{mark}{number}"))
        return said[-1]

    manager, refuser, expert, approver = a_manager(), an_expert(), an_expert(), an_approver()
    author = {"handle": f"@marée_{number}", "name": "Maëlle Œdipe"}
    ticket = a_question(say("question"), subject=say("subject"), author=author)
    with transaction():
        declined = offering.offer(ticket, refuser, by=manager)
    with transaction():
        offering.decline(declined, by=refuser, reason=DeclineReason.OUT_OF_SCOPE, note=say("declined"))
    with transaction():
        triaging.ask_clarification(ticket, by=manager, wording=say("clarification"))
    with transaction():
        reply = clean(text=say("reply"), channel=ticket.channel.code, now=clock.now())
        triaging.record_reply(ticket, reply, by=ASKER)
    with transaction():
        offer = offering.accept(offering.offer(ticket, expert, by=manager), by=expert)
    first = a_draft(offer, say("draft"), title=say("title")[:150], sources=say("sources"))
    with transaction():
        writing.submit(ticket, first.revision, by=expert)
    with transaction():
        approving.return_draft(ticket, first.revision, by=approver, comment=say("returned"))
    answer = _approved(offer, approver, say("answer"))
    texts = [text for text in said if "declined" not in text and "returned" not in text]
    texts[texts.index(said[6])] = said[6][:150]
    return Conversation(ticket, manager, expert, refuser, approver, answer, texts, [said[2], said[8]])


def _approved(offer: Offer, approver: Person, body: str) -> OfficialAnswer:
    second = a_draft(offer, f"{body}\n\nVoilà.", title="Réponse")
    with transaction():
        writing.submit(offer.ticket, second.revision, by=offer.person)
    with transaction():
        return approving.approve(offer.ticket, second.revision, by=approver)
