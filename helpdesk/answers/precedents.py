"""What was answered before to questions like this one, and whether it still holds. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from helpdesk.answers.models import AnswerStatus, AnswerVersion, Approval, ApprovalDecision, Draft, OfficialAnswer
from helpdesk.answers.reusing import usable
from helpdesk.db import db
from helpdesk.routing.models import Decision
from helpdesk.tickets.models import Ticket

MOST = 3
CLOSE_ENOUGH = 0.3
"""How like the question an expired answer must be before a new answer is begun from it unasked."""


@dataclass(frozen=True)
class Precedent:
    """An official answer that looks fitting. `why_not`: the code of why it may not be posted as it is, if so."""

    answer: OfficialAnswer
    version: AnswerVersion
    similarity: float
    why_not: str | None


def precedents_for(ticket: Ticket, today: date) -> list[Precedent]:
    """What the matcher found for `ticket`, best first, without what was withdrawn or replaced."""
    decision = db.session.scalar(
        select(Decision).where(Decision.ticket_id == ticket.id).order_by(Decision.id.desc()).limit(1)
    )
    close: dict[int, float] = dict(decision.suggestions.get("official_answers", [])) if decision else {}
    rows = db.session.scalars(
        select(OfficialAnswer)
        .where(OfficialAnswer.id.in_(close), OfficialAnswer.status == AnswerStatus.IN_FORCE)
        .options(selectinload(OfficialAnswer.versions))
    )
    kept = {row.id: row for row in rows if row.versions}
    found = [
        Precedent(
            kept[answer_id],
            kept[answer_id].current,
            similarity,
            usable(kept[answer_id], today=today, language=ticket.language, channel=ticket.channel),
        )
        for answer_id, similarity in close.items()
        if answer_id in kept
    ]
    return [each for each in found if each.why_not not in ("withdrawn", "superseded")][:MOST]


def to_revise(precedents: list[Precedent], language: str | None) -> Precedent | None:
    """The expired answer that a new one should begin from: close to the question, and in its language."""
    return next(
        (
            each
            for each in precedents
            if each.why_not == "expired"
            and each.similarity >= CLOSE_ENOUGH
            and language in (None, each.answer.language)
        ),
        None,
    )


def last_return(ticket: Ticket) -> Approval | None:
    """What an approver said when they returned the text last."""
    query = select(Approval).join(Approval.draft).where(Draft.ticket_id == ticket.id)
    return db.session.scalar(
        query.where(Approval.decision == ApprovalDecision.RETURN).order_by(Approval.id.desc()).limit(1)
    )
