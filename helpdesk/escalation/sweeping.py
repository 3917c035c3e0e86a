"""Noticing that clocks passed their thresholds, and deciding who is told: only tickets that are due are looked at.

A ticket's `warn_at` says when one of its clocks next passes a threshold; every event writes it again. What is noticed,
who is told of it and the next `warn_at` are one commit, so that a sweep that ends anywhere goes on where it was: it
neither repeats nor misses one. What is found late (nobody swept for a night) is dated when it fell due by the log.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from helpdesk import clock as wall
from helpdesk.db import db, transaction
from helpdesk.escalation.audience import Audience
from helpdesk.escalation.models import Notice, Passing
from helpdesk.sla.explaining import whole_logs
from helpdesk.sla.promising import Promised, promised
from helpdesk.sla.segments import STAGES, Clock, Happening
from helpdesk.sla.thresholds import NOTED, Crossing, crossings, next_of, used
from helpdesk.sla.timer import read
from helpdesk.tickets.models import Ticket

log = logging.getLogger(__name__)

AT_ONCE = 25
"""Tickets of one commit: on SQLite nobody else writes meanwhile."""
LOOKED_AT_AGAIN = timedelta(hours=1)
"""A ticket whose log cannot be read waits so long: it must not stand in the way of all others."""


@dataclass(frozen=True)
class Passed:
    """A threshold that one clock of a ticket passed."""

    clock: Clock
    crossing: Crossing

    @property
    def key(self) -> tuple[str, int, int]:
        return self.clock.name, self.clock.place, self.crossing.percent


def sweep(seconds: float | None = None) -> int:
    """Look at every ticket that is due, in the order in which they fell due, or as far as `seconds` allow.

    Returns how many were looked at. Commits, often. Several may run: each takes tickets that no other has.
    """
    started, done = time.monotonic(), 0
    while seconds is None or time.monotonic() - started < seconds:
        found = sweep_once()
        if not found:
            break
        done += found
    return done


def sweep_once() -> int:
    """Look at the next tickets that are due. Returns how many; one commit."""
    with transaction() as session:
        now = wall.now()
        due = select(Ticket).where(Ticket.warn_at <= now).order_by(Ticket.warn_at, Ticket.id).limit(AT_ONCE)
        tickets = session.scalars(due.with_for_update(skip_locked=True, of=Ticket)).all()
        known, logs = promised(), whole_logs([ticket.id for ticket in tickets])
        audience, noticed = Audience(known, now), _noticed(tickets)
        found = []
        for ticket in tickets:
            try:
                passed = _look(ticket, logs.get(ticket.id, []), known, now)
            except (ValueError, LookupError, TypeError):
                log.exception("the clocks of %s cannot be read from its log; `verify` says more", ticket.ref)
                ticket.warn_at = now + LOOKED_AT_AGAIN
                continue
            found += [(ticket, each) for each in passed if each.key not in noticed.get(ticket.id, ())]
        found.sort(key=lambda each: each[1].crossing.at)
        _write_down(found, audience)
    return len(tickets)


def _look(ticket: Ticket, events: Sequence[Happening], known: Promised, now: datetime) -> list[Passed]:
    """What the clocks of `ticket` have passed by `now`; its row says from here on when the next is due."""
    passed, coming, step_used = [], [], 0
    for clock in read(events, now=now).clocks:
        found = crossings(clock, known.calendar_with)
        passed += [Passed(clock, each) for each in found if each.at <= now]
        if clock.is_open:
            coming.append(next_of(found, now))
            step_used = used(found, now) if clock.name in STAGES else step_used
    # Nothing that anybody decides upon has changed: the row keeps its version.
    ticket.warn_at, ticket.used = min((at for at in coming if at is not None), default=None), step_used
    return passed


def _noticed(tickets: Iterable[Ticket]) -> dict[int, set[tuple[str, int, int]]]:
    """The keys of what was noticed before, by ticket."""
    rows = db.session.execute(
        select(Passing.ticket_id, Passing.clock, Passing.place, Passing.percent).where(
            Passing.ticket_id.in_([ticket.id for ticket in tickets])
        )
    )
    found: dict[int, set[tuple[str, int, int]]] = {}
    for row in rows:
        found.setdefault(row.ticket_id, set()).add((row.clock, row.place, row.percent))
    return found


def _write_down(found: Sequence[tuple[Ticket, Passed]], audience: Audience) -> None:
    """A row for each passing; a notice for each person, of the highest that one clock passed since we last looked.

    Nobody is told of a clock that is over by now: what it called for has been done.
    """
    told: dict[tuple[int, str, int, int], dict[str, Any]] = {}
    passings = []
    audience.acquaint(passed.clock for _ticket, passed in found if passed.clock.is_open)
    for ticket, passed in found:
        passing = Passing(
            ticket_id=ticket.id,
            clock=passed.clock.name,
            place=passed.clock.place,
            cycle=passed.clock.cycle,
            percent=passed.crossing.percent,
            passed_at=passed.crossing.at,
            noticed_at=audience.now,
        )
        passings.append(passing)
        if not passed.clock.is_open or passed.crossing.percent == NOTED:
            continue
        for part, person in audience.told(ticket, passed.clock, passed.crossing.percent).values():
            told[ticket.id, passed.clock.name, passed.clock.place, person.id] = {
                "passing": passing,
                "person_id": person.id,
                "part": part,
                "priority": ticket.priority,
                "ready_at": audience.ready_at(person, part, ticket.priority),
            }
    db.session.add_all(passings)
    db.session.add_all(Notice(**values) for values in told.values())
