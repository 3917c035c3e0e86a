"""The clocks of one ticket in minutes of working time, stretch by stretch, with the calendar each was counted in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from helpdesk import clock as wall
from helpdesk.accounts.models import Department, Person
from helpdesk.db import db
from helpdesk.sla import policy
from helpdesk.sla.calendar import Calendar, due, elapsed
from helpdesk.sla.deadlines import calendar_with, policy_for
from helpdesk.sla.timer import Clock, Happening, clocks
from helpdesk.tickets.models import Event, Ticket

# Clocks that count every minute, whatever a policy says of calendars.
REAL_TIME_CLOCKS = frozenset({"public"})


@dataclass(frozen=True)
class Segment:
    """`minutes`: of the calendar's working time; real minutes when there is no calendar."""

    start: datetime
    end: datetime | None
    running: bool
    minutes: float
    why: str


@dataclass(frozen=True)
class Explained:
    """One clock, counted. `target_minutes` and `due_at` are None when no policy promises anything."""

    clock: str
    cycle: int
    owner: str | None
    calendar: str | None
    target_minutes: int | None
    spent_minutes: float
    due_at: datetime | None
    outcome: str
    segments: list[Segment]


def explain(ticket: Ticket) -> list[Explained]:
    """Every clock of `ticket` as of now. The policy and calendars are those in force today."""
    log = db.session.scalars(select(Event).where(Event.ticket_id == ticket.id).order_by(Event.sequence))
    happenings = [Happening(event.kind, event.at, event.facts.get("person_id")) for event in log]
    promised = policy_for(ticket)
    return [_explain(found, ticket, promised) for found in clocks(happenings, posted_at=ticket.question.posted_at)]


def _explain(found: Clock, ticket: Ticket, promised: policy.Policy | None) -> Explained:
    owner = db.session.get(Person, found.owner) if found.owner else None
    target = policy.target(promised, found.name) if promised else None
    calendar = _calendar(found.name, ticket, owner, promised)
    now = wall.now()
    segments = [
        Segment(each.start, each.end, each.running, _minutes(calendar, each.start, each.end or now), each.why)
        for each in found.stretches
    ]
    spent = sum(segment.minutes for segment in segments if segment.running)
    return Explained(
        clock=found.name,
        cycle=found.cycle,
        owner=owner.handle if owner else None,
        calendar=calendar.code if calendar else None,
        target_minutes=target,
        spent_minutes=round(spent, 1),
        due_at=_due(calendar, segments, target),
        outcome=found.outcome if found.is_open else _kept(found.outcome, spent, target),
        segments=segments,
    )


def _kept(outcome: str, spent: float, target: int | None) -> str:
    """A clock that ran to its end was kept or late; one that was cut short keeps the reason."""
    if outcome != "done" or target is None:
        return outcome
    return "kept" if spent <= target else "late"


def _calendar(name: str, ticket: Ticket, owner: Person | None, promised: policy.Policy | None) -> Calendar | None:
    if promised is None or name in REAL_TIME_CLOCKS:
        return None
    department = db.session.get(Department, ticket.department_id) if ticket.department_id else None
    own = (owner.calendar if owner else None) or (department.calendar if department else None)
    return calendar_with(policy.calendar_code(promised, name, own or policy.REAL_TIME))


def _minutes(calendar: Calendar | None, start: datetime, end: datetime) -> float:
    if calendar is None:
        return (end - start).total_seconds() / 60
    return elapsed(calendar, start, end)


def _due(calendar: Calendar | None, segments: Iterable[Segment], target: int | None) -> datetime | None:
    """The instant at which the target is used up, given the pauses so far. None while it is paused, or without one."""
    left = float(target) if target is not None else None
    for segment in segments:
        if left is None or not segment.running:
            continue
        if segment.end is None or segment.minutes >= left:
            return due(calendar, segment.start, left) if calendar else segment.start + timedelta(minutes=left)
        left -= segment.minutes
    return None
