"""Calendars and response-time policies as the organisation wrote them, one row per version."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.db import Base


class CalendarVersion(Base):
    __tablename__ = "calendar_version"
    __table_args__ = (UniqueConstraint("code", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(60))
    version: Mapped[int]
    valid_from: Mapped[date]
    document: Mapped[dict[str, Any]] = mapped_column(JSON)  # one entry of `calendars`, with its holidays resolved
    recorded_at: Mapped[datetime | None]  # None: it was there from the beginning


class CalendarDay(Base):
    """Other hours on one day of a calendar. Added, never changed: of two for one day the later holds."""

    __tablename__ = "calendar_day"
    __table_args__ = (Index("ix_calendar_day_code", "code", "day"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(60))
    day: Mapped[date]
    hours: Mapped[list[str]] = mapped_column(JSON)  # "09:00-12:00"; none: closed all day
    reason: Mapped[str] = mapped_column(String(200), default="")
    recorded_at: Mapped[datetime]
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class PolicyVersion(Base):
    __tablename__ = "policy_version"
    __table_args__ = (UniqueConstraint("code", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(60))
    version: Mapped[int]
    position: Mapped[int]  # policies are tried in this order; the first that applies is the one
    document: Mapped[dict[str, Any]] = mapped_column(JSON)  # one entry of `policies`, with the classes of channels
    recorded_at: Mapped[datetime | None]
