"""Everything that was said about a ticket, part by part, each with who may read it: what the staff's search looks in.

The index is filled from here and extracts are taken from here, so that what is found can also be shown.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import joinedload, lazyload, load_only, selectinload
from sqlalchemy.sql.base import ExecutableOption

from helpdesk.answers.models import AnswerVersion, Approval, Draft
from helpdesk.db import db
from helpdesk.routing.models import Offer
from helpdesk.tickets.models import Asker, Clarification, Event, Question, Remark, Ticket
from helpdesk.tickets.workflow import Kind

_MARKUP = re.compile(r"\*+|`+|^#{1,6} |^> ?", re.MULTILINE)


class Tier(StrEnum):
    """Who may read a part, among those who see the ticket. See `reading_keys`."""

    OPEN = "open"
    NOTES = "notes"
    ASKER = "asker"


class PartKind(StrEnum):
    REFERENCE = "reference"
    TITLE = "title"
    QUESTION = "question"
    REPLY = "reply"
    CLARIFICATION = "clarification"
    DRAFT = "draft"
    ANSWER = "answer"
    NOTE = "note"
    ASKER = "asker"


TIERS = {PartKind.NOTE: Tier.NOTES, PartKind.ASKER: Tier.ASKER}


@dataclass(frozen=True, slots=True)
class Part:
    kind: PartKind
    text: str
    language: str | None = None

    @property
    def tier(self) -> Tier:
        return TIERS.get(self.kind, Tier.OPEN)


def with_questions() -> tuple[ExecutableOption, ...]:
    """What a query of tickets must load for `conversations`."""
    asker = selectinload(Ticket.questions).joinedload(Question.asker).joinedload(Asker.identity)
    return (asker, selectinload(Ticket.questions).lazyload(Question.channel))


def conversations(tickets: Sequence[Ticket]) -> dict[int, list[Part]]:
    """By id of the ticket: what was asked, replied, drafted, answered and noted, in that order.

    Takes the same few queries for any number of tickets, provided they were read `with_questions`.
    """
    ids = [ticket.id for ticket in tickets]
    found = {ticket.id: list(_asked(ticket)) for ticket in tickets}
    if ids:
        for read in (_clarifications, _drafts, _answers, _notes):
            for ticket_id, part in read(ids):
                found[ticket_id].append(part)
    return found


def _asked(ticket: Ticket) -> Iterator[Part]:
    kind = PartKind.QUESTION
    for question in ticket.questions:
        text = "\n".join(filter(None, (question.subject, question.text)))
        yield Part(kind, text, question.language or ticket.language)
        kind = PartKind.REPLY
    yield Part(PartKind.REFERENCE, ticket.ref, ticket.language)
    identities = [row.asker.identity for row in ticket.questions if row.asker and row.asker.identity]
    names = dict.fromkeys(name for one in identities for name in (one.handle, one.name) if name)
    if names:
        yield Part(PartKind.ASKER, " · ".join(names))


def _clarifications(ids: Sequence[int]) -> Iterator[tuple[int, Part]]:
    rows = select(Clarification.ticket_id, Clarification.wording).where(Clarification.ticket_id.in_(ids))
    for ticket_id, wording in db.session.execute(rows.order_by(Clarification.id)):
        yield ticket_id, Part(PartKind.CLARIFICATION, wording)


def _drafts(ids: Sequence[int]) -> Iterator[tuple[int, Part]]:
    """The last revision whole, and of earlier ones the lines that none after it holds."""
    columns = (Draft.ticket_id, Draft.title, Draft.body, Draft.short, Draft.sources, Draft.language)
    rows = select(*columns).where(Draft.ticket_id.in_(ids)).order_by(Draft.revision.desc())
    known: defaultdict[int, set[str]] = defaultdict(set)
    for ticket_id, title, body, short, sources, language in db.session.execute(rows):
        lines = [line for line in _plain("\n".join([title, body, short, sources])).splitlines() if line.strip()]
        new = [line for line in dict.fromkeys(lines) if line not in known[ticket_id]]
        known[ticket_id].update(new)
        if new:
            yield ticket_id, Part(PartKind.DRAFT, "\n".join(new), language)


def _answers(ids: Sequence[int]) -> Iterator[tuple[int, Part]]:
    """The official answers it was answered with, or is about to be."""
    decided = select(Event.ticket_id, Event.facts).where(
        Event.ticket_id.in_(ids), Event.kind.in_((Kind.APPROVED, Kind.REUSED))
    )
    uses = [(ticket_id, facts["version_id"]) for ticket_id, facts in db.session.execute(decided)]
    rows = (
        select(AnswerVersion)
        .where(AnswerVersion.id.in_({version_id for _ticket_id, version_id in uses}))
        .options(lazyload("*"), load_only(AnswerVersion.title, AnswerVersion.plain, AnswerVersion.short))
        .options(joinedload(AnswerVersion.official_answer).lazyload("*"))
    )
    versions = {row.id: row for row in db.session.scalars(rows)} if uses else {}
    for ticket_id, version_id in dict.fromkeys(uses):
        if version := versions.get(version_id):
            answer = version.official_answer
            text = "\n".join([version.title, version.plain, version.short, answer.code])
            yield ticket_id, Part(PartKind.ANSWER, text, answer.language)


def _notes(ids: Sequence[int]) -> Iterator[tuple[int, Part]]:
    """Why things were done, why people declined, and what approvers said."""
    for rows in (
        select(Remark.ticket_id, Remark.text).where(Remark.ticket_id.in_(ids)).order_by(Remark.event_id),
        select(Offer.ticket_id, Offer.note).where(Offer.ticket_id.in_(ids), Offer.note != "").order_by(Offer.id),
        select(Draft.ticket_id, Approval.comment)
        .join(Draft, Draft.id == Approval.draft_id)
        .where(Draft.ticket_id.in_(ids), Approval.comment != "")
        .order_by(Approval.id),
    ):
        for ticket_id, text in db.session.execute(rows):
            yield ticket_id, Part(PartKind.NOTE, text)


def _plain(markdown: str) -> str:
    """Without the signs of Markdown that would stand between two words of an extract."""
    return _MARKUP.sub("", markdown)


def language_of(parts: Iterable[Part]) -> str | None:
    """The language of all parts that have one; None when they differ or none has."""
    languages = {part.language for part in parts if part.language and part.tier is Tier.OPEN}
    return languages.pop() if len(languages) == 1 else None
