"""Questions as a community manager finds them, made with the verbs of the product."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from helpdesk import clock
from helpdesk.accounts.models import SYSTEM, Department, Person
from helpdesk.db import db, transaction
from helpdesk.intake.cleaning import clean
from helpdesk.intake.receiving import receive
from helpdesk.routing.models import Topic
from helpdesk.tickets.models import Event, Ticket
from helpdesk.tickets.triaging import escalate, triage
from people import a_channel, a_department

QUESTION = "Bonjour, quand la fibre arrive-t-elle dans ma rue ? Mon voisin l’a déjà."


def a_ticket(text: str = QUESTION, *, channel: str = "web", **given: Any) -> Ticket:
    """A question that has just come in."""
    a_channel(channel)
    with transaction():
        return receive(clean(text=text, channel=channel, now=clock.now(), **given), by=SYSTEM, origin="load").ticket


def a_topic(code: str = "fibre.deploiement", department: Department | None = None) -> Topic:
    """The topic with this code, made when it is not there."""
    topic = db.session.scalar(select(Topic).where(Topic.code == code))
    if topic is None:
        department = department or a_department()
        label = code.replace(".", " ").capitalize()
        topic = Topic(code=code, label_fr=label, label_en=f"{label} (en)", synonyms=[], department_id=department.id)
        db.session.add(topic)
        db.session.commit()
    return topic


def a_triaged_ticket(by: Person, text: str = QUESTION, *, class_: str = "question", **choices: Any) -> Ticket:
    """A question that `by` has triaged."""
    topics = choices.pop("topics", None)
    channel = choices.pop("channel", "web")
    ticket, topic = a_ticket(text, channel=channel), a_topic()
    choices = {"priority": "P3", **choices}
    with transaction():
        return triage(ticket, by=by, class_=class_, topics=[topic] if topics is None else topics, **choices)


def an_escalated_ticket(by: Person, circuit: str = "legal", text: str = QUESTION) -> Ticket:
    """A ticket that only `by` and the circuit's people may see."""
    ticket = a_ticket(text)
    with transaction():
        return escalate(ticket, by=by, circuit=circuit, reason="A formal notice by a lawyer.")


def events_of(ticket: Ticket) -> list[Event]:
    """The log of a ticket, as stored."""
    return list(db.session.scalars(select(Event).where(Event.ticket_id == ticket.id).order_by(Event.sequence)))
