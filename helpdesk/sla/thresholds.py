"""When a clock passes each part of its target at which somebody is warned. Pure.

Source: the domain's thresholds (3.3, rule 14). A clock that is held to another promise keeps its origin and its
pauses; what it is found past at that moment counts from that moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from helpdesk.sla.calendar import Calendar, working_spans
from helpdesk.sla.measuring import FindCalendar, calendar_of
from helpdesk.sla.promise import Promise
from helpdesk.sla.segments import Clock

NOTED, OWNER, HEAD, BREACH, COMMITTEE = THRESHOLDS = (50, 75, 90, 100, 150)
"""Per cent of the target: a note on screen; a reminder; the head; the target is used up; far past it."""
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Crossing:
    """`percent` of what was promised are used up `at` this instant, past or to come."""

    percent: int
    at: datetime


def crossings(clock: Clock, calendars: FindCalendar) -> tuple[Crossing, ...]:
    """The thresholds that `clock` passed or will pass if nothing happens, each once, in order.

    One that it had not reached when it ended is left out, as is one that it never reaches: nothing is promised, it
    pauses for who knows how long, or its calendar does not open again.
    """
    found: dict[int, datetime] = {}
    ended = None if clock.is_open else clock.stretches[-1].end
    for place, (since, promise) in enumerate(clock.promises):
        until = clock.promises[place + 1][0] if place + 1 < len(clock.promises) else ended
        for percent, reached in _reached(clock, promise, calendars):
            at = max(reached, since)
            if percent not in found and (until is None or at < until):
                found[percent] = at
    return tuple(sorted((Crossing(percent, at) for percent, at in found.items()), key=_in_order))


def next_of(passed_or_coming: Iterable[Crossing], now: datetime) -> datetime | None:
    """When the first of these that lie after `now` is due."""
    return min((each.at for each in passed_or_coming if each.at > now), default=None)


def used(passed_or_coming: Iterable[Crossing], now: datetime) -> int:
    """The highest threshold passed by `now`; 0 before the first."""
    return max((each.percent for each in passed_or_coming if each.at <= now), default=0)


def _in_order(crossing: Crossing) -> tuple[datetime, int]:
    return crossing.at, crossing.percent


def _reached(clock: Clock, promise: Promise, calendars: FindCalendar) -> Iterator[tuple[int, datetime]]:
    """When each part of the target of `promise` is used up, given the pauses so far."""
    if promise.minutes is None:
        return
    left = [(percent, promise.minutes * percent / 100) for percent in THRESHOLDS]
    spent = timedelta()
    for start, end in _worked(clock, calendar_of(clock, promise, calendars)):
        while left and (end is None or spent + (end - start) >= left[0][1] * _MINUTE):
            percent, minutes = left.pop(0)
            yield percent, start + (minutes * _MINUTE - spent)
        if not left or end is None:
            return
        spent += end - start


def _worked(clock: Clock, calendar: Calendar | None) -> Iterator[tuple[datetime, datetime | None]]:
    """The working time in which `clock` ran or will run, without an end where it goes on for ever."""
    pieces = [(each.start, each.end) for each in clock.stretches if each.running]
    if clock.resumes_at is not None:
        pieces.append((clock.resumes_at, None))
    for start, end in pieces:
        if calendar is None:
            yield start, end
            continue
        for span in working_spans(calendar, start, end):
            yield span.start, span.end
