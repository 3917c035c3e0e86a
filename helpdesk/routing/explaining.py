"""The reasons for one suggestion, read from the evidence. Pure."""

from collections.abc import Iterable, Mapping
from math import exp

from helpdesk.routing.candidates import Candidate, language_factor, load_factor
from helpdesk.routing.evidence import LEAST_SILENCE, Evidence, Part, Shares, likely_topics
from helpdesk.routing.reasons import Reason, ReasonKind
from helpdesk.search.index import PersonHit, PrecedentHit
from helpdesk.search.query import Key

NOTICEABLY_SILENT = exp(LEAST_SILENCE)
"""The chance that somebody still answers below which their silence costs them points, and is said."""

NEAR_ENOUGH, NEARLY_AS_NEAR = 0.5, 0.85
"""The nearness, and the share of the best, from which a precedent is said to mean nearly the same: one further off
gives few points, and nobody would see why."""


def reasons_for(
    person: int,
    stands_in_for: int | None,
    evidence: Evidence,
    candidates: Mapping[int, Candidate],
    shares: Shares,
) -> tuple[Reason, ...]:
    """What speaks for `person`, and what was held against them. A delegate is shown what speaks for the
    absent one."""
    who = candidates[person]
    known = candidates[person if stands_in_for is None else stands_in_for]
    reasons: list[Reason] = []
    if stands_in_for is not None:
        until = known.absent_until.isoformat() if known.absent_until else None
        reasons.append(Reason(ReasonKind.DELEGATE, {"person": stands_in_for, "until": until}))
    reasons += _word_reasons(known.person_id, evidence)
    reasons += _topic_reasons(known, evidence)
    reasons += _precedent_reasons(known.person_id, evidence.precedents.hits)
    if known.answered and shares[Part.HISTORY].get(known.person_id, 0.0) >= 0.5:
        reasons.append(Reason(ReasonKind.HISTORY, {"answered": known.answered}))
    reasons += _learned_reasons(known.person_id, evidence, shares)
    reasons += _meaning_reasons(known.person_id, evidence, shares)
    if known.presence < NOTICEABLY_SILENT and known.last_answered_at is not None:
        reasons.append(Reason(ReasonKind.SILENCE, {"last": known.last_answered_at.isoformat()}))
    if language_factor(who, evidence.query.language) < 1:
        data = {"asked_in": evidence.query.language, "answers_in": sorted(who.languages)}
        reasons.append(Reason(ReasonKind.LANGUAGE, data))
    if load_factor(who) < 1:
        reasons.append(Reason(ReasonKind.LOAD, {"open": who.open_offers, "capacity": who.capacity}))
    return tuple(reasons)


def _learned_reasons(person: int, evidence: Evidence, shares: Shares) -> list[Reason]:
    """What decided questions taught, when it speaks for the person about as much as for anybody."""
    learned = shares[Part.LEARNED]
    if learned.get(person, 0.0) < max(learned.values(), default=1.0) / 2:
        return []
    spans = sorted(evidence.learned_words(person))
    words = list(dict.fromkeys(evidence.query.text[start:end] for start, end in spans))
    return [Reason(ReasonKind.LEARNED, {"words": words, "spans": [list(span) for span in spans]})] if words else []


def _meaning_reasons(person: int, evidence: Evidence, shares: Shares) -> list[Reason]:
    """The precedents nearest in meaning, when that speaks for the person about as much as for anybody: at most five,
    each near, and nearly as near as the nearest of all."""
    meaning = shares[Part.MEANING]
    if meaning.get(person, 0.0) < max(meaning.values(), default=1.0) / 2:
        return []
    near = [(hit.nearness, hit) for hit in evidence.precedents.hits if hit.nearness is not None]
    least = max([NEAR_ENOUGH, *(NEARLY_AS_NEAR * nearness for nearness, _ in near)])
    mine = [(nearness, hit) for nearness, hit in near if nearness >= least and hit.credits.get(person, 0.0) > 0]
    mine.sort(key=lambda each: -each[0])
    precedents = [{"kind": str(hit.kind), "id": hit.source_id} for _, hit in mine[:5]]
    return [Reason(ReasonKind.MEANING, {"precedents": precedents, "count": len(mine)})] if mine else []


def known_terms(person: int, evidence: Evidence) -> set[str]:
    """The terms of the question that are said about `person`, or stand in the best precedent credited to
    them."""
    declared = _hit_of(person, evidence)
    credited = next((hit for hit in evidence.precedents.hits if hit.credits.get(person, 0.0) > 0), None)
    return evidence.query.as_asked(key for hit in (declared, credited) if hit is not None for key in hit.words)


def _hit_of(person: int, evidence: Evidence) -> PersonHit | None:
    return next((hit for hit in evidence.people.hits if hit.person_id == person), None)


def _word_reasons(person: int, evidence: Evidence) -> list[Reason]:
    """The asker's own words that are said about the person, codes apart."""
    hit = _hit_of(person, evidence)
    if hit is None or not hit.words:
        return []
    codes = evidence.query.codes()
    found = []
    for kind, keys in (
        (ReasonKind.CODE, {key for key in hit.words if key[1] in codes}),
        (ReasonKind.WORDS, {key for key in hit.words if key[1] not in codes}),
    ):
        spans = evidence.query.spans(_worth_showing(keys, hit.words))
        if spans:
            words = list(dict.fromkeys(evidence.query.text[start:end] for start, end in spans))
            found.append(Reason(kind, {"words": words, "spans": [list(span) for span in spans]}))
    return found


def _worth_showing(keys: set[Key], gains: Mapping[Key, float]) -> set[Key]:
    """Without those that hardly count: a tenth of the best word's gain, or less."""
    best = max((gains[key] for key in keys), default=0.0)
    return {key for key in keys if gains[key] > best / 10}


def _topic_reasons(who: Candidate, evidence: Evidence) -> list[Reason]:
    likely = evidence.chosen_topics or {hit.topic_id for hit in likely_topics(evidence.topics)}
    known = sorted((topic for topic in likely if topic in who.topics), key=lambda topic: -who.topics[topic])
    chosen = bool(evidence.chosen_topics)
    return [Reason(ReasonKind.TOPIC, {"topic": topic, "level": who.topics[topic], "chosen": chosen}) for topic in known]


def _precedent_reasons(person: int, hits: Iterable[PrecedentHit]) -> list[Reason]:
    """The precedents that voted for a person, best first, at most five, each at least half as good as the
    best."""
    listed = list(hits)
    best = max((hit.score for hit in listed), default=0.0)
    mine = [hit for hit in listed if hit.credits.get(person, 0.0) > 0 and hit.score >= best / 2]
    if not mine:
        return []
    precedents = [{"kind": str(hit.kind), "id": hit.source_id} for hit in mine[:5]]
    return [Reason(ReasonKind.PRECEDENT, {"precedents": precedents, "count": len(mine)})]
