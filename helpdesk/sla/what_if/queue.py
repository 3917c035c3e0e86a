"""Questions played through a team, many pasts at once.

Questions are taken in the order in which they are accepted, each by the expert who can begin first (the least work in
hand); of several who could begin at once, by who took one longest ago. Who may take which is one of two rules: anybody
anything, or everybody what they had in the past, while those who come take anything, and what somebody leaves behind
goes to anybody.

In one calendar the first rule is one queue with several desks, first come, first served (Kiefer and Wolfowitz 1955):
one more expert then never makes anybody wait longer; nor does the first who comes under the second rule. With several
calendars that does not hold: who can begin first may be somebody whose hours end sooner.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from helpdesk.sla.what_if.hours import Hours, Whole

NEVER = np.int64(2**42)
"""An instant after all others; times the number of questions it still fits in 63 bits."""


@dataclass(frozen=True)
class Batch:
    """Replications (rows) of questions (columns), by offer. `present` is false where a row has fewer."""

    offered: Whole
    reaction: Whole
    work: Whole
    expert: Whole
    present: NDArray[np.bool_]


@dataclass(frozen=True)
class Team:
    """`hours`: the different working hours; `place`: whose of them each expert has; `pooled`: who takes questions.

    `keeps`: who is not in the pool, but there, and keeps their own questions: they answer now and then, and would not
    take over others. `roams`: who of the pool takes any question; the others take those they had.
    """

    hours: Sequence[Hours]
    place: Whole
    pooled: NDArray[np.bool_]
    keeps: NDArray[np.bool_]
    roams: NDArray[np.bool_]


@dataclass(frozen=True)
class Played:
    """Per question of the batch: seconds of working time from acceptance until it was handed over, and seconds by the
    wall clock since the offer."""

    spent: Whole
    took: Whole


def play(batch: Batch, team: Team) -> Played:
    """Raises ValueError when nobody is in the pool."""
    if not team.pooled.any():
        raise ValueError("a team needs somebody who takes questions")
    accepted = np.stack([hours.passed(batch.offered) + batch.reaction for hours in team.hours])
    order = np.argsort(_taken_at(batch, team, accepted), axis=1, kind="stable")
    spent, handed_over, desk = _run(batch, team, accepted, order)
    took = np.zeros_like(spent)
    for number, hours in enumerate(team.hours):
        here = team.place[desk] == number
        took[here] = hours.reached(handed_over[here]) - batch.offered[here]
    return Played(spent, np.maximum(took, 0))


def _taken_at(batch: Batch, team: Team, accepted: Whole) -> Whole:
    """The instants at which questions are accepted by the hours of who had them; `NEVER` for those not there."""
    whose = team.place[batch.expert]
    at = np.zeros_like(batch.offered)
    for number, hours in enumerate(team.hours):
        here = whose == number
        at[here] = np.maximum(hours.reached(accepted[number][here]), batch.offered[here])
    return np.where(batch.present, at, NEVER)


def _run(batch: Batch, team: Team, accepted: Whole, order: Whole) -> tuple[Whole, Whole, Whole]:
    """Per question: time spent, the working time (of who has it) at which it is handed over, and who has it."""
    rows, count = order.shape
    each = np.arange(rows)
    spent, handed_over, desk = (np.zeros((rows, count), dtype=np.int64) for _ in range(3))
    free = np.zeros((len(team.place), rows), dtype=np.int64)  # until when each expert is busy, in their working time
    turn = np.zeros((len(team.place), rows), dtype=np.int64)  # when each last took a question
    may = _allowed(team)
    for step in range(count):
        case = order[:, step]
        here = accepted[:, each, case][team.place]
        begin = np.maximum(here, free)
        rank = _instants(begin, team) * (count + 1) + turn
        rank[~may[:, batch.expert[each, case]]] = np.iinfo(np.int64).max
        who = rank.argmin(axis=0)
        done = begin[who, each] + batch.work[each, case]
        present = batch.present[each, case]
        free[who, each] = np.where(present, done, free[who, each])
        turn[who, each] = np.where(present, step + 1, turn[who, each])
        spent[each, case], handed_over[each, case], desk[each, case] = done - here[who, each], done, who
    return spent, handed_over, desk


def _allowed(team: Team) -> NDArray[np.bool_]:
    """Who (row) may take a question that was whose (column) in the past."""
    count = len(team.place)
    roams, own = np.tile(team.roams[:, None], count), np.eye(count, dtype=bool)
    left = np.tile(team.pooled[:, None], count)
    return np.asarray(np.where(team.keeps, own, np.where(team.pooled, roams | own, left)), dtype=bool)


def _instants(begin: Whole, team: Team) -> Whole:
    """What can be compared between experts: the working time itself when all have the same hours."""
    if len(team.hours) == 1:
        return begin
    at = np.empty_like(begin)
    for number, hours in enumerate(team.hours):
        at[team.place == number] = hours.resumed(begin[team.place == number])
    return at
