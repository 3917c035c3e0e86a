"""How response times were kept, read from the sums of each day: over a period, week by week, and how it was before.

A clock counts on the day on which it ended. Kept and late are told of clocks that had a target and ran to their end;
those cut short (declined, passed on, merged…) are counted apart. Clocks still running count as late from the moment
they are due: leaving them out would hide the worst.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property

import numpy as np
from sqlalchemy import ColumnElement, case, func, select, true

from helpdesk.db import db
from helpdesk.reports.periods import WEEK, Period
from helpdesk.rollups.days import Group, Times, quantile, read, unpacked
from helpdesk.rollups.models import EVERY, STARTED, ClockDay, ClockReading
from helpdesk.rollups.reading import ASKER
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
    _targets: Counter[int] = field(default_factory=Counter)

    def add(self, group: Group) -> None:
        """Take in what a day's clocks came to."""
        if group.outcome == STARTED:
            self.started += group.count
            return
        self.outcomes[group.outcome] += group.count
        if group.outcome in RAN_TO_THE_END:
            self._seconds.append(group.seconds)
            for target, count in group.targets.items():
                self._targets[target] += count

    def join(self, other: Figures) -> None:
        """Take in what other days came to."""
        self.outcomes.update(other.outcomes)
        self.started += other.started
        self._seconds += other._seconds
        self._targets.update(other._targets)

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
        """In ascending order: several shares are asked for."""
        return np.sort(unpacked(self._seconds))

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
        return max(sorted(self._targets), key=self._targets.__getitem__, default=None)


@dataclass(frozen=True)
class Running:
    """Clocks that run now, and how many of them are past their target."""

    count: int = 0
    late: int = 0


Stages = Mapping[str, Figures]
"""Clock → figures; every one of `STAGES` is there, and `ASKER`."""


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
    weeks = {monday: _stages() for monday in period.weeks()}
    first = min(weeks)
    columns = (ClockDay.day, ClockDay.counts, ClockDay.targets, ClockDay.seconds)
    for day, *kept in db.session.execute(select(*columns).where(*_on(period), _of(departments))):
        stages = weeks[first + (day - first) // WEEK * WEEK]
        for group in read(*kept):
            stages[group.clock].add(group)
    return ResponseTimes(
        period,
        _together(weeks.values()),
        [Week(monday, weeks[monday]) for monday in sorted(weeks)],
        _counted(departments, period.before()),
        _running(departments, now),
    )


def _stages() -> dict[str, Figures]:
    found: defaultdict[str, Figures] = defaultdict(Figures)
    for stage in (*STAGES, ASKER):
        found[stage] = Figures()
    return found


def _together(weeks: Iterable[Stages]) -> Stages:
    found = _stages()
    for week in weeks:
        for clock, figures in week.items():
            found[clock].join(figures)
    return found


def _counted(departments: Departments, period: Period) -> Stages:
    """Counts without times: what shares are made of."""
    tally: defaultdict[tuple[str, str], int] = defaultdict(int)
    for counts in db.session.scalars(select(ClockDay.counts).where(*_on(period), _of(departments))):
        for clock, outcome, count, _length in counts:
            tally[clock, outcome] += count
    found = _stages()
    for (clock, outcome), count in tally.items():
        found[clock].add(Group(clock, outcome, count))
    return found


def _running(departments: Departments, now: datetime) -> Mapping[str, Running]:
    is_late = func.sum(case((ClockReading.due_at < now, 1), else_=0))
    theirs = true() if departments is None else ClockReading.department_id.in_(list(departments))
    rows = db.session.execute(
        select(ClockReading.clock, func.count(), is_late)
        .where(ClockReading.day.is_(None), theirs)
        .group_by(ClockReading.clock)
    )
    found = {clock: Running(count, late or 0) for clock, count, late in rows}
    return {stage: found.get(stage, Running()) for stage in STAGES}


def _on(period: Period) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return ClockDay.day >= period.start, ClockDay.day < period.end


def _of(departments: Departments) -> ColumnElement[bool]:
    return ClockDay.department_id.in_([EVERY] if departments is None else list(departments))
