"""What the clocks and the log of a day come to, by department and for all of them, made anew from the readings."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, delete, func, insert, select, true

from helpdesk.db import db
from helpdesk.rollups.counting import REDIRECTED, counts_of, day_count
from helpdesk.rollups.days import Group, packed, read, together, written
from helpdesk.rollups.models import EVERY, STARTED, ClockDay, ClockReading, DayCount


def sum_up_clocks(touched: Mapping[date, Collection[int] | None]) -> None:
    """Make the sums of these departments (None: of all) on these days anew, and those of all departments together."""
    for day, departments in touched.items():
        stale = true() if departments is None else ClockDay.department_id.in_([*departments, EVERY])
        db.session.execute(delete(ClockDay).where(ClockDay.day == day, stale))
        found: defaultdict[int, list[Group]] = defaultdict(list)
        for department, group in (*_ended(day, departments), *_started(day, departments)):
            found[department].append(group)
        rows = [_row(day, department, groups) for department, groups in sorted(found.items())]
        if rows:
            db.session.execute(insert(ClockDay), rows)
        everybody = _of_the_others(day, departments) + rows
        if everybody:
            everybody.sort(key=lambda row: int(row["department_id"]))
            groups = together(group for row in everybody for group in _groups(row))
            db.session.execute(insert(ClockDay), _row(day, EVERY, groups))


def sum_up_counts(days: Collection[date]) -> None:
    """Make what the log says of these days anew, for every department."""
    for day in sorted(days):
        db.session.execute(delete(DayCount).where(DayCount.day == day))
        counts = list(counts_of(day))
        every: Counter[tuple[str, int]] = Counter()
        for row in counts:
            if row["kind"] != REDIRECTED:
                every[row["kind"], row["other_id"]] += row["count"]
        counts += [day_count(day, EVERY, kind, other, count) for (kind, other), count in every.items()]
        if counts:
            db.session.execute(insert(DayCount), counts)


def _of_the_others(day: date, departments: Collection[int] | None) -> list[dict[str, Any]]:
    """The rows of the day that stay as they are."""
    if departments is None:
        return []
    columns = (ClockDay.department_id, ClockDay.counts, ClockDay.targets, ClockDay.seconds)
    others = ClockDay.department_id.not_in([*departments, EVERY])
    rows = db.session.execute(select(*columns).where(ClockDay.day == day, others))
    names = [column.key for column in columns]
    return [dict(zip(names, row, strict=True)) for row in rows]


def _row(day: date, department: int, groups: Iterable[Group]) -> dict[str, Any]:
    counts, targets, seconds = written(groups)
    return {"department_id": department, "day": day, "counts": counts, "targets": targets, "seconds": seconds}


def _groups(row: Mapping[str, Any]) -> Iterator[Group]:
    return read(row["counts"], row["targets"], row["seconds"])


def _of(departments: Collection[int] | None) -> ColumnElement[bool]:
    return true() if departments is None else ClockReading.department_id.in_(list(departments))


def _ended(day: date, departments: Collection[int] | None) -> Iterator[tuple[int, Group]]:
    columns = (ClockReading.department_id, ClockReading.clock, ClockReading.outcome)
    rows = db.session.execute(
        select(*columns, ClockReading.seconds, ClockReading.target_seconds)
        .where(ClockReading.day == day, _of(departments))
        .order_by(*columns, ClockReading.seconds)
    )
    for (department, clock, outcome), some in groupby(rows, key=attrgetter("department_id", "clock", "outcome")):
        times = [(row.seconds, row.target_seconds) for row in some]
        targets = Counter(target for _, target in times if target)
        yield department, Group(clock, outcome, len(times), packed(seconds for seconds, _ in times), targets)


def _started(day: date, departments: Collection[int] | None) -> Iterator[tuple[int, Group]]:
    columns = (ClockReading.department_id, ClockReading.clock)
    began = select(*columns, func.count().label("began")).where(ClockReading.started_on == day, _of(departments))
    for row in db.session.execute(began.group_by(*columns).order_by(*columns)):
        yield row.department_id, Group(row.clock, STARTED, row.began)
