"""How sure a suggestion is, in a probability and in a word, and what may be done with it. Pure.

At the start nothing was decided yet, so the probability comes from a fixed curve over three signals: how
far the first stands before the second, how many of the asker's words are known for them, and how much of
the question is explained at all. It rises with each of them. Its numbers were fitted on the labelled
demonstration questions. Once enough tickets were decided, `Calibration` replaces the curve's value by the
share of suggestions of that value that were right.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from math import exp

from helpdesk.routing.ranking import Signals

START = -3.1
FOR_MARGIN = 2.3
FOR_WORDS = 4.0
FOR_COVERAGE = 2.5
ENOUGH_WORDS = 4
"""More known words than this add nothing."""

LEAST_INFORMATIVE = 2
"""Terms that say something: with fewer, nobody can tell ("it does not work")."""
DECISIONS_TO_CALIBRATE = 200
DECISIONS_TO_TRUST = 100
"""With fewer decided tickets a person always chooses."""
BIN = 20
"""Decided tickets a bin of the calibration holds at least."""


class Mode(StrEnum):
    ABSTAIN = "abstain"
    PROPOSE = "propose"
    PREFILL = "prefill"
    AUTOMATIC = "automatic"


class Confidence(StrEnum):
    SURE = "sure"
    LIKELY = "likely"
    HESITANT = "hesitant"


SURE_FROM = 0.85
LIKELY_FROM = 0.6
ABSTAIN_BELOW = 0.5
PREFILL_FROM = 0.85
AUTOMATIC_FROM = 0.95
UNDECIDED_MARGIN = 0.15
"""When the best three are in three departments and the first is not further ahead than this, nobody can
tell."""


def raw_probability(signals: Signals) -> float:
    """The chance that the first suggestion is right, before any decision was seen: 0 to 1."""
    if signals.informative < LEAST_INFORMATIVE or not signals.departments:
        return 0.0
    words = min(signals.matched, ENOUGH_WORDS) / ENOUGH_WORDS
    strength = START + FOR_MARGIN * signals.margin + FOR_WORDS * words + FOR_COVERAGE * signals.coverage
    return 1 / (1 + exp(-strength))


@dataclass(frozen=True)
class Calibration:
    """Raw probability → share that was right, learned from decided tickets; rising, and linear in between."""

    raw: tuple[float, ...]
    right: tuple[float, ...]

    @classmethod
    def learn(cls, decided: Iterable[tuple[float, bool]]) -> "Calibration | None":
        """From (raw probability, was it right) of decided tickets; None when there are too few of them.

        Bins of equal size, each smoothed by one right and one wrong, then pooled until they rise (isotonic
        regression by pooling adjacent violators).
        """
        pairs = sorted(decided, key=lambda pair: pair[0])  # by raw alone: equal ones keep no order of outcome
        if len(pairs) < DECISIONS_TO_CALIBRATE:
            return None
        count = max(1, min(10, len(pairs) // BIN))
        cuts = [round(i * len(pairs) / count) for i in range(count + 1)]
        pooled: list[_Bin] = []
        for start, end in pairwise(cuts):
            pooled.append(_Bin.of(pairs[start:end]))
            while len(pooled) > 1 and not pooled[-2].below(pooled[-1]):
                last = pooled.pop()
                pooled[-1] = pooled[-1].joined(last)
        return cls(tuple(b.raw for b in pooled), tuple(b.right for b in pooled))

    def probability(self, raw: float) -> float:
        """What became of suggestions of this raw probability. Beyond what was seen: the nearest bin."""
        place = bisect_left(self.raw, raw)
        if place == 0:
            return self.right[0]
        if place == len(self.raw):
            return self.right[-1]
        low, high = self.raw[place - 1], self.raw[place]
        share = (raw - low) / (high - low) if high > low else 1.0
        return self.right[place - 1] + share * (self.right[place] - self.right[place - 1])


@dataclass(frozen=True)
class _Bin:
    size: int
    total: float
    hits: int

    @classmethod
    def of(cls, pairs: Sequence[tuple[float, bool]]) -> "_Bin":
        return cls(len(pairs), sum(raw for raw, _ in pairs), sum(right for _, right in pairs))

    def below(self, other: "_Bin") -> bool:
        return self.raw < other.raw and self.right < other.right

    def joined(self, other: "_Bin") -> "_Bin":
        return _Bin(self.size + other.size, self.total + other.total, self.hits + other.hits)

    @property
    def raw(self) -> float:
        return self.total / self.size

    @property
    def right(self) -> float:
        return (self.hits + 1) / (self.size + 2)


def probability(signals: Signals, calibration: Calibration | None = None) -> float:
    """The chance that the first suggestion is right, calibrated when that is possible."""
    raw = raw_probability(signals)
    return calibration.probability(raw) if calibration is not None and raw > 0 else raw


def in_words(chance: float) -> Confidence:
    """The word shown to people: no number pretends a precision that is not there."""
    if chance >= SURE_FROM:
        return Confidence.SURE
    return Confidence.LIKELY if chance >= LIKELY_FROM else Confidence.HESITANT


@dataclass(frozen=True)
class Situation:
    """What decides, besides the probability, how far a suggestion may go."""

    decided: int = 0
    """Tickets decided so far in the organisation."""
    automatic_on: bool = False
    """An administrator turned automatic mode on."""
    prefill_on: bool = True
    """The first may be chosen beforehand; without it a person always chooses among three."""
    department_opted_in: bool = False
    """The department of the first suggestion takes automatic offers."""
    priority: str = "P3"
    sensitive: bool = False
    """Sensitive, restricted or touching personal data."""


def choose_mode(chance: float, signals: Signals, situation: Situation) -> Mode:
    """What may be done with the ranking: say "I don't know", propose, pre-fill the first, or offer by
    itself."""
    undecided = signals.departments >= 3 and signals.margin < UNDECIDED_MARGIN
    if signals.informative < LEAST_INFORMATIVE or chance < ABSTAIN_BELOW:
        return Mode.ABSTAIN
    if undecided and chance < LIKELY_FROM:
        return Mode.ABSTAIN
    if situation.decided < DECISIONS_TO_TRUST or chance < PREFILL_FROM or not situation.prefill_on:
        return Mode.PROPOSE
    if (
        chance >= AUTOMATIC_FROM
        and situation.automatic_on
        and situation.department_opted_in
        and situation.priority in ("P3", "P4")
        and not situation.sensitive
    ):
        return Mode.AUTOMATIC
    return Mode.PREFILL
