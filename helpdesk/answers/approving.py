"""Making a text official, or returning it. Nobody approves a text with words of their own in it.

What is approved is the submitted revision and nothing else: its row must be what the log says was submitted.
"""

from __future__ import annotations

from sqlalchemy import func, select

from helpdesk import clock
from helpdesk.accounts.access import Can, Relation, Role, role_allowing
from helpdesk.accounts.models import Person
from helpdesk.answers import ledger
from helpdesk.answers.models import (
    AnswerStatus,
    AnswerTopic,
    Approval,
    ApprovalDecision,
    Draft,
    OfficialAnswer,
)
from helpdesk.answers.validity import day_of, is_expired
from helpdesk.answers.writing import draft_digest
from helpdesk.db import db
from helpdesk.errors import BadInput, Conflict, NotAllowed, NotFound, Problem, RelaisError
from helpdesk.routing.models import Offer, OfferState
from helpdesk.tickets import events, seeing
from helpdesk.tickets.approvers import authors_of, eligible_approvers, eligible_ids
from helpdesk.tickets.models import Event, Ticket
from helpdesk.tickets.workflow import Kind, State

__all__ = ["approve", "digest_of", "eligible_approvers", "last_revert", "return_draft", "submitted_draft"]

LONGEST_COMMENT = 2_000
LONGEST_TITLE = 200


def approve(
    ticket: Ticket, revision: int, *, by: Person, comment: str = "", version: int | None = None
) -> OfficialAnswer:
    """Make the submitted revision official: sealed as a version, and ready to be posted.

    Approving again what one has just approved returns the same answer. Raises NotAllowed `own_answer` (which is kept
    in the log), Conflict when it was decided or changed in the meantime, BadInput when its review day has passed.
    """
    _refuse_own(ticket, by)
    done = _already_approved(ticket, revision, by)
    if done is not None:
        return done
    role = _ensure_may_decide(ticket, Can.APPROVE, by)
    events.ensure_version(ticket, version)
    draft = _the_submitted(ticket, revision)
    now = clock.now()
    if is_expired(draft.review_by, day_of(now)):
        raise BadInput([Problem("review_by", "review_date_past")])
    approval = _decision(draft, ApprovalDecision.APPROVE, by, _comment(comment))
    answer = _official_answer_of(ticket, draft)
    text = ledger.Text(_title(ticket, draft), draft.body, draft.short, draft.sources, draft.review_by)
    sealed = ledger.seal_version(answer, text, author=draft.author, approvers=[by], at=now, draft_id=draft.id)
    ticket.holder = None
    events.append(
        ticket,
        Kind.APPROVED,
        by=by,
        role=role,
        draft_id=draft.id,
        revision=draft.revision,
        approval_id=approval.id,
        version_id=sealed.id,
        digest=sealed.text_sha256,
        seal=sealed.hash,
        official_answer_id=answer.id,
    )
    events.reindex("answer", answer.id)
    return answer


def return_draft(ticket: Ticket, revision: int, *, by: Person, comment: str, version: int | None = None) -> Approval:
    """Give the submitted revision back to its author, with what should change. Raises BadInput without a comment."""
    role = _ensure_may_decide(ticket, Can.RETURN, by)
    events.ensure_version(ticket, version)
    comment = _comment(comment)
    if not comment:
        raise BadInput([Problem("comment", "missing")])
    draft = _the_submitted(ticket, revision)
    approval = _decision(draft, ApprovalDecision.RETURN, by, comment)
    held = select(Offer).where(Offer.ticket_id == ticket.id, Offer.state == OfferState.ACCEPTED)
    offer = db.session.scalar(held.order_by(Offer.id.desc()).limit(1))
    ticket.holder = offer.person if offer else None
    events.append(
        ticket,
        Kind.RETURNED,
        by=by,
        role=role,
        draft_id=draft.id,
        revision=draft.revision,
        approval_id=approval.id,
    )
    return approval


def submitted_draft(ticket: Ticket) -> Draft | None:
    """The revision that was handed over last, whatever became of it; None when there was none."""
    event = _submission(ticket)
    return db.session.get(Draft, event.facts["draft_id"]) if event is not None else None


def digest_of(draft: Draft) -> str:
    """The digest that this row must have: over everything an approver decides upon."""
    return draft_digest(
        title=draft.title,
        body=draft.body,
        short=draft.short,
        sources=draft.sources,
        language=draft.language,
        review_by=draft.review_by,
        own_knowledge=draft.own_knowledge,
    )


def last_revert(ticket: Ticket) -> Event | None:
    """Why the text came back from the publishing desk, if that is what happened last to it."""
    kinds = (Kind.SUBMITTED, Kind.APPROVED, Kind.REUSED, Kind.REVERTED)
    query = select(Event).where(Event.ticket_id == ticket.id, Event.kind.in_(kinds))
    event = db.session.scalar(query.order_by(Event.sequence.desc()).limit(1))
    return event if event is not None and event.kind is Kind.REVERTED else None


# --- who ------------------------------------------------------------------------------------------------------------


def _refuse_own(ticket: Ticket, by: Person) -> None:
    """Refuse an approval by somebody whose words are in the text, and leave a trace of it in the log."""
    if by.id not in authors_of(ticket):
        return
    refusal: RelaisError = NotFound()
    if seeing.may(by, Can.SEE_TICKET, ticket):
        refusal = NotAllowed("own_answer")
    ticket_id, person_id = ticket.id, by.id
    raise refusal.leaving(lambda: _note_refusal(ticket_id, person_id))


def _note_refusal(ticket_id: int, person_id: int) -> None:
    ticket, person = db.session.get_one(Ticket, ticket_id), db.session.get_one(Person, person_id)
    draft = submitted_draft(ticket)
    if draft is None:
        draft = db.session.scalar(
            select(Draft).where(Draft.ticket_id == ticket_id).order_by(Draft.revision.desc()).limit(1)
        )
    if draft is None:
        return
    role = role_allowing(Can.APPROVE, person.roles, {Relation.APPROVING}) or next(iter(sorted(person.roles)), None)
    events.append(ticket, Kind.REFUSED_APPROVAL, by=person, role=role, draft_id=draft.id, reason="own_answer")


def _ensure_may_decide(ticket: Ticket, can: Can, by: Person) -> Role:
    """The role; Conflict for an approver who comes after another one, since the ticket has left their sight."""
    if ticket.state is not State.VALIDATING and by.active and by.id in eligible_ids(ticket):
        raise Conflict(events.last_change(ticket))
    return seeing.ensure(by, can, ticket)


# --- what -----------------------------------------------------------------------------------------------------------


def _submission(ticket: Ticket) -> Event | None:
    """The event by which a text last came into validation: handed over, or sent back by the publishing desk."""
    query = select(Event).where(Event.ticket_id == ticket.id, Event.kind.in_((Kind.SUBMITTED, Kind.REVERTED)))
    found = db.session.scalars(query.order_by(Event.sequence.desc()))
    return next((event for event in found if "draft_id" in event.facts), None)


def _the_submitted(ticket: Ticket, revision: int) -> Draft:
    """The submitted revision, proved to be the text that was saved and handed over."""
    event = _submission(ticket)
    if event is None or event.facts["revision"] != revision:
        raise Conflict(events.last_change(ticket))
    draft = db.session.get_one(Draft, event.facts["draft_id"], populate_existing=True)
    saved = {event.facts["digest"]}
    for facts in db.session.scalars(
        select(Event.facts).where(Event.ticket_id == ticket.id, Event.kind == Kind.DRAFTED)
    ):
        if facts["draft_id"] == draft.id:
            saved.add(facts["digest"])
    if draft.ticket_id != ticket.id or draft.revision != revision or {draft.digest, digest_of(draft)} != saved:
        raise NotAllowed("draft_altered")
    return draft


def _already_approved(ticket: Ticket, revision: int, by: Person) -> OfficialAnswer | None:
    """The answer, when the last thing that happened is that `by` approved this revision: a second click."""
    event = db.session.scalar(
        select(Event).where(Event.ticket_id == ticket.id).order_by(Event.sequence.desc()).limit(1)
    )
    if event is None or event.kind is not Kind.APPROVED or event.actor_id != by.id:
        return None
    if event.facts["revision"] != revision:
        return None
    return db.session.get(OfficialAnswer, event.facts["official_answer_id"])


def _decision(draft: Draft, decision: ApprovalDecision, by: Person, comment: str) -> Approval:
    approval = Approval(draft=draft, approver=by, decision=decision, comment=comment, decided_at=clock.now())
    db.session.add(approval)
    db.session.flush()
    return approval


def _official_answer_of(ticket: Ticket, draft: Draft) -> OfficialAnswer:
    """The answer this text becomes a version of: the ticket's own in the same language and in force, else a new one."""
    mine = select(OfficialAnswer).where(OfficialAnswer.ticket_id == ticket.id)
    current = db.session.scalar(
        mine.where(OfficialAnswer.language == draft.language, OfficialAnswer.status == AnswerStatus.IN_FORCE)
        .order_by(OfficialAnswer.id.desc())
        .limit(1)
    )
    if current is not None:
        return current
    number = db.session.scalar(select(func.count()).select_from(mine.subquery())) or 0
    answer = OfficialAnswer(
        code=f"oa-{ticket.ref}" + (f"-{number + 1}" if number else ""),
        language=draft.language,
        department_id=ticket.department_id,
        ticket_id=ticket.id,
    )
    answer.topic_rows = [AnswerTopic(topic_id=row.topic_id) for row in ticket.topic_rows]
    db.session.add(answer)
    db.session.flush()
    return answer


def _title(ticket: Ticket, draft: Draft) -> str:
    return (draft.title.strip() or ticket.question.subject or ticket.excerpt)[:LONGEST_TITLE]


def _comment(comment: str) -> str:
    comment = comment.replace("\r\n", "\n").strip()
    if "\x00" in comment:
        raise BadInput([Problem("comment", "nul", {"position": comment.index("\x00") + 1})])
    if len(comment) > LONGEST_COMMENT:
        raise BadInput([Problem("comment", "too_long", {"count": len(comment), "limit": LONGEST_COMMENT})])
    return comment
