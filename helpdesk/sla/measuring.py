"""A clock in minutes: used up, due, kept or late, stretch by stretch, in the calendar it was promised in. Pure.

A clock that is over is counted with the calendars as they were known when it ended; what was written late (a closing
noticed afterwards) is counted beside it, as a correction. One that runs is counted with each day's hours as known now.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from helpdesk.sla.calendar import Calendar, NeverOpen, due, elapsed
from helpdesk.sla.promise import Promise
from helpdesk.sla.segments import Clock, Remark

FindCalendar = Callable[[str], Calendar | None]
_MINUTE = timedelta(minutes=1)
NATURAL = "done"


@dataclass(frozen=True)
class Segment:
    """`minutes` of the clock's calendar, whether it ran or paused meanwhile; real minutes without a calendar."""

    start: datetime
    end: datetime | None
    running: bool
    minutes: float
    why: str
    versions: tuple[int, ...] = ()


@dataclass(frozen=True)
class Counted:
    """One clock, counted.

    `outcome`: running, paused; for a clock that came to its natural end kept, late, late_on_change, or done where
    nothing was promised; else the word for what cut it short. `late`: whether it was held to a target that it exceeded,
    however it ended; `late_on_change`: a new priority or policy found it past its new target, which is nobody's fault.
    `due_at`: see the function. `corrected_minutes`:
    what it would count with the calendars as known now, when that differs.
    """

    clock: Clock
    calendar: str | None
    target_minutes: int | None
    spent_minutes: float
    due_at: datetime | None
    outcome: str
    late: bool
    late_on_change: bool
    segments: tuple[Segment, ...]
    corrected_minutes: float | None = None


@dataclass(frozen=True)
class Reckoned:
    """All clocks of a ticket, and what is odd about the times in its log."""

    clocks: tuple[Counted, ...]
    remarks: tuple[Remark, ...]


def count(clock: Clock, calendars: FindCalendar, now: datetime) -> Counted:
    """Count `clock` as of `now`. `calendars` gives a calendar by its code, or None if there is none."""
    promise = clock.promise
    known = calendar_of(clock, promise, calendars)
    late, on_change, held_to = _judged(clock, calendars, now)
    segments = tuple(
        Segment(
            each.start,
            each.end,
            each.running,
            _minutes(known, each.start, each.end or now),
            each.why,
            _versions(known, each.start, each.end or now),
        )
        for each in clock.stretches
    )
    outcome = clock.outcome
    if outcome == NATURAL and promise is not None and promise.minutes is not None:
        outcome = "late" if late else "late_on_change" if on_change else "kept"
    return Counted(
        clock=clock,
        calendar=promise.calendar if promise else None,
        target_minutes=promise.minutes if promise else None,
        spent_minutes=sum(segment.minutes for segment in segments if segment.running),
        due_at=due_at(clock, calendars, held_to or promise),
        outcome=outcome,
        late=late,
        late_on_change=on_change and not late,
        segments=segments,
        corrected_minutes=_corrected(clock, known, promise, calendars, now),
    )


def due_at(clock: Clock, calendars: FindCalendar, promise: Promise | None) -> datetime | None:
    """When the target of `promise` is or was used up, given the pauses so far. A pause that ends by itself is reckoned
    to its end. None: paused for who knows how long, or nothing is promised."""
    if promise is None or promise.minutes is None or (clock.outcome == "paused" and clock.resumes_at is None):
        return None
    calendar = calendar_of(clock, promise, calendars)
    left = float(promise.minutes)
    pieces = [(each.start, each.end) for each in clock.stretches if each.running]
    if clock.resumes_at is not None:
        pieces.append((clock.resumes_at, None))
    for place, (start, end) in enumerate(pieces):
        spent = _minutes(calendar, start, end) if end else 0.0
        if place == len(pieces) - 1 or spent >= left:
            return due_after(calendar, start, left)
        left -= spent
    return None


def due_after(calendar: Calendar | None, start: datetime, minutes: float) -> datetime | None:
    """When so many minutes have passed, real ones without a calendar. None when the calendar never opens that long."""
    if calendar is None:
        return start + timedelta(minutes=minutes)
    try:
        return due(calendar, start, minutes)
    except NeverOpen:
        return None


def held_to(clock: Clock, calendars: FindCalendar, now: datetime) -> Promise | None:
    """What its deadline is reckoned from: the promise that was broken if one was, else the present one."""
    if len(clock.promises) < 2:
        return clock.promise
    return _judged(clock, calendars, now)[2] or clock.promise


def _judged(clock: Clock, calendars: FindCalendar, now: datetime) -> tuple[bool, bool, Promise | None]:
    """Whether it exceeded a target it was held to; whether a change found it past the new one; and the promise that
    was broken, which a later and easier one does not mend."""
    late, past, broken = False, False, None
    for place, (since, promise) in enumerate(clock.promises):
        until = clock.promises[place + 1][0] if place + 1 < len(clock.promises) else (clock.stretches[-1].end or now)
        past = place > 0 and not late and _exceeds(clock, calendars, promise, since, now)
        if not late and not past and _exceeds(clock, calendars, promise, until, now):
            late, broken = True, promise
    return late, past and not late, broken


def _exceeds(clock: Clock, calendars: FindCalendar, promise: Promise, until: datetime, now: datetime) -> bool:
    if promise.minutes is None:
        return False
    return _spent(clock, calendar_of(clock, promise, calendars), until, now) > promise.minutes


def _spent(clock: Clock, calendar: Calendar | None, until: datetime, now: datetime) -> float:
    """Minutes that it ran before `until`, from its origin and with its pauses."""
    return sum(
        _minutes(calendar, each.start, min(each.end or now, until))
        for each in clock.stretches
        if each.running and each.start < until
    )


def calendar_of(clock: Clock, promise: Promise | None, calendars: FindCalendar) -> Calendar | None:
    """The calendar of the clock as known when it ended, or as known now while it runs."""
    calendar = calendars(promise.calendar) if promise and promise.calendar else None
    if calendar is None or clock.known_at is None:
        return calendar
    return calendar.as_known(clock.known_at)


def _corrected(
    clock: Clock, known: Calendar | None, promise: Promise | None, calendars: FindCalendar, now: datetime
) -> float | None:
    present = calendars(promise.calendar) if promise and promise.calendar else None
    if present is None or known is None or present is known:
        return None
    before, after = (_spent(clock, each, clock.stretches[-1].end or now, now) for each in (known, present))
    return after if after != before else None


def _minutes(calendar: Calendar | None, start: datetime, end: datetime) -> float:
    end = max(start, end)
    return elapsed(calendar, start, end) if calendar else (end - start) / _MINUTE


def _versions(calendar: Calendar | None, start: datetime, end: datetime) -> tuple[int, ...]:
    """The numbers of the versions in force in a stretch."""
    if calendar is None:
        return ()
    first, last = calendar.in_force(start), calendar.in_force(max(start, end))
    return tuple(each.number for each in calendar.versions if first.number <= each.number <= last.number)
