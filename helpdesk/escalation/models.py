"""What was noticed of clocks, and who is told."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.accounts.models import Person
from helpdesk.db import Base, Word
from helpdesk.tickets.models import Ticket


class Part(StrEnum):
    """In which part somebody is told: what they are to do about it follows from it."""

    OWNER = "owner"  # whose turn it is
    BACKUP = "backup"  # stands in for whoever does not reply
    HEAD = "head"  # heads the department whose clock it is, or communication
    COMMITTEE = "committee"


class Passing(Base):
    """A threshold that a clock of a ticket passed: one row for each, however often it is looked at.

    `place`: that of the clock among those of its name (see `sla.segments.Clock`). `passed_at`: when it fell due by the
    log; `noticed_at`: when we looked.
    """

    __tablename__ = "passing"
    __table_args__ = (UniqueConstraint("ticket_id", "clock", "place", "percent"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"))
    clock: Mapped[str] = mapped_column(String(20))
    place: Mapped[int]
    cycle: Mapped[int]
    percent: Mapped[int]
    passed_at: Mapped[datetime]
    noticed_at: Mapped[datetime]

    ticket: Mapped[Ticket] = relationship()
    notices: Mapped[list[Notice]] = relationship(back_populates="passing", order_by="Notice.id")


def _waiting(name: str, *columns: str) -> Index:
    unsettled = text("settled_at IS NULL")
    return Index(name, *columns, sqlite_where=unsettled, postgresql_where=unsettled)


class Notice(Base):
    """Somebody who is to be told of a passing, in the next letter that gathers what there is to tell them.

    `ready_at`: not before this instant, which lies in their hours. `settled_at` with a letter: it was written; without:
    it was over before they could be told, or there is no way to tell them.
    """

    __tablename__ = "notice"
    __table_args__ = (
        UniqueConstraint("passing_id", "person_id"),
        _waiting("ix_notice_waiting", "ready_at", "person_id"),
        Index("ix_notice_person", "person_id", "settled_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    passing_id: Mapped[int] = mapped_column(ForeignKey("passing.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    part: Mapped[Part] = mapped_column(Word(Part))
    priority: Mapped[str] = mapped_column(String(2))  # of the ticket then: it says how long others are waited for
    ready_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    letter_id: Mapped[int | None] = mapped_column(ForeignKey("letter.id"))

    passing: Mapped[Passing] = relationship(back_populates="notices")
    person: Mapped[Person] = relationship()
