"""How response times were kept, read from the sums of each day: over a period, week by week, and how it was before.

A clock counts on the day on which it ended. Kept and late are told of clocks that had a target and ran to their end;
those cut short (declined, passed on, merged…) are counted apart. Clocks still running count as late from the moment
they are due: leaving them out would hide the worst.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property

import numpy as np
from sqlalchemy import ColumnElement, case, func, select, true
from sqlalchemy.orm import InstrumentedAttribute

from helpdesk.db import db
from helpdesk.reports.periods import Period
from helpdesk.rollups.days import Times, quantile, unpacked
from helpdesk.rollups.models import STARTED, ClockDay, ClockReading
from helpdesk.routing.shares import TOLD_FROM, Share
from helpdesk.sla.segments import NAMES as STAGES

KEPT, LATE = "kept", "late"
RAN_TO_THE_END = frozenset({KEPT, LATE, "late_on_change", "done"})
"""Late on change: the priority was raised when the new target had passed already; nobody's fault, and not kept."""

Departments = Collection[int] | None
"""Ids; None for all there are."""


@dataclass
class Figures:
    """The clocks of one kind over some days. Times are in seconds of working time."""

    outcomes: Counter[str] = field(default_factory=Counter)
    started: int = 0
    _seconds: list[bytes] = field(default_factory=list)
    _targets: list[bytes] = field(default_factory=list)

    def add(self, outcome: str, count: int, seconds: bytes = b"", targets: bytes = b"") -> None:
        """Take in a `ClockDay`."""
        if outcome == STARTED:
            self.started += count
            return
        self.outcomes[outcome] += count
        if outcome in RAN_TO_THE_END:
            self._seconds.append(seconds)
            self._targets.append(targets)

    @property
    def kept(self) -> Share:
        """Of those that ran to their end with a target."""
        return Share(self.outcomes[KEPT], self.outcomes[KEPT] + self.outcomes[LATE])

    @property
    def late(self) -> int:
        return self.outcomes[LATE]

    @property
    def count(self) -> int:
        """How many ran to their end."""
        return sum(self.outcomes[outcome] for outcome in RAN_TO_THE_END)

    @cached_property
    def times(self) -> Times:
        return unpacked(self._seconds)

    def within(self, share: float) -> float | None:
        """The time within which this share ended; None while there are too few to tell."""
        return quantile(self.times, share) if self.count >= TOLD_FROM else None

    @property
    def median(self) -> float | None:
        return self.within(0.5)

    @property
    def p90(self) -> float | None:
        return self.within(0.9)

    @cached_property
    def target(self) -> int | None:
        """The target that most of them had; None when none had any."""
        targets = unpacked(self._targets)
        values, counts = np.unique(targets[targets > 0], return_counts=True)
        return int(values[counts.argmax()]) if len(values) else None


@dataclass(frozen=True)
class Running:
    """Clocks that run now, and how many of them are past their target."""

    count: int = 0
    late: int = 0


Stages = Mapping[str, Figures]
"""Clock → figures; every one of `STAGES` is there."""


@dataclass(frozen=True)
class Week:
    start: date
    stages: Stages


@dataclass(frozen=True)
class ResponseTimes:
    """`before`: the four periods of the same length that went before, together; without single times."""

    period: Period
    stages: Stages
    weeks: Sequence[Week]
    before: Stages
    running: Mapping[str, Running]


def response_times(departments: Departments, period: Period, now: datetime) -> ResponseTimes:
    """Costs depend on the days read, not on the tickets there are."""
    stages, weeks = _stages(), {monday: _stages() for monday in period.weeks()}
    mondays = sorted(weeks)
    for row in db.session.execute(
        select(
            ClockDay.day, ClockDay.clock, ClockDay.outcome, ClockDay.count, ClockDay.seconds, ClockDay.targets
        ).where(*_on(period), _of(departments, ClockDay.department_id))
    ):
        monday = mondays[(row.day - mondays[0]).days // 7]
        for figures in (stages, weeks[monday]):
            figures[row.clock].add(row.outcome, row[3], row.seconds, row.targets)
    return ResponseTimes(
        period,
        stages,
        [Week(monday, weeks[monday]) for monday in mondays],
        _counted(departments, period.before()),
        _running(departments, now),
    )


def _stages() -> dict[str, Figures]:
    found: defaultdict[str, Figures] = defaultdict(Figures)
    for stage in STAGES:
        found[stage] = Figures()
    return found


def _counted(departments: Departments, period: Period) -> Stages:
    """Counts without times: what shares are made of."""
    found = _stages()
    columns = (ClockDay.clock, ClockDay.outcome)
    counts = select(*columns, func.sum(ClockDay.count).label("sum")).group_by(*columns)
    for row in db.session.execute(counts.where(*_on(period), _of(departments, ClockDay.department_id))):
        found[row.clock].add(row.outcome, row[2])
    return found


def _running(departments: Departments, now: datetime) -> Mapping[str, Running]:
    is_late = func.sum(case((ClockReading.due_at < now, 1), else_=0))
    rows = db.session.execute(
        select(ClockReading.clock, func.count(), is_late)
        .where(ClockReading.day.is_(None), _of(departments, ClockReading.department_id))
        .group_by(ClockReading.clock)
    )
    found = {clock: Running(count, late or 0) for clock, count, late in rows}
    return {stage: found.get(stage, Running()) for stage in STAGES}


def _on(period: Period) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return ClockDay.day >= period.start, ClockDay.day < period.end


def _of(departments: Departments, column: InstrumentedAttribute[int]) -> ColumnElement[bool]:
    return true() if departments is None else column.in_(list(departments))
