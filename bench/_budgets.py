"""How well a budget of wrong automatic choices is kept when the past is played in order.

The first part of a set is learned. The others are asked one after the other, of an index and a model that stay as they
are; what came of each corrects the confidence and the threshold for the next ones, as in production, and the stop for
too many wrong ones among the latest works as there.
"""

from __future__ import annotations

import random
import tempfile
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from helpdesk.routing.budget import EVERY, FEWEST, WINDOW, is_spent
from helpdesk.routing.confidence import Decided, Situation, is_sure_alone
from helpdesk.routing.evaluation import Row, asked_in_order
from helpdesk.routing.lessons import Lessons, lessons
from helpdesk.routing.ranking import Signals

BUDGETS = (0.02, 0.05, 0.10)
LEARNED = 0.6
"""The share of a set that is learned before anything is asked."""
MOST_ASKED = 5_000
WINDOWS_KEPT = 0.95
MOST_OF_OTHERS = 0.05
"""Of questions that belong to nobody, those that may be asked without a person at a budget of 5 %."""


@dataclass(frozen=True)
class Kept:
    """A budget played on a set. Shares are None where there is nothing to take a share of."""

    budget: float
    asked: int
    automatic: int
    wrong: int
    windows: float | None
    """The share of runs of 300 automatic choices with no more wrong ones than the budget allows."""
    others: float | None
    """The share of questions that belong to nobody that would have been asked without a person."""

    @property
    def met(self) -> bool:
        of_others = self.others is None or self.budget > 0.05 or self.others <= MOST_OF_OTHERS
        return of_others and (self.windows is None or self.windows >= WINDOWS_KEPT)

    def as_document(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        wrong = f"{self.wrong / self.automatic:.3f}" if self.automatic else "-"
        windows = "no whole window" if self.windows is None else f"{self.windows:.2f} of windows kept"
        others = "" if self.others is None else f"   {self.others:.2f} of others"
        share = self.automatic / self.asked if self.asked else 0.0
        return (
            f"budget {self.budget:.2f}: {share:.2f} of {self.asked} by itself, {wrong} wrong, {windows}{others}"
            f"   {'met' if self.met else 'missed'}"
        )


def budgets_kept(rows: Sequence[Row]) -> Iterator[Kept]:
    """Plays `rows`, in order where their times are known, else shuffled once."""
    ordered = list(rows)
    if not all(row.time for row in ordered):
        random.Random(1).shuffle(ordered)
    cut = int(LEARNED * len(ordered))
    asked = ordered[cut : cut + MOST_ASKED]
    with tempfile.TemporaryDirectory(prefix="relais-eval-") as folder:
        decided = list(asked_in_order(ordered[:cut], asked, Path(folder)))
    for budget in BUDGETS:
        yield _played(budget, asked, decided)


def _played(budget: float, asked: Sequence[Row], decided: Sequence[Decided]) -> Kept:
    known = Lessons()
    latest: deque[bool] = deque(maxlen=WINDOW - 1)
    automatic: list[int] = []
    for place, each in enumerate(decided):
        if place >= FEWEST and place % EVERY == 0:
            known = lessons(decided[:place], budget)
        if not _is_sure(each, known):
            continue
        if not is_spent(latest, budget):
            automatic.append(place)
        latest.append(each.right)
    right = [decided[place].right for place in automatic]
    others = [place for place, row in enumerate(asked) if not row.labels]
    by_itself = set(automatic)
    return Kept(
        budget,
        len(asked),
        len(automatic),
        right.count(False),
        _windows_kept(right, budget),
        sum(place in by_itself for place in others) / len(others) if others else None,
    )


def _is_sure(each: Decided, known: Lessons) -> bool:
    if known.calibration is None or each.raw <= 0:
        return False
    situation = Situation(calibration=known.calibration, automatic_from=known.automatic_from)
    return is_sure_alone(known.calibration.probability(each.raw), Signals(fit=each.fit), situation)


def _windows_kept(right: Sequence[bool], budget: float) -> float | None:
    if len(right) < WINDOW:
        return None
    wrong = sum(not was for was in right[:WINDOW])
    kept, windows = int(wrong <= budget * WINDOW), 1
    for place in range(WINDOW, len(right)):
        wrong += (not right[place]) - (not right[place - WINDOW])
        kept += wrong <= budget * WINDOW
        windows += 1
    return kept / windows
