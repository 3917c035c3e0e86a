"""Drafts, what approvers said of them, and official answers."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.accounts.models import Department, Person
from helpdesk.db import Base, Word
from helpdesk.tickets.models import Ticket


class Draft(Base):
    """One saved revision of an answer. Immutable: a change is the next revision."""

    __tablename__ = "draft"
    __table_args__ = (UniqueConstraint("ticket_id", "revision"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    revision: Mapped[int]
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    title: Mapped[str] = mapped_column(String(200), default="")
    body: Mapped[str] = mapped_column(Text)  # Markdown
    short: Mapped[str] = mapped_column(Text, default="")  # plain, for channels with little room
    sources: Mapped[str] = mapped_column(Text, default="")  # internal: where the facts come from
    own_knowledge: Mapped[bool] = mapped_column(default=False)  # the author vouches for them instead
    language: Mapped[str] = mapped_column(String(5), default="fr")
    review_by: Mapped[date | None]
    digest: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    from_version_id: Mapped[int | None] = mapped_column(ForeignKey("answer_version.id"))  # what it was begun from

    ticket: Mapped[Ticket] = relationship()
    author: Mapped[Person] = relationship()


class Scratch(Base):
    """What a person is typing, kept so that a lost connection loses nothing. Not a draft, never submitted."""

    __tablename__ = "scratch"
    __table_args__ = (UniqueConstraint("ticket_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    fields: Mapped[dict[str, Any]] = mapped_column(JSON)
    based_on_revision: Mapped[int] = mapped_column(default=0)
    saved_at: Mapped[datetime]


class ApprovalDecision(StrEnum):
    APPROVE = "approve"
    RETURN = "return"


class Approval(Base):
    """What an approver said of one revision."""

    __tablename__ = "approval"
    __table_args__ = (
        Index("ix_approval_draft", "draft_id"),
        Index("ix_approval_approver", "approver_id", "decided_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[int] = mapped_column(ForeignKey("draft.id"))
    approver_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    decision: Mapped[ApprovalDecision] = mapped_column(Word(ApprovalDecision))
    comment: Mapped[str] = mapped_column(Text, default="")
    decided_at: Mapped[datetime]

    draft: Mapped[Draft] = relationship()
    approver: Mapped[Person] = relationship()


class AnswerKind(StrEnum):
    ANSWER = "answer"
    LINES_TO_TAKE = "edl"  # internal: never posted
    HOLDING = "holding"  # said while nobody knows; never counts as an answer


class AnswerStatus(StrEnum):
    """Of an official answer as a whole. Expiry is not a status: it follows from the review date and the day."""

    IN_FORCE = "in_force"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"


class OfficialAnswer(Base):
    """A validated, dated, reusable answer: what it is about and its present version."""

    __tablename__ = "official_answer"
    __table_args__ = (Index("ix_official_answer_status", "status", "language", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(60), unique=True)
    kind: Mapped[AnswerKind] = mapped_column(Word(AnswerKind), default=AnswerKind.ANSWER)
    status: Mapped[AnswerStatus] = mapped_column(Word(AnswerStatus), default=AnswerStatus.IN_FORCE)
    language: Mapped[str] = mapped_column(String(5))
    visibility: Mapped[str] = mapped_column(String(20), default="public")  # public, internal
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"), index=True)
    translation_of_id: Mapped[int | None] = mapped_column(ForeignKey("official_answer.id"))
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"), index=True)  # where it was written
    uses: Mapped[int] = mapped_column(default=0)
    withdrawn_at: Mapped[datetime | None]
    withdrawn_reason: Mapped[str] = mapped_column(Text, default="")

    department: Mapped[Department | None] = relationship()
    translation_of: Mapped[OfficialAnswer | None] = relationship(remote_side=[id])
    topic_rows: Mapped[list[AnswerTopic]] = relationship(cascade="all, delete-orphan")
    versions: Mapped[list[AnswerVersion]] = relationship(
        back_populates="official_answer", order_by="AnswerVersion.version"
    )

    @property
    def current(self) -> AnswerVersion:
        """The version in use: the last one."""
        return self.versions[-1]


class AnswerTopic(Base):
    __tablename__ = "answer_topic"

    official_answer_id: Mapped[int] = mapped_column(
        ForeignKey("official_answer.id", ondelete="CASCADE"), primary_key=True
    )
    topic_id: Mapped[int] = mapped_column(ForeignKey("topic.id"), primary_key=True, index=True)


class AnswerVersion(Base):
    """A sealed text. Immutable: `helpdesk.answers.ledger` writes it and can prove it was not altered."""

    __tablename__ = "answer_version"
    __table_args__ = (
        UniqueConstraint("official_answer_id", "version"),
        Index("ix_answer_version_review", "review_by", "official_answer_id"),  # what will soon be out of date
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    official_answer_id: Mapped[int] = mapped_column(ForeignKey("official_answer.id"))
    version: Mapped[int]
    draft_id: Mapped[int | None] = mapped_column(ForeignKey("draft.id", use_alter=True))
    title: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)  # Markdown
    html: Mapped[str] = mapped_column(Text)  # rendered and sanitised once, from body; checked by `verify`
    plain: Mapped[str] = mapped_column(Text)  # what is pasted where Markdown is not understood
    short: Mapped[str] = mapped_column(Text, default="")
    sources: Mapped[str] = mapped_column(Text, default="")
    variables: Mapped[list[str]] = mapped_column(JSON, default=list)
    review_by: Mapped[date | None]  # last day it may be posted; None: no end
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    approver_ids: Mapped[list[Any]] = mapped_column(JSON)
    approved_at: Mapped[datetime]
    text_sha256: Mapped[str] = mapped_column(String(64))
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64), unique=True)

    official_answer: Mapped[OfficialAnswer] = relationship(back_populates="versions")
    author: Mapped[Person] = relationship()
