"""The stretch of days a report is about. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from helpdesk.errors import BadInput, Problem

WEEK = timedelta(days=7)
LAST_WEEKS = (1, 4, 13, 52)
"""Periods offered by name: the present week and so many less one before it."""
USUAL = 13
LONGEST = timedelta(days=366 * 10)
COMPARED = 4
"""A period is compared with so many of the same length before it."""


@dataclass(frozen=True, slots=True)
class Period:
    """Local days from `start` to before `end`."""

    start: date
    end: date

    @property
    def last(self) -> date:
        return self.end - timedelta(days=1)

    @property
    def days(self) -> int:
        return (self.end - self.start).days

    def weeks(self) -> Sequence[date]:
        """The Mondays of the weeks it touches, oldest first."""
        monday = self.start - timedelta(days=self.start.weekday())
        count = -(-(self.end - monday).days // 7)
        return [monday + WEEK * number for number in range(count)]

    def before(self) -> Period:
        """The `COMPARED` periods of the same length that ended when this one began, as one."""
        return Period(self.start - (self.end - self.start) * COMPARED, self.start)


def last_weeks(count: int, today: date) -> Period:
    """The week of `today` and the `count` - 1 whole ones before it."""
    monday = today - timedelta(days=today.weekday())
    return Period(monday - WEEK * (count - 1), monday + WEEK)


def between(first: str | None, last: str | None, today: date) -> Period:
    """From one day to another, both included, as written (2026-03-01). Without a first: the usual weeks before.

    Raises BadInput for what is no date, for a last day before the first, and for more than ten years.
    """
    problems: list[Problem] = []
    end = _read("to", last, problems) or today
    start = _read("from", first, problems) or end - WEEK * USUAL + timedelta(days=1)
    if not problems and end < start:
        problems.append(Problem("to", "before_start"))
    if not problems and end - start > LONGEST:
        problems.append(Problem("from", "period_too_long", {"years": LONGEST.days // 366}))
    if problems:
        raise BadInput(problems)
    return Period(start, end + timedelta(days=1))


def _read(name: str, written: str | None, problems: list[Problem]) -> date | None:
    try:
        return date.fromisoformat(written) if written else None
    except ValueError:
        problems.append(Problem(name, "not_a_date", {"value": (written or "")[:20]}))
        return None
