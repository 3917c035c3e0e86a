"""The tickets behind a figure: what was counted, newest first, as far as the reader may see it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, select

from helpdesk.accounts.models import Person
from helpdesk.errors import NotFound
from helpdesk.reports.periods import Period
from helpdesk.reports.response_times import RAN_TO_THE_END, STAGES, Departments
from helpdesk.rollups.models import ClockReading
from helpdesk.tickets import queues
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.seeing import visible_to

SHOWN = 50

RUNNING, OPEN_LATE, ENDED = "running", "open_late", "ended"
"""What is no outcome of a clock that ended: it runs, it runs and is late, it ran to its end however that was."""
BY_NUMBER = queues.Order("number", (Ticket.id,), descending=True)


def behind(
    person: Person,
    departments: Departments,
    period: Period,
    stage: str,
    outcome: str,
    now: datetime,
    cursor: str | None = None,
) -> queues.Page:
    """The tickets with such a clock. Raises NotFound for a stage that does not exist, BadInput for a wrong cursor."""
    if stage not in STAGES:
        raise NotFound()
    wanted = [ClockReading.clock == stage, *_ended_so(outcome, period, now)]
    if departments is not None:
        wanted.append(ClockReading.department_id.in_(list(departments)))
    counted = select(ClockReading.ticket_id).where(*wanted)
    return queues.walk(select(Ticket).where(visible_to(person), Ticket.id.in_(counted)), BY_NUMBER, SHOWN, cursor)


def _ended_so(outcome: str, period: Period, now: datetime) -> list[ColumnElement[bool]]:
    if outcome in (RUNNING, OPEN_LATE):
        late = [ClockReading.due_at < now] if outcome == OPEN_LATE else []
        return [ClockReading.day.is_(None), *late]
    outcomes = RAN_TO_THE_END if outcome == ENDED else {outcome}
    return [ClockReading.day >= period.start, ClockReading.day < period.end, ClockReading.outcome.in_(outcomes)]
