"""Who could answer a ticket or a text: the index's evidence joined with what the database knows today. Reads
only.

`Suggestions` holds ids and facts; names and sentences are made where people read them (`wording`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from helpdesk import clock
from helpdesk.accounts.models import Department
from helpdesk.accounts.organisation import setting
from helpdesk.db import db
from helpdesk.embedding import asking as embedding
from helpdesk.routing import asking
from helpdesk.routing.asked import query_of
from helpdesk.routing.candidates import Candidate
from helpdesk.routing.confidence import (
    Confidence,
    Mode,
    Situation,
    choose_mode,
    in_words,
    is_sure_alone,
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
)
from helpdesk.routing.evidence import WEIGHTS, Evidence, Part
from helpdesk.routing.features import counted, words_of
from helpdesk.routing.learning import Experience, experience
from helpdesk.routing.linear import LinearModel
from helpdesk.routing.nearness import Nearer, Retrieval
from helpdesk.routing.ranking import Ranking, rank
from helpdesk.routing.reasons import Reason
from helpdesk.routing.synonyms import in_force
from helpdesk.routing.training import the_model
from helpdesk.routing.weights import weights_of
from helpdesk.search.access import the_index
from helpdesk.search.equivalents import Equivalents
from helpdesk.search.index import Index
from helpdesk.search.query import Query
from helpdesk.tickets.models import Ticket

ENGINE = "whoosh-bm25f/3"
"""Raised with every change of scoring or ranking, so that a stored decision says what made it."""

ENGINE_WITH_MEANING = f"{ENGINE}+meaning"
"""The same, when an embedding model was asked and answered."""

URGENT = ("P1", "P2")


@dataclass(frozen=True, slots=True)
class SuggestedExpert:
    person_id: int
    score: float
    probability: float
    confidence: Confidence
    reasons: tuple[Reason, ...]
    parts: Mapping[str, float] = field(default_factory=dict)
    """What made the score, by kind of evidence (see `ranking.Suggestion`)."""


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
    fit: float
    """How much speaks for the first, in points."""
    sure_alone: bool
    """Sure enough to ask without a person, whether or not that is switched on."""
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
            "fit": round(self.fit, 4),
            "sure_alone": self.sure_alone,
            "language": self.language,
            "topics": list(self.topics),
            "experts": [
                {
                    "person": expert.person_id,
                    "score": round(expert.score, 4),
                    "probability": round(expert.probability, 4),
                    "parts": {name: round(given, 4) for name, given in expert.parts.items()},
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
    situation = Situation(
        automatic_on=bool(setting("automatic_routing")),
        prefill_on=bool(setting("prefill_routing") or setting("automatic_routing")),
        priority=ticket.priority,
        sensitive=bool(ticket.sensitivity or ticket.restricted or ticket.personal_data),
    )
    return _match(
        query_of(question.subject, question.text, ticket.language, in_force()),
        index or the_index(),
        situation,
        ticket,
        chosen_topics=frozenset(row.topic_id for row in ticket.topic_rows),
    )


def suggestions_for_text(
    text: str, language: str | None = None, index: Index | None = None, equivalents: Equivalents | None = None
) -> Suggestions:
    """Who could answer `text`, as things stand now, or as they would with these `equivalents`. Raises
    IndexUnusable."""
    asked = Query.of(text, language, equivalents=in_force() if equivalents is None else equivalents)
    situation = Situation(prefill_on=bool(setting("prefill_routing") or setting("automatic_routing")))
    return _match(asked, index or the_index(), situation)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was found, how it ranks the candidates, and what that allows."""

    evidence: Evidence
    ranking: Ranking
    probability: float
    mode: Mode
    sure_alone: bool = False
    """Sure enough to ask without a person, whether or not that is switched on."""


def judge(
    query: Query,
    index: Retrieval,
    candidates: Mapping[int, Candidate],
    known: Experience,
    situation: Situation,
    chosen_topics: frozenset[int] = frozenset(),
    automatic_departments: frozenset[int] = frozenset(),
    weights: Mapping[Part, float] = WEIGHTS,
) -> Judgement:
    """The matcher itself, without the database: what production, the evaluation and replays share."""
    evidence = Evidence(
        query,
        index.people(query),
        index.topics(query),
        index.precedents(query),
        chosen_topics=chosen_topics,
        urgent=situation.priority in URGENT,
        **_learned(query, known.model),
        weights=weights,
    )
    ranking = rank(evidence, candidates)
    chance = probability(ranking.signals, known.calibration)
    first = candidates[ranking.suggestions[0].person_id].department_id if ranking.suggestions else None
    situation = replace(
        situation,
        decided=known.decided,
        calibration=known.calibration,
        automatic_from=known.automatic_from,
        budget_spent=known.budget_spent,
        department_opted_in=first in automatic_departments,
    )
    mode = choose_mode(chance, ranking.signals, situation)
    return Judgement(evidence, ranking, chance, mode, is_sure_alone(chance, ranking.signals, situation))


def _learned(query: Query, model: LinearModel | None) -> dict[str, Any]:
    """What decided questions taught of this one, as the evidence takes it."""
    if model is None:
        return {}
    features = counted(query)
    return {
        "learned": model.scores(features),
        "learned_words": lambda person: model.speaking_for(person, features, words_of(query)),
    }


def _match(
    query: Query,
    index: Index,
    situation: Situation,
    ticket: Ticket | None = None,
    chosen_topics: frozenset[int] = frozenset(),
) -> Suggestions:
    now = clock.now()
    candidates = asking.candidates(now, ticket.id if ticket else None)
    known = replace(experience(), model=the_model(index))
    judged = judge(
        query,
        Nearer(index, embedding.nearness) if embedding.is_on() else index,
        candidates,
        known,
        situation,
        chosen_topics,
        _automatic_departments(),
        weights_of(setting("matcher_weights")),
    )
    ranking, precedents = judged.ranking, judged.evidence.precedents
    asked = asked_of(query, judged.evidence.topics, ticket=ticket, chosen_topics=chosen_topics)
    return Suggestions(
        mode=judged.mode,
        probability=judged.probability,
        raw=raw_probability(ranking.signals),
        fit=ranking.signals.fit,
        sure_alone=judged.sure_alone,
        experts=tuple(_experts(ranking, judged.probability)),
        not_chosen=tuple(OtherExpert(other.person_id, other.why) for other in ranking.not_chosen),
        topics=ranking.topics,
        official_answers=tuple(earlier_answers(asked, precedents, _day_of(now))),
        similar_tickets=(*open_questions(asked, index), *answered_tickets(asked, precedents)),
        language=query.language,
        engine=ENGINE_WITH_MEANING if any(hit.nearness is not None for hit in precedents.hits) else ENGINE,
    )


def _experts(ranking: Ranking, chance: float) -> list[SuggestedExpert]:
    """The first has the probability that was worked out; the others share what is left, by their scores."""
    rest = sum(suggestion.score for suggestion in ranking.suggestions[1:])
    shown = []
    for place, suggestion in enumerate(ranking.suggestions):
        own = chance if place == 0 else min(chance, (1 - chance) * suggestion.score / rest)
        shown.append(
            SuggestedExpert(
                suggestion.person_id, suggestion.score, own, in_words(own), suggestion.reasons, suggestion.parts
            )
        )
    return shown


def _day_of(now: datetime) -> date:
    """The day where the organisation is."""
    return now.astimezone(ZoneInfo(setting("timezone"))).date()


def _automatic_departments() -> frozenset[int]:
    """The departments that take automatic offers."""
    return frozenset(db.session.scalars(select(Department.id).where(Department.automatic_routing)))
