"""What was asked, by whom, and our handling of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.accounts.models import Department, Person
from helpdesk.channels.models import Channel
from helpdesk.db import Base, Word
from helpdesk.tickets.workflow import Kind, Outcome, Queue, State


class Asker(Base):
    """Somebody outside, by a pseudonym. Who they are is kept apart, in `AskerIdentity`, and can be erased."""

    __tablename__ = "asker"

    id: Mapped[int] = mapped_column(primary_key=True)
    pseudonym: Mapped[str] = mapped_column(String(64), unique=True)  # keyed digest of channel and handle
    language: Mapped[str | None] = mapped_column(String(5))
    first_seen_at: Mapped[datetime]
    erased_at: Mapped[datetime | None]

    identity: Mapped[AskerIdentity | None] = relationship(back_populates="asker", cascade="all, delete-orphan")


class AskerIdentity(Base):
    """The personal data of an asker: one row, erased without touching a ticket."""

    __tablename__ = "asker_identity"

    asker_id: Mapped[int] = mapped_column(ForeignKey("asker.id", ondelete="CASCADE"), primary_key=True)
    handle: Mapped[str | None] = mapped_column(String(300))
    name: Mapped[str | None] = mapped_column(String(300))
    email: Mapped[str | None] = mapped_column(String(254))

    asker: Mapped[Asker] = relationship(back_populates="identity")


def _where_known(name: str, first: str, *others: str) -> Index:
    """An index of the rows whose first column is not empty: most are, and would make the planner shy away from it."""
    known = text(f"{first} IS NOT NULL")
    return Index(name, first, *others, sqlite_where=known, postgresql_where=known)


class Ticket(Base):
    """Our handling of a question. `version` is the sequence of its last event; only `events` sets a state."""

    __tablename__ = "ticket"
    __table_args__ = (
        # The working lists: most urgent first, then oldest. Keyset pages walk these and nothing else.
        Index("ix_ticket_queue", "queue", "priority", "opened_at", "id"),
        Index("ix_ticket_department_queue", "department_id", "queue", "priority", "opened_at", "id"),
        # Lists of what is over, newest first; and what one community manager follows.
        Index("ix_ticket_queue_since", "queue", "state_since", "id"),
        _where_known("ix_ticket_claimed", "claimed_by_id", "queue", "priority", "opened_at", "id"),
        _where_known("ix_ticket_due", "due_at", "id"),
        _where_known("ix_ticket_warn", "warn_at", "id"),
        _where_known("ix_ticket_holder", "holder_id", "queue", "opened_at", "id"),
        Index("ix_ticket_opened", "opened_at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(20), unique=True)  # R-2026-000142
    public_id: Mapped[str] = mapped_column(String(32), unique=True)  # in the asker's status link, never the ref
    version: Mapped[int] = mapped_column(default=0)
    state: Mapped[State] = mapped_column(Word(State))
    queue: Mapped[Queue] = mapped_column(Word(Queue))
    state_since: Mapped[datetime]
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime | None]  # when the present step is due
    used: Mapped[int] = mapped_column(default=0)  # the last threshold the step has passed, per cent of its time
    warn_at: Mapped[datetime | None]  # when one of its clocks passes a threshold that nobody has looked at yet
    closed_at: Mapped[datetime | None]
    outcome: Mapped[Outcome | None] = mapped_column(Word(Outcome))
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"))
    excerpt: Mapped[str] = mapped_column(String(300))  # first words, masked
    language: Mapped[str | None] = mapped_column(String(5))
    class_: Mapped[str | None] = mapped_column("class", String(40))
    priority: Mapped[str] = mapped_column(String(2), default="P3")
    sensitivity: Mapped[str | None] = mapped_column(String(40))
    triaged_at: Mapped[datetime | None]
    claimed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    claimed_at: Mapped[datetime | None]
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"))
    holder_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))  # whose turn it is, inside
    restricted: Mapped[bool] = mapped_column(default=False)
    circuit: Mapped[str | None] = mapped_column(String(40))  # press, legal, security, data: when escalated
    waiting_for_asker: Mapped[bool] = mapped_column(default=False)
    personal_data: Mapped[bool] = mapped_column(default=False)
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"), index=True)
    redirects: Mapped[int] = mapped_column(default=0)
    # Where the ticket stands in `QueueCount`: what the next move takes away.
    counted_queue: Mapped[Queue] = mapped_column(Word(Queue))
    counted_department_id: Mapped[int]  # 0: none
    last_hash: Mapped[str] = mapped_column(String(64), default="")

    channel: Mapped[Channel] = relationship(lazy="joined")
    department: Mapped[Department | None] = relationship()
    holder: Mapped[Person | None] = relationship(foreign_keys=[holder_id])
    claimed_by: Mapped[Person | None] = relationship(foreign_keys=[claimed_by_id])
    merged_into: Mapped[Ticket | None] = relationship(remote_side=[id])
    questions: Mapped[list[Question]] = relationship(back_populates="ticket", order_by="Question.id")
    events: Mapped[list[Event]] = relationship(back_populates="ticket", order_by="Event.sequence")
    topic_rows: Mapped[list[TicketTopic]] = relationship(cascade="all, delete-orphan")
    named_rows: Mapped[list[TicketNamed]] = relationship(cascade="all, delete-orphan")

    # A change of a row that somebody else changed in the meantime touches no row, and is refused.
    __mapper_args__ = {"version_id_col": version, "version_id_generator": False}  # noqa: RUF012

    @property
    def question(self) -> Question:
        """The question that opened the ticket."""
        return self.questions[0]

    def __repr__(self) -> str:
        return f"<Ticket {self.ref} {self.state}>"


class TicketTopic(Base):
    __tablename__ = "ticket_topic"

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"), primary_key=True)
    topic_id: Mapped[int] = mapped_column(ForeignKey("topic.id"), primary_key=True, index=True)


class TicketNamed(Base):
    """Somebody on the short list of a restricted ticket."""

    __tablename__ = "ticket_named"

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True, index=True)


class Question(Base):
    """What someone asked. `text` has personal data masked; the verbatim text is in `QuestionOriginal`."""

    __tablename__ = "question"
    __table_args__ = (
        UniqueConstraint("channel_id", "external_id"),
        Index("ix_question_link", "link"),
        Index("ix_question_fingerprint", "fingerprint"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    asker_id: Mapped[int | None] = mapped_column(ForeignKey("asker.id"), index=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"))
    external_id: Mapped[str | None] = mapped_column(String(300))
    url: Mapped[str | None] = mapped_column(String(2000))
    link: Mapped[str | None] = mapped_column(String(2000))  # canonical form of url, to notice the same post again
    pasted_link: Mapped[str | None] = mapped_column(String(2000), unique=True)  # the same, when pasted by hand
    subject: Mapped[str | None] = mapped_column(String(600))
    text: Mapped[str] = mapped_column(Text)
    language: Mapped[str | None] = mapped_column(String(5))
    posted_at: Mapped[datetime]
    received_at: Mapped[datetime]
    fingerprint: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))  # SHA-256 of the verbatim text
    entered_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    ticket: Mapped[Ticket] = relationship(back_populates="questions")
    asker: Mapped[Asker | None] = relationship()
    channel: Mapped[Channel] = relationship(lazy="joined")
    original: Mapped[QuestionOriginal | None] = relationship(cascade="all, delete-orphan")


class QuestionOriginal(Base):
    """The verbatim text, never edited, read only by those who need it; every reading is an event."""

    __tablename__ = "question_original"

    question_id: Mapped[int] = mapped_column(ForeignKey("question.id", ondelete="CASCADE"), primary_key=True)
    subject: Mapped[str | None] = mapped_column(String(600))
    text: Mapped[str] = mapped_column(Text)


class Event(Base):
    """Something that happened to a ticket. Append-only; `helpdesk.tickets.events` is the only writer."""

    __tablename__ = "event"
    __table_args__ = (UniqueConstraint("ticket_id", "sequence"), Index("ix_event_kind_at", "kind", "at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    sequence: Mapped[int]
    kind: Mapped[Kind] = mapped_column(Word(Kind))
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    role: Mapped[str] = mapped_column(String(20))  # the role acted in; "system" or "asker" without an account
    at: Mapped[datetime]  # when it happened
    recorded_at: Mapped[datetime]
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))

    ticket: Mapped[Ticket] = relationship(back_populates="events")
    actor: Mapped[Person | None] = relationship()


class Remark(Base):
    """What somebody wrote to explain an event, inside only. Kept apart from the log, so that it can be erased."""

    __tablename__ = "remark"

    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    text: Mapped[str] = mapped_column(Text)


class Clarification(Base):
    """A question back to the asker, in public words, and their reply."""

    __tablename__ = "clarification"

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    wording: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]

    asked_by: Mapped[Person] = relationship()


class QueueCount(Base):
    """How many tickets stand in a working list, kept by the transaction that moves them.

    Restricted tickets are counted as such whatever their step, so that a count says nothing about them.
    """

    __tablename__ = "queue_count"

    queue: Mapped[Queue] = mapped_column(Word(Queue), primary_key=True)
    department_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # 0: none yet
    count: Mapped[int] = mapped_column(default=0)


class ReferenceCount(Base):
    """The last number given in a year, for references such as R-2026-000142."""

    __tablename__ = "reference_count"

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int] = mapped_column(default=0)


class IndexChange(Base):
    """Something the search index must read again; written in the transaction that changed it."""

    __tablename__ = "index_change"

    id: Mapped[int] = mapped_column(primary_key=True)  # the sequence that the index follows
    kind: Mapped[str] = mapped_column(String(20))  # "person", "ticket", "answer"
    entity_id: Mapped[int]


class IntakeReceipt(Base):
    """What was answered to an API request with an Idempotency-Key, so that a repeat gets the same answer."""

    __tablename__ = "intake_receipt"
    __table_args__ = (UniqueConstraint("person_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    key: Mapped[str] = mapped_column(String(200))
    request_digest: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(index=True)
