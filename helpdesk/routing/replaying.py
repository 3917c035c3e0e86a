"""Asking the matcher past questions again, as it is and as it would be, against who really answered. Reads only.

Nothing is learned from the future: see `past`. Who was right is who wrote what was published. The probability is that
before calibration, so that configurations can be compared; when Relais would have asked by itself is worked out from
the tickets before, the same way for both (see `budget.asked_by_itself`), as if every department took part.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select

from helpdesk.accounts.organisation import setting
from helpdesk.answers.models import AnswerVersion
from helpdesk.db import db
from helpdesk.embedding import asking as embedding
from helpdesk.errors import RelaisError
from helpdesk.routing import past
from helpdesk.routing.asked import query_of
from helpdesk.routing.candidates import Candidate
from helpdesk.routing.changes import Changes
from helpdesk.routing.confidence import Situation
from helpdesk.routing.evidence import Part
from helpdesk.routing.learning import Experience
from helpdesk.routing.masked import without_marks
from helpdesk.routing.matching import judge
from helpdesk.routing.models import Decision, Topic
from helpdesk.routing.nearness import with_nearness
from helpdesk.routing.replayed import Judged, Replayed, Said, compared
from helpdesk.routing.synonyms import in_force
from helpdesk.routing.training import taught_before, the_model
from helpdesk.routing.weights import weights_of
from helpdesk.search import documents
from helpdesk.search.access import the_index
from helpdesk.search.index import Index
from helpdesk.search.query import Query
from helpdesk.tickets.models import Event, Question, Ticket, TicketTopic
from helpdesk.tickets.workflow import Kind

SLICES = 5
LEAST_IN_A_SLICE = 50
"""What people had answered is as at the beginning of a slice: this many tickets, or a fifth of all."""
BATCH = 500
PLAIN = ("P3", "P4")

Reading = Callable[[str | None, str, str | None], Query]
"""How a subject and a text in a language become a query."""


def as_now(subject: str | None, text: str, language: str | None) -> Query:
    """How questions are read today."""
    return query_of(subject, text, language, in_force())


class TookTooLong(RelaisError):
    """The time given is over. Nothing was found."""


@dataclass(frozen=True, slots=True)
class PastTicket:
    """A decided ticket: what was asked, when it was first offered to somebody, and who answered."""

    ticket_id: int
    subject: str | None
    text: str
    language: str | None
    routed_at: datetime
    answered_by: int
    topics: frozenset[int]
    priority: str
    plain: bool


def replay(
    changes: Changes,
    last: int,
    *,
    index: Index | None = None,
    reading: Reading = as_now,
    progress: Callable[[int], None] = lambda done: None,
    seconds: float | None = None,
) -> Replayed:
    """What `changes` would have done on the `last` decided tickets. Changes nothing.

    `reading` is how questions would be read (other synonyms, for example); documents stay as they are indexed, but for
    the topics changed. `progress` is told how many tickets are done. Raises IndexUnusable, and TookTooLong after
    `seconds`.
    """
    deadline = None if seconds is None else time.monotonic() + seconds
    tickets = decided_tickets(last)
    sides = _Sides(changes, reading, index or the_index())
    judged: list[Judged] = []
    gone = 0
    for some in _slices(tickets):
        with sides.of(some[0].routed_at) as look:
            away = past.Absences(some[0].routed_at, some[-1].routed_at)
            for ticket in some:
                if deadline is not None and time.monotonic() > deadline:
                    raise TookTooLong()
                if ticket.answered_by in look.everybody:
                    judged.append(look.judged(ticket, away.at(ticket.routed_at, look.everybody)))
                else:
                    gone += 1
                progress(len(judged) + gone)
    return compared(
        judged,
        gone=gone,
        since=tickets[0].routed_at.isoformat() if tickets else None,
        budgets=(sides.budget, sides.budget if changes.budget is None else changes.budget),
        weights_before={str(part): weight for part, weight in sides.weights.items()},
    )


# --- the past ---------------------------------------------------------------------------------------------------------


def decided_tickets(last: int) -> list[PastTicket]:
    """The `last` tickets that were offered to somebody and answered, oldest first. Restricted ones stay out."""
    rows = db.session.execute(
        select(Decision.ticket_id, func.coalesce(Decision.chosen_at, Decision.made_at))
        .join(Ticket, Ticket.id == Decision.ticket_id)
        .where(Decision.right.is_not(None), Ticket.restricted.is_(False))
        .order_by(Decision.id.desc())
        .limit(last)
    )
    routed = {row[0]: row[1] for row in rows}
    found: list[PastTicket] = []
    ids = list(routed)
    for start in range(0, len(ids), BATCH):
        found += _tickets(ids[start : start + BATCH], routed)
    return sorted(found, key=lambda ticket: (ticket.routed_at, ticket.ticket_id))


def _tickets(ids: Sequence[int], routed: Mapping[int, datetime]) -> Iterator[PastTicket]:
    authors, topics = _authors(ids), _topics(ids)
    first = select(func.min(Question.id)).where(Question.ticket_id.in_(ids)).group_by(Question.ticket_id)
    rows = db.session.execute(
        select(
            Question.ticket_id,
            Question.subject,
            Question.text,
            Ticket.language,
            Ticket.priority,
            Ticket.sensitivity,
            Ticket.personal_data,
        )
        .join(Ticket, Ticket.id == Question.ticket_id)
        .where(Question.id.in_(first))
    )
    for row in rows:
        if row.ticket_id in authors and without_marks(f"{row.subject or ''} {row.text}").strip():
            yield PastTicket(
                row.ticket_id,
                row.subject,
                row.text,
                row.language,
                routed[row.ticket_id],
                authors[row.ticket_id],
                topics.get(row.ticket_id, frozenset()),
                row.priority,
                plain=row.priority in PLAIN and not (row.sensitivity or row.personal_data),
            )


def _authors(ids: Sequence[int]) -> dict[int, int]:
    """Who wrote what was first published, by ticket."""
    rows = db.session.execute(
        select(Event.ticket_id, Event.facts)
        .where(Event.ticket_id.in_(ids), Event.kind == Kind.PUBLISHED)
        .order_by(Event.sequence.desc())
    )
    versions = {ticket_id: facts["version_id"] for ticket_id, facts in rows}
    authors = dict(
        db.session.execute(
            select(AnswerVersion.id, AnswerVersion.author_id).where(AnswerVersion.id.in_(set(versions.values())))
        ).all()
    )
    return {ticket_id: authors[version] for ticket_id, version in versions.items() if version in authors}


def _topics(ids: Sequence[int]) -> dict[int, frozenset[int]]:
    found: dict[int, set[int]] = {}
    for ticket_id, topic_id in db.session.execute(
        select(TicketTopic.ticket_id, TicketTopic.topic_id).where(TicketTopic.ticket_id.in_(ids))
    ):
        found.setdefault(ticket_id, set()).add(topic_id)
    return {ticket_id: frozenset(topics) for ticket_id, topics in found.items()}


def _slices(tickets: Sequence[PastTicket]) -> Iterator[Sequence[PastTicket]]:
    size = max(LEAST_IN_A_SLICE, -(-len(tickets) // SLICES))
    for start in range(0, len(tickets), size):
        yield tickets[start : start + size]


# --- before and after -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Side:
    """One configuration at the beginning of a slice."""

    directory: Index
    weights: Mapping[Part, float]
    reading: Reading


@dataclass(frozen=True, slots=True)
class _Look:
    """Both configurations at the beginning of a slice."""

    precedents: past.Precedents
    everybody: dict[int, Candidate]
    known: Experience
    before: _Side
    after: _Side

    def judged(self, ticket: PastTicket, candidates: Mapping[int, Candidate]) -> Judged:
        found = self._found(self.before, ticket)
        same = (self.after.directory, self.after.reading) == (self.before.directory, self.before.reading)
        other = found if same else self._found(self.after, ticket)
        return Judged(
            ticket.ticket_id,
            ticket.answered_by,
            self._said(self.before, ticket, found, candidates),
            self._said(self.after, ticket, other, candidates),
            ticket.plain,
        )

    def _found(self, side: _Side, ticket: PastTicket) -> tuple[Query, past.Retrieved]:
        query = side.reading(ticket.subject, ticket.text, ticket.language)
        precedents = self.precedents.before(query, ticket.routed_at, ticket.ticket_id)
        if embedding.is_on():
            precedents = with_nearness(query, precedents, embedding.nearness)
        return query, past.Retrieved(side.directory.people(query), side.directory.topics(query), precedents)

    def _said(
        self,
        side: _Side,
        ticket: PastTicket,
        found: tuple[Query, past.Retrieved],
        candidates: Mapping[int, Candidate],
    ) -> Said:
        query, retrieved = found
        situation = Situation(priority=ticket.priority, sensitive=not ticket.plain)
        judged = judge(query, retrieved, candidates, self.known, situation, ticket.topics, weights=side.weights)
        shown = tuple(suggestion.person_id for suggestion in judged.ranking.suggestions)
        return Said(shown, judged.probability)


class _Sides:
    """The configuration in use and the changed one."""

    def __init__(self, changes: Changes, reading: Reading, index: Index) -> None:
        chosen = setting("matcher_weights")
        self.weights = weights_of(chosen)
        self.budget = float(setting("wrong_route_budget"))
        self._changed_weights = weights_of({**chosen, **changes.weights})
        self._learns = the_model(index) is not None
        self._changes, self._reading, self._precedents = changes, reading, past.Precedents(index)

    @contextmanager
    def of(self, before: datetime) -> Iterator[_Look]:
        """Both as they stood `before` an instant, in an index of their own for so long."""
        with tempfile.TemporaryDirectory(prefix="relais-replay-") as folder:
            directory = other = past.directory(Path(folder) / "before", before)
            if self._changes.topics:
                other = past.directory(Path(folder) / "after", before, self._words)
            yield _Look(
                self._precedents,
                past.candidates(before),
                Experience(model=taught_before(before) if self._learns else None),
                _Side(directory, self.weights, as_now),
                _Side(other, self._changed_weights, self._reading),
            )

    def _words(self, topic: Topic) -> str:
        """The words of a topic as they would be; none when it would be out of use."""
        values = self._changes.topics.get(topic.code)
        if values is None:
            return documents.words_of(topic)
        if not values.get("active", True):
            return ""
        labels = [values.get("label_fr", topic.label_fr), values.get("label_en", topic.label_en)]
        return ". ".join([*labels, *values.get("synonyms", topic.synonyms)])
