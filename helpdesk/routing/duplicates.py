"""Do two texts ask the same? How alike they are, what speaks for it, and what forbids it. Pure.

    alike = 1 - (1 - words) · Π (1 - weight · how much of that kind of evidence there is)

Words are how much of each text the other holds (see `search.alike`); the other evidence is topics, codes, places, what
is asked about the subject, and coming in together. Each can only add; one alone, but the words, is never enough. What
differs takes away: a conflict of codes, places, technologies or denials is a veto, whatever the words say, and another
aspect ("the price of", "the date of") halves.

The weights are round and were not fitted. A verdict is advice: nothing is merged or answered by it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from helpdesk.routing.denials import contradicted
from helpdesk.routing.meaning import Meaning

DUPLICATE_FROM = 0.4
"""From here on "probably the same question"."""
TOPICS, CODES, PLACES, ASPECTS, WAVE = 0.5, 0.3, 0.3, 0.2, 0.2
"""What each kind of evidence may add at most, as a share of what is missing."""
TOPICS_ACROSS = 0.8
"""What topics may add between languages, where words have nothing to say."""
CLEARLY = 0.5
"""A topic that is at least this much of both is their topic, and no guess among several."""
OTHER_ASPECT = 0.5
VETOED = 0.25
"""What a vetoed pair keeps of its likeness: well below the threshold, yet in order among themselves."""
WAVE_MINUTES = 60


class Sign(StrEnum):
    """What speaks for or against. The words are kept with decisions and spoken by the API: never rename one."""

    SAME_CODE = "same_code"
    SAME_PLACE = "same_place"
    SAME_TOPIC = "same_topic"
    SAME_TECHNOLOGY = "same_technology"
    SAME_WAVE = "same_wave"
    OTHER_CODE = "other_code"
    OTHER_PLACE = "other_place"
    OTHER_TECHNOLOGY = "other_technology"
    OTHER_ASPECT = "other_aspect"
    DENIED = "denied"


VETOES = (Sign.OTHER_CODE, Sign.OTHER_PLACE, Sign.OTHER_TECHNOLOGY, Sign.DENIED)


@dataclass(frozen=True, slots=True)
class Found:
    """One reason: `mine` as the first text has it, `theirs` as the second has it (empty: the same, or no matter)."""

    sign: Sign
    mine: tuple[str, ...] = ()
    theirs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """One text, ready to be compared. `topics`: how much it is about each, 1 together (see `shares_of_topics`)."""

    meaning: Meaning
    topics: Mapping[int, float]
    language: str | None = None
    channel: int | None = None
    minute: float | None = None
    """When it came in, in minutes since any fixed instant."""


@dataclass(frozen=True, slots=True)
class Verdict:
    similarity: float
    """0 to 1, after vetoes."""
    reasons: tuple[Found, ...]
    unvetoed: float = 0.0
    """What it would be without the vetoes: how much it looks like the same."""

    @property
    def vetoes(self) -> tuple[Found, ...]:
        return tuple(found for found in self.reasons if found.sign in VETOES)

    @property
    def is_duplicate(self) -> bool:
        return self.similarity >= DUPLICATE_FROM and not self.vetoes


def shares_of_topics(scores: Mapping[int, float]) -> dict[int, float]:
    """Scores of likely topics as shares of 1, the better ones sharpened."""
    total = sum(score * score for score in scores.values())
    return {topic: score * score / total for topic, score in scores.items()} if total > 0 else {}


def judge(first: Reading, second: Reading, words: float) -> Verdict:
    """Whether `second` asks the same as `first`; `words`: how much they share, 0 to 1."""
    for_it, missing = _for_it(first, second), 1 - min(1.0, max(0.0, words))
    for weight, amount, _found in for_it:
        missing *= 1 - weight * amount
    against = against_it(first.meaning, second.meaning)
    similarity = 1 - missing
    if any(found.sign is Sign.OTHER_ASPECT for found in against):
        similarity *= OTHER_ASPECT
    vetoed = any(found.sign in VETOES for found in against)
    reasons = [found for _, _, found in for_it if found is not None] + against
    return Verdict(similarity * VETOED if vetoed else similarity, tuple(reasons), similarity)


def _for_it(first: Reading, second: Reading) -> list[tuple[float, float, Found | None]]:
    """(weight, amount 0 to 1, what to say of it)."""
    mine, theirs = first.meaning, second.meaning
    focus = min(mine.focus, theirs.focus)
    found: list[tuple[float, float, Found | None]] = []
    if topics := _same_topics(first.topics, second.topics):
        across = first.language and second.language and first.language != second.language
        best = max(topics, key=lambda topic: (topics[topic], -topic))
        amount = min(1.0, sum(topics.values()))
        if min(first.topics[best], second.topics[best]) >= CLEARLY:
            amount = (1 + amount) / 2
        found.append((TOPICS_ACROSS if across else TOPICS, amount, Found(Sign.SAME_TOPIC, (str(best),))))
    if codes := mine.codes & theirs.codes:
        found.append((CODES, focus, Found(Sign.SAME_CODE, tuple(sorted(codes)))))
    if places := shared_places(mine, theirs):
        found.append((PLACES, focus, Found(Sign.SAME_PLACE, tuple(sorted(places)))))
    if technologies := mine.technologies & theirs.technologies:
        found.append((0.0, 0.0, Found(Sign.SAME_TECHNOLOGY, tuple(sorted(technologies)))))
    if mine.aspects & theirs.aspects and mine.short and theirs.short and theirs.asks:
        found.append((ASPECTS, 1.0, None))
    if together(first, second):
        found.append((WAVE, 1.0, Found(Sign.SAME_WAVE)))
    return found


def _same_topics(mine: Mapping[int, float], theirs: Mapping[int, float]) -> dict[int, float]:
    """Topics of both, each with how much of both is about it (Bhattacharyya's coefficient, term by term)."""
    return {topic: math.sqrt(share * theirs[topic]) for topic, share in mine.items() if topic in theirs}


def together(first: Reading, second: Reading) -> bool:
    """Whether both came in on one channel within the hour."""
    if first.channel is None or first.minute is None or second.minute is None:
        return False
    return first.channel == second.channel and abs(first.minute - second.minute) <= WAVE_MINUTES


def shared_places(mine: Meaning, theirs: Meaning) -> set[str]:
    """Places both name; a town also when one of them writes it without capitals."""
    either = mine.places | theirs.places
    return {place for place in either if _names(mine, place) and _names(theirs, place)}


def _names(meaning: Meaning, place: str) -> bool:
    return place in meaning.places or (place.islower() and f" {place} " in meaning.plain)


def against_it(mine: Meaning, theirs: Meaning) -> list[Found]:
    """What differs so that one answer can't serve both. Of a long text, which names many codes and places in passing
    and denies much, the first sentence decides."""
    found = []
    my_part, their_part = mine.decisive, theirs.decisive
    if codes := _other_codes(my_part, their_part):
        found.append(Found(Sign.OTHER_CODE, *codes))
    if my_part.places and their_part.places and not shared_places(mine, theirs):
        found.append(Found(Sign.OTHER_PLACE, tuple(sorted(my_part.places)), tuple(sorted(their_part.places))))
    if mine.technologies and theirs.technologies and not mine.technologies & theirs.technologies:
        others = tuple(sorted(mine.technologies)), tuple(sorted(theirs.technologies))
        found.append(Found(Sign.OTHER_TECHNOLOGY, *others))
    if not (mine.asks and theirs.asks):
        return found
    if denied := contradicted(my_part.denials, their_part.denials):
        found.append(Found(Sign.DENIED, tuple(sorted(denied))))
    if not (mine.short and theirs.short):
        return found
    if mine.aspects and theirs.aspects and not mine.aspects & theirs.aspects:
        found.append(Found(Sign.OTHER_ASPECT, tuple(sorted(mine.aspects)), tuple(sorted(theirs.aspects))))
    return found


def _other_codes(mine: Meaning, theirs: Meaning) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Error codes that differ, or one name with different numbers. One of them in common, and they don't conflict."""
    if mine.error_codes and theirs.error_codes and not mine.error_codes & theirs.error_codes:
        return tuple(sorted(mine.error_codes)), tuple(sorted(theirs.error_codes))
    names = mine.numbered.keys() & theirs.numbered.keys()
    name = min((name for name in names if not mine.numbered[name] & theirs.numbered[name]), default=None)
    if name is None:
        return None
    return tuple(name + n for n in sorted(mine.numbered[name])), tuple(name + n for n in sorted(theirs.numbered[name]))
