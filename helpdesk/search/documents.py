"""Rows of the database as documents of the index, batch by batch.

A change to a row may concern several documents: an answered ticket is also a precedent, and part of the
history of whoever answered it. `changes_for` works out all of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime

from sqlalchemy import func, select, true
from sqlalchemy.orm import selectinload

from helpdesk.accounts.access import Role
from helpdesk.accounts.models import Department, Person, PersonRole
from helpdesk.answers.models import AnswerKind, AnswerStatus, AnswerVersion, OfficialAnswer
from helpdesk.db import db
from helpdesk.routing.models import Skill, Topic
from helpdesk.search import facets, reading_keys
from helpdesk.search.alike import heading_of
from helpdesk.search.conversations import conversations, with_questions
from helpdesk.search.index import (
    BREAK,
    AnswerDocument,
    AskedDocument,
    Change,
    Document,
    PersonDocument,
    PrecedentDocument,
    PrecedentKind,
    TopicDocument,
)
from helpdesk.search.ticket_documents import named_on, standings, ticket_document
from helpdesk.tickets.models import Event, Question, Ticket
from helpdesk.tickets.workflow import OPEN, Kind, Outcome, State

BATCH = 500
LONGEST_HISTORY = 500
"""Questions kept in the history of a person: the latest."""
BEGINNING = 255
"""Characters of the answer that stand in the history beside its question: the subject is named early."""
ANSWER_CREDIT = 1.0
WAITING = OPEN - {State.ESCALATED}
"""States of a ticket whose question a new one may repeat: not answered yet, and in no restricted circuit."""


def changes_for(touched: Iterable[tuple[str, int]]) -> list[Change]:
    """What to do to the index when these rows ("person", "topic", "ticket" or "answer", id) changed.

    A row that is gone, or no longer of a kind to be found, is taken out.
    """
    ids: dict[str, set[int]] = {"person": set(), "topic": set(), "ticket": set(), "answer": set()}
    for kind, row_id in touched:
        ids[kind].add(row_id)
    ids["answer"] |= _answers_written_for(ids["ticket"])
    ids["person"] |= _authors_of(ids["answer"])
    return [
        *_changes(ids["person"], people, "person:{}"),
        *_changes(ids["topic"], topics, "topic:{}"),
        *_changes(ids["ticket"], tickets, "ticket:{}", "precedent:ticket:{}", "asked:{}"),
        *_changes(ids["answer"], answers, "answer:{}", "precedent:official_answer:{}"),
    ]


def every_document() -> Iterator[Document]:
    """All that belongs in the index, read in batches."""
    for table, read in ((Person, people), (Topic, topics), (OfficialAnswer, answers), (Ticket, tickets)):
        last = 0
        while ids := db.session.scalars(select(table.id).where(table.id > last).order_by(table.id).limit(BATCH)).all():
            yield from read(ids)
            last = ids[-1]


def _changes(ids: set[int], read: Callable[[Sequence[int]], Iterable[Document]], *keys: str) -> Iterator[Change]:
    """Put what is there; take out what could be there under one of `keys` and is not."""
    wanted = {document.key: document for document in read(sorted(ids))} if ids else {}
    for key in (key.format(row_id) for row_id in sorted(ids) for key in keys):
        yield Change(key, wanted.get(key))


# --- people and topics -------------------------------------------------------------------------------------


def words_of(topic: Topic) -> str:
    """What stands for a topic: its labels and synonyms in both languages."""
    return ". ".join([topic.label_fr, topic.label_en, *topic.synonyms])


def people(
    ids: Sequence[int], *, before: datetime | None = None, words: Callable[[Topic], str] = words_of
) -> Iterator[Document]:
    """Those who can be asked: active experts of departments that answer.

    For a replay: with what they had answered `before` an instant, and with other `words` of a topic.
    """
    rows = db.session.execute(
        select(Person.id, Person.title, Person.profile, Department.name)
        .join(Department, Department.id == Person.department_id, isouter=True)
        .join(PersonRole, PersonRole.person_id == Person.id)
        .where(Person.id.in_(ids), Person.active, PersonRole.role == Role.EXPERT)
    ).all()
    known = _declared_topics([row.id for row in rows], words)
    for row in rows:
        history = "\n".join(_questions_answered_by(row.id, before))
        yield PersonDocument(row.id, row.title, row.profile, known[row.id], row.name or "", history)


def topics(ids: Sequence[int], *, words: Callable[[Topic], str] = words_of) -> Iterator[Document]:
    for topic in db.session.scalars(select(Topic).where(Topic.id.in_(ids), Topic.active)):
        yield TopicDocument(topic.id, words(topic))


def _declared_topics(people_ids: Sequence[int], words_of: Callable[[Topic], str]) -> dict[int, str]:
    """Per person, the labels and synonyms of the topics they declared."""
    words: defaultdict[int, list[str]] = defaultdict(list)
    found = select(Skill.person_id, Topic).join(Topic).where(Skill.person_id.in_(people_ids), Topic.active)
    for person_id, topic in db.session.execute(found.order_by(Skill.person_id, Topic.id)):
        words[person_id].append(words_of(topic))
    return defaultdict(str, {person_id: ". ".join(parts) for person_id, parts in words.items()})


def _questions_answered_by(person_id: int, before: datetime | None = None) -> Iterable[str]:
    """The latest questions whose official answer `person_id` wrote, each with the beginning of the answer. Restricted
    tickets stay out."""
    found = db.session.execute(
        select(Question.text, func.substr(AnswerVersion.plain, 1, BEGINNING))
        .join(Ticket, Ticket.id == Question.ticket_id)
        .join(OfficialAnswer, OfficialAnswer.ticket_id == Ticket.id)
        .join(AnswerVersion, AnswerVersion.official_answer_id == OfficialAnswer.id)
        .where(AnswerVersion.author_id == person_id, AnswerVersion.version == 1, Ticket.restricted.is_(False))
        .where(AnswerVersion.approved_at < before if before is not None else true())
        .order_by(Question.id.desc())
        .limit(LONGEST_HISTORY)
    )
    return ["\n".join(texts) for texts in found]


# --- official answers --------------------------------------------------------------------------------------


def answers(ids: Sequence[int]) -> Iterator[Document]:
    """Official answers for the staff's search, and as precedents of those who wrote them.

    A withdrawn answer is still found by the staff (it says that it is withdrawn) but is nobody's precedent. One
    written for a restricted ticket often repeats the question: it is for those named on the ticket.
    """
    rows = db.session.scalars(
        select(OfficialAnswer)
        .where(OfficialAnswer.id.in_(ids))
        .options(selectinload(OfficialAnswer.versions), selectinload(OfficialAnswer.topic_rows))
    ).all()
    written_for = [row.ticket_id for row in rows if row.ticket_id is not None]
    asked, restricted = _questions_of(written_for), _restricted(written_for)
    for row in rows:
        if not row.versions:
            continue
        version = row.current
        text = BREAK.join([row.code, version.title, f"{version.plain}\n{version.short}"])
        readers = restricted.get(row.ticket_id, frozenset({reading_keys.ANSWERS}))
        yield AnswerDocument(row.id, text, readers, row.language, facets.of_answer(row), version.approved_at)
        if row.ticket_id in restricted:
            continue
        if row.kind is AnswerKind.ANSWER and row.status is AnswerStatus.IN_FORCE:
            question = "\n".join([version.title, *asked.get(row.ticket_id or 0, ())])
            credited = {version.author_id: ANSWER_CREDIT}
            yield PrecedentDocument(PrecedentKind.OFFICIAL_ANSWER, row.id, question, version.plain, credited)


def _restricted(ticket_ids: Sequence[int]) -> dict[int | None, frozenset[str]]:
    """The reader keys of those of these tickets that are restricted."""
    named: dict[int | None, frozenset[str]] = dict.fromkeys(
        db.session.scalars(select(Ticket.id).where(Ticket.id.in_(ticket_ids), Ticket.restricted)), frozenset()
    )
    found = named_on(list(filter(None, named)))
    return named | {ticket_id: frozenset(map(reading_keys.of_person, people)) for ticket_id, people in found.items()}


def _answers_written_for(ticket_ids: set[int]) -> set[int]:
    if not ticket_ids:
        return set()
    return set(db.session.scalars(select(OfficialAnswer.id).where(OfficialAnswer.ticket_id.in_(ticket_ids))))


def _authors_of(answer_ids: set[int]) -> set[int]:
    """Those whose history an answer to a ticket belongs to."""
    if not answer_ids:
        return set()
    written = (
        select(AnswerVersion.author_id)
        .join(OfficialAnswer)
        .where(OfficialAnswer.id.in_(answer_ids), OfficialAnswer.ticket_id.is_not(None))
    )
    return set(db.session.scalars(written))


def _questions_of(ticket_ids: Sequence[int]) -> dict[int, list[str]]:
    """The questions of each ticket that is not restricted."""
    asked: defaultdict[int, list[str]] = defaultdict(list)
    found = (
        select(Question.ticket_id, Question.text)
        .join(Ticket, Ticket.id == Question.ticket_id)
        .where(Question.ticket_id.in_(ticket_ids), Ticket.restricted.is_(False))
        .order_by(Question.id)
    )
    for ticket_id, text in db.session.execute(found):
        asked[ticket_id].append(text)
    return dict(asked)


# --- tickets -----------------------------------------------------------------------------------------------


def tickets(ids: Sequence[int]) -> Iterator[Document]:
    """Tickets for the staff's search; those not answered yet, as questions a new one may repeat; those answered by an
    official answer that was there already, as precedents."""
    query = select(Ticket).where(Ticket.id.in_(ids)).options(*with_questions(), selectinload(Ticket.topic_rows))
    rows = db.session.scalars(query).all()
    standing, said = standings(ids), conversations(rows)
    reused = _answers_reused_for([row.id for row in rows if _is_answered(row) and not row.restricted])
    for row in rows:
        yield ticket_document(row, standing[row.id], said[row.id])
        asked = [part for question in row.questions for part in (question.subject, question.text) if part]
        if row.state in WAITING and not row.restricted:
            heading = heading_of(row.question.subject, row.question.text)
            yield AskedDocument(row.id, heading, "\n".join(asked), row.language)
        if row.id in reused:
            version = reused[row.id]
            credited = {version.author_id: ANSWER_CREDIT}
            yield PrecedentDocument(PrecedentKind.TICKET, row.id, "\n".join(asked), version.plain, credited)


def _is_answered(ticket: Ticket) -> bool:
    return ticket.state is State.ANSWERED or ticket.outcome is Outcome.ANSWERED


def _answers_reused_for(ticket_ids: Sequence[int]) -> dict[int, AnswerVersion]:
    """Per ticket, the version that was posted, when it had been written for another one."""
    events = db.session.execute(
        select(Event.ticket_id, Event.facts)
        .where(Event.ticket_id.in_(ticket_ids), Event.kind == Kind.REUSED)
        .order_by(Event.sequence)
    ).all()
    version_ids = {ticket_id: facts["version_id"] for ticket_id, facts in events}
    versions = db.session.scalars(select(AnswerVersion).where(AnswerVersion.id.in_(set(version_ids.values()))))
    found = {version.id: version for version in versions}
    return {ticket_id: found[version_id] for ticket_id, version_id in version_ids.items() if version_id in found}
