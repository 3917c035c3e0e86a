"""Shares of small numbers: how much they can be trusted, and when they are not told. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

TOLD_FROM = 10
"""Of fewer, no share is told: it would say something of single people, and nothing of the matcher."""
Z = 1.96
"""Standard deviations to each side that hold 95 %."""


@dataclass(frozen=True, slots=True)
class Share:
    """`hits` of `count`."""

    hits: int = 0
    count: int = 0

    @property
    def value(self) -> float | None:
        """From 0 to 1; None when there are too few to tell."""
        return self.hits / self.count if self.count >= TOLD_FROM else None

    @property
    def interval(self) -> tuple[float, float]:
        """Where the true share lies, 19 times in 20 (Wilson 1927, "Probable inference"); 0 to 1 while none is known."""
        if not self.count:
            return 0.0, 1.0
        share, weight = self.hits / self.count, Z * Z / self.count
        middle = (share + weight / 2) / (1 + weight)
        spread = Z / (1 + weight) * sqrt(share * (1 - share) / self.count + weight / (4 * self.count))
        return max(0.0, middle - spread), min(1.0, middle + spread)

    def __add__(self, other: Share) -> Share:
        return Share(self.hits + other.hits, self.count + other.count)
