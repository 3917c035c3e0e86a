"""Keeping the figures up with the log, and making them anew.

Whatever changes a ticket writes an `index_change` in the same transaction; those numbers are followed here as they are
by the search index. A ticket that changed is read again whole, and the days on which its clocks ended or began are
summed up again, in the transaction that moves the watermark: after any crash the work goes on where it was.
"""

from __future__ import annotations

import logging
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import date
from typing import Any, TypeVar, cast

from sqlalchemy import Table, delete, func, insert, select

from helpdesk.accounts.organisation import held_note, noted, write_note
from helpdesk.db import db, transaction
from helpdesk.rollups.counting import counted_on, every_counted_day, withdrawn_on
from helpdesk.rollups.models import ClockDay, ClockReading, DayCount
from helpdesk.rollups.reading import readings_of
from helpdesk.rollups.summing import sum_up_clocks, sum_up_counts
from helpdesk.search.following import changes_after
from helpdesk.tickets.models import IndexChange, Ticket

_Row = TypeVar("_Row")
_READINGS = cast(Table, ClockReading.__table__)
_COLUMNS = [column for column in _READINGS.columns if column.key != "id"]
_NAMES = [column.key for column in _COLUMNS]
log = logging.getLogger(__name__)

THROUGH = "rollups_through"
"""The note that says up to which change the figures are."""
BATCH = 200
"""Tickets read again in one transaction."""
ALL_AT_ONCE = 400
"""Likewise when all are: what they were and what they are is in memory together."""
AT_ONCE = 500
"""Rows named in one statement."""
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


def rebuild(told: Callable[[int], None] = lambda done: None) -> int:
    """Read every ticket again and sum up every day; figures stay readable meanwhile. Returns how many tickets.

    `told` hears now and then how many were read. Memory holds some hundred tickets, or one day.
    """
    db.session.rollback()
    through = db.session.scalar(select(func.max(IndexChange.id))) or 0
    done = 0
    for ids in _tickets(ALL_AT_ONCE):
        readings = readings_of(ids)
        with transaction():
            _replace(ids, readings)
        done += len(ids)
        told(done)
    _remove_strays()
    sum_up_every_day()
    with transaction():
        write_note(held_note(THROUGH), through)
    return done


def sum_up_every_day() -> None:
    """Make the sums of all days anew from the readings as they are, some days in a transaction."""
    for days in _in_parts(_every_day(), DAYS):
        with transaction():
            sum_up_clocks(dict.fromkeys(days))
            sum_up_counts(days)


def lag() -> int:
    """How many changes the figures have not taken in yet."""
    waiting = select(func.count()).select_from(IndexChange).where(IndexChange.id > (noted(THROUGH) or 0))
    return db.session.scalar(waiting) or 0


def _read_again(tickets: Collection[int], before: int, through: int, days: Collection[date] = ()) -> None:
    """`days`: on which something is to be counted again that these tickets do not tell of."""
    readings = readings_of(tickets)
    with transaction():
        note = held_note(THROUGH)
        if (note.value.get("value") or 0) != before:
            return
        sum_up_clocks(_replace(tickets, readings))
        sum_up_counts(counted_on(tickets) | set(days))
        write_note(note, through)


def _attached_to(tickets: Collection[int]) -> set[int]:
    """Those merged into these: what is posted for the leading question answers them too."""
    return set(db.session.scalars(select(Ticket.id).where(Ticket.merged_into_id.in_(list(tickets)))))


def _replace(tickets: Collection[int], readings: Sequence[dict[str, Any]]) -> dict[date, set[int]]:
    """Put these readings in the place of those the tickets had. Returns the days and departments of what changed.

    What is as it was stays: of a question that goes on, most clocks were over before.
    """
    stored = db.session.execute(select(ClockReading.id, *_COLUMNS).where(ClockReading.ticket_id.in_(list(tickets))))
    fresh = Counter(tuple(values[name] for name in _NAMES) for values in readings)
    gone: list[int] = []
    changed: list[tuple[Any, ...]] = []
    for number, *kept in stored:
        was = tuple(kept)
        if fresh[was]:
            fresh[was] -= 1
        else:
            gone.append(number)
            changed.append(was)
    new = list(fresh.elements())
    for some in _in_parts(gone, AT_ONCE):
        db.session.execute(delete(ClockReading).where(ClockReading.id.in_(some)))
    if new:
        db.session.execute(insert(_READINGS), [dict(zip(_NAMES, values, strict=True)) for values in new])
    touched: defaultdict[date, set[int]] = defaultdict(set)
    for values in (*changed, *new):
        of = dict(zip(_NAMES, values, strict=True))
        for day in (of["day"], of["started_on"]):
            if day is not None:
                touched[day].add(of["department_id"])
    return touched


def _tickets(size: int) -> Iterator[list[int]]:
    last = 0
    while ids := list(db.session.scalars(select(Ticket.id).where(Ticket.id > last).order_by(Ticket.id).limit(size))):
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
    days |= set(db.session.scalars(select(ClockReading.started_on).distinct()))
    days |= set(db.session.scalars(select(ClockReading.day).where(ClockReading.day.is_not(None)).distinct()))
    return sorted(days | every_counted_day())


def _in_parts(rows: Sequence[_Row], size: int) -> Iterable[Sequence[_Row]]:
    return (rows[start : start + size] for start in range(0, len(rows), size))
