"""What the clocks and the log of a day come to, by department and for all of them, made anew from the readings."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from datetime import time as midnight
from itertools import groupby
from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, delete, func, insert, select, true

from helpdesk.accounts.models import Person
from helpdesk.accounts.organisation import setting
from helpdesk.db import db
from helpdesk.rollups.days import Group, packed, read, together, written
from helpdesk.rollups.models import EVERY, NO_DEPARTMENT, STARTED, ClockDay, ClockReading, DayCount
from helpdesk.tickets.models import Event, Ticket, TicketTopic
from helpdesk.tickets.workflow import Kind

COUNTED = {
    Kind.DECLINED: "declined",
    Kind.REDIRECTED: "redirected",
    Kind.RETURNED: "returned",
    Kind.REOPENED: "reopened",
}


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
        counts = list(_happened(day)) + list(_topics(day))
        every: Counter[tuple[str, int]] = Counter()
        for row in counts:
            if row["kind"] != COUNTED[Kind.REDIRECTED]:
                every[row["kind"], row["other_id"]] += row["count"]
        counts += [_count(day, EVERY, kind, other, count) for (kind, other), count in every.items()]
        if counts:
            db.session.execute(insert(DayCount), counts)


def local_day(instant: datetime) -> date:
    """The day of `instant` where the organisation is."""
    return instant.astimezone(ZoneInfo(setting("timezone"))).date()


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


def _happened(day: date) -> Iterator[dict[str, Any]]:
    """What the log says of a day. It counts for the department of who was asked, else for the ticket's; what was
    passed on says to which department, 0 where nobody is asked there yet."""
    begin, end = _bounds(day)
    events = db.session.execute(
        select(Event.kind, Event.facts, Ticket.department_id)
        .join(Ticket, Ticket.id == Event.ticket_id)
        .where(Event.kind.in_(COUNTED), Event.at >= begin, Event.at < end, Ticket.restricted.is_(False))
    ).all()
    named = {row.facts[name] for row in events for name in ("person_id", "instead_id") if row.facts.get(name)}
    rows = db.session.execute(select(Person.id, Person.department_id).where(Person.id.in_(named))).all()
    departments = dict(rows)
    found: Counter[tuple[int, str, int]] = Counter()
    for kind, facts, theirs in events:
        asked = departments.get(facts.get("person_id")) or theirs or NO_DEPARTMENT
        instead = facts.get("department_id") or departments.get(facts.get("instead_id")) or NO_DEPARTMENT
        found[asked, COUNTED[kind], instead if kind is Kind.REDIRECTED else 0] += 1
    for (department, what, other), count in found.items():
        yield _count(day, department, what, other, count)


def _topics(day: date) -> Iterator[dict[str, Any]]:
    begin, end = _bounds(day)
    received = (
        select(Ticket.department_id, TicketTopic.topic_id, func.count().label("count"))
        .join(TicketTopic, TicketTopic.ticket_id == Ticket.id)
        .where(Ticket.opened_at >= begin, Ticket.opened_at < end, Ticket.restricted.is_(False))
        .group_by(Ticket.department_id, TicketTopic.topic_id)
    )
    for row in db.session.execute(received):
        yield _count(day, row.department_id or NO_DEPARTMENT, "topic", row.topic_id, row[2])


def _count(day: date, department: int, kind: str, other: int, count: int) -> dict[str, Any]:
    return {"day": day, "department_id": department, "kind": kind, "other_id": other, "count": count}


def _bounds(day: date) -> tuple[datetime, datetime]:
    """The instants at which a local day begins and ends."""
    zone = ZoneInfo(setting("timezone"))
    return (
        datetime.combine(day, midnight(), zone),
        datetime.combine(day + timedelta(days=1), midnight(), zone),
    )
