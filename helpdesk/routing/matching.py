"""Who could answer a ticket or a text: the index's evidence joined with what the database knows today. Reads
only.

`Suggestions` holds ids and facts; names and sentences are made where people read them (`wording`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from helpdesk import clock
from helpdesk.accounts.models import Department
from helpdesk.accounts.organisation import setting
from helpdesk.answers.models import AnswerKind, AnswerStatus, OfficialAnswer
from helpdesk.db import db
from helpdesk.intake.masking import split_marks
from helpdesk.routing import asking
from helpdesk.routing.candidates import Candidate
from helpdesk.routing.confidence import (
    Confidence,
    Mode,
    Situation,
    choose_mode,
    in_words,
    probability,
    raw_probability,
)
from helpdesk.routing.evidence import Evidence
from helpdesk.routing.learning import Experience, experience
from helpdesk.routing.ranking import Ranking, rank
from helpdesk.routing.reasons import Reason
from helpdesk.routing.synonyms import in_force
from helpdesk.search.access import the_index
from helpdesk.search.equivalents import Equivalents
from helpdesk.search.index import Index, PrecedentHit, PrecedentKind, PrecedentsFound
from helpdesk.search.query import Query
from helpdesk.tickets.models import Ticket

ENGINE = "whoosh-bm25f/3"
"""Raised with every change of scoring or ranking, so that a stored decision says what made it."""

ANSWERS_SHOWN = 5
TICKETS_SHOWN = 5
LEAST_SIMILARITY = 0.2
LEAST_SHARED_WORDS = 2
"""Share and number of the asker's telling words that an earlier answer or ticket must hold to be worth showing."""
URGENT = ("P1", "P2")


@dataclass(frozen=True, slots=True)
class SuggestedExpert:
    person_id: int
    score: float
    probability: float
    confidence: Confidence
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class OtherExpert:
    person_id: int
    why: Reason


@dataclass(frozen=True, slots=True)
class EarlierAnswer:
    """An official answer that looks fitting. `why_not` is a short code when it can't be posted here and
    now."""

    answer_id: int
    similarity: float
    why_not: str | None = None

    @property
    def usable(self) -> bool:
        return self.why_not is None


@dataclass(frozen=True, slots=True)
class EarlierTicket:
    ticket_id: int
    similarity: float


@dataclass(frozen=True, slots=True)
class Suggestions:
    """What the matcher says of one question. With mode ABSTAIN the experts are the least bad, not advice."""

    mode: Mode
    probability: float
    raw: float
    """The probability before calibration: what calibration learns from."""
    experts: tuple[SuggestedExpert, ...]
    not_chosen: tuple[OtherExpert, ...]
    topics: tuple[int, ...]
    official_answers: tuple[EarlierAnswer, ...]
    similar_tickets: tuple[EarlierTicket, ...]
    language: str | None
    engine: str = ENGINE

    def as_document(self) -> dict[str, Any]:
        """Plain JSON values, for keeping."""
        return {
            "raw": round(self.raw, 4),
            "language": self.language,
            "topics": list(self.topics),
            "experts": [
                {
                    "person": expert.person_id,
                    "score": round(expert.score, 4),
                    "probability": round(expert.probability, 4),
                    "reasons": [_reason_document(reason) for reason in expert.reasons],
                }
                for expert in self.experts
            ],
            "not_chosen": [
                {"person": other.person_id, "why": _reason_document(other.why)} for other in self.not_chosen
            ],
            "official_answers": [[a.answer_id, round(a.similarity, 3)] for a in self.official_answers],
            "similar_tickets": [[t.ticket_id, round(t.similarity, 3)] for t in self.similar_tickets],
        }


def _reason_document(reason: Reason) -> dict[str, Any]:
    return {"kind": str(reason.kind), **reason.data}


def suggestions_for(ticket: Ticket, index: Index | None = None) -> Suggestions:
    """Who could answer `ticket`, as things stand now. Raises IndexUnusable."""
    question = ticket.question
    subject = _without_marks(question.subject) if question.subject else None
    situation = Situation(
        automatic_on=bool(setting("automatic_routing")),
        priority=ticket.priority,
        sensitive=bool(ticket.sensitivity or ticket.restricted or ticket.personal_data),
    )
    return _match(
        Query.of(_without_marks(question.text), ticket.language, subject, in_force()),
        index or the_index(),
        situation,
        ticket_id=ticket.id,
        chosen_topics=frozenset(row.topic_id for row in ticket.topic_rows),
    )


def _without_marks(masked: str) -> str:
    """A masked text without its marks: `⟦customer-number⟧` is no word of the asker's."""
    return "".join(piece if isinstance(piece, str) else " " for piece in split_marks(masked))


def suggestions_for_text(
    text: str, language: str | None = None, index: Index | None = None, equivalents: Equivalents | None = None
) -> Suggestions:
    """Who could answer `text`, as things stand now, or as they would with these `equivalents`. Raises
    IndexUnusable."""
    asked = Query.of(text, language, equivalents=in_force() if equivalents is None else equivalents)
    return _match(asked, index or the_index(), Situation())


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was found, how it ranks the candidates, and what that allows."""

    evidence: Evidence
    ranking: Ranking
    probability: float
    mode: Mode


def judge(
    query: Query,
    index: Index,
    candidates: Mapping[int, Candidate],
    known: Experience,
    situation: Situation,
    chosen_topics: frozenset[int] = frozenset(),
    automatic_departments: frozenset[int] = frozenset(),
) -> Judgement:
    """The matcher itself, without the database: what production and the evaluation share."""
    evidence = Evidence(
        query,
        index.people(query),
        index.topics(query),
        index.precedents(query),
        chosen_topics=chosen_topics,
        urgent=situation.priority in URGENT,
    )
    ranking = rank(evidence, candidates)
    chance = probability(ranking.signals, known.calibration)
    first = candidates[ranking.suggestions[0].person_id].department_id if ranking.suggestions else None
    situation = replace(situation, decided=known.decided, department_opted_in=first in automatic_departments)
    return Judgement(evidence, ranking, chance, choose_mode(chance, ranking.signals, situation))


def _match(
    query: Query,
    index: Index,
    situation: Situation,
    ticket_id: int | None = None,
    chosen_topics: frozenset[int] = frozenset(),
) -> Suggestions:
    now = clock.now()
    candidates = asking.candidates(now, ticket_id)
    known = experience()
    judged = judge(query, index, candidates, known, situation, chosen_topics, _automatic_departments())
    ranking, precedents = judged.ranking, judged.evidence.precedents
    similar = _similar(query, precedents)
    return Suggestions(
        mode=judged.mode,
        probability=judged.probability,
        raw=raw_probability(ranking.signals),
        experts=tuple(_experts(ranking, judged.probability)),
        not_chosen=tuple(OtherExpert(other.person_id, other.why) for other in ranking.not_chosen),
        topics=ranking.topics,
        official_answers=tuple(_earlier_answers(similar, query.language, now)),
        similar_tickets=tuple(_earlier_tickets(similar, ticket_id)),
        language=query.language,
    )


def _experts(ranking: Ranking, chance: float) -> list[SuggestedExpert]:
    """The first has the probability that was worked out; the others share what is left, by their scores."""
    rest = sum(suggestion.score for suggestion in ranking.suggestions[1:])
    shown = []
    for place, suggestion in enumerate(ranking.suggestions):
        own = chance if place == 0 else min(chance, (1 - chance) * suggestion.score / rest)
        shown.append(SuggestedExpert(suggestion.person_id, suggestion.score, own, in_words(own), suggestion.reasons))
    return shown


def _similar(query: Query, found: PrecedentsFound) -> list[tuple[PrecedentHit, float]]:
    """The precedents worth showing, best first, each with the share of the asker's telling words it holds."""
    telling = query.informative()
    shared = [(hit, len({term for _, term in hit.words} & telling)) for hit in found.hits]
    return [
        (hit, count / len(telling))
        for hit, count in shared
        if count >= LEAST_SHARED_WORDS and count >= LEAST_SIMILARITY * len(telling)
    ]


def _automatic_departments() -> frozenset[int]:
    """The departments that take automatic offers."""
    return frozenset(db.session.scalars(select(Department.id).where(Department.automatic_routing)))


def _earlier_tickets(similar: list[tuple[PrecedentHit, float]], ticket_id: int | None) -> list[EarlierTicket]:
    """Answered tickets that look like this one, best first."""
    answers = [hit.source_id for hit, _ in similar if hit.kind is PrecedentKind.OFFICIAL_ANSWER]
    rows = db.session.execute(select(OfficialAnswer.id, OfficialAnswer.ticket_id).where(OfficialAnswer.id.in_(answers)))
    written_for = {row.id: row.ticket_id for row in rows}
    found: dict[int, float] = {}
    for hit, similarity in similar:
        own = hit.source_id if hit.kind is PrecedentKind.TICKET else written_for.get(hit.source_id)
        if own is not None and own != ticket_id:
            found.setdefault(own, similarity)
    return [EarlierTicket(own, similarity) for own, similarity in list(found.items())[:TICKETS_SHOWN]]


def _earlier_answers(
    similar: list[tuple[PrecedentHit, float]], language: str | None, now: datetime
) -> list[EarlierAnswer]:
    """Official answers that look fitting, best first, and whether each may be posted today."""
    close = {hit.source_id: similarity for hit, similarity in similar if hit.kind is PrecedentKind.OFFICIAL_ANSWER}
    ids = list(close)[:ANSWERS_SHOWN]
    rows = db.session.scalars(
        select(OfficialAnswer).where(OfficialAnswer.id.in_(ids)).options(selectinload(OfficialAnswer.versions))
    )
    kept = {row.id: row for row in rows if row.versions}
    today = now.astimezone(ZoneInfo(setting("timezone"))).date()
    return [EarlierAnswer(i, close[i], _why_not(kept[i], language, today)) for i in ids if i in kept]


def _why_not(answer: OfficialAnswer, language: str | None, today: date) -> str | None:
    """A short code for why this answer may not be posted for a question in `language` today; None: it may."""
    review_by = answer.current.review_by
    if answer.status is not AnswerStatus.IN_FORCE:
        return str(answer.status)
    if answer.kind is not AnswerKind.ANSWER or answer.visibility != "public":
        return "internal"
    if review_by is not None and review_by < today:
        return "expired"
    if language is not None and answer.language != language:
        return "other_language"
    return None
