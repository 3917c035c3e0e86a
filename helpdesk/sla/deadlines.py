"""What the clocks of a ticket are promised as they start, and when its present step is due.

One truth: the deadline written on a ticket is that of the clock that its log tells of, by the same functions as
`explaining` and reports use. The log is read only when an event moves a clock, and not at all where nothing is
promised.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from helpdesk.channels.models import Channel
from helpdesk.db import db
from helpdesk.sla import measuring, policy, thresholds
from helpdesk.sla.promising import Promised, promised
from helpdesk.sla.segments import OUTSIDE, STAGES, Clock, Happening, Stretch
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


@dataclass(frozen=True)
class Step:
    """What a ticket's row keeps of its clocks: when the present step is `due_at` (None: nothing is promised, or nobody
    knows), the threshold of it that is `used` up (per cent; 0 before the first), and when any of its clocks passes
    the next one (`warn_at`; None: none will)."""

    due_at: datetime | None = None
    warn_at: datetime | None = None
    used: int = 0


@dataclass(frozen=True)
class Settled:
    """`facts`: what an event promises for the clocks that it starts, to be added to it. `step`: where it leads."""

    facts: dict[str, list[str]] = field(default_factory=dict)
    step: Step = field(default_factory=Step)


def at_first(channel: Channel, priority: str, posted_at: datetime, at: datetime) -> Settled:
    """What is promised for a question that comes in on `channel` at `at` and was posted at `posted_at`."""
    known = promised()
    if known.policies is None:
        return Settled()
    chosen = policy.choose(known.policies, **known.facts(channel, priority))
    clocks = []
    for name in AT_FIRST:
        promise = known.promise(chosen, name, None, at)
        if promise is not None:
            since = min(posted_at, at) if name in OUTSIDE else at
            clocks.append(Clock(name, 1, stretches=[Stretch(since, None, True, "")], promises=[(since, promise)]))
    if not clocks:
        return Settled()
    words = [promise.word for clock in clocks for _since, promise in clock.promises]
    return Settled({"promises": words}, _step(clocks, known, at, {}, None))


def settle(ticket: Ticket, event: Happening) -> Settled:
    """What `event`, about to be written, promises for the clocks it starts, and where it leads."""
    known = promised()
    if known.policies is None:
        return Settled()
    with db.session.no_autoflush:  # the caller is about to write the ticket, and once is enough
        reading, triages = Reading(), []
        for past in log_of(ticket.id):
            reading.take(past)
            if past.kind is Kind.TRIAGED:
                triages.append(past.facts)
        reading.take(event)
        chosen = known.policy_for(ticket)
        if chosen is None:
            return Settled()
        words = _promise_begun(reading, known, chosen)
        if event.kind is Kind.TRIAGED and _looks_otherwise(triages, event.facts):
            words += _promise_anew(reading, known, chosen, event.at)
    step = step_of(reading, known, event.recorded_at, event.at, ticket.warn_at)
    return Settled({"promises": words} if words else {}, step)


def step_of(reading: Reading, known: Promised, now: datetime, since: datetime, pending: datetime | None = None) -> Step:
    """Where a log has led, as of `now`. Thresholds that its clocks passed before `since` have been looked at, but for
    those of clocks that its last event began, and but for `pending`, the ticket's `warn_at`: one that was passed and
    that nobody has looked at yet stays the next one, so that no event makes it forgotten."""
    reading.until(now)
    running = [clock for clock in reading.clocks if clock.is_open]
    return _step(running, known, now, {id(clock): since for clock in running if clock not in reading.begun}, pending)


def _step(
    running: Iterable[Clock], known: Promised, now: datetime, since: Mapping[int, datetime], pending: datetime | None
) -> Step:
    unseen = [pending] if pending is not None and pending <= now else []
    due_at, used = None, 0
    for clock in running:
        passing = thresholds.crossings(clock, known.calendar_with)
        seen_until = since.get(id(clock))
        unseen += [each.at for each in passing if seen_until is None or each.at >= seen_until]
        if clock.name in STAGES:
            due_at = measuring.due_at(clock, known.calendar_with, measuring.held_to(clock, known.calendar_with, now))
            used = thresholds.used(passing, now)
    return Step(due_at, min(unseen, default=None), used)


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
