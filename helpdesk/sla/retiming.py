"""Open tickets read again when what their deadlines are reckoned from has changed: calendars, or policies on demand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import lazyload

from helpdesk import clock
from helpdesk.accounts.models import Department, Person
from helpdesk.db import db
from helpdesk.sla.deadlines import logs_of, step_of
from helpdesk.sla.measuring import count
from helpdesk.sla.promise import Promise
from helpdesk.sla.promising import Promised, promised
from helpdesk.sla.segments import Clock
from helpdesk.sla.timer import Reading
from helpdesk.tickets.models import IndexChange, Ticket
from helpdesk.tickets.queues import OPEN_QUEUES

AT_ONCE = 200
"""Tickets of one step: a step is one transaction."""


@dataclass(frozen=True)
class Change:
    """What the policies in force would make of one clock that runs: its promise, and whether it would be past it at
    once (which is then counted against nobody)."""

    clock: Clock
    before: Promise | None
    after: Promise
    late_on_change: bool


def open_tickets(after: int, most: int = AT_ONCE) -> list[Ticket]:
    """The next open tickets by id."""
    query = select(Ticket).where(Ticket.id > after, Ticket.queue.in_(OPEN_QUEUES)).order_by(Ticket.id).limit(most)
    return list(db.session.scalars(query))


def count_open() -> int:
    """How many tickets are open."""
    return db.session.scalar(select(func.count()).select_from(Ticket).where(Ticket.queue.in_(OPEN_QUEUES))) or 0


def retime(after: int) -> int | None:
    """Write the deadlines of the next open tickets again. Returns the id to go on after; None at the end."""
    tickets, known, now = open_tickets(after), promised(), clock.now()
    for ticket, reading in _readings(tickets):
        step = step_of(reading, known, now, now, ticket.warn_at)
        if (step.due_at, step.warn_at) == (ticket.due_at, ticket.warn_at):
            continue
        # Other hours may have moved a threshold into the past: whoever warns looks at the whole ticket again.
        ticket.due_at, ticket.used, ticket.warn_at = step.due_at, step.used, now
        db.session.add(IndexChange(kind="ticket", entity_id=ticket.id))
    return tickets[-1].id if len(tickets) == AT_ONCE else None


def changes_of(tickets: Sequence[Ticket]) -> Iterator[tuple[Ticket, list[Change]]]:
    """For each ticket that the policies in force would hold otherwise: what would change. Nothing is written."""
    known, now, readings = promised(), clock.now(), list(_readings(tickets))
    _at_hand = _owners(reading for _ticket, reading in readings)
    for ticket, reading in readings:
        chosen = known.policy_for(ticket)
        reading.until(now)
        if chosen is None:
            continue
        found = []
        for each in reading.clocks:
            promise = known.promise_for(each, chosen) if each.is_open else None
            if promise is not None and _differs(each.promise, promise):
                found.append(_change(each, promise, known, now))
        if found:
            yield ticket, found


def _owners(readings: Iterable[Reading]) -> list[Department | Person]:
    """The departments, and the people whose clocks run. Whoever holds them has each asked for once, not per ticket."""
    people = {clock.person for reading in readings for clock in reading.clocks if clock.is_open and clock.person}
    return [
        *db.session.scalars(select(Department)),
        *db.session.scalars(select(Person).where(Person.id.in_(people)).options(lazyload("*"))),
    ]


def _differs(before: Promise | None, after: Promise) -> bool:
    """Another version of a policy that promises the same changes nothing."""
    return before is None or (before.minutes, before.calendar) != (after.minutes, after.calendar)


def _change(running: Clock, promise: Promise, known: Promised, now: datetime) -> Change:
    promises = list(running.promises)
    running.promises.append((now if promises else running.stretches[0].start, promise))
    after = count(running, known.calendar_with, now)
    running.promises[:] = promises
    return Change(running, running.promise, promise, after.late_on_change)


def _readings(tickets: Sequence[Ticket]) -> Iterator[tuple[Ticket, Reading]]:
    logs = logs_of([ticket.id for ticket in tickets])
    for ticket in tickets:
        reading = Reading()
        for event in logs.get(ticket.id, ()):
            reading.take(event)
        yield ticket, reading
