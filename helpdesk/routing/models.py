"""Topics, who knows them, and who was asked."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.accounts.models import Department, Person
from helpdesk.db import Base, Word
from helpdesk.tickets.models import Ticket


class Topic(Base):
    """A subject of questions, with the words people use for it in both languages."""

    __tablename__ = "topic"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(80), unique=True)
    label_fr: Mapped[str] = mapped_column(String(200))
    label_en: Mapped[str] = mapped_column(String(200))
    synonyms: Mapped[list[str]] = mapped_column(JSON, default=list)
    department_id: Mapped[int] = mapped_column(ForeignKey("department.id"), index=True)
    active: Mapped[bool] = mapped_column(default=True)

    department: Mapped[Department] = relationship()
    skills: Mapped[list[Skill]] = relationship(back_populates="topic", cascade="all, delete-orphan")

    def label(self, locale: str) -> str:
        return self.label_en if locale == "en" else self.label_fr


class Skill(Base):
    """A person knows a topic: 1 can help out, 2 knows it, 3 is answerable for it."""

    __tablename__ = "skill"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    topic_id: Mapped[int] = mapped_column(ForeignKey("topic.id", ondelete="CASCADE"), primary_key=True)
    level: Mapped[int]

    person: Mapped[Person] = relationship()
    topic: Mapped[Topic] = relationship(back_populates="skills")


class OfferState(StrEnum):
    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    REDIRECTED = "redirected"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    DONE = "done"


class DeclineReason(StrEnum):
    """Only `OUT_OF_SCOPE` says anything about what the person knows."""

    OUT_OF_SCOPE = "out_of_scope"
    UNAVAILABLE = "unavailable"
    OVERLOADED = "overloaded"
    CONFLICT_OF_INTEREST = "conflict_of_interest"
    MISSING_INFORMATION = "missing_information"


class Offer(Base):
    """Asking one expert to answer one ticket."""

    __tablename__ = "offer"
    __table_args__ = (
        Index("ix_offer_person_state", "person_id", "state", "offered_at"),
        Index("ix_offer_ticket", "ticket_id", "id"),
        Index("ix_offer_offered", "offered_at", "id"),  # reports by week
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    state: Mapped[OfferState] = mapped_column(Word(OfferState))
    mode: Mapped[str] = mapped_column(String(20), default="chosen")  # chosen, propose, prefill, automatic
    offered_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    offered_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]  # accepted, declined, redirected, …
    reason: Mapped[DeclineReason | None] = mapped_column(Word(DeclineReason))
    note: Mapped[str] = mapped_column(Text, default="")  # internal, free text
    instead_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    ticket: Mapped[Ticket] = relationship()
    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    offered_by: Mapped[Person | None] = relationship(foreign_keys=[offered_by_id])
    instead: Mapped[Person | None] = relationship(foreign_keys=[instead_id])


class Decision(Base):
    """What the matcher said for a ticket, kept with its reasons, and what was done with it."""

    __tablename__ = "routing_decision"
    __table_args__ = (
        Index("ix_routing_decision_made", "made_at", "id"),  # reports by week
        # Those decided, latest first, however many were never asked.
        Index(
            "ix_routing_decision_decided",
            "id",
            sqlite_where=text('"right" IS NOT NULL'),
            postgresql_where=text('"right" IS NOT NULL'),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    made_at: Mapped[datetime]
    engine: Mapped[str] = mapped_column(String(40))
    mode: Mapped[str] = mapped_column(String(20))  # abstain, propose, prefill, automatic
    suggestions: Mapped[dict[str, Any]] = mapped_column(JSON)
    first_person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    probability: Mapped[float | None]
    chosen_person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    chosen_at: Mapped[datetime | None]
    right: Mapped[bool | None]  # the first suggestion was who answered in the end

    ticket: Mapped[Ticket] = relationship()


class ReplayState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Replay(Base):
    """What a change of the matcher would have done on past tickets: asked by an administrator, worked out by a worker.

    `changes` and `result` are plain JSON (see `changes.Changes` and `replayed.Replayed`): ids, numbers and words of the
    directory, no text of anybody's question.
    """

    __tablename__ = "replay"

    id: Mapped[int] = mapped_column(primary_key=True)
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    asked_at: Mapped[datetime]
    changes: Mapped[dict[str, Any]] = mapped_column(JSON)
    last: Mapped[int]  # decided tickets to look at, the latest
    state: Mapped[ReplayState] = mapped_column(Word(ReplayState), default=ReplayState.WAITING)
    done: Mapped[int] = mapped_column(default=0)  # tickets looked at so far
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    problem: Mapped[str] = mapped_column(String(40), default="")  # a short code: why it failed
    finished_at: Mapped[datetime | None]
    applied_at: Mapped[datetime | None]
    applied_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    asked_by: Mapped[Person] = relationship(foreign_keys=[asked_by_id])
    applied_by: Mapped[Person | None] = relationship(foreign_keys=[applied_by_id])
