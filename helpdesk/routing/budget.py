"""How sure a suggestion must be for Relais to ask by itself, so that few enough go to somebody wrong. Pure.

The budget is the share of automatic choices that may be wrong, 0 to 1. What is known are outcomes: the probability that
a suggestion was given, and whether it was right in the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

DOUBT = 0.05
"""The chance, at most, that a threshold looks good enough by luck alone."""
FEWEST = 100
"""With fewer decided tickets a person always chooses."""
EVERY = 20
"""The threshold is worked out again each time so many more were decided."""
MOST = 2_000
"""Outcomes looked at: the latest."""

Outcome = tuple[float, bool]
"""The probability a suggestion was given, and whether it was right."""


def threshold(outcomes: Sequence[Outcome], budget: float) -> float | None:
    """The lowest probability at which asking by itself kept the wrong share within `budget`; None when none did.

    Kept it with confidence: the one-sided 95 % upper bound of the wrong share, among all outcomes at least so probable,
    is not above the budget (Clopper and Pearson 1934, "The use of confidence or fiducial limits illustrated in the case
    of the binomial"). Below some 30 outcomes at a budget of 10 %, 100 at 3 %, no threshold is ever found.
    """
    ordered = sorted(outcomes, key=lambda outcome: -outcome[0])
    allowed = _most_wrong(budget, _rounded(len(ordered)))
    found, wrong = None, 0
    for count, (probability, right) in enumerate(ordered, 1):
        wrong += not right
        last_of_its_kind = count == len(ordered) or ordered[count][0] < probability
        if last_of_its_kind and wrong <= allowed[count]:
            found = probability
    return found


def asked_by_itself(outcomes: Sequence[Outcome], budget: float, every: int = EVERY) -> list[bool]:
    """For each of `outcomes`, oldest first: would Relais have asked by itself, knowing only those before it?

    Never for the first `FEWEST`. The threshold is found anew after each `every` outcomes, from the latest `MOST`.
    """
    said, least = [], None
    for place, (probability, _right) in enumerate(outcomes):
        if place >= FEWEST and place % every == 0:
            least = threshold(outcomes[max(0, place - MOST) : place], budget)
        said.append(least is not None and probability >= least)
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

    The bound is within the budget exactly when so few wrong ones have a chance of at most `DOUBT` where the true share
    is the budget. `below` is that chance for one more than is allowed, carried from count to count:
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
