"""What is known of one question, turned into points per person: their sum is the fit. Pure.

    fit(p) = Σ_part points(part, p),   points = weight · strength(part) · value(part, p)

A part is one kind of evidence: what is said about the person, the topics they declared, precedents credited to them,
questions they answered before, exact codes or product names, what the organisation's decided questions taught, and,
where an embedding model is named, how near those precedents are in meaning. A value is the person's score divided by
the best in the list, but for three: votes of precedents, by words or by meaning, count by their logarithm, from 0 to
1, and learned scores by how far they stand above the mean. The strength of a part is how much of the question it
explains at best, so that a list in which nothing really fits weighs less than one in which something does.

Points add up like logarithms of odds: who leads by one is about three times as likely.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from math import log

from helpdesk.routing.candidates import Candidate
from helpdesk.search.index import PeopleFound, PrecedentHit, PrecedentsFound, TopicHit, TopicsFound
from helpdesk.search.query import Query


class Part(StrEnum):
    DECLARED = "declared"
    TOPICS = "topics"
    PRECEDENTS = "precedents"
    HISTORY = "history"
    CODES = "codes"
    LEARNED = "learned"
    MEANING = "meaning"
    """Precedents that mean nearly the same, whatever their words. Nothing without an embedding model."""
    SILENCE = "silence"
    """What is taken from somebody who fell silent."""


WEIGHTS: Mapping[Part, float] = {
    Part.DECLARED: 3.0,
    Part.TOPICS: 2.0,
    Part.PRECEDENTS: 2.3,
    Part.HISTORY: 2.5,
    Part.CODES: 1.0,
    Part.LEARNED: 3.5,
    Part.MEANING: 2.0,
}
FULL_STRENGTH, FULL_HISTORY, FULL_MEANING = 0.25, 0.05, 1.0
"""A part that explains this share of the question, or more, has its whole weight. Histories are long and rarely explain
much of a question; only the same text is as near as 1, and how near the best is tells a question that belongs here."""
VOTE_POWER = 4
"""A precedent half as good as the best counts a sixteenth."""
NEARNESS_POWER = 6
"""The same for meanings, which are never far apart: half as near counts hardly anything."""
BUSY_POWER = 0.3
"""Somebody who answered n questions has their votes divided by n to this power: they match more by chance."""
LEAST_VOTE, LEAST_FIRST_VOTE = 0.01, 0.3
"""A share of the votes below this hardly counts: once everybody has many answers; while nobody has any, when the few
precedents there are stand near by chance."""
LEAST_PRESENCE = 0.01
LEAST_SILENCE = -0.3
"""Points; less is not worth a word."""
MOST_SILENCE = 0.9
"""Silence takes at most this share of what speaks for somebody."""


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
    learned: Mapping[int, float] = field(default_factory=dict)
    """Person → score of the model learned from decided questions (see `linear`)."""
    learned_words: Callable[[int], Sequence[tuple[int, int]]] = field(default=lambda person: ())
    """Where the words of the question stand that taught so of a person."""
    weights: Mapping[Part, float] = field(default_factory=lambda: WEIGHTS)
    """How much each part counts: the organisation's choice, or `WEIGHTS`."""


Shares = Mapping[Part, Mapping[int, float]]
"""Part → person → value, 0 or more."""
Points = Mapping[int, Mapping[Part, float]]
"""Person → part → points."""


def shares_of(evidence: Evidence, candidates: Mapping[int, Candidate]) -> Shares:
    """Per part, every candidate's value."""
    hits = [hit for hit in evidence.people.hits if hit.person_id in candidates]
    codes = evidence.query.codes()
    return {
        Part.DECLARED: _shared({hit.person_id: hit.declared for hit in hits}),
        Part.HISTORY: _shared({hit.person_id: hit.history for hit in hits}),
        Part.CODES: _shared(
            {hit.person_id: sum(gain for (_, term), gain in hit.words.items() if term in codes) for hit in hits}
        ),
        Part.TOPICS: _shared(_topic_scores(evidence, candidates)),
        Part.PRECEDENTS: _by_logarithm(_votes(evidence.precedents.hits, candidates), _least_vote(candidates)),
        Part.LEARNED: _above_mean({p: score for p, score in evidence.learned.items() if p in candidates}),
        Part.MEANING: _by_logarithm(_nearest(evidence.precedents.hits, candidates), _least_vote(candidates)),
    }


def _by_logarithm(votes: Mapping[int, float], least: float) -> dict[int, float]:
    """From 0 for hardly a vote to 1 for all of them."""
    total = sum(votes.values())
    return {p: log(1 + vote / total / least) / log(1 + 1 / least) for p, vote in votes.items()} if total > 0 else {}


def _least_vote(candidates: Mapping[int, Candidate]) -> float:
    """Nearing `LEAST_VOTE` the more answers there are, on average, of those who gave any."""
    answered = [who.answered for who in candidates.values() if who.answered]
    return max(LEAST_VOTE, LEAST_FIRST_VOTE / (1 + sum(answered) / len(answered))) if answered else LEAST_FIRST_VOTE


def _above_mean(scores: Mapping[int, float]) -> dict[int, float]:
    """Somebody the model does not know yet is taken for average."""
    mean = sum(scores.values()) / len(scores) if scores else 0.0
    return {person: score - mean for person, score in scores.items() if score > mean}


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


def _nearest(hits: Iterable[PrecedentHit], candidates: Mapping[int, Candidate]) -> dict[int, float]:
    """The votes of precedents whose meaning is known, by how near it is."""
    near = [replace(hit, score=max(0.0, hit.nearness)) for hit in hits if hit.nearness is not None]
    return _votes(near, candidates, NEARNESS_POWER)


def _votes(
    hits: Iterable[PrecedentHit], candidates: Mapping[int, Candidate], power: float = VOTE_POWER
) -> dict[int, float]:
    """Each precedent votes for those it credits, the better ones far more than the others."""
    votes: defaultdict[int, float] = defaultdict(float)
    listed = list(hits)
    best = max((hit.score for hit in listed), default=0.0)
    for hit in listed if best > 0 else ():
        for person, credit in hit.credits.items():
            if person in candidates:
                votes[person] += credit * (hit.score / best) ** power
    return {person: vote / max(1, candidates[person].answered) ** BUSY_POWER for person, vote in votes.items()}


def strengths(evidence: Evidence) -> dict[Part, float]:
    """How much of the question each part explains at best, 0 to 1."""
    people, topics, precedents = evidence.people, evidence.topics, evidence.precedents
    declared = _ratio((hit.declared for hit in people.hits), people.ideal_declared)
    return {
        Part.DECLARED: declared,
        Part.CODES: 1.0,  # a code is exact: it is there or it is not
        Part.LEARNED: 1.0,  # its scores are small by themselves when nothing is recognised
        Part.HISTORY: _ratio((hit.history for hit in people.hits), people.ideal_history),
        Part.TOPICS: 1.0 if evidence.chosen_topics else _ratio((hit.score for hit in topics.hits), topics.ideal),
        Part.PRECEDENTS: _ratio((hit.score for hit in precedents.hits), precedents.ideal),
        # Squared: precedents that are only somewhat near say little, however they rank among themselves.
        Part.MEANING: max([0.0, *(hit.nearness for hit in precedents.hits if hit.nearness)]) ** 2,
    }


def _ratio(scores: Iterable[float], ideal: float) -> float:
    return min(1.0, max(scores, default=0.0) / ideal) if ideal > 0 else 0.0


_FULL = {Part.HISTORY: FULL_HISTORY, Part.MEANING: FULL_MEANING}


def points_of(shares: Shares, evidence: Evidence, candidates: Mapping[int, Candidate]) -> Points:
    """What each part gives to everybody something speaks for; their fit is the sum."""
    strength = strengths(evidence)
    points: defaultdict[int, dict[Part, float]] = defaultdict(dict)
    for part, values in shares.items():
        weight = evidence.weights[part] * min(1.0, strength[part] / _FULL.get(part, FULL_STRENGTH))
        for person, value in values.items():
            if weight * value > 0:
                points[person][part] = weight * value
    for person, given in points.items():
        silence = log(max(candidates[person].presence, LEAST_PRESENCE))
        if silence < LEAST_SILENCE:
            given[Part.SILENCE] = max(silence, -MOST_SILENCE * sum(given.values()))
    return dict(points)


def likely_topics(found: TopicsFound) -> list[TopicHit]:
    """At most three topics, each at least half as good as the best, of those that explain something."""
    if not found.hits or found.hits[0].score < 0.1 * found.ideal:
        return []
    return [hit for hit in found.hits[:3] if hit.score >= 0.5 * found.hits[0].score]
