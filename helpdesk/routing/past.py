"""What the matcher could have known at a past instant: the index and the people as they were then. Reads only.

Of the past are: precedents (those answered before the instant, never the ticket's own), what people had answered, how
much, and who was away. Of today are: who is an expert, of which department, with which profile and topics, and how rare
a word is. Workload and turns are left out: they say nothing of who knows what.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select

from helpdesk.accounts.models import Absence, Person
from helpdesk.answers.models import AnswerKind, AnswerVersion, OfficialAnswer
from helpdesk.db import db
from helpdesk.routing import asking
from helpdesk.routing.candidates import Candidate, presence
from helpdesk.routing.models import Topic
from helpdesk.search import documents
from helpdesk.search.index import (
    Document,
    Index,
    PeopleFound,
    PrecedentHit,
    PrecedentKind,
    PrecedentsFound,
    TopicsFound,
)
from helpdesk.search.query import Query
from helpdesk.search.whoosh_index import WhooshIndex
from helpdesk.tickets.models import Event
from helpdesk.tickets.workflow import Kind

LOOKED_AT = 200
"""Precedents asked of the index, so that enough are left without the later ones."""
KEPT = 50
BATCH = 500

Words = Callable[[Topic], str]
Key = tuple[PrecedentKind, int]


@dataclass(frozen=True, slots=True)
class Retrieved:
    """What was found for one question, told again as an index tells it."""

    found_people: PeopleFound
    found_topics: TopicsFound
    found_precedents: PrecedentsFound

    def people(self, _query: Query) -> PeopleFound:
        return self.found_people

    def topics(self, _query: Query) -> TopicsFound:
        return self.found_topics

    def precedents(self, _query: Query) -> PrecedentsFound:
        return self.found_precedents


def directory(folder: Path, before: datetime, words: Words = documents.words_of) -> Index:
    """An index of people and topics as they stood `before` an instant, each topic in these `words`."""
    index = WhooshIndex(folder)
    index.rebuild(_directory(before, words), watermark=0)
    return index


def _directory(before: datetime, words: Words) -> Iterator[Document]:
    for ids in _batches(Person):
        yield from documents.people(ids, before=before, words=words)
    for ids in _batches(Topic):
        yield from documents.topics(ids, words=words)


def _batches(table: type[Person] | type[Topic]) -> Iterator[Sequence[int]]:
    last = 0
    while ids := db.session.scalars(select(table.id).where(table.id > last).order_by(table.id).limit(BATCH)).all():
        yield ids
        last = ids[-1]


class Precedents:
    """The precedents of the index in use, without those that came later than a ticket, or from it."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._known: dict[Key, tuple[datetime, int | None] | None] = {}

    def before(self, query: Query, instant: datetime, ticket_id: int) -> PrecedentsFound:
        """Those answered before `instant`, best first. Raises IndexUnusable."""
        found = self._index.precedents(query, limit=LOOKED_AT)
        self._learn(found.hits)
        kept = [hit for hit in found.hits if self._is_earlier(hit, instant, ticket_id)]
        return PrecedentsFound(tuple(kept[:KEPT]), found.ideal)

    def _is_earlier(self, hit: PrecedentHit, instant: datetime, ticket_id: int) -> bool:
        known = self._known[hit.kind, hit.source_id]
        return known is not None and known[0] < instant and known[1] != ticket_id

    def _learn(self, hits: Iterable[PrecedentHit]) -> None:
        unknown = [(hit.kind, hit.source_id) for hit in hits if (hit.kind, hit.source_id) not in self._known]
        self._known |= dict.fromkeys(unknown)
        answers = [row_id for kind, row_id in unknown if kind is PrecedentKind.OFFICIAL_ANSWER]
        tickets = [row_id for kind, row_id in unknown if kind is PrecedentKind.TICKET]
        for row_id, approved_at, ticket_id in db.session.execute(
            select(OfficialAnswer.id, func.min(AnswerVersion.approved_at), OfficialAnswer.ticket_id)
            .join(AnswerVersion, AnswerVersion.official_answer_id == OfficialAnswer.id)
            .where(OfficialAnswer.id.in_(answers))
            .group_by(OfficialAnswer.id, OfficialAnswer.ticket_id)
        ):
            self._known[PrecedentKind.OFFICIAL_ANSWER, row_id] = (approved_at, ticket_id)
        for ticket_id, at in db.session.execute(
            select(Event.ticket_id, func.min(Event.at))
            .where(Event.ticket_id.in_(tickets), Event.kind == Kind.REUSED)
            .group_by(Event.ticket_id)
        ):
            self._known[PrecedentKind.TICKET, ticket_id] = (at, ticket_id)


def candidates(before: datetime) -> dict[int, Candidate]:
    """Today's experts, with as many answers as they had given `before` an instant; nobody away, busy or asked."""
    rows = db.session.execute(
        select(
            AnswerVersion.author_id,
            func.count(OfficialAnswer.id.distinct()),
            func.min(AnswerVersion.approved_at),
            func.max(AnswerVersion.approved_at),
        )
        .join(OfficialAnswer, OfficialAnswer.id == AnswerVersion.official_answer_id)
        .where(OfficialAnswer.kind == AnswerKind.ANSWER, AnswerVersion.approved_at < before)
        .group_by(AnswerVersion.author_id)
    )
    answered = {author: (count, first, last) for author, count, first, last in rows}
    latest = max((last for _count, _first, last in answered.values()), default=before)
    found = {}
    for person_id, who in asking.candidates(before).items():
        count, first, last = answered.get(person_id, (0, before, before))
        found[person_id] = who._replace(
            open_offers=0,
            answered=count,
            absent_until=None,
            delegate_id=None,
            last_asked_at=None,
            presence=presence(count, first, last, latest),
        )
    return found


class Absences:
    """Who was away, between two instants."""

    def __init__(self, start: datetime, end: datetime) -> None:
        self._rows = db.session.execute(
            select(Absence.person_id, Absence.starts_at, Absence.ends_at, Absence.delegate_id, Person.backup_id)
            .join(Person, Person.id == Absence.person_id)
            .where(Absence.starts_at <= end, Absence.ends_at > start)
            .order_by(Absence.ends_at)
        ).all()

    def at(self, instant: datetime, everybody: dict[int, Candidate]) -> dict[int, Candidate]:
        """`everybody` as they were there or away at `instant`."""
        away = {
            row.person_id: everybody[row.person_id]._replace(
                absent_until=row.ends_at, delegate_id=row.delegate_id or row.backup_id
            )
            for row in self._rows
            if row.starts_at <= instant < row.ends_at and row.person_id in everybody
        }
        return everybody | away
