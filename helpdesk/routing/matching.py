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

from helpdesk import clock
from helpdesk.accounts.models import Department
from helpdesk.accounts.organisation import setting
from helpdesk.db import db
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
from helpdesk.routing.earlier import (
    EarlierAnswer,
    EarlierTicket,
    answered_tickets,
    asked_of,
    earlier_answers,
    open_questions,
    text_of,
)
from helpdesk.routing.evidence import Evidence
from helpdesk.routing.learning import Experience, experience
from helpdesk.routing.ranking import Ranking, rank
from helpdesk.routing.reasons import Reason
from helpdesk.search.access import the_index
from helpdesk.search.index import Index
from helpdesk.search.query import Query
from helpdesk.tickets.models import Ticket

ENGINE = "whoosh-bm25f/2"
"""Raised with every change of scoring or ranking, so that a stored decision says what made it."""

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
    text = text_of(ticket)
    situation = Situation(
        automatic_on=bool(setting("automatic_routing")),
        priority=ticket.priority,
        sensitive=bool(ticket.sensitivity or ticket.restricted or ticket.personal_data),
    )
    return _match(
        Query.of(text, ticket.language),
        index or the_index(),
        situation,
        ticket,
        chosen_topics=frozenset(row.topic_id for row in ticket.topic_rows),
    )


def suggestions_for_text(text: str, language: str | None = None, index: Index | None = None) -> Suggestions:
    """Who could answer `text`, as things stand now. Raises IndexUnusable."""
    return _match(Query.of(text, language), index or the_index(), Situation())


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
    ticket: Ticket | None = None,
    chosen_topics: frozenset[int] = frozenset(),
) -> Suggestions:
    now = clock.now()
    candidates = asking.candidates(now, ticket.id if ticket else None)
    known = experience()
    judged = judge(query, index, candidates, known, situation, chosen_topics, _automatic_departments())
    ranking, precedents = judged.ranking, judged.evidence.precedents
    asked = asked_of(query, judged.evidence.topics, ticket=ticket, chosen_topics=chosen_topics)
    return Suggestions(
        mode=judged.mode,
        probability=judged.probability,
        raw=raw_probability(ranking.signals),
        experts=tuple(_experts(ranking, judged.probability)),
        not_chosen=tuple(OtherExpert(other.person_id, other.why) for other in ranking.not_chosen),
        topics=ranking.topics,
        official_answers=tuple(earlier_answers(asked, precedents, _day_of(now))),
        similar_tickets=(*open_questions(asked, index), *answered_tickets(asked, precedents)),
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


def _day_of(now: datetime) -> date:
    """The day where the organisation is."""
    return now.astimezone(ZoneInfo(setting("timezone"))).date()


def _automatic_departments() -> frozenset[int]:
    """The departments that take automatic offers."""
    return frozenset(db.session.scalars(select(Department.id).where(Department.automatic_routing)))
