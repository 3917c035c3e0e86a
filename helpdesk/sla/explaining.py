"""The clocks of tickets in minutes of working time, stretch by stretch: readings of their logs, one or many at once.

Every figure about time comes from here: the ticket's page, the API, `sla explain`, and whatever counts over many.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from helpdesk import clock as wall
from helpdesk.accounts.models import Department, Person
from helpdesk.channels.models import Channel
from helpdesk.db import db
from helpdesk.sla.calendar import elapsed
from helpdesk.sla.deadlines import logs_of
from helpdesk.sla.measuring import Counted, count
from helpdesk.sla.promising import Promised, promised
from helpdesk.sla.segments import Happening, Remark
from helpdesk.sla.timer import instant_of, read
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.workflow import Kind

AT_ONCE = 400  # tickets whose logs are held in memory together


@dataclass(frozen=True)
class Explained:
    """All that a ticket's log says of time.

    `ingestion_delay`: how long after it was posted the question reached us, so that nobody is blamed for an outage.
    `posted_in_future`: the channel's time was later than ours, and was brought back. `public_working_minutes`: the
    public clock counted in the desk's calendar, a second figure.
    """

    clocks: tuple[Counted, ...]
    remarks: tuple[Remark, ...]
    ingestion_delay: timedelta | None
    posted_in_future: bool
    public_working_minutes: float | None


def explain(ticket: Ticket) -> Explained:
    """Every clock of `ticket` as of now."""
    return explain_many([ticket.id])[ticket.id]


def explain_many(ticket_ids: Iterable[int], *, now: datetime | None = None) -> dict[int, Explained]:
    """Every clock of these tickets as of `now`, in few statements for each AT_ONCE tickets."""
    ids, known = sorted(set(ticket_ids)), promised()
    found: dict[int, Explained] = {}
    for first in range(0, len(ids), AT_ONCE):
        some = ids[first : first + AT_ONCE]
        logs = whole_logs(some)
        found |= {ticket_id: explained(logs.get(ticket_id, []), known, now or wall.now()) for ticket_id in some}
    return found


def explained(log: Sequence[Happening], known: Promised, now: datetime) -> Explained:
    """What a log says, counted in the calendars of `known`."""
    reading = read(log, now=now)
    clocks = tuple(count(each, known.calendar_with, now) for each in reading.waits)
    received = next((event for event in log if event.kind is Kind.RECEIVED), None)
    posted = instant_of(received.facts.get("posted_at")) if received else None
    return Explained(
        clocks=clocks,
        remarks=tuple(reading.remarks),
        ingestion_delay=max(received.recorded_at - posted, timedelta()) if received and posted else None,
        posted_in_future=bool(received and received.facts.get("posted_in_future")),
        public_working_minutes=_in_desk_hours(clocks, known, now),
    )


def whole_logs(ticket_ids: Sequence[int]) -> dict[int, list[Happening]]:
    """The logs of these tickets with what answered them in the threads of those that lead them."""
    logs = logs_of(ticket_ids)
    for ticket_id, answers in answered_elsewhere(ticket_ids).items():
        logs[ticket_id] = sorted([*logs.get(ticket_id, []), *answers], key=lambda event: event.recorded_at)
    return logs


def answered_elsewhere(ticket_ids: Sequence[int]) -> dict[int, list[Happening]]:
    """What was posted for the tickets that lead these, after they were merged, where the asker of these reads it.

    Somebody who asked by a form or a letter is answered with the leading ticket. A thread in public is a place of its
    own: only what is posted there answers it.
    """
    merged = (
        select(Ticket.id, Ticket.merged_into_id, Ticket.closed_at)
        .join(Channel, Channel.id == Ticket.channel_id)
        .where(Ticket.id.in_(ticket_ids), Ticket.merged_into_id.is_not(None), ~Channel.public)
    )
    rows = db.session.execute(merged).all()
    leads = logs_of({row.merged_into_id for row in rows})
    return {
        row.id: [
            Happening(event.kind, event.at, event.recorded_at, event.facts, elsewhere=True)
            for event in leads.get(row.merged_into_id, ())
            if event.kind is Kind.PUBLISHED and not event.facts.get("holding") and event.recorded_at >= row.closed_at
        ]
        for row in rows
    }


def _in_desk_hours(clocks: Iterable[Counted], known: Promised, now: datetime) -> float | None:
    """The public clock in the calendar in which the desk qualifies questions."""
    by_name = {each.clock.name: each for each in reversed(list(clocks))}
    public, desk = by_name.get("public"), by_name.get("triage")
    calendar = known.calendar_with(desk.calendar) if desk and desk.calendar else None
    if public is None or calendar is None:
        return None
    return sum(elapsed(calendar, each.start, max(each.start, each.end or now)) for each in public.segments)


def documents(ticket: Ticket) -> list[dict[str, Any]]:
    """The clocks of `ticket` as the API and `sla explain` give them."""
    return [document(each) for each in explain(ticket).clocks]


def document(counted: Counted) -> dict[str, Any]:
    """One clock as plain JSON values."""
    return {
        "clock": counted.clock.name,
        "cycle": counted.clock.cycle,
        "owner": owner_of(counted),
        "target_minutes": counted.target_minutes,
        "spent_minutes": round(counted.spent_minutes, 1),
        "due_at": counted.due_at.isoformat() if counted.due_at else None,
        "outcome": counted.outcome,
        "segments": [
            {
                "from": segment.start.isoformat(),
                "to": segment.end.isoformat() if segment.end else None,
                "running": segment.running,
                "calendar": counted.calendar,
                "minutes": round(segment.minutes, 1),
                "why": segment.why,
            }
            for segment in counted.segments
        ],
    }


def owner_of(counted: Counted) -> str | None:
    """The handle of the person a clock belongs to, the code of the department for its total; None: the desk, or whoever
    validates."""
    clock = counted.clock
    if clock.person is not None:
        person = db.session.get(Person, clock.person)
        return person.handle if person else None
    if clock.name == "department" and clock.department is not None:
        department = db.session.get(Department, clock.department)
        return department.code if department else None
    return None
