"""One ticket's log into readings of its clocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from helpdesk.accounts.organisation import setting
from helpdesk.db import db
from helpdesk.rollups.models import NO_DEPARTMENT
from helpdesk.sla.explaining import explain_many
from helpdesk.sla.measuring import Counted
from helpdesk.tickets.models import Ticket

Values = dict[str, Any]
"""Columns of a `ClockReading`."""
ASKER = "asker"
"""In the place of a clock: how long a detail was waited for while somebody wrote an answer."""


def readings_of(ticket_ids: Iterable[int]) -> list[Values]:
    """Every clock of these tickets. Restricted tickets, and those that are no more, have none."""
    wanted = select(Ticket.id, Ticket.department_id).where(
        Ticket.id.in_(list(ticket_ids)), Ticket.restricted.is_(False)
    )
    departments = {row.id: row.department_id for row in db.session.execute(wanted)}
    zone = ZoneInfo(setting("timezone"))
    return [
        values
        for ticket_id, found in explain_many(departments).items()
        for counted in found.clocks
        for values in _readings(ticket_id, departments[ticket_id], counted, zone)
    ]


def _readings(ticket_id: int, department_id: int | None, counted: Counted, zone: ZoneInfo) -> Iterator[Values]:
    """The clock, and the wait for the asker that paused it, which is nobody's here, as a clock of its own.

    It counts in the working time of the clock that it paused, so that the parts add up.
    """
    values = _values(ticket_id, department_id, counted, zone)
    yield values
    waited = sum(segment.minutes for segment in counted.segments if not segment.running)
    if counted.clock.name == "answer" and waited and not counted.clock.is_open:
        yield values | {"clock": ASKER, "outcome": "done", "seconds": round(waited * 60), "target_seconds": None}


def _values(ticket_id: int, department_id: int | None, counted: Counted, zone: ZoneInfo) -> Values:
    """A clock in the department that it was its own of, or that the ticket is in."""
    clock = counted.clock
    started_at, ended_at = clock.stretches[0].start, None if clock.is_open else clock.stretches[-1].end
    return {
        "ticket_id": ticket_id,
        "clock": clock.name,
        "cycle": clock.cycle,
        "department_id": clock.department or department_id or NO_DEPARTMENT,
        "owner_id": clock.person,
        "started_at": started_at,
        "started_on": _day(started_at, zone),
        "ended_at": ended_at,
        "day": _day(ended_at, zone) if ended_at else None,
        "due_at": counted.due_at,
        "outcome": counted.outcome,
        "seconds": 0 if clock.is_open else round(counted.spent_minutes * 60),
        "target_seconds": counted.target_minutes * 60 if counted.target_minutes is not None else None,
    }


def _day(instant: datetime, zone: ZoneInfo) -> date:
    return instant.astimezone(zone).date()
