"""Keeping the figures up with the log, and making them anew.

Whatever changes a ticket writes an `index_change` in the same transaction; those numbers are followed here as they are
by the search index. A ticket that changed is read again whole, and the days on which its clocks ended or began are
summed up again, in the transaction that moves the watermark: after any crash the work goes on where it was.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from itertools import groupby
from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, insert, select

from helpdesk.accounts.organisation import held_note, noted, setting, write_note
from helpdesk.db import db, transaction
from helpdesk.rollups.counting import counted_on, counts_of, every_counted_day, withdrawn_on
from helpdesk.rollups.days import packed
from helpdesk.rollups.models import STARTED, ClockDay, ClockReading, DayCount
from helpdesk.rollups.reading import readings_of
from helpdesk.search.following import changes_after
from helpdesk.tickets.models import IndexChange, Ticket

log = logging.getLogger(__name__)

THROUGH = "rollups_through"
"""The note that says up to which change the figures are."""
BATCH = 200
"""Tickets read again in one transaction."""
DAYS = 30
"""Days summed up again in one transaction."""


def follow(seconds: float | None = None) -> int:
    """Bring the figures up to the last change, or as far as `seconds` allow. Returns how many changes were read.

    Several may run: one of them moves the watermark, the others find it moved and start over.
    """
    started, done = time.monotonic(), 0
    while seconds is None or time.monotonic() - started < seconds:
        through = noted(THROUGH) or 0
        changes = changes_after(through, BATCH)
        if not changes:
            break
        changed = {change.entity_id for change in changes if change.kind == "ticket"}
        answers = {change.entity_id for change in changes if change.kind == "answer"}
        _read_again(changed | _attached_to(changed), through, changes[-1].id, withdrawn_on(answers))
        done += len(changes)
    return done


def rebuild() -> int:
    """Read every ticket again and sum up every day; figures stay readable meanwhile. Returns how many tickets."""
    db.session.rollback()
    through = db.session.scalar(select(func.max(IndexChange.id))) or 0
    done = 0
    for ids in _tickets():
        readings = readings_of(ids)
        with transaction():
            _replace(ids, readings)
        done += len(ids)
    _remove_strays()
    for days in _in_parts(_every_day(), DAYS):
        with transaction():
            _sum_up(days)
    with transaction():
        write_note(held_note(THROUGH), through)
    return done


def lag() -> int:
    """How many changes the figures have not taken in yet."""
    waiting = select(func.count()).select_from(IndexChange).where(IndexChange.id > (noted(THROUGH) or 0))
    return db.session.scalar(waiting) or 0


def _read_again(tickets: Collection[int], before: int, through: int, days: Collection[date] = ()) -> None:
    readings = readings_of(tickets)
    with transaction():
        note = held_note(THROUGH)
        if (note.value.get("value") or 0) != before:
            return
        _sum_up(_replace(tickets, readings) | set(days))
        write_note(note, through)


def _attached_to(tickets: Collection[int]) -> set[int]:
    """Those merged into these: what is posted for the leading question answers them too."""
    return set(db.session.scalars(select(Ticket.id).where(Ticket.merged_into_id.in_(list(tickets)))))


def _replace(tickets: Collection[int], readings: Sequence[dict[str, Any]]) -> set[date]:
    """Put these readings in the place of those the tickets had. Returns the days that either touches."""
    theirs = ClockReading.ticket_id.in_(list(tickets))
    opened = select(Ticket.opened_at).where(Ticket.id.in_(list(tickets)))
    zone = ZoneInfo(setting("timezone"))
    days: set[date | None] = {at.astimezone(zone).date() for at in db.session.scalars(opened)}
    days |= counted_on(tickets)
    for ended, started in db.session.execute(select(ClockReading.day, ClockReading.started_on).where(theirs)):
        days |= {ended, started}
    db.session.execute(delete(ClockReading).where(theirs))
    if readings:
        db.session.execute(insert(ClockReading), readings)
    days |= {values[name] for values in readings for name in ("day", "started_on")}
    return {day for day in days if day is not None}


def _sum_up(days: Collection[date]) -> None:
    """Make the sums of these days anew from the readings and the log."""
    if not days:
        return
    for table in (ClockDay, DayCount):
        db.session.execute(delete(table).where(table.day.in_(list(days))))
    sums = [values for day in sorted(days) for values in (*_ended(day), *_started(day))]
    counts = [values for day in sorted(days) for values in counts_of(day)]
    if sums:
        db.session.execute(insert(ClockDay), sums)
    if counts:
        db.session.execute(insert(DayCount), counts)


def _ended(day: date) -> Iterator[dict[str, Any]]:
    columns = (ClockReading.department_id, ClockReading.clock, ClockReading.outcome)
    rows = db.session.execute(
        select(*columns, ClockReading.seconds, ClockReading.target_seconds)
        .where(ClockReading.day == day)
        .order_by(*columns, ClockReading.seconds)
    )
    for (department, clock, outcome), group in groupby(rows, key=attrgetter("department_id", "clock", "outcome")):
        times = [(row.seconds, row.target_seconds or 0) for row in group]
        yield _clock_day(day, department, clock, outcome, times)


def _started(day: date) -> Iterator[dict[str, Any]]:
    columns = (ClockReading.department_id, ClockReading.clock)
    began = select(*columns, func.count().label("count")).where(ClockReading.started_on == day).group_by(*columns)
    for row in db.session.execute(began):
        yield _clock_day(day, row.department_id, row.clock, STARTED, []) | {"count": row[2]}


def _clock_day(
    day: date, department: int, clock: str, outcome: str, times: Sequence[tuple[int, int]]
) -> dict[str, Any]:
    return {
        "day": day,
        "department_id": department,
        "clock": clock,
        "outcome": outcome,
        "count": len(times),
        "seconds": packed(seconds for seconds, _ in times),
        "targets": packed(target for _, target in times),
    }


def _tickets() -> Iterator[list[int]]:
    last = 0
    while ids := list(db.session.scalars(select(Ticket.id).where(Ticket.id > last).order_by(Ticket.id).limit(BATCH))):
        yield ids
        last = ids[-1]


def _remove_strays() -> None:
    """Readings of tickets that are restricted now or are no more."""
    known = select(Ticket.id).where(Ticket.restricted.is_(False))
    with transaction() as session:
        session.execute(delete(ClockReading).where(ClockReading.ticket_id.not_in(known)))


def _every_day() -> list[date]:
    """Days that have sums or need some, oldest first."""
    days = set(db.session.scalars(select(ClockDay.day).distinct())) | set(
        db.session.scalars(select(DayCount.day).distinct())
    )
    days |= set(db.session.scalars(select(ClockReading.started_on).distinct())) | every_counted_day()
    days |= set(db.session.scalars(select(ClockReading.day).where(ClockReading.day.is_not(None)).distinct()))
    return sorted(days)


def _in_parts(days: Sequence[date], size: int) -> Iterable[Sequence[date]]:
    return (days[start : start + size] for start in range(0, len(days), size))
