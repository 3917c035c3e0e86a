"""Letters: what was written to whom, and whether it went."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.accounts.models import Person
from helpdesk.db import Base, Word
from helpdesk.tickets.models import Asker, Ticket


class LetterKind(StrEnum):
    """What a letter is about: one pair of templates each."""

    # To whoever asked, if they left an address.
    RECEIVED = "received"
    DETAIL_WANTED = "detail_wanted"
    ANSWERED = "answered"
    # To people inside.
    OFFER = "offer"
    WITHDRAWN = "withdrawn"
    DECLINED = "declined"
    REDIRECTED = "redirected"
    TO_APPROVE = "to_approve"
    RETURNED = "returned"
    READY = "ready"
    REVERTED = "reverted"
    PUBLISHED = "published"
    REPLIED = "replied"
    ESCALATED = "escalated"
    # To people inside, about what the clocks say.
    WARNED = "warned"
    WEEK = "week"


class LetterState(StrEnum):
    WAITING = "waiting"
    KEPT = "kept"  # no mail server is set: shown on the outbox page
    HANDING_OVER = "handing_over"  # being given to the mail server; found so after a crash: perhaps sent
    SENT = "sent"
    UNCERTAIN = "uncertain"  # the crash came while handing over: never sent again by itself
    FAILED = "failed"
    NOT_NEEDED = "not_needed"  # what it was about was over before it could go


class Letter(Base):
    """One letter to one person, written once. `message_id` is stable over retries.

    Addresses that need no password are not in `text` and `html`: see `helpdesk.notifications.links`.
    """

    __tablename__ = "letter"
    __table_args__ = (Index("ix_letter_state", "state", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(120), unique=True)  # event, kind and recipient: one letter only
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    asker_id: Mapped[int | None] = mapped_column(ForeignKey("asker.id"))
    offer_id: Mapped[int | None] = mapped_column(ForeignKey("offer.id"))  # its signed link is made when it is sent
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"))  # whose week it tells; None: of all
    address: Mapped[str] = mapped_column(String(254))
    language: Mapped[str] = mapped_column(String(5))
    subject: Mapped[str] = mapped_column(String(300))
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    message_id: Mapped[str] = mapped_column(String(200), unique=True)
    state: Mapped[LetterState] = mapped_column(Word(LetterState))
    error: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]

    person: Mapped[Person | None] = relationship()
    asker: Mapped[Asker | None] = relationship()
    ticket: Mapped[Ticket | None] = relationship()
