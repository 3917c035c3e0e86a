"""Rows as the API shows them: plain JSON values, codes and handles instead of ids."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from helpdesk import clock
from helpdesk.accounts.access import Can
from helpdesk.accounts.models import Department, Person
from helpdesk.answers import ledger
from helpdesk.answers.models import AnswerTopic, AnswerVersion, Draft, OfficialAnswer
from helpdesk.answers.validity import day_of, is_expired
from helpdesk.answers.writing import drafts_of
from helpdesk.channels.models import Channel
from helpdesk.db import db
from helpdesk.publishing.models import Publication, Verdict
from helpdesk.routing.models import Offer, Topic
from helpdesk.sla import explaining
from helpdesk.tickets import seeing
from helpdesk.tickets.models import Event, Question, Ticket, TicketTopic
from helpdesk.tickets.opening import NewTicket

Document = dict[str, Any]


def instant(value: datetime | date | None) -> str | None:
    return value.isoformat() if value is not None else None


def handle(person: Person | None) -> str | None:
    return person.handle if person is not None else None


def topic_codes(ticket: Ticket) -> list[str]:
    query = select(Topic.code).join(TicketTopic, TicketTopic.topic_id == Topic.id)
    return list(db.session.scalars(query.where(TicketTopic.ticket_id == ticket.id).order_by(Topic.code)))


def ticket_document(ticket: Ticket | NewTicket) -> Document:
    """A ticket as it stands in lists."""
    return {
        "ref": ticket.ref,
        "state": str(ticket.state),
        "outcome": str(ticket.outcome) if ticket.outcome else None,
        "priority": ticket.priority,
        "class": ticket.class_,
        "sensitivity": ticket.sensitivity,
        "language": ticket.language,
        "topics": [] if isinstance(ticket, NewTicket) else topic_codes(ticket),
        "department": ticket.department.code if ticket.department else None,
        "assignee": handle(ticket.holder),
        "channel": ticket.channel.code,
        "excerpt": ticket.excerpt,
        "opened_at": instant(ticket.opened_at),
        "due_at": instant(ticket.due_at),
        "closed_at": instant(ticket.closed_at),
        "late": bool(ticket.due_at and ticket.due_at < clock.now()),
        "waiting_for_asker": ticket.waiting_for_asker,
        "restricted": ticket.restricted,
        "personal_data": ticket.personal_data,
        "version": ticket.version,
    }


def merged_document(ticket: Ticket, reader: Person) -> Document:
    """A ticket, and the one it was merged into if `reader` may see that."""
    into = ticket.merged_into
    seen = into is not None and seeing.may(reader, Can.SEE_TICKET, into)
    return ticket_document(ticket) | {"merged_into": into.ref if into is not None and seen else None}


def ticket_detail(ticket: Ticket, reader: Person) -> Document:
    """A ticket with all that `reader` may see of it."""
    offers = db.session.scalars(select(Offer).where(Offer.ticket_id == ticket.id).order_by(Offer.id))
    publications = db.session.scalars(
        select(Publication).where(Publication.ticket_id == ticket.id).order_by(Publication.id)
    )
    log = db.session.scalars(select(Event).where(Event.ticket_id == ticket.id).order_by(Event.sequence))
    sees_asker = seeing.may(reader, Can.SEE_ASKER, ticket)
    return merged_document(ticket, reader) | {
        "questions": [question_document(question, sees_asker) for question in ticket.questions],
        "offers": [offer_document(offer) for offer in offers],
        "drafts": [draft_document(draft) for draft in drafts_of(ticket)],
        "official_answer": official_answer_of(ticket),
        "publications": [publication_document(publication) for publication in publications],
        "clocks": explaining.documents(ticket),
        "events": [event_document(event) for event in log],
    }


def question_document(question: Question, sees_asker: bool) -> Document:
    identity = question.asker.identity if question.asker and sees_asker else None
    return {
        "id": question.id,
        "channel": question.channel.code,
        "external_id": question.external_id,
        "url": question.url,
        "subject": question.subject,
        "text": question.text,
        "language": question.language,
        "posted_at": instant(question.posted_at),
        "received_at": instant(question.received_at),
        "author": {"handle": identity.handle, "name": identity.name} if identity else None,
    }


def offer_document(offer: Offer) -> Document:
    return {
        "id": offer.id,
        "ticket": offer.ticket.ref,
        "person": offer.person.handle,
        "state": str(offer.state),
        "due_at": instant(offer.due_at),
        "offered_at": instant(offer.offered_at),
        "answered_at": instant(offer.answered_at),
        "reason": str(offer.reason) if offer.reason else None,
        "instead": handle(offer.instead),
    }


def draft_document(draft: Draft) -> Document:
    return {
        "revision": draft.revision,
        "author": draft.author.handle,
        "title": draft.title,
        "body": draft.body,
        "short": draft.short,
        "sources": draft.sources,
        "language": draft.language,
        "review_by": instant(draft.review_by),
        "created_at": instant(draft.created_at),
        "sha256": draft.digest,
    }


def official_answer_of(ticket: Ticket) -> Document | None:
    """The official answer the ticket was answered with, or is about to be."""
    kinds = ("approved", "reused")
    decision = db.session.scalar(
        select(Event)
        .where(Event.ticket_id == ticket.id, Event.kind.in_(kinds))
        .order_by(Event.sequence.desc())
        .limit(1)
    )
    if decision is None:
        return None
    version = db.session.get_one(AnswerVersion, decision.facts["version_id"])
    return answer_document(version.official_answer, version)


def answer_status(answer: OfficialAnswer, version: AnswerVersion) -> str:
    """in_force, expired, withdrawn or superseded, today."""
    if str(answer.status) == "in_force" and is_expired(version.review_by, day_of(clock.now())):
        return "expired"
    return str(answer.status)


def answer_document(answer: OfficialAnswer, version: AnswerVersion | None = None) -> Document:
    """An official answer with the text of `version` (default: the one in use)."""
    version = version or ledger.last_version(answer.id)
    if version is None:
        raise LookupError(f"the official answer {answer.code} has no version")
    topics = select(Topic.code).join(AnswerTopic, AnswerTopic.topic_id == Topic.id)
    return {
        "id": answer.code,
        "kind": str(answer.kind),
        "title": version.title,
        "language": answer.language,
        "status": answer_status(answer, version),
        "topics": list(db.session.scalars(topics.where(AnswerTopic.official_answer_id == answer.id))),
        "department": answer.department.code if answer.department else None,
        "version": version.version,
        "review_by": instant(version.review_by),
        "approved_at": instant(version.approved_at),
        "uses": answer.uses,
        "body": version.body,
        "short": version.short,
        "html": version.html,
    }


def version_document(version: AnswerVersion) -> Document:
    approvers = db.session.scalars(select(Person.handle).where(Person.id.in_(version.approver_ids)))
    return {
        "version": version.version,
        "title": version.title,
        "body": version.body,
        "short": version.short,
        "author": version.author.handle,
        "approvers": list(approvers),
        "approved_at": instant(version.approved_at),
        "review_by": instant(version.review_by),
        "text_sha256": version.text_sha256,
        "previous_hash": version.previous_hash,
        "hash": version.hash,
    }


def publication_document(publication: Publication) -> Document:
    matches = {Verdict.EQUAL: True, Verdict.FORM: True, Verdict.DIFFERENT: False, Verdict.UNSEEN: None}
    return {
        "id": publication.id,
        "channel": publication.channel.code,
        "url": publication.url,
        "variant": publication.variant,
        "state": str(publication.state),
        "posted_at": instant(publication.posted_at),
        "posted_by": handle(publication.posted_by),
        "matches_approved": matches[publication.verdict],
        "verdict": str(publication.verdict),
        "differences": publication.differences,
    }


def event_document(event: Event) -> Document:
    return {
        "sequence": event.sequence,
        "kind": str(event.kind),
        "by": handle(event.actor),
        "role": event.role,
        "at": instant(event.at),
        "recorded_at": instant(event.recorded_at),
        "facts": event.facts,
        "hash": event.hash,
    }


def person_document(person: Person) -> Document:
    absence = person.absence_at(clock.now())
    return {
        "handle": person.handle,
        "name": person.name,
        "title": person.title,
        "department": person.department.code if person.department else None,
        "roles": sorted(person.roles),
        "languages": person.languages,
        "away_until": instant(absence.ends_at) if absence else None,
    }


def department_document(department: Department) -> Document:
    return {
        "code": department.code,
        "name": department.name,
        "head": handle(department.head),
        "answers": department.answers,
    }


def topic_document(topic: Topic) -> Document:
    return {
        "code": topic.code,
        "label_fr": topic.label_fr,
        "label_en": topic.label_en,
        "department": topic.department.code,
    }


def channel_document(channel: Channel) -> Document:
    return {
        "code": channel.code,
        "kind": channel.kind,
        "account": channel.account,
        "public": channel.public,
        "max_characters": channel.max_characters,
    }
