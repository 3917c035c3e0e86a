"""Who could answer, best first, and why. Pure.

score(p) = fit(p) · language · load,  nothing when excluded; an absent person's delegate inherits 0.9 of
the fit
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from heapq import nlargest
from math import exp, log

from helpdesk.routing.candidates import Candidate, exclusion, language_factor, load_factor
from helpdesk.routing.evidence import (
    Evidence,
    Part,
    Points,
    Shares,
    likely_topics,
    points_of,
    shares_of,
    strengths,
)
from helpdesk.routing.explaining import known_terms, reasons_for
from helpdesk.routing.reasons import Reason, ReasonKind

DELEGATE_SHARE = 0.9
NEARLY_EQUAL = 0.05
"""Within this share of the best score, the person asked least recently comes first."""
SHOWN = 3
NOT_CHOSEN_SHOWN = 5
COMPARED = 4
"""Those the odds are taken among."""
MOST_ODDS = 9.0
WORTH_MENTIONING = 0.3
"""Somebody left out is mentioned when their fit is at least this share of the best."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    person_id: int
    score: float
    reasons: tuple[Reason, ...]
    parts: Mapping[str, float] = field(default_factory=dict)
    """What made the score: points by part of the evidence, and what language, load and standing in took off. They
    add up to the score."""


@dataclass(frozen=True, slots=True)
class NotChosen:
    person_id: int
    why: Reason


@dataclass(frozen=True, slots=True)
class Signals:
    """What a confidence is made from (see `confidence`)."""

    informative: int = 0
    """Distinct terms of the question that say something about its subject."""
    matched: int = 0
    """How many of them are known for the first suggestion."""
    coverage: float = 0.0
    """How much of the question the evidence explains at best, 0 to 1."""
    margin: float = 0.0
    """How far the first stands before the second, 0 to 1."""
    agreement: float = 0.0
    """Share of the evidence (by weight) whose own favourite is the first suggestion, 0 to 1."""
    departments: int = 0
    """Number of different departments among those shown."""
    fit: float = 0.0
    """How much speaks for the first, in points."""
    odds: float = 0.0
    """The logarithm of the odds of the first against the three after them, if points were just that; 9 at most."""
    learned: bool = False
    """Whether decided questions taught anything yet."""


@dataclass(frozen=True, slots=True)
class Ranking:
    suggestions: tuple[Suggestion, ...] = ()
    not_chosen: tuple[NotChosen, ...] = ()
    topics: tuple[int, ...] = ()
    """The topics the question seems to be about, best first."""
    signals: Signals = Signals()


def rank(evidence: Evidence, candidates: Mapping[int, Candidate], shown: int = SHOWN) -> Ranking:
    """The `shown` best of `candidates`, with reasons, and why others with a fair fit were not chosen."""
    shares = shares_of(evidence, candidates)
    points = points_of(shares, evidence, candidates)
    fits = {person: sum(given.values()) for person, given in points.items()}
    stands = _Standing(evidence, candidates, fits)
    ordered = _least_recently_asked_first(stands.scores, candidates)
    suggestions = tuple(
        Suggestion(
            person,
            stands.scores[person],
            reasons_for(person, stands.stands_in_for.get(person), evidence, candidates, shares),
            _parts(person, stands, points, evidence, candidates),
        )
        for person in ordered[:shown]
    )
    return Ranking(
        suggestions,
        _not_chosen(ordered, stands, fits, shown),
        tuple(hit.topic_id for hit in likely_topics(evidence.topics)),
        _signals(suggestions, stands, evidence, shares, candidates),
    )


class _Standing:
    """Scores of those who can be asked, why others can't, and who stands in for whom."""

    def __init__(self, evidence: Evidence, candidates: Mapping[int, Candidate], fits: Mapping[int, float]) -> None:
        self.scores: dict[int, float] = {}
        self.excluded: dict[int, Reason] = {}
        self.stands_in_for: dict[int, int] = {}
        fits = dict(fits)
        for person, who in candidates.items():
            why = exclusion(who, evidence.urgent)
            if why is not None:
                self.excluded[person] = why
        for person in [p for p in fits if p in self.excluded and candidates[p].absent_until]:
            self._pass_on(person, candidates, fits)
        for person, fit in fits.items():
            if fit > 0 and person not in self.excluded:
                who = candidates[person]
                self.scores[person] = fit * language_factor(who, evidence.query.language) * load_factor(who)

    def _pass_on(self, absent: int, candidates: Mapping[int, Candidate], fits: dict[int, float]) -> None:
        delegate = candidates[absent].delegate_id
        if delegate in candidates and delegate not in self.excluded and delegate is not None:
            inherited = DELEGATE_SHARE * fits[absent]
            if inherited > fits.get(delegate, 0.0):
                fits[delegate] = inherited
                self.stands_in_for[delegate] = absent


def _least_recently_asked_first(scores: Mapping[int, float], candidates: Mapping[int, Candidate]) -> list[int]:
    """Best first; among those nearly equal to the best, whoever waited longest for a question."""
    ordered = sorted(scores, key=lambda person: (-scores[person], person))
    if not ordered:
        return []
    enough = scores[ordered[0]] * (1 - NEARLY_EQUAL)
    equal = [person for person in ordered if scores[person] >= enough]

    def waited(person: int) -> tuple[bool, float, float]:
        asked = candidates[person].last_asked_at
        return (asked is not None, asked.timestamp() if asked else 0.0, -scores[person])

    return sorted(equal, key=waited) + ordered[len(equal) :]


def _parts(
    person: int,
    standing: _Standing,
    points: Points,
    evidence: Evidence,
    candidates: Mapping[int, Candidate],
) -> dict[str, float]:
    """The score taken apart. A delegate's begins with what speaks for the absent one."""
    absent = standing.stands_in_for.get(person)
    parts = {str(part): given for part, given in points[person if absent is None else absent].items()}
    steps = (
        ("standing_in", 1.0 if absent is None else DELEGATE_SHARE),
        ("language", language_factor(candidates[person], evidence.query.language)),
        ("load", load_factor(candidates[person])),
    )
    left = sum(parts.values())
    for name, factor in steps:
        if factor < 1:
            parts[name] = -left * (1 - factor)
            left *= factor
    return parts


def _not_chosen(
    ordered: list[int], standing: _Standing, fits: Mapping[int, float], shown: int
) -> tuple[NotChosen, ...]:
    """Those with a fair fit who are not shown: excluded for a reason, or simply lower."""
    best = max(fits.values(), default=0.0)
    left_out = []
    for person in sorted(fits, key=lambda p: (-fits[p], p)):
        if fits[person] < WORTH_MENTIONING * best or person in ordered[:shown]:
            continue
        why = standing.excluded.get(person)
        left_out.append(NotChosen(person, why or Reason(ReasonKind.LOWER, {"share": round(fits[person] / best, 2)})))
    return tuple(left_out[:NOT_CHOSEN_SHOWN])


def _signals(
    suggestions: tuple[Suggestion, ...],
    standing: _Standing,
    evidence: Evidence,
    shares: Shares,
    candidates: Mapping[int, Candidate],
) -> Signals:
    informative = evidence.query.informative()
    if not suggestions:
        return Signals(informative=len(informative))
    first = suggestions[0]
    source = standing.stands_in_for.get(first.person_id, first.person_id)
    others = max((score for p, score in standing.scores.items() if p != first.person_id), default=0.0)
    strength = strengths(evidence)
    weights = {part: evidence.weights[part] * strength[part] for part, found in shares.items() if found}
    agreeing = sum(w for part, w in weights.items() if shares[part].get(source, 0.0) > 0.99)
    return Signals(
        informative=len(informative),
        matched=len(known_terms(source, evidence) & informative),
        coverage=max(strength[part] for part in (Part.DECLARED, Part.HISTORY, Part.PRECEDENTS)),
        margin=max(0.0, 1 - others / first.score) if first.score else 0.0,
        agreement=agreeing / sum(weights.values()) if weights else 0.0,
        departments=len({candidates[s.person_id].department_id for s in suggestions}),
        fit=first.score,
        odds=_odds(first.score, standing.scores.values()),
        learned=bool(evidence.learned),
    )


def _odds(best: float, scores: Iterable[float]) -> float:
    against = sum(exp(score - best) for score in nlargest(COMPARED, scores)) - 1.0
    return min(MOST_ODDS, -log(against)) if against > 0 else MOST_ODDS
