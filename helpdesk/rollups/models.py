"""What is derived from the log for reports: each clock of each ticket, and what a day's clocks came to."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.db import Base

NO_DEPARTMENT = 0
EVERY = -1
"""In the place of a department: all of them, and what belongs to none yet."""
_RUNS, _ENDED = text("day IS NULL"), text("day IS NOT NULL")
STARTED = "started"
"""In the place of an outcome: clocks by the day on which they began."""


class ClockReading(Base):
    """One clock of one ticket as the log has it, ended or not: what a figure is clicked through to.

    `day` is the local day on which it ended, None while it runs. Restricted tickets have none.
    """

    __tablename__ = "clock_reading"
    __table_args__ = (
        # What a day came to, and the tickets behind a figure, newest first.
        Index("ix_clock_reading_day", "day", "department_id", sqlite_where=_ENDED, postgresql_where=_ENDED),
        Index("ix_clock_reading_department", "department_id", "clock", "day", "outcome", "ticket_id"),
        Index("ix_clock_reading_started", "started_on", "department_id", "clock"),
        # What runs now: few of all there ever were.
        Index(
            "ix_clock_reading_running", "department_id", "clock", "due_at", sqlite_where=_RUNS, postgresql_where=_RUNS
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"), index=True)
    clock: Mapped[str] = mapped_column(String(20))
    cycle: Mapped[int]
    department_id: Mapped[int]  # NO_DEPARTMENT: nobody's yet
    owner_id: Mapped[int | None]
    started_at: Mapped[datetime]
    started_on: Mapped[date]
    ended_at: Mapped[datetime | None]
    day: Mapped[date | None]
    due_at: Mapped[datetime | None]  # None: nothing was promised, or it is paused
    outcome: Mapped[str] = mapped_column(String(20))
    seconds: Mapped[int]  # of working time until it ended; 0 while it runs
    target_seconds: Mapped[int | None]


class ClockDay(Base):
    """The clocks of one department that ended or began on one day: how many, and every single time.

    `counts` and `targets`: see `days.written`; `seconds`: the times, unsigned 32-bit numbers, little endian.
    Keeping every time makes medians exact over any period, which sums and buckets cannot. One row a day and department,
    and one for all of them (`EVERY`), so that neither more departments nor more tickets make a page read more rows.
    """

    __tablename__ = "clock_day"
    __table_args__ = (Index("ix_clock_day_day", "day"),)

    department_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(primary_key=True)
    counts: Mapped[list[Any]]
    targets: Mapped[list[Any]]
    seconds: Mapped[bytes] = mapped_column(LargeBinary)


class DayCount(Base):
    """How often something happened on a day.

    `kind`: "topic" (tickets received; `other_id`: the topic), "redirected" (`other_id`: the department it went to, 0
    for nobody yet), and with an `other_id` of 0: "declined", "returned", "reopened", "corrected" (another text posted
    after the first), "helped" and "not_helped" (the asker's last word), "withdrawn" (official answers). What was
    redirected says from where, so it has no row for all departments; everything else has.
    """

    __tablename__ = "day_count"
    __table_args__ = (
        Index("ix_day_count_day", "day"),
        # Who passed on to whom, of all departments, without reading what they counted otherwise.
        Index("ix_day_count_kind", "kind", "day", "department_id", "other_id", "count"),
        # How some topics were asked about over a long time, without reading the others.
        Index("ix_day_count_other", "other_id", "kind", "department_id", "day", "count"),
    )

    department_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    other_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    count: Mapped[int]
