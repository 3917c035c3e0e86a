"""What is derived from the log for reports: each clock of each ticket, and what a day's clocks came to."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.db import Base

NO_DEPARTMENT = 0
STARTED = "started"
"""In the place of an outcome: clocks by the day on which they began."""


class ClockReading(Base):
    """One clock of one ticket as the log has it, ended or not: what a figure is clicked through to.

    `day` is the local day on which it ended, None while it runs. Restricted tickets have none.
    """

    __tablename__ = "clock_reading"
    __table_args__ = (
        # What a day came to, and the tickets behind a figure, newest first.
        Index("ix_clock_reading_day", "day", "department_id", "clock", "outcome"),
        Index("ix_clock_reading_department", "department_id", "clock", "day", "outcome", "ticket_id"),
        Index("ix_clock_reading_started", "started_on", "department_id", "clock"),
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
    """The clocks of one kind that ended in one way on one day: how many, and every single time.

    `seconds` and `targets` are arrays of unsigned 32-bit numbers, little endian, in the same order; a target of 0 is
    none. Keeping every time makes medians exact over any period, which sums and buckets cannot.
    """

    __tablename__ = "clock_day"

    day: Mapped[date] = mapped_column(primary_key=True)
    department_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    clock: Mapped[str] = mapped_column(String(20), primary_key=True)
    outcome: Mapped[str] = mapped_column(String(20), primary_key=True)
    count: Mapped[int]
    seconds: Mapped[bytes] = mapped_column(LargeBinary)
    targets: Mapped[bytes] = mapped_column(LargeBinary)


class DayCount(Base):
    """How often something happened on a day.

    `kind`: "topic" (tickets received; `other_id`: the topic), "redirected" (`other_id`: the department it went to, 0
    for nobody yet), and with an `other_id` of 0: "declined", "returned", "reopened", "corrected" (another text posted
    after the first), "helped" and "not_helped" (the asker's last word), "withdrawn" (official answers).
    """

    __tablename__ = "day_count"

    day: Mapped[date] = mapped_column(primary_key=True)
    department_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    other_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    count: Mapped[int]
