"""Whether the answer helped: what the asker says of it on their own page, once, and as often changed as they like."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select

from helpdesk import clock
from helpdesk.accounts.models import Actor
from helpdesk.db import db
from helpdesk.errors import BadInput, NotFound, Problem
from helpdesk.intake.masking import mask
from helpdesk.publishing.following import last_publication, leading_ticket
from helpdesk.publishing.models import Judgement
from helpdesk.tickets import events, remarks
from helpdesk.tickets.models import Event, Question, Remark, Ticket
from helpdesk.tickets.workflow import Kind

LONGEST_COMMENT = 1_000


def judge(ticket: Ticket, *, helped: bool, comment: str = "", by: Actor) -> Judgement:
    """Keep whether the answer last published for `ticket`'s asker helped, with personal data in the comment masked.

    Saying the same again changes nothing. Another word takes the place of the one before, its comment included.
    Raises NotFound while there is no answer, BadInput for a comment that can't be kept.
    """
    leading = leading_ticket(ticket)
    db.session.execute(select(Ticket.id).where(Ticket.id == leading.id).with_for_update())  # two clicks take turns
    publication = last_publication(leading)
    if publication is None:
        raise NotFound()
    comment = mask(_sound(comment)).text
    before = judgement_of(ticket.question, publication.version_id)
    if before is not None and (before.helped, comment_of(before)) == (helped, comment):
        return before
    judgement = before or Judgement(
        ticket_id=leading.id, question_id=ticket.question.id, version_id=publication.version_id
    )
    judgement.helped, judgement.said_at = helped, clock.now()
    db.session.add(judgement)
    db.session.flush()
    _forget_comments(judgement)
    facts: dict[str, Any] = {"reason": remarks.IN_WORDS} if comment else {}
    event = events.append(
        leading,
        Kind.JUDGED,
        by=by,
        at=judgement.said_at,
        judgement_id=judgement.id,
        question_id=judgement.question_id,
        version_id=judgement.version_id,
        helped=helped,
        **facts,
    )
    if comment:
        db.session.add(Remark(event_id=event.id, ticket_id=leading.id, text=comment))
    return judgement


def judgement_of(question: Question, version_id: int) -> Judgement | None:
    """What the asker of `question` said of this version of the answer."""
    query = select(Judgement).where(Judgement.question_id == question.id, Judgement.version_id == version_id)
    return db.session.scalar(query)


def comment_of(judgement: Judgement) -> str:
    """The asker's last words on it, masked; empty for none."""
    query = select(Remark.text).join(Event, Event.id == Remark.event_id)
    return db.session.scalar(query.where(Event.id.in_(_told(judgement))).order_by(Event.id.desc()).limit(1)) or ""


def _told(judgement: Judgement) -> list[int]:
    rows = db.session.execute(
        select(Event.id, Event.facts).where(Event.ticket_id == judgement.ticket_id, Event.kind == Kind.JUDGED)
    )
    return [row.id for row in rows if row.facts["judgement_id"] == judgement.id]


def _forget_comments(judgement: Judgement) -> None:
    """What an asker takes back is gone: only their last words are kept."""
    told = _told(judgement)
    if told:
        db.session.execute(delete(Remark).where(Remark.event_id.in_(told)))


def _sound(comment: str) -> str:
    comment = comment.replace("\r\n", "\n").strip()
    if len(comment) > LONGEST_COMMENT:
        raise BadInput([Problem("comment", "too_long", {"count": len(comment), "limit": LONGEST_COMMENT})])
    if "\x00" in comment:
        raise BadInput([Problem("comment", "nul", {"position": comment.index("\x00") + 1})])
    return comment
