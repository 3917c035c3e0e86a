"""Working time: how many minutes of it lie between two instants, and when a number of them will have
passed.

Instants are aware and handled in UTC; durations come from subtracting UTC instants, so nights that have 23
or 25 hours need no care. A calendar has versions: each day is counted with the version in force that day. A
local opening time that does not exist opens at the next valid instant; one that exists twice opens at the
first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo

from helpdesk.sla.public_holidays import computed_holidays

Interval = tuple[int, int]  # minutes after local midnight, the second greater than the first, at most 24 * 60

Opening = tuple[datetime, datetime]  # in UTC

LONGEST_WAIT_DAYS = 366 * 20
"""How far `due` looks for working time before it says that there is none."""


class NeverOpen(ValueError):
    """A calendar has less working time than is asked of it, however long one waits."""


@dataclass(frozen=True)
class Version:
    """Opening hours from `valid_from` on. `hours` has the intervals of Monday (0) to Sunday (6), in order.

    `holiday_dates` are the listed holidays; for years without any, the set named `holiday_set` is computed.
    `recorded_at`: when it was written down; None when it was there from the beginning.
    """

    code: str
    number: int
    valid_from: date
    zone: ZoneInfo
    hours: tuple[tuple[Interval, ...], ...]
    name: str = ""
    holiday_set: str = "none"
    holiday_dates: frozenset[date] = frozenset()
    holiday_hours: tuple[Interval, ...] = ()
    closed_on: frozenset[tuple[int, int]] = frozenset()  # (month, day), every year
    extra_closed: frozenset[date] = frozenset()
    recorded_at: datetime | None = None
    _openings: dict[date, tuple[Opening, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def openings(self, day: date) -> tuple[Opening, ...]:
        """The intervals of one local day as UTC instants, worked out once."""
        found = self._openings.get(day)
        if found is None:
            found = self._openings[day] = opening_instants(self.zone, day, self.open_on(day))
        return found

    def open_on(self, day: date) -> tuple[Interval, ...]:
        """The intervals of one local day."""
        if day in self.extra_closed or (day.month, day.day) in self.closed_on:
            return ()
        return self.holiday_hours if self.is_holiday(day) else self.hours[day.weekday()]

    def is_holiday(self, day: date) -> bool:
        if self.holiday_set == "none" and not self.holiday_dates:
            return False
        if any(listed.year == day.year for listed in self.holiday_dates):
            return day in self.holiday_dates
        return day in computed_holidays(self.holiday_set, day.year)


@dataclass(frozen=True)
class ExceptionalDay:
    """Other hours on one day (none: closed all day), whatever the version says. `recorded_at`: when it was written."""

    day: date
    hours: tuple[Interval, ...]
    recorded_at: datetime | None = None


@dataclass(frozen=True)
class Calendar:
    """All versions of one calendar, oldest first. Days before the first version count as in the first.

    `exceptions`: in the order in which they were written; of two for one day the later holds.
    """

    code: str
    versions: tuple[Version, ...]
    exceptions: tuple[ExceptionalDay, ...] = ()

    @cached_property
    def exceptional(self) -> dict[date, tuple[Interval, ...]]:
        """The hours of the days that are not as usual."""
        return {each.day: each.hours for each in self.exceptions}

    def as_known(self, instant: datetime) -> Calendar:
        """As it was known at `instant`, without what was written down later; itself when that is the same."""
        versions = tuple(each for each in self.versions if _known(each.recorded_at, instant)) or self.versions[:1]
        exceptions = tuple(each for each in self.exceptions if _known(each.recorded_at, instant))
        if len(versions) == len(self.versions) and len(exceptions) == len(self.exceptions):
            return self
        return Calendar(self.code, versions, exceptions)

    def in_force(self, instant: datetime) -> Version:
        """The version that counts an instant."""
        found = self.versions[0]
        for version in self.versions[1:]:
            if instant >= _instant(version.zone, version.valid_from, 0):
                found = version
        return found


@dataclass(frozen=True)
class CalendarBook:
    """The calendars of an organisation, by code."""

    calendars: Mapping[str, Calendar] = field(default_factory=dict)

    def __getitem__(self, code: str) -> Calendar:
        return self.calendars[code]

    def __contains__(self, code: str) -> bool:
        return code in self.calendars


@dataclass(frozen=True)
class Span:
    """A stretch of working time in UTC and the version of the calendar that opened it."""

    start: datetime
    end: datetime
    version: int


def elapsed(calendar: Calendar, start: datetime, end: datetime) -> float:
    """Minutes of working time from `start` to `end`. Raises ValueError if they are naive or in the wrong
    order.
    """
    if _aware(end) < _aware(start):
        raise ValueError("the end is before the start")
    spent = sum((span.end - span.start for span in working_spans(calendar, start, end)), timedelta())
    return spent / timedelta(minutes=1)


def due(calendar: Calendar, start: datetime, minutes: float) -> datetime:
    """The first instant (UTC) at which `minutes` of working time have passed since `start`; `start` itself
    for none.

    Raises ValueError for a negative duration, and NeverOpen when the calendar never opens long enough.
    """
    if minutes < 0:
        raise ValueError("a duration can't be negative")
    start = _aware(start)
    left = timedelta(microseconds=round(minutes * 60_000_000))
    if not left:
        return start
    for span in working_spans(calendar, start, None):
        if span.end - span.start >= left:
            return span.start + left
        left -= span.end - span.start
    raise NeverOpen(f"{calendar.code} has not enough working time in twenty years")


def next_open(calendar: Calendar, instant: datetime) -> datetime:
    """`instant` itself (in UTC) when it lies in working time, else when the calendar opens next. Raises NeverOpen."""
    for span in working_spans(calendar, instant, None):
        return span.start
    raise NeverOpen(f"{calendar.code} does not open in twenty years")


def working_spans(calendar: Calendar, start: datetime, end: datetime | None) -> Iterator[Span]:
    """The open stretches between two instants, in order, never empty and never overlapping.

    Without an end they go on for LONGEST_WAIT_DAYS.
    """
    start = _aware(start)
    end = start + timedelta(days=LONGEST_WAIT_DAYS) if end is None else _aware(end)
    for place, version in enumerate(calendar.versions):
        opens, closes = start, end
        if place:
            opens = max(opens, _instant(version.zone, version.valid_from, 0))
        if place + 1 < len(calendar.versions):
            following = calendar.versions[place + 1]
            closes = min(closes, _instant(following.zone, following.valid_from, 0))
        for opening, closing in _openings(calendar, version, opens, closes):
            yield Span(opening, closing, version.number)


def _openings(calendar: Calendar, version: Version, start: datetime, end: datetime) -> Iterator[Opening]:
    """The stretches of one version between two UTC instants."""
    if start >= end:
        return
    day = start.astimezone(version.zone).date()
    last = end.astimezone(version.zone).date()
    while day <= last:
        exception = calendar.exceptional.get(day)
        instants = version.openings(day) if exception is None else opening_instants(version.zone, day, exception)
        for opening, closing in instants:
            opening, closing = max(opening, start), min(closing, end)
            if opening < closing:
                yield opening, closing
        day += timedelta(days=1)


def opening_instants(zone: ZoneInfo, day: date, hours: tuple[Interval, ...]) -> tuple[Opening, ...]:
    """Hours of a local day as UTC instants; an interval that falls into a skipped hour is empty."""
    return tuple((_instant(zone, day, opening), _instant(zone, day, closing)) for opening, closing in hours)


def _known(recorded_at: datetime | None, instant: datetime) -> bool:
    return recorded_at is None or recorded_at <= instant


@lru_cache(maxsize=20_000)
def _instant(zone: ZoneInfo, day: date, minutes: int) -> datetime:
    """The UTC instant of a local wall time; the end of the gap when clocks skip it, the first when they
    repeat it.
    """
    wall = datetime.combine(day, time()) + timedelta(minutes=minutes)
    instant = wall.replace(tzinfo=zone).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == wall:
        return instant
    before = (instant - timedelta(days=1)).astimezone(zone).utcoffset()
    low, high = instant - timedelta(days=1), instant
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) // 2
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)


def _aware(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return instant.astimezone(UTC)
