"""Monday's letter to each head: for whom it is due, and the week it tells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select

from helpdesk.accounts.models import Department, Person
from helpdesk.accounts.organisation import setting
from helpdesk.db import db
from helpdesk.notifications.models import Letter
from helpdesk.reports.department import department_for, sees_all
from helpdesk.reports.periods import WEEK, Period
from helpdesk.rollups.models import ClockDay, ClockReading
from helpdesk.sla.promising import promised

AT = time(8, 30)
"""In the organisation's time. Source: the domain's catalogue of letters (5d, N41)."""


@dataclass(frozen=True)
class Due:
    """A letter to write. `department` None: the figures of all, for who heads communication."""

    person: Person
    department: Department | None
    week: Period

    @property
    def key(self) -> str:
        """The name of the letter: there is one for each head, department and week."""
        whose = self.department.id if self.department else 0
        return f"week:{self.week.start.isoformat()}:{whose}:{self.person.id}"


def letters_due(now: datetime) -> list[Due]:
    """Letters about the last whole week that are to go now and were not written yet.

    From Monday morning on, but never outside the reader's hours, and only where there is something to tell.
    """
    zone = ZoneInfo(setting("timezone"))
    week = last_week(now.astimezone(zone).date())
    from_on = datetime.combine(week.end, AT, zone)
    if now < from_on:
        return []
    known = promised()
    due = [each for each in _readers(week) if known.in_hours_of(each.person, now) == now]
    written = set(db.session.scalars(select(Letter.key).where(Letter.key.in_([each.key for each in due]))))
    return [each for each in due if each.key not in written and _has_something(each)]


def last_week(today: date) -> Period:
    """The last whole week, Monday to Sunday, before `today`."""
    monday = today - timedelta(days=today.weekday())
    return Period(monday - WEEK, monday)


def week_of(person: Person, department_id: int, monday: str | None, now: datetime) -> Due:
    """What a link to a week's figures opens for `person`. `department_id` 0: of all departments.

    Raises NotFound for what they may not see (any more). A week that is none, or not over, gives the last one.
    """
    last = last_week(now.astimezone(ZoneInfo(setting("timezone"))).date())
    week = _week(monday) or last
    department = db.session.get(Department, department_id) if department_id else None
    if department is not None or not sees_all(person):
        department = department_for(person, department.code if department else None)
    return Due(person, department, min(week, last, key=lambda each: each.start))


def _week(monday: str | None) -> Period | None:
    try:
        day = date.fromisoformat(monday or "")
    except ValueError:
        return None
    start = day - timedelta(days=day.weekday())
    return Period(start, start + WEEK)


def _readers(week: Period) -> Iterator[Due]:
    active = select(Department).where(Department.active, Department.head_id.is_not(None)).order_by(Department.id)
    for department in db.session.scalars(active):
        head = department.head
        if head is None or not head.active:
            continue
        if department.answers:
            yield Due(head, department, week)
        elif sees_all(head):
            yield Due(head, None, week)


def _has_something(due: Due) -> bool:
    """Whether a clock ended or began in that week, or runs now."""
    days = select(ClockDay.day).where(ClockDay.day >= due.week.start, ClockDay.day < due.week.end)
    running = select(ClockReading.id).where(ClockReading.day.is_(None))
    if due.department is not None:
        days = days.where(ClockDay.department_id == due.department.id)
        running = running.where(ClockReading.department_id == due.department.id)
    return db.session.scalar(select(or_(days.exists(), running.exists()))) or False
