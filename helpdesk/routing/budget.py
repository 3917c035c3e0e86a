"""How sure a suggestion must be for Relais to ask by itself, so that few enough go to somebody wrong. Pure.

The budget is the share of automatic choices that may be wrong, 0 to 1: of any `WINDOW` of them, one after the other.
What is known are outcomes: the probability that a suggestion was given, and whether it was right in the end. Two things
hold the budget: a threshold above which the past was good enough with confidence, and a stop when too many of the
latest were wrong all the same, because the world changed. While it is stopped, what would have been asked is counted
on, so it starts again when that is good.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

WINDOW = 300
"""Automatic choices among which the wrong ones are counted."""
KEPT = 0.95
"""The share of windows that are to stay within the budget, by chance alone."""
DOUBT = 0.2
"""The chance, at most, that a threshold looks good enough by luck alone."""
FEWEST = 100
"""With fewer decided tickets a person always chooses."""
EVERY = 20
"""The threshold is worked out again each time so many more were decided."""
MOST = 1_000
"""Outcomes looked at: the latest. Older ones tell of other people and other questions."""

Outcome = tuple[float, bool]
"""The probability a suggestion was given, and whether it was right."""


def threshold(outcomes: Sequence[Outcome], budget: float) -> float | None:
    """The lowest probability at which asking by itself kept the wrong share low enough; None when none did.

    Low enough is the `target` of the budget, and kept is said with confidence: the one-sided 80 % upper bound of the
    wrong share, among all outcomes at least so probable, is not above it (Clopper and Pearson 1934, "The use of
    confidence or fiducial limits illustrated in the case of the binomial").
    """
    ordered = sorted(outcomes, key=lambda outcome: -outcome[0])
    allowed = _most_wrong(target(budget), _rounded(len(ordered)))
    found, wrong = None, 0
    for count, (probability, right) in enumerate(ordered, 1):
        wrong += not right
        last_of_its_kind = count == len(ordered) or ordered[count][0] < probability
        if last_of_its_kind and wrong <= allowed[count]:
            found = probability
    return found


@lru_cache(maxsize=64)
def target(budget: float) -> float:
    """The true share of wrong choices with which `KEPT` of the windows stay within `budget`.

    Less than the budget: with exactly that share, every other window would exceed it by chance.
    """
    low, high = 0.0, budget
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if _at_most(int(budget * WINDOW), WINDOW, middle) >= KEPT else (low, middle)
    return low


def _at_most(count: int, of: int, share: float) -> float:
    """The chance of at most `count` of `of`, each with the chance `share` below 1."""
    exactly = total = (1 - share) ** of
    for number in range(count):
        exactly *= (of - number) / (number + 1) * share / (1 - share)
        total += exactly
    return total


def is_spent(latest: Iterable[bool], budget: float) -> bool:
    """Whether one more wrong choice would break the budget. `latest`: whether each of the latest choices was right.

    Before there is a whole window its part of the budget is what counts, but for a first mistake.
    """
    window = deque(latest, maxlen=WINDOW - 1)
    allowed = int(budget * WINDOW) * (len(window) + 1) / WINDOW
    return window.count(False) + 1 > max(allowed, 1.0 if len(window) < WINDOW / 3 else 0.0)


def asked_by_itself(outcomes: Sequence[Outcome], budget: float, every: int = EVERY) -> list[bool]:
    """For each of `outcomes`, oldest first: would Relais have asked by itself, knowing only those before it?

    Never for the first `FEWEST`. The threshold is found anew after each `every` outcomes, from the latest `MOST`.
    """
    said: list[bool] = []
    latest: deque[bool] = deque(maxlen=WINDOW - 1)
    least = None
    for place, (probability, right) in enumerate(outcomes):
        if place >= FEWEST and place % every == 0:
            least = threshold(outcomes[max(0, place - MOST) : place], budget)
        sure = least is not None and probability >= least
        said.append(sure and not is_spent(latest, budget))
        if sure:
            latest.append(right)
    return said


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a budget would have meant for the last decided tickets: of `judged`, `asked` by itself, `wrong` of those."""

    budget: float
    judged: int
    asked: int
    wrong: int

    @property
    def rate(self) -> float | None:
        """The share that would have been asked without a person; None when nothing could be judged."""
        return self.asked / self.judged if self.judged else None

    @property
    def error(self) -> float | None:
        """The share of those that would have gone to somebody wrong; None when there were none."""
        return self.wrong / self.asked if self.asked else None


def outlook(outcomes: Sequence[Outcome], budget: float, every: int = EVERY) -> Outlook:
    """What `budget` would have meant, oldest outcome first: each judged by those before it alone."""
    said = asked_by_itself(outcomes, budget, every)
    wrong = sum(asked and not right for asked, (_probability, right) in zip(said, outcomes, strict=True))
    return Outlook(budget, max(0, len(outcomes) - FEWEST), sum(said), wrong)


def _rounded(count: int) -> int:
    """Up to the next of a few sizes, so that few tables are kept."""
    return max(256, 1 << (count - 1).bit_length()) if count else 256


@lru_cache(maxsize=64)
def _most_wrong(budget: float, most: int) -> tuple[int, ...]:
    """For 0 to `most` outcomes, how many may be wrong with the upper bound still within `budget`; -1: none may.

    The bound is within it exactly when so few wrong ones have a chance of at most `DOUBT` where that is the true share.
    `below` is that chance for one more than is allowed, carried from count to count:
    P(X ≤ k | n + 1) = P(X ≤ k | n) - budget · P(X = k | n).
    """
    next_one, below, exactly = 0, 1.0, 1.0
    allowed = [-1]
    for count in range(most):
        below -= budget * exactly
        exactly *= (count + 1) / (count + 1 - next_one) * (1 - budget)
        while below <= DOUBT:
            exactly *= (count + 1 - next_one) / (next_one + 1) * budget / (1 - budget)
            next_one += 1
            below += exactly
        allowed.append(next_one - 1)
    return tuple(allowed)
