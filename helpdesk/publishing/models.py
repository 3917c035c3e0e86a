"""Where official answers were posted, and the proof that what was posted is what was approved."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.accounts.models import Person
from helpdesk.answers.models import AnswerVersion
from helpdesk.channels.models import Channel
from helpdesk.db import Base, Word
from helpdesk.tickets.models import Ticket


class PublicationState(StrEnum):
    POSTED = "posted"
    FAILED = "failed"


class Verdict(StrEnum):
    """What was posted, against what was approved."""

    EQUAL = "equal"
    FORM = "form"
    DIFFERENT = "different"
    UNSEEN = "unseen"  # posted by hand, and the posted text was not pasted back


class Publication(Base):
    """One answer posted in one place."""

    __tablename__ = "publication"
    __table_args__ = (
        Index("ix_publication_ticket", "ticket_id"),
        Index("ix_publication_version", "version_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id"))
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"))
    version_id: Mapped[int] = mapped_column(ForeignKey("answer_version.id"))
    variant: Mapped[str] = mapped_column(String(10))  # body, short
    mode: Mapped[str] = mapped_column(String(20))  # own_page, manual
    state: Mapped[PublicationState] = mapped_column(Word(PublicationState))
    url: Mapped[str | None] = mapped_column(String(2000))
    link: Mapped[str | None] = mapped_column(String(2000), unique=True)  # canonical: used once only
    posted_text: Mapped[str | None] = mapped_column(Text)
    approved_digest: Mapped[str] = mapped_column(String(64))  # of the text that should have been posted
    posted_digest: Mapped[str | None] = mapped_column(String(64))
    verdict: Mapped[Verdict] = mapped_column(Word(Verdict))
    differences: Mapped[list[Any]] = mapped_column(JSON, default=list)
    posted_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    posted_at: Mapped[datetime]

    ticket: Mapped[Ticket] = relationship()
    channel: Mapped[Channel] = relationship()
    version: Mapped[AnswerVersion] = relationship()
    posted_by: Mapped[Person | None] = relationship()


class Judgement(Base):
    """Whether an answer helped who asked: their last word. Their comment is the `Remark` of the event."""

    __tablename__ = "judgement"
    __table_args__ = (
        UniqueConstraint("question_id", "version_id"),
        Index("ix_judgement_said", "said_at", "helped", "ticket_id"),  # the questions behind a figure
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)  # the one that was answered
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id"))  # whose asker says it
    version_id: Mapped[int] = mapped_column(ForeignKey("answer_version.id"))
    helped: Mapped[bool]
    said_at: Mapped[datetime]


from helpdesk.publishing import guard  # noqa: E402, F401  (nothing is inserted without it)
