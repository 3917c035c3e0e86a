"""What an asker may know of a question: how far it is, and the official answer. Nothing from inside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from helpdesk.answers.models import AnswerStatus, AnswerVersion
from helpdesk.db import db
from helpdesk.publishing.models import Publication, PublicationState
from helpdesk.tickets.models import Clarification, Question, Ticket
from helpdesk.tickets.workflow import Outcome, State

LONGEST_CHAIN = 10  # merges of merges


@dataclass(frozen=True)
class PublicAnswer:
    """The official answer as it was published. `in_force` is false when it was withdrawn or replaced since."""

    title: str
    html: str
    language: str
    approved_at: datetime
    published_at: datetime
    url: str | None
    in_force: bool
    version_id: int


@dataclass(frozen=True)
class Progress:
    """`stage` is "received", "with_us", "answered" or "closed"; `outcome` says how a closed question ended."""

    stage: str
    received_at: datetime
    question: Question | None
    details_wanted: list[Clarification]
    answer: PublicAnswer | None = None
    outcome: Outcome | None = None
    ended_at: datetime | None = None


def progress_of(ticket: Ticket) -> Progress:
    """How far the question that opened `ticket` is. A merged ticket goes on where the other one is."""
    leading = leading_ticket(ticket)
    answer = _published_answer(leading)
    question = db.session.scalar(select(Question).where(Question.ticket_id == ticket.id).order_by(Question.id).limit(1))
    stage = _stage(leading, answered=answer is not None)
    closed = stage == "closed"
    return Progress(
        stage=stage,
        received_at=ticket.opened_at,
        question=question,
        details_wanted=[] if closed or answer else _details_wanted(leading),
        answer=answer,
        outcome=leading.outcome if closed else None,
        ended_at=answer.published_at if answer else leading.closed_at if closed else None,
    )


def leading_ticket(ticket: Ticket) -> Ticket:
    """The ticket on which this one goes on: itself, or the one it was merged into."""
    for _step in range(LONGEST_CHAIN):
        if ticket.merged_into is None:
            break
        ticket = ticket.merged_into
    return ticket


def _stage(ticket: Ticket, *, answered: bool) -> str:
    if answered and ticket.state in (State.ANSWERED, State.CLOSED):
        return "answered"
    if ticket.state is State.CLOSED:
        return "closed"
    return "received" if ticket.state is State.RECEIVED and ticket.triaged_at is None else "with_us"


def last_publication(ticket: Ticket) -> Publication | None:
    """The last text that was posted for `ticket`."""
    return db.session.scalar(
        select(Publication)
        .where(Publication.ticket_id == ticket.id, Publication.state == PublicationState.POSTED)
        .order_by(Publication.posted_at.desc(), Publication.id.desc())
        .limit(1)
        .options(
            joinedload(Publication.version).joinedload(AnswerVersion.official_answer), joinedload(Publication.channel)
        )
    )


def _published_answer(ticket: Ticket) -> PublicAnswer | None:
    publication = last_publication(ticket)
    if publication is None:
        return None
    version, official = publication.version, publication.version.official_answer
    return PublicAnswer(
        title=version.title,
        html=version.html,
        language=official.language,
        approved_at=version.approved_at,
        published_at=publication.posted_at,
        url=publication.url if publication.channel.public else None,
        in_force=official.status is AnswerStatus.IN_FORCE,
        version_id=version.id,
    )


def _details_wanted(ticket: Ticket) -> list[Clarification]:
    wanted = select(Clarification).where(Clarification.ticket_id == ticket.id, Clarification.answered_at.is_(None))
    return list(db.session.scalars(wanted.order_by(Clarification.id)))
