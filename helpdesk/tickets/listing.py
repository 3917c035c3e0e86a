"""Tickets by what they have in common, newest first: for programs, which ask by state rather than by working list."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from helpdesk import clock
from helpdesk.accounts.models import Department, Person
from helpdesk.db import db
from helpdesk.routing.models import Topic
from helpdesk.tickets import queues
from helpdesk.tickets.models import Ticket, TicketTopic
from helpdesk.tickets.queues import OPEN_QUEUES, Order, Page
from helpdesk.tickets.seeing import visible_to
from helpdesk.tickets.workflow import State

NEWEST_RECEIVED_FIRST = Order("received", (Ticket.opened_at, Ticket.id), descending=True)


def page(
    person: Person,
    *,
    state: State | None = None,
    department: str | None = None,
    assignee: str | None = None,
    topic: str | None = None,
    priority: str | None = None,
    late: bool | None = None,
    refs: list[str] | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page:
    """A page of the tickets `person` may see. Codes and handles that nobody has select nothing.

    `refs`: only these, as found by a search. Raises BadInput for a cursor that no page gave.
    """
    query = select(Ticket).where(visible_to(person))
    if state is not None:
        query = query.where(Ticket.state == state)
    if priority is not None:
        query = query.where(Ticket.priority == priority)
    if department is not None:
        query = query.where(Ticket.department_id == _id(Department, Department.code, department))
    if assignee is not None:
        query = query.where(Ticket.holder_id == _id(Person, Person.handle, assignee))
    if topic is not None:
        about = select(TicketTopic.ticket_id).where(TicketTopic.topic_id == _id(Topic, Topic.code, topic))
        query = query.where(Ticket.id.in_(about))
    if late is not None:
        overdue = (Ticket.due_at < clock.now()) & Ticket.queue.in_(OPEN_QUEUES)
        query = query.where(overdue if late else ~overdue | Ticket.due_at.is_(None))
    if refs is not None:
        query = query.where(Ticket.ref.in_(refs))
    return queues.walk(query, NEWEST_RECEIVED_FIRST, limit, cursor)


def _id(model: type[Department] | type[Person] | type[Topic], column: Any, code: str) -> int:
    """The id behind a code, or one that no row has."""
    found = db.session.scalar(select(model.id).where(column == code)) if "\0" not in code else None
    return found or -1
