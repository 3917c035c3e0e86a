"""What the clocks of a ticket are promised as they start, and when its present step is due.

One truth: the deadline written on a ticket is that of the clock that its log tells of, by the same functions as
`explaining` and reports use. The log is read only when an event moves a clock, and not at all where nothing is
promised.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from helpdesk.channels.models import Channel
from helpdesk.db import db
from helpdesk.sla import measuring, policy
from helpdesk.sla.promising import Promised, promised
from helpdesk.sla.segments import Happening
from helpdesk.sla.timer import Reading
from helpdesk.tickets.models import Event, Ticket
from helpdesk.tickets.workflow import Kind

# What moves no clock: a log grows by these without being read again.
STILL = frozenset(
    {
        Kind.CLAIMED,
        Kind.RELEASED,
        Kind.SUGGESTED,
        Kind.DRAFTED,
        Kind.REFUSED_APPROVAL,
        Kind.PUBLICATION_FAILED,
        Kind.ORIGINAL_READ,
        Kind.ERASED,
        Kind.JUDGED,
    }
)
AT_FIRST = ("triage", "acknowledge", "public")
"""The clocks that a question starts as it comes in."""
# What policies look at that triage may change.
LOOKED_AT = ("class", "priority", "topics", "department_id")


def at_first(channel: Channel, priority: str, at: datetime) -> tuple[dict[str, list[str]], datetime | None]:
    """What is promised for a question that comes in on `channel` now, as a fact of its first event, and when it is to
    be triaged. None: nothing is promised."""
    known = promised()
    if known.policies is None:
        return {}, None
    chosen = policy.choose(known.policies, **known.facts(channel, priority))
    promises = {name: known.promise(chosen, name, None, at) for name in AT_FIRST}
    triage = promises["triage"]
    calendar = known.calendar_with(triage.calendar) if triage and triage.calendar else None
    words = [promise.word for promise in promises.values() if promise]
    facts = {"promises": words} if words else {}
    if triage is None or triage.minutes is None:
        return facts, None
    return facts, measuring.due_after(calendar, at, triage.minutes)


def settle(ticket: Ticket, event: Happening) -> tuple[dict[str, list[str]], datetime | None]:
    """What `event`, about to be written, promises for the clocks it starts, and when the step it leads to is due.

    The first is a fact to add to it (or nothing); the second None when nothing is promised or nobody knows.
    """
    known = promised()
    if known.policies is None:
        return {}, None
    with db.session.no_autoflush:  # the caller is about to write the ticket, and once is enough
        reading, triages = Reading(), []
        for past in log_of(ticket.id):
            reading.take(past)
            if past.kind is Kind.TRIAGED:
                triages.append(past.facts)
        reading.take(event)
        chosen = known.policy_for(ticket)
        if chosen is None:
            return {}, None
        words = _promise_begun(reading, known, chosen)
        if event.kind is Kind.TRIAGED and _looks_otherwise(triages, event.facts):
            words += _promise_anew(reading, known, chosen, event.at)
    facts = {"promises": words} if words else {}
    return facts, stage_due(reading, known, event.at)


def stage_due(reading: Reading, known: Promised, now: datetime) -> datetime | None:
    """When the present step of a log is due, as of `now`."""
    reading.until(now)
    clock = reading.stage
    if clock is None:
        return None
    return measuring.due_at(clock, known.calendar_with, measuring.held_to(clock, known.calendar_with, now))


def log_of(ticket_id: int) -> list[Happening]:
    """The log of one ticket as clocks see it."""
    return logs_of([ticket_id]).get(ticket_id, [])


def logs_of(ticket_ids: Iterable[int]) -> dict[int, list[Happening]]:
    """The logs of these tickets as clocks see them, in one statement."""
    wanted = [Event.ticket_id, Event.kind, Event.at, Event.recorded_at, Event.facts]
    query = select(*wanted).where(Event.ticket_id.in_(list(ticket_ids)), Event.kind.not_in(STILL))
    found: dict[int, list[Happening]] = {}
    for row in db.session.execute(query.order_by(Event.ticket_id, Event.sequence)):
        found.setdefault(row.ticket_id, []).append(Happening(row.kind, row.at, row.recorded_at, row.facts))
    return found


def _promise_begun(reading: Reading, known: Promised, chosen: policy.Policy) -> list[str]:
    """Give each clock that the last event began its promise, and say them as words of the log."""
    words = []
    for clock in reading.begun:
        promise = known.promise_for(clock, chosen)
        if promise is not None:
            clock.promises.append((clock.stretches[0].start, promise))
            words.append(promise.word)
    return words


def _promise_anew(reading: Reading, known: Promised, chosen: policy.Policy, at: datetime) -> list[str]:
    """Hold the clocks that run already to another policy, from their origin: a new priority or class chose it."""
    words = []
    for clock in reading.clocks:
        same = clock.promise is not None and clock.promise.policy == chosen.code
        if not clock.is_open or clock in reading.begun or same:
            continue
        promise = known.promise_for(clock, chosen)
        if promise is not None:
            clock.promises.append((clock.stretches[0].start if not clock.promises else at, promise))
            words.append(promise.word)
    return words


def _looks_otherwise(triages: list[Mapping[str, Any]], facts: Mapping[str, Any]) -> bool:
    """Whether a triage changed anything that policies look at: an edited policy alone moves no clock that runs."""
    return not triages or any(triages[-1].get(name) != facts.get(name) for name in LOOKED_AT)
