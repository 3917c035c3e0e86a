"""How it was, how the replay has it, and how it would have been; with intervals.

The interval is a bootstrap over whole stretches of time (Künsch 1989, "The jackknife and the bootstrap for general
stationary observations"): each replication is a past made of weeks, or of days of the same kind, drawn from the real
one with replacement, and played through both teams, so that what is compared meets the same questions. It tells how
much chance there is in which weeks were looked at. It does not tell whether the model is right: that is what `real`
beside `now` is for.

What leans one way. A replay shares questions out better than people do: nobody is away, the order is kept, and under
the rule that anybody takes anything, nobody has a field of their own. Its shares are too high more often than too low,
mostly for both sides of the comparison. Whoever has more, or less, to do works otherwise than they did, and more is
asked where answers are quick: that no replay knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from helpdesk.sla.what_if.hours import Whole
from helpdesk.sla.what_if.past import NO_TARGET, Past
from helpdesk.sla.what_if.queue import Batch, Played, Team, play

FEWEST = 30
"""Of fewer questions nothing is told."""
REPLICATIONS = 400
STEPS = 400_000
"""Questions played in all; a longer past is replayed less often, `FEWEST_REPLICATIONS` times at least."""
FEWEST_REPLICATIONS = 100
SEED = 20_041

CLOSE, ROUGH, FAR = "close", "rough", "far"
"""How well the replay without a change matches what happened."""
NEAR_ENOUGH = {CLOSE: (0.05, 1.25), ROUGH: (0.15, 2.0)}
"""By how much shares may differ, and by which factor medians."""

CLOSE_ENOUGH = 0.1

Interval = tuple[float, float]


@dataclass(frozen=True)
class Blocks:
    """The stretches of the past that are drawn: block i from `edges[i]` to before `edges[i + 1]`, in seconds since
    1970; only one of the same kind stands in for another (a working day for a working day)."""

    edges: Whole
    kinds: Sequence[int]


@dataclass(frozen=True)
class Figures:
    """`kept` of `count` within their target; times in seconds, `took` by the wall clock, from the offer on."""

    kept: int
    count: int
    median: float
    p90: float
    took: float

    @property
    def share(self) -> float:
        return self.kept / self.count


@dataclass(frozen=True)
class Comparison:
    """`difference` is that of the shares kept, changed less now. Intervals hold 19 times in 20."""

    real: Figures
    now: Figures
    changed: Figures
    now_interval: Interval
    changed_interval: Interval
    difference: float
    difference_interval: Interval

    @property
    def fit(self) -> str:
        """`CLOSE`, `ROUGH` or `FAR`."""
        apart = abs(self.now.share - self.real.share)
        low, high = sorted((self.now.median, self.real.median))
        near = (fit for fit, (share, factor) in NEAR_ENOUGH.items() if apart <= share and high <= low * factor)
        return next(near, FAR)

    @property
    def may_be_chance(self) -> bool:
        low, high = self.difference_interval
        return low <= 0 <= high


def compare(past: Past, now: Team, changed: Team, blocks: Blocks, target: int | None = None) -> Comparison | None:
    """None when fewer than `FEWEST` questions count. `target`: seconds, in the place of every target, when changed.

    Questions offered before the first block are played first in every replication: somebody has them in hand.
    """
    before = past.target
    after = before if target is None else np.full_like(before, target)
    counted = past.counted & (before != NO_TARGET)
    if (counted & (past.offered >= blocks.edges[0])).sum() < FEWEST:
        return None
    chosen, batch = _drawn(past, blocks)
    told = counted[chosen] & batch.present & (batch.offered >= blocks.edges[0])
    # A past drawn may hold next to nothing: it says nothing of shares.
    enough = told.sum(axis=1) > 0
    played_now, played_changed = play(batch, now), play(batch, changed)
    shares_now = _shares(played_now, before[chosen], told)[enough]
    shares_changed = _shares(played_changed, after[chosen], told)[enough]
    difference = float(shares_changed[0] - shares_now[0])
    mine = told[0]
    return Comparison(
        real=_figures(past.spent[chosen[0]], past.took[chosen[0]], before[chosen[0]], mine),
        now=_figures(played_now.spent[0], played_now.took[0], before[chosen[0]], mine),
        changed=_figures(played_changed.spent[0], played_changed.took[0], after[chosen[0]], mine),
        now_interval=_interval(shares_now),
        changed_interval=_interval(shares_changed),
        difference=difference,
        difference_interval=_interval(shares_changed - shares_now),
    )


def closest(past: Past, teams: Sequence[Team]) -> int:
    """Which team, with nothing changed, comes closest to what happened, question by question.

    The first is taken as long as it is off by no more than `CLOSE_ENOUGH` of the time spent: a rule that is told who
    had each question comes closer by that alone.
    """
    everything = np.arange(len(past))[None, :]
    batch = _batch(past, everything, np.zeros_like(everything), np.ones_like(everything, dtype=bool))
    apart = [int(np.abs(play(batch, team).spent[0] - past.spent)[past.counted].sum()) for team in teams]
    return 0 if apart[0] <= CLOSE_ENOUGH * past.spent[past.counted].sum() else apart.index(min(apart))


def _drawn(past: Past, blocks: Blocks) -> tuple[Whole, Batch]:
    """Row 0 is the past as it was, each other one a past that is drawn: which question stands where, and the batch."""
    block = np.searchsorted(blocks.edges, past.offered, side="right") - 1
    inside = [np.flatnonzero(block == number) for number in range(len(blocks.kinds))]
    earlier = np.flatnonzero(block < 0)
    count = max(FEWEST_REPLICATIONS, min(REPLICATIONS, STEPS // len(past)))
    rows, shifts = [], []
    for sources in [np.arange(len(blocks.kinds)), *_sources(blocks.kinds, count)]:
        parts = [earlier, *(inside[source] for source in sources)]
        moved = [0, *(blocks.edges[:-1] - blocks.edges[sources]).tolist()]
        rows.append(np.concatenate(parts))
        shifts.append(np.repeat(moved, [len(part) for part in parts]))
    present = np.arange(max(map(len, rows))) < np.array([[len(row)] for row in rows])
    chosen, shift = np.zeros(present.shape, dtype=np.int64), np.zeros(present.shape, dtype=np.int64)
    chosen[present], shift[present] = np.concatenate(rows), np.concatenate(shifts)
    return chosen, _batch(past, chosen, shift, present)


def _batch(past: Past, chosen: Whole, shift: Whole, present: NDArray[np.bool_]) -> Batch:
    """The chosen questions, offered `shift` seconds later than they were."""
    offered = past.offered[chosen] + shift
    return Batch(offered, past.reaction[chosen], past.work[chosen], past.expert[chosen], present)


def _sources(kinds: Sequence[int], count: int) -> Whole:
    """For each replication and block, the block that stands in for it. Always the same for the same question."""
    chance = np.random.default_rng(SEED)
    drawn = np.empty((count, len(kinds)), dtype=np.int64)
    for kind in sorted(set(kinds)):
        alike = np.flatnonzero(np.array(kinds) == kind)
        drawn[:, alike] = chance.choice(alike, size=(count, len(alike)))
    return drawn


def _shares(played: Played, targets: Whole, told: NDArray[np.bool_]) -> NDArray[np.float64]:
    kept = ((played.spent <= targets) & told).sum(axis=1)
    return np.asarray(kept / np.maximum(told.sum(axis=1), 1), dtype=np.float64)


def _figures(spent: Whole, took: Whole, targets: Whole, mine: NDArray[np.bool_]) -> Figures:
    times = spent[mine]
    return Figures(
        kept=int((times <= targets[mine]).sum()),
        count=len(times),
        median=float(np.quantile(times, 0.5)),
        p90=float(np.quantile(times, 0.9)),
        took=float(np.quantile(took[mine], 0.5)),
    )


def _interval(values: NDArray[np.float64]) -> Interval:
    """Where 95 % of the values lie, and the first one, which is the past as it was, in any case."""
    low, high = np.quantile(values, (0.025, 0.975)).tolist()
    return min(low, float(values[0])), max(high, float(values[0]))
