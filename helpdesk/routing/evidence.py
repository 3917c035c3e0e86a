"""What the index found for one question, turned into one number per person: the fit. Pure.

    fit(p) = Σ_part weight · strength(part) · share(part, p)

A part is one kind of evidence: what is said about the person, the topics they declared, precedents
credited to them, questions they answered before, and exact codes or product names. A share is the person's
score divided by the best in the list; the strength of a part is how much of the question it explains at
best, so that a list in which nothing really fits weighs less than one in which something does.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from helpdesk.routing.candidates import Candidate
from helpdesk.search.index import PeopleFound, PrecedentHit, PrecedentsFound, TopicHit, TopicsFound
from helpdesk.search.query import Query


class Part(StrEnum):
    DECLARED = "declared"
    TOPICS = "topics"
    PRECEDENTS = "precedents"
    HISTORY = "history"
    CODES = "codes"


WEIGHTS: Mapping[Part, float] = {
    Part.DECLARED: 1.0,
    Part.TOPICS: 0.5,
    Part.PRECEDENTS: 0.5,
    Part.HISTORY: 1.0,
    Part.CODES: 0.5,
}
FULL_STRENGTH = 0.25
"""A part that explains this share of the question, or more, has its whole weight."""
VOTE_POWER = 4
"""A precedent half as good as the best counts a sixteenth."""
BUSY_POWER = 0.3
"""Somebody who answered n questions has their votes divided by n to this power: they match more by chance."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the index found for one question."""

    query: Query
    people: PeopleFound
    topics: TopicsFound
    precedents: PrecedentsFound
    chosen_topics: frozenset[int] = frozenset()
    """Topics that a person gave the ticket: they replace the guess."""
    urgent: bool = False
    """P1 and P2: a full workload discounts but does not exclude."""


Shares = Mapping[Part, Mapping[int, float]]


def shares_of(evidence: Evidence, candidates: Mapping[int, Candidate]) -> Shares:
    """Per part, every candidate's score divided by the best."""
    hits = [hit for hit in evidence.people.hits if hit.person_id in candidates]
    codes = evidence.query.codes()
    raw: dict[Part, dict[int, float]] = {
        Part.DECLARED: {hit.person_id: hit.declared for hit in hits},
        Part.HISTORY: {hit.person_id: hit.history for hit in hits},
        Part.CODES: {
            hit.person_id: sum(gain for (_, term), gain in hit.words.items() if term in codes) for hit in hits
        },
        Part.TOPICS: _topic_scores(evidence, candidates),
        Part.PRECEDENTS: _votes(evidence.precedents.hits, candidates),
    }
    return {part: _shared(scores) for part, scores in raw.items()}


def _shared(scores: Mapping[int, float]) -> dict[int, float]:
    best = max(scores.values(), default=0.0)
    return {person: score / best for person, score in scores.items() if score > 0} if best > 0 else {}


def _topic_scores(evidence: Evidence, candidates: Mapping[int, Candidate]) -> dict[int, float]:
    """For each candidate the best of their declared topics, by how well it fits and how well they know it."""
    if evidence.chosen_topics:
        fit = dict.fromkeys(evidence.chosen_topics, 1.0)
    else:
        fit = _shared({hit.topic_id: hit.score for hit in evidence.topics.hits})
    return {
        person: max((fit.get(topic, 0.0) * (0.4 + 0.2 * level) for topic, level in who.topics.items()), default=0.0)
        for person, who in candidates.items()
    }


def _votes(hits: Iterable[PrecedentHit], candidates: Mapping[int, Candidate]) -> dict[int, float]:
    """Each precedent votes for those it credits, the better ones far more than the others."""
    votes: defaultdict[int, float] = defaultdict(float)
    best = max((hit.score for hit in hits), default=0.0)
    for hit in hits:
        for person, credit in hit.credits.items():
            if person in candidates:
                votes[person] += credit * (hit.score / best) ** VOTE_POWER
    return {person: vote / max(1, candidates[person].answered) ** BUSY_POWER for person, vote in votes.items()}


def strengths(evidence: Evidence) -> dict[Part, float]:
    """How much of the question each part explains at best, 0 to 1."""
    people, topics, precedents = evidence.people, evidence.topics, evidence.precedents
    declared = _ratio((hit.declared for hit in people.hits), people.ideal_declared)
    return {
        Part.DECLARED: declared,
        Part.CODES: 1.0,  # a code is exact: it is there or it is not
        Part.HISTORY: _ratio((hit.history for hit in people.hits), people.ideal_history),
        Part.TOPICS: 1.0 if evidence.chosen_topics else _ratio((hit.score for hit in topics.hits), topics.ideal),
        Part.PRECEDENTS: _ratio((hit.score for hit in precedents.hits), precedents.ideal),
    }


def _ratio(scores: Iterable[float], ideal: float) -> float:
    return min(1.0, max(scores, default=0.0) / ideal) if ideal > 0 else 0.0


def fits_of(shares: Shares, evidence: Evidence) -> dict[int, float]:
    strength = strengths(evidence)
    fits: defaultdict[int, float] = defaultdict(float)
    for part, scores in shares.items():
        weight = WEIGHTS[part] * min(1.0, strength[part] / FULL_STRENGTH)
        for person, share in scores.items():
            fits[person] += weight * share
    return dict(fits)


def likely_topics(found: TopicsFound) -> list[TopicHit]:
    """At most three topics, each at least half as good as the best, of those that explain something."""
    if not found.hits or found.hits[0].score < 0.1 * found.ideal:
        return []
    return [hit for hit in found.hits[:3] if hit.score >= 0.5 * found.hits[0].score]
