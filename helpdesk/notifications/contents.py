"""What a letter tells, as facts: rows, codes and masked texts. Words and addresses are added by `helpdesk.web.letters`.

Nothing here says who asked, and a restricted ticket gives no text at all but to whoever asked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from helpdesk.accounts.models import Department
from helpdesk.accounts.organisation import LANGUAGES, setting
from helpdesk.answers.models import AnswerVersion, Approval, Draft
from helpdesk.db import db
from helpdesk.notifications.models import LetterKind
from helpdesk.notifications.recipients import Recipient
from helpdesk.publishing.models import Publication
from helpdesk.routing.models import Offer, OfferState
from helpdesk.tickets.models import Clarification, Question

LONGEST_QUESTION = 1_200  # characters: a letter is read on a telephone, and the page has the rest
LONGEST_EXCERPT = 400


def language_of(recipient: Recipient) -> str:
    """The language the reader reads: "fr" or "en"."""
    default = str(setting("default_language"))
    if recipient.person is not None:
        wanted = [recipient.person.locale]
    else:
        question = recipient.ticket.question
        wanted = [recipient.asker.language if recipient.asker else None, question.language]
    return next((language for language in wanted if language in LANGUAGES), default)


def content_of(recipient: Recipient) -> dict[str, Any]:
    """Everything the letter's template shows, by name."""
    ticket, event = recipient.ticket, recipient.event
    restricted = ticket.restricted and recipient.person is not None
    content: dict[str, Any] = {
        "ticket": ticket,
        "ref": ticket.ref,
        "restricted": restricted,
        "person": recipient.person,
        "offer": recipient.offer,
        "who": event.actor.name if event.actor else None,
        "question": None if restricted else shortened(ticket.question.text, LONGEST_EXCERPT),
        "question_language": ticket.question.language,
    }
    content |= _MORE[recipient.kind](recipient)
    if restricted:
        content |= dict.fromkeys(content.keys() & {"comment", "note", "reply", "title"})
    return content


def shortened(text: str, limit: int) -> str:
    """The beginning of a text, cut between words, with "…" when something is left out."""
    text = text.strip()
    if len(text) <= limit:
        return text
    head = text[:limit]
    cut = max(head.rfind(" "), head.rfind("\n"))
    return f"{head[: cut if cut > limit // 2 else limit].rstrip()}…"


def _received(_recipient: Recipient) -> dict[str, Any]:
    return {"delay": setting("announced_delay_days")}


def _detail_wanted(recipient: Recipient) -> dict[str, Any]:
    clarification = db.session.get_one(Clarification, recipient.event.facts["clarification_id"])
    return {"wording": clarification.wording}


def _offer(recipient: Recipient) -> dict[str, Any]:
    offer = _the(recipient.offer)
    by_somebody_else = offer.offered_by is not None and offer.offered_by_id != offer.person_id
    return {
        "question": shortened(recipient.ticket.question.text, LONGEST_QUESTION),
        "due_at": offer.due_at,
        "asked_by": offer.offered_by.name if offer.offered_by and by_somebody_else else None,
    }


def _withdrawn(recipient: Recipient) -> dict[str, Any]:
    return {"note": _the(recipient.offer).note or None}


def _declined(recipient: Recipient) -> dict[str, Any]:
    offer = _the(recipient.offer)
    department_id = recipient.event.facts.get("department_id")
    department = db.session.get(Department, department_id) if department_id else None
    return {
        "expert": offer.person.name,
        "reason": str(offer.reason) if offer.reason else None,
        "note": offer.note or None,
        "instead": offer.instead.name if offer.instead else None,
        "department": department.name if department else None,
        "asked_now": _asked_now(recipient),
        "too_often": bool(recipient.event.facts.get("reason") == "too_many_redirects"),
    }


def _asked_now(recipient: Recipient) -> str | None:
    """Who is asked instead already, if somebody is."""
    query = select(Offer).where(
        Offer.ticket_id == recipient.ticket.id, Offer.id > _the(recipient.offer).id, Offer.state == OfferState.OFFERED
    )
    offer = db.session.scalar(query.order_by(Offer.id.desc()).limit(1))
    return offer.person.name if offer else None


def _to_approve(recipient: Recipient) -> dict[str, Any]:
    draft = db.session.get_one(Draft, recipient.event.facts["draft_id"])
    return {"author": draft.author.name, "title": draft.title or None, "due_at": recipient.ticket.due_at}


def _returned(recipient: Recipient) -> dict[str, Any]:
    approval = db.session.get_one(Approval, recipient.event.facts["approval_id"])
    return {"comment": approval.comment, "due_at": recipient.ticket.due_at}


def _ready(recipient: Recipient) -> dict[str, Any]:
    version = _version(recipient)
    return {"title": version.title, "channel": recipient.ticket.channel, "due_at": recipient.ticket.due_at}


def _reverted(recipient: Recipient) -> dict[str, Any]:
    return {"reason": str(recipient.event.facts["reason"]), "due_at": recipient.ticket.due_at}


def _published(recipient: Recipient) -> dict[str, Any]:
    publication = db.session.get_one(Publication, recipient.event.facts["publication_id"])
    version = _version(recipient)
    return {
        "title": version.title,
        "permalink": publication.url if publication.channel.public else None,
        "own_page": publication.mode == "own_page",
        "is_author": recipient.person is not None and recipient.person.id not in version.approver_ids,
        "version": version,
        "answer_language": version.official_answer.language,
    }


def _replied(recipient: Recipient) -> dict[str, Any]:
    reply = db.session.get_one(Question, recipient.event.facts["question_id"])
    holds = recipient.person is not None and recipient.ticket.holder_id == recipient.person.id
    own = select(Offer).where(
        Offer.ticket_id == recipient.ticket.id,
        Offer.person_id == (recipient.person.id if recipient.person else None),
        Offer.state.in_((OfferState.OFFERED, OfferState.ACCEPTED)),
    )
    offer = db.session.scalar(own.order_by(Offer.id.desc()).limit(1)) if holds else None
    return {"reply": shortened(reply.text, LONGEST_QUESTION), "offer": offer}


def _escalated(recipient: Recipient) -> dict[str, Any]:
    return {"circuit": str(recipient.event.facts["circuit"])}


def _version(recipient: Recipient) -> AnswerVersion:
    return db.session.get_one(AnswerVersion, recipient.event.facts["version_id"])


def _the(offer: Offer | None) -> Offer:
    if offer is None:
        raise ValueError("this letter is about an offer")
    return offer


_MORE: dict[LetterKind, Callable[[Recipient], dict[str, Any]]] = {
    LetterKind.RECEIVED: _received,
    LetterKind.DETAIL_WANTED: _detail_wanted,
    LetterKind.ANSWERED: _published,
    LetterKind.OFFER: _offer,
    LetterKind.WITHDRAWN: _withdrawn,
    LetterKind.DECLINED: _declined,
    LetterKind.REDIRECTED: _declined,
    LetterKind.TO_APPROVE: _to_approve,
    LetterKind.RETURNED: _returned,
    LetterKind.READY: _ready,
    LetterKind.REVERTED: _reverted,
    LetterKind.PUBLISHED: _published,
    LetterKind.REPLIED: _replied,
    LetterKind.ESCALATED: _escalated,
}
