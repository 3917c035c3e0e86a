"""One ticket's log into readings of its clocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from helpdesk.accounts.models import Person
from helpdesk.accounts.organisation import setting
from helpdesk.db import db
from helpdesk.rollups.models import NO_DEPARTMENT
from helpdesk.sla.explaining import Explained, explain
from helpdesk.tickets.models import Ticket

Values = dict[str, Any]
"""Columns of a `ClockReading`."""


def readings_of(ticket_ids: Iterable[int]) -> list[Values]:
    """Every clock of these tickets. Restricted tickets, and those that are no more, have none."""
    wanted = select(Ticket).where(Ticket.id.in_(list(ticket_ids)), Ticket.restricted.is_(False))
    tickets = db.session.scalars(wanted.options(selectinload(Ticket.events), selectinload(Ticket.questions))).all()
    zone = ZoneInfo(setting("timezone"))
    return [values for ticket in tickets for values in _readings(ticket, zone)]


def _readings(ticket: Ticket, zone: ZoneInfo) -> Iterator[Values]:
    for clock in explain(ticket):
        segments: Sequence[Any] = clock.segments
        ended_at = None if clock.outcome in ("running", "paused") else segments[-1].end
        yield {
            "ticket_id": ticket.id,
            "clock": clock.clock,
            "cycle": clock.cycle,
            "department_id": ticket.department_id or NO_DEPARTMENT,
            "owner_id": _owner(clock),
            "started_at": segments[0].start,
            "started_on": _day(segments[0].start, zone),
            "ended_at": ended_at,
            "day": _day(ended_at, zone) if ended_at else None,
            "due_at": clock.due_at,
            "outcome": clock.outcome,
            "seconds": round(clock.spent_minutes * 60),
            "target_seconds": clock.target_minutes * 60 if clock.target_minutes is not None else None,
        }


def _owner(clock: Explained) -> int | None:
    return db.session.scalar(select(Person.id).where(Person.handle == clock.owner)) if clock.owner else None


def _day(instant: datetime, zone: ZoneInfo) -> date:
    return instant.astimezone(zone).date()
