"""What happened, taken apart into what a question needed and what it waited for.

An expert works on one question at a time. Of the time between acceptance and handing over, what lies before the expert
handed over the question before it was waiting, the rest was work on this one: start = max(accepted, handed over the one
before), the busy periods of a queue with one desk (Larson 1990, "The queue inference engine"). Pauses (waiting for the
asker) are no work, and hold up nobody.

What this gets wrong. All time in hand counts as work, also when the expert was waiting for somebody else, on leave,
or busy with what Relais does not see: work looks longer than it was, and moves with the question to whoever takes it in
a replay, so that what one more expert would help is understated there. Somebody who works at several questions in turn
seems to do one after the other: their sum is right, the single times are not. Questions that were declined, passed on
or withdrawn after somebody had begun are left out, and so is the time they took.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from helpdesk.sla.what_if.hours import Hours, Whole

NO_TARGET = 0


@dataclass(frozen=True)
class Observed:
    """One question in the hands of one expert. Instants are seconds since 1970, durations seconds of working time.

    `handed_over` is the present for what is still open. `expert` is a place in the team. `counted`: whether its time
    counts in the figures; others only take up time.
    """

    offered: int
    accepted: int
    handed_over: int
    reaction: int
    spent: int
    expert: int
    target: int = NO_TARGET
    counted: bool = True
    is_open: bool = False


@dataclass(frozen=True)
class Past:
    """Questions as arrays, by the instant at which they were offered. `work` is what they needed of an expert, `took`
    the seconds by the wall clock from the offer until they were handed over."""

    offered: Whole
    reaction: Whole
    work: Whole
    expert: Whole
    target: Whole
    counted: NDArray[np.bool_]
    spent: Whole
    took: Whole

    def __len__(self) -> int:
        return len(self.offered)


def taken_apart(observed: Sequence[Observed], hours: Sequence[Hours]) -> Past:
    """`hours`: those of each place in the team."""
    rows = sorted(observed, key=lambda row: (row.offered, row.accepted, row.handed_over))
    work = np.zeros(len(rows), dtype=np.int64)
    for expert in {row.expert for row in rows}:
        places = [place for place, row in enumerate(rows) if row.expert == expert]
        places.sort(key=lambda place: (rows[place].handed_over, rows[place].accepted))
        work[places] = _work([rows[place] for place in places], hours[expert])

    def column(name: str) -> Whole:
        return np.array([getattr(row, name) for row in rows], dtype=np.int64)

    return Past(
        offered=column("offered"),
        reaction=column("reaction"),
        work=work,
        expert=column("expert"),
        target=column("target"),
        counted=np.array([row.counted for row in rows], dtype=bool),
        spent=column("spent"),
        took=column("handed_over") - column("offered"),
    )


def _work(rows: Sequence[Observed], hours: Hours) -> Whole:
    """The work of one expert's questions, given in the order in which they were handed over."""
    accepted = hours.passed(np.array([row.accepted for row in rows], dtype=np.int64))
    handed_over = hours.passed(np.array([row.handed_over for row in rows], dtype=np.int64))
    spent = np.array([row.spent for row in rows], dtype=np.int64)
    began = np.maximum(accepted, np.concatenate([[0], handed_over[:-1]]))
    paused = np.maximum(handed_over - accepted - spent, 0)
    return np.asarray(np.clip(handed_over - began - paused, 0, spent), dtype=np.int64)
