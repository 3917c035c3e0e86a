"""Calendars and response-time policies as the organisation wrote them, one row per version."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import JSON, String, UniqueConstraint
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


class PolicyVersion(Base):
    __tablename__ = "policy_version"
    __table_args__ = (UniqueConstraint("code", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(60))
    version: Mapped[int]
    position: Mapped[int]  # policies are tried in this order; the first that applies is the one
    document: Mapped[dict[str, Any]] = mapped_column(JSON)
