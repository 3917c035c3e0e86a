"""A figure that a benchmark found, and whether it is as wanted."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True)
class Line:
    documents: int
    what: str
    figure: float
    goal: float | None
    at_most: bool
    of: str = "documents"

    @property
    def met(self) -> bool:
        if self.goal is None:
            return True
        return self.figure <= self.goal if self.at_most else self.figure >= self.goal

    def sentence(self) -> str:
        wanted = "at most" if self.at_most else "at least"
        verdict = "" if self.goal is None else f" (goal: {wanted} {self.goal:g}: {'met' if self.met else 'not met'})"
        shown = f"{self.figure:.0f}" if self.figure >= 100 else f"{self.figure:.2f}"
        return f"{self.documents:>9,} {self.of}: {self.what}: {shown}{verdict}"


def growth(figures: Mapping[int, float], what: str, goals: Mapping[int, float]) -> Iterator[Line]:
    """With which power of the number of documents a figure grows from each size to the next."""
    for before, size in pairwise(sorted(figures)):
        exponent = math.log(figures[size] / figures[before]) / math.log(size / before)
        yield Line(size, f"{what} from {before:,}", exponent, goals.get(size), at_most=True)
